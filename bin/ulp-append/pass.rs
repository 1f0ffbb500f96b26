//! The second half of the work, in the order of the lines: completing drafts, storing, passing on.

use crate::again::{self, Declared};
use crate::ask::Asked;
use crate::draft::{self, Clock, Given};
use crate::read::{Item, Piece, Reading, Told, What, Whole};
use crate::rejects::Rejects;
use std::io::Write as _;
use std::time::{Duration, Instant};
use ulp_cli::{Failure, Log, Output, Status, Witness};
use ulp_core::event::{Event, Missing, Refusal, nearest_operation, time_number};
use ulp_core::hash::Blake3;
use ulp_core::id::Time;
use ulp_core::json::{self, Tape};
use ulp_core::report::{Diagnostic, Outcome, Position, Report};
use ulp_core::scope::{Gate, Lookup, NoStore};
use ulp_store::{Appender, LaneIndex, Offer, Store};

/// A commit happens when so many bytes wait,
const MOST_BYTES: usize = 64 << 20;
/// or when something waits for so long.
const LONGEST: Duration = Duration::from_secs(1);

/// Where accepted events go.
pub struct Pass<'p> {
    pool: &'p rayon::ThreadPool,
    reading: &'p Reading,
    gate: Gate<'p>,
    store: Option<&'p Store>,
    asked: Option<Asked<'p>>,
    /// When the store was last committed to, as far as what was asked knows.
    seen: Option<Time>,
    clock: Clock,
    rejects: Option<Rejects>,
    /// Nothing once the reader of our output is gone: what is durable goes on without it.
    out: Option<Output>,
    log: &'p mut Log,
    appender: Option<Appender<'p>>,
    /// Accepted and not durable yet, in the order of the lines.
    waiting: Vec<Echo>,
    /// The drafts among them that declare something to preserve.
    declared: Vec<Declared>,
    since: Option<Instant>,
}

/// Lines that are passed on once they are durable.
struct Echo {
    text: Vec<u8>,
    source: u32,
    /// Of each line: its ticket, its end in the text, its number in the source, whether it is for everyone.
    lines: Vec<(u64, usize, u64, bool)>,
}

impl Echo {
    /// Its lines, without their ends, each with its ticket.
    fn lines(&self) -> impl Iterator<Item = (u64, &[u8])> + Clone {
        let starts = std::iter::once(0).chain(self.lines.iter().map(|(_, end, ..)| *end));
        starts.zip(&self.lines).map(|(start, (ticket, end, ..))| (*ticket, &self.text[start..end - 1]))
    }
}

