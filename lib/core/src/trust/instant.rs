//! Times as RFC 3339 writes them, at full precision.

use crate::id::Time;
use crate::json::Value;

/// Longest text that is looked at, in bytes: room for a fraction of a thousand digits.
const MAX_TEXT: usize = 1024;
const NANOS: i64 = 1_000_000_000;

/// An instant, as fine as it was written. Ordered in time; a leap second comes after the second before it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant {
    /// Minutes since 1970-01-01T00:00Z. Offsets are whole minutes, so a leap second keeps its own.
    minute: i64,
    /// 0 to 60.
    second: u8,
    /// The digits of the fraction without zeros at the end: as text they are ordered as numbers are.
    fraction: String,
}

impl Instant {
    /// Reads an RFC 3339 time: a real date, with an offset. A second 60 stands at the end of June or December.
    pub fn parse(text: &str) -> Option<Instant> {
        let bytes = text.as_bytes();
        if !text.is_ascii() || text.len() > MAX_TEXT || text.len() < 20 {
            return None;
        }
        let number = |from: usize, to: usize| digits(&bytes[from..to]);
        let marks = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
        if marks.iter().any(|(at, mark)| bytes[*at] != *mark) || !matches!(bytes[10], b'T' | b't') {
            return None;
        }
        let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
        let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
        let (fraction, offset) = fraction(&text[19..])?;
        if !(1..=12).contains(&month) || day < 1 || day > month_days(year, month) {
            return None;
        }
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let minute = days(year, month, day) * 1440 + hour * 60 + minute - offset_minutes(offset)?;
        if second == 60 && !ends_half_year(minute) {
            return None;
        }
        let fraction = fraction.trim_end_matches('0').to_owned();
        Some(Instant { minute, second: u8::try_from(second).ok()?, fraction })
    }

    /// Reads a string value.
    pub fn of(value: Value<'_, '_>) -> Option<Instant> {
        if value.kind() != crate::json::Kind::String {
            return None;
        }
        let text: String = value.chars().take(MAX_TEXT + 1).collect();
        Instant::parse(&text)
    }

    /// The instant as nanoseconds; what is finer is cut off. `None` beyond what they can hold.
    pub fn time(&self) -> Option<Time> {
        let seconds = self.minute.checked_mul(60)?.checked_add(i64::from(self.second))?;
        let nanos = (0..9)
            .fold(0, |n, i| n * 10 + self.fraction.as_bytes().get(i).map_or(0, |b| i64::from(b - b'0')));
        seconds.checked_mul(NANOS)?.checked_add(nanos).map(Time)
    }

    /// Prints a time as manifests write it, in UTC and milliseconds: `2026-02-17T00:00:00.000Z`. What is finer is
    /// cut off. `None` outside the years 0 to 9999, which RFC 3339 cannot write.
    pub fn print(time: Time) -> Option<String> {
        let printed = chrono::DateTime::from_timestamp_nanos(time.0);
        let text = printed.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        Instant::parse(&text).map(|_| text)
    }
}

impl From<Time> for Instant {
    fn from(time: Time) -> Instant {
        let (seconds, nanos) = (time.0.div_euclid(NANOS), time.0.rem_euclid(NANOS));
        let second = u8::try_from(seconds.rem_euclid(60)).unwrap_or_default();
        let fraction = format!("{nanos:09}").trim_end_matches('0').to_owned();
        Instant { minute: seconds.div_euclid(60), second, fraction }
    }
}

