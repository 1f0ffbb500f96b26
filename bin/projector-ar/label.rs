//! Labels in a picture: one line each, beside what they name and beside each other.
//!
//! A label is set in letters of one width. It is tried above what it names, to the right of it, to the left and below,
//! then further up with a line that leads down; the nearest thing chooses first.

use std::collections::BTreeMap;
use ulp_view::name::one_line;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// The width of a column and the height of a line, in pixels.
pub const COLUMN: f64 = 9.6;
pub const LINE: f64 = 19.2;
/// Most columns of a label.
const MOST: usize = 40;
/// Between a label and what it names, in pixels.
const GAP: f64 = 4.0;
/// How many heights further up a label is tried.
const HIGHER: u32 = 8;
/// What labels that touch may share, in pixels, as sums are not exact.
const EDGE: f64 = 1e-6;
/// The side of a square of the picture in which labels are looked for.
const SQUARE: f64 = 128.0;

/// x, y, width, height: from the top left corner, in pixels.
pub type Rect = [f64; 4];

/// The words of a label: one line of at most 40 columns.
pub fn words(name: &str) -> String {
    let line = one_line(name);
    if line.width() <= MOST {
        return line;
    }
    let mut width = 0;
    let fits = |c: &char| {
        width += c.width().unwrap_or(0);
        width < MOST
    };
    line.chars().take_while(fits).chain(['…']).collect()
}

/// How wide words are, in pixels.
pub fn width(words: &str) -> f64 {
    words.width() as f64 * COLUMN
}

/// The labels of a picture.
pub struct Labels {
    size: [f64; 2],
    /// The labels that reach into each square.
    taken: BTreeMap<[u32; 2], Vec<Rect>>,
}

impl Labels {
    pub fn new(size: [f64; 2]) -> Labels {
        Labels { size, taken: BTreeMap::new() }
    }

    /// Takes room for a label of that width beside a box of the picture; none where there is none.
    pub fn place(&mut self, width: f64, beside: Rect) -> Option<Rect> {
        let free = candidates(width, beside).find(|rect| self.is_free(rect))?;
        squares(&free).for_each(|square| self.taken.entry(square).or_default().push(free));
        Some(free)
    }

    fn is_free(&self, rect: &Rect) -> bool {
        let [x, y, w, h] = *rect;
        let is_inside = x >= 0.0 && y >= 0.0 && x + w <= self.size[0] && y + h <= self.size[1];
        let meets =
            |square| self.taken.get(&square).is_some_and(|list| list.iter().any(|other| meet(rect, other)));
        is_inside && !squares(rect).any(meets)
    }
}

/// Where a label may stand, the best place first.
fn candidates(width: f64, [x, y, w, h]: Rect) -> impl Iterator<Item = Rect> {
    let (left, level) = (x + w / 2.0 - width / 2.0, y + h / 2.0 - LINE / 2.0);
    let above = y - GAP - LINE;
    let near = [[left, above], [x + w + GAP, level], [x - GAP - width, level], [left, y + h + GAP]];
    let higher = (1..=HIGHER).map(move |n| [left, above - f64::from(n) * LINE]);
    near.into_iter().chain(higher).map(move |[x, y]| [x, y, width, LINE])
}

/// Whether a label stands so far above what it names that a line must lead there.
pub fn is_led(label: &Rect, beside: &Rect) -> bool {
    label[1] + label[3] < beside[1] - GAP - LINE / 2.0
}

/// Whether two labels share more than an edge.
fn meet(a: &Rect, b: &Rect) -> bool {
    (0..2).all(|i| a[i] + EDGE < b[i] + b[i + 2] && b[i] + EDGE < a[i] + a[i + 2])
}

/// The squares that a label inside of the picture reaches into.
fn squares([x, y, w, h]: &Rect) -> impl Iterator<Item = [u32; 2]> {
    let [left, right, top, bottom] = [*x, x + w, *y, y + h].map(|c| (c / SQUARE) as u32);
    (left..=right).flat_map(move |column| (top..=bottom).map(move |row| [column, row]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_one_line_of_forty_columns() {
        assert_eq!(words("村の家"), "村の家");
        assert_eq!(width("村の家"), 57.599999999999994);
        assert_eq!(words(&"x".repeat(40)), "x".repeat(40));
        assert_eq!(words(&"x".repeat(41)), format!("{}…", "x".repeat(39)));
        // The twentieth would end in the fortieth column, where the ellipsis stands.
        assert_eq!(words(&"村".repeat(21)), format!("{}…", "村".repeat(19)));
        assert_eq!(words("a\nb\u{1b}[31m\u{202e}c"), "a b\u{fffd}[31m\u{fffd}c");
    }

    #[test]
    fn labels_find_room_or_none() {
        let mut labels = Labels::new([200.0, 100.0]);
        let beside = [100.0, 50.0, 0.0, 0.0];
        let width = 48.0;
        let all: Vec<Option<Rect>> = (0..7).map(|_| labels.place(width, beside)).collect();
        let [above, below, higher] = [26.8, 54.0, 7.6].map(|y| [76.0, y, width, LINE]);
        let close = |a: &Rect, b: &Rect| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-9);
        let found: Vec<&Rect> = all.iter().flatten().collect();
        assert_eq!(found.len(), 3, "{all:?}");
        assert!([above, below, higher].iter().zip(found).all(|(a, b)| close(a, b)), "{all:?}");
        assert!(is_led(&higher, &beside) && !is_led(&above, &beside));
        assert_eq!(labels.place(201.0, beside), None);
    }
}
