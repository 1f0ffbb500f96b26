//! Taking events into the store: gathered by lane, and committed together.
//!
//! An [`Appender`] is offered canonical lines. What is known already it refuses as a duplicate; the rest it holds
//! until [`Appender::commit`] has made it durable. Under the lock, lanes that others wrote to meanwhile are looked at
//! again: what they brought is a duplicate after all, and named by the tickets that come back.

use super::commit::{Commit, Draft};
use super::dedup::{DedupIndex, Digest, lines};
use super::manifest::{Absent, Entry, Manifest};
use super::{Error, INDEX, LaneId, MANIFEST, Store, index, runs};
use foldhash::{HashMap, HashMapExt as _};
use rayon::prelude::*;
use ulp_core::hash::Sha256;
use ulp_core::json::{self, Tape, Value};

/// About the most bytes of a segment.
pub const SEGMENT: usize = 4 << 20;

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
    /// Lanes with something to commit, in the order of their first event.
    waiting: Vec<usize>,
    bytes: usize,
    next: u64,
    changed: Vec<LaneId>,
}

/// A lane that events were offered for.
#[derive(Debug)]
struct Work {
    id: LaneId,
    manifest: Manifest,
    /// The manifest as it stood on disk; empty where there was none.
    bytes: Vec<u8>,
    known: DedupIndex,
    /// Lines that wait, each with its end.
    pending: Vec<u8>,
    /// Of each line that waits: its ticket, its digest, its end in `pending`.
    tickets: Vec<(u64, Digest, usize)>,
    /// Whether a duplicate was found that rests on the manifest as it was.
    depends_on: bool,
    /// Whether the index is older than the manifest.
    index_due: bool,
}

