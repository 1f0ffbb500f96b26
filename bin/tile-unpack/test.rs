//! `--test`: everything is checked, nothing written.

use crate::source::{Ended, Source, Sources};
use crate::{Args, log as say};
use std::ffi::OsStr;
use ulp_cli::{Failure, Log, Status, Witness, project};
use ulp_core::report::{self, Diagnostic, Position};
use ulp_core::scope::{Clock, Scope};
use ulp_store::intake::admit::member;
use ulp_store::intake::segments::{self, Outcome};
use ulp_store::pack::read::{Pack, Piece};

/// Reads each pack to its end: names, lengths, hashes, and every line of every segment.
pub fn run(args: &Args, log: &mut Log) -> Result<Status, Failure> {
    let scope = project::scope(&args.scope)?;
    let clock = match args.now.given() {
        Some(_) => Clock::Given(args.now.time()),
        None => Clock::Machine { now: args.now.time(), lock: None },
    };
    let mut sources = Sources::new(args.max_bytes, &std::env::temp_dir());
    for operand in args.files.operands() {
        match check(operand, &mut sources, (&scope, clock), log) {
            Ok(()) => {}
            Err(Ended::Pack(error)) => say::refused(log, &operand.to_string_lossy(), error)?,
            Err(Ended::Edge(failure)) => return Err(failure),
        }
    }
    let input = Some(sources.digest());
    let witness = Witness { input, scope: scope.digest(), now: args.now.given(), ..Witness::default() };
    log.finish(None, &witness)
}

fn check(operand: &OsStr, sources: &mut Sources, by: (&Scope, Clock), log: &mut Log) -> Result<(), Ended> {
    let mut pack = sources.open(operand)?;
    let read = check_pack(&mut pack, by, log);
    sources.close(pack);
    read
}

fn check_pack(pack: &mut Pack<Source>, (scope, clock): (&Scope, Clock), log: &mut Log) -> Result<(), Ended> {
    while let Some(piece) = pack.next_piece()? {
        let (lane, hash, bytes) = match piece {
            Piece::Segment(lane, entry, bytes) => (lane, entry.hash, bytes),
            Piece::Older(lane, hash, bytes) => (lane, hash, bytes),
            Piece::TooLarge(lane, entry) => {
                say::too_large(log, &lane, &entry)?;
                continue;
            }
            Piece::Damaged(damage) => {
                say::damage(log, &damage)?;
                continue;
            }
            Piece::Lane(..) | Piece::Record(..) | Piece::Object(..) => continue,
        };
        tell(log, &segments::look_at(lane, hash, bytes, scope, clock))?;
    }
    Ok(())
}

/// Counts the lines of a segment, and says what there is to say of them.
pub fn tell(log: &mut Log, outcome: &Outcome) -> Result<(), Failure> {
    let rejected = outcome.said.iter().filter(|said| said.outcome == report::Outcome::Rejected).count();
    let shared = outcome.lane.lane.is_shared();
    let tally = log.tally_mut();
    tally.read += outcome.events + (outcome.duplicates.len() + rejected) as u64;
    tally.private |= !shared;
    if !outcome.said.is_empty() || !outcome.duplicates.is_empty() {
        log.set_sources(vec![outcome.object.to_string()]);
    }
    outcome.said.iter().try_for_each(|said| log.record(said))?;
    for (line, place) in &outcome.duplicates {
        // It is only read again where it will be written.
        let event_id = log.writes_all().then(|| member(&outcome.text[place.clone()], "event_id"));
        log.record(&Diagnostic {
            position: Some(Position { source: 0, line: *line }),
            outcome: report::Outcome::Duplicate,
            code: "event.duplicate".into(),
            shared,
            event_id: event_id.flatten(),
            detail: String::new(),
        })?;
    }
    Ok(())
}
