//! The adapter of the public conformance suite: one manifest in, one verdict out.

use std::io::Write as _;

use ulp_cli::{Failure, Files, Log, Now, Output, Status, Witness, read_dids};
use ulp_core::json::write::Members;
use ulp_core::json::{self, Fault, Tape, Value};
use ulp_core::report::Refusal;
use ulp_core::trust::{Scratch, Verifier};
use ulp_um::dids::Dids;
use ulp_um::manifest::{self, Clock, Context};

use crate::Args;

/// Reads one document from stdin and prints whether it is accepted. The status says only that there was a verdict.
pub fn run(args: &Args, log: &mut Log) -> Result<Status, Failure> {
    let mut out = Output::open(&args.output)?;
    let dids = read_dids(args.dids.as_deref())?;
    let mut reader = log.lines(&Files::default(), json::STATE_BYTES)?;
    let (mut text, mut too_long) = (Vec::new(), false);
    while let Some(chunk) = reader.next_chunk()? {
        too_long |= chunk.too_long || text.len() + chunk.bytes.len() > manifest::MAX_BYTES + 1;
        if !too_long {
            text.extend_from_slice(chunk.bytes);
        }
    }
    let text = text.trim_ascii_end();
    let verdict = if too_long || text.len() > manifest::MAX_BYTES {
        Err(Refusal::new("um.limit", "more than 1 MiB"))
    } else {
        judge(text, &args.now, &dids)
    };
    log.tally_mut().read += 1;
    out.write_all(&line_of(&verdict))?;
    let witness = Witness { input: Some(reader.digest()), now: args.now.given(), ..Witness::default() };
    log.finish(Some(out), &witness)
}

/// The verdict in the form and the order of members that the public suite asks for.
fn line_of(verdict: &Result<(), Refusal>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut line = Members::open(&mut out);
    line.word("result", if verdict.is_ok() { "accept" } else { "reject" }, &mut out);
    if let Err(refusal) = verdict {
        line.word("code", &refusal.code, &mut out);
    }
    line.end_line(&mut out);
    out
}

fn judge(bytes: &[u8], now: &Now, dids: &Dids) -> Result<(), Refusal> {
    let mut tape = Tape::new();
    let text = std::str::from_utf8(bytes).map_err(|_| Refusal::new(Fault::Utf8.code(), "not UTF-8"))?;
    let manifest = tape.parse(text, json::EVENT_DEPTH)?;
    let clock = mode(manifest, now)?;
    let context = Context { clock, verifier: &Verifier::new(), dids };
    manifest::check(manifest, bytes.len(), &context, &mut Scratch::default()).map(drop)
}

/// What the document itself asks for under `__validate`.
fn mode(manifest: Value<'_, '_>, now: &Now) -> Result<Clock, Refusal> {
    match manifest.get("__validate") {
        None => Ok(Clock::Unasked),
        Some(mode) if mode.is_str("structural") => Ok(Clock::Unasked),
        Some(mode) if mode.is_str("fresh") => Ok(Clock::Fresh(now.time())),
        Some(_) => Err(Refusal::new("um.validate", "__validate is not structural or fresh")),
    }
}
