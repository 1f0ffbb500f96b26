//! complete, check, sign and store events, and pass on what was accepted

mod draft;
mod macros;
mod outcome;
mod read;
mod rejects;
mod sign;
mod timestamps;
mod writer;

use clap::Parser;
use macros::Macros;
use rayon::ThreadPool;
use read::Reading;
use rejects::Rejects;
use sign::Signer;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::sync_channel;
use timestamps::Unit;
use ulp_cli::{Failure, Files, Jobs, LineReader, Log, Now, Output, ScopeArgs, Status, project, stored};
use ulp_core::hash::Blake3;
use ulp_core::json::EVENT_BYTES;
use ulp_store::Store;
use writer::Writer;

/// complete, check, sign and store events, and pass on what was accepted
#[derive(Parser)]
#[command(name = "ulp-append", version)]
struct Args {
    #[command(flatten)]
    files: Files,
    /// Store what is accepted in DIR, and pass it on only once it is durable
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
    /// Sign drafts, and what the key's own actor wrote, with the key in FILE (PKCS#8 PEM)
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Let drafts use the macros that FILE names (YAML)
    #[arg(long, value_name = "FILE")]
    macros: Option<PathBuf>,
    /// What the timestamps that are read count
    #[arg(long, value_name = "UNIT", value_enum, default_value_t = Unit::S)]
    timestamps: Unit,
    #[command(flatten)]
    now: Now,
    #[command(flatten)]
    scope: ScopeArgs,
    /// Append the refused lines to FILE (mode 0600), as they came
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    #[command(flatten)]
    jobs: Jobs,
}

/// Messages that may wait between the two halves of the work: few, but where the second half waits for a disk.
const QUEUE: usize = 4;
const QUEUE_TO_DISK: usize = 64;

fn main() -> ExitCode {
    ulp_cli::run(include_str!("man.roff"), run)
}

fn run(args: Args, log: &mut Log) -> Result<Status, Failure> {
    let store = args.store.as_deref().map(|path| Store::open(path, false)).transpose()?;
    let mut scope = match &store {
        Some(store) => project::scope_of_store(store, &args.scope)?,
        None => project::scope(&args.scope)?,
    };
    let signer = args.key.as_deref().map(|path| Signer::read(path, &mut scope, log)).transpose()?;
    let macros = args.macros.as_deref().map(Macros::read).transpose()?;
    let rejects = args.rejects.as_deref().map(Rejects::open).transpose()?;
    let reading = Arc::new(Reading {
        scope,
        signer,
        macros,
        now: args.now.given().is_some().then(|| args.now.time()),
        touched: store.as_ref().and_then(Store::touched),
        timestamps: args.timestamps,
        store: store.is_some(),
        rejects: rejects.is_some(),
        asked: AtomicBool::new(false),
    });
    let out = Output::stdout()?;
    let reader = log.lines(&args.files, EVENT_BYTES)?;
    let pool = Arc::new(args.jobs.pool()?);
    let mut writer = Writer::new(store.as_ref(), &pool, &reading, rejects, out, log);
    writer.recorded_by(stored::recorder(&reading.scope, "ulp-append", &args.now));
    let input = work(reader, &reading, &pool, &mut writer)?;
    writer.finish(input, args.now.given())
}

/// Lets the two halves run beside each other; with one job, one after the other.
fn work(
    mut reader: LineReader,
    reading: &Arc<Reading>,
    pool: &Arc<ThreadPool>,
    writer: &mut Writer<'_>,
) -> Result<Blake3, Failure> {
    let broken_off = || Err(Failure::System("the input broke off".into()));
    if pool.current_num_threads() == 1 {
        let mut ended = None;
        read::run(&mut reader, reading, pool, |message| {
            ended = writer.take(message, || false).transpose();
            ended.is_none()
        });
        return ended.unwrap_or_else(broken_off);
    }
    let (say, said) = sync_channel(if reading.store { QUEUE_TO_DISK } else { QUEUE });
    let (reading, of_reader) = (Arc::clone(reading), Arc::clone(pool));
    // Nobody waits for this thread: where the second half fails, the first may be waiting for input.
    let read = move || read::run(&mut reader, &reading, &of_reader, |message| say.send(message).is_ok());
    let reader = std::thread::Builder::new().spawn(read);
    reader.map_err(|error| Failure::System(format!("threads: {error}")))?;
    let mut next = said.recv().ok();
    while let Some(this) = next.take() {
        let mut after = None;
        let more = || {
            after = said.try_recv().ok();
            after.is_some()
        };
        if let Some(ended) = writer.take(this, more)? {
            return Ok(ended);
        }
        next = after.or_else(|| said.recv().ok());
    }
    broken_off()
}
