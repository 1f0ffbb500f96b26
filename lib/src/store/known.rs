//! What a writer knows of a lane: which events it has.
//!
//! An event is its hash. Here 20 bytes of it stand for the whole, as nobody can make two events that share them.

use super::commit::{Commit, Draft};
use super::dir::Dir;
use super::manifest::{Absent, Entry, Manifest};
use super::object::{Bytes, Found};
use super::snapshot::cache_dir;
use super::table::{self, Damaged, NOTE, Row, Table};
use super::{Error, LaneId, Store};
use crate::hash::Sha256;
use ahash::{AHashMap, AHashSet};

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

/// From this many sealed bytes on that no run covers, one is written.
const RUN_BYTES: u64 = 512 << 10;
/// How the names of runs begin: `known-<first>-<end>`, in the lane's directory of the cache.
const RUN: &str = "known-";

/// The events of a lane, for a writer: the older ones in *runs*, tables of the cache that cover sealed entries from
/// the first event on without a gap, the newer ones in memory. A run is taken in by a newer one that is at least
/// half its size, so there are few, and each event is written a few times in all.
#[derive(Debug, Default)]
pub struct Known {
    runs: Vec<Run>,
    /// The digests of the events behind the runs, in the order of acceptance.
    tail: Vec<Digest>,
    /// Whether a segment behind the runs could not be read, so that `tail` is not all there is.
    gap: bool,
    /// Those of `tail`, and of what is to be committed.
    digests: AHashSet<Digest>,
    /// Whether segments that runs know are here, by the number of their first event.
    here: AHashMap<u64, bool>,
}

#[derive(Debug)]
struct Run {
    table: Table,
    name: String,
    start: u64,
    end: u64,
    last: Sha256,
}

impl Known {
    /// What a lane has.
    pub fn open(store: &Store, id: &LaneId, manifest: &Manifest) -> Result<Known, Error> {
        let runs =
            if store.is_trusted() { runs(store, id, manifest).unwrap_or_default() } else { Vec::new() };
        let mut known = Known { runs, ..Known::default() };
        known.read_tail(store, manifest)?;
        Ok(known)
    }

    fn covered(&self) -> u64 {
        self.runs.last().map_or(0, |run| run.end)
    }

