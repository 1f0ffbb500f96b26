//! Instants, and the order keys that begin with one.

use super::is_event_id;
use chrono::{DateTime, SecondsFormat};
use std::fmt;

/// Earliest timestamp: 1700-01-01T00:00:00Z, in nanoseconds since the Unix epoch.
pub const MIN_TIME: i64 = -8_520_336_000 * NANOS;
/// Latest timestamp: the last nanosecond of the year 2200.
pub const MAX_TIME: i64 = 7_289_654_400 * NANOS - 1;

const NANOS: i64 = 1_000_000_000;

/// An instant: nanoseconds since the Unix epoch. Printed as decimal seconds without trailing zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub i64);

impl Time {
    /// Reads decimal seconds (`-5`, `1730000000.000000001`) exactly: no exponent, no leading `+` or zeros, at
    /// most nine decimals. Any `i64` of nanoseconds is accepted; the bounds of a timestamp are the event's matter.
    pub fn parse(text: &str) -> Option<Time> {
        let (negative, digits) = match text.as_bytes() {
            [b'-', rest @ ..] => (true, rest),
            rest => (false, rest),
        };
        let point = digits.iter().position(|b| *b == b'.');
        let (whole, fraction) = match point {
            Some(at) if at + 1 < digits.len() => (&digits[..at], &digits[at + 1..]),
            Some(_) => return None,
            None => (digits, &[][..]),
        };
        if whole.is_empty() || whole.len() > 10 || fraction.len() > 9 || whole.len() > 1 && whole[0] == b'0' {
            return None;
        }
        let number = |digits: &[u8]| {
            digits.iter().try_fold(0, |n: i64, b| b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0')))
        };
        let missing = u32::try_from(9 - fraction.len()).ok()?;
        let nanos = number(fraction)? * 10_i64.pow(missing);
        let total = number(whole)?.checked_mul(NANOS)?.checked_add(nanos)?;
        Some(Time(if negative { -total } else { total }))
    }

    /// The nanoseconds of the shortest decimal that names `value`, or `None` where that has more than nine
    /// decimals or lies outside what nanoseconds in an `i64` can hold.
    pub fn from_seconds(value: f64) -> Option<Time> {
        if !value.is_finite() || value.abs() >= 9_223_372_036.0 {
            return None;
        }
        let mut buffer = ryu_js::Buffer::new();
        let text = buffer.format(value);
        // Below 1e-6 the shortest form has an exponent; only whole nanoseconds are left there.
        match text.split_once('e') {
            None => Time::parse(text),
            Some((digits, exponent)) => {
                let exponent: i32 = exponent.parse().ok()?;
                let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
                let decimals = i32::try_from(fraction.len()).ok()? - exponent;
                let significant: i64 = format!("{whole}{fraction}").parse().ok()?;
                (decimals <= 9 && exponent < 0).then(|| {
                    Time(significant * 10_i64.pow(9 - u32::try_from(decimals).expect("exponent is negative")))
                })
            }
        }
    }

    /// Whether an event may carry this time: the years 1700 to 2200, both included.
    pub fn is_timestamp(self) -> bool {
        (MIN_TIME..=MAX_TIME).contains(&self.0)
    }
}

impl Time {
    /// As RFC 3339 has it, in UTC, with as many decimals of a second as it needs: none, 3, 6 or 9.
    pub fn rfc3339(self) -> String {
        DateTime::from_timestamp_nanos(self.0).to_rfc3339_opts(SecondsFormat::AutoSi, true)
    }

    /// Appends it as [`Display`](fmt::Display) prints it. State lines are full of times, so this is by hand.
    pub fn write(self, out: &mut Vec<u8>) {
        let text = Decimal::of(self);
        out.extend_from_slice(text.bytes());
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(Decimal::of(*self).bytes()).map_err(|_| fmt::Error)?)
    }
}

/// The numbers below 100, in two digits.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[b'0'; 2]; 100];
    let mut i = 0;
    while i < pairs.len() {
        pairs[i] = [b'0' + i as u8 / 10, b'0' + i as u8 % 10];
        i += 1;
    }
    pairs
};

/// The text of a time, which is written from its end.
struct Decimal {
    digits: [u8; Decimal::ROOM],
    start: usize,
    end: usize,
}

impl Decimal {
    /// A sign, ten digits, the point, nine digits.
    const ROOM: usize = 24;

    fn of(time: Time) -> Decimal {
        let mut text = Decimal { digits: [0; Decimal::ROOM], start: Decimal::ROOM, end: Decimal::ROOM };
        let magnitude = time.0.unsigned_abs();
        let (whole, nanos) = (magnitude / NANOS.unsigned_abs(), magnitude % NANOS.unsigned_abs());
        if nanos != 0 {
            text.push_digits(nanos, 9);
            while text.digits[text.end - 1] == b'0' {
                text.end -= 1;
            }
            text.push(b'.');
        }
        text.push_digits(whole, 1);
        if time.0 < 0 {
            text.push(b'-');
        }
        text
    }

    fn push(&mut self, byte: u8) {
        self.start -= 1;
        self.digits[self.start] = byte;
    }

    /// The digits of a number, at least so many: two at a time, as state lines are full of them.
    fn push_digits(&mut self, mut number: u64, least: usize) {
        let least = self.start - least;
        while number >= 10 || self.start > least + 1 {
            let pair = PAIRS[(number % 100) as usize];
            self.start -= 2;
            self.digits[self.start..self.start + 2].copy_from_slice(&pair);
            number /= 100;
        }
        if number > 0 || self.start > least {
            // What is left is one digit.
            self.push(b'0' + number as u8);
        }
    }

    fn bytes(&self) -> &[u8] {
        &self.digits[self.start..self.end]
    }
}

/// An order key: effective time, then event id, compared as an integer and as bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key<'a> {
    /// The effective time.
    pub eff: Time,
    /// The event's name; a macro's primitive carries `#0000` and so on.
    pub id: &'a str,
}

impl<'a> Key<'a> {
    /// Reads `1730000000.000000001/evt-12`; the first `/` ends the number.
    pub fn parse(text: &'a str) -> Option<Key<'a>> {
        let (time, id) = text.split_once('/')?;
        let eff = Time::parse(time)?;
        // One key has one spelling, or equal keys would differ as bytes.
        (is_tag(id) && eff.to_string() == time).then_some(Key { eff, id })
    }

    /// The name of the event that this key makes known: the id before its first `#`.
    pub fn event(self) -> &'a str {
        event_of(self.id)
    }
}

impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.eff, self.id)
    }
}

/// The event's own name in the id of an event or of a macro's primitive.
pub fn event_of(id: &str) -> &str {
    id.split_once('#').map_or(id, |(event, _)| event)
}

/// Whether `s` may be a link's tag: an `event_id`, of a macro's link with its `#n` parts.
pub fn is_tag(s: &str) -> bool {
    let mut parts = s.split('#');
    is_event_id(parts.next().unwrap_or_default())
        && parts.all(|p| p.len() == 4 && p.bytes().all(|b| b.is_ascii_digit()))
}
