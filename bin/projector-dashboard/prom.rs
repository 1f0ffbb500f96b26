//! Prometheus text, as node_exporter's textfile collector takes it: no sample bears a timestamp, or the whole file is
//! dropped.

use crate::board::{Board, seconds};
use crate::derived::Open;
use std::collections::BTreeSet;
use ulp_core::json::write_number;
use ulp_view::series::Reading;

/// A family: its name, what it says, and its samples in order, each once.
struct Family {
    name: &'static str,
    help: &'static str,
    samples: BTreeSet<Vec<u8>>,
}

/// The document.
pub fn write(board: &Board<'_, '_>, open: &[Open]) -> Vec<u8> {
    let mut out = Vec::new();
    for family in [alerts(open), latest(board), times(board), values(board)] {
        family.write(&mut out);
    }
    out
}

impl Family {
    fn new(name: &'static str, help: &'static str) -> Family {
        Family { name, help, samples: BTreeSet::new() }
    }

    /// Takes in a sample; its labels are given in their order.
    fn take(&mut self, labels: &[(&str, &str)], value: f64) {
        let mut sample = self.name.as_bytes().to_vec();
        for (n, (name, text)) in labels.iter().enumerate() {
            sample.push(if n == 0 { b'{' } else { b',' });
            sample.extend_from_slice(name.as_bytes());
            sample.extend_from_slice(b"=\"");
            push_escaped(text, &mut sample);
            sample.push(b'"');
        }
        if !labels.is_empty() {
            sample.push(b'}');
        }
        sample.push(b' ');
        write_number(value, &mut sample);
        self.samples.insert(sample);
    }

    fn write(&self, out: &mut Vec<u8>) {
        if self.samples.is_empty() {
            return;
        }
        let Family { name, help, samples } = self;
        out.extend_from_slice(format!("# HELP {name} {help}\n# TYPE {name} gauge\n").as_bytes());
        for sample in samples {
            out.extend_from_slice(sample);
            out.push(b'\n');
        }
    }
}

fn push_escaped(text: &str, out: &mut Vec<u8>) {
    for byte in text.bytes() {
        match byte {
            b'\\' | b'"' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            _ => out.push(byte),
        }
    }
}

fn alerts(open: &[Open]) -> Family {
    let mut family = Family::new("ulp_alert_open", "Alerts that stand open.");
    for alert in open {
        let Open { event, rule, severity, status, .. } = alert;
        family.take(&[("event_id", event), ("rule", rule), ("severity", severity), ("status", status)], 1.0);
    }
    family
}

fn latest(board: &Board<'_, '_>) -> Family {
    let mut family = Family::new("ulp_last_event_timestamp_seconds", "Time of the newest event read.");
    if let Some(end) = board.end {
        family.take(&[], seconds(end.0));
    }
    family
}

fn times(board: &Board<'_, '_>) -> Family {
    let family = Family::new("ulp_sensor_reading_timestamp_seconds", "Time of the newest reading.");
    newest(board, family, |reading| Some(seconds(reading.time().0)))
}

fn values(board: &Board<'_, '_>) -> Family {
    let family = Family::new("ulp_sensor_value", "Value of the newest reading.");
    newest(board, family, |reading| match reading.sensor.value {
        "true" => Some(1.0),
        "false" => Some(0.0),
        _ => reading.number(),
    })
}

/// A sample of the newest reading of each series, where `value` says one.
fn newest(board: &Board<'_, '_>, mut family: Family, value: impl Fn(&Reading<'_>) -> Option<f64>) -> Family {
    for shown in &board.series {
        let series = shown.series;
        if let Some(value) = shown.figures.readings.last().and_then(&value) {
            let unit = series.unit_text();
            family.take(
                &[
                    ("actor_id", series.actor),
                    ("sensor", series.sensor),
                    ("space_id", series.space),
                    ("unit", &unit),
                ],
                value,
            );
        }
    }
    family
}
