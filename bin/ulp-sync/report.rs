//! What came of a session: results on stdout, and what was refused or is not explained in the log.

use std::io::Write as _;
use ulp_cli::{Failure, Log, Output, Status};
use ulp_core::hash::Blake3;
use ulp_core::json::write::Members;
use ulp_core::report::{Diagnostic, Outcome as Said};
use ulp_peer::sync::verdict::{Outcome, Summary, Verdict};

/// A line of stdout.
struct Result_<'r> {
    with: Option<&'r str>,
    seq: i64,
    path: &'r str,
    sent: u64,
    taken: u64,
    refused: u64,
    head: Option<Blake3>,
    agrees: bool,
}

/// Writes what came of each space that differed, and of the store.
pub fn write(summary: &Summary, seq: i64, out: &mut Output) -> Result<(), Failure> {
    let with = summary.with.as_deref();
    let sum = |of: fn(&Outcome) -> u64| summary.spaces.iter().map(of).sum();
    for space in &summary.spaces {
        let Outcome { path, sent, taken, head, .. } = space;
        let agrees = space.verdict == Verdict::Agrees;
        line(
            &Result_ {
                with,
                seq,
                path,
                sent: *sent,
                taken: *taken,
                refused: refused(space),
                head: *head,
                agrees,
            },
            out,
        )?;
    }
    let head = summary.world.as_ref().and_then(|row| row.head);
    let (sent, taken, refused) = (sum(|s| s.sent), sum(|s| s.taken), sum(refused));
    let agrees = summary.agrees && !summary.derivation_differs;
    line(&Result_ { with, seq, path: "m/world", sent, taken, refused, head, agrees }, out)?;
    out.flush().map_err(Failure::from)
}

fn refused(space: &Outcome) -> u64 {
    (space.refused.len() + space.refused_there.len()) as u64
}

fn line(of: &Result_<'_>, out: &mut Output) -> Result<(), Failure> {
    let quoted = |text: &str| format!("\"{text}\"");
    let or_null = |text: Option<String>| text.map_or("null".to_owned(), |text| quoted(&text));
    let mut text = Vec::new();
    let mut line = Members::open(&mut text);
    line.boolean("agrees", of.agrees, &mut text);
    line.raw("head", Some(&or_null(of.head.map(|head| head.to_string()))), &mut text);
    line.text("path", of.path, &mut text);
    line.integer("refused", of.refused, &mut text);
    line.integer("sent", of.sent, &mut text);
    line.integer("seq", of.seq, &mut text);
    line.word("sync", "result", &mut text);
    line.integer("taken", of.taken, &mut text);
    line.raw("with", Some(&or_null(of.with.map(str::to_owned))), &mut text);
    line.end_line(&mut text);
    Ok(out.write_all(&text)?)
}

/// Says what keeps the two from being equal, and makes the status 1 for it. `explains` says whether this side can tell
/// why heads differ.
pub fn tell(summary: &Summary, explains: bool, log: &mut Log) -> Result<(), Failure> {
    for space in &summary.spaces {
        for (id, code) in &space.refused_there {
            say(
                log,
                Status::Refused,
                "wire.refused",
                format!("{}: {}: {code}, on the other side", space.path, id.hex()),
            )?;
        }
        for (id, code) in &space.refused {
            say(log, Status::Refused, "wire.refused", format!("{}: {}: {code}", space.path, id.hex()))?;
        }
        if space.is_long {
            let detail =
                format!("{}: the sets took more than 1,000 rounds; the next run does the rest", space.path);
            say(log, Status::Refused, "wire.rounds", detail)?;
        }
        match space.verdict {
            Verdict::Agrees => {}
            Verdict::Unexplained(first) if explains && !space.is_long => {
                let first =
                    first.map_or(String::new(), |id| format!("; the first event that differs: {}", id.hex()));
                say(
                    log,
                    Status::Refused,
                    "wire.unexplained",
                    format!("{}: the heads differ{first}", space.path),
                )?;
            }
            Verdict::Explained | Verdict::Unexplained(_) => log.raise(Status::Refused),
        }
    }
    for object in &summary.bad_objects {
        say(log, Status::Refused, "wire.hash", format!("{object}: what came is not what its name says"))?;
    }
    if summary.has_bad_receipts {
        let detail = "the other side's receipts do not follow those of it that are here; ulp-attest --verify tells more";
        say(log, Status::Refused, "receipt.link", detail.to_owned())?;
    }
    if summary.derivation_differs {
        let detail = "equal histories derive to different states: one side's tools or caches are wrong";
        say(log, Status::Refused, "wire.derivation", detail.to_owned())?;
    }
    if !summary.agrees {
        log.raise(Status::Refused);
    }
    Ok(())
}

/// Says something that is about no line.
pub fn say(log: &mut Log, status: Status, code: &'static str, detail: String) -> Result<(), Failure> {
    let (position, outcome, shared) = (None, Said::Rejected, true);
    log.fail(status, &Diagnostic { position, outcome, code: code.into(), shared, event_id: None, detail })
}
