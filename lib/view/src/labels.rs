//! Where labels go: inside their shape where they fit, else beside it, away from one another and from other shapes.
//!
//! Coordinates are the page's: y runs down.

use crate::font::{self, ASCENT, DESCENT, LINE};
use crate::geometry::Bounds;
use crate::name::one_line;
use crate::path::Point;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// With more labels than this, one that would mostly hide others is left out.
const CROWD: usize = 200;
/// Labels beyond so many are left out: nobody could read them, and placing them would take long.
const MOST: usize = 1500;
/// A shape is an obstacle for labels beside it; labels themselves are worse.
const LABEL_COST: f64 = 10.0;
/// Text inside a shape may shrink to this part of its size, to fit.
const SHRUNK: f64 = 0.55;
/// Most cells of the grid that one box is entered in.
const CELLS: f64 = 64.0;

/// Most boxes of a cell, and of those of too many cells, that are looked at: more would say no more of a place.
const NEAR: usize = 64;

/// A place beside a box.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Which part of the box's width and height it is at.
    pub part: Point,
    /// How far from there the baseline begins, in sizes of the text.
    pub off: Point,
    pub anchor: Anchor,
}

const GAP: f64 = 0.3;
const LEVEL: f64 = (ASCENT - DESCENT) / 2.0;
const ABOVE: f64 = -GAP - DESCENT;
const BELOW: f64 = GAP + ASCENT;

/// The places around a box, the best first.
pub const PLACES: [Place; 8] = [
    Place { part: [1.0, 0.5], off: [GAP, LEVEL], anchor: Anchor::Start },
    Place { part: [0.0, 0.5], off: [-GAP, LEVEL], anchor: Anchor::End },
    Place { part: [0.5, 0.0], off: [0.0, ABOVE], anchor: Anchor::Middle },
    Place { part: [0.5, 1.0], off: [0.0, BELOW], anchor: Anchor::Middle },
    Place { part: [1.0, 0.0], off: [0.0, ABOVE], anchor: Anchor::Start },
    Place { part: [1.0, 1.0], off: [0.0, BELOW], anchor: Anchor::Start },
    Place { part: [0.0, 0.0], off: [0.0, ABOVE], anchor: Anchor::End },
    Place { part: [0.0, 1.0], off: [0.0, BELOW], anchor: Anchor::End },
];

impl Place {
    /// Where a text of some size begins beside a box.
    fn at(&self, around: Bounds, size: f64) -> Point {
        let sides = around.size();
        std::array::from_fn(|i| around.min[i] + sides[i] * self.part[i] + self.off[i] * size)
    }
}

/// A label that wants a place.
pub struct Wanted<'t> {
    pub text: Cow<'t, str>,
    /// Of the shape that it names.
    pub around: Bounds,
    pub size: f64,
    /// Whether the size may shrink.
    pub elastic: bool,
    /// How much of the shape's bounds text may fill, where text may stand inside at all.
    pub room: Option<f64>,
}

/// A label in its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    pub lines: Vec<String>,
    /// The baseline of the first line, at its anchor.
    pub at: Point,
    pub anchor: Anchor,
    pub size: f64,
    /// Which of [`PLACES`] it stands at; nothing where it stands inside of its shape.
    pub place: Option<usize>,
}

impl Placed {
    pub fn is_inside(&self) -> bool {
        self.place.is_none()
    }
}

/// Which part of each line stands at the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

impl Anchor {
    /// The word of SVG's `text-anchor`.
    pub fn word(self) -> &'static str {
        match self {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        }
    }
}

