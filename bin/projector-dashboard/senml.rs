//! SenML, RFC 8428: one array, a record a reading.

use crate::board::Board;
use ulp_core::event::Sensor;
use ulp_core::id::Time;
use ulp_core::json::write::{Items, Members};
use ulp_view::series::{Reading, Series};

/// Times below this count from now, says the RFC, so that none of them is a time of day.
const RELATIVE: i64 = (1 << 28) * 1_000_000_000;

/// A reading that SenML cannot carry: the code, and which it is.
pub type Withheld = (&'static str, String);

/// The document, and what it could not carry.
pub fn write(board: &Board<'_, '_>) -> (Vec<u8>, Vec<Withheld>) {
    let (mut out, mut withheld) = (Vec::new(), Vec::new());
    let mut list = Items::open(&mut out);
    for (series, reading) in board.readings() {
        match refusal(series, &reading) {
            Some(code) => withheld.push((code, reading.key.id.to_owned())),
            None => {
                list.next(&mut out);
                write_record(series, &reading, &mut out);
            }
        }
    }
    list.close(&mut out);
    out.push(b'\n');
    (out, withheld)
}

fn refusal(series: &Series<'_>, reading: &Reading<'_>) -> Option<&'static str> {
    if reading.is_null() {
        Some("senml.null")
    } else if time(reading.sensor).0 < RELATIVE {
        Some("senml.time")
    } else if !is_name(series.actor, series.sensor) {
        Some("senml.name")
    } else {
        None
    }
}

/// Whether the name of a series is one: letters, digits, `-`, `:`, `.`, `/` and `_`, the first a letter or digit.
fn is_name(actor: &str, sensor: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b':' | b'.' | b'/' | b'_');
    actor.starts_with(|c: char| c.is_ascii_alphanumeric()) && actor.bytes().chain(sensor.bytes()).all(fits)
}

/// The time that the reading itself says.
fn time(sensor: &Sensor<'_>) -> Time {
    sensor.timestamp.parse().ok().and_then(Time::from_seconds).unwrap_or(Time(0))
}

/// Members stand in the order of RFC 8785.
fn write_record(series: &Series<'_>, reading: &Reading<'_>, out: &mut Vec<u8>) {
    let mut record = Members::open(out);
    record.text("bn", &format!("{}:", series.actor), out);
    record.text("event_id", reading.key.id, out);
    record.text("n", series.sensor, out);
    record.raw("t", Some(reading.sensor.timestamp), out);
    record.raw("u", series.unit, out);
    let value = reading.sensor.value;
    let name = match value.as_bytes().first() {
        Some(b'"') => "vs",
        Some(b't' | b'f') => "vb",
        _ => "v",
    };
    record.raw(name, Some(value), out);
    record.close(out);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_rfc() {
        assert!(is_name("urn:dev:ow:10e2073a01080063", "temp") && is_name("a", "b_/.-9") && is_name("a", ""));
        for (actor, sensor) in [("-a", "b"), ("a", "b c"), ("é", "b"), ("a=", "b"), ("a", "b\n")] {
            assert!(!is_name(actor, sensor), "{actor} {sensor}");
        }
    }
}
