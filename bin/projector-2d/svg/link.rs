//! A link: a line with a head, or a loop on top of what is linked to itself.

use super::ink::{STROKE, ink_on, write_opacity, write_paint};
use super::{Sheet, TITLE};
use std::fmt::Write as _;
use ulp_core::text::xml_into;
use ulp_view::labels::Anchor;
use ulp_view::name::{one_line, shortened};
use ulp_view::path::Point;
use ulp_view::sheet::scene::Connection;
use ulp_view::style::Paint;

impl Sheet<'_, '_, '_> {
    pub fn link(&self, link: &Connection<'_>, out: &mut String) {
        let width = link.style.stroke_width.map_or(self.layout.line, |width| self.layout.frame.length(width));
        let _ = write!(out, "<g id=\"{}\" data-from=\"", self.link_id(link));
        xml_into(link.ends.from, out);
        out.push_str("\" data-to=\"");
        xml_into(link.ends.to, out);
        out.push_str("\" data-relation=\"");
        xml_into(link.ends.relation, out);
        out.push('"');
        if self.provenance {
            out.push_str(" data-key=\"");
            xml_into(&link.add.key.to_string(), out);
            out.push('"');
        }
        write_opacity(link.style.opacity, out);
        out.push_str("><title>");
        let said = link.style.label.as_deref().unwrap_or(link.ends.relation);
        xml_into(&shortened(&format!("{} {said} {}", link.ends.from, link.ends.to), TITLE), out);
        out.push_str("</title>");
        let stroke = link.style.stroke.or(link.style.fill).unwrap_or(Paint::Color(STROKE));
        let ends = self.ends(link);
        if link.ends.from == link.ends.to {
            self.round_trip(link, width, stroke, out);
        } else {
            self.arrow(ends, width, link.style.stroke_width.is_none(), stroke, out);
        }
        if let Some(label) = &link.style.label {
            self.caption(link, label, ends, out);
        }
        out.push_str("</g>\n");
    }

    /// A thin line has a head that can be seen.
    fn arrow(&self, [from, to]: [Point; 2], width: f64, thin: bool, stroke: Paint, out: &mut String) {
        let way = [to[0] - from[0], to[1] - from[1]];
        let length = libm::hypot(way[0], way[1]);
        if !(length > 0.0 && length.is_finite()) {
            return;
        }
        let head = (width * if thin { 7.0 } else { 3.0 }).min(length / 2.0);
        let unit = [way[0] / length, way[1] / length];
        // The line ends inside the head, so that its blunt end does not show.
        let stop = [to[0] - unit[0] * head * 0.8, to[1] - unit[1] * head * 0.8];
        let n = |x: f64| self.show(x);
        let _ = write!(
            out,
            "<path d=\"M{} {}L{} {}\" fill=\"none\" stroke-width=\"{}\"",
            n(from[0]),
            n(from[1]),
            n(stop[0]),
            n(stop[1]),
            n(width),
        );
        write_paint("stroke", stroke, out);
        out.push_str("/>");
        let side = [-unit[1] * head * 0.5, unit[0] * head * 0.5];
        let base = [to[0] - unit[0] * head, to[1] - unit[1] * head];
        let _ = write!(
            out,
            "<path d=\"M{} {}L{} {}L{} {}Z\"",
            n(to[0]),
            n(to[1]),
            n(base[0] + side[0]),
            n(base[1] + side[1]),
            n(base[0] - side[0]),
            n(base[1] - side[1]),
        );
        write_paint("fill", stroke, out);
        out.push_str("/>");
    }

    fn caption(&self, link: &Connection<'_>, label: &str, [from, to]: [Point; 2], out: &mut String) {
        let own = link.style.font_size.map(|size| self.layout.frame.length(size));
        let size = own.unwrap_or(self.layout.text_size * 0.8);
        let at = [(from[0] + to[0]) / 2.0, (from[1] + to[1]) / 2.0 - size * 0.3];
        let _ = write!(out, "<g fill=\"{}\"", ink_on(self.ground));
        self.halo(size, out);
        out.push('>');
        self.text(&[one_line(label)], at, Anchor::Middle, size, out);
        out.push_str("</g>");
    }

    /// Where a link begins and ends on the sheet: at the rim of what is a mark.
    fn ends(&self, link: &Connection<'_>) -> [Point; 2] {
        let mark = self.layout.mark;
        let [from, to] = link.points.map(|p| self.layout.place(p));
        let length = libm::hypot(to[0] - from[0], to[1] - from[1]);
        let inset = |marked: bool| if marked && length > 4.0 * mark { mark * 1.3 / length } else { 0.0 };
        let along = |t: f64| [from[0] + (to[0] - from[0]) * t, from[1] + (to[1] - from[1]) * t];
        [along(inset(link.marks[0])), along(1.0 - inset(link.marks[1]))]
    }

    fn link_id(&self, link: &Connection<'_>) -> String {
        // A space cannot stand in an id, and is escaped in names: it tells the three parts apart.
        let name = [link.ends.from, link.ends.relation, link.ends.to].map(|part| self.id("", part));
        let prefix = if self.index == 0 { String::new() } else { format!("s{}-", self.index) };
        format!("{prefix}k{}", name.map(|part| part.trim_start_matches(&prefix).to_owned()).join("_"))
    }

    /// A link from a node to itself: a loop on top of it.
    fn round_trip(&self, link: &Connection<'_>, width: f64, stroke: Paint, out: &mut String) {
        let start = self.layout.bounds(link.start);
        let bounds = if link.marks[0] { start.grown(self.layout.mark) } else { start };
        let r = self.layout.mark * 4.0;
        let n = |x: f64| self.show(x);
        let _ = write!(
            out,
            "<path d=\"M{} {}c{} {} {} {} 0 0\" fill=\"none\" stroke-width=\"{}\"",
            n(bounds.centre()[0]),
            n(bounds.min[1]),
            n(r),
            n(-r * 1.6),
            n(-r),
            n(-r * 1.6),
            n(width)
        );
        write_paint("stroke", stroke, out);
        out.push_str("/>");
    }
}
