//! Instants as people and other programs read them, in UTC.

use chrono::DateTime;
use ulp_core::id::Time;

/// Nanoseconds of a second.
const SECOND: i64 = 1_000_000_000;

/// RFC 3339, with as many decimals as there are.
pub fn date(time: Time) -> String {
    let whole = DateTime::from_timestamp_nanos(time.0).format("%Y-%m-%dT%H:%M:%S");
    match time.0.rem_euclid(SECOND) {
        0 => format!("{whole}Z"),
        nanos => format!("{whole}.{}Z", format!("{nanos:09}").trim_end_matches('0')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_has_the_decimals_that_it_has() {
        assert_eq!(date(Time(1_767_225_601_250_000_000)), "2026-01-01T00:00:01.25Z");
        assert_eq!(date(Time(1_000_000_000_000)), "1970-01-01T00:16:40Z");
        assert_eq!(date(Time(-1)), "1969-12-31T23:59:59.999999999Z");
    }
}
