//! Taking events into the store: gathered by lane, and committed together.
//!
//! An [`Appender`] is offered canonical lines. What is known already it refuses as a duplicate; the rest it holds
//! until [`Appender::commit`] has made it durable. Under the lock, lanes that others wrote to meanwhile are looked at
//! again: what they brought is a duplicate after all, and named by the tickets that come back.
//!
//! Lines may come as those of a whole segment. Where all of them are new it is kept as that very object; else the new
//! ones form a segment with whatever waits.

mod lane;
mod seen;
mod segment;
mod tile;

use crate::commit::{Commit, Draft};
use crate::dedup::{DedupIndex, Digest};
use crate::manifest::Manifest;
use crate::receipts::{Came, Recorder};
use crate::{Error, LaneId, MANIFEST, Store, runs};
use foldhash::{HashMap, HashMapExt as _, HashSet};
use lane::Work;
use rayon::prelude::*;
use segment::{SegmentBuilder, WholeSegment};
use std::ops::Range;
use ulp_core::hash::Sha256;
use ulp_core::id::{Lane, Tile};

pub use seen::seen;
pub use segment::{Part, SEGMENT, parts};
pub use tile::TileWork;

/// Where a commit goes to no more lanes than this, their indexes are written at once; else when the run ends.
const FEW: usize = 16;

/// What became of a line that was offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// It waits for the commit, under this number.
    Taken(u64),
    /// The lane has it, or has taken it.
    Duplicate,
}

/// A lane of an appender: an index that stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneIndex(usize);

/// Takes events into a store.
#[derive(Debug)]
pub struct Appender<'s> {
    store: &'s Store,
    lanes: Vec<Work>,
    by_id: HashMap<LaneId, usize>,
    /// The tiles of the lanes.
    tiles: Vec<(String, Tile)>,
    by_tile: HashMap<(String, Tile), usize>,
    /// Lanes with something to commit, in the order of their first event.
    waiting: Vec<usize>,
    next: u64,
    changed: Vec<LaneId>,
    recorder: Option<Recorder>,
}

