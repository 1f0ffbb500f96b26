//! The nodes of a lane, with their registers in one list: a node's are a chain in it.
//!
//! A tile has thousands of nodes of a dozen registers each. In one list they are laid down as they are first written,
//! nothing is moved as a node grows, and all of it is given back at once.

use super::{INDEXED, Map, Node, Registers, Written, is_greater};
use crate::event::{Register, Sets};
use crate::id::Key;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use std::hash::BuildHasher as _;

/// No register: the end of a chain.
const NONE: u32 = u32::MAX;

/// The nodes of a lane by name.
#[derive(Clone, Debug, Default)]
pub struct Nodes<'a> {
    numbers: HashTable<u32>,
    hasher: RandomState,
    list: Vec<Slot<'a>>,
    registers: Vec<Held<'a>>,
    /// Where the registers stand of a node that has many.
    indexes: Map<u32, Map<Register<'a>, u32>>,
}

/// A node.
#[derive(Clone, Copy, Debug)]
struct Slot<'a> {
    name: &'a str,
    created: Option<Key<'a>>,
    deleted: Option<Key<'a>>,
    /// Its registers: how many, the first and the last.
    count: u32,
    first: u32,
    last: u32,
}

/// A register, and where the next one of its node is.
#[derive(Clone, Copy, Debug)]
struct Held<'a> {
    written: Written<'a>,
    next: u32,
}

/// What a lane knows of one of its nodes.
#[derive(Clone, Copy)]
pub struct NodeRef<'s, 'a> {
    nodes: &'s Nodes<'a>,
    slot: &'s Slot<'a>,
}

impl<'a> Nodes<'a> {
    /// Marks a node as created.
    pub fn create(&mut self, name: &'a str, key: Key<'a>) {
        let node = self.node(name);
        node.created = node.created.max(Some(key));
    }

    /// Marks a node as deleted, for good.
    pub fn delete(&mut self, name: &'a str, key: Key<'a>) {
        let node = self.node(name);
        node.deleted = node.deleted.max(Some(key));
    }

    /// Writes registers of a node under one key. Answers whether the write came after the node was deleted.
    pub fn set(&mut self, name: &'a str, key: Key<'a>, sets: Sets<'a>) -> bool {
        if sets.is_empty() {
            return false;
        }
        let number = self.number(name);
        if let Some(deleted) = self.list[number as usize].deleted {
            // A deleted node's line says nothing of its registers: none is kept.
            return key > deleted;
        }
        sets.give(|set| self.take(number, Written { register: set.register, key, value: set.value }));
        false
    }

    /// Writes a register of a node. Answers whether the write came after the node was deleted.
    pub fn write(&mut self, name: &'a str, written: Written<'a>) -> bool {
        let number = self.number(name);
        match self.list[number as usize].deleted {
            Some(deleted) => written.key > deleted,
            None => {
                self.take(number, written);
                false
            }
        }
    }

