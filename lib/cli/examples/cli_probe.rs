//! pass on the lines that are JSON objects
//!
//! The smallest tool there can be; the tests of the process edge run it.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser;
use ulp_cli::{Action, Batch, Chunk, Failure, Files, Jobs, Log, Output, OutputArgs, Status, Witness};
use ulp_core::json::EVENT_BYTES;

/// pass on the lines that are JSON objects
#[derive(Parser)]
#[command(name = "cli_probe", version)]
struct Args {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    jobs: Jobs,
    /// Hold no more than a line, of at most the event's limit
    #[arg(long)]
    gate: bool,
    /// Fail in the end with this status
    #[arg(long, value_name = "STATUS")]
    fail: Option<u8>,
}

fn main() -> ExitCode {
    ulp_cli::run(".SH DESCRIPTION\nIt passes on objects.\n.SH EXIT STATUS\nAs everywhere.\n", run)
}

fn run(args: Args, log: &mut Log) -> Result<Status, Failure> {
    let mut out = Output::open(&args.output)?;
    let input = if args.gate { gate(&args, log, &mut out)? } else { hold(&args, log, &mut out)? };
    match args.fail {
        Some(2) => Err(Failure::usage("probe", "told to fail")),
        Some(3) => {
            log.raise(Status::Corrupt);
            log.finish(Some(out), &Witness::default())
        }
        Some(_) => Err(Failure::System("told to fail".to_owned())),
        None => log.finish(Some(out), &Witness { input: Some(input), ..Witness::default() }),
    }
}

/// All lines, on all cores.
fn hold(args: &Args, log: &mut Log, out: &mut Output) -> Result<ulp_core::hash::Blake3, Failure> {
    let input = log.input(&args.files)?;
    let (checked, digest) =
        args.jobs.run(|| rayon::join(|| input.map(|chunk| check(log, &chunk)), || input.digest()))?;
    for (batch, lines) in checked? {
        write(out, &lines)?;
        log.feed(batch)?;
    }
    digest
}

/// A line at a time.
fn gate(args: &Args, log: &mut Log, out: &mut Output) -> Result<ulp_core::hash::Blake3, Failure> {
    let mut reader = log.lines(&args.files, EVENT_BYTES)?;
    loop {
        if reader.would_block() {
            out.flush()?;
            log.flush()?;
        }
        let Some(chunk) = reader.next_chunk()? else { return Ok(reader.digest()) };
        let (batch, lines) = check(log, &chunk);
        write(out, &lines)?;
        log.feed(batch)?;
    }
}

fn write(out: &mut Output, lines: &[&[u8]]) -> Result<(), Failure> {
    for line in lines {
        out.write_all(line)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

fn check<'a>(log: &Log, chunk: &Chunk<'a>) -> (Batch, Vec<&'a [u8]>) {
    let (mut batch, mut kept) = (log.batch(chunk), Vec::new());
    let mut lines = chunk.lines();
    for (number, line) in lines.by_ref() {
        match line {
            Err(fault) => reject(&mut batch, fault.code(), number, "too long"),
            Ok(line) if line == br#"{"again":1}"# => {
                batch.record(Action::Duplicate, "event.duplicate", number, true, || {
                    (Some("evt\u{202e}".to_owned()), "seen".to_owned())
                });
            }
            Ok(line) => match serde_json::from_slice::<serde_json::Map<_, _>>(line) {
                Ok(object) => {
                    batch.apply(object.get("policy").is_none_or(|p: &serde_json::Value| p == "public"));
                    kept.push(line);
                }
                Err(error) => reject(&mut batch, "json.syntax", number, &error.to_string()),
            },
        }
        if batch.is_over() {
            break;
        }
    }
    batch.ends_after(lines.number());
    (batch, kept)
}

/// A line that could not be read may be anybody's.
fn reject(batch: &mut Batch, code: &'static str, line: u64, detail: &str) {
    batch.record(Action::Rejected, code, line, false, || (None, detail.to_owned()));
}
