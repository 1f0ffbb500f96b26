//! What the members of statements hold.

use crate::hash::Blake3;
use crate::json::Value;

/// A number that counts something.
pub(super) fn count(value: Value<'_, '_>) -> Option<u64> {
    u64::try_from(value.as_i64()?).ok()
}

pub(super) fn digest(value: Value<'_, '_>) -> Option<Blake3> {
    value.as_plain_str()?.parse().ok()
}

/// Some text without control characters.
pub(super) fn text(value: Value<'_, '_>) -> Option<String> {
    value.as_text().filter(|text| !text.is_empty() && !text.chars().any(char::is_control))
}

/// Some of the letters of base64url.
pub(super) fn word<'a>(value: Value<'_, 'a>) -> Option<&'a str> {
    value.as_plain_str().filter(|text| is_word(text))
}

pub(super) fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}
