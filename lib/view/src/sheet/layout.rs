//! Where everything of a scene goes on its sheet: worked out once, for drawings and for pages.
//!
//! A sheet has coordinates of its own, those of its [`Frame`], with y down.

use super::scene::{Item, Scene};
use crate::digits::Digits;
use crate::frame::{ACROSS, Frame};
use crate::geometry::{Bounds, on_plane};
use crate::labels::{self, Placed, Wanted};
use crate::outline;
use crate::path::Point;
use crate::style::Paint;

/// The radius of a mark, and the width of a line that says nothing else, as parts of the drawing's side.
pub const MARK: f64 = 0.006;
const LINE: f64 = 0.0015;
/// How many times the size of a mark a picture has that has no shape to fill.
pub const PICTURE: f64 = 6.0;
/// So many labels have their full size; more are smaller, down to the part of it that comes next.
const FEW_LABELS: f64 = 80.0;
const SMALLEST: f64 = 0.4;
/// What is larger than this part of the drawing's side both ways is ground.
const GROUND: f64 = 1.0 / 6.0;
/// The greatest size of a label.
const LARGEST_LABEL: f64 = ACROSS / 4.0;

/// The sheet of a scene.
pub struct Layout {
    pub frame: Frame<2>,
    /// Whether y runs up in the world.
    pub up: bool,
    pub digits: Digits,
    /// The drawing's larger side.
    pub side: f64,
    /// The radius of a mark, and the width of a line that says nothing else.
    pub mark: f64,
    pub line: f64,
    /// The size of text that gives none.
    pub text_size: f64,
    /// The size of a label that gives none.
    pub label_size: f64,
    /// One entry an item.
    pub labels: Vec<Option<Placed>>,
    /// One entry a reading of no node: where its mark is, and what it says.
    pub readings: Vec<(Point, Option<Placed>)>,
    /// Around everything drawn, labels included.
    pub content: Bounds,
}

/// How a node's own frame lies on the sheet: what is drawn in it is told from a place of its own, in lengths of the
/// sheet, so that the matrix that is left neither stretches nor carries far.
pub struct Own {
    /// The place of the node's own frame that is 0.
    pub from: Point,
    /// How long a unit of the node's own frame is.
    pub scale: f64,
    /// As SVG's `matrix` has it.
    pub linear: [f64; 4],
    pub at: Point,
}

impl Layout {
    pub fn new(scene: &Scene<'_, '_>) -> Layout {
        let frame = Frame::around(scene.extent.min, scene.extent.max);
        let side = frame.length(scene.side());
        let mut layout = Layout {
            frame,
            up: scene.y_up,
            digits: Digits::of(ACROSS),
            side,
            mark: side * MARK,
            line: side * LINE,
            text_size: frame.length(scene.text_size),
            label_size: 0.0,
            labels: Vec::new(),
            readings: Vec::new(),
            content: scene.extent,
        };
        layout.place_labels(scene);
        layout.content = layout.around_all(scene);
        layout
    }

    /// A place of the world on the sheet.
    pub fn place(&self, place: Point) -> Point {
        let [x, y] = self.frame.place(place);
        [x, self.turn() * y]
    }

    /// −1 where y runs up in the world, as it runs down the sheet.
    pub fn turn(&self) -> f64 {
        if self.up { -1.0 } else { 1.0 }
    }

    pub fn bounds(&self, bounds: Bounds) -> Bounds {
        Bounds::at(self.place(bounds.min)).join(Bounds::at(self.place(bounds.max)))
    }

    /// The bounds of an item, with the size that a mark is drawn at, or a picture that has no shape to fill.
    pub fn drawn(&self, item: &Item<'_, '_>) -> Bounds {
        let bounds = self.bounds(item.bounds);
        match (item.shape.is_mark(), &item.picture) {
            (true, None) => bounds.grown(self.mark),
            (true, Some(_)) => bounds.grown(self.mark * PICTURE),
            (false, _) => bounds,
        }
    }