impl<'s> Appender<'s> {
    pub fn new(store: &'s Store) -> Appender<'s> {
        Appender {
            store,
            lanes: Vec::new(),
            by_id: HashMap::new(),
            tiles: Vec::new(),
            by_tile: HashMap::new(),
            waiting: Vec::new(),
            next: 0,
            changed: Vec::new(),
            recorder: None,
        }
    }

    /// Has receipts written of what is committed.
    pub fn recorded_by(&mut self, recorder: Option<Recorder>) {
        self.recorder = recorder;
    }

    /// Who writes the receipts, if anybody does.
    pub fn recorder(&mut self) -> Option<&mut Recorder> {
        self.recorder.as_mut()
    }

    /// Looks a lane up, reading what it has the first time.
    pub fn lane(&mut self, id: &LaneId) -> Result<LaneIndex, Error> {
        if let Some(at) = self.by_id.get(id) {
            return Ok(LaneIndex(*at));
        }
        let tile = (id.space.clone(), id.tile);
        let number = *self.by_tile.entry(tile.clone()).or_insert(self.tiles.len());
        if number == self.tiles.len() {
            self.tiles.push(tile);
        }
        let work = Work::open(self.store, id, number)?;
        self.lanes.push(work);
        self.by_id.insert(id.clone(), self.lanes.len() - 1);
        Ok(LaneIndex(self.lanes.len() - 1))
    }

    /// Offers the canonical line of an event of that lane, without its end.
    pub fn offer(&mut self, lane: LaneIndex, digest: Digest, line: &[u8]) -> Result<Offer, Error> {
        if self.has(lane, &digest)? {
            Ok(Offer::Duplicate)
        } else {
            Ok(Offer::Taken(self.take(lane, digest, line)))
        }
    }

    /// Whether the lane has an event, or has taken it.
    pub fn has(&mut self, lane: LaneIndex, digest: &Digest) -> Result<bool, Error> {
        let Work { id, manifest, known, depends_on, .. } = &mut self.lanes[lane.0];
        let known = match known {
            Some(known) => known,
            None => known.insert(DedupIndex::open(self.store, id, manifest)?),
        };
        let has = known.has(self.store, manifest, digest)?;
        *depends_on |= has;
        Ok(has)
    }

    /// The same once nobody is in the midst of a commit, and of the lane as others made it meanwhile.
    pub fn has_by_now(&mut self, lane: LaneIndex, digest: &Digest) -> Result<bool, Error> {
        self.store.wait_for_others()?;
        self.lanes[lane.0].has_by_now(self.store, digest)
    }

    /// Takes the line of an event that the lane does not [have](Appender::has). Answers its ticket.
    pub fn take(&mut self, lane: LaneIndex, digest: Digest, line: &[u8]) -> u64 {
        let ticket = self.tickets(1);
        let work = self.waiting_lane(lane);
        work.known.iter_mut().for_each(|known| known.insert(digest));
        work.push(ticket, digest, line);
        ticket
    }

    /// The ticket that the next line will get.
    pub fn next_ticket(&self) -> u64 {
        self.next
    }

    /// Says that the lines taken under some tickets are those of a segment that came whole, in its order; the others
    /// of its lines were duplicates.
    pub fn keep_whole(&mut self, lane: LaneIndex, hash: Sha256, bytes: Vec<u8>, tickets: Range<u64>) {
        let lines = memchr::memchr_iter(b'\n', &bytes).count();
        self.lanes[lane.0].whole.push(WholeSegment { hash, bytes, lines, tickets });
    }

    /// Has the lane remember, from the next commit on, that it has seen a segment, unless one of the lines under some
    /// tickets is not committed after all.
    pub fn remember_seen(&mut self, lane: LaneIndex, hash: Sha256, tickets: Range<u64>) {
        self.waiting_lane(lane).seen.push((hash, tickets));
    }

    /// Whether anything waits to be committed.
    pub fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    fn waiting_lane(&mut self, lane: LaneIndex) -> &mut Work {
        let work = &mut self.lanes[lane.0];
        if work.is_idle() {
            self.waiting.push(lane.0);
        }
        work
    }

    /// For how many bytes of lines, and for how many events that lanes have, there is room in memory.
    #[cfg(test)]
    pub fn in_memory(&self) -> (usize, usize) {
        let lines = self.lanes.iter().map(|work| work.pending.capacity()).sum();
        (lines, self.lanes.iter().filter_map(|work| work.known.as_ref()).map(DedupIndex::in_memory).sum())
    }

    /// Forgets which events the lanes have, once more of them than so many are held in memory.
    pub fn forget_beyond(&mut self, events: usize) {
        let known = self.lanes.iter().filter_map(|work| work.known.as_ref());
        if known.map(DedupIndex::in_memory).sum::<usize>() > events {
            self.lanes.iter_mut().for_each(|work| (work.known, work.named) = (None, None));
        }
    }

    /// Makes everything durable that waits. Answers the tickets of what turned out to be there already, sorted.
    pub fn commit(&mut self) -> Result<Vec<u64>, Error> {
        self.commit_after(|_, _| Ok(Vec::new()))
    }

    /// As [`Appender::commit`]. Where others wrote to one of these lanes meanwhile, `again` is asked under the lock
    /// what of all that waits is not to be committed after all: it is told the lines that are not there yet, and
    /// answers tickets, both in the order of the tickets.
    pub fn commit_after(
        &mut self,
        again: impl FnOnce(&Store, Vec<(u64, &[u8])>) -> Result<Vec<u64>, Error>,
    ) -> Result<Vec<u64>, Error> {
        if self.waiting.is_empty() {
            return Ok(Vec::new());
        }
        let mut commit = self.store.commit()?;
        let waiting = std::mem::take(&mut self.waiting);
        let (mut doubles, known) = (Vec::new(), self.changed.len());
        for at in &waiting {
            if self.lanes[*at].look_again(self.store, &mut doubles)? {
                self.changed.push(self.lanes[*at].id.clone());
            }
        }
        doubles.sort_unstable();
        if self.changed.len() > known {
            let mut lines: Vec<_> = waiting.iter().flat_map(|at| self.lanes[*at].lines()).collect();
            lines.sort_unstable_by_key(|(ticket, _)| *ticket);
            let refused = again(self.store, lines)?;
            waiting.iter().try_for_each(|at| self.lanes[*at].leave_out(self.store, &refused))?;
        }
        let mut works: Vec<&mut Work> = Vec::with_capacity(waiting.len());
        let wanted: HashSet<usize> = waiting.iter().copied().collect();
        for (at, work) in self.lanes.iter_mut().enumerate() {
            if wanted.contains(&at) && !work.pending.is_empty() {
                works.push(work);
            }
        }
        write(self.store, &mut commit, &mut works, self.recorder.as_mut())?;
        waiting.iter().for_each(|at| self.lanes[*at].write_seen(self.store));
        commit.release()?;
        Ok(doubles)
    }

    /// The lines that wait to be committed, each with its ticket.
    pub fn pending(&self) -> impl Iterator<Item = (u64, &[u8])> {
        self.waiting.iter().flat_map(|at| self.lanes[*at].lines())
    }

    /// Those of one tile.
    pub fn lines_in(&self, space: &str, tile: Tile) -> impl Iterator<Item = (u64, &[u8])> {
        let of_lane = move |lane| self.by_id.get(&LaneId { space: space.to_owned(), tile, lane });
        Lane::all().filter_map(of_lane).flat_map(|at| self.lanes[*at].lines())
    }

    /// The lanes that others were found to have written to, since this was last asked.
    pub fn take_changed(&mut self) -> Vec<LaneId> {
        std::mem::take(&mut self.changed)
    }

    /// Before a run that found duplicates ends: what they rest on is made as durable as what was echoed.
    pub fn settle(&mut self) -> Result<(), Error> {
        let leaned: Vec<_> =
            self.lanes.iter().filter(|w| w.depends_on).map(|w| (w.id.dir(), MANIFEST)).collect();
        let is_due = self.lanes.iter().any(|w| w.index_due);
        if leaned.is_empty() && !is_due || !self.store.is_writable() {
            return Ok(());
        }
        let mut commit = self.store.commit()?;
        if !leaned.is_empty() {
            commit.sync_files(&leaned)?;
        }
        for work in self.lanes.iter_mut() {
            work.depends_on = false;
            if work.index_due {
                work.write_index(self.store);
            }
        }
        commit.release()
    }
}

/// Writes the segments of some lanes and their receipt, then their manifests, then their indexes.
fn write(
    store: &Store,
    commit: &mut Commit<'_>,
    works: &mut [&mut Work],
    recorder: Option<&mut Recorder>,
) -> Result<(), Error> {
    if works.is_empty() {
        return Ok(());
    }
    let cut: Result<Vec<SegmentBuilder>, Error> = if works.len() > 1 {
        works.par_iter_mut().map(|work| work.cut(store)).collect()
    } else {
        works.iter_mut().map(|work| work.cut(store)).collect()
    };
    let mut cut = cut?;
    let blobs: Vec<(Sha256, &[u8])> = cut.iter().flat_map(SegmentBuilder::blobs).collect();
    commit.put(&blobs)?;
    if let Some(recorder) = recorder {
        let came: Vec<Came<'_>> = works.iter().zip(&cut).filter_map(|(work, cut)| work.came(cut)).collect();
        commit.names(recorder.record(store, &came)?);
    }
    let mut drafts = Vec::with_capacity(works.len());
    for (work, cut) in works.iter_mut().zip(&mut cut) {
        work.manifest = std::mem::replace(&mut cut.after, Manifest::new(work.id.tile));
        let bytes = work.manifest.print();
        // What only puts an object back says nothing new.
        if bytes != work.bytes {
            drafts.push(Draft { dir: work.id.dir(), name: MANIFEST.to_owned(), bytes: bytes.clone() });
        }
        work.bytes = bytes;
    }
    commit.publish(drafts)?;
    let few = works.len() <= FEW;
    let due = if few { runs::DUE } else { runs::DUE_OF_MANY };
    for (work, cut) in works.iter_mut().zip(cut) {
        work.committed(store, due, cut);
        if few {
            work.write_index(store);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_as_it_was_read_is_not_the_lane_as_others_made_it() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::init(&dir.path().join("s"), false, b"version: 1\n").unwrap();
        let tile = Tile::parse("z0/x0/y0").unwrap();
        let id = LaneId { space: "demo".to_owned(), tile, lane: "team.public".parse().unwrap() };
        let (mut ours, mut theirs) = (Appender::new(&store), Appender::new(&store));
        let (our_lane, their_lane) = (ours.lane(&id).unwrap(), theirs.lane(&id).unwrap());
        for n in 0..3 {
            let line = format!(r#"{{"event_id":"a{n}"}}"#).into_bytes();
            let digest = crate::digest(&line);
            assert!(!ours.has_by_now(our_lane, &digest).unwrap());
            assert!(matches!(theirs.offer(their_lane, digest, &line), Ok(Offer::Taken(_))));
            theirs.commit().unwrap();
            let (then, now) = (ours.has(our_lane, &digest), ours.has_by_now(our_lane, &digest));
            assert_eq!((then.unwrap(), now.unwrap()), (false, true), "{n}");
        }
    }
}
