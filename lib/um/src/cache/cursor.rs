//! Revocation cursors: opaque texts that rise.

use std::cmp::Ordering;

/// Whether a cursor is below another. With one prefix before the last digits they are compared as integers, of any
/// length; else as bytes. That is no order over all cursors, so nobody asks for the greatest of many.
pub fn is_below(one: &str, other: &str) -> bool {
    let ((prefix, digits), (other_prefix, other_digits)) = (split(one), split(other));
    if prefix != other_prefix || digits.is_empty() || other_digits.is_empty() {
        return one.as_bytes() < other.as_bytes();
    }
    integers(digits, other_digits) == Ordering::Less
}

/// What stands before the digits at the end, and these.
fn split(cursor: &str) -> (&str, &str) {
    let prefix = cursor.trim_end_matches(|c: char| c.is_ascii_digit());
    cursor.split_at(prefix.len())
}

fn integers(one: &str, other: &str) -> Ordering {
    let (one, other) = (one.trim_start_matches('0'), other.trim_start_matches('0'));
    one.len().cmp(&other.len()).then_with(|| one.cmp(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_at_the_end_are_integers() {
        let huge = format!("v1.{}", "9".repeat(40));
        let huger = format!("v1.1{}", "0".repeat(40));
        for (low, high) in
            [("v1.cursor-9", "v1.cursor-10"), ("9", "10"), (&huge, &huger), ("v9", "w1"), ("", "a")]
        {
            assert!(is_below(low, high) && !is_below(high, low), "{low} {high}");
        }
        assert!(!is_below("c-7", "c-007") && !is_below("c-007", "c-7") && !is_below("x", "x"));
        assert!(is_below("a10b", "a9b"), "digits elsewhere are bytes");
    }
}
