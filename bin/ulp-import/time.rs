//! When things happened: the times that records bear, and those that `--time` gives.
//!
//! A time is RFC 3339, also with a blank for `T`, without seconds or without time of day; or Unix seconds; or what
//! `--time-format` says, which is asked first. One without an offset is read by `--zone`, and not at all without that.

use std::borrow::Cow;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeZone as _};
use ulp_core::event::time_number;
use ulp_core::id::Time;
use ulp_core::json::{Kind, Value};
use ulp_core::report::Refusal;

/// Which time an event has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stamp {
    /// Its record's own.
    Own(Time),
    /// The time for all, to which as many microseconds are added as lines took it before.
    All(Time),
    /// None: `ulp-append` gives it the clock's.
    #[default]
    Open,
}

impl Stamp {
    /// The time as it was given, by which records are told apart.
    pub fn given(self) -> Option<Time> {
        match self {
            Stamp::Own(time) | Stamp::All(time) => Some(time),
            Stamp::Open => None,
        }
    }
}

/// What stands where a time is looked for.
#[derive(Clone, Debug)]
pub enum Said<'s> {
    Text(Cow<'s, str>),
    Number(f64),
    /// Nothing, or null.
    Nothing,
    /// What can be no time.
    Other,
}

impl<'s> Said<'s> {
    /// What a JSON value says, or one that is not there.
    pub fn json(value: Option<Value<'_, 's>>) -> Said<'s> {
        let Some(value) = value else { return Said::Nothing };
        match value.kind() {
            Kind::Null => Said::Nothing,
            Kind::String => value.as_plain_str().map_or_else(
                || Said::Text(Cow::Owned(value.as_text().unwrap_or_default())),
                |text| Said::Text(Cow::Borrowed(text)),
            ),
            Kind::Number => value.as_f64().map_or(Said::Other, Said::Number),
            _ => Said::Other,
        }
    }

    /// What a cell or the text of an element says.
    pub fn text(text: &'s str) -> Said<'s> {
        if text.is_empty() { Said::Nothing } else { Said::Text(Cow::Borrowed(text)) }
    }
}

/// How times are read, and where they are looked for.
#[derive(Debug, Default)]
pub struct Times {
    zone: Option<FixedOffset>,
    format: Option<String>,
    /// In the order of the options: the first that gives a time stamps the line.
    asked: Vec<Asked>,
}

#[derive(Debug)]
enum Asked {
    Property(String),
    All(Time),
}

impl Times {
    /// `asked` is what `--time` says, each time it is given: a time is one for all, anything else a property.
    pub fn new(zone: Option<FixedOffset>, format: Option<String>, asked: &[String]) -> Times {
        let mut times = Times { zone, format, asked: Vec::new() };
        times.asked = asked
            .iter()
            .map(|text| times.parse(text).map_or_else(|| Asked::Property(text.clone()), Asked::All))
            .collect();
        times
    }

    /// The properties that are asked for a time.
    pub fn properties(&self) -> impl Iterator<Item = &str> {
        self.asked.iter().filter_map(|asked| match asked {
            Asked::Property(name) => Some(name.as_str()),
            Asked::All(_) => None,
        })
    }

    /// The time for all, if there is one.
    pub fn for_all(&self) -> Option<Time> {
        self.asked.iter().find_map(|asked| match asked {
            Asked::All(time) => Some(*time),
            Asked::Property(_) => None,
        })
    }

    /// The stamp of a line for which no record speaks.
    pub fn of_all(&self) -> Stamp {
        self.for_all().map_or(Stamp::Open, Stamp::All)
    }

