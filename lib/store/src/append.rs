//! Taking events into the store: gathered by lane, and committed together.
//!
//! An [`Appender`] is offered canonical lines. What is known already it refuses as a duplicate; the rest it holds
//! until [`Appender::commit`] has made it durable. Under the lock, lanes that others wrote to meanwhile are looked at
//! again: what they brought is a duplicate after all, and named by the tickets that come back.
//!
//! Lines may come as those of a whole segment. Where all of them are new it is kept as that very object; else the new
//! ones form a segment with whatever waits.

use super::commit::{Commit, Draft};
use super::dedup::{DedupIndex, Digest, lines};
use super::manifest::{Absent, Entry, Manifest};
use super::{Error, INDEX, LaneId, MANIFEST, SEEN, Store, index, runs};
use ahash::{AHashMap, AHashSet};
use rayon::prelude::*;
use std::ops::Range;
use ulp_core::hash::Sha256;
use ulp_core::json::{self, Tape, Value};

/// About the most bytes of a segment.
pub const SEGMENT: usize = 4 << 20;

/// Where a commit goes to no more lanes than this, their indexes are written at once; else when the run ends.
const FEW: usize = 16;
/// Most lines of a lane's list of segments that came in whole, of about a MiB: the oldest go.
const MOST_SEEN: usize = 16 << 10;

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
    by_id: AHashMap<LaneId, usize>,
    /// Lanes with something to commit, in the order of their first event.
    waiting: Vec<usize>,
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
    /// Nothing where it was forgotten.
    known: Option<DedupIndex>,
    /// Lines that wait, each with its end.
    pending: Vec<u8>,
    /// Of each line that waits: its ticket, its digest, its end in `pending`.
    tickets: Vec<(u64, Digest, usize)>,
    /// Whole segments to which some of these lines belong, in the order of their tickets.
    whole: Vec<WholeSegment>,
    /// The segments that the manifest names, once a whole one came.
    named: Option<AHashSet<Sha256>>,
    /// Segments that are to be remembered as seen, unless lines under these tickets are refused after all.
    seen: Vec<(Sha256, Range<u64>)>,
    /// Whether a duplicate was found that rests on the manifest as it was.
    depends_on: bool,
    /// Whether the index is older than the manifest.
    index_due: bool,
}

/// A segment that came whole, of canonical lines.
#[derive(Debug)]
struct WholeSegment {
    hash: Sha256,
    bytes: Vec<u8>,
    /// How many lines it has.
    lines: usize,
    /// The tickets of those that were taken.
    tickets: Range<u64>,
}

