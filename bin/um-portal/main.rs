//! cross from one world into another: show what was asked, and read what came

mod check;
mod close;
mod complete;
mod directory;
mod door;
mod draws;
mod enter;
mod ledger;
mod offer;
mod pass;
mod present;
mod sessions;
mod settings;
mod stages;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{ArgGroup, Parser, Subcommand};
use ulp_cli::{Failure, Files, Log, Now, Status};
use ulp_um::portal::Stage;

/// cross from one world into another: show what was asked, and read what came
#[derive(Parser)]
#[command(name = "um-portal", version)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make an offer of a world's terms, and keep it until its nonce is spent
    Offer {
        #[command(flatten)]
        at: At,
        #[command(flatten)]
        drawn: Drawn,
        #[command(flatten)]
        now: Now,
    },
    /// Read offers, and answer each with what was asked, is admitted, allowed and consented to
    Present {
        #[command(flatten)]
        files: Files,
        #[command(flatten)]
        at: At,
        /// How long a presentation is good for, as 90s, 10m, 1h; at most 1h
        #[arg(long, value_name = "TIME", value_parser = ulp_cli::duration, default_value = "1h")]
        ttl: Duration,
        /// Know the status of manifests by the responses of a statusRef in FILE, one a line
        #[arg(long, value_name = "FILE")]
        status: Option<PathBuf>,
        #[command(flatten)]
        drawn: Drawn,
        #[command(flatten)]
        now: Now,
    },
    /// Read presentations, each through all stages: a receipt a line
    Enter {
        #[command(flatten)]
        with: With,
        #[command(flatten)]
        drawn: Drawn,
        /// Write drafts of events about who came to FILE, for ulp-append --key
        #[arg(long, value_name = "FILE", requires = "portal")]
        events: Option<PathBuf>,
    },
    /// Read presentations, and pass an envelope on for each that is a manifest by its rules
    Arrive(With),
    /// Find whose a manifest is, and whether it is of now
    Verify(With),
    /// Judge the claims that were asked for
    Project(With),
    /// Find what of each facet may be read
    Consent(With),
    /// Find what comes of it, what is shown and which services start
    Compose(With),
    /// Spend the nonce, sign the receipt, store it, and say so in the ledger
    Receipt {
        #[command(flatten)]
        with: With,
        #[command(flatten)]
        drawn: Drawn,
    },
    /// Read the receipts of worlds, hold each to what was sent, and answer it with one's own
    Close {
        #[command(flatten)]
        files: Files,
        #[command(flatten)]
        at: At,
        #[command(flatten)]
        drawn: Drawn,
        #[command(flatten)]
        now: Now,
    },
    /// Read the receipts of visitors, and say in the ledger that their exchanges are completed; or check a ledger
    Ledger {
        #[command(flatten)]
        files: Files,
        /// The portal: its key, its settings, its sessions, receipts and ledger
        #[arg(long, value_name = "DIR", required_unless_present = "check")]
        portal: Option<PathBuf>,
        /// Check the portal's ledger, or the chain of receipts in FILE
        #[arg(long, value_name = "FILE", num_args = 0..=1, conflicts_with = "files")]
        check: Option<Option<PathBuf>>,
        #[command(flatten)]
        now: Now,
    },
}

/// The portal that a command is about.
#[derive(clap::Args)]
struct At {
    /// The portal: its key, its settings, its sessions, receipts and ledger
    #[arg(long, value_name = "DIR")]
    portal: PathBuf,
}

/// What documents are evaluated with.
#[derive(clap::Args)]
#[command(group(ArgGroup::new("stand").args(["portal", "context"]).required(true)))]
struct With {
    #[command(flatten)]
    files: Files,
    /// The portal: its key, its settings, its sessions, receipts and ledger
    #[arg(long, value_name = "DIR")]
    portal: Option<PathBuf>,
    /// Evaluate as the evaluationContext in FILE says, and sign nothing
    #[arg(long, value_name = "FILE")]
    context: Option<PathBuf>,
    /// Know the status of manifests by the responses of a statusRef in FILE, one a line
    #[arg(long, value_name = "FILE")]
    status: Option<PathBuf>,
    #[command(flatten)]
    now: Now,
}

/// Where randomness comes from.
#[derive(clap::Args)]
struct Drawn {
    /// Draw from the ChaCha20 keystream under the first 32 bytes of FILE, so that the same comes out again
    #[arg(long, value_name = "FILE")]
    random: Option<PathBuf>,
}

fn main() -> ExitCode {
    ulp_cli::run(include_str!("man.roff"), run)
}

fn run(args: Args, log: &mut Log) -> Result<Status, Failure> {
    match &args.command {
        Command::Offer { at, drawn, now } => offer::run(&at.portal, drawn, now, log),
        Command::Present { files, at, ttl, status, drawn, now } => {
            let with = present::With { portal: &at.portal, status: status.as_deref(), ttl: *ttl, now };
            present::run(files, &with, drawn, log)
        }
        Command::Close { files, at, drawn, now } => close::run(&at.portal, files, drawn, now, log),
        Command::Enter { with, drawn, events } => enter::run(with, drawn, events.as_deref(), log),
        Command::Arrive(with) => stages::arrive(with, log),
        Command::Verify(with) => stages::filter(with, Stage::Arrive, Stage::Verify, log),
        Command::Project(with) => stages::filter(with, Stage::Verify, Stage::Project, log),
        Command::Consent(with) => stages::filter(with, Stage::Project, Stage::Consent, log),
        Command::Compose(with) => stages::filter(with, Stage::Consent, Stage::Compose, log),
        Command::Receipt { with, drawn } => enter::receive(with, drawn, log),
        Command::Ledger { check: Some(file), portal, .. } => {
            check::run(portal.as_deref(), file.as_deref(), log)
        }
        Command::Ledger { files, portal: Some(portal), now, .. } => complete::run(portal, files, now, log),
        Command::Ledger { .. } => Err(Failure::usage("--portal", "it is missing")),
    }
}
