//! The effective times of a lane's events by name, as of the moment of a snapshot: a table of the cache.
//!
//! It belongs to one record, whose covers bind it to the events of its lane and of the looser ones.

use super::record::Record;
use crate::sorted_table::{self, Damaged, NOTE, Row, SortedTable};
use crate::{Error, LaneId, Store};
use ulp_core::id::Time;

/// The file of a lane's effective times in its directory of the cache.
pub const TIMES: &str = "times";

/// The effective times of a lane's events, by name: the greatest where several bear one.
#[derive(Debug)]
pub struct Times(SortedTable);

/// The part of a name's BLAKE3 that stands for it; nobody can make two names that share it.
fn name_key(name: &str) -> [u8; 16] {
    let mut key = [0; 16];
    key.copy_from_slice(&blake3::hash(name.as_bytes()).as_bytes()[..16]);
    key
}

impl Times {
    /// The time of a name, if the lane has it.
    pub fn find(&self, name: &str) -> Result<Option<Time>, Damaged> {
        Ok(self.0.find(&name_key(name))?.map(time_of))
    }

    /// The table of a record, from an older one and what came since.
    pub fn print<'n>(
        record: &Record,
        old: Option<&Times>,
        new: impl Iterator<Item = (&'n str, Time)>,
    ) -> Result<Vec<u8>, Damaged> {
        let mut rows = old.map_or(Ok(Vec::new()), |old| old.0.rows())?;
        rows.extend(new.map(|(name, time)| row(&name_key(name), time)));
        // Of equal names the latest comes first, and stays. The old rows are sorted, and a stable sort makes use of
        // that.
        rows.sort_by(|a, b| a[..16].cmp(&b[..16]).then_with(|| time_of(*b).cmp(&time_of(*a))));
        rows.dedup_by(|later, first| later[..16] == first[..16]);
        Ok(sorted_table::print(&note(record), &rows))
    }
}

/// What the table says of the record it belongs to.
fn note(record: &Record) -> sorted_table::Note {
    let mut note = [0; NOTE];
    note[..32].copy_from_slice(blake3::hash(&record.print()).as_bytes());
    note
}

fn row(key: &[u8; 16], time: Time) -> Row {
    let mut row = [0; sorted_table::ENTRY];
    row[..16].copy_from_slice(key);
    row[16..].copy_from_slice(&time.0.to_le_bytes());
    row
}

fn time_of(row: Row) -> Time {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&row[16..]);
    Time(i64::from_le_bytes(bytes))
}

impl Store {
    /// The effective times that belong to a record, if the cache has them.
    pub fn times(&self, lane: &LaneId, record: &Record) -> Result<Option<Times>, Error> {
        let Some(dir) = self.root.at(&lane.cache_dir())? else { return Ok(None) };
        let Some(file) = dir.file(TIMES)? else { return Ok(None) };
        let path = dir.path().join(TIMES);
        let length = file.metadata().map_err(|e| Error::io(&path, e))?.len();
        let bytes = self.take_in(file, length).map_err(|e| Error::io(&path, e))?;
        let table = SortedTable::open(bytes).ok().filter(|t| *t.note() == note(record));
        Ok(table.map(Times))
    }
}
