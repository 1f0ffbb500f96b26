//! What a writer knows of a lane: which events it has.
//!
//! An event is its hash. Here 20 bytes of it stand for the whole, as nobody can make two events that share them.

use super::manifest::{Absent, Entry, Manifest};
use super::object::{Bytes, Found};
use super::runs::{self, Runs};
use super::sorted_table::{self, Damaged, Row};
use super::{Error, LaneId, Store};
use foldhash::{HashMap, HashMapExt as _, HashSet, HashSetExt as _};
use std::path::PathBuf;
use ulp_core::hash::Sha256;

/// The part of an event's BLAKE3 that tells it from others.
pub type Digest = [u8; 20];

/// The digest of an event's canonical line, without its line end.
pub fn digest(line: &[u8]) -> Digest {
    let hash = blake3::hash(line);
    let mut digest = [0; 20];
    digest.copy_from_slice(&hash.as_bytes()[..20]);
    digest
}

/// The lines of a segment, without their ends.
pub fn lines(segment: &[u8]) -> impl Iterator<Item = &[u8]> {
    segment.split(|b| *b == b'\n').filter(|line| !line.is_empty())
}

/// The kind of the runs that know events: each row a digest, and the event's number in the lane.
const KIND: &str = "known";

/// The events of a lane, for a writer: the older ones in runs of the cache, the newer ones in memory.
#[derive(Debug)]
pub struct DedupIndex {
    runs: Runs,
    /// The digests of the events behind the runs, in the order of acceptance.
    tail: Vec<Digest>,
    /// The entries of which some of these were read, and whose objects were not held to their names yet.
    read: Vec<Entry>,
    /// Whether a segment behind the runs could not be read, or is not what it should be.
    gap: bool,
    /// Those of `tail`, and of what is to be committed.
    digests: HashSet<Digest>,
    /// Whether segments that runs know are here, by the number of their first event.
    here: HashMap<u64, bool>,
}

impl DedupIndex {
    /// What a lane has.
    pub fn open(store: &Store, id: &LaneId, manifest: &Manifest) -> Result<DedupIndex, Error> {
        let [runs] = Runs::open(store, id, manifest, [KIND])?;
        let mut known = DedupIndex {
            runs,
            tail: Vec::new(),
            read: Vec::new(),
            gap: false,
            digests: HashSet::new(),
            here: HashMap::new(),
        };
        known.read_tail(store, manifest)?;
        Ok(known)
    }

    fn read_tail(&mut self, store: &Store, manifest: &Manifest) -> Result<(), Error> {
        self.tail.clear();
        self.read.clear();
        let covered = self.runs.covered();
        for (start, entry) in entries_from(store, manifest, covered)? {
            if start < covered {
                continue;
            }
            match store.segment(&entry)? {
                Some(bytes) => {
                    let before = self.tail.len() as u64;
                    self.tail.extend(lines(&bytes).map(digest));
                    self.gap |= self.tail.len() as u64 != before + entry.events;
                    self.read.push(entry);
                }
                None => self.gap = true,
            }
        }
        self.digests.extend(self.tail.iter().copied());
        Ok(())
    }

    /// Whether the lane has an event, or takes it in the next commit. One whose segment is lost is not known.
    pub fn has(&mut self, store: &Store, manifest: &Manifest, digest: &Digest) -> Result<bool, Error> {
        if self.digests.contains(digest) {
            return Ok(true);
        }
        match self.runs.find(digest) {
            Ok(None) => Ok(false),
            Ok(Some(row)) => {
                let ordinal = u32::from_le_bytes([row[20], row[21], row[22], row[23]]);
                self.is_here(store, manifest, u64::from(ordinal))
            }
            Err(Damaged) => {
                self.runs.clear();
                self.read_tail(store, manifest)?;
                Ok(self.digests.contains(digest))
            }
        }
    }

    fn is_here(&mut self, store: &Store, manifest: &Manifest, ordinal: u64) -> Result<bool, Error> {
        let entries = entries_from(store, manifest, ordinal)?;
        let holds = |(start, entry): &&(u64, Entry)| (*start..start + entry.events).contains(&ordinal);
        let Some((start, entry)) = entries.iter().find(holds) else { return Ok(false) };
        if let Some(here) = self.here.get(start) {
            return Ok(*here);
        }
        let here = entry.absent == Absent::No && store.has_object(&entry.hash, entry.bytes)?;
        self.here.insert(*start, here);
        Ok(here)
    }

    /// Takes in an event that is to be committed.
    pub fn insert(&mut self, digest: Digest) {
        self.digests.insert(digest);
    }