    fn read_tail(&mut self, store: &Store, manifest: &Manifest) -> Result<(), Error> {
        self.tail.clear();
        let covered = self.covered();
        for (start, entry) in entries_from(store, manifest, covered)? {
            if start < covered {
                continue;
            }
            match store.segment(&entry)? {
                Some(bytes) => {
                    let before = self.tail.len() as u64;
                    self.tail.extend(lines(&bytes).map(digest));
                    self.gap |= self.tail.len() as u64 != before + entry.events;
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
        let found: Result<Option<Row>, Damaged> =
            self.runs.iter().try_fold(None, |found, run| Ok(found.or(run.table.find(digest)?)));
        match found {
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

    /// After a commit: what was taken in stands behind the rest. Where enough of it is sealed, a run is written.
    pub fn commit(
        &mut self,
        store: &Store,
        commit: &Commit<'_>,
        (id, manifest): (&LaneId, &Manifest),
        taken: impl Iterator<Item = Digest>,
    ) -> Result<(), Error> {
        self.tail.extend(taken);
        if self.gap || !store.is_trusted() {
            return Ok(());
        }
        let (mut end, mut bytes, mut last) = (manifest.before(), 0, None);
        for entry in &manifest.segments[..manifest.sealed()] {
            end += entry.events;
            if end > self.covered() {
                bytes += entry.bytes;
                last = Some(entry.hash);
            }
        }
        match last {
            Some(last) if bytes >= RUN_BYTES => self.write_run(store, commit, id, (end, last)),
            _ => Ok(()),
        }
    }

    fn write_run(
        &mut self,
        store: &Store,
        commit: &Commit<'_>,
        id: &LaneId,
        (end, last): (u64, Sha256),
    ) -> Result<(), Error> {
        let mut start = self.covered();
        let count = usize::try_from(end - start).unwrap_or(usize::MAX).min(self.tail.len());
        let (covered, rest) = self.tail.split_at(count);
        let mut rows: Vec<Row> = (start..).zip(covered).map(|(n, digest)| row(digest, n)).collect();
        let mut absorbed = 0;
        for run in self.runs.iter().rev() {
            if run.table.len() > 2 * rows.len() {
                break;
            }
            // A run that is damaged is left out, and all behind it with it: they are found to be missing.
            let Ok(old) = run.table.rows() else { break };
            rows.extend(old);
            start = run.start;
            absorbed += 1;
        }
        rows.sort_unstable();
        let kept = self.runs.len() - absorbed;
        let previous = kept.checked_sub(1).map_or(Sha256([0; 32]), |at| self.runs[at].last);
        let name = format!("{RUN}{start}-{end}");
        let bytes = table::print(&note(start, end, &previous, &last), &rows);
        let dir = cache_dir(id);
        commit.hint(&Draft { dir: dir.clone(), name: name.clone(), bytes })?;
        let Some(open) = store.root.at(&dir)? else { return Ok(()) };
        for old in self.runs.drain(kept..) {
            open.remove(&old.name)?;
        }
        for digest in covered {
            self.digests.remove(digest);
        }
        self.tail = rest.to_vec();
        match open_run(store, &open, &name) {
            Some((run, _)) => self.runs.push(run),
            None => self.gap = true,
        }
        Ok(())
    }
}

fn row(digest: &Digest, ordinal: u64) -> Row {
    let mut row = [0; table::ENTRY];
    row[..20].copy_from_slice(digest);
    // A manifest does not count further than 32 bits.
    row[20..].copy_from_slice(&u32::try_from(ordinal).unwrap_or(u32::MAX).to_le_bytes());
    row
}

fn note(start: u64, end: u64, previous: &Sha256, last: &Sha256) -> table::Note {
    let mut note = [0; NOTE];
    note[..8].copy_from_slice(&start.to_le_bytes());
    note[8..16].copy_from_slice(&end.to_le_bytes());
    note[16..48].copy_from_slice(&previous.0);
    note[48..80].copy_from_slice(&last.0);
    note
}

/// The entries from the one that holds an event on, each with the number of its first event.
fn entries_from(store: &Store, manifest: &Manifest, ordinal: u64) -> Result<Vec<(u64, Entry)>, Error> {
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

/// The runs that cover a lane from its first event on, as far as they fit the manifest.
fn runs(store: &Store, id: &LaneId, manifest: &Manifest) -> Option<Vec<Run>> {
    let dir = store.root.at(&cache_dir(id)).ok()??;
    let names: Vec<(u64, u64, String)> =
        dir.list().ok()?.into_iter().filter_map(|(name, _)| parse_name(&name)).collect();
    let mut runs: Vec<Run> = Vec::new();
    let mut last = Sha256([0; 32]);
    loop {
        let start = runs.last().map_or(0, |run| run.end);
        let next = names.iter().filter(|(s, e, _)| *s == start && *e > start).max_by_key(|(_, e, _)| *e);
        let Some((_, _, name)) = next else { break };
        let Some((run, previous)) = open_run(store, &dir, name) else { break };
        if previous != last || run.start != start {
            break;
        }
        last = run.last;
        runs.push(run);
    }
    // The last run must end where an entry of the manifest does, or it is of another history.
    let mut end = manifest.before();
    let ends: Vec<(u64, Sha256)> = manifest
        .segments
        .iter()
        .map(|entry| {
            end += entry.events;
            (end, entry.hash)
        })
        .collect();
    while runs.last().is_some_and(|run| !ends.contains(&(run.end, run.last))) {
        runs.pop();
    }
    Some(runs)
}

fn parse_name(name: &str) -> Option<(u64, u64, String)> {
    let (start, end) = name.strip_prefix(RUN)?.split_once('-')?;
    Some((start.parse().ok()?, end.parse().ok()?, name.to_owned()))
}

/// Opens a run; answers it with the last segment before it.
fn open_run(store: &Store, dir: &Dir, name: &str) -> Option<(Run, Sha256)> {
    let file = dir.file(name).ok()??;
    let length = file.metadata().ok()?.len();
    let table = Table::open(store.take_in(file, length).ok()?).ok()?;
    let note = table.note();
    let number = |at: usize| Some(u64::from_le_bytes(note[at..at + 8].try_into().ok()?));
    let hash = |at: usize| Some(Sha256(note[at..at + 32].try_into().ok()?));
    let (start, end, previous, last) = (number(0)?, number(8)?, hash(16)?, hash(48)?);
    let fits = end.checked_sub(start) == Some(table.len() as u64);
    fits.then_some((Run { table, name: name.to_owned(), start, end, last }, previous))
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
        let Some(dir) = self.root.at(&lane.dir())? else { return Ok(None) };
        let Some(bytes) = dir.read(super::MANIFEST)? else { return Ok(None) };
        let path = dir.path().join(super::MANIFEST);
        let manifest = Manifest::parse(&bytes, &path)?;
        if manifest.tile != lane.tile {
            return Err(Error::damaged(path, "store.manifest", "it is of another tile"));
        }
        Ok(Some((manifest, bytes)))
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
