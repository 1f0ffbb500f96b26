//! make, check, prune and look into a store

use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use ulp::cli::{self, Failure, Log, Status};
use ulp::store::Store;

/// make, check, prune and look into a store
#[derive(Parser)]
#[command(name = "ulp-store", version)]
struct Args {
    #[command(subcommand)]
    command: Command,
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
}

fn main() -> ExitCode {
    cli::run(include_str!("man.roff"), run)
}

fn run(args: Args, _log: &mut Log) -> Result<Status, Failure> {
    match args.command {
        Command::Init { dir, shared } => {
            Store::init(&dir, shared, include_bytes!("ulp-root.yaml"))?;
            Ok(Status::Accepted)
        }
    }
}
