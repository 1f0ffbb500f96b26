//! Whole segments, as packs bring them: each event through the store's own gate, each segment as a whole where it can
//! be.
//!
//! A segment whose lines are all canonical, whole, of its lane, new, and pass is kept as the very object that came;
//! of any other the new events form a segment of their own. What was refused is told line by line and may come
//! again; a segment of which nothing was refused is remembered in its lane's `seen`.

use super::admit::{Admitted, AdmittedEvent, Wants, member, unknown_operation};
use super::{Backlog, Committed, Committer, Fate, Offered};
use crate::dir::{DirtyDirs, IMMUTABLE};
use crate::object::{Found, directory, place};
use crate::pack::read::{Pack, Whole};
use crate::pack::{Error, refs};
use crate::receipts::Recorder;
use crate::{LaneId, Store};
use bumpalo::Bump;
use foldhash::{HashSet, HashSetExt as _};
use rayon::prelude::*;
use std::io::{Read, Write as _};
use std::ops::Range;
use std::time::Instant;
use ulp_core::event::{Event, Reader};
use ulp_core::hash::Sha256;
use ulp_core::report::{self, Diagnostic, Position, Refusal};
use ulp_core::scope::{Admission, Clock, Lookup, NoStore, Scope, read_event};

/// A commit happens when so many bytes wait, or what waits does so for long.
const MOST_BYTES: usize = 32 << 20;

/// What became of a segment.
#[derive(Debug)]
pub struct Outcome {
    pub lane: LaneId,
    pub object: Sha256,
    /// The lines that are new and durable now, each with its end.
    pub new: Vec<u8>,
    pub events: u64,
    /// Of each line that the store has already its number, and where it stands in `text`.
    pub duplicates: Vec<(u64, Range<usize>)>,
    pub text: Vec<u8>,
    /// What there is to say of its lines, numbered in the segment.
    pub said: Vec<Diagnostic>,
}

/// A segment that arrived whole.
struct Arrived {
    lane: LaneId,
    hash: Sha256,
    bytes: Vec<u8>,
}

/// A segment whose lines were let in, or not.
struct Judged {
    lane: LaneId,
    hash: Sha256,
    /// Its bytes, where they are those of its events.
    whole: Option<Vec<u8>>,
    admitted: Admitted,
    /// Each with its number in the segment.
    events: Vec<(u64, AdmittedEvent)>,
    said: Vec<Diagnostic>,
    refused: bool,
}

/// A segment whose new events wait for the commit.
struct Waiting {
    judged: Judged,
    /// Of each event that was taken its ticket, and its place among the segment's.
    taken: Vec<(u64, usize)>,
    duplicates: Vec<usize>,
}

/// Takes segments and blobs into a store.
pub struct Importer<'s> {
    store: &'s Store,
    scope: &'s Scope,
    clock: Clock,
    committer: Committer<'s>,
    waiting: Vec<Arrived>,
    backlog: Backlog,
    /// Whether any event declared something to preserve, so that all are asked about.
    declares: bool,
    /// Blobs that events of this run name.
    refs: HashSet<Sha256>,
    /// Blobs that the store's events name, once somebody asked.
    older_refs: Option<HashSet<Sha256>>,
}

