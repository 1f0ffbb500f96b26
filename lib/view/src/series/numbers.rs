//! The numbers of a series, and how fast they rise.

use super::{Reading, gaps::breaks};
use crate::transform::rounded;

/// Nanoseconds of an hour: a rate is told by the hour, and needs one.
pub const HOUR: i64 = 3_600_000_000_000;

/// A reading that is a number.
#[derive(Clone, Copy, Debug)]
pub struct Number {
    /// Which of the readings it is.
    pub at: usize,
    /// Its effective time, in nanoseconds.
    pub time: i64,
    pub value: f64,
    /// How many gaps lie before it.
    pub run: u32,
}

/// How many gaps lie before each reading: two of one run have none between them. A null begins a run of its own.
pub fn runs(readings: &[Reading<'_>], limit: Option<i64>) -> impl Iterator<Item = u32> {
    (0..readings.len()).scan(0, move |run, at| {
        *run += u32::from(breaks(readings, at, limit));
        Some(*run)
    })
}

/// The numbers among readings, where a pause longer than `limit` nanoseconds is a gap.
pub fn numbers(readings: &[Reading<'_>], limit: Option<i64>) -> Vec<Number> {
    let numbered = readings.iter().zip(runs(readings, limit)).enumerate();
    let number = |(at, (reading, run)): (usize, (&Reading<'_>, u32))| {
        Some(Number { at, time: reading.time().0, value: reading.number()?, run })
    };
    numbered.filter_map(number).collect()
}

/// How much each number rose by the hour, against the newest that is an hour older or more; nothing where there is
/// none, or a gap lies between them.
pub fn rates(numbers: &[Number]) -> impl Iterator<Item = Option<f64>> {
    let mut older = 0;
    numbers.iter().map(move |number| {
        while numbers[older].time.saturating_add(HOUR) <= number.time {
            older += 1;
        }
        rate(numbers.get(older.checked_sub(1)?)?, number)
    })
}

fn rate(older: &Number, newer: &Number) -> Option<f64> {
    let hours = newer.time.saturating_sub(older.time) as f64 / HOUR as f64;
    let rate = rounded((newer.value - older.value) / hours);
    (older.run == newer.run && rate.is_finite()).then_some(rate)
}
