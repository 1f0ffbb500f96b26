//! The fold itself.

use super::consents::Consents;
use super::document::Document;
use super::held::{Known, Ledger};
use super::line::Line;
use super::newest::{self, Group};
use super::reasons::Facts;
use super::settings::Settings;
use super::view::{Conflict, View};
use super::words::Class;
use std::collections::{BTreeMap, BTreeSet};
use ulp_core::hash::Sha256;
use ulp_core::id::Time;
use ulp_core::json::write::Members;
use ulp_core::trust::Instant;

/// What a fold stands on.
#[derive(Clone, Copy)]
pub struct Cached<'c> {
    /// Lines in any order; those of other subjects count for nothing.
    pub lines: &'c [Line],
    /// The documents that they name, by the hashes of their bytes.
    pub documents: &'c BTreeMap<Sha256, Document>,
    pub settings: &'c Settings,
    pub now: Time,
}

/// A view, and what became of local changes that do not wait any more.
#[derive(Clone, Debug)]
pub struct Folded {
    pub view: View,
    /// Each one's id, and whether the view shows it.
    pub settled: BTreeMap<String, bool>,
}

/// What is held to be true of a subject.
pub fn fold(subject: &str, cached: Cached<'_>) -> Folded {
    let Cached { settings, .. } = cached;
    let of_subject: Vec<&Line> = cached.lines.iter().filter(|line| line.subject == subject).collect();
    let accepted: Vec<&Line> = of_subject.iter().copied().filter(|line| line.accepted).collect();
    let ledger = Ledger::gather(&accepted, cached.documents);
    let groups = ledger.held();
    let now = Instant::from(cached.now);
    let mut conflicts = BTreeSet::new();
    let core = core(&groups, &mut conflicts);
    let consents = Consents { groups: &groups, ledger: &ledger, reopen: settings.reopen, now: &now };
    let consents = consents.words(&mut conflicts);
    let preferences =
        newest::values(&groups, Class::Preferences, |document| &document.preferences, &mut conflicts);
    let pointers = newest::values(&groups, Class::Pointers, |document| &document.pointers, &mut conflicts);
    let claims = claims(&groups, &ledger, &mut conflicts);
    let facts = Facts {
        lines: &of_subject,
        ledger: &ledger,
        groups: &groups,
        core,
        consents: &consents,
        has_conflict: !conflicts.is_empty(),
        settings,
        now: &now,
    };
    let reasons = facts.reasons();
    let view = View {
        subject: subject.to_owned(),
        state: facts.state(&reasons),
        reasons,
        checked_at: Instant::print(cached.now).unwrap_or_default(),
        core: core.map(|core| (core.document.id.clone(), core.document.hash)),
        preferences,
        claims,
        pointers,
        pending: Vec::new(),
        conflicts: conflicts.into_iter().collect(),
        consents,
    };
    settle(view, &ledger, core)
}

/// The newest held document on which all agree. Two spellings of one are one.
fn core<'g>(groups: &[Group<'g>], conflicts: &mut BTreeSet<Conflict>) -> Option<&'g Known<'g>> {
    let hash = newest::value(
        groups,
        |document| Some(document.hash),
        |issued| conflicts.insert(Conflict::new(Class::Core, "", issued)),
    )?;
    let of_hash = groups.iter().flatten().copied().filter(|known| known.document.hash == hash);
    of_hash.max_by_key(|known| (known.standing, std::cmp::Reverse(known.received.clone())))
}

/// Claims: of those that are verified, on any road, the newest; else what is held, unverified.
fn claims(
    groups: &[Group<'_>],
    ledger: &Ledger<'_>,
    conflicts: &mut BTreeSet<Conflict>,
) -> BTreeMap<String, String> {
    let mut disputed = BTreeSet::new();
    let mut claims = newest::values(groups, Class::Claims, |document| &document.claims, &mut disputed);
    for claim in claims.values_mut() {
        *claim = print_claim(claim, "unverified");
    }
    let mut verified: BTreeMap<&str, BTreeMap<&Instant, BTreeSet<&str>>> = BTreeMap::new();
    for claim in ledger.known.iter().flat_map(|known| &known.document.attested) {
        let of_key = verified.entry(&claim.key).or_default();
        of_key.entry(&claim.from).or_default().insert(&claim.claim);
    }
    for (key, times) in verified {
        disputed.retain(|conflict| conflict.key != key);
        claims.remove(key);
        for (from, of_time) in times.into_iter().rev() {
            match of_time.first().filter(|_| of_time.len() == 1) {
                Some(claim) => {
                    claims.insert(key.to_owned(), print_claim(claim, "verified"));
                    break;
                }
                None => {
                    let from = from.time().and_then(Instant::print).unwrap_or_default();
                    disputed.insert(Conflict::new(Class::Claims, key, &from));
                }
            }
        }
    }
    conflicts.append(&mut disputed);
    claims
}

fn print_claim(claim: &str, status: &str) -> String {
    let mut out = Vec::new();
    let mut object = Members::open(&mut out);
    object.raw("claim", Some(claim), &mut out);
    object.word("status", status, &mut out);
    object.close(&mut out);
    String::from_utf8(out).unwrap_or_default()
}

/// Local changes wait until a held document is newer.
fn settle(mut view: View, ledger: &Ledger<'_>, core: Option<&Known<'_>>) -> Folded {
    let mut settled = BTreeMap::new();
    for change in ledger.changes.iter().filter(|change| change.is_local) {
        let id = change.event.id.clone();
        if core.is_some_and(|core| core.document.issued > *change.counts_from()) {
            settled.insert(id, view.shows(&change.event));
        } else {
            view.pending.push(id);
        }
    }
    view.pending.sort();
    Folded { view, settled }
}
