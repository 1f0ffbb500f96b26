//! say what a store holds and how it came by it, and check what others say

mod attest;
mod checkpoint;
mod compare;
mod history;
mod proof;
mod read;
mod rows;
mod verify;

use clap::{ArgGroup, Parser};
use std::path::PathBuf;
use std::process::ExitCode;
use ulp_cli::{Failure, Files, Jobs, Log, Now, Output, OutputArgs, Select, Status};
use ulp_core::id::Realm;
use ulp_core::statement::attestation::is_nonce;
use ulp_store::Store;

/// say what a store holds and how it came by it, and check what others say
#[derive(Parser)]
#[command(name = "ulp-attest", version)]
#[command(group(ArgGroup::new("what").args(["history", "checkpoint", "verify", "compare"])))]
#[command(group(ArgGroup::new("unsigned").args(["rows", "history", "checkpoint", "verify", "compare"]).multiple(true)))]
struct Args {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    output: OutputArgs,
    /// The store that is spoken of; with --verify, the one whose receipts are checked
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
    /// Attest to what the store holds, signed with the key in FILE (PKCS#8 PEM), the identity's where it has one
    #[arg(long, value_name = "FILE", requires = "store")]
    key: Option<PathBuf>,
    /// Put TEXT into the attestation: what whoever asked made up, so that it is no old one
    #[arg(long, value_name = "TEXT", requires = "key", conflicts_with = "what", value_parser = nonce)]
    nonce: Option<String>,
    /// Write a row for the store and each space, tile and lane: its events, its history root and its state root
    #[arg(long, requires = "store", conflicts_with = "what")]
    rows: bool,
    /// Write the lines that a history root hashes: of the store, or of what --space, --tile and --realm choose
    #[arg(long, requires = "store")]
    history: bool,
    /// Write a checkpoint of the receipts, signed with --key, as transparency logs have it
    #[arg(long, requires = "key")]
    checkpoint: bool,
    /// Check attestations and receipts: those that are read, or with --store its own beside them
    #[arg(long)]
    verify: bool,
    /// With --verify --store, derive the state from the events once more
    #[arg(long, requires_all = ["verify", "store"])]
    replay: bool,
    /// Write the rows in which the store differs from those in FILE, another's --rows, and how the receipts stand
    #[arg(long, value_name = "FILE", requires = "store")]
    compare: Option<PathBuf>,
    /// With --history, the lane of that realm: public or team
    #[arg(long, requires = "history")]
    realm: Option<Realm>,
    /// With --verify, know the dotfiles below DIR beside the store's own: keys, and rules that receipts name
    #[arg(long, value_name = "DIR", requires = "verify")]
    scope: Option<PathBuf>,
    #[command(flatten)]
    select: Select,
    #[command(flatten)]
    now: Now,
    #[command(flatten)]
    jobs: Jobs,
}

fn main() -> ExitCode {
    ulp_cli::run(include_str!("man.roff"), run)
}

fn run(args: Args, log: &mut Log) -> Result<Status, Failure> {
    args.check()?;
    // Opened first: an output that cannot be written is said before any work is done.
    let out = Output::open(&args.output)?;
    args.jobs.run(|| args.work(out, log))?
}

impl Args {
    fn check(&self) -> Result<(), Failure> {
        if !self.verify && !self.files.files.is_empty() {
            return Err(Failure::usage("FILE", "it goes with --verify"));
        }
        if !self.verify && self.store.is_none() {
            return Err(Failure::usage("--store", "it is missing; --verify alone reads lines"));
        }
        if self.select.names_any() && !self.rows && !self.history {
            return Err(Failure::usage("--space, --tile", "they go with --rows and --history"));
        }
        if self.key.is_some() && (self.verify || self.history || self.compare.is_some()) {
            return Err(Failure::usage("--key", "it signs an attestation or a checkpoint"));
        }
        let speaks = self.key.is_some() || self.rows || self.verify || self.history || self.compare.is_some();
        if speaks { Ok(()) } else { Err(Failure::usage("--key", "it is missing: an attestation is signed")) }
    }

    fn work(&self, out: Output, log: &mut Log) -> Result<Status, Failure> {
        let store = self.store.as_deref().map(|path| Store::open(path, false)).transpose()?;
        let Some(store) = &store else { return verify::run(self, None, out, log) };
        match &self.compare {
            _ if self.verify => verify::run(self, Some(store), out, log),
            _ if self.history => history::run(self, store, out, log),
            _ if self.checkpoint => checkpoint::run(self, store, out, log),
            Some(file) => compare::run(store, file, out, log),
            None => attest::run(self, store, out, log),
        }
    }
}

fn nonce(text: &str) -> Result<String, String> {
    if is_nonce(text) { Ok(text.to_owned()) } else { Err("not 1 to 128 letters of base64url".to_owned()) }
}
