//! Events of many lanes as they come from another store: whole and canonical lines, all of them in one commit.

use super::admit::{Admitted, AdmittedEvent, Wants};
use super::{Committer, Fate, Offered};
use crate::receipts::Recorder;
use crate::{Error, LaneId, Store};
use bumpalo::Bump;
use rayon::prelude::*;
use ulp_core::event::{Event, Reader};
use ulp_core::hash::Blake3;
use ulp_core::id::{Lane, Tile};
use ulp_core::json::{self, Tape, Value};
use ulp_core::report::{Note, Refusal};
use ulp_core::scope::{Admission, Clock, Scope, read_event};

/// Lines that one thread looks at together.
const BATCH: usize = 256;

/// A line that came, without its end, and the space that it is to be of.
#[derive(Clone, Copy, Debug)]
pub struct Arrived<'a> {
    pub space: &'a str,
    pub line: &'a [u8],
}

/// What became of one.
#[derive(Debug)]
pub struct Outcome {
    pub lane: LaneId,
    pub hash: Blake3,
    pub end: End,
}

#[derive(Debug)]
pub enum End {
    /// It is new and durable; with what was found odd.
    New(Vec<Note>),
    /// The store has it.
    Duplicate,
    Refused(Refusal),
}

/// A line that is not what it was asked for as.
#[derive(Debug)]
pub struct Unasked {
    /// Its place among those that came.
    pub at: usize,
    pub reason: &'static str,
}

/// Takes turns into a store.
pub struct TurnTaker<'s> {
    scope: &'s Scope,
    committer: Committer<'s>,
    /// Whether any event declared something to preserve, so that all are asked about.
    declares: bool,
}

/// Some lines that were looked at.
struct Judged {
    admitted: Admitted,
    lines: Vec<(LaneId, Blake3, Result<AdmittedEvent, Refusal>)>,
}

