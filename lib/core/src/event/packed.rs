//! Packed: the texts and writes of an event one behind the other in one text, for what is kept of many events.
//!
//! A text stands after its length; a write is the number of its register's kind, the register's key where it has one,
//! and the value. Nothing in it is a reference: it takes a fifth of what the same takes as slices of slices, and whoever
//! walks through it reads on and on.

use super::{Register, RegisterKind, Set};
use std::fmt;

/// A length is written in parts of so many bits, the lowest first, a byte each; the next bit says that one follows.
/// So all its bytes are ASCII.
const PART: u32 = 6;
const MORE: usize = 1 << PART;

/// Appends a text.
pub fn pack(text: &str, out: &mut String) {
    let mut rest = text.len();
    while rest >= MORE {
        out.push(ascii((rest % MORE) | MORE));
        rest >>= PART;
    }
    out.push(ascii(rest));
    out.push_str(text);
}

/// Appends a write.
pub fn pack_set(Set { register: Register { kind, key }, value }: Set<'_>, out: &mut String) {
    out.push(ascii(kind as usize));
    if kind.is_keyed() {
        pack(key, out);
    }
    pack(value, out);
}

fn ascii(part: usize) -> char {
    char::from(u8::try_from(part).expect("because it is less than 128"))
}

/// What was packed, from some place on.
#[derive(Clone, Copy, Default)]
pub struct Packed<'a>(pub &'a str);

impl<'a> Packed<'a> {
    /// Takes the text that is next, which must be there.
    #[inline]
    pub fn text(&mut self) -> &'a str {
        let first = usize::from(self.0.as_bytes()[0]);
        let (at, length) = if first < MORE { (1, first) } else { long(self.0) };
        let (text, rest) = self.0[at..].split_at(length);
        self.0 = rest;
        text
    }

    /// Takes the write that is next; nothing at the end.
    #[inline]
    fn set(&mut self) -> Option<Set<'a>> {
        let kind = RegisterKind::numbered(*self.0.as_bytes().first()?);
        self.0 = &self.0[1..];
        let key = if kind.is_keyed() { self.text() } else { "" };
        Some(Set { register: Register { kind, key }, value: self.text() })
    }
}

/// Where a text begins whose length takes several bytes, and that length.
#[cold]
fn long(packed: &str) -> (usize, usize) {
    let (mut length, mut shift, mut at) = (0, 0, 0);
    for byte in packed.bytes() {
        at += 1;
        length |= (usize::from(byte) % MORE) << shift;
        if usize::from(byte) < MORE {
            break;
        }
        shift += PART;
    }
    (at, length)
}

/// Some texts: as they were read, or packed.
#[derive(Clone, Copy)]
pub enum Texts<'a> {
    Plain(&'a [&'a str]),
    /// So many.
    Packed(usize, Packed<'a>),
}

impl<'a> Texts<'a> {
    pub fn iter(self) -> impl Iterator<Item = &'a str> {
        let (plain, count, mut packed) = match self {
            Texts::Plain(texts) => (texts, 0, Packed::default()),
            Texts::Packed(count, packed) => (&[][..], count, packed),
        };
        plain.iter().copied().chain((0..count).map(move |_| packed.text()))
    }
}

impl<'a> From<&'a [&'a str]> for Texts<'a> {
    fn from(texts: &'a [&'a str]) -> Texts<'a> {
        Texts::Plain(texts)
    }
}

impl fmt::Debug for Texts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// The writes of an event, one after the other: as they were read, or packed.
#[derive(Clone, Copy)]
pub enum Sets<'a> {
    Plain(&'a [Set<'a>]),
    Packed(Packed<'a>),
}

impl<'a> Sets<'a> {
    pub const NONE: Sets<'static> = Sets::Plain(&[]);

    pub fn is_empty(self) -> bool {
        match self {
            Sets::Plain(sets) => sets.is_empty(),
            Sets::Packed(packed) => packed.0.is_empty(),
        }
    }

    /// Gives each of them to `take`; that is quicker than going through them from outside.
    #[inline]
    pub fn give(self, mut take: impl FnMut(Set<'a>)) {
        match self {
            Sets::Plain(sets) => sets.iter().copied().for_each(take),
            Sets::Packed(mut packed) => {
                while let Some(set) = packed.set() {
                    take(set);
                }
            }
        }
    }

    pub fn iter(self) -> impl Iterator<Item = Set<'a>> {
        let (plain, mut packed) = match self {
            Sets::Plain(sets) => (sets, Packed::default()),
            Sets::Packed(packed) => (&[][..], packed),
        };
        plain.iter().copied().chain(std::iter::from_fn(move || packed.set()))
    }
}

impl<'a> From<&'a [Set<'a>]> for Sets<'a> {
    fn from(sets: &'a [Set<'a>]) -> Sets<'a> {
        Sets::Plain(sets)
    }
}

impl fmt::Debug for Sets<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_there_again_whatever_their_length() {
        let lengths = (0..200).chain([4095, 4096, 300_000]);
        let texts: Vec<String> = lengths.map(|length| "é".repeat(length % 7) + &"x".repeat(length)).collect();
        let mut out = String::new();
        texts.iter().for_each(|text| pack(text, &mut out));
        assert!(Texts::Packed(texts.len(), Packed(&out)).iter().eq(texts.iter().map(String::as_str)));
        assert!(Texts::Plain(&["a", ""]).iter().eq(["a", ""]));
    }

    #[test]
    fn writes_are_there_again() {
        let sets: Vec<Set<'_>> = RegisterKind::all()
            .flat_map(|kind| {
                let key = if kind.is_keyed() { "ä key" } else { "" };
                ["1", "\"text\"", "[1,2]"].map(|value| Set { register: Register { kind, key }, value })
            })
            .collect();
        let mut out = String::new();
        sets.iter().for_each(|set| pack_set(*set, &mut out));
        let packed = Sets::Packed(Packed(&out));
        assert!(packed.iter().eq(sets.iter().copied()) && !packed.is_empty());
        for form in [packed, Sets::Plain(&sets)] {
            let mut given = Vec::new();
            form.give(|set| given.push(set));
            assert_eq!(given, sets);
        }
        assert_eq!(format!("{packed:?}"), format!("{:?}", Sets::from(&sets[..])));
    }
}
