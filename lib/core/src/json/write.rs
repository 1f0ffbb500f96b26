//! JSON being put together: objects and lists, appended to a text as their parts come.
//!
//! [`Members`] and [`Items`] know whether a comma is due and no more: what is written through them is canonical where
//! its parts are and stand in the order of RFC 8785. An [`Object`] takes its members in any order, and sorts them.
//!
//! ```
//! use ulp_core::json::write::{Items, Members, Object};
//! let mut out = Vec::new();
//! let mut line = Members::open(&mut out);
//! line.integer("events", 7, &mut out);
//! line.text("node_id", "a\"b", &mut out);
//! line.close(&mut out);
//! assert_eq!(out, br#"{"events":7,"node_id":"a\"b"}"#);
//!
//! let mut object = Object::default();
//! object.number("y", 2.5).raw("x", Some("[ 1 ]"));
//! assert_eq!(object.json(), r#"{"x":[1],"y":2.5}"#);
//! ```

use super::{key_order, write_canonical, write_number, write_string};
use std::fmt::Display;
use std::io::Write as _;

/// The members of an object that is being written.
#[must_use = "an object ends where it is closed"]
pub struct Members {
    any: bool,
}

impl Members {
    pub fn open(out: &mut Vec<u8>) -> Members {
        out.push(b'{');
        Members { any: false }
    }

    pub fn close(self, out: &mut Vec<u8>) {
        out.push(b'}');
    }

    /// Closes an object that is a line of its own.
    pub fn end_line(self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"}\n");
    }

    /// The comma before a member, where one is due; what follows is the caller's.
    pub fn comma(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.any, true) {
            out.push(b',');
        }
    }

    /// A member's name, which needs no escape; its value is to follow.
    pub fn name(&mut self, name: &str, out: &mut Vec<u8>) {
        self.comma(out);
        out.push(b'"');
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\":");
    }

    /// Any name; its value is to follow.
    pub fn any_name(&mut self, name: &str, out: &mut Vec<u8>) {
        self.comma(out);
        write_string(name, out);
        out.push(b':');
    }

    /// A member of canonical JSON, where there is any.
    pub fn raw(&mut self, name: &str, raw: Option<&str>, out: &mut Vec<u8>) {
        if let Some(raw) = raw {
            self.name(name, out);
            out.extend_from_slice(raw.as_bytes());
        }
    }

    /// An object of canonical JSON by names of any kind, where there is any; it stands in the order in which it comes.
    pub fn raws<'r>(
        &mut self,
        name: &str,
        members: impl IntoIterator<Item = (&'r str, &'r str)>,
        out: &mut Vec<u8>,
    ) {
        let mut members = members.into_iter().peekable();
        if members.peek().is_none() {
            return;
        }
        self.name(name, out);
        let mut object = Members::open(out);
        for (name, raw) in members {
            object.any_name(name, out);
            out.extend_from_slice(raw.as_bytes());
        }
        object.close(out);
    }

    pub fn text(&mut self, name: &str, text: &str, out: &mut Vec<u8>) {
        self.name(name, out);
        write_string(text, out);
    }

    /// A string of what needs no escape: a hash, a tile, one of a set of words.
    pub fn word(&mut self, name: &str, word: impl Display, out: &mut Vec<u8>) {
        self.name(name, out);
        // Writing to a Vec cannot fail.
        let _ = write!(out, "\"{word}\"");
    }

    /// An integer of any type.
    pub fn integer(&mut self, name: &str, integer: impl Display, out: &mut Vec<u8>) {
        self.name(name, out);
        let _ = write!(out, "{integer}");
    }

    pub fn number(&mut self, name: &str, number: f64, out: &mut Vec<u8>) {
        self.name(name, out);
        write_number(number, out);
    }

    pub fn numbers(&mut self, name: &str, numbers: &[f64], out: &mut Vec<u8>) {
        self.name(name, out);
        write_numbers(numbers, out);
    }

    pub fn boolean(&mut self, name: &str, value: bool, out: &mut Vec<u8>) {
        self.name(name, out);
        out.extend_from_slice(if value { b"true" } else { b"false" });
    }

    pub fn texts<'t>(&mut self, name: &str, texts: impl IntoIterator<Item = &'t str>, out: &mut Vec<u8>) {
        self.name(name, out);
        write_texts(texts, out);
    }

    /// A list of what is JSON already.
    pub fn list(&mut self, name: &str, items: &[Vec<u8>], out: &mut Vec<u8>) {
        self.name(name, out);
        write_list(items, out);
    }
}

/// The items of a list that is being written.
#[must_use = "a list ends where it is closed"]
pub struct Items {
    any: bool,
}

impl Items {
    pub fn open(out: &mut Vec<u8>) -> Items {
        out.push(b'[');
        Items { any: false }
    }

    /// The comma before an item, where one is due; the item is to follow.
    pub fn next(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.any, true) {
            out.push(b',');
        }
    }

    pub fn close(self, out: &mut Vec<u8>) {
        out.push(b']');
    }
}