    /// After a commit: what was taken in stands behind the rest. Where enough of it is sealed, `due` bytes, a run is
    /// written.
    pub fn commit(
        &mut self,
        store: &Store,
        (id, manifest): (&LaneId, &Manifest),
        due: u64,
        taken: impl Iterator<Item = Digest>,
    ) -> Result<(), Error> {
        self.tail.extend(taken);
        if self.gap || !store.is_trusted() {
            return Ok(());
        }
        let start = self.runs.covered();
        let Some(sealed) = runs::sealed(manifest, start).filter(|s| s.bytes >= due) else { return Ok(()) };
        self.hold_what_was_read(store, manifest)?;
        if self.gap {
            return Ok(());
        }
        let count = usize::try_from(sealed.end - start).unwrap_or(usize::MAX).min(self.tail.len());
        let rows = (start..).zip(&self.tail[..count]).map(|(n, digest)| row(digest, n)).collect();
        // Where no run can be written, all stays in memory.
        if self.runs.push(store, (id, manifest), sealed, rows)? {
            for digest in self.tail.drain(..count) {
                self.digests.remove(&digest);
            }
        }
        Ok(())
    }
}

impl DedupIndex {
    /// Sees to it that what the cache is to say of entries is what their objects say, each under its name. Those that a
    /// commit took into its own segment it has looked at.
    fn hold_what_was_read(&mut self, store: &Store, manifest: &Manifest) -> Result<(), Error> {
        for entry in self.read.drain(..).filter(|entry| manifest.segments.contains(entry)) {
            self.gap |= store.segment(&entry)?.is_none_or(|bytes| Sha256::of(&bytes) != entry.hash);
        }
        Ok(())
    }
}

fn row(digest: &Digest, ordinal: u64) -> Row {
    let mut row = [0; sorted_table::ENTRY];
    row[..20].copy_from_slice(digest);
    // A manifest does not count further than 32 bits.
    row[20..].copy_from_slice(&u32::try_from(ordinal).unwrap_or(u32::MAX).to_le_bytes());
    row
}

/// The entries from the one that holds an event on, each with the number of its first event.
pub(super) fn entries_from(
    store: &Store,
    manifest: &Manifest,
    ordinal: u64,
) -> Result<Vec<(u64, Entry)>, Error> {
    let (entries, mut start) = if ordinal >= manifest.before() {
        (manifest.segments.clone(), manifest.before())
    } else {
        (store.entries(manifest, None)?, 0)
    };
    let place = |entry: Entry| {
        let at = start;
        start += entry.events;
        (at, entry)
    };
    Ok(entries.into_iter().map(place).collect())
}

impl Store {
    /// The bytes of a segment, or nothing where it is lost or elsewhere: its events count as not known.
    pub fn segment(&self, entry: &Entry) -> Result<Option<Bytes>, Error> {
        if entry.absent != Absent::No {
            return Ok(None);
        }
        Ok(match self.object(&entry.hash, Some(entry.bytes))? {
            Found::Here(bytes) => Some(bytes),
            Found::Missing | Found::Wrong(_) => None,
        })
    }

    /// The manifest of a lane with its bytes, if it has one.
    pub fn manifest(&self, lane: &LaneId) -> Result<Option<(Manifest, Vec<u8>)>, Error> {
        let Some((bytes, path)) = self.manifest_bytes(lane)? else { return Ok(None) };
        let manifest = Manifest::parse(&bytes, &path)?;
        if manifest.tile != lane.tile {
            return Err(Error::damaged(path, "store.manifest", "it is of another tile"));
        }
        Ok(Some((manifest, bytes)))
    }

    /// The bytes of a lane's manifest with its path, if it has one.
    pub(super) fn manifest_bytes(&self, lane: &LaneId) -> Result<Option<(Vec<u8>, PathBuf)>, Error> {
        let Some(dir) = self.root.at(&lane.dir())? else { return Ok(None) };
        Ok(dir.read(super::MANIFEST)?.map(|bytes| (bytes, dir.path().join(super::MANIFEST))))
    }

    /// The entries of a lane from the oldest on, those of pages too, back to the page `until` where it is among them.
    pub fn entries(&self, manifest: &Manifest, until: Option<Sha256>) -> Result<Vec<Entry>, Error> {
        let mut pages = vec![manifest.clone()];
        let mut next = manifest.previous;
        while let Some(previous) = next.filter(|p| Some(p.hash) != until) {
            let page = self.page(&previous)?;
            next = page.previous;
            pages.push(page);
        }
        Ok(pages.into_iter().rev().flat_map(|page| page.segments).collect())
    }

    /// A page of older entries. Without it the lane's history is not known, so it must be there and be itself.
    pub fn page(&self, previous: &super::manifest::Previous) -> Result<Manifest, Error> {
        let path = self.object_path(&previous.hash);
        match self.object(&previous.hash, None)? {
            Found::Here(bytes) if Sha256::of(&bytes) == previous.hash => {
                let page = Manifest::parse(&bytes, &path)?;
                if page.events() == previous.events && page.before() < previous.events {
                    Ok(page)
                } else {
                    Err(Error::damaged(path, "store.page", "it does not hold the events that are said of it"))
                }
            }
            Found::Here(_) => Err(Error::damaged(path, "store.page", "its bytes are not those of its name")),
            _ => Err(Error::damaged(path, "store.page", "it is missing")),
        }
    }
}
