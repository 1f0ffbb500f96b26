//! A round: every subject's turn, written together.
//!
//! Subjects know nothing of each other, so their turns are taken side by side. Then all documents are made durable, then
//! all lines, then the views are shown.

use std::io::Write as _;

use rayon::prelude::*;
use ulp_cli::{Failure, Log, Output, Status, Witness};
use ulp_core::hash::Sha256;
use ulp_core::kind::Kind;
use ulp_core::trust::Verifier;
use ulp_um::cache::Settings;

use crate::Args;
use crate::cache::{Cache, Unnamed};
use crate::check::Judge;
use crate::journal::{Index, Journal};
use crate::pause::Pauses;
use crate::rules::Rules;
use crate::sources::{self, Sources};
use crate::turn::{self, Done};

pub fn run(args: &Args, mut out: Output, log: &mut Log) -> Result<Status, Failure> {
    let sources = Sources::read(&args.cache)?.ok_or_else(|| {
        let path = args.cache.join(sources::NAME);
        Failure::new(Kind::System, path.display(), "it says where to ask, and is not there")
    })?;
    let cache = Cache::open(&args.cache)?;
    let lock = cache.lock()?;
    let journal = Journal::read(&cache, log)?;
    let judge = Judge {
        settings: &sources.settings,
        now: args.now.time(),
        verifier: &Verifier::new(),
        dids: &cache.dids()?,
    };
    let rules = Rules::read(&args.cache)?;
    let text = rules.print();
    let round = Round {
        cache: &cache,
        rules_named: text.as_ref().map(|text| Sha256::of(text.as_bytes())),
        rules,
        index: journal.index()?,
        journal: &journal,
        settings: &sources.settings,
        is_offline: args.offline,
        pauses: Pauses::new(&args.now)?,
        judge,
    };
    let unnamed = text.map_or(Ok(None), |text| cache.write(text.as_bytes()))?;
    let turns = sources.subjects.par_iter().map(|subject| turn::take(&round, subject)).collect();
    let done = round.all_or_none(turns, unnamed.as_ref())?;
    round.write(&done, unnamed.as_ref())?;
    lock.release()?;
    for one in &done {
        log.tally_mut().read += one.lines.len() as u64;
        writeln!(out, "{}", one.view)?;
        one.said.iter().try_for_each(|said| log.record(said))?;
    }
    log.finish(Some(out), &Witness { now: args.now.given(), ..Witness::default() })
}

/// What all turns share.
pub struct Round<'r> {
    pub cache: &'r Cache,
    pub journal: &'r Journal,
    pub index: Index,
    pub settings: &'r Settings,
    pub rules: Rules,
    /// The document that they are.
    pub rules_named: Option<Sha256>,
    /// No road is taken.
    pub is_offline: bool,
    pub pauses: Pauses,
    pub judge: Judge<'r>,
}

impl Round<'_> {
    /// Where one subject failed, nothing is kept of any.
    fn all_or_none(
        &self,
        turns: Vec<Result<Done, Failure>>,
        rules: Option<&Unnamed>,
    ) -> Result<Vec<Done>, Failure> {
        let (done, failed): (Vec<_>, Vec<_>) = turns.into_iter().partition(Result::is_ok);
        let done: Vec<Done> = done.into_iter().flatten().collect();
        match failed.into_iter().find_map(Result::err) {
            None => Ok(done),
            Some(failure) => {
                self.cache.discard(documents(&done, rules));
                Err(failure)
            }
        }
    }

    /// All documents, then all lines.
    fn write(&self, done: &[Done], rules: Option<&Unnamed>) -> Result<(), Failure> {
        let named = self.cache.name(documents(done, rules));
        if named.is_err() {
            self.cache.discard(documents(done, rules));
        }
        named?;
        let mut lines = Vec::new();
        done.iter().flat_map(|one| &one.lines).for_each(|line| line.print(&mut lines));
        self.journal.append(self.cache, &lines)
    }
}

/// All documents that have no name yet.
fn documents<'d>(done: &'d [Done], rules: Option<&'d Unnamed>) -> impl Iterator<Item = &'d Unnamed> + Clone {
    rules.into_iter().chain(done.iter().flat_map(|one| &one.documents))
}
