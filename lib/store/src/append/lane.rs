//! A lane that events are offered for: what it has, and what waits.

use super::seen;
use super::segment::{SegmentBuilder, WholeSegment};
use crate::commit::Draft;
use crate::dedup::{DedupIndex, Digest};
use crate::manifest::Manifest;
use crate::receipts::Came;
use crate::{Error, INDEX, LaneId, Store, index};
use foldhash::HashSet;
use std::ops::Range;
use ulp_core::hash::Sha256;

/// A lane that events were offered for.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) id: LaneId,
    /// The number of its tile.
    pub(super) tile: usize,
    pub(super) manifest: Manifest,
    /// The manifest as it stood on disk; empty where there was none.
    pub(super) bytes: Vec<u8>,
    /// Nothing where it was forgotten.
    pub(super) known: Option<DedupIndex>,
    /// Lines that wait, each with its end.
    pub(super) pending: Vec<u8>,
    /// Of each line that waits: its ticket, its digest, its end in `pending`.
    pub(super) tickets: Vec<(u64, Digest, usize)>,
    /// Whole segments to which some of these lines belong, in the order of their tickets.
    pub(super) whole: Vec<WholeSegment>,
    /// The segments that the manifest names, once a whole one came.
    pub(super) named: Option<HashSet<Sha256>>,
    /// Segments that are to be remembered as seen, unless lines under these tickets are refused after all.
    pub(super) seen: Vec<(Sha256, Range<u64>)>,
    /// Whether a duplicate was found that rests on the manifest as it was.
    pub(super) depends_on: bool,
    /// Whether the index is older than the manifest.
    pub(super) index_due: bool,
    /// What others made of the lane meanwhile, where that was asked: the manifest as it stands on disk, and what it has.
    pub(super) newer: Option<(Vec<u8>, Manifest, DedupIndex)>,
}

impl Work {
    pub(super) fn open(store: &Store, id: &LaneId, tile: usize) -> Result<Work, Error> {
        let (manifest, bytes) = match store.manifest(id)? {
            Some(found) => found,
            None => (Manifest::new(id.tile), Vec::new()),
        };
        let known = Some(DedupIndex::open(store, id, &manifest)?);
        let (pending, tickets) = (Vec::new(), Vec::new());
        Ok(Work {
            id: id.clone(),
            tile,
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
            newer: None,
        })
    }

    /// Whether there is nothing to commit.
    pub(super) fn is_idle(&self) -> bool {
        self.tickets.is_empty() && self.seen.is_empty()
    }

    /// Takes a line.
    pub(super) fn push(&mut self, ticket: u64, digest: Digest, line: &[u8]) {
        self.pending.extend_from_slice(line);
        self.pending.push(b'\n');
        self.tickets.push((ticket, digest, self.pending.len()));
    }

    /// The lines that wait, without their ends, each with its ticket.
    pub(super) fn lines(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let starts = std::iter::once(0).chain(self.tickets.iter().map(|(.., end)| *end));
        // After a commit that failed nothing waits any more.
        let line = |(start, (ticket, _, end)): (usize, &(u64, Digest, usize))| {
            self.pending.get(start..end - 1).map(|line| (*ticket, line))
        };
        starts.zip(&self.tickets).filter_map(line)
    }

    /// What a commit adds to the lane, where it is for everyone: what is formed, then what is kept as it came. What only
    /// takes the place again that it had is nothing new.
    pub(super) fn came<'c>(&'c self, cut: &'c SegmentBuilder) -> Option<Came<'c>> {
        let is_named = |hash| self.named.as_ref().is_some_and(|named| named.contains(hash));
        let whole =
            cut.whole.iter().filter(|segment| !is_named(&segment.hash)).map(|segment| &segment.bytes[..]);
        let lines: Vec<&[u8]> =
            std::iter::once(cut.formed()).chain(whole).filter(|l| !l.is_empty()).collect();
        let is_shared = self.id.lane.is_shared() && !lines.is_empty();
        is_shared.then(|| Came { lane: &self.id, from: self.manifest.events(), lines })
    }

    /// Nothing waits any more.
    pub(super) fn committed(&mut self, store: &Store, due: u64, cut: SegmentBuilder) {
        // Of many lanes each would hold on to the room of a whole segment.
        self.tickets = Vec::new();
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
    pub(super) fn write_seen(&mut self, store: &Store) {
        if !self.seen.is_empty() {
            let _ = seen::add(store, &self.id, self.seen.drain(..).map(|(hash, _)| hash));
        }
    }

    /// Writes the lane's index, if it can be written.
    pub(super) fn write_index(&mut self, store: &Store) {
        let old = index::read(store, &self.id).unwrap_or_default();
        let bytes = index::after_append(&self.id, &self.manifest, &old).print();
        let _ = store.hint(&Draft { dir: self.id.dir(), name: INDEX.to_owned(), bytes });
        self.index_due = false;
    }

    /// Under the lock: takes in what others committed since, and drops what waits and is there by now.
    /// Answers whether there was anything.
    pub(super) fn look_again(&mut self, store: &Store, doubles: &mut Vec<u64>) -> Result<bool, Error> {
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
        (self.manifest, self.bytes, self.newer) = (manifest, bytes, None);
        Ok(true)
    }

    /// Whether the lane has an event by now, others having written to it.
    pub(super) fn has_by_now(&mut self, store: &Store, digest: &Digest) -> Result<bool, Error> {
        let Some((now, _)) = store.manifest_bytes(&self.id)?.filter(|(now, _)| *now != self.bytes) else {
            return Ok(false);
        };
        if self.newer.as_ref().is_none_or(|(bytes, ..)| *bytes != now) {
            self.newer = match store.manifest(&self.id)? {
                Some((manifest, bytes)) => {
                    let known = DedupIndex::open(store, &self.id, &manifest)?;
                    Some((bytes, manifest, known))
                }
                None => None,
            };
        }
        let Some((_, manifest, known)) = &mut self.newer else { return Ok(false) };
        let has = known.has(store, manifest, digest)?;
        self.depends_on |= has;
        Ok(has)
    }

    /// Under the lock, after [`Work::look_again`]: drops what waits under some tickets, as if it had never come.
    pub(super) fn leave_out(&mut self, store: &Store, tickets: &[u64]) -> Result<(), Error> {
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
    pub(super) fn cut(&mut self, store: &Store) -> Result<SegmentBuilder, Error> {
        let whole = self.set_apart(store)?;
        let mut cut = SegmentBuilder {
            text: Vec::new(),
            older: 0,
            segments: Vec::new(),
            whole: Vec::new(),
            digests: self.tickets.iter().map(|(_, digest, _)| *digest).collect(),
            puts_back: false,
            pages: Vec::new(),
            after: self.manifest.clone(),
        };
        if !self.pending.is_empty() {
            cut.form(store, std::mem::take(&mut self.pending))?;
        }
        for (segment, digests, named) in whole {
            cut.digests.extend(digests);
            cut.keep(segment, named);
        }
        cut.pages =
            std::iter::from_fn(|| cut.after.turn_page()).map(|page| (Sha256::of(&page), page)).collect();
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
