//! A snapshot's record: which objects it is, what they have seen, and what binds them to that.
//!
//! ```text
//! snapshots/<root hex>.json
//! {"check":"blake3:…","covers":{"team.public":{"entries":"blake3:…","sealed":2,"tail":"blake3:…"}},"delta":null,
//!  "derivation":1,"events":{"team.public":9},"missing":[["evt-4","1730000000.5"]],"root":"blake3:…",
//!  "snapshot":"sha256:…","v":2}
//! ```
//!
//! `snapshot` holds state lines; `delta`, where it is not null, those that changed since; `root` is of both, joined.
//! `events` counts, in the order of acceptance, what it has seen of its own lane and of each looser one of its tile;
//! [`covers`] binds it to those very events; `missing` are the parents that they name and no lane as loose holds.
//! `check` is the BLAKE3 of the record without it.

use super::missing::Missing;
use crate::covers::{self, Covers};
use crate::manifest::hash;
use crate::{Error, LaneId};
use std::collections::BTreeMap;
use std::path::Path;
use ulp_core::hash::{Blake3, Sha256};
use ulp_core::id::Lane;
use ulp_core::json::write::Members;
use ulp_core::json::{Kind, Tape, Value};

/// The version of records that this version writes and reads.
const VERSION: i64 = 2;
/// Raised with each rule that changes what state is derived.
pub const DERIVATION: i64 = 1;
/// The directory of a lane's records.
pub const SNAPSHOTS: &str = "snapshots";
/// How many members a record has.
const MEMBERS: usize = 9;
/// Deepest nesting of a record.
const DEPTH: usize = 8;

/// What a snapshot is, and has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub object: Sha256,
    pub delta: Option<Sha256>,
    pub root: Blake3,
    /// Of its own lane and each looser one, how many events.
    pub events: BTreeMap<Lane, u64>,
    /// What binds it to those events: of the same lanes.
    pub covers: BTreeMap<Lane, Covers>,
    pub missing: Missing,
}

impl Record {
    /// The name of the record in its directory.
    pub fn name(&self) -> String {
        format!("{}.json", self.root.hex())
    }

    /// How many events of a lane it has seen.
    pub fn seen(&self, lane: Lane) -> u64 {
        self.events.get(&lane).copied().unwrap_or(0)
    }

    /// Every object that it names.
    pub fn objects(&self) -> impl Iterator<Item = Sha256> {
        let missing = match self.missing {
            Missing::Object { object, .. } => Some(object),
            Missing::Listed(_) => None,
        };
        [Some(self.object), self.delta, missing].into_iter().flatten()
    }

    /// The record as it stands on disk.
    pub fn print(&self) -> Vec<u8> {
        let mut line = self.written(Some(self.check()));
        line.push(b'\n');
        line
    }

    fn check(&self) -> Blake3 {
        Blake3::of(&self.written(None))
    }

    fn written(&self, check: Option<Blake3>) -> Vec<u8> {
        let mut out = Vec::new();
        let mut line = Members::open(&mut out);
        if let Some(check) = check {
            line.word("check", check, &mut out);
        }
        covers::print(&self.covers, &mut line, &mut out);
        match &self.delta {
            Some(delta) => line.word("delta", delta, &mut out),
            None => line.raw("delta", Some("null"), &mut out),
        }
        line.integer("derivation", DERIVATION, &mut out);
        line.name("events", &mut out);
        let mut events = Members::open(&mut out);
        self.events.iter().for_each(|(lane, n)| events.integer(&lane.to_string(), *n, &mut out));
        events.close(&mut out);
        self.missing.print(&mut line, &mut out);
        line.word("root", self.root, &mut out);
        line.word("snapshot", self.object, &mut out);
        line.integer("v", VERSION, &mut out);
        line.close(&mut out);
        out
    }

