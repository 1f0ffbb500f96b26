//! Figures in words.

use crate::when::date;
use ulp_core::id::Time;
use ulp_core::json::raw;
use ulp_core::json::write_number;
use ulp_view::series::Reading;

/// Most characters of a value that are shown.
const LONGEST: usize = 60;

/// A number in at most six digits, where that is short.
pub fn number(number: f64) -> String {
    if number != 0.0 && !(1e-4..1e9).contains(&number.abs()) {
        let mut out = Vec::new();
        write_number(number, &mut out);
        return String::from_utf8_lossy(&out).into_owned();
    }
    let whole = format!("{:.0}", number.abs().trunc()).len();
    let text = format!("{:.*}", 6_usize.saturating_sub(whole), number + 0.0);
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// What a reading says: a text without its quotes, a number as it was written.
pub fn value(reading: &Reading<'_>) -> String {
    let raw = reading.sensor.value;
    let text = raw::text(raw).map_or_else(|| raw.to_owned(), std::borrow::Cow::into_owned);
    if raw == "null" { "no value".to_owned() } else { short(&text) }
}

/// A text that is cut where it is long.
pub fn short(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// An instant to the second: `2026-03-01 21:15:07`.
pub fn moment(time: Time) -> String {
    let seconds = Time(time.0.div_euclid(1_000_000_000) * 1_000_000_000);
    date(seconds).replace('T', " ").trim_end_matches('Z').to_owned()
}

/// A duration in its two largest units: `2 d 3 h`.
pub fn duration(nanoseconds: i64) -> String {
    let mut rest = nanoseconds / 1_000_000_000;
    let mut parts = Vec::new();
    for (unit, seconds) in [("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)] {
        let count = rest / seconds;
        rest %= seconds;
        if count > 0 && parts.len() < 2 {
            parts.push(format!("{count} {unit}"));
        } else if !parts.is_empty() {
            break;
        }
    }
    if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let of = [0.0, -0.0, 1.182182292, 12345.678, -0.013, 1e21, 1e-7, 123_456_789.4, 2.0, 1_000_000.0];
        let said = of.map(number);
        assert_eq!(
            said,
            ["0", "0", "1.18218", "12345.7", "-0.013", "1e+21", "1e-7", "123456789", "2", "1000000"]
        );
    }

    #[test]
    fn durations_have_two_units() {
        let of = [0, 59, 60, 3661, 90_061, 86_400, 86_405].map(|s| duration(s * 1_000_000_000));
        assert_eq!(of, ["0 s", "59 s", "1 min", "1 h 1 min", "1 d 1 h", "1 d", "1 d"]);
    }
}
