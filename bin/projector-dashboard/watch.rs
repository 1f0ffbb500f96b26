//! Watching: when a rule opens on a series, and when it closes.

use crate::rules::{Rule, Test, Value};
use std::collections::HashMap;
use ulp_core::id::Time;
use ulp_view::join::unquoted;
use ulp_view::series::{Figures, Reading, Series, rates, runs};

/// What a rule found in one series.
pub struct Finding<'r> {
    pub rule: &'r Rule,
    /// In the order of time; none overlap, and only the last may be open.
    pub stretches: Vec<Stretch>,
}

/// From when to when a rule stood open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The reading that opened it,
    pub opened: usize,
    /// and when: the reading's time, but for a silence, which begins later.
    pub since: Time,
    /// The reading that closed it.
    pub closed: Option<usize>,
}

impl Finding<'_> {
    /// What stands open at the end.
    pub fn open(&self) -> Option<Stretch> {
        self.stretches.last().copied().filter(|last| last.closed.is_none())
    }
}

/// What the rules find in a series up to `end`, in their order; those that do not look at it are not among them.
pub fn watch<'r>(
    rules: &'r [Rule],
    series: &Series<'_>,
    figures: &Figures<'_, '_>,
    end: Time,
) -> Vec<Finding<'r>> {
    let takes = |rule: &&Rule| rule.takes_series(series.space, series.actor, series.sensor);
    let find = |rule: &'r Rule| {
        let layer = |reading: &Reading<'_>| unquoted(reading.sensor.layer);
        let takes = |reading: &Reading<'_>| rule.takes_reading(reading.tile, || layer(reading));
        let at = |(at, reading): (usize, &Reading<'_>)| takes(reading).then_some(at);
        let seen: Vec<usize> = series.readings.iter().enumerate().filter_map(at).collect();
        (!seen.is_empty()).then(|| Finding { rule, stretches: stretches(rule, series, figures, &seen, end) })
    };
    rules.iter().filter(takes).filter_map(find).collect()
}

fn stretches(
    rule: &Rule,
    series: &Series<'_>,
    figures: &Figures<'_, '_>,
    seen: &[usize],
    end: Time,
) -> Vec<Stretch> {
    let readings = &series.readings;
    match &rule.test {
        Test::Silent(longest) => silences(readings, seen, *longest, end),
        Test::Rising { limit, clear } => {
            let known = figures.numbers.iter().map(|number| number.at).zip(rates(&figures.numbers));
            let rates: HashMap<usize, f64> = known.filter_map(|(at, rate)| Some((at, rate?))).collect();
            let said =
                |at: usize| Some(Said { opens: rates.get(&at)? > limit, closes: rates.get(&at)? <= clear });
            held(rule.hold, readings, figures.limit, seen, said)
        }
        Test::Above { limit, clear } => {
            let said =
                |at: usize| of_number(&readings[at], |n| Said { opens: n > *limit, closes: n <= *clear });
            held(rule.hold, readings, figures.limit, seen, said)
        }
        Test::Below { limit, clear } => {
            let said =
                |at: usize| of_number(&readings[at], |n| Said { opens: n < *limit, closes: n >= *clear });
            held(rule.hold, readings, figures.limit, seen, said)
        }
        Test::Equals(value) => {
            let said = |at: usize| {
                let equals = is_value(value, &readings[at]);
                (!readings[at].is_null()).then_some(Said { opens: equals, closes: !equals })
            };
            held(rule.hold, readings, figures.limit, seen, said)
        }
    }
}

/// What a reading says of a test; what says nothing, as a null or a word where a number is asked for, neither opens
/// nor closes.
struct Said {
    opens: bool,
    closes: bool,
}

fn of_number(reading: &Reading<'_>, say: impl FnOnce(f64) -> Said) -> Option<Said> {
    reading.number().map(say)
}

fn is_value(value: &Value, reading: &Reading<'_>) -> bool {
    match value {
        Value::Number(number) => reading.number() == Some(*number),
        Value::Other(raw) => reading.sensor.value == raw,
    }
}

/// Where a test held for at least `hold` nanoseconds by the readings' times; a gap begins anew.
fn held(
    hold: i64,
    readings: &[Reading<'_>],
    limit: Option<i64>,
    seen: &[usize],
    said: impl Fn(usize) -> Option<Said>,
) -> Vec<Stretch> {
    let runs: Vec<u32> = if hold > 0 { runs(readings, limit).collect() } else { Vec::new() };
    let run = |at: usize| runs.get(at).copied().unwrap_or_default();
    let mut stretches: Vec<Stretch> = Vec::new();
    let mut holds_since: Option<usize> = None;
    for at in seen.iter().copied() {
        let Some(said) = said(at) else { continue };
        let open = stretches.last_mut().filter(|last| last.closed.is_none());
        if let Some(open) = open {
            open.closed = said.closes.then_some(at);
            continue;
        }
        holds_since = holds_since.filter(|since| run(*since) == run(at)).or(Some(at)).filter(|_| said.opens);
        let Some(since) = holds_since else { continue };
        let time = readings[at].time();
        if time.0.saturating_sub(readings[since].time().0) >= hold {
            stretches.push(Stretch { opened: at, since: time, closed: None });
            holds_since = None;
        }
    }
    stretches
}

/// Where no reading came for longer than `longest` nanoseconds.
fn silences(readings: &[Reading<'_>], seen: &[usize], longest: i64, end: Time) -> Vec<Stretch> {
    let next = seen.iter().skip(1).copied().map(Some).chain([None]);
    let silence = |(at, next): (usize, Option<usize>)| {
        let since = Time(readings[at].time().0.saturating_add(longest));
        let until = next.map_or(end, |next| readings[next].time());
        (until > since).then_some(Stretch { opened: at, since, closed: next })
    };
    seen.iter().copied().zip(next).filter_map(silence).collect()
}