impl<'s> TurnTaker<'s> {
    pub fn new(store: &'s Store, scope: &'s Scope) -> TurnTaker<'s> {
        TurnTaker { scope, committer: Committer::new(store, None), declares: false }
    }

    /// Has receipts written of what is committed.
    pub fn recorded_by(&mut self, recorder: Option<Recorder>) {
        self.committer.recorded_by(recorder);
    }

    /// Who writes the receipts, if anybody does.
    pub fn recorder(&mut self) -> Option<&mut Recorder> {
        self.committer.recorder()
    }

    /// Takes lines, all in one commit; none where one is not whole, not canonical, or not of a lane that `is_asked`.
    ///
    /// # Errors
    /// What the store says; then nothing is told of any.
    pub fn take(
        &mut self,
        lines: &[Arrived<'_>],
        clock: Clock,
        is_asked: impl Fn(&LaneId) -> bool + Sync,
    ) -> Result<Result<Vec<Outcome>, Unasked>, Error> {
        let (scope, wants) = (self.scope, Wants { digest: false, rows: self.declares });
        let judge = |(n, batch): (usize, &[Arrived<'_>])| {
            judge(batch, &mut Admission::new(scope, Some(clock)), scope, wants, &is_asked)
                .map_err(|Unasked { at, reason }| Unasked { at: n * BATCH + at, reason })
        };
        let judged: Vec<Result<Judged, Unasked>> = lines.par_chunks(BATCH).enumerate().map(judge).collect();
        let judged: Vec<Judged> = match judged.into_iter().collect() {
            Ok(judged) => judged,
            Err(unasked) => return Ok(Err(unasked)),
        };
        self.committer.keep_up();
        let mut offered = Vec::with_capacity(lines.len());
        for Judged { mut admitted, lines } in judged {
            for (lane, hash, event) in lines {
                let became = match event {
                    Err(refusal) => Offered::Refused(refusal),
                    Ok(mut event) => self.offer(&mut admitted, &mut event)?,
                };
                offered.push((lane, hash, became));
            }
        }
        let committed = self.committer.commit()?;
        self.committer.forget_some();
        let outcome = |(lane, hash, became)| {
            let end = match became {
                Offered::Duplicate => End::Duplicate,
                Offered::Refused(refusal) => End::Refused(refusal),
                Offered::Taken(ticket, notes) => match committed.fate(ticket) {
                    Fate::Durable => End::New(notes),
                    Fate::Duplicate => End::Duplicate,
                    Fate::Refused(refusal) => End::Refused(refusal.clone()),
                },
            };
            Outcome { lane, hash, end }
        };
        Ok(Ok(offered.into_iter().map(outcome).collect()))
    }

    fn offer(&mut self, admitted: &mut Admitted, event: &mut AdmittedEvent) -> Result<Offered, Error> {
        self.declares |= event.declares;
        let offered = self.committer.offer(admitted, event)?;
        Ok(match offered {
            Offered::Taken(ticket, more) => {
                let mut notes = std::mem::take(&mut event.notes);
                notes.extend(more);
                Offered::Taken(ticket, notes)
            }
            other => other,
        })
    }

    /// Before a run that found duplicates ends: what they rest on is made durable.
    ///
    /// # Errors
    /// What the store says.
    pub fn settle(&mut self) -> Result<(), Error> {
        self.committer.settle()
    }
}

fn judge(
    lines: &[Arrived<'_>],
    admission: &mut Admission<'_>,
    scope: &Scope,
    wants: Wants,
    is_asked: impl Fn(&LaneId) -> bool,
) -> Result<Judged, Unasked> {
    let arena = Bump::new();
    let mut reader = Reader::new(&arena, scope.defaults()).with_forms();
    let mut judged = Judged { admitted: Admitted::default(), lines: Vec::with_capacity(lines.len()) };
    for (at, Arrived { space, line }) in lines.iter().enumerate() {
        let unasked = |reason| Unasked { at, reason };
        let read = read_event(&mut reader, line).map_err(Refusal::from);
        let lane = match &read {
            Ok(event) => lane_of(event),
            Err(_) => lane_in(line).ok_or_else(|| unasked("a line that is no event"))?,
        };
        if lane.space != *space || !is_asked(&lane) {
            return Err(unasked("an event of another place than what was asked for"));
        }
        let mut event = match read {
            Ok(event) if !event.missing.is_empty() => return Err(unasked("an event that is not whole")),
            Ok(event) => judged.admitted.admit(admission, (&event, event.missing), None, wants),
            Err(refusal) => Err(refusal),
        };
        let is_canonical = match &event {
            Ok(event) => judged.admitted.line(event) == *line,
            Err(_) => std::str::from_utf8(line).is_ok_and(json::is_canonical),
        };
        if !is_canonical {
            return Err(unasked("an event that is not in canonical form"));
        }
        let hash = Blake3::of(line);
        event.iter_mut().for_each(|event| event.digest = crate::digest_of(&hash));
        judged.lines.push((lane, hash, event));
    }
    Ok(judged)
}

fn lane_of(event: &Event<'_>) -> LaneId {
    LaneId { space: event.space.to_owned(), tile: event.tile, lane: event.lane() }
}

/// Where a line belongs that this version does not read as an event.
fn lane_in(line: &[u8]) -> Option<LaneId> {
    let mut tape = Tape::new();
    let top = json::parse_line(&mut tape, line).ok()?;
    let scope = top.get("scope")?;
    let word = |name: &str| scope.get(name).and_then(Value::as_text);
    let lane: Lane = format!("{}.{}", word("realm")?, word("policy")?).parse().ok()?;
    let tile = Tile::parse(&top.get("tile")?.as_text()?)?;
    Some(LaneId { space: top.get("space_id")?.as_text()?, tile, lane })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"actor_id":"user:a","event_id":"a1","layer_id":"default","node_id":"n","operation":"create_node","preserves_invariants":[],"previous_events":[],"scope":{"authority":"source","boundary":"interior","policy":"public","realm":"team"},"space_id":"demo","tile":"z0/x0/y0","timestamp":1795166700}"#;

    fn take(lines: &[&str], shared: bool) -> Result<Vec<String>, &'static str> {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::init(&dir.path().join("s"), false, b"version: 1\n").unwrap();
        let scope = store.scope().unwrap();
        let clock = Clock::Given(ulp_core::id::Time(1_795_170_000_000_000_000));
        let arrived: Vec<_> =
            lines.iter().map(|line| Arrived { space: "demo", line: line.as_bytes() }).collect();
        let taken = TurnTaker::new(&store, &scope).take(&arrived, clock, |_| shared).unwrap();
        let word = |outcome: Outcome| match outcome.end {
            End::New(_) => "new".to_owned(),
            End::Duplicate => "duplicate".to_owned(),
            End::Refused(refusal) => refusal.code.into_owned(),
        };
        let held = store.lanes().unwrap().len();
        assert_eq!(
            held > 0,
            taken.as_ref().is_ok_and(|all| all.iter().any(|o| matches!(o.end, End::New(_))))
        );
        taken.map(|all| all.into_iter().map(word).collect()).map_err(|unasked| unasked.reason)
    }

    #[test]
    fn a_turn_is_taken_whole_or_not_at_all() {
        let second = LINE.replace("a1", "a2");
        let ahead = LINE.replace("1795166700", "1995166700");
        let broken = LINE.replace("\"node_id\":\"n\"", "\"node_id\":7");
        assert_eq!(
            take(&[LINE, &second, LINE], true),
            Ok(["new", "new", "duplicate"].map(str::to_owned).to_vec())
        );
        assert_eq!(
            take(&[LINE, &ahead, &broken], true),
            Ok(["new", "scope.clock_skew", "payload.node_id"].map(str::to_owned).to_vec())
        );
        for bad in [
            LINE.replace("demo", "else"),
            LINE.replace("\"layer_id\":\"default\",", ""),
            LINE.replace(":1795166700", ":1795166700.0"),
            broken.replace("\"tile\"", " \"tile\""),
            "{\"actor_id\":1}".to_owned(),
        ] {
            assert!(take(&[LINE, &bad], true).is_err(), "{bad}");
        }
        assert!(take(&[LINE], false).is_err());
    }

    #[test]
    fn what_was_taken_is_held_on_disk_and_not_in_memory() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::init(&dir.path().join("s"), false, b"version: 1\n").unwrap();
        let scope = store.scope().unwrap();
        let clock = Clock::Given(ulp_core::id::Time(1_795_170_000_000_000_000));
        let mut taker = TurnTaker::new(&store, &scope);
        for tile in 0..3 {
            let line = |n: u32| {
                let long = format!("\"a{tile}-{n}\",\"layer_id\":\"{}\"", "l".repeat(80));
                LINE.replace("\"a1\",\"layer_id\":\"default\"", &long).replace("x0/", &format!("x{tile}/"))
            };
            let lines: Vec<String> = (0..12_000).map(line).collect();
            for lines in lines.chunks(6_000) {
                let arrived: Vec<_> =
                    lines.iter().map(|line| Arrived { space: "demo", line: line.as_bytes() }).collect();
                let taken = taker.take(&arrived, clock, |_| true).unwrap().unwrap();
                let other = taken.iter().find(|outcome| !matches!(outcome.end, End::New(_)));
                assert!(other.is_none(), "{other:?}");
            }
        }
        let (lines, known) = taker.committer.in_memory();
        assert_eq!((lines, known < 12_000), (0, true), "{known}");
    }
}
