//! Text for the log: everything but printable text as `\uXXXX`.

use std::fmt::Write as _;

/// Appends `text`, with what is not printable as `\uXXXX` (a pair of surrogates beyond U+FFFF).
///
/// Not printable are the controls, format characters (bidi controls, zero widths, U+FEFF), every separator but the
/// space, private use, and what Unicode has not assigned: nothing that could move a cursor, turn the direction of
/// a line or hide in it. Combining marks are text.
pub fn escape_into(text: &str, out: &mut String) {
    for c in text.chars() {
        if is_printable(c) { out.push(c) } else { push_escape(c, out) }
    }
}

/// Appends `text` as a JSON string with its quotes, escaped as in [`escape_into`].
pub fn json_string_into(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if is_printable(c) => out.push(c),
            c => push_escape(c, out),
        }
    }
    out.push('"');
}

/// The text as [`escape_into`] leaves it.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    escape_into(text, &mut out);
    out
}

fn push_escape(c: char, out: &mut String) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        // Writing to a String cannot fail.
        let _ = write!(out, "\\u{unit:04x}");
    }
}

fn is_printable(c: char) -> bool {
    if c.is_ascii() {
        return !c.is_ascii_control();
    }
    // The standard library knows what is printable, but says so only through the escapes of a string's `Debug`. A
    // letter goes first, because a combining mark is escaped only where a string begins with it.
    let mut buffer = [b'a'; 5];
    let length = 1 + c.encode_utf8(&mut buffer[1..]).len();
    let text = std::str::from_utf8(&buffer[..length]).unwrap_or_default();
    text.escape_debug().nth(1) == Some(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printable_text_stays() {
        for text in ["plain", "Straße 避難所 é", "e\u{301} क्षि", "🏔 \\ \" '", "~"] {
            assert_eq!(escape(text), text);
        }
    }

    #[test]
    fn everything_else_is_escaped() {
        let hidden = "\0\t\n\u{1b}\u{7f}\u{85}\u{9b}\u{ad}\u{61c}\u{200b}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202b}\
                      \u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}\u{feff}\u{e000}\u{378}\u{fdd0}";
        for c in hidden.chars() {
            assert_eq!(escape(&c.to_string()), format!("\\u{:04x}", u32::from(c)));
        }
        assert_eq!(escape("\u{e0001}\u{10ffff}"), "\\udb40\\udc01\\udbff\\udfff");
    }

    #[test]
    fn a_json_string_reads_back() {
        let text = "a\"b\\c\n\u{202e}\u{e0001}é🏔";
        let mut out = String::new();
        json_string_into(text, &mut out);
        assert_eq!(out, "\"a\\\"b\\\\c\\u000a\\u202e\\udb40\\udc01é🏔\"");
        assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
    }
}
