//! Loro, yrs and Automerge applying the writes of a trace, one of them at a time, to one document.
//!
//! `crdt-peers loro|yrs|automerge TRACE [BATCH]` prints one line of JSON: seconds on the wall and of the processor for
//! applying all writes and writing the document out, what the document holds then, and the bytes written.
//!
//! All is arranged in the library's favour. Reading the trace, finding nodes by their names and leaving out what was
//! written to deleted nodes are done before the clock starts. Writes come in the order of the file, so that the
//! library never has to order them. Transactions take as many events as suits the libraries best, yrs keeps what was
//! overwritten (collecting it costs it ten times the rest), Automerge does not compress, Loro writes its updates
//! rather than a snapshot. Freeing the document is not timed.

mod documents;
mod writes;

use std::io::Write as _;
use std::time::{Duration, Instant};

use anyhow::bail;
use documents::{Counts, Document, InAutomerge, InLoro, InYrs};
use rustix::time::{ClockId, clock_gettime};
use writes::Event;

const USAGE: &str = "usage: crdt-peers loro|yrs|automerge TRACE [BATCH]";

/// How many events a transaction takes: Loro and yrs take longer with a million in one, and a little longer with one
/// in each.
const BATCH: usize = 1000;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (peer, trace, batch) = match &arguments[..] {
        [peer, trace] => (peer, trace, BATCH),
        [peer, trace, batch] => (peer, trace, batch.parse::<usize>()?.max(1)),
        _ => bail!(USAGE),
    };
    let events = writes::read(trace)?;
    match peer.as_str() {
        "loro" => run(InLoro::new()?, &events, batch),
        "yrs" => run(InYrs::new(), &events, batch),
        "automerge" => run(InAutomerge::new()?, &events, batch),
        _ => bail!(USAGE),
    }
}

fn run(mut document: impl Document, events: &[Event], batch: usize) -> anyhow::Result<()> {
    let (wall, cpu) = (Instant::now(), processor());
    for some in events.chunks(batch) {
        document.apply(some)?;
    }
    let applied = processor() - cpu;
    let bytes = document.export()?.len();
    let (wall, cpu) = (wall.elapsed(), processor() - cpu);
    let Counts { nodes, registers, links, sensors } = document.count()?;
    let report = serde_json::json!({
        "wall": wall.as_secs_f64(), "cpu": cpu.as_secs_f64(), "apply": applied.as_secs_f64(), "bytes": bytes,
        "nodes": nodes, "registers": registers, "links": links, "sensors": sensors,
    });
    writeln!(std::io::stdout(), "{report}")?;
    // Freeing millions of small things takes long, and nobody waits for it.
    std::process::exit(0)
}

/// What this process has used of the processors.
fn processor() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        time.tv_sec.try_into().expect("because time has gone forward since the start"),
        time.tv_nsec.try_into().expect("because it is less than a second"),
    )
}
