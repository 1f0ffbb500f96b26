//! Lines that come: each is judged, joined into the graph, and passed on at once if it is news that is signed.

use crate::known::Known;
use crate::{Args, NANOS};
use std::io::Write as _;
use ulp_cli::{Failure, LineReader, Log, Output};
use ulp_core::hash::Blake3;
use ulp_core::json::{self, EVENT_BYTES, Tape, Value};
use ulp_core::line::{self, Kind};
use ulp_core::report::{Diagnostic, Outcome, Position, Refusal};
use ulp_core::trust::Did;
use ulp_peer::graph::{Fate, Heard};

/// What lines meet, and where they go.
pub struct Relay<'a> {
    args: &'a Args,
    pub known: Known,
    /// Nothing once nobody reads it any more.
    out: Option<Output>,
}

/// What is said of a line.
struct Verdict {
    outcome: Outcome,
    code: std::borrow::Cow<'static, str>,
    /// Of events, who has a use for them looks whether they are for everyone.
    shared: bool,
    detail: String,
}

impl Verdict {
    fn new(outcome: Outcome, code: &'static str, detail: &str) -> Verdict {
        Verdict { outcome, code: code.into(), shared: true, detail: detail.to_owned() }
    }
}

impl From<Refusal> for Verdict {
    fn from(refusal: Refusal) -> Verdict {
        let Refusal { code, detail, shared, .. } = refusal;
        Verdict { outcome: Outcome::Rejected, code, shared, detail }
    }
}

impl<'a> Relay<'a> {
    pub fn new(args: &'a Args, known: Known, out: Output) -> Relay<'a> {
        Relay { args, known, out: Some(out) }
    }

    /// Reads all there is. Answers the digest of what was read.
    pub fn run(&mut self, log: &mut Log) -> Result<Blake3, Failure> {
        let mut reader = log.lines(&self.args.files, EVENT_BYTES)?;
        let done = self.read(&mut reader, log);
        // What was passed on is kept, however the run ends.
        self.known.flush()?;
        done?;
        Ok(reader.digest())
    }

    fn read(&mut self, reader: &mut LineReader, log: &mut Log) -> Result<(), Failure> {
        let (mut source, mut base) = (0, 0);
        while let Some(chunk) = reader.next_chunk()? {
            if chunk.source != source {
                (source, base) = (chunk.source, 0);
            }
            let mut lines = chunk.lines();
            let mut tape = Tape::new();
            for (number, line) in lines.by_ref() {
                log.tally_mut().read += 1;
                let at = Position { source, line: base + number };
                match line {
                    Ok(line) => self.line(line, &mut tape, at, log)?,
                    Err(fault) => record(Refusal::new(fault.code(), fault.to_string()).into(), at, log)?,
                }
            }
            base += lines.number();
            if reader.would_block() {
                self.known.flush()?;
                self.pass_on(Output::flush)?;
                log.flush()?;
            }
        }
        Ok(())
    }

    fn line(&mut self, line: &[u8], tape: &mut Tape, at: Position, log: &mut Log) -> Result<(), Failure> {
        let read = json::parse_line(tape, line).map_err(Refusal::from);
        let (heard, object) = match read.and_then(|object| Ok((statement(object)?, object))) {
            Ok((Ok(heard), object)) => (heard, object),
            Ok((Err(unused), _)) => return record(unused, at, log),
            Err(refusal) => return record(refusal.into(), at, log),
        };
        let verdicts = self.take(object, &heard, line)?;
        verdicts.into_iter().try_for_each(|verdict| record(verdict, at, log))
    }

    /// Takes in a statement; answers what there is to say of it.
    fn take(
        &mut self,
        object: Value<'_, '_>,
        heard: &Heard<'_>,
        line: &[u8],
    ) -> Result<Vec<Verdict>, Failure> {
        let old = |detail| vec![Verdict::new(Outcome::Withheld, "gossip.old", detail)];
        if self.known.knows(heard) {
            return Ok(old("it is known itself"));
        }
        let now = self.args.now.time();
        let due = self.known.gate.is_due(heard, now);
        let share = match due.and_then(|()| self.known.gate.share(object, heard, now)) {
            Ok(share) => share,
            Err(refusal) => return Ok(vec![refusal.into()]),
        };
        let taken = self.known.take(heard, share)?;
        let mut verdicts = match taken.fate {
            Fate::Known => old("it is known itself"),
            Fate::Old => old("a later one is known"),
            Fate::Bound => {
                vec![Verdict::new(Outcome::Withheld, "gossip.bound", "past the bounds of the graph")]
            }
            Fate::Stands if heard.is_stale(now.0.div_euclid(NANOS)) => {
                vec![Verdict::new(Outcome::Withheld, "gossip.expired", "kept, but too old to be passed on")]
            }
            Fate::Stands => Vec::new(),
        };
        if verdicts.is_empty() && share.is_signed() {
            self.say_bytes(line)?;
        }
        if taken.equivocates {
            let detail = format!("{} points a path to two targets", who(heard.peer()));
            verdicts.push(Verdict::new(Outcome::Noted, "gossip.equivocation", &detail));
        }
        Ok(verdicts)
    }

    /// Writes a line.
    pub fn say(&mut self, line: &str) -> Result<(), Failure> {
        self.say_bytes(line.as_bytes())
    }

    fn say_bytes(&mut self, line: &[u8]) -> Result<(), Failure> {
        self.pass_on(|out| {
            out.write_all(line)?;
            out.write_all(b"\n")
        })
    }

    /// Writes, as long as anybody reads it: what is heard is kept all the same, where it is to be kept.
    fn pass_on(&mut self, write: impl FnOnce(&mut Output) -> std::io::Result<()>) -> Result<(), Failure> {
        let Some(out) = &mut self.out else { return Ok(()) };
        match write(out).map_err(Failure::from) {
            Err(Failure::ReaderGone) if self.args.graph.is_some() => {
                self.out = None;
                Ok(())
            }
            done => done,
        }
    }

    /// Brings the graph's file into its order. Answers where lines went, if they still go there.
    pub fn finish(mut self) -> Result<Output, Failure> {
        self.known.finish()?;
        self.out.ok_or(Failure::ReaderGone)
    }
}

/// Reads a statement that a graph may hold; or says that the line is of a kind which none holds.
fn statement<'a>(object: Value<'_, 'a>) -> Result<Result<Heard<'a>, Verdict>, Refusal> {
    let unused = |what: &str, shared| {
        Ok(Err(Verdict { shared, ..Verdict::new(Outcome::Withheld, line::UNUSED, what) }))
    };
    match Kind::of(object)? {
        Some(Kind::Statement) => match Heard::read(object)? {
            Some(heard) => Ok(Ok(heard)),
            None => unused("a receipt", true),
        },
        Some(kind) => unused(kind.name(), !matches!(kind, Kind::Event | Kind::State)),
        None => Err(Refusal::new("envelope.operation", "a line of no kind")),
    }
}

/// A peer in the log: by its key, or not at all, as a log does not repeat what a stranger wrote.
fn who(peer: &str) -> &str {
    if peer.parse::<Did>().is_ok() { peer } else { "a peer" }
}

fn record(verdict: Verdict, at: Position, log: &mut Log) -> Result<(), Failure> {
    let Verdict { outcome, code, shared, detail } = verdict;
    log.record(&Diagnostic { position: Some(at), outcome, code, shared, event_id: None, detail })
}
