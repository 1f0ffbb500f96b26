//! The first half of the work, which needs nothing but the line: parse it, check it, write its canonical form.

use crate::macros::Macros;
use crate::sign::Signer;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use ulp_cli::{Chunk, Failure, LineReader};
use ulp_core::event::{Event, Line, Missing, Payload, Reader, Refusal};
use ulp_core::hash::Blake3;
use ulp_core::id::{Lane, Time};
use ulp_core::json::{self, EVENT_BYTES, Fault, Tape};
use ulp_core::report::Note;
use ulp_core::scope::{Clock, Gate, Lookup, NoStore, Scope};
use ulp_store::lookup::{Row, write_rows};
use ulp_store::{Digest, LaneId};

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
    /// Whether timestamps are in milliseconds.
    pub milliseconds: bool,
    /// Whether there is a store, which completes drafts and asks for digests.
    pub store: bool,
    /// Whether refused lines are kept.
    pub rejects: bool,
    /// Whether an event was read that asks the store: from then on the rows of all are worked out here, on all cores.
    pub asked: AtomicBool,
}

/// Some lines of one source after the first half.
#[derive(Debug, Default)]
pub struct Piece {
    pub source: u32,
    /// How many lines there were, blank ones included.
    pub lines: u64,
    /// The canonical lines of the events that are whole.
    pub text: Vec<u8>,
    /// Lines as they came: drafts, and refused ones that are kept.
    pub raw: Vec<u8>,
    pub items: Vec<Item>,
    pub places: Vec<LaneId>,
    /// What events say that others may ask for.
    pub rows: Vec<Row>,
}

/// What became of one line.
#[derive(Debug)]
pub struct Item {
    /// The line's number in its piece, from 1.
    pub number: u64,
    pub what: What,
}

#[derive(Debug)]
pub enum What {
    /// An event, whole by now.
    Event(Whole),
    /// What needs the clock or the store to be completed: in `raw` are its line and, where refused lines are kept,
    /// the line as it came.
    Draft(Range<usize>, Range<usize>),
    Refused(Box<Refusal>, Range<usize>),
}

/// An event in its canonical form.
#[derive(Clone, Debug)]
pub struct Whole {
    /// Its line in `text`, without the end.
    pub line: Range<usize>,
    /// Which of the piece's places it stands in.
    pub place: usize,
    /// Its rows in those of the piece; none where nobody had asked yet.
    pub rows: Range<usize>,
    pub digest: Digest,
    /// Whether its operation is one that this version does not know.
    pub unknown: bool,
    /// Whether it is still to be held to what it declares to preserve.
    pub asks: bool,
    /// Whether it declares something to preserve.
    pub declares: bool,
    /// What the gate found odd.
    pub notes: Vec<Note>,
}

/// What a reader tells the second half.
#[derive(Debug)]
pub enum Told {
    Piece(Piece),
    /// No more input is ready: the time to commit and to flush.
    Idle,
    /// The end, with the digest of what was read.
    End(Blake3),
    Failed(Failure),
}

/// Reads everything and tells it, until `tell` answers that nobody listens.
pub fn run(
    reader: &mut LineReader,
    reading: &Reading,
    pool: &rayon::ThreadPool,
    mut tell: impl FnMut(Told) -> bool,
) {
    loop {
        match next(reader, reading, pool) {
            Ok(Some(pieces)) => {
                if !pieces.into_iter().all(|piece| tell(Told::Piece(piece))) {
                    return;
                }
                if reader.would_block() && !tell(Told::Idle) {
                    return;
                }
            }
            Ok(None) => {
                tell(Told::End(reader.digest()));
                return;
            }
            Err(failure) => {
                tell(Told::Failed(failure));
                return;
            }
        }
    }
}

/// The next lines, spread over the threads of the pool.
fn next(
    reader: &mut LineReader,
    reading: &Reading,
    pool: &rayon::ThreadPool,
) -> Result<Option<Vec<Piece>>, Failure> {
    let Some(chunk) = reader.next_chunk()? else { return Ok(None) };
    let parts = split(chunk, pool.current_num_threads());
    if let [part] = parts[..] {
        return Ok(Some(vec![reading.piece(part)]));
    }
    Ok(Some(pool.install(|| parts.par_iter().map(|part| reading.piece(*part)).collect())))
}

