//! `--timestamps UNIT`: what others count in, as the seconds that a trace counts in. A decimal point is moved, and
//! nothing worked out.

use clap::ValueEnum;
use ulp_core::json::{EVENT_DEPTH, Kind, Tape, Value};
use ulp_core::trust::Instant;

/// What the timestamps that are read count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Unit {
    S,
    Ms,
    Us,
    Ns,
    /// They are dates as RFC 3339 writes them; numbers among them are seconds.
    Iso,
}

impl Unit {
    /// The line with its timestamp in seconds, where it has one that is in this unit.
    pub fn in_seconds(self, line: &[u8]) -> Option<Vec<u8>> {
        if self == Unit::S {
            return None;
        }
        let text = std::str::from_utf8(line).ok()?;
        let mut tape = Tape::new();
        // Nanoseconds are larger than what a line may have.
        let value = tape.parse_wide(text, EVENT_DEPTH).ok()?.get("timestamp")?;
        let seconds = self.seconds(value)?;
        let (start, end) = (value.offset(), value.offset() + value.raw().len());
        Some([&line[..start], seconds.as_bytes(), &line[end..]].concat())
    }

    fn seconds(self, value: Value<'_, '_>) -> Option<String> {
        let decimals = match self {
            Unit::S => return None,
            Unit::Ms => 3,
            Unit::Us => 6,
            Unit::Ns => 9,
            Unit::Iso => return Some(Instant::of(value)?.time()?.to_string()),
        };
        (value.kind() == Kind::Number).then(|| {
            shift(value.raw(), decimals)
                .or_else(|| shift(ryu_js::Buffer::new().format(value.as_f64()?), decimals))
        })?
    }
}

/// A plain decimal divided by that power of ten, exactly: its point is moved.
fn shift(text: &str, decimals: usize) -> Option<String> {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_plain = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if !is_plain(whole) || !is_plain(fraction) {
        return None;
    }
    let padded = format!("{whole:0>width$}", width = decimals + 1);
    let (seconds, rest) = padded.split_at(padded.len() - decimals);
    let rest = format!("{rest}{fraction}");
    let rest = rest.trim_end_matches('0');
    let seconds = seconds.trim_start_matches('0');
    let seconds = if seconds.is_empty() { "0" } else { seconds };
    Some(if rest.is_empty() { format!("{sign}{seconds}") } else { format!("{sign}{seconds}.{rest}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_moved_without_arithmetic() {
        for (text, decimals, seconds) in [
            ("1730000000123", 3, "1730000000.123"),
            ("1730000000000", 3, "1730000000"),
            ("5", 3, "0.005"),
            ("-1500.25", 3, "-1.50025"),
            ("0", 3, "0"),
            ("1730000000123456", 6, "1730000000.123456"),
            ("1730000000123456789", 9, "1730000000.123456789"),
            ("-1", 9, "-0.000000001"),
        ] {
            assert_eq!(shift(text, decimals).as_deref(), Some(seconds));
        }
        assert_eq!(shift("1e3", 3), None);
    }

    #[test]
    fn the_timestamp_alone_is_touched() {
        for (unit, line, expected) in [
            (
                Unit::Ms,
                r#"{"a":{"timestamp":7},"timestamp":1500}"#,
                r#"{"a":{"timestamp":7},"timestamp":1.5}"#,
            ),
            (Unit::Ns, r#"{"timestamp": 1730000000123456789}"#, r#"{"timestamp": 1730000000.123456789}"#),
            (Unit::Us, r#"{"timestamp":1.5e15}"#, r#"{"timestamp":1500000000}"#),
            (
                Unit::Iso,
                r#"{"timestamp":"2024-10-27T05:33:20.5+02:00","at":"2024-10-27T05:33:20Z"}"#,
                r#"{"timestamp":1730000000.5,"at":"2024-10-27T05:33:20Z"}"#,
            ),
        ] {
            assert_eq!(unit.in_seconds(line.as_bytes()).as_deref(), Some(expected.as_bytes()));
        }
        for (unit, line) in [
            (Unit::S, r#"{"timestamp":1500}"#),
            (Unit::Ns, r#"{"timestamp":"1500"}"#),
            (Unit::Iso, r#"{"timestamp":1500}"#),
            (Unit::Iso, r#"{"timestamp":"2024-10-27"}"#),
            (Unit::Iso, r#"{"timestamp":"2024-10-27T05:33:20"}"#),
        ] {
            assert_eq!(unit.in_seconds(line.as_bytes()), None, "{line}");
        }
    }
}
