//! Where labels go: inside their shape where they fit, else beside it; a frame's title on its top edge, a link's label
//! over the line. None lies on another, nor on text, nor hides a mark: what finds no free place is left out, and the first
//! that ask choose first.
//!
//! Coordinates are the page's: y runs down.

use crate::font::{self, ASCENT, DESCENT, LINE};
use crate::geometry::Bounds;
use crate::name;
use crate::path::Point;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Labels beyond so many are left out: nobody could read them, and placing them would take long.
const MOST: usize = 1500;
/// Text inside a shape may shrink to these parts of its size, to fit.
const SIZES: [f64; 4] = [1.0, 0.85, 0.7, 0.55];
/// What a place costs for each that is better, beside the share of it that shapes cover, in squares of the size.
const RANK: f64 = 0.15;
/// A label hides a shape where it covers more than this part of it; shapes narrower than this part of the label's size
/// are too small to mind.
const HIDDEN: f64 = 1.0 / 3.0;
const SMALL: f64 = 0.5;
/// Most cells of the grid that one box is entered in.
const CELLS: f64 = 64.0;
/// Most shapes of a cell, and of those of too many cells, that are looked at: more would say no more of a place.
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

/// The places around a box, the best first; the last is on the top edge, where the title of a frame stands.
pub const PLACES: [Place; 9] = [
    Place { part: [1.0, 0.5], off: [GAP, LEVEL], anchor: Anchor::Start },
    Place { part: [0.0, 0.5], off: [-GAP, LEVEL], anchor: Anchor::End },
    Place { part: [0.5, 0.0], off: [0.0, ABOVE], anchor: Anchor::Middle },
    Place { part: [0.5, 1.0], off: [0.0, BELOW], anchor: Anchor::Middle },
    Place { part: [1.0, 0.0], off: [0.0, ABOVE], anchor: Anchor::Start },
    Place { part: [1.0, 1.0], off: [0.0, BELOW], anchor: Anchor::Start },
    Place { part: [0.0, 0.0], off: [0.0, ABOVE], anchor: Anchor::End },
    Place { part: [0.0, 1.0], off: [0.0, BELOW], anchor: Anchor::End },
    Place { part: [0.0, 0.0], off: [0.0, ABOVE], anchor: Anchor::Start },
];
const TOP_EDGE: usize = PLACES.len() - 1;

/// The places along a line, the best first: which part of the way it is at, and how far the baseline of the middle lies
/// from there, in sizes of the text.
pub const ALONG: [(f64, f64); 10] = [
    (0.5, -GAP),
    (0.5, BELOW),
    (0.4, -GAP),
    (0.6, -GAP),
    (0.4, BELOW),
    (0.6, BELOW),
    (0.25, -GAP),
    (0.75, -GAP),
    (0.25, BELOW),
    (0.75, BELOW),
];

impl Place {
    /// Where a text of so many lines and some size begins beside a box: one above it ends where a single line would, one
    /// at its side is level with it.
    fn at(&self, around: Bounds, size: f64, lines: usize) -> Point {
        let sides = around.size();
        let [x, y] = std::array::from_fn(|i| around.min[i] + sides[i] * self.part[i] + self.off[i] * size);
        let further = lines.saturating_sub(1) as f64 * LINE * size;
        [x, y - further * (1.0 - self.part[1])]
    }
}

/// A label that wants a place.
pub struct Wanted<'t> {
    pub text: Cow<'t, str>,
    pub size: f64,
    pub spot: Spot,
}

/// What a label belongs to.
#[derive(Clone, Copy, Debug)]
pub enum Spot {
    /// A shape: inside of it, in the box that is free for text, if there is one, else beside it.
    Shape { around: Bounds, room: Option<Bounds> },
    /// A frame: on its top edge.
    Frame(Bounds),
    /// A line, from end to end.
    Line([Point; 2]),
}

/// A label in its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    pub lines: Vec<String>,
    /// The baseline of the first line, at its anchor.
    pub at: Point,
    pub anchor: Anchor,
    pub size: f64,
    /// Which of [`PLACES`] it stands at, or of [`ALONG`] where it is a line's; nothing where it stands inside of its
    /// shape.
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

