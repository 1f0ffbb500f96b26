//! Documents through: read, taken further one by one, and written in their order.

use std::io::Write as _;

use ulp_cli::framing::{Document, Framing};
use ulp_cli::{Chunk, Failure, Files, Log, Now, Output, Status, Witness};
use ulp_core::json::STATE_BYTES;
use ulp_core::report::{Outcome, Position, Refusal, Report};
use ulp_um::portal::Receipt;
use ulp_um::portal::receipt::Code;

/// What became of a document.
#[derive(Default)]
pub struct Done {
    /// What is passed on of it, without a line end.
    pub text: Option<Vec<u8>>,
    /// Why it goes no further.
    pub refusal: Option<Refusal>,
    /// What is odd about it, or was left out.
    pub notes: Vec<(&'static str, &'static str)>,
    /// Something that contradicts itself, at which the run ends.
    pub failure: Option<Failure>,
}

/// What becomes of some documents that came together.
pub type Work<'w> = dyn FnMut(&[&[u8]]) -> Result<Vec<Done>, Failure> + 'w;

/// Reads all that the arguments name, and passes on what `work` makes of it.
pub fn run(files: &Files, now: &Now, log: &mut Log, work: &mut Work<'_>) -> Result<Status, Failure> {
    let mut out = Output::stdout()?;
    let mut reader = log.lines(files, STATE_BYTES)?;
    let mut framing = Framing::default();
    let mut take = |chunk: &Chunk<'_>, documents: &[Document<'_>], lines: u64| {
        batch(chunk, documents, lines, &mut out, log, work)
    };
    while let Some(chunk) = reader.next_chunk()? {
        framing.take(chunk, &mut take)?;
    }
    framing.end(&mut take)?;
    let witness = Witness { input: Some(reader.digest()), now: now.given(), ..Witness::default() };
    log.finish(Some(out), &witness)
}

fn batch(
    chunk: &Chunk<'_>,
    documents: &[Document<'_>],
    lines: u64,
    out: &mut Output,
    log: &mut Log,
    work: &mut Work<'_>,
) -> Result<(), Failure> {
    let texts: Vec<&[u8]> = documents.iter().filter_map(|document| document.text.ok()).collect();
    let mut done = work(&texts)?.into_iter();
    let mut report = log.report();
    let mut failure = None;
    for document in documents {
        let one = match document.text {
            Ok(_) => done.next().unwrap_or_default(),
            Err(fault) => {
                let refusal = Refusal::new(fault.code(), fault.to_string());
                Done { refusal: Some(refusal), ..Done::default() }
            }
        };
        if let Some(text) = &one.text {
            out.write_all(text)?;
            out.write_all(b"\n")?;
        }
        let at = Position { source: chunk.source, line: document.line };
        for (code, detail) in &one.notes {
            report.say(Outcome::Noted, *code, at, true, || (None, (*detail).to_owned()));
        }
        count(one.refusal, at, &mut report);
        failure = failure.or(one.failure);
        if failure.is_some() {
            break;
        }
    }
    // What was done is done, and whoever reads behind us is to see it.
    out.flush()?;
    log.feed(report, chunk.source, lines)?;
    failure.map_or(Ok(()), Err)
}

fn count(refusal: Option<Refusal>, at: Position, report: &mut Report) {
    report.tally.read += 1;
    if let Some(mut refusal) = refusal {
        // Nothing here is an event, which alone could be for some and not for others.
        refusal.shared = true;
        report.refuse(at, refusal);
    }
}

/// Why a document goes no further, as its receipt says.
pub fn rejection(receipt: &Receipt) -> Option<Refusal> {
    receipt.is_rejected().then(|| refusal(&receipt.warnings))
}

/// Why a document goes no further: our own code where there is one, and all codes there are.
pub fn refusal(codes: &[Code]) -> Refusal {
    let own = codes.iter().rev().find(|code| !code.starts_with("um:"));
    let code = own.cloned().unwrap_or_else(|| "portal.rejected".into());
    Refusal::new(code, codes.join(", "))
}
