//! Axes: where the ticks of a range stand, and what they say. The same on every machine: sums of doubles, and a calendar
//! in UTC.

use chrono::DateTime;

/// Nanoseconds of a second.
pub const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400;
/// Distances of ticks in time, in seconds.
const STEPS: [i64; 22] = [
    1,
    5,
    15,
    30,
    60,
    300,
    900,
    1800,
    3600,
    3 * 3600,
    6 * 3600,
    12 * 3600,
    DAY,
    2 * DAY,
    7 * DAY,
    14 * DAY,
    30 * DAY,
    90 * DAY,
    365 * DAY,
    2 * 365 * DAY,
    5 * 365 * DAY,
    20 * 365 * DAY,
];

/// A range of numbers and its ticks.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    pub low: f64,
    pub high: f64,
    pub ticks: Vec<f64>,
    /// How many decimals tell neighbouring ticks apart.
    pub decimals: usize,
}

impl Scale {
    /// The round range around numbers from `low` to `high`, with about so many ticks.
    pub fn around(low: f64, high: f64, about: usize) -> Scale {
        let (low, high) = (low.clamp(-1e300, 1e300), high.clamp(-1e300, 1e300));
        let room = if high > low { 0.0 } else { low.abs().max(1.0) / 2.0 };
        let (low, high) = (low - room, high + room);
        let step = round_step((high - low) / about as f64);
        let (first, last) = ((low / step).floor(), (high / step).ceil());
        // What is too fine for doubles, or too far from 0, has its two ends alone.
        if last - first > 40.0 || step <= f64::EPSILON * low.abs().max(high.abs()) {
            return Scale { low, high, ticks: vec![low, high], decimals: 3 };
        }
        let mut ticks = vec![first * step];
        while *ticks.last().unwrap_or(&high) < last * step - step / 2.0 {
            ticks.push((first + ticks.len() as f64) * step);
        }
        let is_whole = |d: &i32| {
            let rest = (step * power(*d)).fract();
            rest.min(1.0 - rest) < 1e-6
        };
        let decimals = (0..12).find(is_whole);
        Scale {
            low: first * step,
            high: last * step,
            ticks,
            decimals: usize::try_from(decimals.unwrap_or(12)).unwrap_or_default(),
        }
    }

    /// Where a number stands between the two ends, from 0 to 1.
    pub fn share(&self, value: f64) -> f64 {
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    /// What a tick says.
    pub fn label(&self, tick: f64) -> String {
        if tick != 0.0 && !(1e-4..1e9).contains(&tick.abs()) {
            return format!("{tick:e}");
        }
        // Adding zero turns -0 into 0.
        format!("{:.*}", self.decimals, tick + 0.0)
    }
}

/// The power of ten, or its double or its five times, that is next above a number.
fn round_step(wanted: f64) -> f64 {
    // By its digits rather than by a logarithm.
    let digits = format!("{:e}", wanted.abs());
    let decade = digits.split_once('e').and_then(|(_, power)| power.parse().ok()).unwrap_or(0);
    let steps = [1.0, 2.0, 5.0, 10.0].map(|n| n * power(decade));
    let step = steps.into_iter().find(|step| *step >= wanted);
    step.filter(|step| step.is_normal()).unwrap_or(1.0)
}

/// A power of ten, to the nearest double.
fn power(of: i32) -> f64 {
    format!("1e{of}").parse().unwrap_or(1.0)
}

/// A tick in time, in seconds; with the day where that is another than that of the tick before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    pub at: i64,
    pub label: String,
    pub day: Option<String>,
}

/// At most so many ticks between two instants, in seconds.
pub fn moments(from: i64, to: i64, most: i64) -> Vec<Moment> {
    let span = (to - from).max(1);
    let step = STEPS.into_iter().find(|step| span / step < most).unwrap_or(100 * 365 * DAY);
    let first = from.div_euclid(step) + i64::from(from.rem_euclid(step) > 0);
    let mut day = None;
    let ticks = (first..=to.div_euclid(step)).map(|n| n * step);
    ticks
        .map(|at| {
            let label = written(
                at,
                if step % DAY == 0 {
                    "%Y-%m-%d"
                } else if step < 60 {
                    "%H:%M:%S"
                } else {
                    "%H:%M"
                },
            );
            let today = (step % DAY != 0).then(|| written(at, "%Y-%m-%d"));
            let is_new = today != day;
            day.clone_from(&today);
            Moment { at, label, day: today.filter(|_| is_new) }
        })
        .collect()
}

fn written(seconds: i64, format: &str) -> String {
    DateTime::from_timestamp(seconds, 0).map(|time| time.format(format).to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round() {
        let said = |low, high| {
            let scale = Scale::around(low, high, 5);
            scale.ticks.iter().map(|tick| scale.label(*tick)).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(said(0.867, 2.069), "0.5 1.0 1.5 2.0 2.5");
        assert_eq!(said(-3.0, 7.0), "-4 -2 0 2 4 6 8");
        assert_eq!(said(5.0, 5.0), "2 3 4 5 6 7 8");
        assert_eq!(said(0.0, 0.0), "-0.6 -0.4 -0.2 0.0 0.2 0.4 0.6");
        assert_eq!(said(12.34, 12.36), "12.340 12.345 12.350 12.355 12.360");
        assert_eq!(said(0.0, 2e21), "0 5e20 1e21 1.5e21 2e21");
        for (low, high) in [(1e300, 1.7e308), (-1.7e308, 1.7e308), (1.0, 1.0 + f64::EPSILON), (0.0, 5e-324)] {
            let scale = Scale::around(low, high, 5);
            assert!(scale.ticks.len() < 50 && scale.ticks.iter().all(|t| t.is_finite()), "{low} {high}");
            assert!(scale.share(low).is_finite() && scale.share(high).is_finite(), "{low} {high}");
        }
    }

    #[test]
    fn moments_are_those_of_a_clock() {
        let said = |from, to| {
            moments(from, to, 7)
                .into_iter()
                .map(|m| m.label + &m.day.map(|d| format!(" {d}")).unwrap_or_default())
                .collect::<Vec<_>>()
        };
        let start = 1_767_225_600;
        assert_eq!(
            said(start + 7, start + 12),
            ["00:00:07 2026-01-01", "00:00:08", "00:00:09", "00:00:10", "00:00:11", "00:00:12"]
        );
        assert_eq!(
            said(start - 4000, start + 4000),
            ["23:00 2025-12-31", "23:30", "00:00 2026-01-01", "00:30", "01:00"]
        );
        assert_eq!(
            said(start, start + 3 * DAY),
            [
                "00:00 2026-01-01",
                "12:00",
                "00:00 2026-01-02",
                "12:00",
                "00:00 2026-01-03",
                "12:00",
                "00:00 2026-01-04"
            ]
        );
        assert_eq!(said(start, start + 10 * DAY).len(), 6);
        assert_eq!(said(start, start), ["00:00:00 2026-01-01"]);
        assert!(moments(-8_520_336_000, 7_289_654_400, 7).len() < 10);
    }
}
