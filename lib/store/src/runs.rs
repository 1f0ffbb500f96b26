//! Runs: tables of the cache that cover a lane's sealed entries, from the first event on and without a gap.
//!
//! A run `<kind>-<first>-<end>` lies in the lane's directory of the cache and says in its note which events it covers,
//! and with which segments the runs before it and it itself end. So runs are never stale, only short: what lies behind
//! them is read from the events. A run is taken in by a newer one that is at least half its size, so there are few,
//! and each row is written a few times in all. One that is damaged or missing ends what is covered.

use super::commit::Draft;
use super::dir::Dir;
use super::manifest::Manifest;
use super::snapshot::record::cache_dir;
use super::sorted_table::{self, Damaged, NOTE, Row, SortedTable};
use super::{Error, LaneId, Store};
use ulp_core::hash::Sha256;

/// From this many sealed bytes on that no run covers, one is written.
pub const DUE: u64 = 64 << 10;
/// From this many on where a commit goes to many lanes: fewer and larger files.
pub const DUE_OF_MANY: u64 = 512 << 10;

/// The runs of one kind in a lane.
#[derive(Debug)]
pub struct Runs {
    kind: &'static str,
    list: Vec<Run>,
}

#[derive(Debug)]
struct Run {
    table: SortedTable,
    name: String,
    start: u64,
    end: u64,
    last: Sha256,
}

/// How far the sealed entries of a manifest go.
#[derive(Clone, Copy, Debug)]
pub struct Sealed {
    /// Behind the last event.
    pub end: u64,
    /// Their last segment.
    pub last: Sha256,
    /// How many bytes of them lie behind what was covered.
    pub bytes: u64,
}

/// The sealed entries of a manifest, as far as they lie behind `covered` events; nothing where none do.
pub fn sealed(manifest: &Manifest, covered: u64) -> Option<Sealed> {
    let (mut end, mut bytes, mut last) = (manifest.before(), 0, None);
    for entry in &manifest.segments[..manifest.sealed()] {
        end += entry.events;
        if end > covered {
            bytes += entry.bytes;
            last = Some(entry.hash);
        }
    }
    last.map(|last| Sealed { end, last, bytes })
}

impl Runs {
    /// No runs.
    pub fn none(kind: &'static str) -> Runs {
        Runs { kind, list: Vec::new() }
    }

    /// The runs of a lane as far as they fit its manifest; none of a store that is not trusted.
    pub fn open(store: &Store, id: &LaneId, manifest: &Manifest, kind: &'static str) -> Runs {
        let list = if store.is_trusted() { chain(store, id, manifest, kind) } else { None };
        Runs { kind, list: list.unwrap_or_default() }
    }

    /// How many events they cover, from the lane's first one on.
    pub fn covered(&self) -> u64 {
        self.list.last().map_or(0, |run| run.end)
    }

    /// The first row that begins with `key`.
    pub fn find(&self, key: &[u8]) -> Result<Option<Row>, Damaged> {
        self.list.iter().try_fold(None, |found, run| match found {
            Some(row) => Ok(Some(row)),
            None => run.table.find(key),
        })
    }

    /// Calls `each` for every row that begins with `key`.
    pub fn each(&self, key: &[u8], each: &mut impl FnMut(Row)) -> Result<(), Damaged> {
        self.list.iter().try_for_each(|run| run.table.each(key, each))
    }

    /// Forgets them all, as they are damaged.
    pub fn clear(&mut self) {
        self.list.clear();
    }

    /// Writes a run of the rows of the events that follow, up to `sealed`, and takes small older ones into it.
    /// Answers whether they cover them now.
    pub fn push(
        &mut self,
        store: &Store,
        id: &LaneId,
        sealed: Sealed,
        mut rows: Vec<Row>,
    ) -> Result<bool, Error> {
        let mut start = self.covered();
        let mut absorbed = 0;
        for run in self.list.iter().rev() {
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
        rows.dedup();
        let kept = self.list.len() - absorbed;
        let previous = kept.checked_sub(1).map_or(Sha256([0; 32]), |at| self.list[at].last);
        let name = format!("{}-{start}-{}", self.kind, sealed.end);
        let bytes = sorted_table::print(&note(start, &sealed, &previous), &rows);
        let dir = cache_dir(id);
        store.hint(&Draft { dir: dir.clone(), name: name.clone(), bytes })?;
        let Some(open) = store.root.at(&dir)? else { return Ok(false) };
        let Some((run, _)) = open_run(store, &open, &name) else { return Ok(false) };
        let old: Vec<Run> = self.list.drain(kept..).collect();
        self.list.push(run);
        for old in old {
            // One that stays is longer than it needs to be, and no other harm.
            let _ = open.remove(&old.name);
        }
        Ok(true)
    }
}

fn note(start: u64, sealed: &Sealed, previous: &Sha256) -> sorted_table::Note {
    let mut note = [0; NOTE];
    note[..8].copy_from_slice(&start.to_le_bytes());
    note[8..16].copy_from_slice(&sealed.end.to_le_bytes());
    note[16..48].copy_from_slice(&previous.0);
    note[48..80].copy_from_slice(&sealed.last.0);
    note
}

/// The runs of a kind from the lane's first event on, as far as they fit the manifest.
fn chain(store: &Store, id: &LaneId, manifest: &Manifest, kind: &str) -> Option<Vec<Run>> {
    let dir = store.root.at(&cache_dir(id)).ok()??;
    let listed = dir.list().ok()?;
    let names: Vec<(u64, u64, &str)> = listed.iter().filter_map(|(name, _)| parse_name(name, kind)).collect();
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
    let fits = |run: &Run| {
        let mut end = manifest.before();
        manifest.segments.iter().any(|entry| {
            end += entry.events;
            end == run.end && entry.hash == run.last
        })
    };
    while runs.last().is_some_and(|run| !fits(run)) {
        runs.pop();
    }
    Some(runs)
}

fn parse_name<'n>(name: &'n str, kind: &str) -> Option<(u64, u64, &'n str)> {
    let (start, end) = name.strip_prefix(kind)?.strip_prefix('-')?.split_once('-')?;
    Some((start.parse().ok()?, end.parse().ok()?, name))
}

/// Opens a run; answers it with the last segment before it.
fn open_run(store: &Store, dir: &Dir, name: &str) -> Option<(Run, Sha256)> {
    let file = dir.file(name).ok()??;
    let length = file.metadata().ok()?.len();
    let table = SortedTable::open(store.take_in(file, length).ok()?).ok()?;
    let note = table.note();
    let number = |at: usize| Some(u64::from_le_bytes(note[at..at + 8].try_into().ok()?));
    let hash = |at: usize| Some(Sha256(note[at..at + 32].try_into().ok()?));
    let (start, end, previous, last) = (number(0)?, number(8)?, hash(16)?, hash(48)?);
    (start < end).then_some((Run { table, name: name.to_owned(), start, end, last }, previous))
}
