//! The second half of the work, in the order of the lines: completing drafts, storing, passing on.

use crate::draft::{self, Given, Ticks};
use crate::outcome::taken_as;
use crate::read::{Draft, Message, Read, ReadChunk, ReadLine, Reading};
use crate::rejects::Rejects;
use std::io::Write as _;
use std::time::Instant;
use ulp_cli::{Failure, Log, Output, Status, Witness};
use ulp_core::event::{Missing, time_number};
use ulp_core::hash::Blake3;
use ulp_core::line;
use ulp_core::report::{Diagnostic, Outcome, Position, Refusal};
use ulp_core::scope::Admission;
use ulp_store::intake::admit::{Admitted, AdmittedEvent, member};
use ulp_store::intake::{Backlog, Committed, Committer, Echo, EchoLine, Echoed, Offered, Part};
use ulp_store::receipts::Recorder;
use ulp_store::{Error, Store};

/// A commit happens when so many bytes wait, if not before.
const MOST_BYTES: usize = 256 << 20;

/// Events that need nothing but the store are offered to it once so many bytes of them are held, with what is said of
/// their lines.
const TOGETHER: usize = 24 << 20;

/// Where accepted events go.
pub struct Writer<'w> {
    pool: &'w rayon::ThreadPool,
    reading: &'w Reading,
    admission: Admission<'w>,
    committer: Option<Committer<'w>>,
    ticks: Ticks,
    rejects: Option<Rejects>,
    /// Nothing once the reader of our output is gone: what is durable goes on without it.
    out: Option<Output>,
    log: &'w mut Log,
    /// Read and not offered to the store yet, and how many bytes that is.
    held: Vec<ReadChunk>,
    held_bytes: usize,
    /// Accepted and not durable yet, in the order of the lines, each with its source.
    waiting: Vec<(u32, Echo)>,
    backlog: Backlog,
    /// Of the drafts that wait and declare something: their tickets, and their lines as they came, where refused lines
    /// are kept.
    declared: Vec<(u64, Vec<u8>)>,
}

