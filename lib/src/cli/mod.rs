//! The process edge: arguments shared by all, streams, the boundary/witness log, the exit status.
//!
//! The only module that touches the process: stdin, stdout, stderr, the terminal. Below it, functions take what they
//! read and write as arguments. Page "1. The stream contract".
//!
//! A tool is a plain struct of arguments and a function:
//!
//! ```no_run
//! //! pass on what was read
//! use std::io::Write as _;
//! use std::process::ExitCode;
//! use clap::Parser;
//! use ulp::cli::{self, Failure, Files, Jobs, Log, Output, OutputArgs, Status, Witness};
//!
//! /// pass on what was read
//! #[derive(Parser)]
//! #[command(name = "probe", version)]
//! struct Args {
//!     #[command(flatten)]
//!     files: Files,
//!     #[command(flatten)]
//!     output: OutputArgs,
//!     #[command(flatten)]
//!     jobs: Jobs,
//! }
//!
//! fn main() -> ExitCode {
//!     cli::run(".SH DESCRIPTION\nIt passes on lines.\n", run)
//! }
//!
//! fn run(args: Args, log: &mut Log) -> Result<Status, Failure> {
//!     let mut out = Output::open(&args.output)?;
//!     let input = log.input(&args.files)?;
//!     let (batches, digest) = args.jobs.run(|| {
//!         let batches = input.map(|chunk| {
//!             let mut batch = log.batch(&chunk);
//!             let mut lines = chunk.lines();
//!             let kept: Vec<&[u8]> = lines.by_ref().filter_map(|(_, line)| line.ok()).collect();
//!             kept.iter().for_each(|_| batch.apply(true));
//!             batch.ends_after(lines.number());
//!             (batch, kept)
//!         });
//!         (batches, input.digest())
//!     })?;
//!     for (batch, lines) in batches? {
//!         log.feed(batch)?;
//!         lines.iter().try_for_each(|line| out.write_all(line).and_then(|()| out.write_all(b"\n")))?;
//!     }
//!     log.finish(Some(out), &Witness { input: Some(digest), ..Witness::default() })
//! }
//! ```

use std::io::Write as _;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Arg, Args as _, Command, CommandFactory, FromArgMatches};

mod args;
mod escape;
mod failure;
mod feed;
mod input;
mod lines;
mod log;
mod man;
mod output;
mod progress;
mod stdio;
pub mod trace;

pub use args::{
    At, Files, Jobs, Kinds, Lanes, Layers, LogArgs, LogFormat, MAX_JOBS, Now, OutputArgs, Select, Since,
    When, time,
};
pub use escape::{escape, escape_into, json_string_into};
pub use failure::{Failure, Status};
pub use input::{CHUNK, Chunk, Input, STDIN};
pub use lines::{LineReader, Lines};
pub use log::{Action, Batch, Log, Record, Tally, Witness};
pub use output::Output;
pub use progress::Progress;

use man::Generate;
use stdio::{Patient, Std};

/// The width of `--help`, in columns: the same bytes whatever the terminal.
const HELP_WIDTH: usize = 80;
/// The hidden option that writes completions and the man page.
const GENERATE: &str = "generate";

/// What the command line asks for.
enum Asked<A> {
    Work(A, LogArgs),
    Text(Vec<u8>),
}

/// Runs a tool: parses its arguments, opens its log, does its work, and gives the exit status.
///
/// `A` is the tool's own `clap::Parser`; the options of the log, `--help` and `--version` are added to it. `man` is
/// the hand-written part of the man page, in roff: sections that begin with `.SH`.
pub fn run<A: CommandFactory + FromArgMatches>(
    man: &str,
    work: impl FnOnce(A, &mut Log) -> Result<Status, Failure>,
) -> ExitCode {
    let command = command::<A>();
    let tool = command.get_name().to_owned();
    let version = command.get_version().unwrap_or_default().to_owned();
    let status = match ask(command, man) {
        Ok(Asked::Work(args, log_args)) => match Log::open(&tool, &version, &log_args) {
            Ok(mut log) => {
                let outcome = work(args, &mut log);
                log.end(outcome)
            }
            Err(failure) => refuse(&tool, &failure),
        },
        Ok(Asked::Text(text)) => {
            print(&text).map_or_else(|failure| refuse(&tool, &failure), |()| Status::Accepted)
        }
        Err(failure) => refuse(&tool, &failure),
    };
    status.into()
}

/// The whole parser of a tool.
fn command<A: CommandFactory>() -> Command {
    let generate = Arg::new(GENERATE).long(GENERATE).hide(true).value_parser(clap::value_parser!(Generate));
    let own = A::command();
    // Arguments that are added to a command bring what is said of them along; a tool speaks for itself.
    let about = own.get_about().cloned().unwrap_or_default();
    let command = LogArgs::augment_args(own).about(about.clone()).long_about(about);
    command.arg(generate.exclusive(true)).term_width(HELP_WIDTH)
}

fn ask<A: FromArgMatches>(command: Command, man: &str) -> Result<Asked<A>, Failure> {
    let parsed = command.clone().try_get_matches().and_then(|matches| {
        if let Some(what) = matches.get_one::<Generate>(GENERATE) {
            return Ok(Err(*what));
        }
        Ok(Ok((A::from_arg_matches(&matches)?, LogArgs::from_arg_matches(&matches)?)))
    });
    match parsed {
        Ok(Ok((args, log))) => Ok(Asked::Work(args, log)),
        Ok(Err(what)) => {
            let mut text = Vec::new();
            man::write(what, command, man, &mut text)?;
            Ok(Asked::Text(text))
        }
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Ok(Asked::Text(rendered(&error))),
            _ => Err(Failure::Usage(usage(&error.to_string()))),
        },
    }
}

/// Help and version: in colour on a terminal.
fn rendered(error: &clap::Error) -> Vec<u8> {
    let text = error.render();
    let colour = Std::Out.is_terminal() && log::wants_colour();
    if colour { text.ansi().to_string().into_bytes() } else { text.to_string().into_bytes() }
}

/// A parser's complaint in one line, without the usage that it repeats.
fn usage(text: &str) -> String {
    let text = text.strip_prefix("error: ").unwrap_or(text);
    let end = ["\nUsage:", "\nFor more information"].iter().filter_map(|mark| text.find(mark)).min();
    let words: Vec<&str> = text[..end.unwrap_or(text.len())].split_whitespace().collect();
    format!("{} (see --help)", words.join(" "))
}

fn print(text: &[u8]) -> Result<(), Failure> {
    let mut out = Output::stdout()?;
    out.write_all(text)?;
    out.seal().map(drop)
}

/// Says why nothing was done, where there is no log yet. Nobody who reads stdout any more is no failure.
fn refuse(tool: &str, failure: &Failure) -> Status {
    if *failure != Failure::ReaderGone
        && let Ok(file) = Std::Err.open()
    {
        // Where this cannot be written, the status still tells.
        let _ = Patient(file).write_all(log::complaint(tool, failure).as_bytes());
    }
    failure.status()
}
