//! `--replay`: every view of the journal comes out of the lines before it once more.

use std::collections::BTreeMap;
use std::io::Write as _;

use ulp_cli::{Failure, Log, Output, Status, Witness};
use ulp_core::json::{self, Tape};
use ulp_core::kind::Kind;
use ulp_core::report::{Diagnostic, Outcome};
use ulp_um::cache::words::Step;
use ulp_um::cache::{Line, Settings};

use crate::Args;
use crate::cache::Cache;
use crate::journal::Journal;
use crate::known::Known;
use crate::merge;
use crate::sources::{Sources, read_settings};

pub fn run(args: &Args, mut out: Output, log: &mut Log) -> Result<Status, Failure> {
    let settings = Sources::read(&args.cache)?.unwrap_or_default().settings;
    let cache = Cache::open(&args.cache)?;
    let journal = Journal::read(&cache, log)?;
    let mut views = BTreeMap::new();
    for (subject, ranges) in journal.index()? {
        let known = Known::read(&cache, &subject, journal.at(&ranges)?)?;
        let starts = ranges.iter().map(|range| range.start);
        replay(&known, &settings, starts, &mut views)?;
    }
    log.tally_mut().read += views.len() as u64;
    for (number, (_, replayed)) in views.iter().enumerate() {
        writeln!(out, "{}", replayed.view)?;
        if !replayed.is_same {
            log.fail(Status::Corrupt, &difference(number + 1, &replayed.subject))?;
        }
    }
    log.finish(Some(out), &Witness::default())
}

/// A view that was folded again.
struct Replayed {
    subject: String,
    view: String,
    /// Whether the journal says the same.
    is_same: bool,
}

/// Folds the views of a subject, each by the settings that its round wrote down.
fn replay(
    known: &Known,
    settings: &Settings,
    starts: impl Iterator<Item = usize>,
    views: &mut BTreeMap<usize, Replayed>,
) -> Result<(), Failure> {
    let mut settings = settings.clone();
    for (number, (line, start)) in known.lines.iter().zip(starts).enumerate() {
        match line.step {
            Step::Decide => settings = settings_of(line).unwrap_or(settings),
            Step::Merge => {
                let now = line.at.time().ok_or_else(|| {
                    Failure::new(Kind::Corrupt, crate::journal::NAME, "a time beyond what can be counted")
                })?;
                let folded = known.fold_first(number, &settings, now);
                let is_same = line.data.as_deref() == Some(&merge::data(&folded, &known.lines[..number]));
                let view = folded.view.print();
                views.insert(start, Replayed { subject: known.subject.clone(), view, is_same });
            }
            _ => {}
        }
    }
    Ok(())
}

fn settings_of(line: &Line) -> Option<Settings> {
    let mut tape = Tape::new();
    read_settings(tape.parse(line.data.as_deref()?, json::EVENT_DEPTH).ok()?.get("settings")?)
}

fn difference(number: usize, subject: &str) -> Diagnostic {
    Diagnostic {
        position: None,
        outcome: Outcome::Rejected,
        code: "journal.view".into(),
        shared: true,
        event_id: Some(subject.to_owned()),
        detail: format!("view {number} is not what the lines before it come to"),
    }
}
