//! `projector-dashboard`: the figures, gaps and rules of series, and every format that carries them.

mod example;
mod formats;
mod page;
mod peers;
mod rules;
mod series;

use crate::run;
use std::path::Path;

/// A reading as a line.
fn reading(id: &str, time: f64, value: &str, more: &str) -> String {
    format!(
        r#"{{"event_id":"{id}","timestamp":{time},"actor_id":"node:a","operation":"sensor_reading","sensor":"level","value":{value}{more}}}"#
    )
}

fn write(dir: &Path, name: &str, lines: &[String]) {
    std::fs::write(dir.join(name), lines.join("\n") + "\n").unwrap();
}

/// What the tool prints.
#[track_caller]
fn said(options: &str, dir: &Path) -> String {
    run::sh(&format!("projector-dashboard {options} 2> log"), dir)
}

/// The records of the series, as JSON.
#[track_caller]
fn records(options: &str, dir: &Path) -> Vec<serde_json::Value> {
    said(options, dir).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