impl<'s> Importer<'s> {
    /// `clock` is what events are held to; `now` is when the run begins.
    pub fn new(store: &'s Store, scope: &'s Scope, clock: Clock, now: Instant) -> Importer<'s> {
        Importer {
            store,
            scope,
            clock,
            committer: Committer::new(store, None),
            waiting: Vec::new(),
            backlog: Backlog::new(now),
            declares: false,
            refs: HashSet::new(),
            older_refs: None,
        }
    }

    /// Has receipts written of what is committed.
    pub fn recorded_by(&mut self, recorder: Option<Recorder>) {
        self.committer.recorded_by(recorder);
    }

    /// Takes a segment that has its hash; it is not durable before [`Importer::commit`].
    pub fn segment(&mut self, lane: LaneId, hash: Sha256, bytes: Vec<u8>) {
        self.backlog.add(bytes.len());
        self.waiting.push(Arrived { lane, hash, bytes });
    }

    /// Whether it is time to commit.
    pub fn is_due(&self, now: Instant) -> bool {
        self.backlog.is_due(MOST_BYTES, now)
    }

    /// Lets what waits pass the gate, and makes it durable; `time` says when that began and ended.
    ///
    /// # Errors
    /// What the store says; nothing is told of what was not committed.
    pub fn commit(&mut self, time: impl Fn() -> Instant) -> Result<Vec<Outcome>, Error> {
        let began = time();
        let arrived = std::mem::take(&mut self.waiting);
        if arrived.is_empty() {
            return Ok(Vec::new());
        }
        let (scope, clock, wants) = (self.scope, self.clock, Wants { digest: true, rows: self.declares });
        let admission = || Admission::new(scope, Some(clock));
        let judge = |admission: &mut Admission<'_>, arrived| judge(arrived, admission, scope, None, wants);
        let judged: Vec<Judged> = arrived.into_par_iter().map_init(admission, judge).collect();
        self.committer.keep_up();
        let waiting: Result<Vec<Waiting>, Error> = judged.into_iter().map(|one| self.offer(one)).collect();
        let waiting = waiting?;
        let committed = self.committer.commit()?;
        self.committer.forget_some();
        self.backlog.committed(began, time());
        Ok(waiting.into_iter().map(|one| one.outcome(&committed)).collect())
    }

    /// Offers the events of a segment, in their order.
    fn offer(&mut self, mut judged: Judged) -> Result<Waiting, Error> {
        refs::gather(&judged.admitted.text, &mut self.refs);
        let (mut taken, mut duplicates) = (Vec::new(), Vec::new());
        let first = self.committer.next_ticket();
        for (at, (number, event)) in judged.events.iter_mut().enumerate() {
            self.declares |= event.declares;
            match self.committer.offer(&mut judged.admitted, event)? {
                Offered::Taken(ticket, notes) => {
                    taken.push((ticket, at));
                    event.notes.extend(notes);
                    judged.said.extend(notes_of(&judged.admitted, event, *number));
                }
                Offered::Duplicate => duplicates.push(at),
                Offered::Refused(refusal) => {
                    judged.refused = true;
                    judged.said.push(refused(refusal, *number));
                }
            }
        }
        let tickets = first..self.committer.next_ticket();
        let lane = self.committer.lane(&judged.lane)?;
        if !judged.refused {
            self.committer.remember_seen(lane, judged.hash, tickets.clone());
        }
        if let Some(bytes) = judged.whole.take().filter(|_| !taken.is_empty()) {
            self.committer.keep_whole(lane, judged.hash, bytes, tickets);
        }
        Ok(Waiting { judged, taken, duplicates })
    }

    /// Before a run that found duplicates ends: what they rest on is made as durable as what was echoed.
    ///
    /// # Errors
    /// What the store says.
    pub fn settle(&mut self) -> Result<(), Error> {
        Ok(self.committer.settle()?)
    }

    /// Whether an event that was taken, or is held, names a blob. What waits must have been committed.
    ///
    /// # Errors
    /// What the store says.
    pub fn wants(&mut self, blob: &Sha256) -> Result<bool, Error> {
        if self.refs.contains(blob) {
            return Ok(true);
        }
        if self.older_refs.is_none() {
            self.older_refs = Some(all_refs(self.store, |_| true)?);
        }
        Ok(self.older_refs.as_ref().is_some_and(|refs| refs.contains(blob)))
    }

    /// Takes the blob that the pack told last, if it is whole and not here yet.
    ///
    /// # Errors
    /// What the store says; a disk that has no room for it.
    pub fn blob<R: Read>(&mut self, hash: Sha256, bytes: u64, pack: &mut Pack<R>) -> Result<Whole, Error> {
        if let Found::Here(there) = self.store.object(&hash, Some(bytes))?
            && Sha256::of(&there) == hash
        {
            return pack.object(&mut |_| Ok(()));
        }
        let stat = rustix::fs::fstatvfs(self.store.root().fd()).map_err(|e| Error::io("disk", e))?;
        if bytes > stat.f_bavail.saturating_mul(stat.f_frsize) {
            return Err(Error::limit(
                crate::pack::Member::Object(hash).path(),
                "the disk has no room for it",
            ));
        }
        let path = directory(&hash);
        let mut dirty = DirtyDirs::new();
        let dir = self.store.root().make(&path, &mut dirty)?;
        let (mut file, temporary) = dir.temporary(IMMUTABLE)?;
        let fail = |e| Error::Store(crate::Error::io(dir.path().join(&temporary), e));
        let written = pack.object(&mut |bytes| file.write_all(bytes).map_err(fail));
        let whole = match written {
            Ok(Whole::Yes) => file.sync_all().map_err(fail).map(|()| Whole::Yes),
            other => other,
        };
        if !matches!(whole, Ok(Whole::Yes)) {
            // What cannot be removed is a leftover that no reader sees.
            let _ = dir.remove(&temporary);
            return whole;
        }
        let commit = self.store.commit()?;
        dir.rename(&temporary, &place(&hash).1)?;
        dir.sync()?;
        for above in dirty.iter().rev() {
            if let Some(above) = self.store.root().at(above)? {
                above.sync()?;
            }
        }
        commit.release()?;
        Ok(Whole::Yes)
    }
}

