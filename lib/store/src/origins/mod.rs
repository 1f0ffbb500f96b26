//! Where what stands came from: an index of a whole store by event, node, register, link and sensor.
//!
//! ```text
//! <store>/cache/origins/lanes          which events it covers, lane by lane, and which tables hold its rows
//! <store>/cache/origins/<digest>       a table of rows, named by what it holds
//! ```
//!
//! A [row](rows) leads from a thing to an event that did something to it, with the event's effective time, the greatest
//! first: whoever asks what stands reads one row, however long the history. It lies in the cache and is never needed.
//!
//! - An event is named by its lane and where its line begins in all the lane's lines, which later commits do not change.
//! - What the index covers of a lane is bound as a snapshot is, by [`Covers`]; where the lane's manifest is the one that
//!   was read last, nothing else is looked at. Where it is not, the events behind are read, and a table of their rows
//!   is added; small tables are taken in by newer ones. A lane that does not hold what is covered, a table that is
//!   missing or damaged: all is made anew.
//! - Effective times hold until an event comes whose name was there already, or one that was named as a parent before it
//!   came and takes effect too late for that. Then the rows of its tile are made anew: its lanes get new numbers, and
//!   rows of old numbers say nothing.
//! - Of a store that is not trusted, cannot be written, or lacks some of what it names, it is made in memory.

mod build;
mod lanes;
mod rows;

use super::manifest::Entry;
use super::object::{Bytes, Found};
use super::read::Damage;
use super::sorted_table::{Damaged, NOTE, Row, SortedTable, print};
use super::{Error, LaneId, Store};
use crate::commit::Draft;
use foldhash::HashMap;
use lanes::Lanes;
use rayon::prelude::*;
use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;
use ulp_core::hash::{Blake3, Sha256};

pub use rows::{
    About, Doer, MAX_IDENTIFIER, Place, Start, is_after, middle, of_descending, place_of, rows_of, start_of,
};

/// Where the index lies, below the store.
const DIR: &str = "cache/origins";
/// Most rows of a table that others are taken into: 100 MiB.
const MOST: usize = 4 << 20;

/// The index of a store, open, and the events that it leads to.
pub struct Origins<'s> {
    store: &'s Store,
    lanes: Vec<LaneAt>,
    /// The place in `lanes` of a lane's number.
    numbers: HashMap<u32, usize>,
    tables: Vec<Table>,
    segments: RefCell<HashMap<Sha256, Arc<Bytes>>>,
    /// What could not be read while the index was made.
    pub damage: Vec<Damage>,
    /// What is known not to be here.
    pub absent: Vec<Damage>,
    /// The lanes' manifests, as the lines whose digest is a run's input.
    pub manifests: String,
}

/// A lane that is indexed.
struct LaneAt {
    id: LaneId,
    entries: RefCell<Option<Arc<Vec<Entry>>>>,
}

/// Rows in order: those of the cache, or in memory.
enum Table {
    Kept(SortedTable),
    Fresh(Vec<Row>),
}

impl Table {
    fn len(&self) -> usize {
        match self {
            Table::Kept(table) => table.len(),
            Table::Fresh(rows) => rows.len(),
        }
    }

    fn row(&self, at: usize) -> Result<Row, Damaged> {
        match self {
            Table::Kept(table) => table.row(at),
            Table::Fresh(rows) => Ok(rows[at]),
        }
    }

    fn lower_bound(&self, key: &[u8]) -> Result<usize, Damaged> {
        match self {
            Table::Kept(table) => table.lower_bound(key),
            Table::Fresh(rows) => Ok(rows.partition_point(|row| &row[..key.len()] < key)),
        }
    }
}

/// Why a look into the index came to nothing.
#[derive(Debug)]
pub enum Trouble {
    /// A table is damaged: the index is to be [forgotten](Origins::forget) and opened again.
    Damaged,
    Store(Error),
    /// An event is not where the store says.
    Lost(Box<Damage>),
}

