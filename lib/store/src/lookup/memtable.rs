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
    /// The lines of what was done to links.
    lines: Vec<Box<[u8]>>,
}

#[derive(Debug)]
struct Entry {
    row: Row,
    lane: Lane,
    /// When its event was taken in.
    ticket: u32,
    /// The row before it that begins as it does; its own place where there is none.
    older: u32,
}

impl Memtable {
    /// Takes in a row of the event under a ticket. Of a node, each way in which a lane knows it is kept once.
    pub fn add(&mut self, lane: Lane, ticket: u64, row: Row) {
        let Ok(place) = u32::try_from(self.rows.len()) else { return };
        let Memtable { heads, rows, hasher, .. } = self;
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
        self.rows.push(Entry { row, lane, ticket: clamp(ticket), older });
    }

    /// Keeps the line of an event that did something to links; answers its number.
    pub fn keep(&mut self, line: &[u8]) -> u32 {
        self.lines.push(line.into());
        u32::try_from(self.lines.len() - 1).unwrap_or(u32::MAX)
    }

    /// The line that was kept under a number.
    pub fn line(&self, number: usize) -> Option<&[u8]> {
        self.lines.get(number).map(|line| &line[..])
    }

    /// Calls `each` with the lane of every row that begins with `key`, of at least nine bytes, and what the row says, if
    /// it is of an event before a ticket.
    pub fn each(&self, key: &[u8], before: u64, mut each: impl FnMut(Lane, [u8; 8])) {
        let before = clamp(before);
        let mut start = [0; 9];
        start.copy_from_slice(&key[..9]);
        let is_same = |at: &u32| prefix_of(&self.rows[*at as usize].row) == start;
        let Some(head) = self.heads.find(self.hasher.hash_one(start), is_same) else { return };
        for entry in chain(&self.rows, *head).filter(|e| e.ticket < before && e.row.starts_with(key)) {
            let mut value = [0; 8];
            value.copy_from_slice(&entry.row[16..]);
            each(entry.lane, value);
        }
    }
}

/// Tickets beyond 32 bits would be those of terabytes, of which no rows fit the memory.
fn clamp(ticket: u64) -> u32 {
    u32::try_from(ticket).unwrap_or(u32::MAX)
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