/// Places labels, the most important first, among obstacles. The answer has one entry a label.
pub fn place(wanted: &[Wanted<'_>], obstacles: &[Bounds]) -> Vec<Option<Placed>> {
    let cell = wanted.iter().map(|w| w.size).fold(0.0, f64::max) * 8.0;
    let mut labels = Grid::new(cell);
    let mut shapes = Grid::new(cell);
    obstacles.iter().for_each(|o| shapes.add(*o));
    wanted
        .iter()
        .enumerate()
        .map(|(i, w)| {
            if i >= MOST {
                return None;
            }
            if let Some(placed) = inside(w) {
                labels.add(box_of(&placed));
                return Some(placed);
            }
            let best = beside(w, &labels, &shapes)?;
            let area = best.1.size()[0] * best.1.size()[1];
            if wanted.len() > CROWD && labels.covered(best.1) > area / 2.0 {
                return None;
            }
            labels.add(best.1);
            Some(best.0)
        })
        .collect()
}

/// The label inside its shape, broken into lines, where it fits.
fn inside(w: &Wanted<'_>) -> Option<Placed> {
    let room = w.room?;
    let [width, height] = w.around.size().map(|x| x * room);
    let sizes: &[f64] = if w.elastic { &[1.0, 0.85, 0.7, SHRUNK] } else { &[1.0] };
    for size in sizes.iter().map(|s| s * w.size) {
        let lines = font::wrap(&one_line(&w.text), width / size);
        let widest = lines.iter().map(|l| font::width(l)).fold(0.0, f64::max) * size;
        let tall = (lines.len().saturating_sub(1) as f64 * LINE + ASCENT + DESCENT) * size;
        if widest <= width && tall <= height {
            let [x, y] = w.around.centre();
            let at = [x, y - tall / 2.0 + ASCENT * size];
            return Some(Placed { lines, at, anchor: Anchor::Middle, size, place: None });
        }
    }
    None
}

/// The best of the places around a shape.
fn beside(w: &Wanted<'_>, labels: &Grid, shapes: &Grid) -> Option<(Placed, Bounds)> {
    let line = one_line(&w.text);
    let mut best: Option<(f64, Placed, Bounds)> = None;
    for (rank, place) in PLACES.iter().enumerate() {
        let at = place.at(w.around, w.size);
        let lines = vec![line.clone()];
        let placed = Placed { lines, at, anchor: place.anchor, size: w.size, place: Some(rank) };
        let bounds = box_of(&placed);
        // The rank breaks ties, and a far better place is needed to give up an early one.
        let cost = (labels.covered(bounds) * LABEL_COST + shapes.covered(bounds)) / (w.size * w.size)
            + rank as f64 * 0.15;
        if best.as_ref().is_none_or(|(least, _, _)| cost < *least) {
            best = Some((cost, placed, bounds));
        }
    }
    best.map(|(_, placed, bounds)| (placed, bounds))
}

/// The box that a placed label fills.
pub fn box_of(placed: &Placed) -> Bounds {
    let wide = placed.lines.iter().map(|l| font::width(l)).fold(0.0, f64::max) * placed.size;
    let [x, y] = placed.at;
    let left = match placed.anchor {
        Anchor::Start => x,
        Anchor::Middle => x - wide / 2.0,
        Anchor::End => x - wide,
    };
    let further = placed.lines.len().saturating_sub(1) as f64 * LINE * placed.size;
    Bounds { min: [left, y - ASCENT * placed.size], max: [left + wide, y + further + DESCENT * placed.size] }
}

/// Boxes by the cells of a grid, so that neighbours are found without looking at all.
struct Grid {
    cell: f64,
    boxes: Vec<Bounds>,
    cells: BTreeMap<(i64, i64), Vec<usize>>,
    /// Boxes of too many cells: looked at every time.
    large: Vec<usize>,
}

impl Grid {
    fn new(cell: f64) -> Grid {
        let cell = if cell > 0.0 { cell } else { 1.0 };
        Grid { cell, boxes: Vec::new(), cells: BTreeMap::new(), large: Vec::new() }
    }

    fn add(&mut self, bounds: Bounds) {
        let index = self.boxes.len();
        self.boxes.push(bounds);
        match self.span(bounds) {
            Some(cells) => cells.for_each(|at| push(self.cells.entry(at).or_default(), index)),
            None => push(&mut self.large, index),
        }
    }

    /// The area of `bounds` that boxes of the grid cover, counted once a box.
    fn covered(&self, bounds: Bounds) -> f64 {
        // Most share nothing; the others are added up in the order of their numbers.
        let shares = |i: &usize| self.boxes[*i].overlap(bounds) != 0.0;
        let mut near: Vec<usize> = Vec::new();
        match self.span(bounds) {
            Some(cells) => {
                let lists = cells.filter_map(|at| self.cells.get(&at));
                lists.for_each(|list| near.extend(list.iter().copied().filter(shares)));
            }
            None => near.extend((0..self.boxes.len().min(NEAR * NEAR)).filter(shares)),
        }
        near.sort_unstable();
        near.dedup();
        near.iter().chain(&self.large).map(|i| self.boxes[*i].overlap(bounds)).sum()
    }

    /// The cells that a box touches; nothing where they are too many.
    fn span(&self, bounds: Bounds) -> Option<impl Iterator<Item = (i64, i64)> + use<>> {
        let low = bounds.min.map(|x| (x / self.cell).floor());
        let high = bounds.max.map(|x| (x / self.cell).floor());
        let count = (high[0] - low[0] + 1.0) * (high[1] - low[1] + 1.0);
        let near = low.iter().chain(&high).all(|x| x.abs() < 1e15);
        (near && count <= CELLS).then(|| {
            let [low, high] = [low, high].map(|p| p.map(|x| x as i64));
            (low[0]..=high[0]).flat_map(move |x| (low[1]..=high[1]).map(move |y| (x, y)))
        })
    }
}

fn push(list: &mut Vec<usize>, index: usize) {
    if list.len() < NEAR {
        list.push(index);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(text: &str, around: Bounds) -> Wanted<'_> {
        Wanted { text: text.into(), around, size: 10.0, elastic: true, room: None }
    }

    #[test]
    fn neighbours_do_not_collide() {
        let spots: Vec<Bounds> = (0..4).map(|i| Bounds::at([f64::from(i) * 24.0, 0.0])).collect();
        let list: Vec<Wanted<'_>> = spots.iter().map(|b| wanted("Dee", *b)).collect();
        let boxes: Vec<Bounds> = place(&list, &spots).iter().flatten().map(box_of).collect();
        assert_eq!(boxes.len(), 4);
        for (i, a) in boxes.iter().enumerate() {
            assert!(boxes[i + 1..].iter().all(|b| a.overlap(*b) == 0.0), "{i}");
        }
    }

    #[test]
    fn a_label_is_broken_to_fit_its_box() {
        let around = Bounds { min: [0.0, 0.0], max: [60.0, 40.0] };
        let w = Wanted { room: Some(0.9), ..wanted("two words", around) };
        let placed = place(&[w], &[]).remove(0).unwrap();
        assert_eq!(placed.lines, ["two words"]);
        let w = Wanted { room: Some(0.9), ..wanted("several short words", around) };
        let placed = place(&[w], &[]).remove(0).unwrap();
        assert!(placed.is_inside() && placed.lines.len() > 1);
        let filled = box_of(&placed);
        assert!(around.holds(filled.min) && around.holds(filled.max));
    }

    #[test]
    fn huge_numbers_do_not_hang() {
        let far = Bounds { min: [-1e100, -1e100], max: [1e100, 1e100] };
        assert!(place(&[wanted("x", far)], &[far]).remove(0).is_some());
    }
}
