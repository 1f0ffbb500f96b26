//! make two stores hold the same events over one pipe

mod attest;
mod held;
mod objects;
mod pipe;
mod reading;
mod refused;
mod report;
mod talk;
mod view;

use clap::{ArgGroup, Parser};
use held::{Held, NANOS, Speaker};
use pipe::Pipe;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use ulp_cli::{
    Failure, Jobs, Lanes, Log, Now, Output, ScopeArgs, Select, Status, Witness, project, read_key, stored,
};
use ulp_core::id::Lane;
use ulp_core::trust::Did;
use ulp_peer::sync::line::{Hello, Mode, NONCE};
use ulp_peer::sync::{Fault, Role, Session, Terms};
use ulp_store::Store;
use ulp_store::snapshot::record::DERIVATION;

/// make two stores hold the same events over one pipe
#[derive(Parser)]
#[command(name = "ulp-sync", version)]
#[command(group(ArgGroup::new("side").args(["with", "serve"]).required(true)))]
struct Args {
    /// The store in DIR
    #[arg(long, value_name = "DIR")]
    store: PathBuf,
    /// Run CMD in a shell, and speak with it on its stdin and stdout
    #[arg(long, value_name = "CMD")]
    with: Option<String>,
    /// Answer on stdin and stdout
    #[arg(long)]
    serve: bool,
    /// Only take what the other side has
    #[arg(long, conflicts_with = "push")]
    pull: bool,
    /// Only give what this side has
    #[arg(long)]
    push: bool,
    /// Speak with DID alone, which attests that it is who it is
    #[arg(long, value_name = "DID")]
    peer: Option<Did>,
    /// Attest to what this side holds, with the key in FILE (PKCS#8 PEM)
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Ask for no media
    #[arg(long)]
    no_blobs: bool,
    /// The longest turn that is said and heard
    #[arg(long, value_name = "SIZE", value_parser = ulp_cli::size, default_value = "4M")]
    turn: u64,
    /// How long the other side may be silent
    #[arg(long, value_name = "TIME", value_parser = ulp_cli::duration, default_value = "60s")]
    timeout: Duration,
    /// Write the events that were taken to stdout as well
    #[arg(long)]
    echo: bool,
    #[command(flatten)]
    select: Select,
    #[command(flatten)]
    lanes: Lanes,
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

/// The least and the most that the other side may be silent.
const TIMEOUTS: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_secs(365 * 86_400);
/// The least and the most that a turn may be told to have.
const TURNS: std::ops::RangeInclusive<u64> = 4096..=64 << 20;

fn run(args: Args, log: &mut Log) -> Result<Status, Failure> {
    if args.serve && args.echo {
        return Err(Failure::usage("--echo", "what --serve writes to stdout is for the other side"));
    }
    if !TIMEOUTS.contains(&args.timeout) {
        return Err(Failure::usage("--timeout", "1s to 365d"));
    }
    if !TURNS.contains(&args.turn) {
        return Err(Failure::usage("--turn", "4K to 64M"));
    }
    args.jobs.run(|| sync(&args, log))?
}

fn sync(args: &Args, log: &mut Log) -> Result<Status, Failure> {
    let store = Store::open(&args.store, false)?;
    let scope = project::scope_of_store(&store, &args.scope)?;
    let key = args.key.as_deref().map(|path| read_key(path, log)).transpose()?;
    key.as_ref().map_or(Ok(()), |key| stored::speaks_with(key, &scope))?;
    // Opened first: an output that cannot be written is said before anything is taken.
    let mut results = if args.serve { None } else { Some(Output::stdout()?) };
    let echo = if args.echo { results.take() } else { None };
    let (role, (mut pipe, child)) =
        if args.serve { (Role::Server, serve(args)?) } else { (Role::Client, call(args)?) };
    let speaker = Speaker { scope: &scope, now: &args.now, key: key.as_ref() };
    let mut held = Held::new(&store, speaker, echo, log)?;
    let mut session = Session::new(terms(args, role)?);
    let outcome = talk::run(&mut session, role, &mut held, &mut pipe);
    let heard = pipe.heard.finalize().into();
    drop(pipe);
    let results = held.settle()?.or(results);
    let broken = match outcome {
        Ok(()) => None,
        Err(Fault::Store(failure)) => return Err(failure),
        Err(fault) => Some(fault),
    };
    let mut summary = session.summary(&mut held)?;
    if let Some(fault) = &broken {
        summary.agrees = false;
        broke_off(fault, held.log)?;
    } else {
        report::tell(&summary, role == Role::Client, held.log)?;
    }
    let mut results = results;
    if let Some(out) = &mut results {
        let is_known = broken.is_none() || summary.with.is_some();
        if is_known {
            report::write(&summary, args.now.time().0.div_euclid(NANOS), out)?;
        }
    }
    child.map_or(Ok(()), |child| wait(child, args.timeout))?;
    let witness =
        Witness { input: Some(heard), scope: scope.digest(), now: args.now.given(), ..Witness::default() };
    held.log.finish(results, &witness)
}

/// Says why a session broke off, and makes the status that of it.
fn broke_off(fault: &Fault<Failure>, log: &mut Log) -> Result<(), Failure> {
    let Some(code) = fault.code() else { return Err(Failure::Corrupt(fault.to_string())) };
    let status = if code == "wire.turn" { Status::System } else { Status::Refused };
    report::say(log, status, code, fault.to_string())
}

/// What this side brings along.
fn terms(args: &Args, role: Role) -> Result<Terms, Failure> {
    let mut nonce = [0; NONCE];
    getrandom::fill(&mut nonce).map_err(|error| Failure::System(format!("randomness: {error}")))?;
    let chosen = |mut texts: Vec<String>| {
        texts.sort();
        texts.dedup();
        Some(texts).filter(|texts| !texts.is_empty())
    };
    let mut tiles = args.select.tile.clone();
    tiles.sort_by_key(ToString::to_string);
    tiles.dedup();
    let mode = match (args.pull, args.push) {
        (true, _) => Mode::Pull,
        (_, true) => Mode::Push,
        _ => Mode::Both,
    };
    let hello = Hello {
        state: DERIVATION,
        lanes: Lane::all().filter(|lane| args.lanes.shared_unless_told(*lane)).collect(),
        mode,
        spaces: chosen(args.select.space.clone()),
        tiles: Some(tiles).filter(|tiles| !tiles.is_empty()),
        turn: args.turn,
        nonce,
    };
    let insists_on = args.peer.as_ref().map(Did::to_string);
    Ok(Terms { role, hello, insists_on, wants_objects: !args.no_blobs })
}

/// The pipe of `--serve`: stdin and stdout.
fn serve(args: &Args) -> Result<(Pipe, Option<Child>), Failure> {
    let fail = |error| Failure::io("pipe", error);
    let own = |fd| rustix::io::fcntl_dupfd_cloexec(fd, 0).map(File::from).map_err(|errno| fail(errno.into()));
    let (input, output) = (own(rustix::stdio::stdin())?, own(rustix::stdio::stdout())?);
    Ok((Pipe::new(input, output, args.timeout).map_err(fail)?, None))
}

/// The pipe of `--with`: a command's.
fn call(args: &Args) -> Result<(Pipe, Option<Child>), Failure> {
    let fail = |error| Failure::io("--with", error);
    let command = args.with.as_deref().unwrap_or_default();
    let spawned =
        Command::new("sh").arg("-c").arg(command).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = spawned.map_err(fail)?;
    let missing = || fail(std::io::Error::other("no pipe"));
    let output = OwnedFd::from(child.stdin.take().ok_or_else(missing)?);
    let input = OwnedFd::from(child.stdout.take().ok_or_else(missing)?);
    let pipe = Pipe::new(input.into(), output.into(), args.timeout).map_err(fail)?;
    Ok((pipe, Some(child)))
}

/// Waits for a command to end, whose pipe is closed.
fn wait(mut child: Child, timeout: Duration) -> Result<(), Failure> {
    let began = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(_)) => return Ok(()),
            Ok(None) if began.elapsed() > timeout => {
                // What does not end by itself has nothing to do any more.
                let _ = child.kill();
                let _ = child.wait();
                return Ok(());
            }
            Ok(None) => std::thread::sleep(Duration::from_millis(5)),
            Err(error) => return Err(Failure::io("--with", error)),
        }
    }
}
