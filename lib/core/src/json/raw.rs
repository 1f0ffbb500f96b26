//! What a value says that is carried as raw JSON: the text of a string, the number, the numbers, a member.
//!
//! What is given is a whole JSON text without space around it, as [`Value::raw`] gives it; anything else says nothing.

use super::{Kind, STATE_DEPTH, Tape, Value, number, text};
use std::borrow::Cow;

/// The text of a string; where nothing in it is escaped it is what stands there.
pub fn text(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    if text::stop(inner.as_bytes(), 0) == inner.len() {
        return Some(Cow::Borrowed(inner));
    }
    let mut tape = Tape::new();
    tape.parse_any(raw, STATE_DEPTH).ok()?.as_text().map(Cow::Owned)
}

/// A number, as a line may have it; white space may stand around it.
pub fn number(raw: &str) -> Option<f64> {
    let text = raw.trim_matches([' ', '\t', '\n', '\r']);
    let literal = number::scan(text.as_bytes(), 0, false).ok()?;
    if literal.end == text.len() { text.parse().ok() } else { None }
}

/// The one number of a number, or those of a list of numbers; empty for anything else.
pub fn numbers(value: Value<'_, '_>) -> Vec<f64> {
    match value.kind() {
        Kind::Number => value.as_f64().into_iter().collect(),
        Kind::Array => value.items().map(Value::as_f64).collect::<Option<_>>().unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// A member of an object, if it has it and it is not null.
pub fn member<'a>(raw: &'a str, name: &str) -> Option<&'a str> {
    let mut tape = Tape::new();
    let member = tape.parse_any(raw, STATE_DEPTH).ok()?.get(name)?;
    (!member.is_null()).then(|| member.raw())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_says_its_text() {
        for (raw, said) in [
            (r#""plain é""#, Some("plain é")),
            (r#""a\"b\\\u0041""#, Some("a\"b\\A")),
            (r#""""#, Some("")),
            (r#"""#, None),
            (r#""a"b""#, None),
            ("\"a\nb\"", None),
            (r#""\ud800""#, None),
            ("7", None),
            ("null", None),
            ("", None),
        ] {
            assert_eq!(text(raw).as_deref(), said, "{raw}");
        }
        assert!(matches!(text("\"a\""), Some(Cow::Borrowed("a"))));
    }

    #[test]
    fn numbers_and_members_are_found() {
        assert_eq!((number("1e2"), number("\"1\""), number("[1]")), (Some(100.0), None, None));
        assert_eq!((number(" -0.5\n"), number("1 2"), number("01")), (Some(-0.5), None, None));
        assert_eq!((number("9007199254740992"), number("")), (None, None));
        let mut tape = Tape::new();
        let mut of = |raw| tape.parse_any(raw, STATE_DEPTH).map(numbers);
        assert_eq!(of("[1,2.5]"), Ok(vec![1.0, 2.5]));
        assert_eq!(of("3"), Ok(vec![3.0]));
        for other in ["[1,\"2\"]", "{}", "null", "[]"] {
            assert_eq!(of(other), Ok(Vec::new()), "{other}");
        }
        assert_eq!(member(r#"{"a":null,"b":[ 1 ]}"#, "b"), Some("[ 1 ]"));
        assert_eq!((member(r#"{"a":null}"#, "a"), member("[1]", "a"), member("x", "a")), (None, None, None));
    }
}
