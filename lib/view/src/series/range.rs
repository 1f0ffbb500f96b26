//! The range of each sensor, and how high a reading stands between the least and the greatest that its sensor ever
//! gave.

use crate::transform::numbers;
use std::collections::BTreeMap;

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

/// What a raw value says as a number; a truth is 1 or 0.
pub fn number(raw: &str) -> Option<f64> {
    match raw {
        "true" => Some(1.0),
        "false" => Some(0.0),
        raw => numbers(raw).first().copied(),
    }
}

/// The range of every sensor, by whatever tells sensors apart.
pub fn ranges<S: Ord>(readings: impl Iterator<Item = (S, f64)>) -> BTreeMap<S, Range> {
    let mut ranges: BTreeMap<S, Range> = BTreeMap::new();
    for (sensor, value) in readings {
        let range = ranges.entry(sensor).or_insert(Range { low: value, high: value, readings: 0 });
        range.readings += 1;
        range.low = range.low.min(value);
        range.high = range.high.max(value);
    }
    ranges
}

/// How high each reading stands; nothing for what is none, or says the same as its sensor said before.
pub fn levels<S: Ord>(
    readings: impl Iterator<Item = Option<(S, f64)>>,
    ranges: &BTreeMap<S, Range>,
) -> Vec<Option<f64>> {
    let mut last: BTreeMap<S, f64> = BTreeMap::new();
    let mut level = |reading: Option<(S, f64)>| {
        let (sensor, value) = reading?;
        let level = ranges.get(&sensor)?.level(value);
        let same = last.insert(sensor, value) == Some(value);
        (!same).then_some(level)
    };
    readings.map(&mut level).collect()
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

    #[test]
    fn what_is_said_again_is_no_news() {
        let readings = [("a", 1.0), ("b", 0.0), ("a", 1.0), ("a", 3.0)];
        let ranges = ranges(readings.into_iter());
        assert_eq!(ranges["a"], Range { low: 1.0, high: 3.0, readings: 3 });
        let all = readings.into_iter().map(Some).chain([None]);
        assert_eq!(levels(all, &ranges), [Some(0.0), Some(0.5), None, Some(1.0), None]);
    }

    #[test]
    fn a_truth_is_a_number() {
        assert_eq!(
            ["true", "false", "2.5", "\"2.5\"", "null"].map(number),
            [Some(1.0), Some(0.0), Some(2.5), None, None]
        );
    }
}
