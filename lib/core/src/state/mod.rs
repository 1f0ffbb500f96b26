//! The state: what the events of a lane derive to, as a join.
//!
//! Every part is a maximum over order keys or a union, so that joining is associative, commutative and idempotent:
//! tiles, segments, cores and machines may each derive a part, in any order, with any repetition. Values are carried
//! in their canonical form; deriving does no arithmetic. Page "3. Order and state".

pub mod apply;
pub mod line;
mod nodes;
mod print;
pub mod untouched;

pub use nodes::{NodeRef, Nodes};
pub use print::{LAST, sort_by_name, write_key, write_registers, write_transform};

use crate::event::{Ends, Register, Sensor};
use crate::id::Key;
use foldhash::fast::RandomState;
use line::Body;
use std::cmp::Ordering;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};

/// Maps and sets of names. Strangers choose the names, so the hash is keyed at random; a small one without special
/// instructions is the fastest for texts as short as ids.
pub type Map<K, V> = HashMap<K, V, RandomState>;
type Names<K> = HashSet<K, RandomState>;

/// How many of a lane's order keys `recent` keeps.
pub const RECENT: usize = 64;

/// The state of one lane.
#[derive(Clone, Debug, Default)]
pub struct LaneState<'a> {
    pub recent: Recent<'a>,
    pub nodes: Nodes<'a>,
    pub links: Map<Ends<'a>, Links<'a>>,
    /// By actor and sensor.
    pub sensors: Map<(&'a str, &'a str), Reading<'a>>,
}

/// A node's marks and registers.
#[derive(Clone, Debug, Default)]
pub struct Node<'a> {
    pub created: Option<Key<'a>>,
    pub deleted: Option<Key<'a>>,
    pub registers: Registers<'a>,
}

/// One register's winning write: canonical JSON under its key.
#[derive(Clone, Copy, Debug)]
pub struct Written<'a> {
    pub register: Register<'a>,
    pub key: Key<'a>,
    pub value: &'a str,
}

impl<'a> Written<'a> {
    /// The register's own key and the value, as a member of an object.
    pub fn member(&self) -> (&'a str, &'a str) {
        (self.register.key, self.value)
    }
}

/// The registers of a node. Most nodes have a dozen, which a scan finds fastest; an index comes with the many.
#[derive(Clone, Debug, Default)]
pub struct Registers<'a> {
    list: Vec<Written<'a>>,
    index: Option<Box<Map<Register<'a>, usize>>>,
}

/// From this many registers on, a node's registers are found through an index.
const INDEXED: usize = 24;

impl<'a> Registers<'a> {
    /// As many registers as are said, each of which comes once.
    fn of(written: impl Iterator<Item = Written<'a>>, count: usize) -> Registers<'a> {
        let mut list = Vec::with_capacity(count);
        list.extend(written);
        let mut registers = Registers { list, index: None };
        if count >= INDEXED {
            registers.index();
        }
        registers
    }

    /// Takes a write where it is the greater: by key, then by canonical value.
    pub fn write(&mut self, written: Written<'a>) {
        match self.position(written.register) {
            Some(at) => {
                let old = &mut self.list[at];
                if is_greater(written.key, written.value, old.key, old.value) {
                    *old = written;
                }
            }
            None => {
                self.list.push(written);
                if let Some(index) = &mut self.index {
                    index.insert(written.register, self.list.len() - 1);
                } else if self.list.len() >= INDEXED {
                    self.index();
                }
            }
        }
    }

    fn index(&mut self) {
        self.index = Some(Box::new(self.list.iter().enumerate().map(|(i, w)| (w.register, i)).collect()));
    }

    /// The winning write of a register.
    pub fn get(&self, register: Register<'_>) -> Option<&Written<'a>> {
        self.position(register).map(|at| &self.list[at])
    }

    /// Every register that was ever written, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Written<'a>> {
        self.list.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Forgets the registers that are not wanted.
    pub fn retain(&mut self, wanted: impl Fn(Register<'a>) -> bool) {
        let list = std::mem::take(self).list;
        list.into_iter().filter(|w| wanted(w.register)).for_each(|w| self.write(w));
    }

    fn position(&self, register: Register<'_>) -> Option<usize> {
        match &self.index {
            Some(index) => index.get(&register).copied(),
            // Few registers have keys; those of the others are never looked at.
            None => self.list.iter().position(|w| w.register.is(register)),
        }
    }
}

/// Whether one write beats another: the greater key, and of equal keys the greater canonical value as bytes.
pub fn is_greater(key: Key<'_>, value: &str, old_key: Key<'_>, old_value: &str) -> bool {
    match key.cmp(&old_key) {
        Ordering::Equal => value > old_value,
        order => order == Ordering::Greater,
    }
}

/// The links between two nodes by one relation: an OR-Set of tags.
#[derive(Clone, Debug, Default)]
pub struct Links<'a> {
    /// Tags that were added, with their key and properties; those that were removed are still among them until
    /// [`Links::standing`] leaves them out, for a removal may come before its add.
    adds: Map<&'a str, Add<'a>>,
    removed: Names<&'a str>,
    removed_before: Option<Key<'a>>,
}

/// One tag of a link.
#[derive(Clone, Copy, Debug)]
pub struct Add<'a> {
    pub key: Key<'a>,
    /// Canonical JSON, where they are neither null nor empty.
    pub properties: Option<&'a str>,
}

impl<'a> Links<'a> {
    pub fn add(&mut self, tag: &'a str, add: Add<'a>) {
        match self.adds.entry(tag) {
            Entry::Vacant(slot) => {
                slot.insert(add);
            }
            Entry::Occupied(mut slot) => {
                let old = *slot.get();
                let text = |a: Add<'a>| a.properties.unwrap_or("");
                let greater = match add.key.cmp(&old.key) {
                    // No properties are less than any.
                    Ordering::Equal if old.properties.is_none() || add.properties.is_none() => {
                        add.properties.is_some()
                    }
                    _ => is_greater(add.key, text(add), old.key, text(old)),
                };
                if greater {
                    slot.insert(add);
                }
            }
        }
    }

