//! What a pack can be made of: lanes with all their entries, and the objects behind them.

use super::{Error, refs};
use crate::manifest::{Entry, Manifest};
use crate::object::{Bytes, Found};
use crate::snapshot::record::objects_of;
use crate::snapshot::stored::Standing;
use crate::{LaneId, Store, append};
use foldhash::{HashMap, HashMapExt as _, HashSet, HashSetExt as _};
use memchr::memmem::Finder;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::ops::Deref;
use ulp_core::hash::Sha256;
use ulp_core::id::Time;
use ulp_core::json::{self, Tape};

/// A lane, with what it names.
#[derive(Debug)]
pub struct LaneContents {
    pub id: LaneId,
    /// Its pages from the oldest on, then its manifest.
    pub chain: Vec<Manifest>,
    pub snapshot: Option<Snapshot>,
}

/// The newest snapshot of a lane.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The root, as its record's name has it.
    pub root: String,
    pub record: Vec<u8>,
    /// What the record names, with lengths: the state's lines first.
    pub objects: Vec<(Sha256, u64)>,
}

/// The place of an entry: its lane, the link of the lane's chain, its place there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct At {
    pub lane: usize,
    pub link: usize,
    pub entry: usize,
}

/// What was found in a segment.
#[derive(Clone, Debug, Default)]
pub struct Scan {
    /// The greatest timestamp.
    pub newest: Option<Time>,
    /// The blobs that it names and that are here, with their lengths.
    pub blobs: Vec<(Sha256, u64)>,
}

/// Where the bytes of objects are.
#[derive(Debug)]
pub enum Objects<'s> {
    Store(&'s Store),
    Memory(HashMap<Sha256, Vec<u8>>),
}

/// The bytes of an object.
#[derive(Debug)]
pub enum Body<'o> {
    Mapped(Bytes),
    Borrowed(&'o [u8]),
}

impl Deref for Body<'_> {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        match self {
            Body::Mapped(bytes) => bytes,
            Body::Borrowed(bytes) => bytes,
        }
    }
}

impl Objects<'_> {
    /// The bytes of an object, if it is here in this length.
    pub fn get(&self, hash: &Sha256, bytes: u64) -> Result<Option<Body<'_>>, Error> {
        match self {
            Objects::Store(store) => match store.object(hash, Some(bytes))? {
                Found::Here(body) => Ok(Some(Body::Mapped(body))),
                Found::Missing | Found::Wrong(_) => Ok(None),
            },
            Objects::Memory(objects) => Ok(objects.get(hash).map(|b| Body::Borrowed(b))),
        }
    }
}

/// Lanes, in the order of their paths.
#[derive(Debug)]
pub struct Contents<'s> {
    pub lanes: Vec<LaneContents>,
    pub objects: Objects<'s>,
    /// What manifests, pages and records of any lane name: none of it is a blob.
    named: HashSet<Sha256>,
}

impl<'s> Contents<'s> {
    /// The lanes of a store that are wanted.
    pub fn of_store(store: &'s Store, wanted: impl Fn(&LaneId) -> bool) -> Result<Contents<'s>, Error> {
        let mut contents =
            Contents { lanes: Vec::new(), objects: Objects::Store(store), named: HashSet::new() };
        for id in store.lanes()? {
            let Some((manifest, _)) = store.manifest(&id)? else { continue };
            let chain = chain(store, manifest)?;
            for link in &chain {
                contents.named.extend(link.segments.iter().map(|e| e.hash));
                contents.named.extend(link.previous.map(|p| p.hash));
            }
            contents.named.extend(snapshot_objects(store, &id)?);
            if wanted(&id) {
                let snapshot = if store.is_trusted() { newest_snapshot(store, &id)? } else { None };
                contents.lanes.push(LaneContents { id, chain, snapshot });
            }
        }
        contents.lanes.sort_by_cached_key(|lane| lane.id.dir());
        Ok(contents)
    }

    /// Lanes whose lines are at hand, in the order of acceptance.
    pub fn of_lines(lines: Vec<(LaneId, Vec<u8>)>) -> Contents<'static> {
        let (mut lanes, mut objects) = (Vec::new(), HashMap::new());
        for (id, text) in lines {
            let mut manifest = Manifest::new(id.tile);
            let mut chain = Vec::new();
            let mut start = 0;
            for part in append::parts(&text) {
                let segment = text[start..part.end].to_vec();
                start = part.end;
                manifest.segments.push(part.entry(&segment));
                objects.insert(Sha256::of(&segment), segment);
                if let Some(page) = manifest.turn_page() {
                    chain.extend(Manifest::parse(&page, std::path::Path::new("page")).ok());
                }
            }
            chain.push(manifest);
            lanes.push(LaneContents { id, chain, snapshot: None });
        }
        lanes.sort_by_cached_key(|lane| lane.id.dir());
        Contents { lanes, objects: Objects::Memory(objects), named: HashSet::new() }
    }

    /// Every entry whose segment is not said to be absent, in order.
    pub fn entries(&self) -> impl Iterator<Item = (At, &Entry)> {
        self.lanes.iter().enumerate().flat_map(|(lane, contents)| {
            contents.chain.iter().enumerate().flat_map(move |(link, manifest)| {
                let all = manifest.segments.iter().enumerate();
                all.map(move |(entry, e)| (At { lane, link, entry }, e))
            })
        })
    }

    pub fn entry(&self, at: At) -> &Entry {
        &self.lanes[at.lane].chain[at.link].segments[at.entry]
    }

