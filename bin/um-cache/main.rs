//! keep copies of manifests true, from many sources and without a server

mod cache;
mod change;
mod check;
mod command;
mod events;
mod forget;
mod journal;
mod known;
mod merge;
mod pause;
mod permit;
mod pointer;
mod replay;
mod road;
mod round;
mod rules;
mod said;
mod sources;
mod turn;

use clap::{ArgGroup, Parser};
use std::path::PathBuf;
use std::process::ExitCode;
use ulp_cli::{Failure, Files, Jobs, Log, Now, Output, Status};

/// keep copies of manifests true, from many sources and without a server
#[derive(Parser)]
#[command(name = "um-cache", version)]
#[command(group(ArgGroup::new("what").args(["offline", "replay", "change", "forget", "permit"])))]
struct Args {
    #[command(flatten)]
    files: Files,
    /// The cache: sources.toml, the journal, the documents
    #[arg(long, value_name = "DIR")]
    cache: PathBuf,
    /// Take no road: fold what is held
    #[arg(long)]
    offline: bool,
    /// Fold each view of the journal once more, and hold it against what the journal says
    #[arg(long)]
    replay: bool,
    /// Queue the change events that are read, until the subject's source has them
    #[arg(long)]
    change: bool,
    /// Delete what is held of SUBJECT
    #[arg(long, value_name = "SUBJECT")]
    forget: Option<String>,
    /// Say whether OPERATION is permitted now
    #[arg(long, value_name = "OPERATION", requires = "subject")]
    permit: Option<String>,
    /// Whose manifest decides
    #[arg(long, value_name = "SUBJECT", requires = "permit")]
    subject: Option<String>,
    #[command(flatten)]
    now: Now,
    #[command(flatten)]
    jobs: Jobs,
}

fn main() -> ExitCode {
    ulp_cli::run(include_str!("man.roff"), run)
}

fn run(args: Args, log: &mut Log) -> Result<Status, Failure> {
    if !args.change && !args.files.files.is_empty() {
        return Err(Failure::usage("FILE", "it goes with --change"));
    }
    // Opened first: an output that cannot be written is said before any work is done.
    let out = Output::stdout()?;
    match (&args.permit, &args.subject, &args.forget) {
        (Some(operation), Some(subject), _) => permit::run(&args, operation, subject, out, log),
        (.., Some(subject)) => forget::run(&args, subject, log),
        _ if args.replay => replay::run(&args, out, log),
        _ if args.change => change::run(&args, out, log),
        _ => args.jobs.run(|| round::run(&args, out, log))?,
    }
}
