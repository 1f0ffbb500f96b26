//! The hashes of a lane's events, sorted: those of sealed entries in runs of the cache, which are mapped, the few
//! behind them in memory.
//!
//! A run holds at most [`MOST`] hashes, so that writing one takes little memory however long the lane is; reading
//! merges all of them as they lie.

use crate::manifest::{Absent, Entry, Manifest};
use crate::read::Damage;
use crate::runs::{Runs, Sealed};
use crate::sorted_table::SortedTable;
use crate::{Error, LaneId, Store, dedup};
use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;
use ulp_core::hash::{BYTES, Blake3, Sha256};

/// The kind of the runs that hold whole hashes.
const KIND: &str = "hashes";
/// Most hashes of a run: 16 MiB.
const MOST: usize = 1 << 19;

/// The hash of an event, as it stands in a table.
type Hash = [u8; BYTES];

/// The history of a lane, as far as it is here.
#[derive(Debug)]
pub struct LaneHistory {
    runs: Runs<BYTES>,
    /// Those of the events that no run covers, sorted.
    rest: Vec<Hash>,
    /// Segments that are known not to be here.
    pub absent: Vec<Damage>,
    /// Segments that are not here, or not what they should be.
    pub damage: Vec<Damage>,
}

impl LaneHistory {
    /// Reads a lane, and writes what is to be cached of it where that can be written: it is never needed.
    ///
    /// # Errors
    /// What the store says.
    pub fn open(store: &Store, id: &LaneId, manifest: &Manifest) -> Result<LaneHistory, Error> {
        let entries = place(store.entries(manifest, None)?);
        let [runs] = Runs::open(store, id, manifest, [KIND])?;
        let mut lane = LaneHistory { runs, rest: Vec::new(), absent: Vec::new(), damage: Vec::new() };
        if !lane.is_whole(store, &entries)? {
            lane.runs.clear();
        }
        lane.read(store, (id, manifest), &entries)?;
        lane.rest.sort_unstable();
        Ok(lane)
    }

    /// Whether every page of the runs is as it was written, and every segment that they cover is here.
    fn is_whole(&self, store: &Store, entries: &[(Range<u64>, Entry)]) -> Result<bool, Error> {
        let covered = self.runs.covered();
        for (_, entry) in entries.iter().filter(|(events, _)| events.start < covered) {
            if !store.has_segment(entry)? {
                return Ok(false);
            }
        }
        Ok(self.runs.tables().all(|table| table.check().is_ok()))
    }

    /// Takes in the events that no run covers.
    fn read(
        &mut self,
        store: &Store,
        lane: (&LaneId, &Manifest),
        entries: &[(Range<u64>, Entry)],
    ) -> Result<(), Error> {
        let sealed = sealed_end(lane.1);
        let mut caches = store.is_trusted() && store.is_writable();
        let (mut gathered, mut bytes) = (Vec::new(), 0);
        for (events, entry) in entries {
            if events.end <= self.runs.covered() {
                continue;
            }
            let Some(segment) = self.segment(store, lane.0, (events, entry))? else {
                caches = false;
                continue;
            };
            let hashes = dedup::lines(&segment).map(|line| Blake3::of(line).0);
            if events.end > sealed {
                self.rest.extend(hashes);
                continue;
            }
            gathered.extend(hashes);
            bytes += entry.bytes;
            if gathered.len() >= MOST || events.end == sealed {
                let sealed = Sealed { end: events.end, bytes };
                let rows = std::mem::take(&mut gathered);
                caches = caches && self.cache(store, lane, sealed, &rows);
                if !caches {
                    self.rest.extend(rows);
                }
                bytes = 0;
            }
        }
        self.rest.extend(gathered);
        Ok(())
    }

    /// Writes a run; answers whether that could be done.
    fn cache(&mut self, store: &Store, lane: (&LaneId, &Manifest), sealed: Sealed, rows: &[Hash]) -> bool {
        self.runs.push_up_to(MOST, store, lane, sealed, rows.to_vec()).unwrap_or(false)
    }

    /// The bytes of a segment, which are held to its name: what is said of them is attested.
    fn segment(
        &mut self,
        store: &Store,
        lane: &LaneId,
        (events, entry): (&Range<u64>, &Entry),
    ) -> Result<Option<crate::object::Bytes>, Error> {
        let say = |code, reason| {
            let segment = Some((entry.hash, events.clone()));
            Damage { lane: lane.clone(), code, segment, reason: Cow::Borrowed(reason) }
        };
        match entry.absent {
            Absent::Lost => self.absent.push(say("store.lost", "it was damaged and taken away")),
            Absent::Elsewhere => self.absent.push(say("store.elsewhere", "a pack left it out")),
            Absent::No => match store.segment(entry)? {
                Some(bytes) if Sha256::of(&bytes) == entry.hash => return Ok(Some(bytes)),
                Some(_) => {
                    self.damage.push(say("store.segment", "its object has other bytes than its name says"));
                }
                None => self.damage.push(Damage::missing(lane, entry, events.clone())),
            },
        }
        Ok(None)
    }

    /// Gives the hash of each event to `each`, sorted, each once.
    pub fn each(&self, mut each: impl FnMut(&Blake3)) {
        let mut heap: BinaryHeap<Reverse<(Hash, usize)>> = BinaryHeap::new();
        let mut sources: Vec<Source<'_>> = self.runs.tables().map(Source::Table).collect();
        sources.push(Source::Rows(&self.rest));
        let mut places = vec![0; sources.len()];
        for (at, source) in sources.iter().enumerate() {
            heap.extend(source.get(0).map(|hash| Reverse((hash, at))));
        }
        let mut last = None;
        while let Some(Reverse((hash, at))) = heap.pop() {
            if last != Some(hash) {
                each(&Blake3(hash));
                last = Some(hash);
            }
            places[at] += 1;
            heap.extend(sources[at].get(places[at]).map(|hash| Reverse((hash, at))));
        }
    }
}

/// Sorted hashes.
enum Source<'s> {
    Table(&'s SortedTable<BYTES>),
    Rows(&'s [Hash]),
}

impl Source<'_> {
    fn get(&self, at: usize) -> Option<Hash> {
        match self {
            // Every page was looked at when the lane was opened.
            Source::Table(table) => (at < table.len()).then(|| table.row(at).ok()).flatten(),
            Source::Rows(rows) => rows.get(at).copied(),
        }
    }
}

/// Where the sealed entries of a lane end.
fn sealed_end(manifest: &Manifest) -> u64 {
    manifest.before() + manifest.segments[..manifest.sealed()].iter().map(|entry| entry.events).sum::<u64>()
}

/// Entries with the events that each holds.
fn place(entries: Vec<Entry>) -> Vec<(Range<u64>, Entry)> {
    let mut start = 0;
    let place = |entry: Entry| {
        let events = start..start + entry.events;
        start = events.end;
        (events, entry)
    };
    entries.into_iter().map(place).collect()
}
