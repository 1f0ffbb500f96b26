//! Gaps: where a series says nothing.

use super::Reading;
use ulp_core::id::Time;

/// From so many readings on, their usual interval is known.
const ENOUGH: usize = 5;
/// A pause is a gap where it is longer than so many usual intervals.
const PAUSES: i64 = 3;

/// Where nothing is known: from a reading on, up to the next value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    pub from: Time,
    /// Nothing while it lasts.
    pub to: Option<Time>,
}

/// The longest pause between two readings that is no gap, in nanoseconds: three times the median interval, by the
/// nearest rank. Nothing where there are fewer than five readings.
pub fn longest_pause(readings: &[Reading<'_>]) -> Option<i64> {
    if readings.len() < ENOUGH {
        return None;
    }
    let mut intervals: Vec<i64> = readings.windows(2).map(|two| between(&two[0], &two[1])).collect();
    let rank = intervals.len().div_ceil(2) - 1;
    let (_, median, _) = intervals.select_nth_unstable(rank);
    Some(median.saturating_mul(PAUSES))
}

fn between(a: &Reading<'_>, b: &Reading<'_>) -> i64 {
    b.time().0.saturating_sub(a.time().0)
}

/// Whether a gap lies before a reading, or begins with it as it is null.
pub(super) fn breaks(readings: &[Reading<'_>], at: usize, limit: Option<i64>) -> bool {
    let is_long = |limit| at > 0 && between(&readings[at - 1], &readings[at]) > limit;
    readings[at].is_null() || limit.is_some_and(is_long)
}

/// The gaps of a series up to `end`: a pause longer than `limit` nanoseconds, and what a null begins, at once. A pause
/// that a null ends goes on as one gap.
pub fn gaps(readings: &[Reading<'_>], limit: Option<i64>, end: Time) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let mut since: Option<Time> = None;
    for (at, reading) in readings.iter().enumerate() {
        if breaks(readings, at, limit) && since.is_none() {
            let is_long = at > 0 && limit.is_some_and(|limit| between(&readings[at - 1], reading) > limit);
            since = Some(if is_long { readings[at - 1].time() } else { reading.time() });
        }
        if !reading.is_null() {
            gaps.extend(since.take().map(|from| Gap { from, to: Some(reading.time()) }));
        }
    }
    let last = readings.last().map(Reading::time);
    let is_over = |last: &Time| limit.is_some_and(|limit| end.0.saturating_sub(last.0) > limit);
    gaps.extend(since.or(last.filter(is_over)).map(|from| Gap { from, to: None }));
    gaps
}

/// How long gaps last together up to `end`, in nanoseconds.
pub fn missing(gaps: &[Gap], end: Time) -> i64 {
    gaps.iter().map(|gap| gap.to.unwrap_or(end).0.saturating_sub(gap.from.0)).fold(0, i64::saturating_add)
}