/// Places labels, those that matter most first, where no text lies and no shape is hidden, and rather not on shapes. The
/// answer has one entry a label: nothing for one that is left out.
pub fn place(wanted: &[Wanted<'_>], shapes: &[Bounds], texts: &[Bounds]) -> Vec<Option<Placed>> {
    let cell = wanted.iter().map(|w| w.size).fold(0.0, f64::max) * 8.0;
    let mut taken = Grid::new(cell, usize::MAX);
    let (mut below, mut written) = (Grid::new(cell, NEAR), Grid::new(cell, NEAR));
    shapes.iter().for_each(|b| below.add(*b));
    texts.iter().for_each(|b| written.add(*b));
    let mut choose = |w: &Wanted<'_>| {
        let is_free = |b: Bounds| taken.covered(b) == 0.0 && written.covered(b) == 0.0;
        let (placed, bounds) = best(w, is_free, &below)?;
        taken.add(bounds);
        Some(placed)
    };
    wanted.iter().enumerate().map(|(i, w)| if i < MOST { choose(w) } else { None }).collect()
}

/// The best free place of a label.
fn best(w: &Wanted<'_>, is_free: impl Fn(Bounds) -> bool, shapes: &Grid) -> Option<(Placed, Bounds)> {
    let boxed = |placed: Placed| {
        let bounds = box_of(&placed);
        (placed, bounds)
    };
    let own = match w.spot {
        Spot::Shape { around, .. } | Spot::Frame(around) => Some(around),
        Spot::Line(_) => None,
    };
    let fits = |b: Bounds| is_free(b) && !shapes.is_hidden_by(b, SMALL * w.size, own);
    let inner = match w.spot {
        Spot::Shape { room: Some(room), .. } => inside(w, room).map(boxed).filter(|(_, b)| fits(*b)),
        _ => None,
    };
    if inner.is_some() {
        return inner;
    }
    let lines = name::lines(&w.text, name::LABEL);
    let mut best: Option<(f64, Placed, Bounds)> = None;
    for (rank, place, at, anchor) in places(w, lines.len()) {
        let least = rank as f64 * RANK;
        if best.as_ref().is_some_and(|(cost, _, _)| *cost <= least) {
            break;
        }
        let (placed, bounds) =
            boxed(Placed { lines: lines.clone(), at, anchor, size: w.size, place: Some(place) });
        if !fits(bounds) {
            continue;
        }
        // The rank breaks ties, and a far better place is needed to give up an early one.
        let cost = shapes.covered(bounds) / (w.size * w.size) + least;
        if best.as_ref().is_none_or(|(least, _, _)| cost < *least) {
            best = Some((cost, placed, bounds));
        }
    }
    best.map(|(_, placed, bounds)| (placed, bounds))
}

/// The places outside of what a label belongs to: their rank, number, and where a text of so many lines begins.
fn places(w: &Wanted<'_>, lines: usize) -> Vec<(usize, usize, Point, Anchor)> {
    let beside = |around: Bounds, rank: usize, place: usize| {
        let Place { anchor, .. } = PLACES[place];
        (rank, place, PLACES[place].at(around, w.size, lines), anchor)
    };
    match w.spot {
        Spot::Shape { around, .. } => (0..TOP_EDGE).map(|place| beside(around, place, place)).collect(),
        Spot::Frame(around) => vec![beside(around, 0, TOP_EDGE)],
        Spot::Line([from, to]) => {
            let place = |(rank, (part, off)): (usize, &(f64, f64))| {
                let [x, y] = std::array::from_fn(|i| from[i] + (to[i] - from[i]) * part);
                let further = if *off < 0.0 { lines.saturating_sub(1) as f64 * LINE } else { 0.0 };
                (rank, rank, [x, y + (off - further) * w.size], Anchor::Middle)
            };
            ALONG.iter().enumerate().map(place).collect()
        }
    }
}

