//! Between a draft's look at the store and its commit, others may have written. Where they did, what drafts declare to
//! preserve is looked at again under the lock, in the store as it is by then.

use crate::draft;
use ulp_core::event::{Defaults, Event, Missing, Refusal};
use ulp_core::scope::hold_to_invariants;
use ulp_store::lookup::StoreLookup;
use ulp_store::{Error, Store};

/// A draft that waits to be committed, and declares something to preserve.
pub struct Declared {
    pub ticket: u64,
    /// Its line as it came, where refused lines are kept.
    pub came: Vec<u8>,
}

/// The drafts that break by now what they declare, in the order of their tickets. `lines` are all that wait, in their
/// order; those that turned out to be `doubles` are in the store.
pub fn broken<'e>(
    store: &Store,
    lines: impl Iterator<Item = (u64, &'e [u8])> + Clone,
    declared: &[Declared],
    doubles: &[u64],
) -> Result<Vec<(u64, Refusal)>, Error> {
    let facts = StoreLookup::new(store, None);
    let mut broken = Vec::new();
    let is_declared = |ticket: &u64| declared.binary_search_by_key(ticket, |d| d.ticket).is_ok();
    let lines = lines.filter(|(ticket, _)| doubles.binary_search(ticket).is_err());
    for (ticket, line) in lines {
        with(line, |event| {
            let draft = Event { missing: Missing::EVENT_ID, ..*event };
            let refusal = if is_declared(&ticket) {
                hold_to_invariants(&draft, &facts, &mut Vec::new()).err()
            } else {
                None
            };
            match refusal {
                Some(refusal) => broken.push((ticket, refusal)),
                None => facts.add(event),
            }
        });
    }
    facts.check()?;
    Ok(broken)
}

fn with(line: &[u8], then: impl FnOnce(&Event<'_>)) {
    let (arena, defaults) = (bumpalo::Bump::new(), Defaults::default());
    if let Ok(event) = draft::read(line, &arena, &defaults, false) {
        then(&event);
    }
}
