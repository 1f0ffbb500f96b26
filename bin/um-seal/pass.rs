//! Documents through: read, changed side by side, and written in their order.

use std::io::Write as _;

use ulp_cli::framing::{Document, Framing};
use ulp_cli::{Chunk, Failure, LineReader, Log, Output, Status, Witness};
use ulp_core::json::STATE_BYTES;
use ulp_core::report::{Outcome, Position, Report};

use crate::Args;
use crate::document::Done;

/// What becomes of some documents.
pub type Work<'w> = dyn FnMut(&[Document<'_>]) -> Result<Vec<Done>, Failure> + 'w;

/// Reads all that the arguments name, and passes on what `work` makes of it.
pub fn run(args: &Args, log: &mut Log, work: &mut Work<'_>) -> Result<Status, Failure> {
    let mut out = Output::open(&args.output)?;
    let mut reader = log.lines(&args.files, STATE_BYTES)?;
    all(&mut reader, &mut out, log, work)?;
    let witness = Witness { input: Some(reader.digest()), now: args.now.given(), ..Witness::default() };
    log.finish(Some(out), &witness)
}

fn all(reader: &mut LineReader, out: &mut Output, log: &mut Log, work: &mut Work<'_>) -> Result<(), Failure> {
    let mut framing = Framing::default();
    while let Some(chunk) = reader.next_chunk()? {
        framing.take(chunk, &mut |chunk, documents, lines| batch(chunk, documents, lines, out, log, work))?;
        // Nothing waits here for more input: a reader behind us sees what there is.
        if reader.would_block() {
            out.flush()?;
        }
    }
    framing.end(&mut |chunk, documents, lines| batch(chunk, documents, lines, out, log, work))
}

fn batch(
    chunk: &Chunk<'_>,
    documents: &[Document<'_>],
    lines: u64,
    out: &mut Output,
    log: &mut Log,
    work: &mut Work<'_>,
) -> Result<(), Failure> {
    let mut report = log.report();
    for done in work(documents)? {
        let refused = done.result.is_err();
        if let Ok(line) = &done.result {
            out.write_all(line)?;
        }
        count(done, chunk.source, &mut report);
        if refused && log.is_strict() {
            break;
        }
    }
    log.feed(report, chunk.source, lines).map(drop)
}

fn count(done: Done, source: u32, report: &mut Report) {
    let at = Position { source, line: done.line };
    report.tally.read += 1;
    // A hash of what few things can be is as good as that: what was read and written is for the private log.
    report.tally.private = true;
    for (code, detail) in &done.notes {
        let text = || (done.id.clone(), (*detail).to_owned());
        report.say(Outcome::Noted, *code, at, true, text);
    }
    if let Err(mut refusal) = done.result {
        refusal.event_id = done.id;
        // Nothing here is an event, which alone could be for some and not for others.
        refusal.shared = true;
        report.refuse(at, refusal);
    }
}
