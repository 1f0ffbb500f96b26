//! `--change`: events that were written here wait in the journal until the subject's source has them.

use std::collections::BTreeMap;
use std::io::Write as _;

use ulp_cli::{Failure, Log, Output, Status, Witness};
use ulp_core::json::{self, Tape};
use ulp_core::report::Refusal;
use ulp_um::cache::words::{Role, Step};
use ulp_um::cache::{Event, Line};

use crate::Args;
use crate::cache::Cache;
use crate::events;
use crate::journal::Journal;
use crate::said::{line, note};

/// What a line of such an event has for its source.
const HERE: &str = "local";

pub fn run(args: &Args, mut out: Output, log: &mut Log) -> Result<Status, Failure> {
    let cache = Cache::open(&args.cache)?;
    let mut events = Vec::new();
    let mut reader = log.lines(&args.files, json::EVENT_BYTES)?;
    while let Some(chunk) = reader.next_chunk()? {
        let mut report = log.report();
        let take = |text: &[u8], _, _: &mut _| Ok(read(text).map(|event| events.push(event)));
        let lines = chunk.each_line(&mut report, log.is_strict(), take)?;
        log.feed(report, chunk.source, lines)?;
    }
    let lock = cache.lock()?;
    let journal = Journal::read(&cache, log)?;
    let queued = queue(args, &journal, &events, log)?;
    if !queued.is_empty() {
        let mut lines = Vec::new();
        queued.iter().for_each(|line| line.print(&mut lines));
        journal.append(&cache, &lines)?;
    }
    lock.release()?;
    // What was queued before is durable as well.
    for event in &events {
        writeln!(out, "{}", event.text)?;
    }
    let witness = Witness { input: Some(reader.digest()), now: args.now.given(), ..Witness::default() };
    log.finish(Some(out), &witness)
}

fn read(text: &[u8]) -> Result<Event, Refusal> {
    let mut tape = Tape::new();
    Event::read(json::parse_line(&mut tape, text)?)
}

/// The lines of those events that do not wait already.
fn queue(args: &Args, journal: &Journal, events: &[Event], log: &mut Log) -> Result<Vec<Line>, Failure> {
    let mut waiting: BTreeMap<&str, events::Known> = BTreeMap::new();
    for event in events {
        if !waiting.contains_key(event.subject.as_str()) {
            waiting.insert(&event.subject, events::of(&journal.of(&event.subject)?, Step::Local));
        }
    }
    let mut queued = Vec::new();
    for event in events {
        let of_subject = waiting.entry(&event.subject).or_default();
        let hashes = of_subject.entry(event.id.clone()).or_default();
        let is_first = hashes.is_empty();
        if !hashes.insert(event.hash()) {
            continue;
        }
        let line = line(Step::Local, &event.subject, args.now.time());
        let mut line = Line {
            source: Some(HERE.to_owned()),
            road: Some(Role::Cache),
            data: Some(event.text.clone()),
            ..line
        };
        if !is_first {
            log.record(&note(&line, events::EQUIVOCATION, "two events of one id"))?;
            line.code = Some(events::EQUIVOCATION.to_owned());
        }
        queued.push(line);
    }
    Ok(queued)
}
