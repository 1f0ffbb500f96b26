//! Whether the keys of an object differ.
//!
//! Keys that ascend need no look at the ones before; the scan takes care of those. From the first key that does
//! not, an object of few members compares short hashes, and one of many asks a table with random keys, so that no
//! line, however made, costs more than its length.

use super::tape::Node;
use super::text;
use std::cmp::Ordering;
use std::collections::HashMap;

/// An object of more members uses the table.
const FEW: usize = 32;
/// A table with room for more keys is given back after the line.
const KEEP: usize = 1 << 14;

#[derive(Default)]
pub(super) struct Keys {
    /// One short hash a key of every open object that does not ascend, innermost last.
    hashes: Vec<u32>,
    /// Hash of object and key → the first key node with it.
    table: HashMap<u64, u32, ahash::RandomState>,
    scratch: String,
}

impl Keys {
    /// Forgets all, at the beginning of a line.
    pub fn clear(&mut self) {
        self.hashes.clear();
        if self.table.capacity() > KEEP {
            self.table = HashMap::default();
        } else if !self.table.is_empty() {
            self.table.clear();
        }
    }

    /// How many hashes there are: the base of the next object.
    pub fn base(&self) -> u32 {
        self.hashes.len() as u32
    }

    /// Forgets the hashes from `base` on: their object is closed.
    pub fn close(&mut self, base: u32) {
        self.hashes.truncate(base as usize);
    }

    /// Adds the key at node `key`, the newest of `object`, whose hashes begin at `base`: `false` if it is there.
    /// `nodes` ends with the key.
    #[inline]
    pub fn insert(&mut self, text: &str, nodes: &[Node], object: u32, base: u32, key: u32) -> bool {
        let known = self.hashes.len() - base as usize;
        if known > FEW {
            return self.insert_many(text, nodes, object, key);
        }
        let hash = self.hash(text, nodes[key as usize]);
        let seen = self.hashes[base as usize..].iter().fold(false, |seen, &h| seen | (h == hash));
        self.hashes.push(hash);
        if known == FEW {
            self.fill(text, nodes, object, key + 1);
        }
        !(seen && is_there(text, nodes, object, key))
    }

    /// Adds the keys that came before the first one out of order.
    pub fn catch_up(&mut self, text: &str, nodes: &[Node], object: u32, key: u32) {
        let base = self.hashes.len();
        for earlier in earlier(nodes, object, key) {
            let hash = self.hash(text, nodes[earlier as usize]);
            self.hashes.push(hash);
            if self.hashes.len() - base > FEW {
                return self.fill(text, nodes, object, key);
            }
        }
    }

    /// Puts all keys of `object` before node `end` into the table.
    fn fill(&mut self, text: &str, nodes: &[Node], object: u32, end: u32) {
        for key in earlier(nodes, object, end) {
            self.insert_many(text, nodes, object, key);
        }
    }

    fn insert_many(&mut self, text: &str, nodes: &[Node], object: u32, key: u32) -> bool {
        let node = nodes[key as usize];
        let name = name(text, node, &mut self.scratch);
        let hash = self.table.hasher().hash_one((object, name));
        match self.table.get(&hash) {
            // Another key of the same 64 bits stays out of the table, and is looked for the long way.
            Some(&first) if first != key => {
                !(same(text, nodes[first as usize], node) || is_there(text, nodes, object, key))
            }
            _ => {
                self.table.insert(hash, key);
                true
            }
        }
    }

    #[inline]
    fn hash(&mut self, text: &str, node: Node) -> u32 {
        let bytes = text.as_bytes();
        if node.escaped() {
            return short_hash(name(text, node, &mut self.scratch));
        }
        short_hash(&bytes[node.start as usize + 1..node.end as usize - 1])
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

/// Length, first and last bytes, mixed. Equal hashes are only a reason to look.
#[inline(always)]
fn short_hash(key: &[u8]) -> u32 {
    let (first, last) = match key.len() {
        n @ 8.. => (text::load(&key[..8]), text::load(&key[n - 8..])),
        n @ 4.. => (half(&key[..4]), half(&key[n - 4..])),
        n @ 1.. => (key[0] as u64, (key[n / 2] as u64) << 8 | key[n - 1] as u64),
        0 => (0, 0),
    };
    let mixed = (first ^ last.rotate_left(23) ^ key.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) as u32
}

#[inline(always)]
fn half(bytes: &[u8]) -> u64 {
    bytes.try_into().map_or(0, u32::from_le_bytes) as u64
}

/// The keys of `object` before `key`.
fn earlier(nodes: &[Node], object: u32, key: u32) -> impl Iterator<Item = u32> {
    let first = object + 1;
    let after = |&k: &u32| nodes.get(k as usize + 1).map(|value| value.next);
    std::iter::successors(Some(first), after).take_while(move |&k| k < key)
}

#[cold]
fn is_there(text: &str, nodes: &[Node], object: u32, key: u32) -> bool {
    earlier(nodes, object, key).any(|k| same(text, nodes[k as usize], nodes[key as usize]))
}

/// Whether two keys are the same text.
pub(super) fn same(text: &str, a: Node, b: Node) -> bool {
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
pub(super) fn order(text: &str, a: Node, b: Node) -> Ordering {
    if a.escaped() || b.escaped() {
        return text::escaped_order(a.inner(text), b.inner(text));
    }
    let bytes = text.as_bytes();
    let inner = |n: Node| &bytes[n.start as usize + 1..n.end as usize - 1];
    text::utf16_order(inner(a), inner(b))
}