/// Appends a list of strings.
pub fn write_texts<'t>(texts: impl IntoIterator<Item = &'t str>, out: &mut Vec<u8>) {
    let mut items = Items::open(out);
    for text in texts {
        items.next(out);
        write_string(text, out);
    }
    items.close(out);
}

/// Appends a list of numbers.
pub fn write_numbers(numbers: &[f64], out: &mut Vec<u8>) {
    let mut items = Items::open(out);
    for number in numbers {
        items.next(out);
        write_number(*number, out);
    }
    items.close(out);
}

/// Appends a list of what is JSON already.
pub fn write_list(values: &[Vec<u8>], out: &mut Vec<u8>) {
    out.push(b'[');
    out.extend_from_slice(&values.join(&b','));
    out.push(b']');
}

/// An object whose members, each with a canonical value, come in any order.
#[derive(Default)]
pub struct Object {
    /// Names and values, one after the other.
    text: Vec<u8>,
    /// Where each name begins, its value, and where that ends.
    members: Vec<[usize; 3]>,
}

impl Object {
    /// Adds a member whose value is what `write` appends.
    pub fn member(&mut self, name: &str, write: impl FnOnce(&mut Vec<u8>)) -> &mut Object {
        let start = self.text.len();
        self.text.extend_from_slice(name.as_bytes());
        let value = self.text.len();
        write(&mut self.text);
        self.members.push([start, value, self.text.len()]);
        self
    }

    /// Adds a member of raw JSON, if there is any.
    pub fn raw(&mut self, name: &str, raw: Option<&str>) -> &mut Object {
        match raw {
            Some(raw) => self.member(name, |out| write_canonical(raw, out)),
            None => self,
        }
    }

    pub fn text(&mut self, name: &str, text: Option<&str>) -> &mut Object {
        match text {
            Some(text) => self.member(name, |out| write_string(text, out)),
            None => self,
        }
    }

    pub fn number(&mut self, name: &str, number: f64) -> &mut Object {
        self.member(name, |out| write_number(number, out))
    }

    pub fn numbers(&mut self, name: &str, numbers: &[f64]) -> &mut Object {
        self.member(name, |out| write_numbers(numbers, out))
    }

    /// Adds an object, unless it is empty.
    pub fn object(&mut self, name: &str, object: Object) -> &mut Object {
        if object.members.is_empty() { self } else { self.member(name, |out| object.write(out)) }
    }

    /// Adds a list of values that are canonical already.
    pub fn list(&mut self, name: &str, values: &[Vec<u8>]) -> &mut Object {
        self.member(name, |out| write_list(values, out))
    }

    /// Appends the canonical object.
    pub fn write(mut self, out: &mut Vec<u8>) {
        let text = &self.text;
        let name = |[start, value, _]: &[usize; 3]| std::str::from_utf8(&text[*start..*value]).unwrap_or("");
        self.members.sort_by(|a, b| key_order(name(a), name(b)));
        let mut object = Members::open(out);
        for member in &self.members {
            object.any_name(name(member), out);
            out.extend_from_slice(&text[member[1]..member[2]]);
        }
        object.close(out);
    }

    /// The canonical object.
    pub fn bytes(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.text.len() + 4 * self.members.len() + 2);
        self.write(&mut out);
        out
    }

    /// The same as text.
    pub fn json(self) -> String {
        String::from_utf8(self.bytes()).unwrap_or_default()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn members_stand_as_they_come() {
        let mut out = Vec::new();
        let mut line = Members::open(&mut out);
        line.raw("none", None, &mut out);
        line.raws("empty", [], &mut out);
        line.raws("by", [("é\n", "1"), ("a", "null")], &mut out);
        line.boolean("flag", true, &mut out);
        line.numbers("at", &[-0.0, 1e21], &mut out);
        line.texts("names", ["a", "\u{1}"], &mut out);
        line.word("tile", "z0/x0/y0", &mut out);
        line.list("lists", &[b"[]".to_vec(), b"{}".to_vec()], &mut out);
        line.end_line(&mut out);
        let expected = r#"{"by":{"é\n":1,"a":null},"flag":true,"at":[0,1e+21],"names":["a","\u0001"],"tile":"z0/x0/y0","lists":[[],{}]}"#;
        assert_eq!(String::from_utf8(out).unwrap(), format!("{expected}\n"));
    }

    #[test]
    fn an_object_is_canonical_however_it_was_put_together() {
        let mut inner = Object::default();
        inner.text("\u{e000}", Some("last")).text("\u{10000}", Some("first")).text("none", None);
        let mut object = Object::default();
        object.list("b", &[b"1".to_vec()]).object("empty", Object::default()).object("a", inner);
        let text = object.json();
        assert_eq!(text, "{\"a\":{\"\u{10000}\":\"first\",\"\u{e000}\":\"last\"},\"b\":[1]}");
        assert!(super::super::is_canonical(&text));
    }
}
