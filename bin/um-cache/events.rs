//! The events of a journal, by their ids.

use std::collections::{BTreeMap, BTreeSet};

use ulp_core::hash::Sha256;
use ulp_core::json::{self, Tape};
use ulp_um::cache::words::Step;
use ulp_um::cache::{Event, Line};

/// The code of an id under which two things are said.
pub const EQUIVOCATION: &str = "sync.equivocation";

/// What is said under each id, by hashes.
pub type Known = BTreeMap<String, BTreeSet<Sha256>>;

/// The events that lines of a step bring.
pub fn of<'l>(lines: impl IntoIterator<Item = &'l Line>, step: Step) -> Known {
    let mut known = Known::new();
    let mut tape = Tape::new();
    for line in lines.into_iter().filter(|line| line.step == step && line.accepted) {
        let Some(data) = line.data.as_deref() else { continue };
        let event = tape.parse(data, json::EVENT_DEPTH).ok().and_then(|value| Event::read(value).ok());
        if let Some(event) = event {
            known.entry(event.id.clone()).or_default().insert(event.hash());
        }
    }
    known
}