fn digits(bytes: &[u8]) -> Option<i64> {
    bytes.iter().try_fold(0, |n, b| b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0')))
}

/// Cuts `.digits` from what follows; the digits may not be none where there is a dot.
fn fraction(rest: &str) -> Option<(&str, &str)> {
    let Some(tail) = rest.strip_prefix('.') else { return Some(("", rest)) };
    let end = tail.bytes().position(|b| !b.is_ascii_digit())?;
    (end > 0).then(|| tail.split_at(end))
}

/// `Z` or `±hh:mm`, in minutes.
fn offset_minutes(text: &str) -> Option<i64> {
    let bytes = match text.as_bytes() {
        [b'Z' | b'z'] => return Some(0),
        bytes @ [b'+' | b'-', _, _, b':', _, _] => bytes,
        _ => return None,
    };
    let (hours, minutes) = (digits(&bytes[1..3])?, digits(&bytes[4..6])?);
    let offset = hours * 60 + minutes;
    (hours <= 23 && minutes <= 59).then_some(if bytes[0] == b'-' { -offset } else { offset })
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn month_days(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a date of the proleptic Gregorian calendar (Hinnant, "chrono-compatible low-level date
/// algorithms").
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Whether this is the last minute of a June or a December, where leap seconds are put in.
fn ends_half_year(minute: i64) -> bool {
    let (day, rest) = ((minute + 1).div_euclid(1440), (minute + 1).rem_euclid(1440));
    // The mean year of the calendar is off by less than one.
    let year = 1970 + (day * 400).div_euclid(146_097);
    rest == 0 && (year - 1..=year + 1).any(|y| days(y, 1, 1) == day || days(y, 7, 1) == day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_real_and_have_an_offset() {
        for good in [
            "2026-02-17T00:00:00Z",
            "2026-02-17t00:00:00z",
            "2024-02-29T23:59:59.123456789012+23:59",
            "0000-01-01T00:00:00-00:00",
            "9999-12-31T23:59:59.999Z",
            "2016-12-31T23:59:60Z",
            "2017-01-01T00:59:60.5+01:00",
            "1972-06-30T23:59:60Z",
            "0000-06-30T23:59:60Z",
            "9999-12-31T23:59:60Z",
        ] {
            assert!(Instant::parse(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "2026-02-17",
            "2026-02-17T00:00:00",
            "2026-02-17 00:00:00Z",
            "2026-02-30T00:00:00Z",
            "2025-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:61Z",
            "2026-01-01T00:00:60Z",
            "2016-12-31T22:59:60Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00,5Z",
            "2026-01-01T00:00:00+24:00",
            "2026-01-01T00:00:00+0100",
            "2026-01-01T00:00:00+01",
            "2026-01-01T00:00:00Z ",
            " 2026-01-01T00:00:00Z",
            "+026-01-01T00:00:00Z",
            "2026-01-01T00:00:00.5",
            "２026-01-01T00:00:00Z",
        ] {
            assert_eq!(Instant::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn times_are_ordered_at_full_precision() {
        let ascending = [
            "0001-01-01T00:00:00Z",
            "1969-12-31T23:59:59.9Z",
            "1970-01-01T00:00:00Z",
            "2016-12-31T23:59:59.999999Z",
            "2016-12-31T23:59:60Z",
            "2016-12-31T22:59:60.5-01:00",
            "2017-01-01T00:00:00Z",
            "2017-01-01T00:00:00.0000000000001Z",
            "2017-01-01T00:00:00.1Z",
            "2017-01-01T01:00:00.11+01:00",
        ];
        let times: Vec<_> = ascending.iter().map(|t| Instant::parse(t)).collect();
        assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{times:?}");
        assert_eq!(Instant::parse("2017-01-01T01:00:00.10+01:00"), Instant::parse("2017-01-01T00:00:00.1Z"));
    }

    #[test]
    fn times_agree_with_the_calendar_of_chrono() {
        for day in (-100_000..100_000).step_by(7) {
            let time = Time(day * 86_401 * NANOS + 123_456_789);
            let text = Instant::print(time);
            let read = text.as_deref().and_then(Instant::parse).and_then(|i| i.time());
            assert_eq!(read.map(|t| t.0), Some(time.0.div_euclid(1_000_000) * 1_000_000), "{text:?}");
            assert_eq!(Instant::from(time).time(), Some(time));
        }
    }
}