impl<'s> Appender<'s> {
    pub fn new(store: &'s Store) -> Appender<'s> {
        Appender {
            store,
            lanes: Vec::new(),
            by_id: AHashMap::new(),
            waiting: Vec::new(),
            next: 0,
            changed: Vec::new(),
        }
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
        if self.has(lane, &digest)? { Ok(Offer::Duplicate) } else { Ok(Offer::Taken(self.take(lane, digest, line))) }
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

    /// Takes the line of an event that the lane does not [have](Appender::has). Answers its ticket.
    pub fn take(&mut self, lane: LaneIndex, digest: Digest, line: &[u8]) -> u64 {
        let work = self.waiting_lane(lane);
        work.known.iter_mut().for_each(|known| known.insert(digest));
        work.pending.extend_from_slice(line);
        work.pending.push(b'\n');
        let end = work.pending.len();
        let ticket = self.next;
        self.next += 1;
        self.lanes[lane.0].tickets.push((ticket, digest, end));
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
        if work.tickets.is_empty() && work.seen.is_empty() {
            self.waiting.push(lane.0);
        }
        work
    }

    /// Forgets which events the lanes have, once these are more than so many. Answers whether it did.
    pub fn forget_beyond(&mut self, events: u64) -> bool {
        let known = self.lanes.iter().filter(|work| work.known.is_some());
        let forgets = known.map(|work| work.manifest.events()).sum::<u64>() > events;
        if forgets {
            self.lanes.iter_mut().for_each(|work| (work.known, work.named) = (None, None));
        }
        forgets
    }

    /// Makes everything durable that waits. Answers the tickets of what turned out to be there already, sorted.
    pub fn commit(&mut self) -> Result<Vec<u64>, Error> {
        self.commit_after(|_, _| Ok(Vec::new()))
    }

    /// As [`Appender::commit`]. Where others wrote to one of these lanes meanwhile, `again` is asked under the lock what
    /// of all that waits is not to be committed after all: it is told the lines that are not there yet, and answers
    /// tickets, both in the order of the tickets.
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
        let wanted: AHashSet<usize> = waiting.iter().copied().collect();
        for (at, work) in self.lanes.iter_mut().enumerate() {
            if wanted.contains(&at) && !work.pending.is_empty() {
                works.push(work);
            }
        }
        write(self.store, &mut commit, &mut works)?;
        waiting.iter().for_each(|at| self.lanes[*at].write_seen(self.store));
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
    let mut cut = cut?;
    let blobs: Vec<(Sha256, &[u8])> = cut.iter().flat_map(SegmentBuilder::blobs).collect();
    commit.put(&blobs)?;
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

/// What a lane's commit writes: segments, and pages that were filled.
struct SegmentBuilder {
    text: Vec<u8>,
    /// Where each segment ends in the text, and its name.
    segments: Vec<(usize, Sha256)>,
    /// Segments that are kept as they came.
    whole: Vec<WholeSegment>,
    /// The events of the text, then those of the whole segments.
    digests: Vec<Digest>,
    /// Whether a segment that the lane had lost is back among older ones.
    puts_back: bool,
    pages: Vec<(Sha256, Vec<u8>)>,
    after: Manifest,
}

impl SegmentBuilder {
    fn blobs(&self) -> impl Iterator<Item = (Sha256, &[u8])> {
        let starts = std::iter::once(0).chain(self.segments.iter().map(|s| s.0));
        let segments =
            starts.zip(&self.segments).map(|(start, (end, hash))| (*hash, &self.text[start..*end]));
        let whole = self.whole.iter().map(|segment| (segment.hash, &segment.bytes[..]));
        segments.chain(whole).chain(self.pages.iter().map(|(hash, page)| (*hash, &page[..])))
    }

    /// Puts some lines, and the small segments before them, into segments.
    fn form(&mut self, store: &Store, lines: &[u8]) -> Result<(), Error> {
        let mut taken = Vec::new();
        for _ in 0..self.after.merges(lines.len() as u64) {
            let Some(entry) = self.after.segments.last() else { break };
            // What is damaged stays where it is: `check` will find it there.
            let Some(bytes) = store.segment(entry)?.filter(|b| Sha256::of(b) == entry.hash) else { break };
            self.after.segments.pop();
            taken.push(bytes);
        }
        self.text.reserve(taken.iter().map(|b| b.len()).sum::<usize>() + lines.len());
        taken.iter().rev().for_each(|bytes| self.text.extend_from_slice(bytes));
        self.text.extend_from_slice(lines);
        let mut start = 0;
        for part in parts(&self.text) {
            let end = part.end;
            let entry = part.entry(&self.text[start..end]);
            self.segments.push((end, entry.hash));
            self.after.segments.push(entry);
            start = end;
        }
        Ok(())
    }

    /// Keeps a segment as it came. One that is `named` was lost, and takes the place again that it had.
    fn keep(&mut self, segment: WholeSegment, named: bool) {
        if named {
            let its_own = self.after.segments.iter_mut().filter(|e| e.hash == segment.hash);
            its_own.for_each(|entry| entry.absent = Absent::No);
            self.puts_back = true;
        } else {
            let entry = Part::of(&segment.bytes).named(segment.hash, segment.bytes.len());
            self.after.segments.push(entry);
        }
        self.whole.push(segment);
    }
}

impl Work {
    fn open(store: &Store, id: &LaneId) -> Result<Work, Error> {
        let (manifest, bytes) = match store.manifest(id)? {
            Some(found) => found,
            None => (Manifest::new(id.tile), Vec::new()),
        };
        let known = Some(DedupIndex::open(store, id, &manifest)?);
        let (pending, tickets) = (Vec::new(), Vec::new());
        Ok(Work {
            id: id.clone(),
            manifest,
            bytes,
            known,
            pending,
            tickets,
            whole: Vec::new(),
            named: None,
            seen: Vec::new(),
            depends_on: false,
            index_due: false,
        })
    }

    /// The lines that wait, without their ends, each with its ticket.
    fn lines(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let starts = std::iter::once(0).chain(self.tickets.iter().map(|(.., end)| *end));
        starts.zip(&self.tickets).map(|(start, (ticket, _, end))| (*ticket, &self.pending[start..end - 1]))
    }

    /// Nothing waits any more.
    fn committed(&mut self, store: &Store, due: u64, cut: SegmentBuilder) {
        self.pending.clear();
        self.tickets.clear();
        if cut.puts_back {
            // What was put back stands among older events, so that is looked up anew.
            self.known = None;
        } else if let Some(known) = &mut self.known {
            // It is never needed: that it cannot be written is no reason to fail what is durable.
            let _ = known.commit(store, (&self.id, &self.manifest), due, cut.digests.into_iter());
        }
        if let Some(named) = &mut self.named {
            named.extend(self.manifest.segments.iter().map(|entry| entry.hash));
        }
        self.index_due = true;
    }

    /// Adds to the lane's list of segments that were seen, if it can be written: it is never needed.
    fn write_seen(&mut self, store: &Store) {
        if self.seen.is_empty() {
            return;
        }
        let mut seen = seen(store, &self.id).unwrap_or_default();
        let before = seen.len();
        let known: AHashSet<Sha256> = seen.iter().copied().collect();
        seen.extend(self.seen.drain(..).map(|(hash, _)| hash).filter(|hash| !known.contains(hash)));
        if seen.len() > before {
            let from = seen.len().saturating_sub(MOST_SEEN);
            let text: String = seen[from..].iter().map(|hash| format!("{hash}\n")).collect();
            let draft = Draft { dir: self.id.dir(), name: SEEN.to_owned(), bytes: text.into_bytes() };
            let _ = store.hint(&draft);
        }
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
        (self.known, self.named) = (Some(others), None);
        (self.manifest, self.bytes) = (manifest, bytes);
        Ok(true)
    }

    /// Under the lock, after [`Work::look_again`]: drops what waits under some tickets, as if it had never come.
    fn leave_out(&mut self, store: &Store, tickets: &[u64]) -> Result<(), Error> {
        let before = self.tickets.len();
        self.seen.retain(|(_, of)| !tickets.iter().any(|ticket| of.contains(ticket)));
        self.keep(|ticket, _| Ok(tickets.binary_search(&ticket).is_err()))?;
        if self.tickets.len() < before {
            let mut known = DedupIndex::open(store, &self.id, &self.manifest)?;
            self.tickets.iter().for_each(|(_, digest, _)| known.insert(*digest));
            self.known = Some(known);
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

    /// Puts what waits into segments: first what is formed, then what is kept as it came.
    fn cut(&mut self, store: &Store) -> Result<SegmentBuilder, Error> {
        let whole = self.set_apart(store)?;
        let mut cut = SegmentBuilder {
            text: Vec::new(),
            segments: Vec::new(),
            whole: Vec::new(),
            digests: self.tickets.iter().map(|(_, digest, _)| *digest).collect(),
            puts_back: false,
            pages: Vec::new(),
            after: self.manifest.clone(),
        };
        if !self.pending.is_empty() {
            cut.form(store, &self.pending)?;
        }
        for (segment, digests, named) in whole {
            cut.digests.extend(digests);
            cut.keep(segment, named);
        }
        cut.pages = std::iter::from_fn(|| cut.after.turn_page()).map(|page| (Sha256::of(&page), page)).collect();
        Ok(cut)
    }

    /// Takes those whole segments out of what waits that are kept as they came: all of whose lines are new, and lost
    /// ones. Of each its new events, and whether the manifest names it.
    fn set_apart(&mut self, store: &Store) -> Result<Vec<(WholeSegment, Vec<Digest>, bool)>, Error> {
        if self.whole.is_empty() {
            return Ok(Vec::new());
        }
        let named = match self.named.take() {
            Some(named) => named,
            None => store.entries(&self.manifest, None)?.iter().map(|entry| entry.hash).collect(),
        };
        let mut apart = Vec::new();
        for segment in std::mem::take(&mut self.whole) {
            let from = self.tickets.partition_point(|(ticket, ..)| *ticket < segment.tickets.start);
            let to = self.tickets.partition_point(|(ticket, ..)| *ticket < segment.tickets.end);
            let is_named = named.contains(&segment.hash);
            if from < to && (is_named || to - from == segment.lines) {
                let digests = self.tickets[from..to].iter().map(|(_, digest, _)| *digest).collect();
                apart.push((segment, digests, is_named));
            }
        }
        let is_apart = |ticket| {
            let at = apart.partition_point(|(segment, ..)| segment.tickets.end <= ticket);
            apart.get(at).is_some_and(|(segment, ..)| segment.tickets.contains(&ticket))
        };
        self.keep(|ticket, _| Ok(!is_apart(ticket)))?;
        self.named = Some(named);
        Ok(apart)
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
        self.named(Sha256::of(segment), segment.len())
    }

    /// The entry of a segment of which hash and length are known.
    fn named(self, hash: Sha256, bytes: usize) -> Entry {
        let Part { events, from, to, .. } = self;
        Entry { hash, from, to, events, bytes: bytes as u64, absent: Absent::No }
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

/// The segments that a lane remembers; nothing where there is no list that can be read.
pub fn seen(store: &Store, lane: &LaneId) -> Option<Vec<Sha256>> {
    let dir = store.root().at(&lane.dir()).ok()??;
    let text = String::from_utf8(dir.read(SEEN).ok()??).ok()?;
    Some(text.lines().filter_map(|line| line.parse().ok()).collect())
}

/// The name in a canonical line.
pub(super) fn event_id(line: &[u8]) -> String {
    let mut tape = Tape::new();
    let text = std::str::from_utf8(line).unwrap_or_default();
    let top = tape.parse(text, json::EVENT_DEPTH).ok();
    let id = top.and_then(|t: Value<'_, '_>| t.get("event_id"));
    id.and_then(Value::as_text).unwrap_or_default()
}
