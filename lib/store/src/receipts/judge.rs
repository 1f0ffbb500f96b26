//! Whether a store holds what a receipt says, and whether it came in by the rules that the receipt names.

use super::events::{Found, each_line};
use crate::{Error, LaneId, Store};
use bumpalo::Bump;
use std::collections::BTreeSet;
use ulp_core::event::{Defaults, Event, Line, Reader};
use ulp_core::hash::Blake3;
use ulp_core::report::Refusal;
use ulp_core::scope::{Admission, Grant, Scope, read_event};
use ulp_core::statement::{Range, Receipt};
use ulp_core::trust::Signature;

/// The tool that speaks of what was there before: nobody says that this came in by any rules.
pub(super) const AFTERWARDS: &str = "ulp-attest ";

/// Holds the receipts of a store's own chain to what it holds.
pub struct Judge<'s> {
    store: &'s Store,
    /// The rules of each digest that is known.
    rules: Vec<(Blake3, &'s Scope)>,
}

/// What was found of a receipt's ranges, line by line.
type Fault = Option<Refusal>;

impl<'s> Judge<'s> {
    /// For a store, with the rules that receipts may name.
    pub fn new(store: &'s Store, rules: impl IntoIterator<Item = &'s Scope>) -> Judge<'s> {
        let rules = rules.into_iter().filter_map(|scope| Some((scope.digest()?, scope))).collect();
        Judge { store, rules }
    }

    /// What is wrong with a receipt: `receipt.range`, then `receipt.scope`, then `receipt.grant`.
    ///
    /// # Errors
    /// What the store says.
    pub fn judge(&self, receipt: &Receipt) -> Result<Fault, Error> {
        for range in &receipt.ranges {
            if let Some(refusal) = self.range(range)? {
                return Ok(Some(refusal));
            }
        }
        let rules = self.rules.iter().find(|(digest, _)| *digest == receipt.scope);
        match rules {
            Some((_, scope)) if !receipt.tool.starts_with(AFTERWARDS) => self.by_rules(receipt, scope),
            _ => Ok(None),
        }
    }

    /// Whether the events of a range are here, and are those.
    fn range(&self, range: &Range) -> Result<Fault, Error> {
        let mut hasher = blake3::Hasher::new();
        let found = self.lines(range, |line| {
            hasher.update(line);
            Ok(())
        })?;
        let reason = match found {
            Some(Found::All) if Blake3::from(hasher.finalize()) == range.lines => return Ok(None),
            Some(Found::All) => "they are other events",
            Some(Found::Lost) => "a segment of them is not here",
            Some(Found::Fewer) | None => "the lane has fewer events",
        };
        let Range { from, events, .. } = range;
        let detail = format!("{}: {events} events from {from} on: {reason}", range.path());
        Ok(Some(refusal("receipt.range", detail)))
    }

    fn lines(
        &self,
        range: &Range,
        each: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<Option<Found>, Error> {
        let id = LaneId { space: range.space.clone(), tile: range.tile, lane: range.lane };
        let Some((manifest, _)) = self.store.manifest(&id)? else { return Ok(None) };
        each_line(self.store, &manifest, range.from..range.end(), each).map(Some)
    }

    /// Whether each event passes, by a grant that the receipt names where there are any.
    fn by_rules(&self, receipt: &Receipt, scope: &Scope) -> Result<Fault, Error> {
        let grants = scope.authority().grants;
        let declared: BTreeSet<Blake3> = grants.iter().flatten().map(|grant| grant.hash).collect();
        let used = Used { grants: grants.as_deref(), named: &receipt.grants };
        let mut admission = Admission::new(scope, None);
        let (mut broken, mut ungranted) = (None, None);
        for range in &receipt.ranges {
            self.lines(range, |line| {
                let line = line.strip_suffix(b"\n").unwrap_or(line);
                match passes(line, &mut admission, scope.defaults()) {
                    Err(refusal) if refusal.code == "scope.grant" => {
                        ungranted.get_or_insert(refusal.detail);
                    }
                    Err(refusal) => {
                        broken.get_or_insert(format!("{}: {}", refusal.code, refusal.detail));
                    }
                    Ok(()) if !used.lets_in(line) => {
                        ungranted.get_or_insert("an event that no grant of its receipt covers".to_owned());
                    }
                    Ok(()) => {}
                }
                Ok(())
            })?;
        }
        let unknown = receipt.grants.iter().find(|hash| !declared.contains(*hash));
        Ok(match (broken, unknown, ungranted) {
            (Some(detail), ..) => Some(refusal("receipt.scope", detail)),
            (_, Some(hash), _) => {
                Some(refusal("receipt.grant", format!("{hash}: no grant of the dotfiles that it names")))
            }
            (.., Some(detail)) => Some(refusal("receipt.grant", detail)),
            _ => None,
        })
    }
}

/// The grants that stand, and those that a receipt names.
struct Used<'u> {
    grants: Option<&'u [Grant]>,
    named: &'u [Blake3],
}

impl Used<'_> {
    /// Whether each operation of an event is covered by a grant that is named.
    fn lets_in(&self, line: &[u8]) -> bool {
        let Some(grants) = self.grants else { return true };
        let named: Vec<Grant> =
            grants.iter().filter(|grant| self.named.contains(&grant.hash)).cloned().collect();
        grants_of(line, &named).iter().all(Option::is_some)
    }
}

/// Of each operation of an event the first grant that covers it.
pub(super) fn grants_of(line: &[u8], grants: &[Grant]) -> Vec<Option<Blake3>> {
    let (arena, defaults) = (Bump::new(), Defaults::default());
    let mut reader = Reader::new(&arena, &defaults);
    let Ok(Line::Event(event)) = reader.read_bytes(line) else { return vec![None] };
    let Some(signer) = signer(&event) else { return vec![None] };
    let covering = |operation| {
        let facts = ulp_core::trust::authority::Facts { operation, ..event.facts() };
        grants.iter().find(|grant| grant.covers(&facts, &signer)).map(|grant| grant.hash)
    };
    event.operations().map(covering).collect()
}

/// Who signed an event, as it says; whether that holds was seen when it came in.
fn signer(event: &Event<'_>) -> Option<ulp_core::trust::Did> {
    let mut tape = ulp_core::json::Tape::new();
    let top = tape.parse(event.line, ulp_core::json::EVENT_DEPTH).ok()?;
    Signature::of_event(top.get(ulp_core::trust::SIGNATURE)?).ok().map(|signature| signature.signer)
}

/// Whether an event passes the gate as a whole event does, whenever that was.
fn passes(line: &[u8], admission: &mut Admission<'_>, defaults: &Defaults) -> Result<(), Refusal> {
    let arena = Bump::new();
    let mut reader = Reader::new(&arena, defaults);
    let event = read_event(&mut reader, arena.alloc_slice_copy(line)).map_err(Refusal::from)?;
    admission.admit(&event, event.missing, None, &mut Vec::new()).map(drop)
}

fn refusal(code: &'static str, detail: String) -> Refusal {
    Refusal { shared: true, ..Refusal::new(code, detail) }
}