impl<'p> Pass<'p> {
    pub fn new(
        store: Option<&'p Store>,
        pool: &'p rayon::ThreadPool,
        reading: &'p Reading,
        clock: Clock,
        rejects: Option<Rejects>,
        out: Output,
        log: &'p mut Log,
    ) -> Pass<'p> {
        let appender = store.map(Appender::new);
        let out = Some(out);
        let gate = reading.scope.gate();
        let asked = store.map(|store| Asked::new(store, pool));
        Pass {
            pool,
            reading,
            gate,
            store,
            asked,
            seen: None,
            clock,
            rejects,
            out,
            log,
            appender,
            waiting: Vec::new(),
            declared: Vec::new(),
            since: None,
        }
    }

    /// Takes what the reader tells. `more` says whether it has told more already. At the end it answers the digest of
    /// the input.
    pub fn take(&mut self, told: Told, mut more: impl FnMut() -> bool) -> Result<Option<Blake3>, Failure> {
        match told {
            Told::Piece(piece) => {
                let taken = self.piece(piece);
                if taken.is_err() || self.is_due() {
                    self.commit()?;
                }
                taken?;
            }
            // What came meanwhile is input that is ready.
            Told::Idle => {
                if !more() {
                    self.commit()?;
                    self.flush()?;
                }
            }
            Told::End(digest) => {
                self.commit()?;
                return Ok(Some(digest));
            }
            Told::Failed(failure) => {
                self.commit()?;
                return Err(failure);
            }
        }
        Ok(None)
    }

    fn is_due(&self) -> bool {
        self.appender.as_ref().is_some_and(|a| a.waiting() >= MOST_BYTES)
            || self.since.is_some_and(|since| since.elapsed() >= LONGEST)
    }

    /// Takes the items of a piece in their order. Under `--strict` nothing after the first refused one.
    fn piece(&mut self, mut piece: Piece) -> Result<(), Failure> {
        self.keep_up();
        let mut report = self.log.report();
        let items = std::mem::take(&mut piece.items);
        let mut taken = Vec::with_capacity(items.len());
        let mut lanes: Vec<Option<LaneIndex>> = Vec::new();
        for Item { number, what } in items {
            report.tally.read += 1;
            let (mut is_draft, next) = (false, taken.len());
            let (whole, raw) = match what {
                What::Event(whole) => (Ok(whole), 0..0),
                What::Draft(text, raw) => {
                    is_draft = true;
                    let completed = self.complete(&mut piece, text);
                    self.asked.as_ref().map_or(Ok(()), |asked| asked.facts.check())?;
                    (completed, raw)
                }
                What::Refused(refusal, raw) => (Err(*refusal), raw),
            };
            match whole {
                Ok(whole) => {
                    self.offer(&piece, whole, number, &mut lanes, &mut report, &mut taken)?;
                    if let Some((ticket, ..)) = taken.get(next).filter(|(_, w, _)| is_draft && w.declares) {
                        self.declared.push(Declared { ticket: *ticket, came: piece.raw[raw].to_vec() });
                    }
                }
                Err(refusal) => {
                    report.refuse(Position { source: piece.source, line: number }, refusal);
                    if let Some(rejects) = self.rejects.as_mut().filter(|_| !raw.is_empty()) {
                        rejects.add(&piece.raw[raw])?;
                    }
                    if self.log.is_strict() {
                        break;
                    }
                }
            }
        }
        let source = piece.source;
        let before = self.log.feed(report, source, piece.lines);
        let base = *before.as_ref().unwrap_or(&0);
        self.pass_on(piece, source, base, taken)?;
        before.map(drop)
    }

    /// Completes a draft with what only the clock and the store know, and lets it through the gate.
    fn complete(&mut self, piece: &mut Piece, raw: std::ops::Range<usize>) -> Result<Whole, Refusal> {
        let line = piece.raw[raw].to_vec();
        let arena = bumpalo::Bump::new();
        let defaults = self.reading.scope.defaults();
        let came = draft::read(&line, &arena, defaults, true)?;
        let tick = came.missing.has(Missing::TIMESTAMP).then(|| time_number(self.clock.tick()));
        self.keep_up();
        if let (Some(asked), Some(appender)) = (&mut self.asked, &self.appender) {
            asked.start(appender, &[]);
        }
        let mut given = Given::default();
        if let Some(asked) = &self.asked {
            asked.give(&line, &came, &mut given);
        }
        if let Some(tick) = tick {
            given.member("timestamp", &tick);
        }
        let completed = if given.is_empty() { line.clone() } else { given.put_into(&line) };
        let event = draft::read(&completed, &arena, defaults, false)?;
        let signer = self.reading.signer.as_ref().filter(|signer| signer.signs(&came));
        let signed = signer.map(|signer| signer.sign(&event)).transpose()?;
        let event = match &signed {
            Some(line) => draft::read(line.as_bytes(), &arena, defaults, false)?,
            None => event,
        };
        // The gate is to see that it is a draft, and what it became.
        let as_draft = Event { missing: came.missing, ..event };
        let clock = self.reading.clock();
        let lookup: &dyn Lookup = match &self.asked {
            Some(asked) => &asked.facts,
            None => &NoStore,
        };
        piece.admit(&event, &as_draft, (&mut self.gate, clock), Some(lookup), self.reading)
    }

    /// Forgets what is known of the store where others have written to it: a run may be a long one.
    fn keep_up(&mut self) {
        let (Some(store), Some(asked)) = (self.store, &mut self.asked) else { return };
        let touched = store.touched();
        if self.seen != touched {
            *asked = Asked::new(store, self.pool);
            self.seen = touched;
        }
    }

    /// Offers an event to the store, if there is one.
    fn offer(
        &mut self,
        piece: &Piece,
        mut whole: Whole,
        number: u64,
        lanes: &mut Vec<Option<LaneIndex>>,
        report: &mut Report,
        taken: &mut Vec<(u64, Whole, u64)>,
    ) -> Result<(), Failure> {
        let line = &piece.text[whole.line.clone()];
        let shared = piece.lane(whole.place).is_shared();
        let at = Position { source: piece.source, line: number };
        let ticket = match &mut self.appender {
            None => 0,
            Some(appender) => {
                lanes.resize(piece.places.len(), None);
                let lane = match lanes[whole.place] {
                    Some(lane) => lane,
                    None => *lanes[whole.place].insert(appender.lane(&piece.places[whole.place])?),
                };
                match appender.offer(lane, whole.digest, line)? {
                    Offer::Taken(ticket) => {
                        if let Some(asked) = &mut self.asked {
                            let taken = (&piece.places[whole.place], line, &piece.rows[whole.rows.clone()]);
                            asked.take(appender, taken, whole.asks, &mut whole.notes)?;
                        }
                        ticket
                    }
                    Offer::Duplicate => {
                        let text = || (event_id(line), String::new());
                        report.say(Outcome::Duplicate, "event.duplicate", at, shared, text);
                        return Ok(());
                    }
                }
            }
        };
        for note in &whole.notes {
            let text = || (event_id(line), note.detail.clone());
            report.say(Outcome::Noted, note.code, at, shared, text);
        }
        if whole.unknown {
            report.say(Outcome::Noted, "event.unknown_operation", at, shared, || {
                let name = member(line, "operation").unwrap_or_default();
                (event_id(line), format!("{name}: did you mean {}?", nearest_operation(&name)))
            });
        }
        report.tally.private |= !shared;
        taken.push((ticket, whole, number));
        Ok(())
    }

    /// Passes on what was accepted of a piece: at once, or when it is durable.
    fn pass_on(
        &mut self,
        piece: Piece,
        source: u32,
        base: u64,
        taken: Vec<(u64, Whole, u64)>,
    ) -> Result<(), Failure> {
        if taken.is_empty() {
            return Ok(());
        }
        let bytes: usize = taken.iter().map(|(_, whole, _)| whole.line.len() + 1).sum();
        // Drafts stand behind the events of their piece, so only a piece without any is in the order of its lines.
        let in_order = taken.is_sorted_by_key(|(_, whole, _)| whole.line.start);
        let whole_piece = bytes == piece.text.len() && in_order;
        let mut lines = Vec::with_capacity(if self.appender.is_some() { taken.len() } else { 0 });
        let mut text = if whole_piece { Vec::new() } else { Vec::with_capacity(bytes) };
        let mut end = 0;
        for (ticket, whole, number) in taken {
            end += whole.line.len() + 1;
            if !whole_piece {
                text.extend_from_slice(&piece.text[whole.line.start..=whole.line.end]);
            }
            if self.appender.is_some() {
                lines.push((ticket, end, base + number, piece.lane(whole.place).is_shared()));
            }
        }
        let text = if whole_piece { piece.text } else { text };
        if self.appender.is_none() {
            return self.write(&text);
        }
        self.since.get_or_insert_with(Instant::now);
        self.waiting.push(Echo { text, source, lines });
        Ok(())
    }

    /// Makes durable what waits, and passes it on.
    fn commit(&mut self) -> Result<(), Failure> {
        let Some(appender) = &mut self.appender else { return Ok(()) };
        let (mut broken, waiting) = (Vec::new(), std::mem::take(&mut self.waiting));
        let declared = std::mem::take(&mut self.declared);
        let look_again = |store: &Store, doubles: &[u64]| {
            if !declared.is_empty() {
                broken = again::broken(store, waiting.iter().flat_map(Echo::lines), &declared, doubles)?;
            }
            Ok(broken.iter().map(|(ticket, _)| *ticket).collect())
        };
        let doubles = self.pool.install(|| appender.commit_after(look_again))?;
        let changed = appender.take_changed();
        if let Some(asked) = &self.asked {
            asked.facts.committed();
            changed.iter().for_each(|lane| asked.facts.forget(lane));
        }
        self.since = None;
        // Our own commit is no news; but where something was refused, the facts were told of what is not to be.
        self.seen = self.store.filter(|_| broken.is_empty()).and_then(Store::touched);
        let mut strict = Ok(());
        for echo in waiting {
            match self.echo(echo, &doubles, &broken, &declared) {
                Err(Failure::Strict) => strict = Err(Failure::Strict),
                other => other?,
            }
        }
        strict
    }

    /// Passes on what is durable by now; the rest turned out to be there already, or to be `broken`.
    fn echo(
        &mut self,
        echo: Echo,
        doubles: &[u64],
        broken: &[(u64, Refusal)],
        declared: &[Declared],
    ) -> Result<(), Failure> {
        let is_double = |ticket: &u64| doubles.binary_search(ticket).is_ok();
        let refusal = |ticket: &u64| broken.iter().find(|(t, _)| t == ticket).map(|(_, refusal)| refusal);
        let stays = |ticket: &u64| !is_double(ticket) && refusal(ticket).is_none();
        if echo.lines.iter().all(|(ticket, ..)| stays(ticket)) {
            return self.write(&echo.text);
        }
        let mut strict = Ok(());
        let mut start = 0;
        for (ticket, end, line, shared) in echo.lines {
            let text = &echo.text[start..end];
            start = end;
            if stays(&ticket) {
                self.write(text)?;
                continue;
            }
            // Somebody else stored it between our look and our commit, or what it breaks.
            let refusal = refusal(&ticket);
            let said = self.log.record(&Diagnostic {
                position: Some(Position { source: echo.source, line }),
                outcome: if refusal.is_some() { Outcome::Rejected } else { Outcome::Duplicate },
                code: refusal.map_or("event.duplicate", |refusal| refusal.code),
                shared,
                event_id: event_id(text.trim_ascii_end()),
                detail: refusal.map_or(String::new(), |refusal| refusal.detail.clone()),
            });
            let came = declared.iter().find(|d| refusal.is_some() && d.ticket == ticket).map(|d| &d.came);
            if let (Some(rejects), Some(came)) = (&mut self.rejects, came) {
                rejects.add(came)?;
            }
            match said {
                Err(Failure::Strict) => strict = Err(Failure::Strict),
                other => other?,
            }
        }
        strict
    }

    fn write(&mut self, text: &[u8]) -> Result<(), Failure> {
        let written = self.out.as_mut().map_or(Ok(()), |out| out.write_all(text));
        self.heed(written.map_err(Failure::from))
    }

    fn flush(&mut self) -> Result<(), Failure> {
        let flushed = self.out.as_mut().map_or(Ok(()), |out| out.flush());
        self.heed(flushed.map_err(Failure::from))?;
        self.log.flush()
    }

    /// A gate whose reader is gone ends; a store is filled to the end of the input.
    fn heed(&mut self, outcome: Result<(), Failure>) -> Result<(), Failure> {
        match outcome {
            Err(Failure::ReaderGone) if self.appender.is_some() => {
                self.out = None;
                Ok(())
            }
            other => other,
        }
    }

    /// Ends the run.
    pub fn finish(mut self, input: Blake3, now: Option<String>) -> Result<Status, Failure> {
        if let Some(appender) = &mut self.appender {
            appender.settle()?;
        }
        let flushed = self.out.as_mut().map_or(Ok(()), |out| out.flush());
        self.heed(flushed.map_err(Failure::from))?;
        if self.out.is_none() {
            return Err(Failure::ReaderGone);
        }
        self.log.finish(
            self.out,
            &Witness { input: Some(input), now, scope: self.reading.scope.digest(), ..Witness::default() },
        )
    }
}

/// The name in a canonical line.
fn event_id(line: &[u8]) -> Option<String> {
    member(line, "event_id")
}

pub fn member(line: &[u8], name: &str) -> Option<String> {
    let mut tape = Tape::new();
    let top = json::parse_line(&mut tape, line).ok()?;
    Some(top.get(name)?.chars().collect())
}
