//! Runs: tables of the cache that cover a lane's sealed entries, from the first event on and without a gap.
//!
//! A run `<kind>-<first>-<end>` lies in the lane's directory of the cache and says in its note which events it covers,
//! and binds them as covers do: with how many of the lane's entries they end, and the digest of those. So runs are never
//! stale, only short: what lies behind them is read from the events, and one of another history is as good as missing.
//! A run is taken in by a newer one that is at least half its size, so there are few, and each row is written a few
//! times in all. One that is damaged or missing ends what is covered.

use super::commit::Draft;
use super::covers::Prefix;
use super::dir::Dir;
use super::manifest::{Entry, Manifest};
use super::sorted_table::{self, Damaged, ENTRY, NOTE, SortedTable};
use super::{Error, LaneId, Store};
use ulp_core::hash::Blake3;

/// From this many sealed bytes on that no run covers, one is written.
pub const DUE: u64 = 64 << 10;
/// From this many on where a commit goes to many lanes: fewer and larger files.
pub const DUE_OF_MANY: u64 = 512 << 10;

/// The runs of one kind in a lane, of rows of `N` bytes.
#[derive(Debug)]
pub struct Runs<const N: usize = ENTRY> {
    kind: &'static str,
    list: Vec<Run<N>>,
    /// The entries that they cover.
    prefix: Prefix,
}

#[derive(Debug)]
struct Run<const N: usize> {
    table: SortedTable<N>,
    name: String,
    start: u64,
    end: u64,
}

/// How far the sealed entries of a manifest go.
#[derive(Clone, Copy, Debug)]
pub struct Sealed {
    /// Behind the last event.
    pub end: u64,
    /// How many bytes of them lie behind what was covered.
    pub bytes: u64,
}

/// The sealed entries of a manifest, as far as they lie behind `covered` events; nothing where none do.
pub fn sealed(manifest: &Manifest, covered: u64) -> Option<Sealed> {
    let (mut end, mut bytes) = (manifest.before(), 0);
    for entry in &manifest.segments[..manifest.sealed()] {
        end += entry.events;
        if end > covered {
            bytes += entry.bytes;
        }
    }
    (end > covered && bytes > 0).then_some(Sealed { end, bytes })
}

/// The names of what lies in a lane's directory of the cache; nothing where the store is not trusted.
fn listed(store: &Store, id: &LaneId) -> Option<(Dir, Vec<String>)> {
    let dir = store.root.at(&id.cache_dir()).ok().flatten().filter(|_| store.is_trusted())?;
    let names = dir.list().ok()?.into_iter().map(|(name, _)| name).collect();
    Some((dir, names))
}

impl<const N: usize> Runs<N> {
    /// No runs.
    pub fn none(kind: &'static str) -> Runs<N> {
        Runs { kind, list: Vec::new(), prefix: Prefix::default() }
    }

