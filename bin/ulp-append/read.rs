//! The first half of the work, which needs nothing but the line: parse it, check it, write its canonical form.

use crate::macros::Macros;
use crate::sign::Signer;
use crate::timestamps::Unit;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use ulp_cli::{Chunk, DENSE, Failure, LineReader, is_dense, room_to_work};
use ulp_core::event::{Event, Missing, Reader, Refusal};
use ulp_core::hash::Blake3;
use ulp_core::id::Time;
use ulp_core::json::{self, EVENT_BYTES};
use ulp_core::line;
use ulp_core::scope::{Admission, Clock, Lookup, NoEvent, NoStore, Scope, read_event};
use ulp_store::intake::admit::{Admitted, AdmittedEvent, Wants};

/// What the first half depends on. No `Debug`: there may be a key in it.
pub struct Reading {
    pub scope: Scope,
    /// The key that signs.
    pub signer: Option<Signer>,
    /// The macros that drafts may use.
    pub macros: Option<Macros>,
    /// The time that `--now` gives.
    pub now: Option<Time>,
    /// When the store was last written to.
    pub touched: Option<Time>,
    /// What timestamps count.
    pub timestamps: Unit,
    /// Whether there is a store, which completes drafts and asks for digests.
    pub store: bool,
    /// Whether refused lines are kept.
    pub rejects: bool,
    /// Whether an event was read that asks the store: from then on the rows of all are worked out here, on all cores.
    pub asked: AtomicBool,
}

/// Some lines of one source after the first half.
#[derive(Debug, Default)]
pub struct ReadChunk {
    pub source: u32,
    /// How many lines there were, blank ones included.
    pub count: u64,
    /// The events that are whole.
    pub admitted: Admitted,
    /// Lines as they came: drafts, and refused ones that are kept.
    pub raw: Vec<u8>,
    pub lines: Vec<ReadLine>,
}

/// What became of one line.
#[derive(Debug)]
pub struct ReadLine {
    /// Its number in its chunk, from 1.
    pub number: u64,
    pub read: Read,
}

#[derive(Debug)]
pub enum Read {
    /// An event, whole by now.
    Event(AdmittedEvent),
    /// What needs the clock or the store to be completed.
    Draft(Draft),
    Refused(Box<Refusal>, Range<usize>),
    /// A line of a kind that is not stored.
    Other(line::Kind),
}

/// An event that only the second half can complete.
#[derive(Debug)]
pub struct Draft {
    /// Its line, in `raw`.
    pub line: Range<usize>,
    /// Where refused lines are kept, the line as it came, in `raw`.
    pub came: Range<usize>,
    pub missing: Missing,
    /// Whether it is signed here.
    pub signs: bool,
}

/// What a reader says to the second half.
#[derive(Debug)]
pub enum Message {
    Chunk(ReadChunk),
    /// No more input is ready: the time to commit and to flush.
    Idle,
    /// The end, with the digest of what was read.
    End(Blake3),
    Failed(Failure),
}

/// Reads everything and says what it is, until `say` answers that nobody listens.
pub fn run(
    reader: &mut LineReader,
    reading: &Reading,
    pool: &rayon::ThreadPool,
    mut say: impl FnMut(Message) -> bool,
) {
    loop {
        match next(reader, reading, pool, |chunk| say(Message::Chunk(chunk))) {
            Ok(Some(listens)) => {
                if !listens || reader.would_block() && !say(Message::Idle) {
                    return;
                }
            }
            Ok(None) => {
                say(Message::End(reader.digest()));
                return;
            }
            Err(failure) => {
                say(Message::Failed(failure));
                return;
            }
        }
    }
}

/// The next lines, spread over the threads of the pool; nothing at the end. Answers whether `say` still listens.
fn next(
    reader: &mut LineReader,
    reading: &Reading,
    pool: &rayon::ThreadPool,
    mut say: impl FnMut(ReadChunk) -> bool,
) -> Result<Option<bool>, Failure> {
    let Some(chunk) = reader.next_chunk()? else { return Ok(None) };
    room_to_work(KEPT * chunk.bytes.len() + LEAST)?;
    let threads = pool.current_num_threads();
    let parts = split(chunk, threads);
    if let [part] = parts[..] {
        return Ok(Some(say(reading.chunk(part))));
    }
    Ok(Some(parts.chunks(threads).all(|parts| {
        let chunks: Vec<ReadChunk> =
            pool.install(|| parts.par_iter().map(|part| reading.chunk(*part)).collect());
        chunks.into_iter().all(&mut say)
    })))
}

/// How many bytes are kept of one that is read, at most, and what is worked with besides.
const KEPT: usize = 8;
const LEAST: usize = 8 << 20;

/// Fewer bytes than this are not worth a second thread.
const WORTH: usize = 32 << 10;

