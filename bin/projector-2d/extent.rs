//! How far a drawing reaches while it grows: kept as nodes come, move and go.

use crate::scene::{Item, Scene, ordered, text_size};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use ulp_view::geometry::Bounds;
use ulp_view::join::Reached;

/// What a drawing reaches around, without the size of text that gives none.
#[derive(Default)]
pub struct Extent {
    nodes: HashMap<String, Bounds>,
    /// Readings that no node shows, by actor and sensor.
    readings: HashMap<(String, String), Bounds>,
    /// How many of them have their least x and y, and their greatest, at a place.
    sides: [BTreeMap<i64, usize>; 4],
    /// The nodes whose text gives no size.
    texts: BTreeSet<String>,
}

impl Extent {
    /// Takes in what has changed, of which the scene shows what is still there.
    pub fn take(&mut self, scene: &Scene<'_, '_>, reached: &Reached<'_>) {
        for name in &reached.nodes {
            self.texts.remove(*name);
            let old = self.nodes.remove(*name);
            self.count(old, false);
        }
        for (actor, sensor) in &reached.sensors {
            let old = self.readings.remove(&((*actor).to_owned(), (*sensor).to_owned()));
            self.count(old, false);
        }
        let is_reached = |item: &&Item<'_, '_>| reached.nodes.contains(item.id);
        for item in scene.items.iter().filter(is_reached) {
            if item.is_unsized() {
                self.texts.insert(item.id.to_owned());
            }
            if scene.shows(item) {
                self.nodes.insert(item.id.to_owned(), item.bounds);
                self.count(Some(item.bounds), true);
            }
        }
        for (sensor, at) in scene.readings() {
            let name = (sensor.actor, sensor.name);
            if reached.sensors.contains(&name) {
                self.readings.insert((name.0.to_owned(), name.1.to_owned()), Bounds::at(at));
                self.count(Some(Bounds::at(at)), true);
            }
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

/// The double that [`ordered`] made an integer of.
fn number(ordered: i64) -> f64 {
    f64::from_bits((if ordered < 0 { ordered ^ i64::MAX } else { ordered }).cast_unsigned())
}