    /// The runs of some kinds in a lane as far as they fit its entries; none of a store that is not trusted.
    pub fn open<const K: usize>(
        store: &Store,
        id: &LaneId,
        manifest: &Manifest,
        kinds: [&'static str; K],
    ) -> Result<[Runs<N>; K], Error> {
        let mut runs = kinds.map(Runs::none);
        let Some((dir, names)) = listed(store, id) else { return Ok(runs) };
        if runs.iter().any(|runs| names.iter().any(|name| parse_name(name, runs.kind).is_some())) {
            let entries = store.entries(manifest, None)?;
            runs.iter_mut().for_each(|runs| runs.take_in(store, &dir, &names, &entries));
        }
        Ok(runs)
    }

    /// Takes in the runs from the lane's first event on, as far as they fit its entries.
    fn take_in(&mut self, store: &Store, dir: &Dir, names: &[String], entries: &[Entry]) {
        let named: Vec<_> = names.iter().filter_map(|name| parse_name(name, self.kind)).collect();
        loop {
            let start = self.covered();
            let mut next: Vec<_> =
                named.iter().filter(|(from, to, _)| *from == start && *to > start).collect();
            next.sort_by_key(|(_, to, _)| std::cmp::Reverse(*to));
            let fitting = next.into_iter().find_map(|(_, _, name)| {
                let (run, bound) = open_run(store, dir, name)?;
                let mut prefix = self.prefix.clone();
                let fits = prefix.reach(entries, bound.entries) && prefix.digest() == bound.digest;
                (fits && run.start == start && run.end == prefix.events()).then_some((run, prefix))
            });
            let Some((run, prefix)) = fitting else { break };
            self.prefix = prefix;
            self.list.push(run);
        }
    }

    /// How many events they cover, from the lane's first one on.
    pub fn covered(&self) -> u64 {
        self.list.last().map_or(0, |run| run.end)
    }

    /// The first row that begins with `key`.
    pub fn find(&self, key: &[u8]) -> Result<Option<[u8; N]>, Damaged> {
        self.list.iter().try_fold(None, |found, run| match found {
            Some(row) => Ok(Some(row)),
            None => run.table.find(key),
        })
    }

    /// Calls `each` for every row that begins with `key`.
    pub fn each(&self, key: &[u8], each: &mut impl FnMut([u8; N])) -> Result<(), Damaged> {
        self.list.iter().try_for_each(|run| run.table.each(key, each))
    }

    /// Forgets them all, as they are damaged.
    pub fn clear(&mut self) {
        *self = Runs::none(self.kind);
    }

    /// Their tables, each sorted by itself.
    pub fn tables(&self) -> impl Iterator<Item = &SortedTable<N>> {
        self.list.iter().map(|run| &run.table)
    }

    /// Writes a run of the rows of the events that follow, up to `sealed`, and takes small older ones into it.
    /// Answers whether they cover them now.
    pub fn push(
        &mut self,
        store: &Store,
        lane: (&LaneId, &Manifest),
        sealed: Sealed,
        rows: Vec<[u8; N]>,
    ) -> Result<bool, Error> {
        self.push_up_to(usize::MAX, store, lane, sealed, rows)
    }

    /// As [`Runs::push`], but no older run is taken in where more rows than so many would stand in one.
    pub fn push_up_to(
        &mut self,
        most: usize,
        store: &Store,
        (id, manifest): (&LaneId, &Manifest),
        sealed: Sealed,
        mut rows: Vec<[u8; N]>,
    ) -> Result<bool, Error> {
        let Some(prefix) = self.prefix_to(store, manifest, sealed.end)? else { return Ok(false) };
        let mut start = self.covered();
        let mut absorbed = 0;
        for run in self.list.iter().rev() {
            if run.table.len() > 2 * rows.len() || run.table.len() + rows.len() > most {
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
        let name = format!("{}-{start}-{}", self.kind, sealed.end);
        let bytes = sorted_table::print(&note(start, &prefix), &rows);
        let dir = id.cache_dir();
        store.hint(&Draft { dir: dir.clone(), name: name.clone(), bytes })?;
        let Some(open) = store.root.at(&dir)? else { return Ok(false) };
        let Some((run, _)) = open_run(store, &open, &name) else { return Ok(false) };
        let old: Vec<Run<N>> = self.list.drain(kept..).collect();
        self.list.push(run);
        self.prefix = prefix;
        for old in old {
            // One that stays is longer than it needs to be, and no other harm.
            let _ = open.remove(&old.name);
        }
        Ok(true)
    }

    /// The entries of a lane up to where so many events end; nothing where no entry ends there.
    fn prefix_to(&self, store: &Store, manifest: &Manifest, end: u64) -> Result<Option<Prefix>, Error> {
        let mut prefix = self.prefix.clone();
        let is_in_pages = prefix.events() < manifest.before();
        let all = if is_in_pages { store.entries(manifest, None)? } else { manifest.segments.clone() };
        let mut at = if is_in_pages { 0 } else { manifest.before() };
        for entry in all {
            if at >= end {
                break;
            }
            if at >= prefix.events() {
                prefix.push(&entry);
            }
            at += entry.events;
        }
        Ok((prefix.events() == end).then_some(prefix))
    }
}

/// What a run says of what it covers.
struct Bound {
    entries: u64,
    digest: Blake3,
}

fn note(start: u64, prefix: &Prefix) -> sorted_table::Note {
    let mut note = [0; NOTE];
    note[..8].copy_from_slice(&start.to_le_bytes());
    note[8..16].copy_from_slice(&prefix.events().to_le_bytes());
    note[16..24].copy_from_slice(&prefix.entries().to_le_bytes());
    note[24..56].copy_from_slice(&prefix.digest().0);
    note
}

fn parse_name<'n>(name: &'n str, kind: &str) -> Option<(u64, u64, &'n str)> {
    let (start, end) = name.strip_prefix(kind)?.strip_prefix('-')?.split_once('-')?;
    Some((start.parse().ok()?, end.parse().ok()?, name))
}

/// Opens a run.
fn open_run<const N: usize>(store: &Store, dir: &Dir, name: &str) -> Option<(Run<N>, Bound)> {
    let file = dir.file(name).ok()??;
    let length = file.metadata().ok()?.len();
    let table = SortedTable::open(store.take_in(file, length).ok()?).ok()?;
    let note = table.note();
    let number = |at: usize| Some(u64::from_le_bytes(note[at..at + 8].try_into().ok()?));
    let (start, end, entries) = (number(0)?, number(8)?, number(16)?);
    let bound = Bound { entries, digest: Blake3(note[24..56].try_into().ok()?) };
    (start < end).then_some((Run { table, name: name.to_owned(), start, end }, bound))
}