/// Cuts a chunk at line ends into about equal parts; very short lines into more.
fn split(chunk: Chunk<'_>, parts: usize) -> Vec<Chunk<'_>> {
    let size = if is_dense(chunk.bytes) { DENSE } else { (chunk.bytes.len() / parts.max(1)).max(WORTH) };
    let (mut cut, mut rest) = (Vec::new(), chunk.bytes);
    while rest.len() > size {
        let Some(end) = memchr::memchr(b'\n', &rest[size..]) else { break };
        let (part, after) = rest.split_at(size + end + 1);
        cut.push(Chunk { bytes: part, ..chunk });
        rest = after;
    }
    if cut.is_empty() || !rest.is_empty() {
        cut.push(Chunk { bytes: rest, ..chunk });
    }
    cut
}

impl Reading {
    /// What lets events in; one a thread.
    pub fn admission(&self) -> Admission<'_> {
        Admission::new(&self.scope, Some(self.clock()))
    }

    /// Reads the lines of one part.
    fn chunk(&self, part: Chunk<'_>) -> ReadChunk {
        let arena = bumpalo::Bump::new();
        let mut reader = Reader::new(&arena, self.scope.defaults()).with_drafts().with_forms();
        let mut admission = self.admission();
        let mut chunk = ReadChunk { source: part.source, ..ReadChunk::default() };
        chunk.admitted.text.reserve(part.bytes.len() + part.bytes.len() / 8);
        let mut lines = part.lines();
        for (number, line) in lines.by_ref() {
            let read = match line {
                Ok(line) => self.line(line, &mut reader, &mut admission, &arena, &mut chunk),
                Err(fault) => {
                    let error = json::Error { fault, offset: EVENT_BYTES };
                    Read::Refused(Box::new(error.into()), 0..0)
                }
            };
            chunk.lines.push(ReadLine { number, read });
        }
        chunk.count = lines.number();
        chunk
    }

    fn line<'a>(
        &'a self,
        line: &'a [u8],
        reader: &mut Reader<'a>,
        admission: &mut Admission<'_>,
        arena: &'a bumpalo::Bump,
        chunk: &mut ReadChunk,
    ) -> Read {
        let converted = self.timestamps.in_seconds(line);
        let seconds: &'a [u8] = converted.map_or(line, |text| arena.alloc_slice_copy(&text));
        let read = self.read(seconds, reader, arena).and_then(|event| {
            if self.is_open(&event) {
                let text = keep(event.line.as_bytes(), &mut chunk.raw);
                let came = if self.rejects { keep(line, &mut chunk.raw) } else { 0..0 };
                let signs = self.signer.as_ref().is_some_and(|signer| signer.signs(&event));
                return Ok(Read::Draft(Draft { line: text, came, missing: event.missing, signs }));
            }
            let signed = self.signed(event, reader, arena)?;
            Ok(Read::Event(self.admit(admission, (&signed, event.missing), &mut chunk.admitted)?))
        });
        read.unwrap_or_else(|no_event| match no_event {
            NoEvent::Other(kind) => Read::Other(kind),
            NoEvent::Refused(refusal) => self.refuse(refusal, line, chunk),
        })
    }

    /// Lets an event in that is whole by now; `missing` is what its line lacked when it came.
    pub fn admit(
        &self,
        admission: &mut Admission<'_>,
        (event, missing): (&Event<'_>, Missing),
        admitted: &mut Admitted,
    ) -> Result<AdmittedEvent, Refusal> {
        if self.store && (!event.invariants.is_empty() || event.lacking(missing).is_draft()) {
            self.asked.store(true, Ordering::Relaxed);
        }
        let wants = Wants { digest: self.store, rows: self.asked.load(Ordering::Relaxed) };
        // What is known of nodes and parents, only the store knows.
        let lookup: Option<&dyn Lookup> = if self.store { None } else { Some(&NoStore) };
        admitted.admit(admission, (event, missing), lookup, wants)
    }

    /// Reads an event; a draft's macro of one's own becomes a stamp.
    fn read<'a>(
        &self,
        line: &'a [u8],
        reader: &mut Reader<'a>,
        arena: &'a bumpalo::Bump,
    ) -> Result<Event<'a>, NoEvent> {
        let event = read_event(reader, line)?;
        let macros = self.macros.as_ref().filter(|_| event.is_draft());
        match macros.and_then(|macros| macros.stamp(&event)) {
            Some(stamped) => read_event(reader, arena.alloc_slice_copy(&stamped?)),
            None => Ok(event),
        }
    }

    /// The event with a signature, where it is signed here; it is complete by now.
    fn signed<'a>(
        &self,
        event: Event<'a>,
        reader: &mut Reader<'a>,
        arena: &'a bumpalo::Bump,
    ) -> Result<Event<'a>, Refusal> {
        match self.signer.as_ref().filter(|signer| signer.signs(&event)) {
            Some(signer) => Ok(read_event(reader, arena.alloc_str(&signer.sign(&event)?).as_bytes())?),
            None => Ok(event),
        }
    }

    /// Whether only the second half can complete it.
    fn is_open(&self, event: &Event<'_>) -> bool {
        event.missing.has(Missing::TIMESTAMP) || self.store && event.is_draft()
    }

    /// The clock that timestamps are held to.
    pub fn clock(&self) -> Clock {
        match self.now {
            Some(now) => Clock::Given(now),
            None => Clock::Machine { now: crate::draft::clock(), lock: self.touched },
        }
    }

    fn refuse(&self, refusal: Refusal, line: &[u8], chunk: &mut ReadChunk) -> Read {
        let raw = if self.rejects { keep(line, &mut chunk.raw) } else { 0..0 };
        Read::Refused(Box::new(refusal), raw)
    }
}

fn keep(line: &[u8], raw: &mut Vec<u8>) -> Range<usize> {
    let start = raw.len();
    raw.extend_from_slice(line);
    start..raw.len()
}
