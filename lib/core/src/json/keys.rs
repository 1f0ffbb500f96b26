//! Whether the keys of an object differ.
//!
//! Keys that ascend need no look at the ones before; the scan takes care of those. From the first key that does
//! not, an object of few members looks back where a bit of the key's hash was seen before, and one of many asks a
//! table with random keys, so that no line, however made, costs more than its length.

use super::node::{ESCAPED, Node};
use super::text;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::hash::BuildHasher as _;

/// An object of more members uses the table.
const FEW: u32 = 32;
/// A table with room for more keys is given back after the line.
const KEEP: usize = 1 << 14;

/// Words of an object's bits: with 16 keys in 512 bits, one object in four looks back in vain once.
const WORDS: usize = 8;

#[derive(Default)]
pub(super) struct Keys {
    /// A bit a key, for the object at each level; set up once its keys do not ascend.
    seen: Vec<[u64; WORDS]>,
    /// Hash of object and key → the first key node with it; for objects of many members.
    table: HashMap<u64, u32, foldhash::fast::RandomState>,
    scratch: String,
}

/// An object's keys before the newest one, `key`, which ends the nodes.
#[derive(Clone, Copy)]
pub(super) struct Siblings<'s> {
    pub text: &'s str,
    pub nodes: &'s [Node],
    /// How many containers are open around the object.
    pub level: usize,
    pub object: u32,
    pub count: u32,
    pub key: u32,
}

impl Keys {
    /// Forgets all, at the beginning of a line.
    pub fn clear(&mut self) {
        if self.table.capacity() > KEEP {
            self.table = HashMap::default();
        } else if !self.table.is_empty() {
            self.table.clear();
        }
    }

    /// Whether there was no object of many members.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Adds the newest key: `false` if it was there before.
    #[inline(always)]
    pub fn insert(&mut self, members: Siblings) -> bool {
        if members.count > FEW {
            return self.insert_many(members, members.key);
        }
        let perhaps = self.mark(members, members.key);
        if members.count == FEW {
            self.fill(members);
        }
        !(perhaps && members.is_there(members.key))
    }

    /// Adds the keys before the first one out of order.
    #[inline(never)]
    pub fn catch_up(&mut self, members: Siblings) {
        if members.count > FEW {
            return self.fill(members);
        }
        if self.seen.len() <= members.level {
            self.seen.resize(members.level + 1, [0; WORDS]);
        }
        self.seen[members.level] = [0; WORDS];
        for key in members.before(members.key) {
            self.mark(members, key);
        }
    }

    /// Puts all keys into the table.
    #[cold]
    fn fill(&mut self, members: Siblings) {
        for key in members.before(members.key + 1) {
            self.insert_many(members, key);
        }
    }

    fn insert_many(&mut self, members: Siblings, key: u32) -> bool {
        let node = members.nodes[key as usize];
        let name = name(members.text, node, &mut self.scratch);
        let hash = self.table.hasher().hash_one((members.object, name));
        match self.table.get(&hash) {
            // Another key of the same 64 bits stays out of the table, and is looked for the long way.
            Some(&first) if first != key => {
                !(same(members.text, members.nodes[first as usize], node) || members.is_there(key))
            }
            _ => {
                self.table.insert(hash, key);
                true
            }
        }
    }

    /// Sets the key's bit, and says whether it was set.
    #[inline(always)]
    fn mark(&mut self, members: Siblings, key: u32) -> bool {
        let node = &members.nodes[key as usize];
        let bit = if node.has(ESCAPED) {
            bit(name(members.text, *node, &mut self.scratch))
        } else {
            bit(node.inner_bytes(members.text))
        };
        let word = &mut self.seen[members.level][bit as usize / 64 % WORDS];
        let set = *word >> (bit % 64) & 1 == 1;
        *word |= 1 << (bit % 64);
        set
    }
}

