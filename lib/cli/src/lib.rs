//! The process edge: arguments shared by all, streams, the boundary/witness log, the exit status.
//!
//! The only module that touches the process: stdin, stdout, stderr, the terminal. Below it, functions take what they
//! read and write as arguments. Page "1. The stream contract".
//!
//! A tool is a plain struct of arguments and a function:
//!
//! ```no_run
//! use std::io::Write as _;
//! use std::process::ExitCode;
//! use clap::Parser;
//! use ulp_cli::{Chunk, Failure, Files, Jobs, Log, Output, OutputArgs, Status, Witness};
//!
//! /// count what was read
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
//!     ulp_cli::run(".SH DESCRIPTION\nIt counts lines.\n", run)
//! }
//!
//! fn run(args: Args, log: &mut Log) -> Result<Status, Failure> {
//!     let mut out = Output::open(&args.output)?;
//!     let input = log.input(&args.files)?;
//!     let check = |chunk: Chunk<'_>| {
//!         let (mut report, mut lines) = (log.report(), chunk.lines());
//!         report.tally.read = lines.by_ref().filter(|(_, line)| line.is_ok()).count() as u64;
//!         (report, chunk.source, lines.number())
//!     };
//!     let (counted, digest) = args.jobs.run(|| rayon::join(|| input.map(check), || input.digest()))?;
//!     for (report, source, lines) in counted? {
//!         writeln!(out, "{}", report.tally.read)?;
//!         log.feed(report, source, lines)?;
//!     }
//!     log.finish(Some(out), &Witness { input: Some(digest?), ..Witness::default() })
//! }
//! ```

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Args as _, Command, CommandFactory, FromArgMatches, ValueEnum as _};

mod args;
mod blocks;
mod chunk;
mod chunks;
mod dids;
mod failure;
pub mod follow;
#[cfg(feature = "draw")]
mod font_args;
pub mod framing;
mod input;
mod key_file;
mod line_reader;
mod log;
mod man;
mod memory;
pub mod missing;
mod origin_args;
mod output;
mod private_file;
mod progress;
pub mod project;
mod signals;
mod stdio;
pub mod stored;
mod yaml_file;

pub use args::{
    At, Files, Jobs, Kinds, Lanes, Layers, LogArgs, LogFormat, MAX_JOBS, Now, OutputArgs, ScopeArgs, Select,
    Since, When, duration, size, time,
};
pub use chunk::{CHUNK, Chunk, DENSE, Lines, STDIN, is_dense};
pub use dids::read_dids;
pub use failure::{Failure, Status};
#[cfg(feature = "draw")]
pub use font_args::FontArgs;
pub use input::Input;
pub use key_file::{read_key, read_secret};
pub use line_reader::LineReader;
pub use log::{Log, Witness};
pub use memory::{room_for, room_to_work};
pub use origin_args::OriginArgs;
pub use output::Output;
pub use private_file::{PrivateFile, refuse_named_pipe};
pub use progress::Progress;
pub use stored::StoreArgs;
pub use ulp_core::text::escape;
pub use yaml_file::read_yaml;

use man::Generate;
use stdio::{Patient, Std};

/// The width of `--help`, in columns: the same bytes whatever the terminal.
const HELP_WIDTH: usize = 80;
/// The hidden option that writes completions and the man page.
const GENERATE: &str = "--generate";

/// What the command line asks for.
enum Asked<A> {
    /// The tool's work. The last says whether stdout is left alone, as something else is the output.
    Work(A, LogArgs, bool),
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
    signals::let_writes_fail();
    signals::let_memory_fail();
    let command = command::<A>();
    let tool = command.get_name().to_owned();
    let version = command.get_version().unwrap_or_default().to_owned();
    let status = match ask(command, man) {
        Ok(Asked::Work(args, log_args, elsewhere)) => {
            match Log::open(&tool, &version, &log_args, elsewhere) {
                Ok(mut log) => {
                    let outcome = work(args, &mut log);
                    log.end(outcome)
                }
                Err(failure) => refuse(&tool, &failure),
            }
        }
        Ok(Asked::Text(text)) => {
            print(&text).map_or_else(|failure| refuse(&tool, &failure), |()| Status::Accepted)
        }
        Err(failure) => refuse(&tool, &failure),
    };
    status.into()
}

/// The whole parser of a tool.
fn command<A: CommandFactory>() -> Command {
    let own = A::command();
    // Arguments that are added to a command bring what is said of them along; a tool speaks for itself.
    let about = own.get_about().cloned().unwrap_or_default();
    let command = LogArgs::augment_args(own).about(about.clone()).long_about(about);
    command.term_width(HELP_WIDTH)
}

/// `--generate WHAT`, and nothing else: looked for before the tool's own parser, which may ask for more.
fn to_generate() -> Option<Generate> {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    match arguments.as_slice() {
        [option, what] if option == GENERATE => Generate::from_str(what.to_str()?, false).ok(),
        _ => None,
    }
}

fn ask<A: FromArgMatches>(command: Command, man: &str) -> Result<Asked<A>, Failure> {
    if let Some(what) = to_generate() {
        let mut text = Vec::new();
        man::write(what, command, man, &mut text)?;
        return Ok(Asked::Text(text));
    }
    let parsed = command.try_get_matches().and_then(|matches| {
        let elsewhere = matches!(matches.try_get_one::<PathBuf>(args::OUTPUT), Ok(Some(_)));
        Ok((A::from_arg_matches(&matches)?, LogArgs::from_arg_matches(&matches)?, elsewhere))
    });
    match parsed {
        Ok((args, log, elsewhere)) => Ok(Asked::Work(args, log, elsewhere)),
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
        let mut line = Vec::new();
        log::complaint(tool, failure, wants_errors(std::env::args_os().skip(1)), &mut line);
        // Where this cannot be written, the status still tells.
        let _ = Patient(file).write_all(&line);
    }
    failure.status()
}

/// Whether a command line that may not be understood asks for `--log errors`.
fn wants_errors(arguments: impl Iterator<Item = OsString>) -> bool {
    let options: Vec<OsString> = arguments.take_while(|argument| argument != "--").collect();
    let apart = options.windows(2).any(|pair| pair[0] == "--log" && pair[1] == "errors");
    apart || options.iter().any(|option| option == "--log=errors")
}
