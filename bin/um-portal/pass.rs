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

/// What becomes of a document.
pub type Work<'w> = dyn FnMut(&[u8]) -> Result<Done, Failure> + 'w;

/// Reads all that the arguments name, and passes on what `work` makes of it: one after the other, so that nothing is done
/// of what comes after an end.
pub fn run(files: &Files, now: &Now, log: &mut Log, work: &mut Work<'_>) -> Result<Status, Failure> {
    let mut pass = Pass { out: Output::stdout()?, log, work };
    let mut reader = pass.log.lines(files, STATE_BYTES)?;
    let mut framing = Framing::default();
    while let Some(chunk) = reader.next_chunk()? {
        framing.take(chunk, &mut |chunk, documents, lines| pass.batch(chunk, documents, lines))?;
        // What was done is done, and whoever reads behind us is to see it.
        pass.out.flush()?;
    }
    framing.end(&mut |chunk, documents, lines| pass.batch(chunk, documents, lines))?;
    let witness = Witness { input: Some(reader.digest()), now: now.given(), ..Witness::default() };
    pass.log.finish(Some(pass.out), &witness)
}

/// Where documents go, and what is said of them.
struct Pass<'p, 'w> {
    out: Output,
    log: &'p mut Log,
    work: &'p mut Work<'w>,
}

impl Pass<'_, '_> {
    fn batch(&mut self, chunk: &Chunk<'_>, documents: &[Document<'_>], lines: u64) -> Result<(), Failure> {
        let mut report = self.log.report();
        let ended = self.each(chunk, documents, &mut report);
        // What was done before an end is written, and said.
        let flushed = if ended.is_err() { self.out.flush() } else { Ok(()) };
        self.log.feed(report, chunk.source, lines)?;
        flushed?;
        ended
    }

    fn each(
        &mut self,
        chunk: &Chunk<'_>,
        documents: &[Document<'_>],
        report: &mut Report,
    ) -> Result<(), Failure> {
        for document in documents {
            let done = match document.text {
                Ok(bytes) => (self.work)(bytes)?,
                Err(fault) => Done::refused(Refusal::new(fault.code(), fault.to_string())),
            };
            if let Some(text) = &done.text {
                self.out.write_all(text)?;
                self.out.write_all(b"\n")?;
            }
            let ends = done.refusal.is_some() && self.log.is_strict();
            let failure = done.failure.clone();
            count(done, Position { source: chunk.source, line: document.line }, report);
            match failure {
                Some(failure) => return Err(failure),
                None if ends => return Ok(()),
                None => {}
            }
        }
        Ok(())
    }
}

fn count(done: Done, at: Position, report: &mut Report) {
    report.tally.read += 1;
    for (code, detail) in &done.notes {
        report.say(Outcome::Noted, *code, at, true, || (None, (*detail).to_owned()));
    }
    if let Some(mut refusal) = done.refusal {
        // Nothing here is an event, which alone could be for some and not for others.
        refusal.shared = true;
        report.refuse(at, refusal);
    }
}

impl Done {
    /// Something of which nothing is passed on.
    pub fn refused(refusal: Refusal) -> Done {
        Done { refusal: Some(refusal), ..Done::default() }
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