    /// Joins what a state line says of a node.
    pub fn join(
        &mut self,
        name: &'a str,
        (created, deleted): (Option<Key<'a>>, Option<Key<'a>>),
        registers: &[Written<'a>],
    ) {
        let number = self.number(name);
        let node = &mut self.list[number as usize];
        node.created = node.created.max(created);
        node.deleted = node.deleted.max(deleted);
        registers.iter().for_each(|written| self.take(number, *written));
    }

    pub fn len(&self) -> usize {
        self.list.len()
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The names, in no order.
    pub fn names(&self) -> impl Iterator<Item = &'a str> {
        self.list.iter().map(|slot| slot.name)
    }

    /// The nodes, in no order.
    pub fn iter(&self) -> impl Iterator<Item = NodeRef<'_, 'a>> {
        self.list.iter().map(|slot| NodeRef { nodes: self, slot })
    }

    pub fn get(&self, name: &str) -> Option<NodeRef<'_, 'a>> {
        let same = |number: &u32| self.list[*number as usize].name == name;
        let number = self.numbers.find(self.hasher.hash_one(name), same)?;
        Some(NodeRef { nodes: self, slot: &self.list[*number as usize] })
    }

    fn node(&mut self, name: &'a str) -> &mut Slot<'a> {
        let number = self.number(name);
        &mut self.list[number as usize]
    }

    fn number(&mut self, name: &'a str) -> u32 {
        let Nodes { numbers, hasher, list, .. } = self;
        let same = |number: &u32| list[*number as usize].name == name;
        let hash = |number: &u32| hasher.hash_one(list[*number as usize].name);
        match numbers.entry(hasher.hash_one(name), same, hash) {
            Entry::Occupied(slot) => *slot.get(),
            Entry::Vacant(slot) => {
                let number = narrow(list.len());
                slot.insert(number);
                let (created, deleted) = (None, None);
                list.push(Slot { name, created, deleted, count: 0, first: NONE, last: NONE });
                number
            }
        }
    }

    /// Takes a write where it is the greater: by key, then by canonical value.
    fn take(&mut self, number: u32, written: Written<'a>) {
        match self.find(number, written.register) {
            Some(at) => {
                let old = &mut self.registers[at as usize].written;
                if is_greater(written.key, written.value, old.key, old.value) {
                    *old = written;
                }
            }
            None => self.add(number, written),
        }
    }

    #[inline]
    fn find(&self, number: u32, register: Register<'_>) -> Option<u32> {
        let slot = &self.list[number as usize];
        if slot.count as usize >= INDEXED {
            return self.indexes.get(&number)?.get(&register).copied();
        }
        let mut at = slot.first;
        while let Some(held) = self.registers.get(at as usize) {
            if held.written.register.is(register) {
                return Some(at);
            }
            at = held.next;
        }
        None
    }

    fn add(&mut self, number: u32, written: Written<'a>) {
        let at = narrow(self.registers.len());
        self.registers.push(Held { written, next: NONE });
        let slot = &mut self.list[number as usize];
        match self.registers.get_mut(slot.last as usize) {
            Some(last) => last.next = at,
            None => slot.first = at,
        }
        slot.last = at;
        slot.count += 1;
        if slot.count as usize >= INDEXED {
            self.index(number, (written.register, at));
        }
    }

    /// Enters a register into the index of its node; with the first one all before it.
    fn index(&mut self, number: u32, (register, at): (Register<'a>, u32)) {
        let Nodes { list, registers, indexes, .. } = self;
        let index = indexes.entry(number).or_insert_with(|| {
            let first = Some(list[number as usize].first);
            let next = |at: &u32| Some(registers[*at as usize].next).filter(|next| *next != NONE);
            std::iter::successors(first, next)
                .map(|at| (registers[at as usize].written.register, at))
                .collect()
        });
        index.insert(register, at);
    }
}

impl<'s, 'a> NodeRef<'s, 'a> {
    pub fn name(self) -> &'a str {
        self.slot.name
    }

    pub fn created(self) -> Option<Key<'a>> {
        self.slot.created
    }

    pub fn deleted(self) -> Option<Key<'a>> {
        self.slot.deleted
    }

    /// Whether anything is known of it but its name.
    pub fn is_known(self) -> bool {
        self.slot.created.is_some() || self.slot.deleted.is_some() || self.slot.count > 0
    }

    /// Its registers, in no order.
    pub fn registers(self) -> impl Iterator<Item = &'s Written<'a>> {
        let held = |at: u32| self.nodes.registers.get(at as usize);
        std::iter::successors(held(self.slot.first), move |last| held(last.next)).map(|held| &held.written)
    }

    /// The node on its own.
    pub fn alone(self) -> Node<'a> {
        let Slot { created, deleted, count, .. } = *self.slot;
        Node { created, deleted, registers: Registers::of(self.registers().copied(), count as usize) }
    }
}

fn narrow(i: usize) -> u32 {
    u32::try_from(i).ok().filter(|i| *i != NONE).expect("because nodes and registers are counted in 32 bits")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Time;
    use crate::state::sort_by_name;

    /// What a node's registers are held against: those of [`Registers`], as many as make an index, and fewer.
    #[test]
    fn a_chain_holds_what_registers_hold() {
        let names: Vec<String> = (0..3 * INDEXED).map(|i| format!("k{i}")).collect();
        let (mut nodes, mut plain) = (Nodes::default(), [Registers::default(), Registers::default()]);
        for (i, at) in (0..500_i64).zip((0..500).map(|i| i * 31 % 97)) {
            let few = i % 2 == 0;
            let most = if few { INDEXED / 2 } else { names.len() };
            let register = Register::property(&names[at % most]);
            let written = Written { register, key: Key { eff: Time(i * 17 % 50), id: "e" }, value: "1" };
            nodes.write(if few { "few" } else { "many" }, written);
            plain[usize::from(!few)].write(written);
        }
        for (name, plain) in ["few", "many"].into_iter().zip(&plain) {
            let node = nodes.get(name).unwrap();
            let text = |mut list: Vec<&Written<'_>>| {
                sort_by_name(&mut list);
                format!("{list:?}")
            };
            assert_eq!(text(node.registers().collect()), text(plain.iter().collect()));
            assert_eq!(text(node.alone().registers.iter().collect()), text(plain.iter().collect()));
            assert!(node.alone().registers.get(Register::property("k1")).is_some());
        }
        assert!(nodes.get("none").is_none() && nodes.len() == 2);
    }
}
