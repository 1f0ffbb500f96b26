//! What a series comes to, in figures.

use super::{Gap, Number, Reading, Series, gaps, longest_pause, missing, numbers, rates};
use crate::transform::rounded;
use ulp_core::id::Time;

/// The figures of a series, or of its end.
#[derive(Debug)]
pub struct Figures<'s, 'a> {
    /// The readings that are looked at: those from the start of the window on.
    pub readings: &'s [Reading<'a>],
    /// The longest pause that is no gap, in nanoseconds, where that is known.
    pub limit: Option<i64>,
    /// The numbers among all readings of the series.
    pub numbers: Vec<Number>,
    /// How many readings are no null, and the first and the last of them.
    pub count: usize,
    pub first: Option<&'s Reading<'a>>,
    pub last: Option<&'s Reading<'a>>,
    /// Of the numbers, the earliest of those that are equal.
    pub least: Option<&'s Reading<'a>>,
    pub greatest: Option<&'s Reading<'a>>,
    /// Summed in order; nothing where the sum is larger than any double.
    pub mean: Option<f64>,
    /// By the nearest rank.
    pub p50: Option<f64>,
    pub p95: Option<f64>,
    /// By the hour, of the last number.
    pub rate: Option<f64>,
    /// Cut at the start of the window.
    pub gaps: Vec<Gap>,
    /// In nanoseconds.
    pub missing: i64,
}

impl<'s, 'a> Figures<'s, 'a> {
    /// The figures of a series up to `end`, of what happened from `start` on. A pause longer than `limit` nanoseconds
    /// is a gap; without a limit the series' own intervals say what is long. Those, the gaps and the rate look at what
    /// was before the start too.
    pub fn new(
        series: &'s Series<'a>,
        limit: Option<i64>,
        start: Option<Time>,
        end: Time,
    ) -> Figures<'s, 'a> {
        let all = &series.readings[..];
        let limit = limit.or_else(|| longest_pause(all));
        let numbers = numbers(all, limit);
        let first = start.map_or(0, |start| all.partition_point(|reading| reading.time() < start));
        let seen = &numbers[numbers.partition_point(|number| number.at < first)..];
        let mut gaps = gaps(all, limit, end);
        if let Some(start) = start {
            gaps.retain(|gap| gap.to.is_none_or(|to| to > start));
            gaps.iter_mut().for_each(|gap| gap.from = gap.from.max(start));
        }
        let values = || all[first..].iter().filter(|reading| !reading.is_null());
        let [p50, p95] = percentiles(seen);
        Figures {
            readings: &all[first..],
            limit,
            count: values().count(),
            first: values().next(),
            last: values().next_back(),
            least: extreme(seen, |a, b| a < b).map(|at| &all[at]),
            greatest: extreme(seen, |a, b| a > b).map(|at| &all[at]),
            mean: mean(seen),
            p50,
            p95,
            rate: rates(&numbers).last().flatten().filter(|_| !seen.is_empty()),
            missing: missing(&gaps, end),
            gaps,
            numbers,
        }
    }
}

/// Where the number stands that no later one beats.
fn extreme(numbers: &[Number], beats: impl Fn(f64, f64) -> bool) -> Option<usize> {
    let best = numbers.iter().reduce(|best, next| if beats(next.value, best.value) { next } else { best });
    best.map(|number| number.at)
}

fn mean(numbers: &[Number]) -> Option<f64> {
    let sum = numbers.iter().fold(0.0, |sum, number| sum + number.value);
    let mean = rounded(sum / numbers.len() as f64);
    mean.is_finite().then_some(mean)
}

/// The value that half of all, and 95 in a hundred, are not above.
fn percentiles(numbers: &[Number]) -> [Option<f64>; 2] {
    let mut values: Vec<f64> = numbers.iter().map(|number| number.value).collect();
    [50, 95].map(|percent| {
        let rank = (percent * values.len()).div_ceil(100).checked_sub(1)?;
        let (_, value, _) = values.select_nth_unstable_by(rank, f64::total_cmp);
        Some(*value)
    })
}
