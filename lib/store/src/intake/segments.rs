//! Taking a pack into a store: each event through the store's own gate, each segment as a whole where it can be.
//!
//! A segment whose lines are all canonical, whole, of its lane, new, and pass is kept as the very object that came;
//! of any other the new events form a segment of their own. What was refused is told line by line and may come
//! again; a segment of which nothing was refused is remembered in its lane's `seen`:
//!
//! ```text
//! sha256:0123…        a line a segment, in the order in which they came; at most 16,384, the oldest go
//! ```

use crate::commit::Draft;
use crate::dedup::DedupIndex;
use crate::dir::{DirtyDirs, IMMUTABLE};
use crate::lookup::StoreLookup;
use crate::manifest::{Absent, Entry, Manifest};
use crate::object::{Found, directory, place};
use crate::pack::read::{Pack, Whole};
use crate::pack::{Error, refs};
use crate::runs::DUE_OF_MANY;
use crate::{Digest, INDEX, LaneId, MANIFEST, SEEN, Store, append, index};
use bumpalo::Bump;
use foldhash::{HashMap, HashMapExt as _, HashSet, HashSetExt as _};
use rayon::prelude::*;
use std::io::{Read, Write as _};
use std::time::{Duration, Instant};
use ulp_core::event::{Event, Line, Payload, Reader, nearest_operation};
use ulp_core::hash::Sha256;
use ulp_core::json::{self, EVENT_BYTES, Fault, Tape};
use ulp_core::report::{self, Diagnostic, Note, Position, Refusal};
use ulp_core::scope::{Clock, Gate, NoStore, Scope, hold_to_invariants};

/// Most lines of such a list.
const MOST_SEEN: usize = 16 << 10;
/// A commit happens when so many bytes wait,
const MOST_BYTES: usize = 32 << 20;
/// or when something waits for so long.
const LONGEST: Duration = Duration::from_secs(1);
/// Lanes' events are forgotten between commits once there are so many.
const MOST_KNOWN: u64 = 2 << 20;

/// What became of a segment.
#[derive(Debug)]
pub struct Outcome {
    pub lane: LaneId,
    pub object: Sha256,
    /// The lines that are new and durable now.
    pub new: Vec<u8>,
    pub events: u64,
    pub duplicates: u64,
    /// What there is to say of its lines, numbered in the segment.
    pub said: Vec<Diagnostic>,
}

/// A segment that arrived whole.
struct Arrived {
    lane: LaneId,
    hash: Sha256,
    bytes: Vec<u8>,
}

/// The lines of a segment that pass.
#[derive(Default)]
struct Judged {
    /// Canonical, with their ends.
    text: Vec<u8>,
    /// Of each its digest and its end in the text.
    lines: Vec<(Digest, usize)>,
    /// Of each its number in the segment, and whether it declares what only the store can answer.
    asked: Vec<(u64, bool)>,
    said: Vec<Diagnostic>,
    refused: bool,
}

/// What a lane of the store has.
struct Held {
    /// Its manifest as it stood on disk; empty where there was none.
    bytes: Vec<u8>,
    manifest: Manifest,
    known: DedupIndex,
    named: HashSet<Sha256>,
}

/// Takes segments and blobs into a store.
pub struct Receiver<'s> {
    store: &'s Store,
    scope: &'s Scope,
    clock: Clock,
    waiting: Vec<Arrived>,
    bytes: usize,
    since: Option<Instant>,
    held: HashMap<LaneId, Held>,
    /// What the store knows of nodes, once an event declares what asks for it.
    facts: StoreLookup<'s>,
    /// Whether anything was asked of them yet: until then nothing need be told.
    asked: bool,
    /// Blobs that events of this run name.
    refs: HashSet<Sha256>,
    /// Blobs that the store's events name, once somebody asked.
    older_refs: Option<HashSet<Sha256>>,
    depends_on: HashSet<LaneId>,
}

