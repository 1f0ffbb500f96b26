//! What accepted lines say: which documents are known and held, which changes, what the source said beside them.

use super::document::Document;
use super::event::Event;
use super::line::Line;
use super::said::{Condition, Metadata, Status};
use super::words::{Role, Standing, Step};
use std::collections::{BTreeMap, BTreeSet};
use ulp_core::hash::Sha256;
use ulp_core::json::{self, Tape, Value};
use ulp_core::report::Refusal;
use ulp_core::trust::Instant;

/// A document that came.
#[derive(Clone, Debug)]
pub struct Known<'d> {
    pub document: &'d Document,
    /// The greatest that any of its lines gives it.
    pub standing: Standing,
    /// The least time at which it came.
    pub received: Instant,
    /// The times at which it came with a standing that lets it be held.
    pub fetched: BTreeSet<Instant>,
}

impl Known<'_> {
    /// When it counts as issued: a stated time counts as at most the receipt.
    pub fn counts_from(&self) -> &Instant {
        (&self.document.issued).min(&self.received)
    }

    pub fn may_be_held(&self) -> bool {
        self.standing >= Standing::Unsigned
    }
}

/// A change, under its id.
#[derive(Clone, Debug)]
pub struct Change {
    pub event: Event,
    /// The least time at which it came, by whatever road.
    pub received: Instant,
    /// The least time at which it came by a road.
    pub heard: Option<Instant>,
    pub is_local: bool,
}

impl Change {
    /// When it counts as made.
    pub fn counts_from(&self) -> &Instant {
        (&self.event.changed_at).min(&self.received)
    }
}

/// Something that a line's `data` says, and when it came.
pub type Said<T> = Vec<(Instant, T)>;

/// All that the lines of a subject say.
pub struct Ledger<'d> {
    pub known: Vec<Known<'d>>,
    pub changes: Vec<Change>,
    pub metadata: Said<Metadata>,
    pub statuses: Said<Status>,
}

impl<'d> Ledger<'d> {
    pub fn gather(lines: &[&Line], documents: &'d BTreeMap<Sha256, Document>) -> Ledger<'d> {
        Ledger {
            known: known(lines, documents),
            changes: changes(lines),
            metadata: said(lines, Step::Metadata, Metadata::read),
            statuses: said(lines, Step::Status, Status::read),
        }
    }

    /// The documents that are held, those of one `issuedAt` together, the newest first.
    pub fn held(&self) -> Vec<Vec<&Known<'d>>> {
        let candidates = || self.known.iter().filter(|known| known.may_be_held());
        let is_revoked = |id: &str| {
            self.statuses
                .iter()
                .any(|(_, status)| status.condition == Condition::Revoked && status.manifest == id)
        };
        let revoked = candidates().filter(|known| is_revoked(&known.document.id));
        let newest_revoked = revoked.map(|known| &known.document.issued).max();
        let mut groups: BTreeMap<&Instant, Vec<&Known<'d>>> = BTreeMap::new();
        for known in candidates().filter(|known| Some(&known.document.issued) > newest_revoked) {
            groups.entry(&known.document.issued).or_default().push(known);
        }
        groups.into_values().rev().collect()
    }

    /// The last word on a manifest, with when it came.
    pub fn status_of(&self, id: &str) -> Option<&(Instant, Status)> {
        let of_id = self.statuses.iter().filter(|(_, status)| status.manifest == id);
        // Of two that say to be of one time, the stricter counts.
        of_id.max_by_key(|(at, status)| {
            (&status.updated, std::cmp::Reverse(status.condition), at, status.next_check)
        })
    }
}

fn known<'d>(lines: &[&Line], documents: &'d BTreeMap<Sha256, Document>) -> Vec<Known<'d>> {
    let mut known: BTreeMap<Sha256, Known<'d>> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.step == Step::Fetch) {
        let (Some(object), Some(standing)) = (line.object, line.standing) else { continue };
        let Some(document) = documents.get(&object) else { continue };
        let fresh = || Known { document, standing, received: line.at.clone(), fetched: BTreeSet::new() };
        let one = known.entry(object).or_insert_with(fresh);
        one.standing = one.standing.max(standing);
        one.received = one.received.clone().min(line.at.clone());
        if standing >= Standing::Unsigned {
            one.fetched.insert(line.at.clone());
        }
    }
    known.into_values().collect()
}

/// The changes, of each id one: where two say different things, that of the smaller hash.
fn changes(lines: &[&Line]) -> Vec<Change> {
    let mut changes: BTreeMap<String, (Sha256, Change)> = BTreeMap::new();
    for line in lines.iter().filter(|line| matches!(line.step, Step::Change | Step::Local)) {
        let Some(event) = line.data.as_deref().and_then(|data| read(data, Event::read)) else { continue };
        let hash = event.hash();
        let is_local = line.step == Step::Local;
        let heard = (!is_local).then(|| line.at.clone());
        let id = event.id.clone();
        let change = Change { event, received: line.at.clone(), heard, is_local };
        match changes.get_mut(&id) {
            Some((other, _)) if *other < hash => {}
            Some((same, first)) if *same == hash => first.join(change),
            _ => drop(changes.insert(id, (hash, change))),
        }
    }
    changes.into_values().map(|(_, change)| change).collect()
}

impl Change {
    /// The same event, which came again.
    fn join(&mut self, again: Change) {
        self.received = self.received.clone().min(again.received);
        self.heard = match (self.heard.take(), again.heard) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        self.is_local |= again.is_local;
    }
}

/// What the source said; what other sources say beside a manifest counts for nothing.
fn said<T>(lines: &[&Line], step: Step, parse: fn(Value<'_, '_>) -> Result<T, Refusal>) -> Said<T> {
    let of_step = lines.iter().filter(|line| line.step == step && line.road == Some(Role::Authoritative));
    of_step.filter_map(|line| Some((line.at.clone(), read(line.data.as_deref()?, parse)?))).collect()
}

fn read<T>(data: &str, parse: fn(Value<'_, '_>) -> Result<T, Refusal>) -> Option<T> {
    let mut tape = Tape::new();
    parse(tape.parse(data, json::EVENT_DEPTH).ok()?).ok()
}
