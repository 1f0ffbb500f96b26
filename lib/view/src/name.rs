//! What things are called, and words as they are shown: one line, printable, not too long.

use ulp_core::json::{raw, write_canonical};
use ulp_core::text::is_obeyed;

/// The properties by which a node is called, the first that says something.
pub const NAMES: [&str; 3] = ["label", "name", "title"];

/// Longest label that is drawn, in characters; the rest is an ellipsis.
const LABEL: usize = 120;

/// What a node is called, from its properties as raw JSON: its `label`, else its `name`, else its `title`. One that
/// has none of them is called by its id.
pub fn name_of<'a>(property: impl Fn(&str) -> Option<&'a str>) -> Option<String> {
    NAMES.into_iter().find_map(|key| text_in(property(key)?))
}

/// The text of a raw JSON string, number or boolean, however it was spelled; nothing where it is blank.
pub fn text_in(raw: &str) -> Option<String> {
    let text = match raw.as_bytes().first()? {
        b'"' => raw::text(raw)?.into_owned(),
        b'-' | b'0'..=b'9' | b't' | b'f' => {
            let mut canonical = Vec::new();
            write_canonical(raw, &mut canonical);
            String::from_utf8(canonical).ok()?
        }
        _ => return None,
    };
    (!text.trim().is_empty()).then_some(text)
}

/// A label as it is drawn: one line, of bounded length, without control characters.
pub fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    shortened(&words.join(" "), LABEL).replace(|c: char| c.is_control() || is_obeyed(c), "\u{fffd}")
}

/// At most `limit` characters, the last of them an ellipsis where some were cut off.
pub fn shortened(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some(_) => text.chars().take(limit.saturating_sub(1)).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(properties: &[(&str, &'static str)]) -> Option<String> {
        name_of(|key| properties.iter().find(|(k, _)| *k == key).map(|(_, raw)| *raw))
    }

    #[test]
    fn a_node_is_called_by_the_first_property_that_says_something() {
        for (properties, expected) in [
            (&[("title", "\"T\"")][..], Some("T")),
            (&[("title", "\"T\""), ("name", "\"N\"")], Some("N")),
            (&[("label", "\" \\n\""), ("name", "\"\""), ("title", "1.50")], Some("1.5")),
            (&[("label", "true"), ("name", "\"N\"")], Some("true")),
            (&[("label", "[1]"), ("name", "{}"), ("title", "null")], None),
        ] {
            assert_eq!(called(properties).as_deref(), expected, "{properties:?}");
        }
    }

    #[test]
    fn long_labels_are_cut() {
        assert_eq!(one_line(" a\n b\tc "), "a b c");
        assert_eq!(shortened("abcd", 3), "ab…");
        assert_eq!(shortened("abc", 3), "abc");
    }
}
