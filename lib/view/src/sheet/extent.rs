//! How far a drawing reaches while it grows: kept as nodes come, move and go.

use crate::geometry::Bounds;
use crate::join::Reached;
use crate::outline;
use crate::paint::ordered;
use crate::path::Point;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The extent of a drawing without content.
pub const EMPTY: Bounds = Bounds { min: [0.0; 2], max: [100.0; 2] };
/// Text that gives no size is this part of the drawing's larger side.
const TEXT: f64 = 1.0 / 52.0;

/// A node of a drawing.
pub struct Shown<'s> {
    pub id: &'s str,
    /// How far it reaches, where its layer is shown.
    pub bounds: Option<Bounds>,
    /// Whether it is text that gives no size.
    pub is_unsized: bool,
}

/// A reading that no node shows.
pub struct Reading<'s> {
    /// Its actor and sensor.
    pub name: (&'s str, &'s str),
    pub at: Point,
}

/// What a drawing reaches around, without the size of text that gives none.
#[derive(Default)]
pub struct Extent {
    /// Whether anybody asks: from the first text that gives no size on.
    is_asked: bool,
    nodes: HashMap<String, Bounds>,
    /// Readings that no node shows, by actor and sensor.
    readings: HashMap<(String, String), Bounds>,
    /// How many of them have their least x and y, and their greatest, at a place.
    sides: [BTreeMap<i64, usize>; 4],
    /// The nodes whose text gives no size.
    texts: BTreeSet<String>,
}

impl Extent {
    /// Asks for the extent from now on, where that is news: then all that there is has to be taken in.
    pub fn ask(&mut self) -> bool {
        !std::mem::replace(&mut self.is_asked, true)
    }

    pub fn is_asked(&self) -> bool {
        self.is_asked
    }

    /// Takes in what has changed: of what is reached, what is still there.
    pub fn take<'s>(
        &mut self,
        reached: &Reached<'_>,
        nodes: impl Iterator<Item = Shown<'s>>,
        readings: impl Iterator<Item = Reading<'s>>,
    ) {
        for name in &reached.nodes {
            self.texts.remove(*name);
            let old = self.nodes.remove(*name);
            self.count(old, false);
        }
        for name in &reached.sensors {
            let old = self.readings.remove(&owned(*name));
            self.count(old, false);
        }
        for Shown { id, bounds, is_unsized } in nodes.filter(|node| reached.nodes.contains(node.id)) {
            if is_unsized {
                self.texts.insert(id.to_owned());
            }
            self.nodes.extend(bounds.map(|bounds| (id.to_owned(), bounds)));
            self.count(bounds, true);
        }
        for Reading { name, at } in readings.filter(|reading| reached.sensors.contains(&reading.name)) {
            self.readings.insert(owned(name), Bounds::at(at));
            self.count(Some(Bounds::at(at)), true);
        }
    }

    fn count(&mut self, bounds: Option<Bounds>, is_there: bool) {
        let Some(Bounds { min, max }) = bounds else { return };
        for (side, x) in self.sides.iter_mut().zip([min[0], min[1], max[0], max[1]]) {
            let count = side.entry(ordered(x)).or_default();
            if is_there {
                *count += 1;
            } else {
                *count -= 1;
            }
            if *count == 0 {
                side.remove(&ordered(x));
            }
        }
    }

    /// The size of text that gives none.
    pub fn text_size(&self) -> f64 {
        let [left, low, right, high] = &self.sides;
        let first = |side: &BTreeMap<i64, usize>| side.first_key_value().map(|(x, _)| number(*x));
        let last = |side: &BTreeMap<i64, usize>| side.last_key_value().map(|(x, _)| number(*x));
        let content = || Some(Bounds { min: [first(left)?, first(low)?], max: [last(right)?, last(high)?] });
        text_size(content())
    }

    pub fn has_texts(&self) -> bool {
        !self.texts.is_empty()
    }

    /// The nodes whose text gives no size.
    pub fn texts(&self) -> BTreeSet<String> {
        self.texts.clone()
    }
}

fn owned((actor, sensor): (&str, &str)) -> (String, String) {
    (actor.to_owned(), sensor.to_owned())
}

/// The size of text that gives none, in a drawing that reaches so far without it.
pub fn text_size(content: Option<Bounds>) -> f64 {
    let side = outline::side(content.unwrap_or(EMPTY));
    if side > 0.0 { side * TEXT } else { EMPTY.size()[0] * TEXT }
}

/// The double that [`ordered`] made an integer of.
fn number(ordered: i64) -> f64 {
    f64::from_bits((if ordered < 0 { ordered ^ i64::MAX } else { ordered }).cast_unsigned())
}
