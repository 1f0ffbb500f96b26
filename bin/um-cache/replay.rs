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
use crate::rules::Rules;
use crate::sources::{self, Sources};

pub fn run(args: &Args, mut out: Output, log: &mut Log) -> Result<Status, Failure> {
    let settings = Sources::read_settings(&args.cache)?;
    let cache = Cache::open(&args.cache)?;
    let journal = Journal::read(&cache, log)?;
    let mut views = BTreeMap::new();
    for (subject, ranges) in journal.index()? {
        let rules = Rules::read(&args.cache)?;
        let known = Known::read(&cache, &subject, journal.at(&ranges)?, &rules, args.now.time())?;
        let starts = ranges.iter().map(|range| range.start);
        let mut replay = Replay { cache: &cache, settings: settings.clone(), rules, known };
        replay.all(starts, &mut views)?;
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

/// The views of a subject, each folded by the settings and rules that its round wrote down.
struct Replay<'r> {
    cache: &'r Cache,
    settings: Settings,
    rules: Rules,
    known: Known,
}

impl Replay<'_> {
    fn all(
        &mut self,
        starts: impl Iterator<Item = usize>,
        views: &mut BTreeMap<usize, Replayed>,
    ) -> Result<(), Failure> {
        for (number, start) in starts.enumerate() {
            match self.known.lines[number].step {
                Step::Decide => self.decide(number)?,
                Step::Merge => drop(views.insert(start, self.merge(number)?)),
                _ => {}
            }
        }
        Ok(())
    }

    fn decide(&mut self, number: usize) -> Result<(), Failure> {
        let line = &self.known.lines[number];
        let Some(settings) = settings_of(line) else { return Ok(()) };
        self.settings = settings;
        self.rules = match line.object {
            Some(hash) => rules_of(&self.cache.document(&hash)?)?,
            None => Rules::default(),
        };
        Ok(())
    }

    fn merge(&mut self, number: usize) -> Result<Replayed, Failure> {
        let now = self.known.lines[number].at.time();
        let now = now.ok_or_else(|| damaged("a time beyond what can be counted"))?;
        self.known.attest(&self.rules, now);
        let folded = self.known.fold_first(number, &self.settings, now);
        let lines = &self.known.lines;
        let is_same = lines[number].data.as_deref() == Some(&merge::data(&folded, &lines[..number]));
        let view = folded.view.print();
        Ok(Replayed { subject: self.known.subject.clone(), view, is_same })
    }
}

fn rules_of(bytes: &[u8]) -> Result<Rules, Failure> {
    let rules = std::str::from_utf8(bytes).ok().and_then(Rules::parse);
    rules.ok_or_else(|| damaged("a decision names rules that are none"))
}

fn damaged(reason: &str) -> Failure {
    Failure::new(Kind::Corrupt, crate::journal::NAME, reason)
}

fn settings_of(line: &Line) -> Option<Settings> {
    let mut tape = Tape::new();
    sources::settings_of(tape.parse(line.data.as_deref()?, json::EVENT_DEPTH).ok()?.get("settings")?)
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