impl<'s> Appender<'s> {
    pub fn new(store: &'s Store) -> Appender<'s> {
        Appender {
            store,
            lanes: Vec::new(),
            by_id: HashMap::new(),
            waiting: Vec::new(),
            bytes: 0,
            next: 0,
            changed: Vec::new(),
        }
    }

    /// How many bytes wait to be committed.
    pub fn waiting(&self) -> usize {
        self.bytes
    }

    /// Looks a lane up, reading what it has the first time.
    pub fn lane(&mut self, id: &LaneId) -> Result<LaneIndex, Error> {
        if let Some(at) = self.by_id.get(id) {
            return Ok(LaneIndex(*at));
        }
        let work = Work::open(self.store, id)?;
        self.lanes.push(work);
        self.by_id.insert(id.clone(), self.lanes.len() - 1);
        Ok(LaneIndex(self.lanes.len() - 1))
    }

    /// Offers the canonical line of an event of that lane, without its end.
    pub fn offer(&mut self, lane: LaneIndex, digest: Digest, line: &[u8]) -> Result<Offer, Error> {
        let work = &mut self.lanes[lane.0];
        if work.known.has(self.store, &work.manifest, &digest)? {
            work.depends_on = true;
            return Ok(Offer::Duplicate);
        }
        work.known.insert(digest);
        if work.tickets.is_empty() {
            self.waiting.push(lane.0);
        }
        work.pending.extend_from_slice(line);
        work.pending.push(b'\n');
        let ticket = self.next;
        self.next += 1;
        work.tickets.push((ticket, digest, work.pending.len()));
        self.bytes += line.len() + 1;
        Ok(Offer::Taken(ticket))
    }

    /// Makes everything durable that waits. Answers the tickets of what turned out to be there already, sorted.
    pub fn commit(&mut self) -> Result<Vec<u64>, Error> {
        self.commit_after(|_, _| Ok(Vec::new()))
    }

    /// As [`Appender::commit`]. Where others wrote to one of these lanes meanwhile, `again` is asked under the lock what
    /// of all that waits is not to be committed after all: it is told what is there already, and answers tickets, both
    /// sorted.
    pub fn commit_after(
        &mut self,
        again: impl FnOnce(&Store, &[u64]) -> Result<Vec<u64>, Error>,
    ) -> Result<Vec<u64>, Error> {
        if self.waiting.is_empty() {
            return Ok(Vec::new());
        }
        let mut commit = self.store.commit()?;
        let waiting = std::mem::take(&mut self.waiting);
        self.bytes = 0;
        let (mut doubles, known) = (Vec::new(), self.changed.len());
        for at in &waiting {
            if self.lanes[*at].look_again(self.store, &mut doubles)? {
                self.changed.push(self.lanes[*at].id.clone());
            }
        }
        doubles.sort_unstable();
        if self.changed.len() > known {
            let refused = again(self.store, &doubles)?;
            waiting.iter().try_for_each(|at| self.lanes[*at].leave_out(self.store, &refused))?;
        }
        let mut works: Vec<&mut Work> = Vec::with_capacity(waiting.len());
        let wanted: foldhash::HashSet<usize> = waiting.into_iter().collect();
        for (at, work) in self.lanes.iter_mut().enumerate() {
            if wanted.contains(&at) && !work.pending.is_empty() {
                works.push(work);
            }
        }
        write(self.store, &mut commit, &mut works)?;
        commit.release()?;
        Ok(doubles)
    }

    /// The lines that wait to be committed.
    pub fn pending(&self) -> impl Iterator<Item = &[u8]> {
        self.waiting.iter().flat_map(|at| lines(&self.lanes[*at].pending))
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

/// Writes the segments of some lanes, then their manifests, then their indexes.
fn write(store: &Store, commit: &mut Commit<'_>, works: &mut [&mut Work]) -> Result<(), Error> {
    if works.is_empty() {
        return Ok(());
    }
    let cut: Result<Vec<SegmentBuilder>, Error> = if works.len() > 1 {
        works.par_iter_mut().map(|work| work.cut(store)).collect()
    } else {
        works.iter_mut().map(|work| work.cut(store)).collect()
    };
    let cut = cut?;
    let blobs: Vec<(Sha256, &[u8])> = cut.iter().flat_map(SegmentBuilder::blobs).collect();
    commit.put(&blobs)?;
    let mut drafts = Vec::with_capacity(works.len());
    for (work, cut) in works.iter_mut().zip(cut) {
        work.manifest = cut.after;
        work.bytes = work.manifest.print();
        drafts.push(Draft { dir: work.id.dir(), name: MANIFEST.to_owned(), bytes: work.bytes.clone() });
    }
    commit.publish(drafts)?;
    let few = works.len() <= FEW;
    let due = if few { runs::DUE } else { runs::DUE_OF_MANY };
    for work in works.iter_mut() {
        work.pending.clear();
        let taken = std::mem::take(&mut work.tickets).into_iter().map(|(_, digest, _)| digest);
        // Neither is ever needed: that one cannot be written is no reason to fail what is durable.
        let _ = work.known.commit(store, (&work.id, &work.manifest), due, taken);
        work.index_due = true;
        if few {
            work.write_index(store);
        }
    }
    Ok(())
}

/// What a lane's commit writes: segments, and pages that were filled.
struct SegmentBuilder {
    text: Vec<u8>,
    /// Where each segment ends in the text, and its name.
    segments: Vec<(usize, Sha256)>,
    pages: Vec<(Sha256, Vec<u8>)>,
    after: Manifest,
}

impl SegmentBuilder {
    fn blobs(&self) -> impl Iterator<Item = (Sha256, &[u8])> {
        let starts = std::iter::once(0).chain(self.segments.iter().map(|s| s.0));
        let segments =
            starts.zip(&self.segments).map(|(start, (end, hash))| (*hash, &self.text[start..*end]));
        segments.chain(self.pages.iter().map(|(hash, page)| (*hash, &page[..])))
    }
}

impl Work {
    fn open(store: &Store, id: &LaneId) -> Result<Work, Error> {
        let (manifest, bytes) = match store.manifest(id)? {
            Some(found) => found,
            None => (Manifest::new(id.tile), Vec::new()),
        };
        let known = DedupIndex::open(store, id, &manifest)?;
        let (pending, tickets) = (Vec::new(), Vec::new());
        Ok(Work {
            id: id.clone(),
            manifest,
            bytes,
            known,
            pending,
            tickets,
            depends_on: false,
            index_due: false,
        })
    }

    /// Writes the lane's index, if it can be written.
    fn write_index(&mut self, store: &Store) {
        let old = index::read(store, &self.id).unwrap_or_default();
        let bytes = index::after_append(&self.id, &self.manifest, &old).print();
        let _ = store.hint(&Draft { dir: self.id.dir(), name: INDEX.to_owned(), bytes });
        self.index_due = false;
    }

    /// Under the lock: takes in what others committed since, and drops what waits and is there by now.
    /// Answers whether there was anything.
    fn look_again(&mut self, store: &Store, doubles: &mut Vec<u64>) -> Result<bool, Error> {
        let now = store.manifest_bytes(&self.id)?;
        if now.as_ref().map_or(&[][..], |(bytes, _)| bytes) == self.bytes {
            return Ok(false);
        }
        let (manifest, bytes) =
            store.manifest(&self.id)?.unwrap_or((Manifest::new(self.id.tile), Vec::new()));
        let mut others = DedupIndex::open(store, &self.id, &manifest)?;
        let before = self.tickets.len();
        self.keep(|ticket, digest| {
            let is_new = !others.has(store, &manifest, digest)?;
            doubles.extend((!is_new).then_some(ticket));
            Ok(is_new)
        })?;
        self.depends_on |= self.tickets.len() < before;
        self.tickets.iter().for_each(|(_, digest, _)| others.insert(*digest));
        self.known = others;
        (self.manifest, self.bytes) = (manifest, bytes);
        Ok(true)
    }

    /// Under the lock, after [`Work::look_again`]: drops what waits under some tickets, as if it had never come.
    fn leave_out(&mut self, store: &Store, tickets: &[u64]) -> Result<(), Error> {
        let before = self.tickets.len();
        self.keep(|ticket, _| Ok(tickets.binary_search(&ticket).is_err()))?;
        if self.tickets.len() < before {
            self.known = DedupIndex::open(store, &self.id, &self.manifest)?;
            self.tickets.iter().for_each(|(_, digest, _)| self.known.insert(*digest));
        }
        Ok(())
    }

    /// Keeps of what waits what `is_kept` says.
    fn keep(&mut self, mut is_kept: impl FnMut(u64, &Digest) -> Result<bool, Error>) -> Result<(), Error> {
        let (mut kept, mut tickets, mut start) = (Vec::new(), Vec::new(), 0);
        for (ticket, digest, end) in std::mem::take(&mut self.tickets) {
            if is_kept(ticket, &digest)? {
                kept.extend_from_slice(&self.pending[start..end]);
                tickets.push((ticket, digest, kept.len()));
            }
            start = end;
        }
        (self.pending, self.tickets) = (kept, tickets);
        Ok(())
    }

    /// Puts what waits, and the small entries before it, into segments.
    fn cut(&mut self, store: &Store) -> Result<SegmentBuilder, Error> {
        let mut after = self.manifest.clone();
        let mut taken = Vec::new();
        for _ in 0..after.merges(self.pending.len() as u64) {
            let Some(entry) = after.segments.last() else { break };
            // What is damaged stays where it is: `check` will find it there.
            let Some(bytes) = store.segment(entry)?.filter(|b| Sha256::of(b) == entry.hash) else { break };
            after.segments.pop();
            taken.push(bytes);
        }
        let mut text = Vec::with_capacity(taken.iter().map(|b| b.len()).sum::<usize>() + self.pending.len());
        taken.iter().rev().for_each(|bytes| text.extend_from_slice(bytes));
        text.extend_from_slice(&self.pending);
        let mut segments = Vec::new();
        let mut start = 0;
        for Part { end, events, from, to } in parts(&text) {
            let hash = Sha256::of(&text[start..end]);
            let bytes = (end - start) as u64;
            after.segments.push(Entry { hash, from, to, events, bytes, absent: Absent::No });
            segments.push((end, hash));
            start = end;
        }
        let pages = std::iter::from_fn(|| after.turn_page()).map(|page| (Sha256::of(&page), page)).collect();
        Ok(SegmentBuilder { text, segments, pages, after })
    }
}

/// A part of a text that becomes a segment.
pub struct Part {
    pub end: usize,
    events: u64,
    from: String,
    to: String,
}

impl Part {
    /// A whole segment, which holds at least a line.
    pub fn of(segment: &[u8]) -> Part {
        let events = memchr::memchr_iter(b'\n', segment).count() as u64;
        let name = |line: Option<&[u8]>| line.map(event_id).unwrap_or_default();
        let last = memchr::memrchr(b'\n', &segment[..segment.len() - 1]).map_or(0, |at| at + 1);
        let (from, to) = (name(lines(segment).next()), name(lines(&segment[last..]).next()));
        Part { end: segment.len(), events, from, to }
    }

    /// The entry of the segment that has these bytes.
    pub fn entry(self, segment: &[u8]) -> Entry {
        let Part { events, from, to, .. } = self;
        Entry { hash: Sha256::of(segment), from, to, events, bytes: segment.len() as u64, absent: Absent::No }
    }
}

/// Cuts lines into segments.
pub fn parts(text: &[u8]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let end = if text.len() - start <= SEGMENT {
            text.len()
        } else {
            // A line is shorter than a segment, so there is an end to cut at.
            memchr::memrchr(b'\n', &text[start..start + SEGMENT]).map_or(text.len(), |at| start + at + 1)
        };
        parts.push(Part { end, ..Part::of(&text[start..end]) });
        start = end;
    }
    parts
}

/// The name in a canonical line.
pub(super) fn event_id(line: &[u8]) -> String {
    let mut tape = Tape::new();
    let text = std::str::from_utf8(line).unwrap_or_default();
    let top = tape.parse(text, json::EVENT_DEPTH).ok();
    let id = top.and_then(|t: Value<'_, '_>| t.get("event_id"));
    id.and_then(Value::as_text).unwrap_or_default()
}
