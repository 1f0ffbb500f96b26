//! `ledger --check`: whether the lines of a ledger, or the receipts of a chain, follow each other.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;

use ulp_cli::{Failure, Log, Output, Status, Witness, read_dids, read_key, refuse_named_pipe};
use ulp_core::json::write::Members;
use ulp_core::report::{Diagnostic, Outcome, Position, Refusal};
use ulp_core::trust::Verifier;
use ulp_um::dids::Dids;
use ulp_um::portal::{chain, ledger};

use crate::directory::{DIDS, KEY};

/// Checks the ledger of a portal, or the chain in a file; prints how far it holds.
pub fn run(portal: Option<&Path>, file: Option<&Path>, log: &mut Log) -> Result<Status, Failure> {
    let verifier = Verifier::new();
    let (path, held) = match (portal, file) {
        (portal, Some(file)) => {
            let dids = dids(portal)?;
            let mut check = chain::Check::new(&verifier, &dids);
            (file.to_owned(), hold(file, &mut |line| check.take(line))?)
        }
        (Some(portal), None) => {
            let path = portal.join(crate::ledger::NAME);
            let owner = read_key(&portal.join(KEY), log)?.did();
            let mut check = ledger::Check::new(&verifier, owner);
            let held = match path.exists() {
                true => hold(&path, &mut |line| check.take(line).map(drop))?,
                false => Held::default(),
            };
            (path, held)
        }
        (None, None) => return Err(Failure::usage("--portal", "it is missing")),
    };
    say(&path, &held, log)
}

fn dids(portal: Option<&Path>) -> Result<Dids, Failure> {
    let dir = portal.map(|portal| portal.join(DIDS));
    read_dids(dir.as_deref().filter(|dir| dir.is_dir()))
}

/// How far lines hold.
#[derive(Default)]
struct Held {
    verified: u64,
    /// Why the line after those does not, and how many there are from it on.
    broken: Option<(Refusal, u64)>,
}

fn hold(path: &Path, take: &mut dyn FnMut(&str) -> Result<(), Refusal>) -> Result<Held, Failure> {
    refuse_named_pipe(path)?;
    let io = |error| Failure::io(path.display(), error);
    let mut reader = BufReader::new(std::fs::File::open(path).map_err(io)?);
    let (mut held, mut line) = (Held::default(), Vec::new());
    while reader.read_until(b'\n', &mut line).map_err(io)? > 0 {
        let text = std::str::from_utf8(line.trim_ascii_end());
        match (&mut held.broken, text) {
            (_, Ok("")) => {}
            (Some((_, rest)), _) => *rest += 1,
            (broken, text) => {
                let text = text.map_err(|_| Refusal::new("json.utf8", "not UTF-8"));
                match text.and_then(&mut *take) {
                    Ok(()) => held.verified += 1,
                    Err(refusal) => *broken = Some((refusal, 1)),
                }
            }
        }
        line.clear();
    }
    Ok(held)
}

fn say(path: &Path, held: &Held, log: &mut Log) -> Result<Status, Failure> {
    let mut out = Output::stdout()?;
    let mut text = Vec::new();
    let mut line = Members::open(&mut text);
    if let Some((refusal, rest)) = &held.broken {
        line.integer("break", held.verified, &mut text);
        line.text("code", &refusal.code, &mut text);
        line.integer("unverified", rest, &mut text);
    }
    line.integer("verified", held.verified, &mut text);
    line.end_line(&mut text);
    out.write_all(&text)?;
    log.tally_mut().read += held.verified;
    if let Some((refusal, rest)) = &held.broken {
        log.set_sources(vec![path.display().to_string()]);
        log.tally_mut().read += rest;
        log.fail(
            Status::Corrupt,
            &Diagnostic {
                position: Some(Position { source: 0, line: held.verified + 1 }),
                outcome: Outcome::Rejected,
                code: refusal.code.clone(),
                shared: true,
                event_id: None,
                detail: refusal.detail.clone(),
            },
        )?;
    }
    log.finish(Some(out), &Witness::default())
}