/// Fewer bytes than this are not worth a second thread.
const WORTH: usize = 32 << 10;

/// Cuts a chunk at line ends into about equal parts.
fn split(chunk: Chunk<'_>, parts: usize) -> Vec<Chunk<'_>> {
    let size = (chunk.bytes.len() / parts.max(1)).max(WORTH);
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
    /// Reads the lines of one part.
    fn piece(&self, chunk: Chunk<'_>) -> Piece {
        let arena = bumpalo::Bump::new();
        let mut reader = Reader::new(&arena, self.scope.defaults()).with_drafts();
        let mut gate = self.scope.gate();
        let clock = self.clock();
        let mut piece = Piece { source: chunk.source, ..Piece::default() };
        piece.text.reserve(chunk.bytes.len() + chunk.bytes.len() / 8);
        let mut lines = chunk.lines();
        for (number, line) in lines.by_ref() {
            let what = match line {
                Ok(line) => self.line(line, &mut reader, (&mut gate, clock), &arena, &mut piece),
                Err(fault) => {
                    let error = json::Error { fault, offset: EVENT_BYTES };
                    What::Refused(Box::new(error.into()), 0..0)
                }
            };
            piece.items.push(Item { number, what });
        }
        piece.lines = lines.number();
        piece
    }

    fn line<'a>(
        &'a self,
        line: &'a [u8],
        reader: &mut Reader<'a>,
        (gate, clock): (&mut Gate<'_>, Clock),
        arena: &'a bumpalo::Bump,
        piece: &mut Piece,
    ) -> What {
        let converted = if self.milliseconds { in_seconds(line) } else { None };
        let seconds: &'a [u8] = converted.map_or(line, |text| arena.alloc_slice_copy(&text));
        let taken = self.read(seconds, reader, arena).and_then(|event| {
            if self.is_open(&event) {
                let text = keep(event.line.as_bytes(), &mut piece.raw);
                let came = if self.rejects { keep(line, &mut piece.raw) } else { 0..0 };
                return Ok(What::Draft(text, came));
            }
            let signed = self.signed(event, reader, arena)?;
            // The gate is to see that it is a draft, and what it became.
            let came = Event { missing: event.missing, ..signed };
            // What is known of nodes and parents, only the second half knows.
            let lookup: Option<&dyn Lookup> = if self.store { None } else { Some(&NoStore) };
            piece.admit(&signed, &came, (gate, clock), lookup, self).map(What::Event)
        });
        taken.unwrap_or_else(|refusal| self.refuse(refusal, line, piece))
    }

    /// Reads an event; a draft's macro of one's own becomes a stamp.
    fn read<'a>(
        &self,
        line: &'a [u8],
        reader: &mut Reader<'a>,
        arena: &'a bumpalo::Bump,
    ) -> Result<Event<'a>, Refusal> {
        let event = of_event(reader.read_bytes(line)?)?;
        let macros = self.macros.as_ref().filter(|_| event.is_draft());
        match macros.and_then(|macros| macros.stamp(&event)) {
            Some(stamped) => of_event(reader.read_bytes(arena.alloc_slice_copy(&stamped?))?),
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
            Some(signer) => of_event(reader.read(arena.alloc_str(&signer.sign(&event)?))?),
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

    fn refuse(&self, refusal: Refusal, line: &[u8], piece: &mut Piece) -> What {
        let raw = if self.rejects { keep(line, &mut piece.raw) } else { 0..0 };
        What::Refused(Box::new(refusal), raw)
    }
}

/// The event that a line must be.
pub fn of_event(line: Line<'_>) -> Result<Event<'_>, Refusal> {
    match line {
        Line::Event(event) => Ok(event),
        Line::State(_) => {
            Err(Refusal::new("event.kind", "a state line is derived, and never stored as an event"))
        }
    }
}

fn keep(line: &[u8], raw: &mut Vec<u8>) -> Range<usize> {
    let start = raw.len();
    raw.extend_from_slice(line);
    start..raw.len()
}

impl Piece {
    /// Takes in an event that is whole by now, if it passes the gate as it came.
    pub fn admit(
        &mut self,
        event: &Event<'_>,
        came: &Event<'_>,
        (gate, clock): (&mut Gate<'_>, Clock),
        lookup: Option<&dyn Lookup>,
        reading: &Reading,
    ) -> Result<Whole, Refusal> {
        let permit = match lookup {
            Some(lookup) => gate.permit(came, Some(clock), lookup)?,
            None => gate.permit_but_for_invariants(came, Some(clock))?,
        };
        let start = self.text.len();
        event.write_canonical(&mut Tape::new(), &mut self.text);
        let line = start..self.text.len();
        if line.len() > permit.max_event_bytes.min(EVENT_BYTES) {
            self.text.truncate(start);
            let refusal = if line.len() > EVENT_BYTES {
                json::Error { fault: Fault::TooLong, offset: EVENT_BYTES }.into()
            } else {
                Refusal::new("scope.limit", format!("{} bytes are more than max_event_bytes", line.len()))
            };
            return Err(event.blame(refusal));
        }
        let store = reading.store;
        let digest = if store { ulp_store::digest(&self.text[line.clone()]) } else { Digest::default() };
        self.text.push(b'\n');
        let unknown = matches!(event.payload, Payload::Unknown);
        let declares = !event.invariants.is_empty();
        let asks = lookup.is_none() && declares;
        if store && (declares || came.is_draft()) {
            reading.asked.store(true, Ordering::Relaxed);
        }
        let start = self.rows.len();
        if reading.asked.load(Ordering::Relaxed) {
            write_rows(event, &mut self.rows);
        }
        let (place, rows) = (self.place(event), start..self.rows.len());
        Ok(Whole { line, place, rows, digest, unknown, asks, declares, notes: permit.notes })
    }

    /// The event's place among those of the piece; neighbouring lines mostly share theirs.
    fn place(&mut self, event: &Event<'_>) -> usize {
        let lane = event.lane();
        let is_there = |p: &LaneId| p.lane == lane && p.tile == event.tile && p.space == event.space;
        if let Some(at) = self.places.iter().rposition(is_there) {
            return at;
        }
        self.places.push(LaneId { space: event.space.to_owned(), tile: event.tile, lane });
        self.places.len() - 1
    }

    /// The lane of one of its places.
    pub fn lane(&self, place: usize) -> Lane {
        self.places[place].lane
    }
}

/// The line with its timestamp in seconds, where it has a timestamp that is a number.
fn in_seconds(line: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(line).ok()?;
    let mut tape = Tape::new();
    let value = json::parse_text(&mut tape, text).ok()?.get("timestamp")?;
    let seconds = shift(value.as_f64()?)?;
    let (start, end) = (value.offset(), value.offset() + value.raw().len());
    Some([&line[..start], seconds.as_bytes(), &line[end..]].concat())
}

/// A thousandth of a number, exactly: its decimal point is moved.
fn shift(milliseconds: f64) -> Option<String> {
    let mut buffer = ryu_js::Buffer::new();
    let text = buffer.format(milliseconds);
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_plain = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if !is_plain(whole) || !is_plain(fraction) {
        return None;
    }
    let padded = format!("{whole:0>4}");
    let (seconds, thousandths) = padded.split_at(padded.len() - 3);
    let decimals = format!("{thousandths}{fraction}");
    let decimals = decimals.trim_end_matches('0');
    let seconds = seconds.trim_start_matches('0');
    let seconds = if seconds.is_empty() { "0" } else { seconds };
    Some(if decimals.is_empty() { format!("{sign}{seconds}") } else { format!("{sign}{seconds}.{decimals}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_become_seconds_without_arithmetic() {
        for (ms, seconds) in [
            (1_730_000_000_123.0, "1730000000.123"),
            (1_730_000_000_000.0, "1730000000"),
            (5.0, "0.005"),
            (-1500.25, "-1.50025"),
            (0.0, "0"),
        ] {
            assert_eq!(shift(ms).as_deref(), Some(seconds));
        }
        let line = br#"{"a":{"timestamp":7},"timestamp":1500}"#;
        assert_eq!(in_seconds(line).as_deref(), Some(&br#"{"a":{"timestamp":7},"timestamp":1.5}"#[..]));
    }
}