impl<'w> Writer<'w> {
    pub fn new(
        store: Option<&'w Store>,
        pool: &'w rayon::ThreadPool,
        reading: &'w Reading,
        rejects: Option<Rejects>,
        out: Output,
        log: &'w mut Log,
    ) -> Writer<'w> {
        Writer {
            pool,
            reading,
            admission: reading.admission(),
            committer: store.map(|store| Committer::new(store, Some(pool))),
            ticks: Ticks::new(reading.now),
            rejects,
            out: Some(out),
            log,
            held: Vec::new(),
            held_bytes: 0,
            waiting: Vec::new(),
            backlog: Backlog::new(Instant::now()),
            declared: Vec::new(),
        }
    }

    /// Has receipts written of what is committed.
    pub fn recorded_by(&mut self, recorder: Option<Recorder>) {
        if let Some(committer) = &mut self.committer {
            committer.recorded_by(recorder);
        }
    }

    /// Takes what the reader says. `more` says whether it has said more already. At the end it answers the digest of
    /// the input.
    pub fn take(
        &mut self,
        message: Message,
        mut more: impl FnMut() -> bool,
    ) -> Result<Option<Blake3>, Failure> {
        match message {
            Message::Chunk(chunk) => {
                let taken = if self.can_wait(&chunk) { self.hold(chunk) } else { self.in_order(chunk) };
                if taken.is_err() || self.backlog.is_due(MOST_BYTES, Instant::now()) {
                    self.commit()?;
                }
                taken?;
            }
            // What came meanwhile is input that is ready.
            Message::Idle => {
                if !more() {
                    self.commit()?;
                    self.flush()?;
                }
            }
            Message::End(digest) => {
                self.commit()?;
                return Ok(Some(digest));
            }
            Message::Failed(failure) => {
                self.commit()?;
                return Err(failure);
            }
        }
        Ok(None)
    }

    /// Whether the lines of a chunk may be offered to the store together with others: none of them depends on what became
    /// of one before it.
    fn can_wait(&self, chunk: &ReadChunk) -> bool {
        let is_free = |line: &ReadLine| match line.read {
            Read::Event(AdmittedEvent { is_draft, .. }) => !is_draft,
            Read::Draft(_) => false,
            Read::Refused(..) => !self.log.is_strict(),
            Read::Other(_) => true,
        };
        self.committer.is_some() && chunk.lines.iter().all(is_free)
    }

    /// Takes a chunk that can wait.
    fn hold(&mut self, chunk: ReadChunk) -> Result<(), Failure> {
        self.backlog.add(chunk.admitted.text.len());
        let lines = size_of::<ReadLine>() * chunk.lines.len();
        self.held_bytes += chunk.admitted.text.len() + chunk.raw.len() + lines;
        self.held.push(chunk);
        if self.held_bytes < TOGETHER { Ok(()) } else { self.offer_held() }
    }

    /// Offers the events of the chunks that wait for that, and says what became of them.
    fn offer_held(&mut self) -> Result<(), Failure> {
        let (mut held, _) = (std::mem::take(&mut self.held), std::mem::take(&mut self.held_bytes));
        let Some(committer) = self.committer.as_mut().filter(|_| !held.is_empty()) else { return Ok(()) };
        committer.keep_up();
        let parts = held.iter_mut().map(|chunk| {
            let events = chunk.lines.iter().filter_map(|line| match &line.read {
                Read::Event(event) => Some(event),
                _ => None,
            });
            Part { events: events.collect(), admitted: &mut chunk.admitted }
        });
        let mut offered = committer.offer_all(parts.collect())?.into_iter();
        for chunk in held {
            // One for each event, in their order.
            self.chunk(chunk, |_, _, _| Ok(offered.next().unwrap_or(Offered::Duplicate)))?;
        }
        Ok(())
    }

    /// Takes a chunk whose lines are offered to the store one after the other.
    fn in_order(&mut self, chunk: ReadChunk) -> Result<(), Failure> {
        self.offer_held()?;
        self.committer.iter_mut().for_each(Committer::keep_up);
        let bytes = self.chunk(chunk, |committer, admitted, event| match committer {
            None => Ok(Offered::Taken(0, Vec::new())),
            Some(committer) => committer.offer(admitted, event),
        })?;
        self.backlog.add(bytes);
        Ok(())
    }

    /// Takes the lines of a chunk in their order. Under `--strict` nothing after the first refused one. Answers how many
    /// bytes were accepted.
    fn chunk(
        &mut self,
        mut chunk: ReadChunk,
        mut offer: impl FnMut(Option<&mut Committer<'w>>, &mut Admitted, &AdmittedEvent) -> Result<Offered, Error>,
    ) -> Result<usize, Failure> {
        let (source, count, mut report) = (chunk.source, chunk.count, self.log.report());
        let lines = std::mem::take(&mut chunk.lines);
        let mut taken = Vec::with_capacity(lines.len());
        for ReadLine { number, read } in lines {
            let at = Position { source, line: number };
            report.tally.read += 1;
            let (event, raw) = match read {
                Read::Event(event) => (Ok(event), 0..0),
                Read::Draft(draft) => (self.complete(&mut chunk, &draft)?, draft.came),
                Read::Refused(refusal, raw) => (Err(*refusal), raw),
                Read::Other(kind) => {
                    let text = || (None, kind.name().to_owned());
                    report.say(Outcome::Withheld, line::UNUSED, at, true, text);
                    continue;
                }
            };
            let offered = match event {
                Ok(event) => {
                    let offered = offer(self.committer.as_mut(), &mut chunk.admitted, &event)?;
                    taken_as(&chunk, event, offered, at, &mut report)
                }
                Err(refusal) => Err(refusal),
            };
            match offered {
                Ok(Some((ticket, event))) => {
                    if event.is_draft && event.declares && self.rejects.is_some() {
                        self.declared.push((ticket, chunk.raw[raw].to_vec()));
                    }
                    taken.push((ticket, event, number));
                }
                Ok(None) => {}
                Err(refusal) => {
                    report.refuse(at, refusal);
                    if let Some(rejects) = self.rejects.as_mut().filter(|_| !raw.is_empty()) {
                        rejects.add(&chunk.raw[raw])?;
                    }
                    if self.log.is_strict() {
                        break;
                    }
                }
            }
        }
        let before = self.log.feed(report, source, count);
        let base = *before.as_ref().unwrap_or(&0);
        let bytes = self.pass_on(chunk, source, base, taken)?;
        before.map(|_| bytes)
    }

    /// Completes a draft with what only the clock and the store know, and lets it in.
    fn complete(
        &mut self,
        chunk: &mut ReadChunk,
        draft: &Draft,
    ) -> Result<Result<AdmittedEvent, Refusal>, Failure> {
        let line = &chunk.raw[draft.line.clone()];
        let arena = bumpalo::Bump::new();
        let defaults = self.reading.scope.defaults();
        let tick = draft.missing.has(Missing::TIMESTAMP).then(|| time_number(self.ticks.next()));
        let mut given = Given::default();
        if let Some(committer) = &mut self.committer {
            let came = match draft::read(line, &arena, defaults, true) {
                Ok(came) => came,
                Err(refusal) => return Ok(Err(refusal)),
            };
            committer.keep_up();
            let lookup = committer.ask();
            given.complete_from_store(lookup, line, &came);
            lookup.check()?;
        }
        if let Some(tick) = tick {
            given.member("timestamp", &tick);
        }
        let completed = given.put_into(line);
        self.admission.set_clock(self.reading.clock());
        let admitted = draft::read(&completed, &arena, defaults, false).and_then(|event| {
            let signer = self.reading.signer.as_ref().filter(|_| draft.signs);
            let signed = signer.map(|signer| signer.sign(&event)).transpose()?;
            let event = match &signed {
                Some(line) => draft::read(line.as_bytes(), &arena, defaults, false)?,
                None => event,
            };
            self.reading.admit(&mut self.admission, (&event, draft.missing), &mut chunk.admitted)
        });
        Ok(admitted)
    }

    /// Passes on what was accepted of a chunk: at once, or when it is durable.
    fn pass_on(
        &mut self,
        chunk: ReadChunk,
        source: u32,
        base: u64,
        taken: Vec<(u64, AdmittedEvent, u64)>,
    ) -> Result<usize, Failure> {
        if taken.is_empty() {
            return Ok(0);
        }
        let admitted = chunk.admitted;
        let bytes: usize = taken.iter().map(|(_, event, _)| event.line.len() + 1).sum();
        // Drafts stand behind the events of their chunk, so only a chunk without any is in the order of its lines.
        let in_order = taken.is_sorted_by_key(|(_, event, _)| event.line.start);
        let is_whole = bytes == admitted.text.len() && in_order;
        let mut text = Vec::with_capacity(if is_whole { 0 } else { bytes });
        if !is_whole {
            taken.iter().for_each(|(_, event, _)| text.extend_from_slice(admitted.line_and_end(event)));
        }
        if self.committer.is_none() {
            self.write(if is_whole { &admitted.text } else { &text })?;
            return Ok(bytes);
        }
        let mut end = 0;
        let lines = taken.iter().map(|(ticket, event, number)| {
            end += event.line.len() + 1;
            let (number, shared) = (base + number, admitted.lane(event).is_shared());
            EchoLine { ticket: *ticket, end, number, shared }
        });
        let lines = lines.collect();
        self.waiting.push((source, Echo::new(if is_whole { admitted.text } else { text }, lines)));
        Ok(bytes)
    }

    /// Makes durable what waits, and passes it on.
    fn commit(&mut self) -> Result<(), Failure> {
        let offered = self.offer_held();
        let Some(committer) = &mut self.committer else { return offered };
        let began = Instant::now();
        let committed = self.pool.install(|| committer.commit())?;
        self.backlog.committed(began, Instant::now());
        let (waiting, declared) = (std::mem::take(&mut self.waiting), std::mem::take(&mut self.declared));
        let mut strict = offered;
        for (source, echo) in waiting {
            match self.echo(source, &echo, &committed, &declared) {
                Err(Failure::Strict) => strict = Err(Failure::Strict),
                other => other?,
            }
        }
        strict
    }

    /// Passes on what is durable by now; the rest turned out to be there already, or to be refused.
    fn echo(
        &mut self,
        source: u32,
        echo: &Echo,
        committed: &Committed,
        declared: &[(u64, Vec<u8>)],
    ) -> Result<(), Failure> {
        let mut strict = Ok(());
        for echoed in echo.after(committed) {
            let (line, text, refusal) = match echoed {
                Echoed::Durable(text) => {
                    self.write(text)?;
                    continue;
                }
                // Somebody else stored it between our look and our commit, or what it breaks.
                Echoed::Duplicate(line, text) => (line, text, None),
                Echoed::Refused(line, text, refusal) => (line, text, Some(refusal)),
            };
            let said = self.log.record(&Diagnostic {
                position: Some(Position { source, line: line.number }),
                outcome: if refusal.is_some() { Outcome::Rejected } else { Outcome::Duplicate },
                code: refusal.map_or("event.duplicate".into(), |refusal| refusal.code.clone()),
                shared: line.shared,
                event_id: member(text, "event_id"),
                detail: refusal.map_or(String::new(), |refusal| refusal.detail.clone()),
            });
            let came = declared.iter().find(|(ticket, _)| refusal.is_some() && *ticket == line.ticket);
            if let (Some(rejects), Some((_, came))) = (&mut self.rejects, came) {
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
            Err(Failure::ReaderGone) if self.committer.is_some() => {
                self.out = None;
                Ok(())
            }
            other => other,
        }
    }

    /// Ends the run.
    pub fn finish(mut self, input: Blake3, now: Option<String>) -> Result<Status, Failure> {
        if let Some(committer) = &mut self.committer {
            committer.settle()?;
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