impl Siblings<'_> {
    /// The keys before the node `end`.
    #[inline]
    fn before(self, end: u32) -> impl Iterator<Item = u32> {
        let after = move |&key: &u32| self.nodes.get(key as usize + 1).map(|value| value.next);
        std::iter::successors(Some(self.object + 1), after).take_while(move |&key| key < end)
    }

    #[inline(never)]
    fn is_there(self, key: u32) -> bool {
        self.before(key).any(|k| same(self.text, self.nodes[k as usize], self.nodes[key as usize]))
    }
}
/// The key's unescaped bytes.
fn name<'s>(text: &'s str, node: Node, scratch: &'s mut String) -> &'s [u8] {
    let inner = node.inner(text);
    if !node.escaped() {
        return inner.as_bytes();
    }
    scratch.clear();
    scratch.extend(text::Pieces::new(inner).chars());
    scratch.as_bytes()
}

/// A key's bit, from its length, first and last bytes. Keys that share it are only a reason to look.
#[inline(always)]
fn bit(key: &[u8]) -> u32 {
    let (first, last) = match key.len() {
        n @ 8.. => (text::load(&key[..8]), text::load(&key[n - 8..])),
        n @ 4.. => (half(&key[..4]), half(&key[n - 4..])),
        n @ 1.. => (key[0] as u64, (key[n / 2] as u64) << 8 | key[n - 1] as u64),
        0 => (0, 0),
    };
    let mixed = (first ^ last.rotate_left(23) ^ key.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 55) as u32
}

#[inline(always)]
fn half(bytes: &[u8]) -> u64 {
    bytes.try_into().map_or(0, u32::from_le_bytes) as u64
}

/// Whether two keys are the same text.
fn same(text: &str, a: Node, b: Node) -> bool {
    let (x, y) = (a.inner(text), b.inner(text));
    match (a.escaped(), b.escaped()) {
        (false, false) => x == y,
        (true, false) => text::unescapes_to(x, y),
        (false, true) => text::unescapes_to(y, x),
        (true, true) => text::Pieces::new(x).chars().eq(text::Pieces::new(y).chars()),
    }
}

/// The order of two keys by UTF-16 code units.
#[inline(always)]
pub(super) fn order(text: &str, a: &Node, b: &Node) -> Ordering {
    if a.has(ESCAPED) || b.has(ESCAPED) {
        return text::escaped_order(a.inner(text), b.inner(text));
    }
    text::utf16_order(a.inner_bytes(text), b.inner_bytes(text))
}

/// The first eight bytes of a key as a number that orders as the keys do, as far as it tells them apart.
///
/// A key shorter than that is filled up with zeros: it equals one that goes on with NULs, and is less than any
/// other that it begins.
#[inline(always)]
pub(super) fn head(text: &str, key: Node) -> u64 {
    let inner = (key.start as usize + 1, key.end as usize - 1);
    if key.escaped() { unusual_head(key.inner(text)) } else { plain_head(text, inner) }
}

/// The same of a key without escapes, which stands in the text from one place to another.
#[inline(always)]
pub(super) fn plain_head(text: &str, (from, to): (usize, usize)) -> u64 {
    match text.as_bytes().get(from..from + 8) {
        Some(word) if word.is_ascii() => {
            let bytes = (to - from).min(8) as u32;
            let used = u64::MAX.checked_shl(64 - 8 * bytes).unwrap_or(0);
            text::load(word).swap_bytes() & used
        }
        _ => unusual_head(&text[from..to]),
    }
}

fn unusual_head(inner: &str) -> u64 {
    let mut name = [0; 8];
    let mut end = 0;
    for c in text::Pieces::new(inner).chars() {
        for &byte in c.encode_utf8(&mut [0; 4]).as_bytes() {
            if end < name.len() {
                name[end] = text::rank(byte);
                end += 1;
            }
        }
        if end == name.len() {
            break;
        }
    }
    u64::from_be_bytes(name)
}