/// The label inside its shape, broken into lines, where it fits.
fn inside(w: &Wanted<'_>, room: Bounds) -> Option<Placed> {
    let [width, height] = room.size();
    let text = name::lines(&w.text, name::INSIDE);
    SIZES.iter().map(|part| part * w.size).find_map(|size| {
        let lines: Vec<String> = text.iter().flat_map(|line| wrapped(line, width / size)).collect();
        let widest = lines.iter().map(|l| font::width(l)).fold(0.0, f64::max) * size;
        let tall = (lines.len().saturating_sub(1) as f64 * LINE + ASCENT + DESCENT) * size;
        let [x, y] = room.centre();
        let at = [x, y - tall / 2.0 + ASCENT * size];
        (widest <= width && tall <= height).then_some(Placed {
            lines,
            at,
            anchor: Anchor::Middle,
            size,
            place: None,
        })
    })
}

/// A line broken at its blanks; an empty one stays.
fn wrapped(line: &str, limit: f64) -> Vec<String> {
    let lines = font::wrap(line, limit);
    if lines.is_empty() { vec![String::new()] } else { lines }
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
    /// Most boxes of a cell.
    most: usize,
    boxes: Vec<Bounds>,
    cells: BTreeMap<(i64, i64), Vec<usize>>,
    /// Boxes of too many cells: looked at every time.
    large: Vec<usize>,
}

impl Grid {
    fn new(cell: f64, most: usize) -> Grid {
        let cell = if cell > 0.0 { cell } else { 1.0 };
        Grid { cell, most, boxes: Vec::new(), cells: BTreeMap::new(), large: Vec::new() }
    }

    fn add(&mut self, bounds: Bounds) {
        let index = self.boxes.len();
        self.boxes.push(bounds);
        let most = self.most;
        match self.span(bounds) {
            Some(cells) => cells.for_each(|at| push(self.cells.entry(at).or_default(), index, most)),
            None => push(&mut self.large, index, most),
        }
    }

    /// The area of `bounds` that boxes of the grid cover, counted once a box.
    fn covered(&self, bounds: Bounds) -> f64 {
        self.sharing(bounds).into_iter().map(|b| b.overlap(bounds)).sum()
    }

    /// Whether `bounds` hides a box that is not narrower than `least`, and not `own`.
    fn is_hidden_by(&self, bounds: Bounds, least: f64, own: Option<Bounds>) -> bool {
        self.sharing(bounds).into_iter().any(|b| {
            let [wide, tall] = b.size();
            wide.min(tall) >= least && Some(b) != own && b.overlap(bounds) > HIDDEN * wide * tall
        })
    }

