//! A link: a line with a head, or a loop on top of what is linked to itself.

use super::ink::{STROKE, ink_on, write_opacity, write_paint};
use super::{Sheet, TITLE};
use std::fmt::Write as _;
use ulp_core::text::xml_into;
use ulp_view::name::shortened;
use ulp_view::path::Point;
use ulp_view::sheet::layout::LOOP;
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
        self.write_event(Some(link.add.key), out);
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
        if link.ends.from == link.ends.to {
            self.round_trip(link, width, stroke, out);
        } else {
            self.arrow(self.layout.ends(link), width, link.style.stroke_width.is_none(), stroke, out);
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

    /// What is written over the links that are shown, above everything that they cross.
    pub fn captions(&self, out: &mut String) {
        if self.layout.captions.iter().all(Option::is_none) {
            return;
        }
        let _ = writeln!(
            out,
            "<g id=\"{}\" data-captions=\"\" fill=\"{}\">",
            self.id("c", ""),
            ink_on(self.ground)
        );
        for (link, placed) in self.scene.links.iter().zip(&self.layout.captions) {
            let Some(placed) = placed else { continue };
            out.push_str("<g");
            self.halo(placed.size, out);
            write_opacity(link.style.opacity, out);
            out.push('>');
            self.text(&placed.lines, placed.at, placed.anchor, placed.size, out);
            out.push_str("</g>\n");
        }
        out.push_str("</g>\n");
    }

    fn link_id(&self, link: &Connection<'_>) -> String {
        // A space cannot stand in an id, and is escaped in names: it tells the three parts apart.
        let name = [link.ends.from, link.ends.relation, link.ends.to].map(|part| self.id("", part));
        let prefix = if self.index == 0 { String::new() } else { format!("s{}-", self.index) };
        format!("{prefix}k{}", name.map(|part| part.trim_start_matches(&prefix).to_owned()).join("_"))
    }

    /// A link from a node to itself: a loop on top of it.
    fn round_trip(&self, link: &Connection<'_>, width: f64, stroke: Paint, out: &mut String) {
        let [x, y] = self.layout.top(link);
        let r = self.layout.mark * LOOP;
        let n = |x: f64| self.show(x);
        let _ = write!(
            out,
            "<path d=\"M{} {}c{} {} {} {} 0 0\" fill=\"none\" stroke-width=\"{}\"",
            n(x),
            n(y),
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
