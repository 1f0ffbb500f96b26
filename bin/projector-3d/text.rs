//! Words as outlines, in a font of the program's own: the same letters on every machine.

use std::sync::OnceLock;
use ttf_parser::{Face, GlyphId, OutlineBuilder};
use ulp_view::path::{Contour, Point};

/// Letters of a text that are drawn; what follows is an ellipsis.
const MOST: usize = 400;
/// Lines that a curve of a letter becomes.
const STEPS: u8 = 4;
/// From baseline to baseline, in heights.
const LEADING: f64 = 1.2;
/// What a letter is wide where there is no font to ask.
const LETTER: f64 = 0.6;

/// DejaVu Sans, which comes with the program; what it lacks is an empty box.
fn face() -> Option<&'static Face<'static>> {
    static FACE: OnceLock<Option<Face<'static>>> = OnceLock::new();
    FACE.get_or_init(|| Face::parse(dejavu::sans::regular(), 0).ok()).as_ref()
}

/// The letters that are drawn of a text, each with where its line and itself begin, in heights.
fn letters(text: &str) -> impl Iterator<Item = (char, f64, f64)> {
    let cut = text.char_indices().nth(MOST).map(|(at, _)| at);
    let shown = &text[..cut.unwrap_or(text.len())];
    let (mut x, mut y) = (0.0, 0.0);
    shown.chars().chain(cut.map(|_| '…')).filter_map(move |letter| {
        if letter == '\n' {
            (x, y) = (0.0, y - LEADING);
            return None;
        }
        let at = x;
        x += advance(letter);
        // Controls have no look: neither a box nor room.
        (!letter.is_control()).then_some((letter, at, y))
    })
}

fn glyph(letter: char) -> Option<GlyphId> {
    face().map(|face| face.glyph_index(letter).unwrap_or(GlyphId(0)))
}

fn advance(letter: char) -> f64 {
    if letter.is_control() {
        return 0.0;
    }
    let (Some(face), Some(glyph)) = (face(), glyph(letter)) else { return LETTER };
    face.glyph_hor_advance(glyph).map_or(LETTER, |a| f64::from(a) / f64::from(face.units_per_em()))
}

/// How far a text of height 1 reaches to the right, and how far below its first baseline.
pub fn extent(text: &str) -> (f64, f64) {
    letters(text).fold((0.0, 0.0), |(right, low), (letter, x, y)| {
        (f64::max(right, x + advance(letter)), f64::min(low, y))
    })
}

/// The outlines of a text of that height; its first baseline begins at the origin.
pub fn outlines(text: &str, size: f64) -> Vec<Contour> {
    let Some(face) = face() else { return Vec::new() };
    let scale = size / f64::from(face.units_per_em());
    let mut contours = Vec::new();
    for (letter, x, y) in letters(text) {
        let mut pen = Pen {
            contours: &mut contours,
            points: Vec::new(),
            at: [0.0; 2],
            origin: [x * size, y * size],
            scale,
        };
        if let Some(glyph) = glyph(letter) {
            face.outline_glyph(glyph, &mut pen);
        }
    }
    contours
}

/// What draws a letter.
struct Pen<'c> {
    contours: &'c mut Vec<Contour>,
    points: Vec<Point>,
    at: Point,
    origin: Point,
    scale: f64,
}

impl Pen<'_> {
    fn to(&mut self, p: Point) {
        self.at = p;
        self.points.push([self.origin[0] + p[0] * self.scale, self.origin[1] + p[1] * self.scale]);
    }

    /// A curve, by a polynomial in the share of the way.
    fn curve(&mut self, point: impl Fn(f64, usize) -> f64) {
        for step in 1..=STEPS {
            let t = f64::from(step) / f64::from(STEPS);
            self.to([point(t, 0), point(t, 1)]);
        }
    }
}

impl OutlineBuilder for Pen<'_> {
    fn move_to(&mut self, x: f32, y: f32) {
        self.points.clear();
        self.line_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.to([f64::from(x), f64::from(y)]);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let (from, a, to) = (self.at, [x1, y1].map(f64::from), [x, y].map(f64::from));
        self.curve(|t, i| {
            let s = 1.0 - t;
            s * s * from[i] + 2.0 * s * t * a[i] + t * t * to[i]
        });
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let from = self.at;
        let [a, b, to] = [[x1, y1], [x2, y2], [x, y]].map(|p| p.map(f64::from));
        self.curve(|t, i| {
            let s = 1.0 - t;
            s * s * s * from[i] + 3.0 * s * s * t * a[i] + 3.0 * s * t * t * b[i] + t * t * t * to[i]
        });
    }

    fn close(&mut self) {
        self.contours.push(Contour { points: std::mem::take(&mut self.points), closed: true });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_have_outlines_and_room() {
        assert_eq!(outlines("o", 10.0).len(), 2);
        assert_eq!(outlines("日", 10.0).len(), outlines("\u{10ffff}", 10.0).len());
        assert!(extent("Wide").0 > extent("ill").0);
        assert_eq!(extent("a\nb").1, -LEADING);
        assert!(
            outlines("\u{0}\u{7}\u{202e}", 1.0)
                .iter()
                .flat_map(|c| &c.points)
                .flatten()
                .all(|n| n.is_finite())
        );
        assert!(extent(&"x".repeat(100_000)).0 < 300.0);
    }
}
