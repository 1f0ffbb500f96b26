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

use crate::Args;
use crate::cache::{Cache, Unnamed};
use crate::check::Judge;
use crate::journal::Journal;
use crate::pause::Pauses;
use crate::rules::Rules;
use crate::sources::{self, Sources};
use crate::turn::{self, Done, Shared};

pub fn run(args: &Args, mut out: Output, log: &mut Log) -> Result<Status, Failure> {
    let sources = Sources::read(&args.cache)?.ok_or_else(|| {
        let path = args.cache.join(sources::NAME);
        Failure::new(Kind::System, path.display(), "it says where to ask, and is not there")
    })?;
    let cache = Cache::open(&args.cache)?;
    let lock = cache.lock()?;
    let journal = Journal::read(&cache, log)?;
    let done = round(args, &sources, &cache, &journal)?;
    lock.release()?;
    for one in &done {
        log.tally_mut().read += one.lines.len() as u64;
        writeln!(out, "{}", one.view)?;
        one.said.iter().try_for_each(|said| log.record(said))?;
    }
    log.finish(Some(out), &Witness { now: args.now.given(), ..Witness::default() })
}

/// Takes every turn, and makes durable what comes of it.
fn round(args: &Args, sources: &Sources, cache: &Cache, journal: &Journal) -> Result<Vec<Done>, Failure> {
    let judge = Judge {
        settings: &sources.settings,
        now: args.now.time(),
        verifier: &Verifier::new(),
        dids: &cache.dids()?,
    };
    let rules = Rules::read(&args.cache)?;
    let text = rules.print();
    let shared = Shared {
        cache,
        index: journal.index()?,
        journal,
        settings: &sources.settings,
        rules_named: text.as_ref().map(|text| Sha256::of(text.as_bytes())),
        rules,
        is_offline: args.offline,
        pauses: Pauses::new(&args.now)?,
        judge,
    };
    let unnamed = text.map_or(Ok(None), |text| cache.write(text.as_bytes()))?;
    let turns: Vec<_> = sources.subjects.par_iter().map(|subject| turn::take(&shared, subject)).collect();
    let (done, failed): (Vec<_>, Vec<_>) = turns.into_iter().partition(Result::is_ok);
    let done: Vec<Done> = done.into_iter().flatten().collect();
    // Where one subject failed, nothing is kept of any.
    let written = match failed.into_iter().find_map(Result::err) {
        Some(failure) => Err(failure),
        None => cache.name(documents(&done, unnamed.as_ref())),
    };
    if let Err(failure) = written {
        cache.discard(documents(&done, unnamed.as_ref()));
        return Err(failure);
    }
    let mut lines = Vec::new();
    done.iter().flat_map(|one| &one.lines).for_each(|line| line.print(&mut lines));
    journal.append(cache, &lines)?;
    Ok(done)
}

/// All documents that have no name yet.
fn documents<'d>(done: &'d [Done], rules: Option<&'d Unnamed>) -> impl Iterator<Item = &'d Unnamed> + Clone {
    rules.into_iter().chain(done.iter().flat_map(|one| &one.documents))
}
