//! The rows of the events that a run takes in, of one tile and all its lanes: what no lane of the store says yet.

use super::Row;
use super::lane::{Tag, prefix_of};
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry as Slot;
use std::hash::BuildHasher as _;
use ulp_core::id::Lane;

/// Rows by the start of their keys.
#[derive(Debug, Default)]
pub struct Memtable {
    /// Of all rows that begin alike, the newest.
    heads: HashTable<u32>,
    rows: Vec<Entry>,
    /// Seeded, as names come from strangers.
    hasher: RandomState,
}

#[derive(Debug)]
struct Entry {
    row: Row,
    lane: Lane,
    /// The row before it that begins as it does; its own place where there is none.
    older: u32,
}

impl Memtable {
    /// Takes in a row. Of a node, each way in which a lane knows it is kept once.
    pub fn add(&mut self, lane: Lane, row: Row) {
        let Ok(place) = u32::try_from(self.rows.len()) else { return };
        let Memtable { heads, rows, hasher } = self;
        let start = prefix_of(&row);
        let hash = |start: [u8; 9]| hasher.hash_one(start);
        let is_same = |at: &u32| prefix_of(&rows[*at as usize].row) == start;
        let older = match heads.entry(hash(start), is_same, |at| hash(prefix_of(&rows[*at as usize].row))) {
            Slot::Occupied(mut head) => {
                let is_node = row[8] == Tag::Node as u8;
                if is_node && chain(rows, *head.get()).any(|e| e.lane == lane && e.row == row) {
                    return;
                }
                std::mem::replace(head.get_mut(), place)
            }
            Slot::Vacant(slot) => {
                slot.insert(place);
                place
            }
        };
        self.rows.push(Entry { row, lane, older });
    }

    /// Calls `each` with the lane of every row that begins with `key`, of at least nine bytes, and what the row says.
    pub fn each(&self, key: &[u8], mut each: impl FnMut(Lane, [u8; 8])) {
        let mut start = [0; 9];
        start.copy_from_slice(&key[..9]);
        let is_same = |at: &u32| prefix_of(&self.rows[*at as usize].row) == start;
        let Some(head) = self.heads.find(self.hasher.hash_one(start), is_same) else { return };
        for entry in chain(&self.rows, *head).filter(|e| e.row.starts_with(key)) {
            let mut value = [0; 8];
            value.copy_from_slice(&entry.row[16..]);
            each(entry.lane, value);
        }
    }
}

fn chain(rows: &[Entry], head: u32) -> impl Iterator<Item = &Entry> {
    let mut next = Some(head);
    std::iter::from_fn(move || {
        let at = next?;
        let entry = &rows[at as usize];
        next = (entry.older != at).then_some(entry.older);
        Some(entry)
    })
}
