//! A node of the tape: a value or a key, as sixteen bytes.

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    Null,
    Bool,
    Number,
    String,
    Array,
    Object,
}

impl Kind {
    pub(super) const ALL: [Kind; 6] =
        [Kind::Null, Kind::Bool, Kind::Number, Kind::String, Kind::Array, Kind::Object];
}

/// A value or a key. A key stands right before its value, a container right before what it holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    /// Its first byte in the line.
    pub start: u32,
    /// The byte after its last; 0 while a container is open.
    pub end: u32,
    /// The node after it and all it holds.
    pub next: u32,
    /// Kind, flags, and how much a container holds.
    info: u32,
}

const KIND_BITS: u32 = 3;
/// Strings: there is a backslash in it.
pub(super) const ESCAPED: u32 = 1 << 3;
/// Surely canonical as it stands. Its absence says nothing about numbers and what holds them.
pub(super) const CANONICAL: u32 = 1 << 4;
/// Numbers: neither fraction nor exponent. Objects: the keys ascend.
pub(super) const PLAIN: u32 = 1 << 5;
const COUNT_SHIFT: u32 = 6;

impl Node {
    #[inline(always)]
    pub fn new(kind: Kind, flags: u32, start: usize, end: usize, next: usize) -> Node {
        Node { start: start as u32, end: end as u32, next: next as u32, info: kind as u32 | flags }
    }

    /// Closes a container.
    #[inline(always)]
    pub fn close(&mut self, flags: u32, count: u32, end: usize, next: usize) {
        self.info |= flags | count << COUNT_SHIFT;
        self.end = end as u32;
        self.next = next as u32;
    }

    #[inline(always)]
    pub fn kind(self) -> Kind {
        Kind::ALL[(self.info & ((1 << KIND_BITS) - 1)) as usize % Kind::ALL.len()]
    }

    #[inline(always)]
    pub fn has(&self, flag: u32) -> bool {
        self.info & flag != 0
    }

    pub fn escaped(self) -> bool {
        self.has(ESCAPED)
    }

    pub fn count(self) -> usize {
        (self.info >> COUNT_SHIFT) as usize
    }

    /// Its text as it stands in the line.
    #[inline(always)]
    pub fn raw(self, text: &str) -> &str {
        &text[self.start as usize..self.end as usize]
    }

    /// The text between the quotes of a string, as bytes. Fields are read one by one: a node that was just
    /// written in parts is slow to load as a whole.
    #[inline(always)]
    pub fn inner_bytes<'a>(&self, text: &'a str) -> &'a [u8] {
        &text.as_bytes()[self.start as usize + 1..self.end as usize - 1]
    }

    /// The text between the quotes of a string.
    #[inline(always)]
    pub fn inner(self, text: &str) -> &str {
        &text[self.start as usize + 1..self.end as usize - 1]
    }
}
