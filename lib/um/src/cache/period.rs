//! Durations as ISO 8601 writes them: `PT1H`, `P1DT30M`, `P2W`.

/// Nanoseconds of a second.
const SECOND: i64 = 1_000_000_000;

/// Reads a duration as nanoseconds. Years and months have no length of their own, and are refused.
pub fn parse(text: &str) -> Option<i64> {
    let rest = text.strip_prefix('P')?;
    let (days, times) = rest.split_once('T').map_or((rest, None), |(days, times)| (days, Some(times)));
    if days.is_empty() && times.is_none() || times == Some("") {
        return None;
    }
    let days = sum(days, &[('W', 7 * 86_400), ('D', 86_400)])?;
    days.checked_add(sum(times.unwrap_or_default(), &[('H', 3600), ('M', 60), ('S', 1)])?)
}

/// Adds up counts of units, which come in this order and each once.
fn sum(mut text: &str, units: &[(char, i64)]) -> Option<i64> {
    let mut sum = 0_i64;
    for (unit, seconds) in units {
        let Some((count, rest)) = text.split_once(*unit) else { continue };
        sum = sum.checked_add(digits(count)?.checked_mul(*seconds)?.checked_mul(SECOND)?)?;
        text = rest;
    }
    text.is_empty().then_some(sum)
}

fn digits(text: &str) -> Option<i64> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_units_in_order() {
        for (text, seconds) in [("PT1H", 3600), ("P1DT30M", 88_200), ("P2W", 1_209_600), ("PT0S", 0)] {
            assert_eq!(parse(text), Some(seconds * SECOND), "{text}");
        }
        for bad in
            ["", "P", "PT", "1H", "PT1", "PT1M1H", "P1Y", "PT-1S", "PT1.5S", "P1DT", "PT99999999999999H"]
        {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
