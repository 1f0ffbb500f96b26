//! check a pack and take it into a store

mod list;
mod log;
mod source;
mod take;
mod test;

use clap::{ArgGroup, Parser};
use std::path::PathBuf;
use std::process::ExitCode;
use ulp_cli::{Failure, Files, Jobs, Lanes, Log, Now, ScopeArgs, Status};

/// check a pack and take it into a store
#[derive(Parser)]
#[command(name = "tile-unpack", version)]
#[command(group(ArgGroup::new("what").args(["store", "list", "test"]).required(true)))]
struct Args {
    #[command(flatten)]
    files: Files,
    /// Take what is new into the store in DIR, which is made if it is not there
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
    /// List what a pack, or the directory of a bag or a store, holds
    #[arg(long)]
    list: bool,
    /// Check everything, and write nothing
    #[arg(long)]
    test: bool,
    #[command(flatten)]
    lanes: Lanes,
    /// Read at most SIZE bytes of a pack, uncompressed
    #[arg(long, value_name = "SIZE", value_parser = ulp_cli::size, default_value = "64G")]
    max_bytes: u64,
    #[command(flatten)]
    now: Now,
    #[command(flatten)]
    scope: ScopeArgs,
    #[command(flatten)]
    jobs: Jobs,
}

fn main() -> ExitCode {
    ulp_cli::run(include_str!("man.roff"), run)
}

fn run(args: Args, log: &mut Log) -> Result<Status, Failure> {
    if args.lanes.names_any() && !args.list {
        return Err(Failure::usage("--realm, --policy", "they go with --list"));
    }
    let work = || match (&args.store, args.list) {
        (Some(dir), _) => take::run(&args, dir, log),
        (None, true) => list::run(&args, log),
        (None, false) => test::run(&args, log),
    };
    args.jobs.run(work)?
}
