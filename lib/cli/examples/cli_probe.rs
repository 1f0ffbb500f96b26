//! pass on the lines that are JSON objects
//!
//! The smallest tool there can be; the tests of the process edge run it.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser;
use ulp_cli::{Chunk, Failure, Files, Jobs, Log, Output, OutputArgs, Status, Witness};
use ulp_core::json::EVENT_BYTES;
use ulp_core::report::{Outcome, Position, Report};

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
    for checked in checked? {
        pass_on(checked, log, out)?;
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
        pass_on(check(log, &chunk), log, out)?;
    }
}

fn pass_on(checked: Checked<'_>, log: &mut Log, out: &mut Output) -> Result<(), Failure> {
    for line in &checked.kept {
        out.write_all(line)?;
        out.write_all(b"\n")?;
    }
    log.feed(checked.report, checked.source, checked.count).map(drop)
}

/// What some lines gave.
struct Checked<'a> {
    report: Report,
    source: u32,
    /// How many lines there were.
    count: u64,
    kept: Vec<&'a [u8]>,
}

fn check<'a>(log: &Log, chunk: &Chunk<'a>) -> Checked<'a> {
    let (mut report, mut kept) = (log.report(), Vec::new());
    let mut lines = chunk.lines();
    for (number, line) in lines.by_ref() {
        report.tally.read += 1;
        let at = Position { source: chunk.source, line: number };
        match line {
            Err(fault) => reject(&mut report, fault.code(), at, "too long"),
            Ok(line) if line == br#"{"again":1}"# => {
                let text = || (Some("evt\u{202e}".to_owned()), "seen".to_owned());
                report.say(Outcome::Duplicate, "event.duplicate", at, true, text);
            }
            Ok(line) => match serde_json::from_slice::<serde_json::Map<_, _>>(line) {
                Ok(object) => {
                    let public = object.get("policy").is_none_or(|p: &serde_json::Value| p == "public");
                    report.tally.private |= !public;
                    kept.push(line);
                }
                Err(error) => reject(&mut report, "json.syntax", at, &error.to_string()),
            },
        }
        if log.is_strict() && report.tally.rejected > 0 {
            break;
        }
    }
    Checked { report, source: chunk.source, count: lines.number(), kept }
}

/// A line that could not be read may be anybody's.
fn reject(report: &mut Report, code: &'static str, at: Position, detail: &str) {
    report.say(Outcome::Rejected, code, at, false, || (None, detail.to_owned()));
}
