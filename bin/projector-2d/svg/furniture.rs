//! What stands around a drawing: its heading, a scale bar, and what must be said beside it.

use super::Sheet;
use super::ink::{faint_on, ink_on};
use std::fmt::Write as _;
use ulp_core::text::xml_into;
use ulp_view::digits::FINE;
use ulp_view::font;
use ulp_view::frame::ACROSS;
use ulp_view::geometry::Bounds;
use ulp_view::name::{one_line, shortened};
use ulp_view::outline::side;
use ulp_view::path::Point;
use ulp_view::style::Color;

/// The margin and the size of the heading, as parts of the drawing's side.
const MARGIN: f64 = 0.04;
const HEADING: f64 = 1.0 / 36.0;
/// A long heading makes a sheet wider, up to so many sides of the drawing.
const WIDEST: f64 = 3.0;
/// Longest word for a unit, in characters.
const UNIT: usize = 24;

impl Sheet<'_, '_, '_> {
    /// The sheet: content and labels with a margin, a heading above, the scale and what must be said below.
    pub fn outer(&self) -> Bounds {
        let side = side(self.layout.content);
        let margin = side * MARGIN;
        let size = self.heading_size();
        let mut outer = self.layout.content.join(self.list_bounds()).grown(margin);
        outer.max[1] += size * 1.6;
        if self.heading().is_some() {
            outer.min[1] -= size * 1.6;
            let least = font::width(&one_line(self.title())) * size + 2.0 * margin;
            outer.max[0] = outer.max[0].max(outer.min[0] + least.min(side * WIDEST));
        }
        outer
    }

    /// The title, where nothing that is drawn says it.
    fn heading(&self) -> Option<&str> {
        self.scene.title.as_deref().filter(|title| !self.scene.says(title))
    }

    fn heading_size(&self) -> f64 {
        side(self.layout.content) * HEADING
    }

    pub fn furniture(&self, out: &mut String) {
        let size = self.heading_size();
        let [left, right] = [self.layout.content.min[0], self.layout.content.max[0]];
        let outer = self.outer();
        if let Some(title) = self.heading() {
            let look = format!(" font-weight=\"600\" fill=\"{}\"", ink_on(self.ground));
            self.line([left, outer.min[1] + size * 1.9], size, &look, &one_line(title), out);
        }
        let faint = faint_on(self.ground);
        let base = outer.max[1] - size * 0.9;
        let small = size * 0.5;
        let bar = self.scale_bar([left, base], small, faint, out);
        if let Some(text) = &self.scene.acknowledgement {
            let words = one_line(text);
            // Long words become smaller rather than run off the sheet.
            let fitting = (right - bar - small * 10.0) / font::width(&words).max(1.0);
            let size = small.min(fitting.max(small * 0.4));
            self.line([right, base], size, &format!(" fill=\"{faint}\" text-anchor=\"end\""), &words, out);
        }
    }

    /// A bar of a round length of the world, with that length beside it; answers where it ends.
    fn scale_bar(&self, [left, base]: Point, size: f64, color: Color, out: &mut String) -> f64 {
        let scale = self.layout.frame.scale;
        let length = round_length(self.layout.content.size()[0] / scale / 5.0);
        let right = left + (length * scale).min(ACROSS);
        let tick = size * 0.35;
        let _ = writeln!(
            out,
            "<path d=\"M{} {}v{}H{}v{}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"{}\"/>",
            self.show(left),
            self.show(base - tick),
            self.show(tick),
            self.show(right),
            self.show(-tick),
            self.show(size * 0.1),
        );
        let words = scale_text(length, &self.scene.unit);
        self.line([right + size * 0.6, base], size, &format!(" fill=\"{color}\""), &words, out);
        right
    }

    /// A line of text with these attributes, on a line of the file.
    fn line(&self, at: Point, size: f64, look: &str, words: &str, out: &mut String) {
        let [x, y, size] = [at[0], at[1], size].map(|n| self.show(n));
        let _ = write!(out, "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\"{look}>");
        xml_into(words, out);
        out.push_str("</text>\n");
    }
}

/// The greatest of 1, 2 and 5 times a power of ten that is no longer than `most`.
fn round_length(most: f64) -> f64 {
    if !(most.is_finite() && most > 0.0) {
        return 1.0;
    }
    let power = libm::pow(10.0, libm::log10(most).floor());
    [5.0, 2.0, 1.0].into_iter().map(|m| m * power).find(|l| *l <= most).unwrap_or(power)
}

/// A length in words; thousands of metres are kilometres.
fn scale_text(length: f64, unit: &str) -> String {
    let (length, unit) =
        if unit == "m" && length >= 1000.0 { (length / 1000.0, "km") } else { (length, unit) };
    format!("{} {}", FINE.show(length), shortened(unit, UNIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_is_round() {
        assert_eq!(scale_text(round_length(123_456.0), "m"), "100 km");
        assert_eq!(scale_text(round_length(7.0), "m"), "5 m");
        assert_eq!(round_length(f64::NAN), 1.0);
    }
}