impl Waiting {
    /// What became of the segment, once the commit is known.
    fn outcome(self, committed: &Committed) -> Outcome {
        let Waiting { judged, taken, mut duplicates } = self;
        let Judged { lane, hash, admitted, events, mut said, .. } = judged;
        let mut durable = Vec::with_capacity(taken.len());
        for (ticket, at) in taken {
            match committed.fate(ticket) {
                Fate::Durable => durable.push(at),
                Fate::Duplicate => duplicates.push(at),
                Fate::Refused(refusal) => said.push(refused(refusal.clone(), events[at].0)),
            }
        }
        said.sort_by_key(|said| said.position);
        duplicates.sort_unstable();
        let count = durable.len() as u64;
        let duplicates = duplicates.into_iter().map(|at| (events[at].0, events[at].1.line.clone())).collect();
        let (new, text) = if durable.len() == events.len() {
            (admitted.text, Vec::new())
        } else {
            let lines = durable.into_iter().map(|at| admitted.line_and_end(&events[at].1));
            (lines.collect::<Vec<_>>().concat(), admitted.text)
        };
        Outcome { lane, object: hash, new, events: count, duplicates, text, said }
    }
}

/// Lets each line of a segment in, or not.
fn judge(
    arrived: Arrived,
    admission: &mut Admission<'_>,
    scope: &Scope,
    lookup: Option<&dyn Lookup>,
    wants: Wants,
) -> Judged {
    let Arrived { lane, hash, bytes } = arrived;
    let arena = Bump::new();
    let mut reader = Reader::new(&arena, scope.defaults()).with_forms();
    let (mut admitted, mut events) = (Admitted::default(), Vec::new());
    let (mut said, mut is_refused) = (Vec::new(), false);
    admitted.text.reserve(bytes.len());
    for (number, line) in (1..).zip(bytes.split(|b| *b == b'\n')) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let read = read_event(&mut reader, line).map_err(Refusal::from).and_then(|event| {
            is_of(&event, &lane)?;
            admitted.admit(admission, (&event, event.missing), lookup, wants)
        });
        match read {
            Ok(event) => events.push((number, event)),
            Err(refusal) => {
                is_refused = true;
                said.push(refused(refusal, number));
            }
        }
    }
    let whole = (admitted.text == bytes).then_some(bytes);
    Judged { lane, hash, whole, admitted, events, said, refused: is_refused }
}

/// Whether an event is of the lane whose segment it stands in.
fn is_of(event: &Event<'_>, lane: &LaneId) -> Result<(), Refusal> {
    if event.space == lane.space && event.tile == lane.tile && event.lane() == lane.lane {
        return Ok(());
    }
    let detail = format!("it is of {}/{}/{}", event.space, event.tile, event.lane());
    Err(event.blame(Refusal::new("pack.lane", detail)))
}

fn refused(refusal: Refusal, line: u64) -> Diagnostic {
    let Refusal { code, detail, event_id, shared } = refusal;
    let (position, outcome) = (Some(Position { source: 0, line }), report::Outcome::Rejected);
    Diagnostic { position, outcome, code, shared, event_id, detail }
}

/// What there is to note of an event.
fn notes_of(admitted: &Admitted, event: &AdmittedEvent, line: u64) -> Vec<Diagnostic> {
    let text = admitted.line(event);
    let unknown = event.is_unknown.then(|| unknown_operation(text));
    let notes = event.notes.iter().cloned().chain(unknown).map(|note| Diagnostic {
        position: Some(Position { source: 0, line }),
        outcome: report::Outcome::Noted,
        code: note.code.into(),
        shared: admitted.lane(event).is_shared(),
        event_id: member(text, "event_id"),
        detail: note.detail,
    });
    notes.collect()
}

/// Lets the lines of a segment pass the gate without a store: what would be new is what passes.
pub fn look_at(lane: LaneId, hash: Sha256, bytes: Vec<u8>, scope: &Scope, clock: Clock) -> Outcome {
    let mut admission = Admission::new(scope, Some(clock));
    let arrived = Arrived { lane, hash, bytes };
    let mut judged = judge(arrived, &mut admission, scope, Some(&NoStore), Wants::default());
    for (number, event) in &judged.events {
        judged.said.extend(notes_of(&judged.admitted, event, *number));
    }
    judged.said.sort_by_key(|said| said.position);
    let (duplicates, text, events) = (Vec::new(), Vec::new(), judged.events.len() as u64);
    let Judged { lane, hash, admitted, said, .. } = judged;
    Outcome { lane, object: hash, new: admitted.text, events, duplicates, text, said }
}

/// The blobs that the events of some lanes name.
///
/// # Errors
/// What the store says.
pub fn all_refs(store: &Store, takes: impl Fn(&LaneId) -> bool) -> Result<HashSet<Sha256>, Error> {
    let mut refs = HashSet::new();
    for lane in store.lanes()?.into_iter().filter(takes) {
        let Some((manifest, _)) = store.manifest(&lane)? else { continue };
        for entry in store.entries(&manifest, None)? {
            if let Some(bytes) = store.segment(&entry)? {
                refs::gather(&bytes, &mut refs);
            }
        }
    }
    Ok(refs)
}
