//! The ranges of sensors: how high each reading stands between the least and the greatest that its sensor ever gave.

use crate::heard::Heard;
use std::collections::BTreeMap;
use std::rc::Rc;

/// A sensor by its space, actor and name.
pub type Name = (usize, Rc<str>, Rc<str>);

/// The least and the greatest value of a sensor, and how often it spoke.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    pub low: f64,
    pub high: f64,
    pub readings: usize,
}

impl Range {
    /// How high a value stands, 0 to 1; in the middle where there is no range.
    pub fn level(&self, value: f64) -> f64 {
        if self.high > self.low { ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0) } else { 0.5 }
    }
}

/// What a sensor said, where it is a number.
pub fn reading(heard: &Heard) -> Option<(Name, f64)> {
    let read = heard.reading.as_ref()?;
    Some(((heard.space, read.actor.clone(), read.sensor.clone()), read.value?))
}

/// The range of every sensor that ever gave a number.
pub fn ranges(heard: &[Heard]) -> BTreeMap<Name, Range> {
    let mut ranges: BTreeMap<Name, Range> = BTreeMap::new();
    for (name, value) in heard.iter().filter_map(reading) {
        let range = ranges.entry(name).or_insert(Range { low: value, high: value, readings: 0 });
        range.readings += 1;
        range.low = range.low.min(value);
        range.high = range.high.max(value);
    }
    ranges
}

/// How high each reading stands; nothing for what is none, or says the same as its sensor said before.
pub fn levels(heard: &[Heard], ranges: &BTreeMap<Name, Range>) -> Vec<Option<f64>> {
    let mut last: BTreeMap<Name, f64> = BTreeMap::new();
    let level = |heard: &Heard| {
        let (name, value) = reading(heard)?;
        let level = ranges.get(&name)?.level(value);
        let same = last.insert(name, value) == Some(value);
        (!same).then_some(level)
    };
    heard.iter().map(level).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_lie_within_the_range() {
        let range = Range { low: 2.0, high: 4.0, readings: 2 };
        assert_eq!([1.0, 2.0, 3.0, 5.0].map(|v| range.level(v)), [0.0, 0.0, 0.5, 1.0]);
        assert_eq!(Range { high: 2.0, ..range }.level(2.0), 0.5);
        assert_eq!(Range { low: -1e100, high: 1e100, readings: 2 }.level(0.0), 0.5);
    }
}
