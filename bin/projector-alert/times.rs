//! Times as CAP and Atom write them: whole seconds, rounded down.

use chrono::{DateTime, SecondsFormat};
use ulp_core::id::Time;
use ulp_core::json::raw;

const NANOS: i64 = 1_000_000_000;

/// The second that a time lies in.
pub fn second(time: Time) -> i64 {
    time.0.div_euclid(NANOS)
}

/// As CAP has it: its schema refuses `Z` and fractions, and `-00:00` is UTC that tells of no place.
pub fn cap(second: i64) -> String {
    utc(second).replace('Z', "-00:00")
}

/// As Atom has it.
pub fn utc(second: i64) -> String {
    let time = DateTime::from_timestamp(second, 0).unwrap_or_default();
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The second that a raw JSON value names: seconds since 1970, or a time as in RFC 3339.
pub fn read(value: &str) -> Option<i64> {
    match raw::text(value) {
        Some(text) => DateTime::parse_from_rfc3339(&text).ok().map(|time| time.timestamp()),
        None => raw::number(value).and_then(Time::from_seconds).map(second),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rounded_down_to_seconds() {
        for (value, said) in [
            ("1767225600", Some("2026-01-01T00:00:00-00:00")),
            ("-0.5", Some("1969-12-31T23:59:59-00:00")),
            ("\"2026-01-01T12:00:00.5Z\"", Some("2026-01-01T12:00:00-00:00")),
            ("\"2026-01-01T01:30:00+02:00\"", Some("2025-12-31T23:30:00-00:00")),
            ("\"9999-12-31T23:59:59Z\"", Some("9999-12-31T23:59:59-00:00")),
            ("\"soon\"", None),
            ("1e300", None),
            ("[1]", None),
            ("null", None),
        ] {
            assert_eq!(read(value).map(cap).as_deref(), said, "{value}");
        }
        assert_eq!(utc(0), "1970-01-01T00:00:00Z");
    }
}
