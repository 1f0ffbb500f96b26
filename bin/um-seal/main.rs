//! hide what only some may read, and open what is sealed to a key

mod commit;
mod document;
mod keys;
mod open;
mod pass;
mod seal;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgGroup, Parser};
use ulp_cli::{Failure, Files, Jobs, Log, Now, OutputArgs, Status};

/// hide what only some may read, and open what is sealed to a key
#[derive(Parser)]
#[command(name = "um-seal", version)]
#[command(group(ArgGroup::new("work").args(["to", "open", "commit", "generate"]).required(true)))]
struct Args {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    output: OutputArgs,
    /// Seal to DID: a did:key of X25519 or P-256, or what --dids knows; again for more
    #[arg(long, value_name = "DID")]
    to: Vec<String>,
    /// Seal the content of each facet of that kind, and not the whole document; again for more
    #[arg(long, value_name = "KIND", requires = "to", conflicts_with_all = ["open", "commit", "generate"])]
    facet: Vec<String>,
    /// Open what is sealed to the key of --key; what is for others stays as it is
    #[arg(long, requires = "key")]
    open: bool,
    /// The private key in FILE (PKCS#8 PEM, X25519 or P-256)
    #[arg(long, value_name = "FILE", requires = "open", conflicts_with_all = ["to", "commit", "generate"])]
    key: Option<PathBuf>,
    /// Put a commitment in place of the birth date of a credential
    #[arg(long, requires = "opening")]
    commit: bool,
    /// Write the opening of the commitment to FILE, mode 0600; it must not exist
    #[arg(long, value_name = "FILE", requires = "commit", conflicts_with_all = ["to", "open", "generate"])]
    opening: Option<PathBuf>,
    /// Make an X25519 key, write it to the file of -o, mode 0600, which must not exist, and print its DID
    #[arg(long, requires = "output", conflicts_with_all = ["files", "dids", "jobs", "now"])]
    generate: bool,
    /// Know the keys of DIDs by the documents in DIR: DIR/<DID>.json, the DID as names on disk are written
    #[arg(long, value_name = "DIR", requires = "to", conflicts_with_all = ["open", "commit", "generate"])]
    dids: Option<PathBuf>,
    /// Draw from the ChaCha20 keystream under the first 32 bytes of FILE, so that the same comes out again
    #[arg(long, value_name = "FILE", conflicts_with = "open")]
    random: Option<PathBuf>,
    #[command(flatten)]
    now: Now,
    #[command(flatten)]
    jobs: Jobs,
}

fn main() -> ExitCode {
    ulp_cli::run(include_str!("man.roff"), run)
}

fn run(args: Args, log: &mut Log) -> Result<Status, Failure> {
    if args.generate {
        return keys::generate(&args, log);
    }
    args.jobs.run(|| match (args.open, args.commit) {
        (true, _) => open::run(&args, log),
        (_, true) => commit::run(&args, log),
        _ => seal::run(&args, log),
    })?
}
