//! What stands around a drawing: its heading; below it where north is, a scale bar, the date, how many labels are left
//! out, and what must be said beside it.

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
use ulp_view::scene::Settings;
use ulp_view::style::Color;

/// The margin and the size of the heading, as parts of the drawing's side.
const MARGIN: f64 = 0.04;
const HEADING: f64 = 1.0 / 36.0;
/// The size of what stands below, as a part of the heading's, and how wide north is, and what lies before the date, in
/// that size.
const SMALL: f64 = 0.5;
const NORTH: f64 = 2.6;
const NOTES: f64 = 1.8;
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
        if !self.says_in_one_line() {
            outer.max[1] += size * SMALL * 1.6;
        }
        let mut least = self.foot_width();
        if self.heading().is_some() {
            outer.min[1] -= size * 1.6;
            least = least.max(font::width(&one_line(self.title())) * size);
        }
        outer.max[0] = outer.max[0].max(outer.min[0] + (least + 2.0 * margin).min(side * WIDEST));
        outer
    }

    /// The title, where nothing that is drawn says it. One of several always has one.
    fn heading(&self) -> Option<&str> {
        let title = if self.several { Some(self.title()) } else { self.scene.title.as_deref() };
        title.filter(|title| !self.scene.says(title))
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
        let (base, small) = (outer.max[1] - size * 0.9, size * SMALL);
        let above = if self.says_in_one_line() { base } else { base - small * 1.6 };
        self.foot([left, above], small, faint, out);
        if let Some(words) = self.acknowledgement() {
            // Long words become smaller rather than run off the sheet.
            let size = small.min((self.foot_room() / font::width(&words).max(1.0)).max(small * 0.4));
            self.line([right, base], size, &format!(" fill=\"{faint}\" text-anchor=\"end\""), &words, out);
        }
    }

    fn acknowledgement(&self) -> Option<String> {
        self.scene.acknowledgement.as_deref().map(one_line)
    }

    /// Whether what must be said has room beside the scale.
    fn says_in_one_line(&self) -> bool {
        let small = self.heading_size() * SMALL;
        let said = self.acknowledgement().map_or(0.0, |words| font::width(&words) * small);
        said == 0.0 || self.foot_width() + 3.0 * small + said <= self.foot_room()
    }

    /// How wide the foot of the sheet may be.
    fn foot_room(&self) -> f64 {
        self.layout.content.size()[0]
    }

    /// How wide what stands at the left of the foot is.
    fn foot_width(&self) -> f64 {
        let small = self.heading_size() * SMALL;
        let (length, words) = self.scale();
        let north = if self.has_north() { NORTH } else { 0.0 };
        let notes = self.notes().map_or(0.0, |notes| font::width(&notes) + NOTES);
        length + (0.6 + font::width(&words) + north + notes) * small
    }

    /// Where north is, the scale, then the date and what is left out.
    fn foot(&self, [left, base]: Point, size: f64, color: Color, out: &mut String) {
        let start = if self.has_north() { self.north([left, base], size, color, out) } else { left };
        let end = self.scale_bar([start, base], size, color, out);
        if let Some(notes) = self.notes() {
            self.line([end + NOTES * size, base], size, &format!(" fill=\"{color}\""), &notes, out);
        }
    }

    /// The date, where the drawing is of a time that was asked for, and how many labels are left out.
    fn notes(&self) -> Option<String> {
        let left_out = match self.layout.unlabelled {
            0 => None,
            1 => Some("1 label left out".to_owned()),
            count => Some(format!("{count} labels left out")),
        };
        let notes: Vec<String> = self.date.map(str::to_owned).into_iter().chain(left_out).collect();
        (!notes.is_empty()).then(|| notes.join(" · "))
    }

    /// Whether north is up: where the space has a place on the Earth, and y runs up the page.
    fn has_north(&self) -> bool {
        self.scene.y_up && Settings::of_space(self.scene.whole).origin().is_some()
    }

    /// An arrow that points north; answers where it ends.
    fn north(&self, [left, base]: Point, size: f64, color: Color, out: &mut String) -> f64 {
        let n = |x: f64| self.show(x * size);
        let [x, y] = [left, base].map(|x| self.show(x));
        let _ = writeln!(
            out,
            "<path d=\"M{x} {y}m{} {}l{} {}l{} {}l{} {}Z\" fill=\"{color}\"/>",
            n(0.4),
            n(-1.1),
            n(0.4),
            n(1.3),
            n(-0.4),
            n(-0.35),
            n(-0.4),
            n(0.35),
        );
        self.line([left + size, base], size, &format!(" fill=\"{color}\""), "N", out);
        left + NORTH * size
    }

    /// How long the scale bar is on the sheet, and what it says.
    fn scale(&self) -> (f64, String) {
        let scale = self.layout.frame.scale;
        let length = round_length(self.layout.content.size()[0] / scale / 5.0);
        ((length * scale).min(ACROSS), scale_text(length, &self.scene.unit))
    }

    /// A bar of a round length of the world, with that length beside it; answers where it ends.
    fn scale_bar(&self, [left, base]: Point, size: f64, color: Color, out: &mut String) -> f64 {
        let (length, words) = self.scale();
        let right = left + length;
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
        self.line([right + size * 0.6, base], size, &format!(" fill=\"{color}\""), &words, out);
        right + (0.6 + font::width(&words)) * size
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

/// From here on a length has too many zeros to be counted.
const MOST: f64 = 1e6;

/// A length in words; thousands of metres are kilometres.
fn scale_text(length: f64, unit: &str) -> String {
    let (length, unit) =
        if unit == "m" && length >= 1000.0 { (length / 1000.0, "km") } else { (length, unit) };
    let number = if length < MOST { FINE.show(length).to_string() } else { format!("{length:e}") };
    format!("{number} {}", shortened(unit, UNIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_is_round() {
        assert_eq!(scale_text(round_length(123_456.0), "m"), "100 km");
        assert_eq!(scale_text(round_length(7.0), "m"), "5 m");
        assert_eq!(scale_text(2e14, "m"), "2e11 km");
        assert_eq!(round_length(f64::NAN), 1.0);
    }
}
