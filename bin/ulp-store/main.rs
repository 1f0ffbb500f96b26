//! make, check, prune and look into a store

mod check;
mod look;
mod put;

use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use ulp_cli::{Failure, Jobs, Lanes, Layers, Log, Output, Select, Status, Witness};
use ulp_store::Store;
use ulp_store::prune::Prune;

/// make, check, prune and look into a store
#[derive(Parser)]
#[command(name = "ulp-store", version)]
struct Args {
    #[command(flatten)]
    jobs: Jobs,
    #[command(subcommand)]
    command: Command,
}

/// The store that a command is about.
#[derive(clap::Args)]
struct At {
    /// The store
    #[arg(long, value_name = "DIR")]
    store: PathBuf,
    /// Believe the snapshots and caches of a store that came from elsewhere
    #[arg(long)]
    trust: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Make a store
    Init {
        /// The directory to make it in
        #[arg(value_name = "DIR")]
        dir: PathBuf,
        /// Let others read and write it, as far as the umask does
        #[arg(long)]
        shared: bool,
    },
    /// Look for damage: a line a finding
    Check {
        #[command(flatten)]
        at: At,
        /// Hash the objects alone
        #[arg(long)]
        objects: bool,
        /// Compare what is read from snapshots with a replay of all events
        #[arg(long)]
        replay: bool,
        /// Move what is damaged away, and make anew what can be
        #[arg(long)]
        repair: bool,
    },
    /// Delete what nothing names, once an earlier prune found the same
    Prune {
        #[command(flatten)]
        at: At,
        /// Keep so many snapshots of each lane
        #[arg(long, value_name = "N", default_value_t = 2)]
        keep: usize,
        /// Delete only what was found so long ago: 90s, 10m, 24h, 7d
        #[arg(long, value_name = "TIME", value_parser = ulp_cli::duration, default_value = "1d")]
        older_than: Duration,
        /// Delete blobs that no event names, too
        #[arg(long)]
        blobs: bool,
        /// Say what would be deleted, and delete nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Store files as blobs, and write what an event says of each
    Put {
        #[command(flatten)]
        at: At,
        /// The files
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
    },
    /// Write the events that the next event of each tile should name as its parents
    Heads {
        #[command(flatten)]
        at: At,
        #[command(flatten)]
        select: Select,
        #[command(flatten)]
        lanes: Lanes,
    },
    /// Write the rules of a place: a line a rule, with the file that it stands in
    Rules {
        #[command(flatten)]
        at: At,
        #[command(flatten)]
        select: Select,
        #[command(flatten)]
        layers: Layers,
    },
    /// Write how much each lane holds
    Stat {
        #[command(flatten)]
        at: At,
    },
}

fn main() -> ExitCode {
    ulp_cli::run(include_str!("man.roff"), run)
}

fn run(args: Args, log: &mut Log) -> Result<Status, Failure> {
    let mut out = Output::stdout()?;
    args.jobs.run(|| command(&args.command, &mut out, log))??;
    log.finish(Some(out), &Witness::default())
}

fn command(command: &Command, out: &mut Output, log: &mut Log) -> Result<(), Failure> {
    let open = |at: &At| Store::open(&at.store, at.trust);
    match command {
        Command::Init { dir, shared } => {
            Store::init(dir, *shared, include_bytes!("ulp-root.yaml")).map(drop).map_err(Failure::from)
        }
        Command::Check { at, objects, replay, repair } => {
            let store = open(at)?;
            if *repair {
                store.repair()?;
            }
            check::write(&store, *objects, *replay, out, log)
        }
        Command::Prune { at, keep, older_than, blobs, dry_run } => {
            let prune = Prune {
                keep: *keep,
                older_than: *older_than,
                blobs: *blobs,
                dry_run: *dry_run,
                clock: Instant::now,
            };
            look::prune(&open(at)?, &prune, out)
        }
        Command::Put { at, files } => put::write(&open(at)?, files, out),
        Command::Heads { at, select, lanes } => look::heads(&open(at)?, select, lanes, out, log),
        Command::Rules { at, select, layers } => look::rules(&at.store, select, layers, out),
        Command::Stat { at } => look::stat(&open(at)?, out, log),
    }
}
