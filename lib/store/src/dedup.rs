//! What a writer knows of a lane: which events it has.
//!
//! An event is its hash. Here 20 bytes of it stand for the whole, as nobody can make two events that share them.

use super::manifest::{Entry, Manifest};
use super::runs::{self, Runs};
use super::sorted_table::{self, Damaged, Row};
use super::{Error, LaneId, Store};
use foldhash::{HashMap, HashMapExt as _, HashSet, HashSetExt as _};
use ulp_core::hash::{Blake3, Sha256};

/// The part of an event's BLAKE3 that tells it from others.
pub type Digest = [u8; 20];

/// The digest of an event's canonical line, without its line end.
pub fn digest(line: &[u8]) -> Digest {
    digest_of(&blake3::hash(line).into())
}

/// The same, of an event's hash.
pub fn digest_of(hash: &Blake3) -> Digest {
    let mut digest = [0; 20];
    digest.copy_from_slice(&hash.0[..20]);
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
    /// Whether segments that runs know are here.
    here: HashMap<Sha256, bool>,
    /// The entries of pages, once one of them was asked for, and how many events these hold.
    older: Option<(u64, Vec<Entry>)>,
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
            older: None,
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

    /// For how many events, beside those of the runs, it holds memory.
    pub fn in_memory(&self) -> usize {
        self.digests.capacity()
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

    /// Takes in an event that is to be committed; answers `false` if the lane has it, or takes it already.
    pub fn take_in(&mut self, store: &Store, manifest: &Manifest, digest: Digest) -> Result<bool, Error> {
        let is_older = self.runs.covered() > 0 && self.has(store, manifest, &digest)?;
        Ok(!is_older && self.digests.insert(digest))
    }

    fn is_here(&mut self, store: &Store, manifest: &Manifest, ordinal: u64) -> Result<bool, Error> {
        let before = manifest.before();
        // Pages never change, so those that end there are read once.
        if ordinal < before && self.older.as_ref().is_none_or(|(end, _)| *end != before) {
            self.older = Some((before, store.entries(manifest, None)?));
        }
        let (mut start, entries) = match &self.older {
            Some((_, older)) if ordinal < before => (0, older),
            _ => (before, &manifest.segments),
        };
        let holds = |entry: &&Entry| {
            let end = start + entry.events;
            let holds = (start..end).contains(&ordinal);
            if !holds {
                start = end;
            }
            holds
        };
        let Some(entry) = entries.iter().find(holds) else { return Ok(false) };
        if let Some(here) = self.here.get(&entry.hash) {
            return Ok(*here);
        }
        let here = store.has_segment(entry)?;
        self.here.insert(entry.hash, here);
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
            self.tail.shrink_to_fit();
            self.digests.shrink_to_fit();
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