impl<'s> Receiver<'s> {
    pub fn new(store: &'s Store, scope: &'s Scope, clock: Clock) -> Receiver<'s> {
        Receiver {
            store,
            scope,
            clock,
            waiting: Vec::new(),
            bytes: 0,
            since: None,
            held: HashMap::new(),
            facts: StoreLookup::new(store, None),
            asked: false,
            refs: HashSet::new(),
            older_refs: None,
            depends_on: HashSet::new(),
        }
    }

    /// Takes a segment that has its hash; it is not durable before [`Receiver::commit`].
    pub fn segment(&mut self, lane: LaneId, hash: Sha256, bytes: Vec<u8>) {
        self.bytes += bytes.len();
        self.since.get_or_insert_with(Instant::now);
        self.waiting.push(Arrived { lane, hash, bytes });
    }

    /// Whether it is time to commit.
    pub fn is_due(&self) -> bool {
        self.bytes >= MOST_BYTES || self.since.is_some_and(|since| since.elapsed() >= LONGEST)
    }

    /// Lets what waits pass the gate, and makes it durable.
    ///
    /// # Errors
    /// What the store says; nothing is told of what was not committed.
    pub fn commit(&mut self) -> Result<Vec<Outcome>, Error> {
        let arrived = std::mem::take(&mut self.waiting);
        (self.bytes, self.since) = (0, None);
        if arrived.is_empty() {
            return Ok(Vec::new());
        }
        let (scope, clock) = (self.scope, self.clock);
        let gate = || scope.gate();
        let mut judged: Vec<Judged> =
            arrived.par_iter().map_init(gate, |gate, a| judge(a, gate, scope, clock)).collect();
        for arrived in &arrived {
            if !self.held.contains_key(&arrived.lane) {
                let held = Held::read(self.store, &arrived.lane)?;
                self.held.insert(arrived.lane.clone(), held);
            }
        }
        self.asked |= judged.iter().any(|judged| judged.asked.iter().any(|(_, asks)| *asks));
        let mut new = HashSet::new();
        for (arrived, judged) in arrived.iter().zip(&mut judged) {
            self.hold(&arrived.lane, judged, &mut new)?;
            refs::gather(&judged.text, &mut self.refs);
        }
        let outcomes = self.write(arrived, judged)?;
        self.facts.committed();
        if self.held.values().map(|held| held.manifest.events()).sum::<u64>() > MOST_KNOWN {
            self.held.clear();
            self.facts = StoreLookup::new(self.store, None);
        }
        Ok(outcomes)
    }

    /// Holds the events of a segment that are new to what they declare, by what the store and the segments before it
    /// know; `new` are those of this commit.
    fn hold(&mut self, lane: &LaneId, judged: &mut Judged, new: &mut HashSet<Digest>) -> Result<(), Error> {
        if !self.asked {
            return Ok(());
        }
        let Some(held) = self.held.get_mut(lane) else { return Ok(()) };
        let Judged { text, lines, asked, mut said, mut refused } = std::mem::take(judged);
        let (mut start, arena) = (0, Bump::new());
        // What the line alone told of its invariants gives way to what the store tells.
        let (mut told, mut anew) = (Vec::new(), HashSet::new());
        let mut reader = Reader::new(&arena, self.scope.defaults());
        for ((digest, end), (line, asks)) in lines.into_iter().zip(asked) {
            let whole = &text[start..end];
            start = end;
            let comes_again = !new.insert(digest) || held.known.has(self.store, &held.manifest, &digest)?;
            if let Ok(Line::Event(event)) = reader.read_bytes(whole.strip_suffix(b"\n").unwrap_or(whole))
                && !comes_again
            {
                let mut notes = Vec::new();
                anew.extend(asks.then_some(line));
                let held = if asks { hold_to_invariants(&event, &self.facts, &mut notes) } else { Ok(()) };
                told.extend(notes.into_iter().map(|note| noted(line, &event, note)));
                if let Err(refusal) = held {
                    told.push(rejected(line, event.blame(refusal)));
                    refused = true;
                    continue;
                }
                self.facts.add(&event);
            }
            judged.text.extend_from_slice(whole);
            judged.lines.push((digest, judged.text.len()));
            judged.asked.push((line, asks));
        }
        let is_anew = |said: &Diagnostic| said.position.is_some_and(|at| anew.contains(&at.line));
        said.retain(|said| !(is_anew(said) && said.code.starts_with("invariant.")));
        said.append(&mut told);
        said.sort_by_key(|said| said.position);
        (judged.said, judged.refused) = (said, refused);
        Ok(self.facts.check()?)
    }

    fn write(&mut self, arrived: Vec<Arrived>, judged: Vec<Judged>) -> Result<Vec<Outcome>, Error> {
        let mut commit = self.store.commit()?;
        let mut by_lane: Vec<(LaneId, Vec<usize>)> = Vec::new();
        for (i, segment) in arrived.iter().enumerate() {
            match by_lane.iter_mut().rfind(|(lane, _)| *lane == segment.lane) {
                Some((_, all)) => all.push(i),
                None => by_lane.push((segment.lane.clone(), vec![i])),
            }
        }
        let mut changes = Vec::new();
        for (lane, segments) in &by_lane {
            let Some(held) = self.held.get_mut(lane) else { continue };
            if held.look_again(self.store, lane)? {
                self.facts.forget(lane);
            }
            let mut change = Change::new(self.store, held);
            for i in segments {
                change.take(*i, &arrived[*i], &judged[*i])?;
            }
            change.finish()?;
            changes.push((lane, change.after));
        }
        let objects: Vec<(Sha256, &[u8])> =
            changes.iter().flat_map(|(_, after)| after.objects(&arrived)).collect();
        commit.put(&objects)?;
        let drafts = changes.iter().filter(|(_, after)| after.changed).map(|(lane, after)| Draft {
            dir: lane.dir(),
            name: MANIFEST.to_owned(),
            bytes: after.manifest.print(),
        });
        commit.publish(drafts.collect())?;
        for (lane, after) in &changes {
            self.hints(lane, after);
            self.remember(lane, after);
            self.depends_on.extend(after.depends_on.then(|| (*lane).clone()));
        }
        commit.release()?;
        let mut new: Vec<(Vec<u8>, u64)> = vec![Default::default(); arrived.len()];
        for (i, text, duplicates) in changes.into_iter().flat_map(|(_, after)| after.echoes) {
            new[i] = (text, duplicates);
        }
        let all = arrived.into_iter().zip(judged).zip(new);
        Ok(all
            .map(|((arrived, judged), (new, duplicates))| outcome(arrived, judged, new, duplicates))
            .collect())
    }

    /// What a lane has after a commit. What was put back stands among older events, so that is looked up anew.
    fn remember(&mut self, lane: &LaneId, after: &After) {
        if after.put_back {
            self.held.remove(lane);
            return;
        }
        let Some(held) = self.held.get_mut(lane).filter(|_| after.changed) else { return };
        held.manifest = after.manifest.clone();
        held.bytes = after.manifest.print();
        let taken = after.of_formed.iter().chain(&after.of_kept).copied();
        let _ = held.known.commit(self.store, (lane, &after.manifest), DUE_OF_MANY, taken);
    }

    /// What is never needed: that it cannot be written is no reason to fail what is durable.
    fn hints(&self, lane: &LaneId, after: &After) {
        if after.changed {
            let old = index::read(self.store, lane).unwrap_or_default();
            let bytes = index::after_append(lane, &after.manifest, &old).print();
            let _ = self.store.hint(&Draft { dir: lane.dir(), name: INDEX.to_owned(), bytes });
        }
        let mut seen = seen(self.store, lane).unwrap_or_default();
        let before = seen.len();
        let known: HashSet<Sha256> = seen.iter().copied().collect();
        seen.extend(after.whole.iter().filter(|hash| !known.contains(hash)));
        if seen.len() > before {
            let from = seen.len().saturating_sub(MOST_SEEN);
            let text: String = seen[from..].iter().map(|hash| format!("{hash}\n")).collect();
            let _ =
                self.store.hint(&Draft { dir: lane.dir(), name: SEEN.to_owned(), bytes: text.into_bytes() });
        }
    }

    /// Before a run that found duplicates ends: what they rest on is made as durable as what was echoed.
    ///
    /// # Errors
    /// What the store says.
    pub fn settle(&mut self) -> Result<(), Error> {
        let files: Vec<_> = self.depends_on.drain().map(|lane| (lane.dir(), MANIFEST)).collect();
        if files.is_empty() {
            return Ok(());
        }
        let mut commit = self.store.commit()?;
        commit.sync_files(&files)?;
        Ok(commit.release()?)
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

fn outcome(arrived: Arrived, judged: Judged, new: Vec<u8>, duplicates: u64) -> Outcome {
    let events = memchr::memchr_iter(b'\n', &new).count() as u64;
    Outcome { lane: arrived.lane, object: arrived.hash, new, events, duplicates, said: judged.said }
}

/// The segments that a lane remembers; nothing where there is no list that can be read.
pub fn seen(store: &Store, lane: &LaneId) -> Option<Vec<Sha256>> {
    let dir = store.root().at(&lane.dir()).ok()??;
    let text = String::from_utf8(dir.read(SEEN).ok()??).ok()?;
    Some(text.lines().filter_map(|line| line.parse().ok()).collect())
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

impl Held {
    fn read(store: &Store, lane: &LaneId) -> Result<Held, Error> {
        let (manifest, bytes) = store.manifest(lane)?.unwrap_or((Manifest::new(lane.tile), Vec::new()));
        let entries = store.entries(&manifest, None)?;
        let known = DedupIndex::open(store, lane, &manifest)?;
        let named = entries.iter().map(|e| e.hash).collect();
        Ok(Held { bytes, manifest, known, named })
    }

    /// Under the lock: what others did meanwhile counts. Answers whether they did anything.
    fn look_again(&mut self, store: &Store, lane: &LaneId) -> Result<bool, Error> {
        let now = store.manifest(lane)?;
        let changed = now.as_ref().map_or(&[][..], |(_, bytes)| bytes) != self.bytes;
        if changed {
            *self = Held::read(store, lane)?;
        }
        Ok(changed)
    }
}

/// What a commit changes in a lane.
struct Change<'c, 's> {
    store: &'s Store,
    held: &'c mut Held,
    after: After,
}

/// A lane after a commit.
struct After {
    manifest: Manifest,
    changed: bool,
    /// Whether something was there already.
    depends_on: bool,
    /// Segments that are kept as they came: their place among those that arrived, their hash.
    kept: Vec<(usize, Sha256)>,
    /// The entries of those that the lane did not have.
    entries: Vec<Entry>,
    /// Their events, in order.
    of_kept: Vec<Digest>,
    /// New events of the other segments.
    formed: Vec<u8>,
    of_formed: Vec<Digest>,
    /// Whether a segment that the lane had lost is back.
    put_back: bool,
    /// Segments and pages that were made of them.
    made: Vec<(Sha256, Vec<u8>)>,
    /// Of which nothing was refused.
    whole: Vec<Sha256>,
    /// For each segment its new lines, and how many were there already.
    echoes: Vec<(usize, Vec<u8>, u64)>,
}

impl After {
    fn objects<'o>(&'o self, arrived: &'o [Arrived]) -> impl Iterator<Item = (Sha256, &'o [u8])> {
        let kept = self.kept.iter().map(|(i, hash)| (*hash, &arrived[*i].bytes[..]));
        kept.chain(self.made.iter().map(|(hash, bytes)| (*hash, &bytes[..])))
    }
}

impl<'c, 's> Change<'c, 's> {
    fn new(store: &'s Store, held: &'c mut Held) -> Change<'c, 's> {
        let after = After {
            manifest: held.manifest.clone(),
            changed: false,
            depends_on: false,
            kept: Vec::new(),
            entries: Vec::new(),
            of_kept: Vec::new(),
            formed: Vec::new(),
            of_formed: Vec::new(),
            put_back: false,
            made: Vec::new(),
            whole: Vec::new(),
            echoes: Vec::new(),
        };
        Change { store, held, after }
    }

    fn take(&mut self, i: usize, arrived: &Arrived, judged: &Judged) -> Result<(), Error> {
        let (mut new, mut digests, mut start) = (Vec::new(), Vec::new(), 0);
        for (digest, end) in &judged.lines {
            if !self.held.known.has(self.store, &self.held.manifest, digest)? {
                self.held.known.insert(*digest);
                new.extend_from_slice(&judged.text[start..*end]);
                digests.push(*digest);
            }
            start = *end;
        }
        let count = |text: &[u8]| memchr::memchr_iter(b'\n', text).count() as u64;
        let duplicates = judged.lines.len() as u64 - count(&new);
        self.after.depends_on |= duplicates > 0;
        if !judged.refused {
            self.after.whole.push(arrived.hash);
        }
        let verbatim = judged.text == arrived.bytes;
        if !new.is_empty() {
            if verbatim && self.held.named.contains(&arrived.hash) {
                self.put_back(i, arrived.hash);
            } else if verbatim && duplicates == 0 {
                self.keep(i, arrived);
                self.after.of_kept.extend(digests);
            } else {
                self.after.formed.extend_from_slice(&new);
                self.after.of_formed.extend(digests);
            }
        }
        self.after.echoes.push((i, new, duplicates));
        Ok(())
    }

    /// A segment that the lane has lost.
    fn put_back(&mut self, i: usize, hash: Sha256) {
        for entry in self.after.manifest.segments.iter_mut().filter(|e| e.hash == hash) {
            self.after.changed |= entry.absent != Absent::No;
            entry.absent = Absent::No;
        }
        self.after.kept.push((i, hash));
        self.after.put_back = true;
    }

    /// A segment that is new in every line.
    fn keep(&mut self, i: usize, arrived: &Arrived) {
        self.after.kept.push((i, arrived.hash));
        self.after.entries.push(append::Part::of(&arrived.bytes).entry(&arrived.bytes));
        self.held.named.insert(arrived.hash);
    }

    /// Puts what was gathered into the manifest: first what was formed, which may take small segments before it
    /// into its own, then what is kept as it came.
    fn finish(&mut self) -> Result<(), Error> {
        let formed = std::mem::take(&mut self.after.formed);
        if !formed.is_empty() {
            self.form(&formed)?;
        }
        let kept = std::mem::take(&mut self.after.entries);
        self.after.changed |= !kept.is_empty();
        for entry in kept {
            self.after.manifest.segments.push(entry);
            self.turn_pages();
        }
        Ok(())
    }

    fn form(&mut self, formed: &[u8]) -> Result<(), Error> {
        let manifest = &mut self.after.manifest;
        let mut taken = Vec::new();
        for _ in 0..manifest.merges(formed.len() as u64) {
            let Some(entry) = manifest.segments.last() else { break };
            let Some(bytes) = self.store.segment(entry)?.filter(|b| Sha256::of(b) == entry.hash) else {
                break;
            };
            manifest.segments.pop();
            taken.push(bytes);
        }
        let mut text = Vec::with_capacity(formed.len());
        taken.iter().rev().for_each(|bytes| text.extend_from_slice(bytes));
        text.extend_from_slice(formed);
        let mut start = 0;
        for part in append::parts(&text) {
            let segment = text[start..part.end].to_vec();
            start = part.end;
            let entry = part.entry(&segment);
            self.held.named.insert(entry.hash);
            self.after.made.push((entry.hash, segment));
            self.after.manifest.segments.push(entry);
        }
        self.after.changed = true;
        self.turn_pages();
        Ok(())
    }

    fn turn_pages(&mut self) {
        while let Some(page) = self.after.manifest.turn_page() {
            self.after.made.push((Sha256::of(&page), page));
        }
    }
}

/// Lets each line of a segment pass the gate, or not.
fn judge(arrived: &Arrived, gate: &mut Gate<'_>, scope: &Scope, clock: Clock) -> Judged {
    let arena = Bump::new();
    let mut reader = Reader::new(&arena, scope.defaults());
    let mut tape = Tape::new();
    let mut judged = Judged::default();
    judged.text.reserve(arrived.bytes.len());
    for (number, line) in (1..).zip(arrived.bytes.split(|b| *b == b'\n')) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let start = judged.text.len();
        match pass(line, &arrived.lane, &mut reader, (gate, clock), &mut tape, &mut judged.text) {
            Ok((event, notes)) => {
                judged.asked.push((number, !event.invariants.is_empty()));
                judged.said.extend(notes.into_iter().map(|note| noted(number, &event, note)));
                if matches!(event.payload, Payload::Unknown) {
                    let near = nearest_operation(event.operation);
                    let detail = format!("{}: did you mean {near}?", event.operation);
                    judged.said.push(noted(number, &event, Note { code: "event.unknown_operation", detail }));
                }
                let digest = crate::digest(&judged.text[start..]);
                judged.text.push(b'\n');
                judged.lines.push((digest, judged.text.len()));
            }
            Err(refusal) => {
                judged.text.truncate(start);
                judged.refused = true;
                judged.said.push(rejected(number, refusal));
            }
        }
    }
    judged
}

