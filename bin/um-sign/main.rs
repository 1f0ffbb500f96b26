//! sign and check manifests, credentials, statements, events and witness lines

mod conformance;
mod framing;
mod judge;
mod spare;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use rayon::prelude::*;
use ulp_cli::{
    self, Chunk, Failure, Files, Jobs, LineReader, Log, Now, Output, OutputArgs, Status, Witness, read_dids,
    read_key,
};
use ulp_core::event::Defaults;
use ulp_core::json::STATE_BYTES;
use ulp_core::kind::Kind;
use ulp_core::report::{Outcome, Position, Report};
use ulp_core::trust::authority::Authority;
use ulp_core::trust::{Did, Verifier};
use ulp_um::credential::Profile;
use ulp_um::manifest::Clock;

use framing::{Document, Framing};
use judge::{Desk, Judge, Judged, Purpose};

/// How many documents one job takes at a time.
const RUN: usize = 32;
/// Most signers that the witness line names.
const MAX_NAMED: usize = 64;

/// sign and check manifests, credentials, statements, events and witness lines
#[derive(Parser)]
#[command(name = "um-sign", version)]
struct Args {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    output: OutputArgs,
    /// Sign with the key in FILE (PKCS#8 PEM), and pass on what was signed
    #[arg(long, value_name = "FILE", conflicts_with_all = ["verify", "conformance"])]
    key: Option<PathBuf>,
    /// Sign anew what is signed already
    #[arg(long, requires = "key")]
    replace: bool,
    /// How long a manifest is valid that does not say so, as 90s, 10m, 24h, 7d
    #[arg(long, value_name = "TIME", value_parser = ttl, default_value = "24h")]
    ttl: i64,
    /// How a credential is signed
    #[arg(long, value_name = "PROFILE", value_enum, default_value_t = Form::Um, requires = "key")]
    profile: Form,
    /// Pass on only what is signed and holds
    #[arg(long, conflicts_with = "conformance")]
    verify: bool,
    /// Know the keys of DIDs by the documents in DIR: DIR/<DID>.json, the DID as names on disk are written
    #[arg(long, value_name = "DIR")]
    dids: Option<PathBuf>,
    /// Whose signature counts; again for more
    #[arg(long, value_name = "DID", requires = "verify")]
    signer: Vec<Did>,
    /// What is asked of a manifest
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = Check::Structural)]
    check: Check,
    /// With --check fresh, pass on a manifest that has expired, marked in the log: it must not be used
    #[arg(long)]
    allow_expired: bool,
    /// Refuse a manifest whose status was not checked
    #[arg(long)]
    require_status: bool,
    /// Judge one manifest on stdin as the public conformance suite asks: print accept or reject
    #[arg(long, conflicts_with_all = ["files", "signer", "allow_expired", "require_status"])]
    conformance: bool,
    #[command(flatten)]
    now: Now,
    #[command(flatten)]
    jobs: Jobs,
}

/// What is asked of a manifest.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Check {
    /// Its structure and its signature
    Structural,
    /// Also that it is neither expired nor issued in the future
    Fresh,
}

/// How a credential is signed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// As everything else is
    Um,
    /// W3C Data Integrity
    #[value(name = "eddsa-jcs-2022")]
    EddsaJcs2022,
    /// Open Spatial Lab's validation
    #[value(name = "vc-jcs-ed25519")]
    VcJcsEd25519,
}

impl From<Form> for Profile {
    fn from(form: Form) -> Profile {
        match form {
            Form::Um => Profile::Um,
            Form::EddsaJcs2022 => Profile::EddsaJcs2022,
            Form::VcJcsEd25519 => Profile::VcJcsEd25519,
        }
    }
}

fn main() -> ExitCode {
    ulp_cli::run(include_str!("man.roff"), run)
}

fn run(args: Args, log: &mut Log) -> Result<Status, Failure> {
    if args.allow_expired && args.check == Check::Structural {
        return Err(Failure::usage("--allow-expired", "it goes with --check fresh"));
    }
    if args.conformance {
        return conformance::run(&args, log);
    }
    let judge = args.judge(log)?;
    args.jobs.run(|| filter(&args, &judge, log))?
}

impl Args {
    fn judge(&self, log: &mut Log) -> Result<Judge, Failure> {
        let key = self.key.as_deref().map(|path| read_key(path, log)).transpose()?;
        let now = self.now.time();
        let clock = match (self.check, self.allow_expired) {
            (Check::Structural, _) => Clock::Unasked,
            (Check::Fresh, false) => Clock::Fresh(now),
            (Check::Fresh, true) => Clock::MayHaveExpired(now),
        };
        let purpose = match key {
            Some(key) => Purpose::Sign {
                key: Box::new(key),
                replace: self.replace,
                ttl: self.ttl,
                spare: spare::Spare::new()?,
                profile: self.profile.into(),
            },
            None if self.verify => Purpose::Verify { signers: self.signer.iter().copied().collect() },
            None => Purpose::Check,
        };
        Ok(Judge {
            purpose,
            clock,
            now,
            require_status: self.require_status,
            verifier: Verifier::new(),
            dids: read_dids(self.dids.as_deref())?,
            defaults: Defaults::default(),
            rules: Authority::default(),
        })
    }
}

