//! What outlives the lines but is not packed: what state lines say, and what unusual events do, copied out of the text
//! they were read from.
//!
//! Text is read in blocks that are used again, and what borrowed from its line would hold the whole of it.

use crate::event::{Ends, Link, Payload, Primitive, Register, Sensor, Set, Sets, Unlink};
use crate::id::Key;
use crate::state::line::Body;
use crate::state::{Add, Reading, Written};
use bumpalo::Bump;

/// How many texts are remembered; a power of two.
const SEEN: usize = 1 << SEEN_BITS;
const SEEN_BITS: u32 = 9;
/// Longer texts are hardly ever the same as one before.
const SHORT: usize = 40;

/// Copies into an arena. Names and words come again and again: the last few are remembered, and lent out anew.
pub struct Interner<'a> {
    arena: &'a Bump,
    seen: Box<[&'a str]>,
}

impl<'a> Interner<'a> {
    pub fn new(arena: &'a Bump) -> Interner<'a> {
        Interner { arena, seen: vec![""; SEEN].into_boxed_slice() }
    }

    /// A text that may well have been kept before.
    pub fn text(&mut self, text: &str) -> &'a str {
        if text.len() > SHORT {
            return self.arena.alloc_str(text);
        }
        let slot = &mut self.seen[slot(text.as_bytes())];
        if *slot != text {
            *slot = self.arena.alloc_str(text);
        }
        slot
    }

    pub fn texts(&mut self, texts: &[&str]) -> &'a [&'a str] {
        self.list(texts, |interner, text| interner.text(text))
    }

    fn list<T, U>(&mut self, items: &[T], mut keep: impl FnMut(&mut Self, &T) -> U) -> &'a [U] {
        if items.is_empty() {
            return &[];
        }
        self.arena.alloc_slice_fill_with(items.len(), |i| keep(self, &items[i]))
    }

    /// A JSON value. Numbers and lists of them hardly ever come again.
    fn raw(&mut self, raw: &str) -> &'a str {
        if raw.starts_with('"') { self.text(raw) } else { self.arena.alloc_str(raw) }
    }

    fn register(&mut self, register: Register<'_>) -> Register<'a> {
        let key = if register.kind.is_keyed() { self.text(register.key) } else { "" };
        Register { kind: register.kind, key }
    }

    fn sets<'s>(&mut self, sets: impl IntoIterator<Item = Set<'s>>) -> &'a [Set<'a>] {
        let keep = |set: Set<'_>| Set { register: self.register(set.register), value: self.raw(set.value) };
        let kept: Vec<Set<'a>> = sets.into_iter().map(keep).collect();
        self.arena.alloc_slice_copy(&kept)
    }

    fn ends(&mut self, ends: Ends<'_>) -> Ends<'a> {
        Ends { from: self.text(ends.from), relation: self.text(ends.relation), to: self.text(ends.to) }
    }

    fn key(&mut self, key: Key<'_>) -> Key<'a> {
        Key { eff: key.eff, id: self.text(key.id) }
    }

    fn sensor(&mut self, sensor: &Sensor<'_>) -> Sensor<'a> {
        Sensor {
            actor: self.text(sensor.actor),
            sensor: self.text(sensor.sensor),
            layer: self.text(sensor.layer),
            timestamp: self.text(sensor.timestamp),
            value: self.raw(sensor.value),
            unit: sensor.unit.map(|u| self.raw(u)),
            node: sensor.node.map(|n| self.raw(n)),
            position: sensor.position.map(|p| self.raw(p)),
        }
    }

    /// What an event does.
    pub fn payload(&mut self, payload: &Payload<'_>) -> Payload<'a> {
        match payload {
            Payload::Create { node, sets } => {
                Payload::Create { node: self.text(node), sets: Sets::Plain(self.sets(sets.iter())) }
            }
            Payload::Set { node, sets } => {
                Payload::Set { node: self.text(node), sets: Sets::Plain(self.sets(sets.iter())) }
            }
            Payload::Step { updates } => Payload::Step {
                updates: self.list(updates, |interner, (node, sets)| {
                    (interner.text(node), interner.sets(sets.iter().copied()))
                }),
            },
            Payload::Delete { node } => Payload::Delete { node: self.text(node) },
            Payload::Link(link) => {
                let properties = link.properties.map(|p| self.raw(p));
                Payload::Link(self.arena.alloc(Link { ends: self.ends(link.ends), properties }))
            }
            Payload::Unlink(unlink) => {
                let observed = unlink.observed.map(|tags| self.texts(tags));
                Payload::Unlink(self.arena.alloc(Unlink { ends: self.ends(unlink.ends), observed }))
            }
            Payload::Merge { node, absorbs } => Payload::Merge {
                node: node.map(|(name, raw)| (self.text(name), self.raw(raw))),
                absorbs: self.texts(absorbs),
            },
            Payload::Sensor(sensor) => Payload::Sensor(self.arena.alloc(self.sensor(sensor))),
            Payload::Macro(list) => Payload::Macro(self.list(list, |interner, primitive| Primitive {
                suffix: interner.text(primitive.suffix),
                operation: interner.text(primitive.operation),
                payload: interner.payload(&primitive.payload),
            })),
            Payload::Unknown => Payload::Unknown,
        }
    }

    /// What a state line says.
    pub fn body(&mut self, body: &Body<'_>) -> Body<'a> {
        match body {
            Body::Tile { recent } => {
                Body::Tile { recent: self.list(recent, |interner, key| interner.key(*key)) }
            }
            Body::Node { node, created, deleted, registers } => Body::Node {
                node: self.text(node),
                created: created.map(|key| self.key(key)),
                deleted: deleted.map(|key| self.key(key)),
                registers: self.list(registers, |interner, written| Written {
                    register: interner.register(written.register),
                    key: interner.key(written.key),
                    value: interner.raw(written.value),
                }),
            },
            Body::Link { ends, adds, removed, removed_before } => Body::Link {
                ends: self.ends(*ends),
                adds: self.list(adds, |interner, (tag, add)| {
                    let properties = add.properties.map(|p| interner.raw(p));
                    (interner.text(tag), Add { key: interner.key(add.key), properties })
                }),
                removed: self.texts(removed),
                removed_before: removed_before.map(|key| self.key(key)),
            },
            Body::Sensor(reading) => {
                Body::Sensor(Reading { key: self.key(reading.key), sensor: self.sensor(&reading.sensor) })
            }
        }
    }
}

/// Where a text is remembered, from its length, first and last bytes: a clash only costs a copy.
fn slot(text: &[u8]) -> usize {
    let word = |at: usize| text.get(at..at + 8).and_then(|w| w.try_into().ok()).map(u64::from_le_bytes);
    let (first, last) = match text.len().checked_sub(8) {
        Some(tail) => (word(0).unwrap_or(0), word(tail).unwrap_or(0)),
        None => (0, text.iter().fold(0, |word, byte| word << 8 | u64::from(*byte))),
    };
    let mixed = (first ^ last.rotate_left(23) ^ text.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> (64 - SEEN_BITS)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_kept_as_they_are_whatever_was_kept_before() {
        let arena = Bump::new();
        let mut interner = Interner::new(&arena);
        let texts: Vec<String> = (0..5_000).map(|i| "é".repeat(i % 23) + &(i % 700).to_string()).collect();
        let kept: Vec<&str> = texts.iter().map(|t| interner.text(t)).collect();
        assert!(texts.iter().zip(kept).all(|(a, b)| a == b) && interner.text("").is_empty());
    }
}
