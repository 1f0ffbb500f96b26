//! What sensors read that are at no node: a mark each, with what was read beside it; those that say no place, in a
//! list.

use super::ink::{STROKE, faint_on, ink_on};
use super::{Sheet, TITLE};
use std::fmt::Write as _;
use ulp_core::text::xml_into;
use ulp_view::font::{self, LINE};
use ulp_view::geometry::Bounds;
use ulp_view::labels::{Anchor, Placed};
use ulp_view::name::shortened;
use ulp_view::path::Point;
use ulp_view::scene::Sensor;
use ulp_view::sheet::scene::Scene;

/// Most lines of the list; what is left out is counted in one more.
const LISTED: usize = 40;

impl Sheet<'_, '_, '_> {
    pub fn readings(&self, out: &mut String) {
        if self.layout.readings.is_empty() && self.list.is_empty() {
            return;
        }
        let _ = writeln!(out, "<g id=\"{}\" data-readings=\"\">", self.id("r", ""));
        for ((sensor, _), (at, placed)) in self.scene.readings().zip(&self.layout.readings) {
            self.reading(sensor, *at, placed.as_ref(), out);
        }
        self.write_list(out);
        out.push_str("</g>\n");
    }

    fn reading(&self, sensor: &Sensor<'_, '_>, at: Point, placed: Option<&Placed>, out: &mut String) {
        self.open_reading(sensor, out);
        let [x, y] = at.map(|x| self.show(x));
        let (r, line) = (self.show(self.layout.mark), self.show(self.layout.line));
        let (ground, ink) = (self.ground, ink_on(self.ground));
        let _ = write!(
            out,
            "<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\" fill=\"{STROKE}\" stroke=\"{ground}\" stroke-width=\"{line}\"/>"
        );
        if let Some(placed) = placed {
            let _ = write!(out, "<g fill=\"{ink}\"");
            self.halo(placed.size, out);
            out.push('>');
            self.text(&placed.lines, placed.at, placed.anchor, placed.size, out);
            out.push_str("</g>");
        }
        out.push_str("</g>\n");
    }

    /// A group that says whose reading it is.
    fn open_reading(&self, sensor: &Sensor<'_, '_>, out: &mut String) {
        out.push_str("<g data-sensor=\"");
        xml_into(sensor.name, out);
        out.push_str("\" data-actor=\"");
        xml_into(sensor.actor, out);
        if self.provenance {
            out.push_str("\" data-key=\"");
            xml_into(&sensor.reading.key.to_string(), out);
        }
        out.push_str("\"><title>");
        xml_into(&shortened(&format!("{} ({})", sensor.words(), sensor.actor), TITLE), out);
        out.push_str("</title>");
    }

    /// The list, at the right of the drawing, from its top down.
    fn write_list(&self, out: &mut String) {
        let bounds = self.list_bounds();
        let size = self.list_size();
        let line = |i: usize| bounds.min[1] + size * (font::ASCENT + LINE * i as f64);
        for (i, (words, sensor)) in self.list.iter().zip(self.scene.unplaced()).enumerate() {
            self.open_reading(sensor, out);
            let _ = write!(out, "<g fill=\"{}\">", ink_on(self.ground));
            self.text(&[words], [bounds.min[0], line(i)], Anchor::Start, size, out);
            out.push_str("</g></g>\n");
        }
        let more = self.scene.unplaced().count() - self.list.len();
        if more > 0 {
            let _ = write!(out, "<g fill=\"{}\">", faint_on(self.ground));
            let words = format!("and {more} more");
            self.text(&[words], [bounds.min[0], line(self.list.len())], Anchor::Start, size, out);
            out.push_str("</g>\n");
        }
    }

    fn list_size(&self) -> f64 {
        self.layout.text_size * 0.8
    }

    /// Around the list; where there is none, at the edge of the drawing.
    pub fn list_bounds(&self) -> Bounds {
        let size = self.list_size();
        let [left, top] = [self.layout.content.max[0], self.layout.content.min[1]];
        if self.list.is_empty() {
            return Bounds::at([left, top]);
        }
        let left = left + size * 2.0;
        let wide = self.list.iter().map(|words| font::width(words)).fold(0.0, f64::max) * size;
        let lines = (self.list.len() + 1) as f64;
        Bounds { min: [left, top], max: [left + wide, top + lines * LINE * size] }
    }
}

/// The lines of the list.
pub fn listed(scene: &Scene<'_, '_>) -> Vec<String> {
    scene.unplaced().take(LISTED).map(Sensor::words).collect()
}
