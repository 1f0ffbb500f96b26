//! make and name signing keys

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use ulp_cli::{Failure, Log, Output, Status, Witness, refuse_named_pipe};
use ulp_core::kind::Kind;
use ulp_core::trust::{Did, SecretKey, did_of_file};

/// make and name signing keys
#[derive(Parser)]
#[command(name = "um-key", version, arg_required_else_help = false)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make a key, write it to a new file and print its DID
    Generate {
        /// The file to make, mode 0600; it must not exist
        #[arg(short = 'o', value_name = "FILE")]
        output: PathBuf,
    },
    /// Print the DID of the private or public key in a file
    Did {
        /// The key: PEM
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

fn main() -> ExitCode {
    ulp_cli::run(include_str!("man.roff"), run)
}

fn run(args: Args, log: &mut Log) -> Result<Status, Failure> {
    // Before a key is made: one whose DID nobody was told would be of little use.
    let mut out = Output::stdout()?;
    let did = match args.command {
        Command::Generate { output } => generate(&output)?,
        Command::Did { file } => {
            refuse_named_pipe(&file)?;
            did_of_file(&file)?
        }
    };
    writeln!(out, "{did}")?;
    log.finish(Some(out), &Witness::default())
}

fn generate(path: &std::path::Path) -> Result<Did, Failure> {
    let mut seed = zeroize::Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut_slice()).map_err(|e| Failure::new(Kind::System, "randomness", e))?;
    let key = SecretKey::from_seed(&seed);
    key.create(path)?;
    Ok(key.did())
}
