//! `--commit`: a birth date that is committed to, and its opening for its subject alone.

use std::path::Path;

use ulp_cli::framing::Document;
use ulp_cli::{Failure, Log, Status};
use ulp_core::id::Time;
use ulp_core::json::{self, Tape};
use ulp_core::report::Refusal;
use ulp_core::trust::key::create_private;
use ulp_um::birth::{Blinding, Committed, commit};
use zeroize::Zeroizing;

use crate::Args;
use crate::document::{Done, refuse_signed};
use crate::keys::{draws, no_randomness};
use crate::pass;

pub fn run(args: &Args, log: &mut Log) -> Result<Status, Failure> {
    let path = args.opening.as_deref().ok_or_else(|| Failure::usage("--opening", "it is missing"))?;
    if path.symlink_metadata().is_ok() {
        return Err(Failure::io(path.display(), std::io::ErrorKind::AlreadyExists.into()));
    }
    let mut draws = draws(args.random.as_deref(), log)?;
    let now = args.now.time();
    let mut is_written = false;
    pass::run(args, log, &mut |documents| {
        let one = |document: &Document<'_>| {
            let blinding = Blinding::draw(&mut draws).map_err(no_randomness)?;
            let (mut done, opening) = committed(document, &blinding, now);
            match opening {
                Some(_) if is_written => done.result = Err(second()),
                Some(opening) => {
                    write(path, &opening)?;
                    is_written = true;
                }
                None => {}
            }
            Ok(done)
        };
        documents.iter().map(one).collect()
    })
}

fn second() -> Refusal {
    Refusal::new("seal.opening", "a run has one opening: one credential a run")
}

/// The credential with its commitment, and the opening.
fn committed(document: &Document<'_>, blinding: &Blinding, now: Time) -> (Done, Option<Zeroizing<String>>) {
    let mut opening = None;
    let done = Done::of(document, |object, _| {
        refuse_signed(object)?;
        let mut tape = Tape::new();
        let committed: Committed = commit(tape.parse(object.raw(), json::EVENT_DEPTH)?, blinding, now)?;
        opening = Some(committed.opening);
        Ok(Some(committed.credential))
    });
    (done, opening)
}

fn write(path: &Path, opening: &str) -> Result<(), Failure> {
    Ok(create_private(path, Zeroizing::new(format!("{opening}\n")).as_bytes())?)
}