impl From<Damaged> for Trouble {
    fn from(_: Damaged) -> Trouble {
        Trouble::Damaged
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Trouble {
        Trouble::Store(error)
    }
}

/// A line of a store, and where it lies.
pub struct Line {
    pub segment: Sha256,
    /// Its bytes in the segment, with the line end.
    pub range: Range<usize>,
    bytes: Arc<Bytes>,
}

impl Line {
    pub fn text(&self) -> &[u8] {
        &self.bytes[self.range.start..self.range.end - 1]
    }
}

/// What is read of every lane before anything else.
struct Seen {
    id: LaneId,
    manifest: Blake3,
}

impl<'s> Origins<'s> {
    /// Opens the index and adds what it does not cover.
    ///
    /// # Errors
    /// What the system says, and damage of what names the events of a lane.
    pub fn open(store: &'s Store) -> Result<Origins<'s>, Error> {
        let seen = see(store)?;
        // A table that another run replaced is gone: what that run wrote is read then.
        let kept = || {
            store.is_trusted().then(|| Lanes::read(store)).flatten().and_then(|lanes| {
                let tables = open_tables(store, &lanes)?;
                Some((lanes, tables))
            })
        };
        let (lanes, tables) = kept().or_else(kept).unwrap_or_default();
        build::bring_up(store, seen, lanes, tables)
    }

    /// Takes the index away, as it is damaged.
    pub fn forget(store: &Store) {
        if let Ok(Some(dir)) = store.root.at(DIR) {
            // What stays is found to be damaged again.
            let _ = dir.remove(lanes::NAME);
        }
    }

    /// The spaces that have lanes.
    pub fn spaces(&self) -> Vec<&str> {
        let mut spaces: Vec<&str> = self.lanes.iter().map(|lane| lane.id.space.as_str()).collect();
        spaces.dedup();
        spaces
    }

    /// Whether any lane is not for everyone.
    pub fn has_private(&self) -> bool {
        self.lanes.iter().any(|lane| !lane.id.lane.is_shared())
    }

    /// The lane of an event.
    pub fn lane(&self, place: Place) -> Option<&LaneId> {
        self.numbers.get(&place.lane()).map(|at| &self.lanes[*at].id)
    }

    /// Gives the middle and the place of each row that begins with `start`, in order, from the middle `from` on, to
    /// `each`, as long as that answers so. Rows of lanes that are no more are passed over.
    ///
    /// # Errors
    /// A table is damaged.
    pub fn scan(
        &self,
        start: Start,
        from: [u8; 8],
        each: &mut dyn FnMut([u8; 8], Place) -> bool,
    ) -> Result<(), Trouble> {
        let mut key = [0; 16];
        key[..8].copy_from_slice(&start);
        key[8..].copy_from_slice(&from);
        let mut heads: Vec<(Row, usize, usize)> = Vec::with_capacity(self.tables.len());
        let head = |table: usize, at: usize| -> Result<Option<Row>, Damaged> {
            let row = if at < self.tables[table].len() { Some(self.tables[table].row(at)?) } else { None };
            Ok(row.filter(|row| row[..8] == start))
        };
        for table in 0..self.tables.len() {
            let at = self.tables[table].lower_bound(&key)?;
            heads.extend(head(table, at)?.map(|row| (row, table, at)));
        }
        while let Some(least) = (0..heads.len()).min_by_key(|i| heads[*i].0) {
            let (row, table, at) = heads[least];
            match head(table, at + 1)? {
                Some(next) => heads[least] = (next, table, at + 1),
                None => drop(heads.swap_remove(least)),
            }
            let place = place_of(&row);
            if self.numbers.contains_key(&place.lane()) && !each(middle(&row), place) {
                break;
            }
        }
        Ok(())
    }

    /// The line of an event.
    ///
    /// # Errors
    /// What the system says; an event that is not where it should be.
    pub fn line(&self, place: Place) -> Result<Line, Trouble> {
        let Some(lane) = self.numbers.get(&place.lane()).map(|at| &self.lanes[*at]) else {
            return Err(Trouble::Damaged);
        };
        let entries = self.entries(lane)?;
        let (mut before, mut events) = (0, 0);
        for entry in entries.iter() {
            if place.offset() < before + entry.bytes {
                let range = events..events + entry.events;
                return self.line_in(lane, entry, range, place.offset() - before);
            }
            (before, events) = (before + entry.bytes, events + entry.events);
        }
        Err(Trouble::Damaged)
    }

    fn entries(&self, lane: &LaneAt) -> Result<Arc<Vec<Entry>>, Error> {
        if let Some(entries) = &*lane.entries.borrow() {
            return Ok(Arc::clone(entries));
        }
        let entries = match self.store.manifest(&lane.id)? {
            Some((manifest, _)) => self.store.entries(&manifest, None)?,
            None => Vec::new(),
        };
        let entries = Arc::new(entries);
        *lane.entries.borrow_mut() = Some(Arc::clone(&entries));
        Ok(entries)
    }

    fn line_in(
        &self,
        lane: &LaneAt,
        entry: &Entry,
        events: Range<u64>,
        offset: u64,
    ) -> Result<Line, Trouble> {
        let known = self.segments.borrow().get(&entry.hash).cloned();
        let bytes = match known {
            Some(bytes) => bytes,
            None => match self.store.object(&entry.hash, Some(entry.bytes))? {
                Found::Here(bytes) => {
                    let bytes = Arc::new(bytes);
                    self.segments.borrow_mut().insert(entry.hash, Arc::clone(&bytes));
                    bytes
                }
                _ => return Err(Trouble::Lost(Box::new(Damage::missing(&lane.id, entry, events)))),
            },
        };
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let rest = bytes.get(start..).unwrap_or_default();
        let is_line = start == 0 || bytes.get(start - 1) == Some(&b'\n');
        match memchr::memchr(b'\n', rest).filter(|_| is_line) {
            Some(length) => Ok(Line { segment: entry.hash, range: start..start + length + 1, bytes }),
            None => Err(Trouble::Damaged),
        }
    }
}

/// Every lane that has a manifest, with the digest of that.
fn see(store: &Store) -> Result<Vec<Seen>, Error> {
    let look = |id: LaneId| {
        let found = store.manifest_bytes(&id)?;
        Ok(found.map(|(bytes, _)| Seen { id, manifest: Blake3::of(&bytes) }))
    };
    let seen: Result<Vec<Option<Seen>>, Error> =
        store.lanes()?.into_par_iter().with_min_len(32).map(look).collect();
    Ok(seen?.into_iter().flatten().collect())
}

fn open_tables(store: &Store, lanes: &Lanes) -> Option<Vec<Table>> {
    let dir = store.root.at(DIR).ok()??;
    let open = |name: &Blake3| {
        let file = dir.file(&name.hex()).ok()??;
        let length = file.metadata().ok()?.len();
        let table: SortedTable = SortedTable::open(store.take_in(file, length).ok()?).ok()?;
        (table.note()[..32] == name.0).then_some(Table::Kept(table))
    };
    lanes.tables.iter().map(open).collect()
}

/// Writes a table of sorted rows, and answers its name.
fn keep(store: &Store, rows: &[Row]) -> Result<Blake3, Error> {
    let name = Blake3::of(rows.as_flattened());
    let mut note = [0; NOTE];
    note[..32].copy_from_slice(&name.0);
    store.hint(&Draft { dir: DIR.to_owned(), name: name.hex(), bytes: print(&note, rows) })?;
    Ok(name)
}

/// Removes the tables that no lane's rows are in any more.
fn sweep(store: &Store, lanes: &Lanes) {
    let Ok(Some(dir)) = store.root.at(DIR) else { return };
    let named: Vec<String> = lanes.tables.iter().map(Blake3::hex).collect();
    for (name, _) in dir.list().unwrap_or_default() {
        if Blake3::from_hex(&name).is_some() && !named.contains(&name) {
            // One that stays takes room, and does no other harm.
            let _ = dir.remove(&name);
        }
    }
}

/// The entries of a lane, its bytes and its events.
fn totals(entries: &[Entry]) -> (u64, u64) {
    entries.iter().fold((0, 0), |(bytes, events), e| (bytes + e.bytes, events + e.events))
}
