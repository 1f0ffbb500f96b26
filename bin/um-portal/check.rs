//! `ledger --check`: whether the lines of a ledger, or the receipts of a chain, follow each other.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;

use ulp_cli::{Failure, Log, Output, Status, Witness, read_dids, read_key, refuse_named_pipe};
use ulp_core::json::Tape;
use ulp_core::json::write::Members;
use ulp_core::report::{Diagnostic, Outcome, Position, Refusal};
use ulp_core::trust::Verifier;
use ulp_um::dids::Dids;
use ulp_um::portal::{chain, ledger};

use crate::directory::{DIDS, KEY};

/// Checks the ledger of a portal, or the chain or ledger in a file; prints how far it holds.
pub fn run(portal: Option<&Path>, file: Option<&Path>, log: &mut Log) -> Result<Status, Failure> {
    let verifier = Verifier::new();
    let path = match (portal, file) {
        (_, Some(file)) => file.to_owned(),
        (Some(portal), None) => portal.join(crate::ledger::NAME),
        (None, None) => return Err(Failure::usage("--portal", "it is missing")),
    };
    refuse_named_pipe(&path)?;
    if file.is_none() && !path.exists() {
        return say(&path, &Held::default(), log);
    }
    if file.is_some_and(|file| !is_ledger(file)) {
        let dids = dids(portal)?;
        let mut check = chain::Check::new(&verifier, &dids);
        return say(&path, &hold(&path, &mut |line| check.take(line))?, log);
    }
    let owner = portal.map(|portal| read_key(&portal.join(KEY), log)).transpose()?.map(|key| key.did());
    let mut check = ledger::Check::new(&verifier, owner);
    say(&path, &hold(&path, &mut |line| check.take(line).map(drop))?, log)
}

/// Whether a file begins as a ledger does.
fn is_ledger(path: &Path) -> bool {
    let mut line = String::new();
    let first = std::fs::File::open(path).and_then(|file| BufReader::new(file).read_line(&mut line));
    first.is_ok() && ledger::Line::read(line.trim_end(), &mut Tape::new()).is_ok()
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
        log.tally_mut().rejected += rest;
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
