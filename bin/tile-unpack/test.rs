//! `--test`: everything is checked, nothing written.

use crate::{Args, log as say, source};
use ulp_cli::{Failure, Log, Status, Witness, project};
use ulp_core::report::{self, Diagnostic, Position};
use ulp_core::scope::{Clock, Scope};
use ulp_store::intake::admit::member;
use ulp_store::intake::segments::{self, Outcome};
use ulp_store::pack::Error;
use ulp_store::pack::read::{Pack, Piece};

/// Reads each pack to its end: names, lengths, hashes, and every line of every segment.
pub fn run(args: &Args, log: &mut Log) -> Result<Status, Failure> {
    let scope = project::scope(&args.scope)?;
    let clock = match args.now.given() {
        Some(_) => Clock::Given(args.now.time()),
        None => Clock::Machine { now: args.now.time(), lock: None },
    };
    let mut hasher = blake3::Hasher::new();
    for operand in args.files.operands() {
        let mut pack = source::open(operand, hasher, args.max_bytes)?;
        if let Err(error) = check(&mut pack, &scope, clock, log)? {
            say::refused(log, error)?;
        }
        hasher = source::hasher(pack);
    }
    let input = Some(source::digest(&hasher));
    let witness = Witness { input, scope: scope.digest(), now: args.now.given(), ..Witness::default() };
    log.finish(None, &witness)
}

/// The inner error is one of the pack, the outer one of the log.
fn check(
    pack: &mut Pack<source::Source>,
    scope: &Scope,
    clock: Clock,
    log: &mut Log,
) -> Result<Result<(), Error>, Failure> {
    loop {
        let piece = match pack.next_piece() {
            Ok(Some(piece)) => piece,
            Ok(None) => return Ok(Ok(())),
            Err(error) => return Ok(Err(error)),
        };
        match piece {
            Piece::Segment(lane, entry, bytes) => {
                let outcome = segments::look_at(lane, entry.hash, bytes, scope, clock);
                tell(log, &outcome)?;
            }
            Piece::TooLarge(lane, entry) => say::too_large(log, &lane, &entry)?,
            Piece::Damaged(damage) => say::damage(log, &damage)?,
            Piece::Lane(..) | Piece::Record(..) | Piece::Object(..) => {}
        }
    }
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
            code: "event.duplicate",
            shared,
            event_id: event_id.flatten(),
            detail: String::new(),
        })?;
    }
    Ok(())
}