    pub fn own(&self, item: &Item<'_, '_>) -> Own {
        let linear = item.world.plane().map(|x| self.frame.length(x));
        let [a, b, c, d] = linear;
        let mean = (a * d - b * c).abs().sqrt();
        let most = linear.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
        let scale = [mean, most].into_iter().find(|x| *x > 0.0 && x.is_finite()).unwrap_or(self.frame.scale);
        let from = outline::near(&item.shape);
        let [a, b, c, d] = linear.map(|x| x / scale);
        let turn = self.turn();
        Own { from, scale, linear: [a, b * turn, c * turn, d], at: self.place(on_plane(&item.world, from)) }
    }

    /// Readings choose their places first, then labels of higher layers.
    fn place_labels(&mut self, scene: &Scene<'_, '_>) {
        let items = &scene.items;
        let labelled: Vec<usize> = (0..items.len())
            .rev()
            .filter(|i| items[*i].label().is_some() && scene.shows(&items[*i]))
            .collect();
        let readings: Vec<(String, Point)> =
            scene.readings().map(|(sensor, at)| (sensor.words(), self.place(at))).collect();
        let count = (labelled.len() + readings.len()).max(1) as f64;
        self.label_size = self.text_size * (FEW_LABELS / count).sqrt().clamp(SMALLEST, 1.0);
        let of_reading = |(words, at): &(String, Point)| Wanted {
            text: words.clone().into(),
            around: Bounds::at(*at).grown(self.mark),
            size: self.label_size,
            elastic: true,
            room: None,
        };
        let of_items = labelled.iter().map(|i| self.wanted(&items[*i]));
        let wanted: Vec<Wanted<'_>> = readings.iter().map(of_reading).chain(of_items).collect();
        // What fills much of the drawing both ways is ground rather than an obstacle.
        let is_ground = |b: &Bounds| b.size().iter().all(|side| *side > self.side * GROUND);
        let shown = items.iter().filter(|i| scene.shows(i)).map(|i| self.drawn(i));
        let marks = readings.iter().map(|(_, at)| Bounds::at(*at).grown(self.mark));
        let obstacles: Vec<Bounds> = shown.filter(|b| !is_ground(b)).chain(marks).collect();
        let mut placed = labels::place(&wanted, &obstacles).into_iter();
        let first = placed.by_ref().take(readings.len());
        self.readings = readings.iter().map(|(_, at)| *at).zip(first).collect();
        self.labels = items.iter().map(|_| None).collect();
        for (i, label) in labelled.into_iter().zip(placed) {
            self.labels[i] = label;
        }
    }

    fn wanted<'t>(&self, item: &'t Item<'_, '_>) -> Wanted<'t> {
        let own = item.style.font_size.map(|size| self.frame.length(size).min(LARGEST_LABEL));
        let is_hollow = item.style.fill == Some(Paint::None) && item.shape.reach().is_some();
        Wanted {
            text: item.label().unwrap_or_default(),
            around: self.drawn(item),
            size: own.unwrap_or(self.label_size),
            elastic: own.is_none(),
            room: item.shape.room().filter(|_| !is_hollow),
        }
    }

    fn around_all(&self, scene: &Scene<'_, '_>) -> Bounds {
        let extent = self.bounds(scene.extent);
        let marks = scene.items.iter().filter(|i| scene.shows(i)).map(|i| self.drawn(i));
        let readings = self.readings.iter().map(|(at, _)| Bounds::at(*at).grown(self.mark));
        let said = self.readings.iter().filter_map(|(_, placed)| placed.as_ref());
        let labels = self.labels.iter().flatten().chain(said).map(labels::box_of);
        marks.chain(readings).chain(labels).fold(extent, Bounds::join)
    }
}

impl Own {
    /// Where a place of the node's own frame is among the numbers that are written for it; `turn` is the sheet's.
    pub fn place(&self, [x, y]: Point, turn: f64) -> Point {
        [(x - self.from[0]) * self.scale, (y - self.from[1]) * self.scale * turn]
    }
}