    /// Removes exactly this tag, whether it is known already or not.
    pub fn remove(&mut self, tag: &'a str) {
        self.removed.insert(tag);
    }

    /// Removes every add whose key is smaller.
    pub fn remove_before(&mut self, key: Key<'a>) {
        self.removed_before = self.removed_before.max(Some(key));
    }

    /// The tags that stand, by tag.
    pub fn standing(&self) -> Vec<(&'a str, Add<'a>)> {
        let stands = |tag: &str, add: &Add<'_>| {
            !self.removed.contains(tag) && self.removed_before.is_none_or(|before| add.key >= before)
        };
        let mut tags: Vec<_> =
            self.adds.iter().filter(|(tag, add)| stands(tag, add)).map(|(tag, add)| (*tag, *add)).collect();
        tags.sort_unstable_by_key(|(tag, _)| *tag);
        tags
    }

    /// Every tag that was ever removed, sorted.
    pub fn removed(&self) -> Vec<&'a str> {
        let mut tags: Vec<_> = self.removed.iter().copied().collect();
        tags.sort_unstable();
        tags
    }

    pub fn removed_before(&self) -> Option<Key<'a>> {
        self.removed_before
    }

    /// The standing tag with the greatest key.
    pub fn greatest(&self) -> Option<Add<'a>> {
        self.standing().into_iter().map(|(_, add)| add).max_by_key(|add| add.key)
    }

    /// The same tags without what the links say of themselves.
    pub fn without_properties(mut self) -> Links<'a> {
        self.adds.values_mut().for_each(|add| add.properties = None);
        self
    }

    /// Joins what another lane or part knows of the same link.
    pub fn join(&mut self, other: &Links<'a>) {
        for (tag, add) in &other.adds {
            self.add(tag, *add);
        }
        self.removed.extend(&other.removed);
        self.removed_before = self.removed_before.max(other.removed_before);
    }
}

/// The latest value of a sensor.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    pub key: Key<'a>,
    pub sensor: Sensor<'a>,
}

impl<'a> Reading<'a> {
    /// Whether this reading beats another of the same sensor.
    pub fn is_greater_than(&self, other: &Reading<'a>) -> bool {
        match self.key.cmp(&other.key) {
            Ordering::Equal => print::reading_value(&self.sensor) > print::reading_value(&other.sensor),
            order => order == Ordering::Greater,
        }
    }
}

/// The greatest order keys of a lane, at most [`RECENT`], each once.
#[derive(Clone, Debug, Default)]
pub struct Recent<'a> {
    /// Ascending.
    keys: VecDeque<Key<'a>>,
}

impl<'a> Recent<'a> {
    pub fn insert(&mut self, key: Key<'a>) {
        if self.keys.len() == RECENT && key < self.keys[0] {
            return;
        }
        // Keys mostly come in order: the end is looked at first.
        let mut at = self.keys.len();
        while at > 0 && self.keys[at - 1] > key {
            at -= 1;
        }
        if at > 0 && self.keys[at - 1] == key || at == 0 && self.keys.len() == RECENT {
            return;
        }
        self.keys.insert(at, key);
        if self.keys.len() > RECENT {
            self.keys.pop_front();
        }
    }

    /// The keys, the greatest first.
    pub fn iter(&self) -> impl Iterator<Item = Key<'a>> {
        self.keys.iter().rev().copied()
    }
}

impl<'a> LaneState<'a> {
    /// Takes a reading where it is the latest of its sensor.
    pub fn read_sensor(&mut self, reading: Reading<'a>) {
        match self.sensors.entry((reading.sensor.actor, reading.sensor.sensor)) {
            Entry::Vacant(slot) => {
                slot.insert(reading);
            }
            Entry::Occupied(mut slot) => {
                if reading.is_greater_than(slot.get()) {
                    slot.insert(reading);
                }
            }
        }
    }

    /// Joins one state line of this lane.
    pub fn join_line(&mut self, body: &Body<'a>) {
        match body {
            Body::Tile { recent } => recent.iter().for_each(|key| self.recent.insert(*key)),
            Body::Node { node, created, deleted, registers } => {
                self.nodes.join(node, (*created, *deleted), registers);
            }
            Body::Link { ends, adds, removed, removed_before } => {
                let links = self.links.entry(*ends).or_default();
                adds.iter().for_each(|(tag, add)| links.add(tag, *add));
                removed.iter().for_each(|tag| links.remove(tag));
                links.removed_before = links.removed_before.max(*removed_before);
            }
            Body::Sensor(reading) => self.read_sensor(*reading),
        }
    }
}
