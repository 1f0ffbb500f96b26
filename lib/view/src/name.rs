//! What things are called, and words as they are shown: one line, printable, not too long.

use crate::join::{ViewNode, is_person};
use ulp_core::event::Register;
use ulp_core::json::{raw, write_canonical};
use ulp_core::text::is_obeyed;

/// The properties by which a node is called, the first that says something.
pub const NAMES: [&str; 3] = ["label", "name", "title"];

/// The properties that say what a person is.
pub const ENTITY: [&str; 2] = ["entity_type", "entity_verified"];

/// Longest label that is drawn, in characters; the rest is an ellipsis. One inside its shape may be longer.
pub const LABEL: usize = 120;
pub const INSIDE: usize = 1000;
/// Most lines of a label that it breaks by itself.
const LINES: usize = 40;

/// What a node is called, from its properties as raw JSON: its `label`, else its `name`, else its `title`. One that
/// has none of them is called by its id.
pub fn name_of<'a>(property: impl Fn(&str) -> Option<&'a str>) -> Option<String> {
    NAMES.into_iter().find_map(|key| text_in(property(key)?))
}

/// What a person is said to be, where nobody vouched for it.
pub const UNVERIFIED: &str = "unverified";
/// What stands between what a person is said to be and that, and around both after a name.
pub const COMMA: &str = ", ";
pub const OPEN: &str = " (";
pub const CLOSE: &str = ")";

/// What a node is called. A person reads what it is said to be, by itself or after its name.
pub fn of_node(node: &ViewNode<'_>) -> Option<String> {
    let name = name_of(|key| node.get(Register::property(key)));
    match (name, reading(node)) {
        (name, None) => name,
        (None, reading) => reading,
        (Some(name), Some(reading)) => Some(format!("{name}{OPEN}{reading}{CLOSE}")),
    }
}

/// What a person reads: its `entity_type`, and that it is unverified unless `entity_verified`.
pub fn reading(node: &ViewNode<'_>) -> Option<String> {
    if !is_person(node) {
        return None;
    }
    let [entity, verified] = ENTITY.map(|key| node.get(Register::property(key)));
    let (entity, is_verified) = (entity.and_then(text_in), verified == Some("true"));
    match (entity, is_verified) {
        (Some(entity), true) => Some(entity),
        (Some(entity), false) => Some(format!("{entity}{COMMA}{UNVERIFIED}")),
        (None, _) => Some(UNVERIFIED.to_owned()),
    }
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

/// A label in the lines that its own breaks make, each as [`one_line`] has it; of at most `limit` characters in all.
pub fn lines(text: &str, limit: usize) -> Vec<String> {
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.trim().lines().take(LINES).map(words).collect::<Vec<_>>().join("\n");
    let plain = |line: &str| line.replace(|c: char| c.is_control() || is_obeyed(c), "\u{fffd}");
    shortened(&text, limit).split('\n').map(plain).collect()
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
        assert_eq!(lines(" a  b\r\n\n c\u{7}\n", 9), ["a b", "", "c\u{fffd}"]);
        assert_eq!(lines("abc\ndef", 6), ["abc", "d…"]);
        assert_eq!(shortened("abcd", 3), "ab…");
        assert_eq!(shortened("abc", 3), "abc");
    }
}