    /// Reads a record; one of version 1, or of another derivation, is none.
    ///
    /// # Errors
    /// Damage, and a version that is not known.
    pub fn parse(bytes: &[u8], path: &Path) -> Result<Option<Record>, Error> {
        let wrong = |detail: &str| Error::damaged(path, "store.snapshot", detail);
        let text = std::str::from_utf8(bytes).map_err(|_| wrong("not UTF-8"))?;
        let mut tape = Tape::new();
        let top = tape.parse(text.trim_end_matches('\n'), DEPTH).map_err(|e| wrong(&e.to_string()))?;
        let number = |key| top.get(key).and_then(Value::as_i64);
        match number("v") {
            Some(1) => return Ok(None),
            Some(VERSION) => {}
            Some(v) if v > VERSION => return Err(Error::Newer(path.to_owned())),
            _ => return Err(wrong("it has no version v")),
        }
        match number("derivation") {
            Some(DERIVATION) => {}
            Some(_) => return Ok(None),
            None => return Err(wrong("it has no derivation")),
        }
        let record = Record::read(top).ok_or_else(|| wrong("a member is missing, malformed or not known"))?;
        let check = top.get("check").and_then(Value::as_text);
        if check.is_none_or(|said| said != record.check().to_string()) {
            return Err(wrong("its check does not hold"));
        }
        Ok(Some(record))
    }

    fn read(top: Value<'_, '_>) -> Option<Record> {
        let events = top.get("events").filter(|v| v.kind() == Kind::Object)?;
        let events: BTreeMap<Lane, u64> = events.members().map(lane_count).collect::<Option<_>>()?;
        let covers = covers::read(top)?;
        let delta = match top.get("delta")? {
            value if value.is_null() => None,
            _ => Some(hash(top, "delta")?),
        };
        let root = top.get("root")?.as_text()?.parse().ok()?;
        let missing = Missing::read(top.get("missing")?)?;
        let is_whole = top.len() == MEMBERS && events.keys().eq(covers.keys());
        let object = hash(top, "snapshot")?;
        is_whole.then_some(Record { object, delta, root, events, covers, missing })
    }
}

fn lane_count((key, value): (Value<'_, '_>, Value<'_, '_>)) -> Option<(Lane, u64)> {
    let lane = key.as_text()?.parse().ok()?;
    let events = u64::try_from(value.as_i64()?).ok()?;
    Some((lane, events))
}

/// Every object that the text of a record names, whatever wrote it.
pub fn objects_of(record: &[u8]) -> Vec<Sha256> {
    let text = std::str::from_utf8(record.trim_ascii_end()).unwrap_or_default();
    let mut tape = Tape::new();
    let Ok(top) = tape.parse(text, DEPTH) else { return Vec::new() };
    let missing = top.get("missing").filter(|value| value.kind() == Kind::Object);
    let named = [hash(top, "snapshot"), hash(top, "delta"), missing.and_then(|of| hash(of, "object"))];
    named.into_iter().flatten().collect()
}

/// The directory of a lane's records, below the store.
pub fn dir(lane: &LaneId) -> String {
    format!("{}/{SNAPSHOTS}", lane.dir())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_prints_as_it_parses_and_is_bound_by_its_check() {
        let lane: Lane = "team.public".parse().unwrap();
        let covers = Covers { sealed: 2, entries: Blake3::of(b"e"), tail: Blake3::of(b"t") };
        let missing = b"evt-0 0\nevt-1 1.5\nevt-2 3\n".to_vec();
        let record = Record {
            object: Sha256::of(b"o"),
            delta: Some(Sha256::of(b"d")),
            root: Blake3::of(b"r"),
            events: BTreeMap::from([(lane, 7)]),
            covers: BTreeMap::from([(lane, covers)]),
            missing: Missing::new(missing).0,
        };
        for record in [record.clone(), Record { delta: None, ..record }] {
            let text = record.print();
            assert!(ulp_core::json::is_canonical(std::str::from_utf8(&text).unwrap().trim_end()));
            assert_eq!(Record::parse(&text, Path::new("r")).unwrap().unwrap(), record);
            assert_eq!(objects_of(&text), record.objects().collect::<Vec<_>>());
            for at in 0..text.len() - 1 {
                let mut bad = text.clone();
                bad[at] ^= 1;
                assert!(!matches!(Record::parse(&bad, Path::new("r")), Ok(Some(_))), "byte {at}");
            }
        }
    }
}
