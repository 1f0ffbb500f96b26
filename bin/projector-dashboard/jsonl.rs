//! JSON lines: a record a series.

use crate::board::{Board, Shown, seconds, write_reading};
use crate::watch::Finding;
use rayon::prelude::*;
use ulp_core::json::write::{Items, Members};
use ulp_view::record::Record;
use ulp_view::series::Reading;

/// The record of every series, each a line.
pub fn lines(board: &Board<'_, '_>, provenance: bool) -> Vec<Vec<u8>> {
    board.series.par_iter().map(|shown| line(shown, provenance)).collect()
}

/// Members stand in the order of RFC 8785.
fn line(shown: &Shown<'_, '_>, provenance: bool) -> Vec<u8> {
    let (series, figures) = (shown.series, &shown.figures);
    let mut text = Vec::new();
    let out = &mut text;
    let mut line = Members::open(out);
    line.text("actor_id", series.actor, out);
    line.integer("count", figures.count, out);
    let reading = |name: &str, reading: Option<&Reading<'_>>, line: &mut Members, out: &mut Vec<u8>| {
        if let Some(reading) = reading {
            line.name(name, out);
            write_reading(reading, provenance, out);
        }
    };
    let number = |name: &str, number: Option<f64>, line: &mut Members, out: &mut Vec<u8>| {
        if let Some(number) = number {
            line.number(name, number, out);
        }
    };
    reading("first", figures.first, &mut line, out);
    write_gaps(shown, &mut line, out);
    reading("last", figures.last, &mut line, out);
    reading("max", figures.greatest, &mut line, out);
    number("mean", figures.mean, &mut line, out);
    reading("min", figures.least, &mut line, out);
    line.number("missing", seconds(figures.missing), out);
    number("p50", figures.p50, &mut line, out);
    number("p95", figures.p95, &mut line, out);
    number("rate", figures.rate, &mut line, out);
    write_rules(shown, &mut line, out);
    line.text("sensor", series.sensor, out);
    line.text("space_id", series.space, out);
    line.raw("unit", series.unit, out);
    line.end_line(out);
    text
}

fn write_gaps(shown: &Shown<'_, '_>, line: &mut Members, out: &mut Vec<u8>) {
    if shown.figures.gaps.is_empty() {
        return;
    }
    line.name("gaps", out);
    let mut list = Items::open(out);
    for gap in &shown.figures.gaps {
        list.next(out);
        let mut members = Members::open(out);
        members.number("from", seconds(gap.from.0), out);
        if let Some(to) = gap.to {
            members.number("to", seconds(to.0), out);
        }
        members.close(out);
    }
    list.close(out);
}

fn write_rules(shown: &Shown<'_, '_>, line: &mut Members, out: &mut Vec<u8>) {
    if shown.findings.is_empty() {
        return;
    }
    line.name("rules", out);
    let mut list = Items::open(out);
    for finding in &shown.findings {
        list.next(out);
        write_finding(finding, shown, out);
    }
    list.close(out);
}

fn write_finding(finding: &Finding<'_>, shown: &Shown<'_, '_>, out: &mut Vec<u8>) {
    let open = finding.open();
    let mut members = Members::open(out);
    if let Some(open) = open {
        members.text("event_id", shown.series.readings[open.opened].key.id, out);
    }
    members.text("name", &finding.rule.name, out);
    members.boolean("open", open.is_some(), out);
    if let Some(open) = open {
        members.number("since", seconds(open.since.0), out);
    }
    members.close(out);
}

/// The records as they are followed, each known by its series.
pub fn records(board: &Board<'_, '_>, provenance: bool) -> Vec<Record> {
    let texts = lines(board, provenance);
    board.series.iter().zip(texts).map(|(shown, text)| record(shown, text)).collect()
}

fn record(shown: &Shown<'_, '_>, text: Vec<u8>) -> Record {
    let series = shown.series;
    let mut tombstone = Vec::new();
    let mut line = Members::open(&mut tombstone);
    line.text("actor_id", series.actor, &mut tombstone);
    line.boolean("gone", true, &mut tombstone);
    line.text("sensor", series.sensor, &mut tombstone);
    line.text("space_id", series.space, &mut tombstone);
    line.raw("unit", series.unit, &mut tombstone);
    line.end_line(&mut tombstone);
    Record { id: tombstone.clone(), text, tombstone }
}