    /// The stamp of a record: by the time that its format has a place for, else by the first of `--time` that gives
    /// one; `property` says what a property of that name holds.
    ///
    /// # Errors
    /// What stands there is no time.
    pub fn stamp<'s>(
        &self,
        own: Said<'s>,
        mut property: impl FnMut(&str) -> Said<'s>,
    ) -> Result<Stamp, Refusal> {
        if let Some(time) = self.read(own)? {
            return Ok(Stamp::Own(time));
        }
        for asked in &self.asked {
            match asked {
                Asked::All(time) => return Ok(Stamp::All(*time)),
                Asked::Property(name) => {
                    if let Some(time) = self.read(property(name))? {
                        return Ok(Stamp::Own(time));
                    }
                }
            }
        }
        Ok(Stamp::Open)
    }

    /// The time that something says.
    ///
    /// # Errors
    /// It says something, but no time.
    pub fn read(&self, said: Said<'_>) -> Result<Option<Time>, Refusal> {
        let time = match said {
            Said::Nothing => return Ok(None),
            Said::Text(text) => self.parse(&text),
            Said::Number(number) => Time::from_seconds(number).filter(|time| time.is_timestamp()),
            Said::Other => None,
        };
        time.map(Some).ok_or_else(|| {
            let hint = if self.zone.is_none() { "; one without an offset needs --zone" } else { "" };
            Refusal::new("import.time", format!("not a time as in RFC 3339, nor Unix seconds{hint}"))
        })
    }

    fn parse(&self, text: &str) -> Option<Time> {
        let by_format = self.format.as_ref().and_then(|format| self.formatted(text, format));
        let time = by_format.or_else(|| seconds(text)).or_else(|| self.rfc3339(text))?;
        whole(time)
    }

    /// A time by `--time-format`: with an offset, without one, or a date alone.
    fn formatted(&self, text: &str, format: &str) -> Option<Time> {
        if let Ok(time) = DateTime::parse_from_str(text, format) {
            return nanos(time);
        }
        let date = || NaiveDate::parse_from_str(text, format).ok().map(|date| date.and_time(NaiveTime::MIN));
        let local = NaiveDateTime::parse_from_str(text, format).ok().or_else(date)?;
        nanos(self.zone?.from_local_datetime(&local).single()?)
    }

    /// A time of RFC 3339, whose parts behind the date may be left out from the end.
    fn rfc3339(&self, text: &str) -> Option<Time> {
        let (date, rest) = text.split_at_checked(DATE.len())?;
        if !has_form(date, DATE) {
            return None;
        }
        let clock = match rest.as_bytes().first() {
            Some(b'T' | b't' | b' ') => &rest[1..],
            None => "",
            Some(_) => return None,
        };
        let (clock, offset) = match clock.find(['Z', 'z', '+', '-']) {
            Some(at) => clock.split_at(at),
            None => (clock, ""),
        };
        let clock = whole_clock(clock, rest.is_empty())?;
        if offset.is_empty() {
            let local =
                NaiveDateTime::parse_from_str(&format!("{date}T{clock}"), "%Y-%m-%dT%H:%M:%S%.f").ok()?;
            return nanos(self.zone?.from_local_datetime(&local).single()?);
        }
        ulp_cli::time(&format!("{date}T{clock}{offset}")).ok()
    }
}

const DATE: &str = "0000-00-00";
const CLOCK: &str = "00:00:00";
/// Most decimals of a second that are read.
const DECIMALS: usize = 9;

/// Whether a text has a digit wherever the form has one, and is it elsewhere.
fn has_form(text: &str, form: &str) -> bool {
    let is_it = |(a, b): (u8, u8)| if b == b'0' { a.is_ascii_digit() } else { a == b };
    text.len() == form.len() && text.bytes().zip(form.bytes()).all(is_it)
}

/// A time of day with its seconds.
fn whole_clock(clock: &str, left_out: bool) -> Option<Cow<'_, str>> {
    if left_out {
        return Some(CLOCK.into());
    }
    if has_form(clock, &CLOCK[..5]) {
        return Some(format!("{clock}:00").into());
    }
    let (whole, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let decimal = (1..=DECIMALS).contains(&fraction.len()) && fraction.bytes().all(|b| b.is_ascii_digit());
    (has_form(whole, CLOCK) && decimal).then_some(clock.into())
}

/// Unix seconds, as decimals or as JSON writes numbers.
fn seconds(text: &str) -> Option<Time> {
    if !text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
        return None;
    }
    Time::parse(text).or_else(|| ulp_core::json::raw::number(text).and_then(Time::from_seconds))
}