    /// The boxes that share something with `bounds`, in the order of their numbers.
    fn sharing(&self, bounds: Bounds) -> Vec<Bounds> {
        let shares = |i: &usize| self.boxes[*i].overlap(bounds) != 0.0;
        let mut near: Vec<usize> = Vec::new();
        match self.span(bounds) {
            Some(cells) => {
                let lists = cells.filter_map(|at| self.cells.get(&at));
                lists.for_each(|list| near.extend(list.iter().copied().filter(shares)));
            }
            None => near.extend((0..self.boxes.len().min(self.most.saturating_mul(NEAR))).filter(shares)),
        }
        near.extend(self.large.iter().copied().filter(shares));
        near.sort_unstable();
        near.dedup();
        near.into_iter().map(|i| self.boxes[i]).collect()
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

fn push(list: &mut Vec<usize>, index: usize, most: usize) {
    if list.len() < most {
        list.push(index);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(text: &str, around: Bounds) -> Wanted<'_> {
        Wanted { text: text.into(), size: 10.0, spot: Spot::Shape { around, room: None } }
    }

    fn within(text: &str, around: Bounds) -> Wanted<'_> {
        Wanted { text: text.into(), size: 10.0, spot: Spot::Shape { around, room: Some(around) } }
    }

    /// Whether none of some boxes shares anything with another.
    fn are_apart(boxes: &[Bounds]) -> bool {
        boxes.iter().enumerate().all(|(i, a)| boxes[i + 1..].iter().all(|b| a.overlap(*b) == 0.0))
    }

    #[test]
    fn neighbours_do_not_collide() {
        let spots: Vec<Bounds> = (0..4).map(|i| Bounds::at([f64::from(i) * 24.0, 0.0])).collect();
        let list: Vec<Wanted<'_>> = spots.iter().map(|b| wanted("Dee", *b)).collect();
        let boxes: Vec<Bounds> = place(&list, &spots, &[]).iter().flatten().map(box_of).collect();
        assert!(boxes.len() == 4 && are_apart(&boxes));
    }

    #[test]
    fn of_a_crowd_the_first_are_seen_and_none_lies_on_another() {
        let spots: Vec<Bounds> =
            (0..300).map(|i| Bounds::at([f64::from(i % 20) * 9.0, f64::from(i / 20) * 4.0])).collect();
        let list: Vec<Wanted<'_>> = spots.iter().map(|b| wanted("Severn", *b)).collect();
        let text = Bounds { min: [0.0, 0.0], max: [60.0, 12.0] };
        let placed = place(&list, &spots, &[text]);
        let boxes: Vec<Bounds> = placed.iter().flatten().map(box_of).chain([text]).collect();
        assert!(are_apart(&boxes) && boxes.len() > 10 && boxes.len() < 100, "{}", boxes.len());
    }

    #[test]
    fn no_label_hides_the_mark_of_another() {
        let marks: Vec<Bounds> = (0..6).map(|i| Bounds::at([f64::from(i) * 24.0, 0.0]).grown(6.0)).collect();
        let list: Vec<Wanted<'_>> = marks.iter().map(|b| wanted("Dee at the weir", *b)).collect();
        let placed = place(&list, &marks, &[]);
        let boxes: Vec<Bounds> = placed.iter().flatten().map(box_of).collect();
        assert!(boxes.len() > 2 && are_apart(&boxes), "{boxes:?}");
        let hides = |label: &Bounds| marks.iter().any(|mark| mark.overlap(*label) > 48.0);
        assert!(!boxes.iter().any(hides), "{boxes:?}");
        // What is much smaller than the letters does not stand in their way.
        let dots = marks.iter().map(|b| Bounds::at(b.centre()).grown(1.0)).collect::<Vec<_>>();
        assert!(place(&list[..1], &dots, &[])[0].is_some());
    }

    #[test]
    fn a_label_is_broken_to_fit_its_box() {
        let around = Bounds { min: [0.0, 0.0], max: [54.0, 36.0] };
        let placed = place(&[within("two words", around)], &[], &[]).remove(0).unwrap();
        assert_eq!(placed.lines, ["two words"]);
        let placed = place(&[within("several short words", around)], &[], &[]).remove(0).unwrap();
        assert!(placed.is_inside() && placed.lines.len() > 1);
        let filled = box_of(&placed);
        assert!(around.holds(filled.min) && around.holds(filled.max));
    }

    #[test]
    fn line_breaks_stay() {
        let around = Bounds { min: [0.0, 0.0], max: [90.0, 60.0] };
        let placed = place(&[within("Base\r\n\n camp", around)], &[], &[]).remove(0).unwrap();
        assert_eq!(
            (placed.is_inside(), &placed.lines[..]),
            (true, &["Base", "", "camp"].map(String::from)[..])
        );
        let beside = place(&[wanted("Base\ncamp", around)], &[], &[]).remove(0).unwrap();
        assert_eq!((beside.place, beside.lines.len()), (Some(0), 2));
        let middle = box_of(&beside).centre()[1];
        assert!((middle - 30.0).abs() < 1.0, "{middle}: it is level with what it names");
    }

    #[test]
    fn titles_stand_on_the_edge_and_words_of_links_over_the_line() {
        let around = Bounds { min: [0.0, 0.0], max: [90.0, 60.0] };
        let of = |spot| Wanted { text: "Sector".into(), size: 10.0, spot };
        let placed = place(&[of(Spot::Frame(around)), of(Spot::Line([[0.0, 80.0], [90.0, 80.0]]))], &[], &[]);
        let [title, words] = [0, 1].map(|i| box_of(placed[i].as_ref().unwrap()));
        assert!(title.max[1] < 0.0 && title.min[0] == 0.0, "{title:?}");
        assert!(words.centre()[0] == 45.0 && words.max[1] < 80.0 && words.max[1] > 78.0, "{words:?}");
    }

    #[test]
    fn huge_numbers_do_not_hang() {
        let far = Bounds { min: [-1e100, -1e100], max: [1e100, 1e100] };
        assert!(place(&[wanted("x", far)], &[far], &[]).remove(0).is_some());
    }
}