    pub fn entry_mut(&mut self, at: At) -> &mut Entry {
        &mut self.lanes[at.lane].chain[at.link].segments[at.entry]
    }

    /// Looks through segments on all cores; nothing for one that is missing or damaged.
    pub fn scan(&self, entries: &[At]) -> Result<Vec<Option<Scan>>, Error> {
        entries.par_iter().map(|at| self.scan_one(self.entry(*at))).collect()
    }

    fn scan_one(&self, entry: &Entry) -> Result<Option<Scan>, Error> {
        let bytes = match &self.objects {
            Objects::Store(store) => {
                store.segment(entry)?.filter(|b| Sha256::of(b) == entry.hash).map(Body::Mapped)
            }
            objects @ Objects::Memory(_) => objects.get(&entry.hash, entry.bytes)?,
        };
        let Some(bytes) = bytes else { return Ok(None) };
        let mut scan = Scan { newest: newest(&bytes), blobs: Vec::new() };
        if let Objects::Store(store) = &self.objects {
            let mut names = Vec::new();
            refs::each_ref(&bytes, |hash| names.push(hash));
            names.sort_unstable();
            names.dedup();
            names.retain(|hash| !self.named.contains(hash));
            for hash in names {
                if let Some(bytes) = blob_length(store, &hash)? {
                    scan.blobs.push((hash, bytes));
                }
            }
        }
        Ok(Some(scan))
    }
}

/// A lane's pages from the oldest on, then its manifest.
pub fn chain(store: &Store, manifest: Manifest) -> Result<Vec<Manifest>, Error> {
    let mut chain = vec![manifest];
    while let Some(page) = chain.last().map_or(Ok(None), |last| store.page_before(last))? {
        chain.push(page);
    }
    chain.reverse();
    Ok(chain)
}

/// How long a blob is that is here and is what its name says.
fn blob_length(store: &Store, hash: &Sha256) -> Result<Option<u64>, Error> {
    match store.object(hash, None)? {
        Found::Here(bytes) if Sha256::of(&bytes) == *hash => Ok(Some(bytes.len() as u64)),
        _ => Ok(None),
    }
}

/// The snapshot that has seen most, of those that are whole and whose events the lane still holds.
fn newest_snapshot(store: &Store, lane: &LaneId) -> Result<Option<Snapshot>, Error> {
    for record in store.records(lane)? {
        if store.standing(lane, &record)? == Standing::Holds && store.snapshot(&record)?.is_some() {
            let (root, text) = (record.root.hex(), record.print());
            let mut objects = Vec::new();
            for object in record.objects() {
                objects.extend(length(store, &object)?.map(|bytes| (object, bytes)));
            }
            return Ok(Some(Snapshot { root, record: text, objects }));
        }
    }
    Ok(None)
}

/// The objects of every snapshot of a lane that are here, with their lengths, whatever derived it.
pub fn snapshots(store: &Store, lane: &LaneId) -> Result<Vec<(Sha256, u64)>, Error> {
    let mut objects = Vec::new();
    for object in snapshot_objects(store, lane)? {
        objects.extend(length(store, &object)?.map(|bytes| (object, bytes)));
    }
    Ok(objects)
}

fn snapshot_objects(store: &Store, lane: &LaneId) -> Result<BTreeSet<Sha256>, Error> {
    Ok(store.record_texts(lane)?.iter().flat_map(|(_, text)| objects_of(text)).collect())
}

fn length(store: &Store, object: &Sha256) -> Result<Option<u64>, Error> {
    Ok(match store.object(object, None)? {
        Found::Here(bytes) => Some(bytes.len() as u64),
        Found::Missing | Found::Wrong(_) => None,
    })
}

/// How a timestamp is announced in a canonical line.
const TIMESTAMP: &str = r#""timestamp":"#;

/// The greatest timestamp of a segment's events.
fn newest(segment: &[u8]) -> Option<Time> {
    let (mut newest, mut tape) = (None, Tape::new());
    let finder = Finder::new(TIMESTAMP);
    for line in crate::dedup::lines(segment) {
        newest = newest.max(timestamp(line, &finder, &mut tape));
    }
    newest
}

/// The timestamp of an event. Where its line has the key but once, that is the event's own.
fn timestamp(line: &[u8], finder: &Finder<'_>, tape: &mut Tape) -> Option<Time> {
    let mut found = finder.find_iter(line);
    let at = found.next()?;
    if found.next().is_none() {
        let rest = &line[at + TIMESTAMP.len()..];
        let end = rest.iter().position(|b| matches!(b, b',' | b'}'))?;
        let text = std::str::from_utf8(&rest[..end]).ok()?;
        if let Some(time) = Time::parse(text) {
            return Some(time);
        }
    }
    let top = json::parse_line(tape, line).ok()?;
    Time::from_seconds(top.get("timestamp")?.as_f64()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_events_own_timestamp_is_found() {
        let mut tape = Tape::new();
        for (line, nanos) in [
            (r#"{"event_id":"a","timestamp":12.5}"#, 12_500_000_000),
            (r#"{"event_id":"a","properties":{"timestamp":99},"timestamp":3,"value":1}"#, 3_000_000_000),
            (r#"{"event_id":"\"timestamp\":7,","timestamp":-1}"#, -1_000_000_000),
            (r#"{"event_id":"a","timestamp":1e-7}"#, 100),
        ] {
            assert_eq!(
                timestamp(line.as_bytes(), &Finder::new(TIMESTAMP), &mut tape),
                Some(Time(nanos)),
                "{line}"
            );
        }
    }
}
