//! Snapshots: a lane's state lines as an object, and a record of what they have seen.
//!
//! ```text
//! snapshots/<root hex>.json
//! {"derivation":1,"events":{"public.public":7,"team.public":9},"missing":["evt-4"],"root":"blake3:…",
//!  "snapshot":"sha256:…","v":1}
//! ```
//!
//! `events` counts, in the order of acceptance, what it has seen of its own lane and of each looser one of its tile;
//! `missing` are the parents that those events name and no lane as loose holds, or null where they are too many.
//! Beside it the cache holds a table of the effective times of the lane's events, by name, as of the same moment.

use crate::manifest::{self, VERSION, hash};
use crate::object::{Bytes, Found};
use crate::sorted_table::{self, Damaged, NOTE, Row, SortedTable};
use crate::{Error, LaneId, Store};
use std::collections::{BTreeMap, BTreeSet};
use ulp_core::hash::{Blake3, Sha256};
use ulp_core::id::{Lane, Time};
use ulp_core::json::write::Members;
use ulp_core::json::{Kind, Value};

/// Raised with each rule that changes what state is derived.
pub const DERIVATION: i64 = 1;
/// More missing parents than this are not listed.
pub const MOST_MISSING: usize = 1024;
/// The directory of a lane's records.
pub const SNAPSHOTS: &str = "snapshots";

/// What a snapshot has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub object: Sha256,
    pub root: Blake3,
    /// Of its own lane and each looser one, how many events.
    pub events: BTreeMap<Lane, u64>,
    /// Nothing where they are too many to list.
    pub missing: Option<BTreeSet<String>>,
}

impl Record {
    /// The name of the record in its directory.
    pub fn name(&self) -> String {
        format!("{}.json", self.root.hex())
    }

    /// The record as it stands on disk.
    pub fn print(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut line = Members::open(&mut out);
        line.integer("derivation", DERIVATION, &mut out);
        line.name("events", &mut out);
        let mut events = Members::open(&mut out);
        self.events.iter().for_each(|(lane, n)| events.integer(&lane.to_string(), *n, &mut out));
        events.close(&mut out);
        match &self.missing {
            None => line.raw("missing", Some("null"), &mut out),
            Some(names) => line.texts("missing", names.iter().map(String::as_str), &mut out),
        }
        line.word("root", self.root, &mut out);
        line.word("snapshot", self.object, &mut out);
        line.integer("v", VERSION, &mut out);
        line.end_line(&mut out);
        out
    }

    /// Reads a record; one of another derivation is none.
    pub fn parse(bytes: &[u8], path: &std::path::Path) -> Result<Option<Record>, Error> {
        manifest::read(bytes, path, |top| {
            if top.get("derivation")?.as_i64()? != DERIVATION {
                return Some(None);
            }
            let events = top.get("events").filter(|v| v.kind() == Kind::Object)?;
            let events: Option<BTreeMap<Lane, u64>> = events.members().map(lane_count).collect();
            let missing = match top.get("missing")? {
                value if value.is_null() => None,
                value if value.kind() == Kind::Array => {
                    Some(value.items().map(Value::as_text).collect::<Option<_>>()?)
                }
                _ => return None,
            };
            let root = top.get("root")?.as_text()?.parse().ok()?;
            Some(Some(Record { object: hash(top, "snapshot")?, root, events: events?, missing }))
        })
    }

    /// What the cache's table says of the record it belongs to.
    fn note(&self) -> sorted_table::Note {
        let mut note = [0; NOTE];
        note[..32].copy_from_slice(blake3::hash(&self.print()).as_bytes());
        note
    }
}

fn lane_count((key, value): (Value<'_, '_>, Value<'_, '_>)) -> Option<(Lane, u64)> {
    let lane = key.as_text()?.parse().ok()?;
    let events = u64::try_from(value.as_i64()?).ok()?;
    Some((lane, events))
}

impl Store {
    /// The records of a lane that can be read, those that have seen most first. A record that is damaged or of
    /// another derivation is passed over.
    pub fn records(&self, lane: &LaneId) -> Result<Vec<Record>, Error> {
        let Some(dir) = self.root.at(&format!("{}/{SNAPSHOTS}", lane.dir()))? else { return Ok(Vec::new()) };
        let mut records = Vec::new();
        for (name, _) in dir.list()? {
            if !name.ends_with(".json") || name.starts_with('.') {
                continue;
            }
            let Some(bytes) = dir.read(&name)? else { continue };
            match Record::parse(&bytes, &dir.path().join(&name)) {
                Ok(Some(record)) if record.name() == name => records.push(record),
                Ok(_) | Err(Error::Damaged { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        let seen = |r: &Record| (r.events.get(&lane.lane).copied(), r.events.values().sum::<u64>(), r.root);
        records.sort_by_key(|r| std::cmp::Reverse(seen(r)));
        Ok(records)
    }

    /// The state lines of a snapshot, if they are there and are those that the record names.
    pub fn snapshot(&self, record: &Record) -> Result<Option<Bytes>, Error> {
        match self.object(&record.object, None)? {
            Found::Here(bytes) if Blake3::of(&bytes) == record.root => Ok(Some(bytes)),
            _ => Ok(None),
        }
    }

    /// The effective times that belong to a record, if the cache has them.
    pub fn times(&self, lane: &LaneId, record: &Record) -> Result<Option<Times>, Error> {
        let Some(dir) = self.root.at(&cache_dir(lane))? else { return Ok(None) };
        let Some(file) = dir.file(TIMES)? else { return Ok(None) };
        let path = dir.path().join(TIMES);
        let length = file.metadata().map_err(|e| Error::io(&path, e))?.len();
        let bytes = self.take_in(file, length).map_err(|e| Error::io(&path, e))?;
        let table = SortedTable::open(bytes).ok().filter(|t| *t.note() == record.note());
        Ok(table.map(Times))
    }
}

/// The file of a lane's effective times in its directory of the cache.
pub const TIMES: &str = "times";

/// A lane's directory in the cache.
pub fn cache_dir(lane: &LaneId) -> String {
    format!("cache/{}", lane.dir())
}

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
        Ok(sorted_table::print(&record.note(), &rows))
    }
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

/// What a record's counts say of a lane.
pub(crate) fn seen(record: &Record, lane: Lane) -> u64 {
    record.events.get(&lane).copied().unwrap_or(0)
}
