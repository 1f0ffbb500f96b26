//! Which event set each register of a node.

use super::Job;
use std::collections::BTreeMap;
use ulp_core::event::{Line, Reader};
use ulp_core::id::Key;
use ulp_core::state::Node;
use ulp_core::world::Derived;
use ulp_view::print;

/// Appends the registers of one node, joined over the lanes and tiles of each space, each with the event that set
/// it; who wrote it and when, where that event is at hand.
pub fn write<'a>(job: &Job<'_, 'a>, tiles: Vec<Derived<'a>>, name: &str, out: &mut Vec<u8>) {
    let mut spaces: BTreeMap<&str, Node<'a>> = BTreeMap::new();
    for derived in tiles {
        for (_, mut state) in derived.lanes {
            let Some(node) = state.nodes.remove(name) else { continue };
            let joined = spaces.entry(derived.space).or_default();
            joined.deleted = joined.deleted.max(node.deleted);
            node.registers.iter().for_each(|w| joined.registers.write(*w));
        }
    }
    for (space, node) in spaces {
        if node.deleted.is_none() {
            print::write_blame(name, &node, |key| author(job, space, key), out);
        }
    }
}

/// The actor and the timestamp of the event with a key.
fn author(job: &Job<'_, '_>, space: &str, key: Key<'_>) -> Option<(String, String)> {
    let tiles = (0..job.world.len()).filter(|i| job.world.place(*i).0 == space);
    let mut rows = tiles.flat_map(|i| job.world.rows(i));
    let (_, _, row) = rows.find(|(found, _, _)| found.id == key.event() && found.eff == key.eff)?;
    let arena = bumpalo::Bump::new();
    match Reader::new(&arena, job.world.defaults()).read_bytes(row.line) {
        Ok(Line::Event(event)) => Some((event.actor.to_owned(), ulp_core::event::time_number(event.time))),
        _ => None,
    }
}
