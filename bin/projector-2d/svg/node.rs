//! A node: its group, where that stands, what it looks like, and its label.

use super::ink::{FILL, STROKE, ink_on, write_opacity, write_paint};
use super::{Sheet, TITLE};
use crate::detail::Detail;
use crate::records::clock;
use std::fmt::Write as _;
use ulp_core::text::xml_into;
use ulp_view::digits::FINE;
use ulp_view::geometry::Shape;
use ulp_view::labels::Placed;
use ulp_view::name::shortened;
use ulp_view::sheet::layout::Own;
use ulp_view::sheet::scene::Item;
use ulp_view::style::Paint;

impl Sheet<'_, '_, '_> {
    pub fn node(&self, item: &Item<'_, '_>, detail: Detail, out: &mut String) {
        if detail == Detail::Marked {
            return self.marked(item, out);
        }
        let own = self.layout.own(item);
        let _ = write!(out, "<g id=\"{}\" data-node=\"", self.id("n", item.id));
        xml_into(item.id, out);
        out.push('"');
        if !item.kind.is_empty() {
            out.push_str(" data-kind=\"");
            xml_into(&item.kind, out);
            out.push('"');
        }
        if self.provenance {
            // The keys of the registers, as JSON.
            out.push_str(" data-clock=\"");
            xml_into(&clock(item.node).json(), out);
            out.push('"');
        }
        self.transform(&own, out);
        self.looks(item, &own, out);
        out.push_str("><title>");
        xml_into(&tooltip(item), out);
        out.push_str("</title>");
        self.shape(item, &own, detail, out);
        out.push_str("</g>\n");
    }

    /// A node of which no more than a mark is drawn, in its middle.
    fn marked(&self, item: &Item<'_, '_>, out: &mut String) {
        let [x, y] = self.layout.drawn(item).centre().map(|x| self.show(x));
        let _ = write!(out, "<g transform=\"translate({x} {y})\" fill=\"{FILL}\" stroke=\"{STROKE}\"");
        let _ = write!(out, " stroke-width=\"{}\">", self.show(self.layout.line));
        self.rhomb(out);
        out.push_str("</g>\n");
    }

    /// The mark that stands for what is not drawn.
    pub fn rhomb(&self, out: &mut String) {
        let m = self.show(self.layout.mark * 1.3);
        let _ = write!(out, "<path d=\"M0 -{m}L{m} 0L0 {m}L-{m} 0Z\"/>");
    }

    fn transform(&self, own: &Own, out: &mut String) {
        let [x, y] = own.at.map(|x| self.show(x));
        let [a, b, c, d] = own.linear;
        let _ = if [a - 1.0, b, c, d - 1.0].iter().all(|off| off.abs() < 1e-9) {
            write!(out, " transform=\"translate({x} {y})\"")
        } else {
            let [a, b, c, d] = own.linear.map(|x| FINE.show(x));
            write!(out, " transform=\"matrix({a} {b} {c} {d} {x} {y})\"")
        };
    }

    fn looks(&self, item: &Item<'_, '_>, own: &Own, out: &mut String) {
        let style = &item.style;
        let bare = style.fill.is_none() && style.stroke.is_none();
        let (fill, stroke) = match &item.shape {
            Shape::Line(_) => (Paint::None, style.stroke.or(style.fill).unwrap_or(Paint::Color(STROKE))),
            Shape::Text { .. } => {
                let ink = Paint::Color(ink_on(self.ground));
                (style.fill.unwrap_or(ink), style.stroke.unwrap_or(Paint::None))
            }
            Shape::Point if !item.is_missing => {
                (style.fill.unwrap_or(Paint::Color(STROKE)), style.stroke.unwrap_or(Paint::None))
            }
            Shape::Point | Shape::Unknown(_) | Shape::Blob { .. } => {
                (style.fill.unwrap_or(Paint::Color(FILL)), style.stroke.unwrap_or(Paint::Color(STROKE)))
            }
            _ if bare => (Paint::Color(FILL), Paint::Color(STROKE)),
            _ => (style.fill.unwrap_or(Paint::None), style.stroke.unwrap_or(Paint::None)),
        };
        write_paint("fill", fill, out);
        if stroke != Paint::None {
            write_paint("stroke", stroke, out);
            let width = style.stroke_width.map_or(self.layout.line, |width| width * own.scale);
            let _ = write!(out, " stroke-width=\"{}\"", self.show(width));
            out.push_str(" stroke-linejoin=\"round\"");
        }
        write_opacity(style.opacity, out);
    }

    /// A label: dark or light as what it stands on, with a halo where it stands beside its shape.
    pub fn label(&self, item: &Item<'_, '_>, placed: &Placed, out: &mut String) {
        let inside = placed.is_inside();
        let ground = match item.style.fill {
            Some(Paint::Color(fill))
                if inside && item.style.opacity.unwrap_or(1.0) > 0.5 && fill.alpha() > 0.5 =>
            {
                fill
            }
            None if inside && item.style.stroke.is_none() => FILL,
            _ => self.ground,
        };
        out.push_str("<g data-label=\"");
        xml_into(item.id, out);
        let _ = write!(out, "\" fill=\"{}\"", ink_on(ground));
        if !inside {
            self.halo(placed.size, out);
        }
        out.push('>');
        self.text(&placed.lines, placed.at, placed.anchor, placed.size, out);
        out.push_str("</g>\n");
    }

    /// The attributes by which text of a size is read on anything.
    pub fn halo(&self, size: f64, out: &mut String) {
        let (ground, width) = (self.ground, self.show(size * 0.2));
        let _ = write!(
            out,
            " stroke=\"{ground}\" stroke-width=\"{width}\" stroke-linejoin=\"round\" paint-order=\"stroke\""
        );
    }
}

/// What it is called, and what it is.
fn tooltip(item: &Item<'_, '_>) -> String {
    let mut text = item.name().into_owned();
    if !item.kind.is_empty() && item.kind != text {
        let _ = write!(text, " ({})", item.kind);
    }
    shortened(&text, TITLE)
}