/// A time as an event holds it, where it may have it: a double, so that times which are one there are one here.
pub fn whole(time: Time) -> Option<Time> {
    let seconds = time_number(time).parse().ok()?;
    Time::from_seconds(seconds).filter(|time| time.is_timestamp())
}

fn nanos(time: DateTime<FixedOffset>) -> Option<Time> {
    time.timestamp_nanos_opt().map(Time)
}

/// Reads an offset, `+HH:MM`, `-HH:MM` or `Z`.
pub fn zone(text: &str) -> Result<FixedOffset, String> {
    if matches!(text, "Z" | "z") {
        return Ok(FixedOffset::east_opt(0).expect("zero is an offset"));
    }
    let wrong = || "not an offset as +01:00".to_owned();
    if !has_form(text.get(1..).unwrap_or(""), "00:00") {
        return Err(wrong());
    }
    let part = |from: usize| text[from..from + 2].parse::<i32>().unwrap_or(99);
    let (hours, minutes) = (part(1), part(4));
    let sign = match text.as_bytes()[0] {
        b'+' => 1,
        b'-' => -1,
        _ => return Err(wrong()),
    };
    let seconds = sign * (hours * 3600 + minutes * 60);
    FixedOffset::east_opt(seconds).filter(|_| hours < 24 && minutes < 60).ok_or_else(wrong)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_every_form_that_people_write() {
        let times = Times::new(Some(zone("+01:00").unwrap()), None, &[]);
        for (text, expected) in [
            ("2026-01-01T00:00:00Z", 1_767_225_600_000_000_000),
            ("2026-01-01 01:00", 1_767_225_600_000_000_000),
            ("2026-01-01 01:00:00.5", 1_767_225_600_500_000_000),
            ("2026-01-01t00:00z", 1_767_225_600_000_000_000),
            ("2026-01-01T02:00+02:00", 1_767_225_600_000_000_000),
            ("2026-01-01", 1_767_222_000_000_000_000),
            ("1767225600", 1_767_225_600_000_000_000),
            ("1767225600.25", 1_767_225_600_250_000_000),
            ("1.7672256e9", 1_767_225_600_000_000_000),
            ("-5", -5_000_000_000),
        ] {
            assert_eq!(times.parse(text), Some(Time(expected)), "{text}");
        }
        for bad in [
            "",
            "x",
            "yesterday",
            "2026-13-01",
            "2026-01-01T",
            "2026-01-01T1:00",
            "2026-01-01T25:00",
            "2026",
            "2026-01-01Z",
            "1767225600000",
            "é26-01-01",
            "2026-01-01T00:00:00.Z",
            "NaN",
            "1e400",
        ]
        .iter()
        .filter(|text| **text != "2026")
        {
            assert_eq!(times.parse(bad), None, "{bad}");
        }
        assert_eq!(Times::default().parse("2026-01-01"), None);
    }

    #[test]
    fn a_format_of_ones_own_comes_first() {
        let zone = Some(zone("Z").unwrap());
        for (format, text) in [
            ("%Y%m%d", "20260101"),
            ("%d/%m/%Y %H:%M", "01/01/2026 00:00"),
            ("%d.%m.%Y %z", "01.01.2026 +0000"),
        ] {
            let times = Times::new(zone, Some(format.to_owned()), &[]);
            let read = times.parse(text);
            // A date with an offset but no time of day is no instant.
            let expected = (format != "%d.%m.%Y %z").then_some(Time(1_767_225_600_000_000_000));
            assert_eq!(read.filter(|_| format != "%d.%m.%Y %z"), expected, "{text}");
        }
    }

    #[test]
    fn offsets_have_one_form() {
        assert_eq!(zone("-01:30").unwrap().local_minus_utc(), -5400);
        for bad in ["", "1", "+1:00", "+24:00", "+00:60", "0100", "+0100", "é0:00", "x01:00"] {
            assert!(zone(bad).is_err(), "{bad}");
        }
    }
}