fn noted(line: u64, event: &Event<'_>, note: Note) -> Diagnostic {
    Diagnostic {
        position: Some(Position { source: 0, line }),
        outcome: report::Outcome::Noted,
        code: note.code,
        shared: event.lane().is_shared(),
        event_id: Some(event.id.to_owned()),
        detail: note.detail,
    }
}

fn rejected(line: u64, refusal: Refusal) -> Diagnostic {
    let Refusal { code, detail, event_id, shared } = refusal;
    let (position, outcome) = (Some(Position { source: 0, line }), report::Outcome::Rejected);
    Diagnostic { position, outcome, code, shared, event_id, detail }
}

/// Reads one line, holds it to its lane and to the gate, and appends its canonical form.
fn pass<'a>(
    line: &'a [u8],
    lane: &LaneId,
    reader: &mut Reader<'a>,
    (gate, clock): (&mut Gate<'_>, Clock),
    tape: &mut Tape,
    out: &mut Vec<u8>,
) -> Result<(Event<'a>, Vec<Note>), Refusal> {
    if line.len() > EVENT_BYTES {
        return Err(json::Error { fault: Fault::TooLong, offset: EVENT_BYTES }.into());
    }
    let event = match reader.read_bytes(line)? {
        Line::Event(event) => event,
        Line::State(_) => {
            return Err(Refusal::new("event.kind", "a state line is derived, and never stored as an event"));
        }
    };
    if event.space != lane.space || event.tile != lane.tile || event.lane() != lane.lane {
        let detail = format!("it is of {}/{}/{}", event.space, event.tile, event.lane());
        return Err(event.blame(Refusal::new("pack.lane", detail)));
    }
    let permit = gate.permit(&event, Some(clock), &NoStore)?;
    let start = out.len();
    event.write_canonical(tape, out);
    if out.len() - start > permit.max_event_bytes.min(EVENT_BYTES) {
        return Err(event.blame(json::Error { fault: Fault::TooLong, offset: EVENT_BYTES }.into()));
    }
    Ok((event, permit.notes))
}

/// Lets the lines of a segment pass the gate without a store: what would be new is what passes.
pub fn look_at(lane: LaneId, hash: Sha256, bytes: Vec<u8>, scope: &Scope, clock: Clock) -> Outcome {
    let arrived = Arrived { lane, hash, bytes };
    let mut judged = judge(&arrived, &mut scope.gate(), scope, clock);
    let new = std::mem::take(&mut judged.text);
    outcome(arrived, judged, new, 0)
}

/// The lane of a segment's first event, where it begins with one.
pub fn first_lane(segment: &[u8]) -> Option<LaneId> {
    let line = crate::dedup::lines(segment).next()?;
    let (arena, defaults) = (Bump::new(), ulp_core::event::Defaults::default());
    match Reader::new(&arena, &defaults).read_bytes(line) {
        Ok(Line::Event(event)) => {
            Some(LaneId { space: event.space.to_owned(), tile: event.tile, lane: event.lane() })
        }
        _ => None,
    }
}
