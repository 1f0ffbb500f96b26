//! Values: where one stands on the tape, and how to get about.

use super::node::{CANONICAL, Kind, Node, PLAIN};
use super::text;
use bumpalo::Bump;
use bumpalo::collections::String as BumpString;
use std::fmt;

/// A value on the tape. `'a` is the line's life, `'t` the tape's.
#[derive(Clone, Copy)]
pub struct Value<'t, 'a> {
    nodes: &'t [Node],
    text: &'a str,
    index: u32,
}

impl<'t, 'a> Value<'t, 'a> {
    pub(super) fn new(nodes: &'t [Node], text: &'a str, index: u32) -> Value<'t, 'a> {
        Value { nodes, text, index }
    }

    pub(super) fn at(self, index: u32) -> Value<'t, 'a> {
        Value { index, ..self }
    }

    #[inline(always)]
    pub(super) fn node(self) -> Node {
        self.nodes[self.index as usize]
    }

    pub(super) fn index(self) -> u32 {
        self.index
    }

    pub(super) fn text(self) -> &'a str {
        self.text
    }

    pub fn kind(self) -> Kind {
        self.node().kind()
    }

    /// Its text as it stands in the line (a string with its quotes).
    pub fn raw(self) -> &'a str {
        self.node().raw(self.text)
    }

    /// Its first byte in the line, from 0.
    pub fn offset(self) -> usize {
        self.node().start as usize
    }

    pub fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    pub fn as_bool(self) -> Option<bool> {
        (self.kind() == Kind::Bool).then(|| self.raw() == "true")
    }

    /// The nearest double of a number.
    pub fn as_f64(self) -> Option<f64> {
        if self.kind() != Kind::Number {
            return None;
        }
        self.raw().parse().ok()
    }

    /// Whether it is a number without fraction and exponent.
    pub fn is_integer_literal(self) -> bool {
        self.kind() == Kind::Number && self.node().has(PLAIN)
    }

    /// The number of an integer literal; it is within ±(2^53−1).
    pub fn as_i64(self) -> Option<i64> {
        if self.is_integer_literal() { self.raw().parse().ok() } else { None }
    }

    /// The string, unescaped; borrowed from the line where it has no escape, else put into `arena`.
    pub fn as_str(self, arena: &'a Bump) -> Option<&'a str> {
        let inner = self.inner()?;
        if !self.node().escaped() {
            return Some(inner);
        }
        let mut unescaped = BumpString::with_capacity_in(inner.len(), arena);
        for piece in text::Pieces::new(inner) {
            unescaped.push_str(piece.run);
            unescaped.extend(piece.escaped);
        }
        Some(unescaped.into_bump_str())
    }

    /// The string where it stands in the line without escapes.
    #[inline]
    pub fn as_plain_str(self) -> Option<&'a str> {
        self.inner().filter(|_| !self.node().escaped())
    }

    /// The unescaped characters of a string; nothing for other kinds.
    pub fn chars(self) -> impl Iterator<Item = char> + 'a {
        text::Pieces::new(self.inner().unwrap_or("")).chars()
    }

    /// The string, unescaped.
    pub fn as_text(self) -> Option<String> {
        self.inner().map(|inner| text::Pieces::new(inner).chars().collect())
    }

    /// Whether it is the string `s`.
    #[inline]
    pub fn is_str(self, s: &str) -> bool {
        match self.inner() {
            Some(inner) if self.node().escaped() => text::unescapes_to(inner, s),
            Some(inner) => inner == s,
            None => false,
        }
    }

    /// Whether it is a string that ends in `tail`.
    pub fn str_ends_with(self, tail: &str) -> bool {
        match self.inner() {
            Some(inner) if self.node().escaped() => {
                let length = self.chars().count();
                let short = tail.chars().count();
                !inner.is_empty() && length >= short && self.chars().skip(length - short).eq(tail.chars())
            }
            Some(inner) => inner.ends_with(tail),
            None => false,
        }
    }

    /// How many items or members it has.
    pub fn len(self) -> usize {
        self.node().count()
    }

    /// Whether it has no items or members.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The items of an array; nothing for other kinds.
    pub fn items(self) -> impl Iterator<Item = Value<'t, 'a>> + Clone {
        let node = self.node();
        let end = if node.kind() == Kind::Array { node.next } else { 0 };
        Walk { value: self.at(self.index + 1), end }
    }

    /// The members of an object in reading order, key (a string value) and value; nothing for other kinds.
    pub fn members(self) -> impl Iterator<Item = (Value<'t, 'a>, Value<'t, 'a>)> + Clone {
        let node = self.node();
        let end = if node.kind() == Kind::Object { node.next } else { 0 };
        // A key's next node is its value, whose own next is the next key: the walk takes two steps a member.
        let mut walk = Walk { value: self.at(self.index + 1), end };
        std::iter::from_fn(move || Some((walk.next()?, walk.next()?)))
    }

    /// The member of that (unescaped) name.
    pub fn get(self, key: &str) -> Option<Value<'t, 'a>> {
        self.members().find(|(name, _)| name.is_str(key)).map(|(_, value)| value)
    }

    /// Whether it was found to be canonical while it was read. `false` says nothing: [`Value::is_canonical`] does.
    #[inline]
    pub fn is_evidently_canonical(self) -> bool {
        self.node().has(CANONICAL)
    }

    /// Whether it is an object whose members stand in the order of RFC 8785.
    #[inline]
    pub fn is_in_order(self) -> bool {
        self.kind() == Kind::Object && self.node().has(PLAIN)
    }

    fn inner(self) -> Option<&'a str> {
        let node = self.node();
        (node.kind() == Kind::String).then(|| node.inner(self.text))
    }
}

impl fmt::Debug for Value<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.raw())
    }
}

/// Siblings from `value` up to the node `end`.
#[derive(Clone)]
struct Walk<'t, 'a> {
    value: Value<'t, 'a>,
    end: u32,
}

impl<'t, 'a> Iterator for Walk<'t, 'a> {
    type Item = Value<'t, 'a>;

    #[inline]
    fn next(&mut self) -> Option<Value<'t, 'a>> {
        let value = self.value;
        (value.index < self.end).then(|| {
            self.value = value.at(value.node().next);
            value
        })
    }
}