/// Judges documents as they come, and passes on what holds.
fn filter(args: &Args, judge: &Judge, log: &mut Log) -> Result<Status, Failure> {
    let mut out = Output::open(&args.output)?;
    let mut reader = log.lines(&args.files, STATE_BYTES)?;
    let mut pass =
        Pass { judge, log, out: &mut out, signers: BTreeSet::new(), unnamed: false, unchecked: false };
    pass.all(&mut reader)?;
    let more = pass.told();
    let witness = Witness { input: Some(reader.digest()), now: args.now.given(), more, ..Witness::default() };
    log.finish(Some(out), &witness)
}

/// Where documents go, and what is said of them.
struct Pass<'p> {
    judge: &'p Judge,
    log: &'p mut Log,
    out: &'p mut Output,
    /// Who signed what was passed on and is for everyone.
    signers: BTreeSet<Did>,
    /// Whether there were more signers than are named.
    unnamed: bool,
    /// Whether a manifest was passed on whose status was not checked.
    unchecked: bool,
}

impl Pass<'_> {
    fn all(&mut self, reader: &mut LineReader) -> Result<(), Failure> {
        let mut framing = Framing::default();
        while let Some(chunk) = reader.next_chunk()? {
            framing.take(chunk, &mut |chunk, documents, lines| self.batch(chunk, documents, lines))?;
            // Nothing waits here for more input: a reader behind us sees what there is.
            if reader.would_block() {
                self.out.flush()?;
            }
        }
        framing.end(&mut |chunk, documents, lines| self.batch(chunk, documents, lines))
    }

    /// Judges documents side by side, then passes them on in their order.
    fn batch(&mut self, chunk: &Chunk<'_>, documents: &[Document<'_>], lines: u64) -> Result<(), Failure> {
        let run = |run: &[Document<'_>]| {
            let mut desk = Desk::default();
            let (mut judged, mut bytes) = (Vec::with_capacity(run.len()), Vec::new());
            for document in run {
                judged.push(self.judge.judge(document, &mut desk, &mut bytes));
            }
            (judged, bytes)
        };
        let runs: Vec<(Vec<Judged>, Vec<u8>)> = documents.par_chunks(RUN).map(run).collect();
        let mut report = self.log.report();
        'runs: for (judged, bytes) in &runs {
            let mut from = 0;
            for one in judged {
                self.out.write_all(&bytes[from..one.end])?;
                from = one.end;
                self.count(one, chunk.source, &mut report);
                if one.refusal.is_some() && self.log.is_strict() {
                    break 'runs;
                }
            }
        }
        self.log.feed(report, chunk.source, lines).map(drop)
    }

    fn count(&mut self, one: &Judged, source: u32, report: &mut Report) {
        let at = Position { source, line: one.line };
        report.tally.read += 1;
        if let Some(refusal) = &one.refusal {
            return report.refuse(at, refusal.clone());
        }
        report.tally.private |= !one.shared;
        self.unchecked |= one.unchecked;
        let text = |detail: &str| (one.id.clone(), detail.to_owned());
        for (code, detail) in &one.notes {
            report.say(Outcome::Noted, *code, at, one.shared, || text(detail));
        }
        if one.expired {
            report.warn("um.expired", at, one.shared, text("it has expired, and must not be used"));
        }
        for did in one.signers.iter().filter(|_| one.shared) {
            let known = self.signers.contains(did);
            self.unnamed |= !known && self.signers.len() >= MAX_NAMED;
            if !known && self.signers.len() < MAX_NAMED {
                self.signers.insert(*did);
            }
        }
    }

    /// What the witness line says beside its counts.
    fn told(&self) -> Vec<(&'static str, String)> {
        let mut names: Vec<String> = self.signers.iter().map(Did::to_string).collect();
        names.sort_unstable();
        if self.unnamed {
            names.push("…".to_owned());
        }
        let signer = (!names.is_empty()).then(|| ("signer", names.join(" ")));
        let status = self.unchecked.then(|| ("status", "unchecked".to_owned()));
        signer.into_iter().chain(status).collect()
    }
}

/// Reads a duration as the dotfiles write them, as nanoseconds.
fn ttl(text: &str) -> Result<i64, String> {
    let units = [('s', 1), ('m', 60), ('h', 3600), ('d', 86_400)];
    let number = |digits: &str| {
        digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse::<i64>().ok()).flatten()
    };
    let read = units.iter().find_map(|(unit, seconds)| {
        number(text.strip_suffix(*unit)?)?.checked_mul(*seconds)?.checked_mul(1_000_000_000)
    });
    read.ok_or_else(|| "not a duration as 90s, 10m, 24h or 7d".to_owned())
}

/// A failure of the system's randomness.
fn no_randomness(error: getrandom::Error) -> Failure {
    Failure::new(Kind::System, "randomness", error)
}
