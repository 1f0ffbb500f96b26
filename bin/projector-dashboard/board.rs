//! The board: the series of a view, with their figures and what the rules find in them. Every format shows this.

use crate::rules::Rules;
use crate::watch::{Finding, watch};
use rayon::prelude::*;
use ulp_core::id::{Key, Time};
use ulp_core::json::write::Members;
use ulp_core::state::write_key;
use ulp_view::series::{Figures, Gathered, Reading, Series};

/// All that is shown.
pub struct Board<'b, 'a> {
    /// By space, actor, sensor and unit.
    pub series: Vec<Shown<'b, 'a>>,
    /// The window, where only the end is shown.
    pub start: Option<Time>,
    /// Nothing where nothing was read.
    pub end: Option<Time>,
}

/// A series that is shown.
pub struct Shown<'b, 'a> {
    pub series: &'b Series<'a>,
    pub figures: Figures<'b, 'a>,
    pub findings: Vec<Finding<'b>>,
}

impl<'b, 'a> Board<'b, 'a> {
    /// The board of all series; of their end alone where `last` says how many nanoseconds that is.
    pub fn new(gathered: &'b Gathered<'a>, rules: &'b Rules, last: Option<i64>) -> Board<'b, 'a> {
        let Some(end) = gathered.end else {
            return Board { series: Vec::new(), start: None, end: None };
        };
        let start = last.map(|last| Time(end.0.saturating_sub(last)));
        let show = |series: &'b Series<'a>| {
            let figures = Figures::new(series, rules.max_gap, start, end);
            let findings = watch(&rules.rules, series, &figures, end);
            Shown { series, figures, findings }
        };
        let series = gathered.series.par_iter().map(show).collect();
        Board { series, start, end: Some(end) }
    }

    /// The readings of all series, in the order of their keys.
    pub fn readings(&self) -> Vec<(&'b Series<'a>, Reading<'a>)> {
        let of = |shown: &Shown<'b, 'a>| {
            let series = shown.series;
            shown.figures.readings.iter().map(move |reading| (series, *reading))
        };
        let mut all: Vec<_> = self.series.iter().flat_map(of).collect();
        // The sort is stable: readings of one key stay in the order of their series.
        all.par_sort_by_key(|(series, reading)| (reading.key, series.space));
        all
    }
}

/// Nanoseconds as the double that names them.
pub fn seconds(nanoseconds: i64) -> f64 {
    Time(nanoseconds).to_string().parse().unwrap_or_default()
}

/// Appends `{"event_id","key","t","value"}`, the key where `provenance` asks for it.
pub fn write_reading(reading: &Reading<'_>, provenance: bool, out: &mut Vec<u8>) {
    let Key { eff, id } = reading.key;
    let mut line = Members::open(out);
    line.text("event_id", id, out);
    if provenance {
        line.name("key", out);
        write_key(reading.key, out);
    }
    line.number("t", seconds(eff.0), out);
    line.raw("value", Some(reading.sensor.value), out);
    line.close(out);
}
