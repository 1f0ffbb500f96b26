//! What is read of a store: the state it derives to, and records of its events.

use rayon::prelude::*;
use ulp_cli::Failure;
use ulp_core::hash::Blake3;
use ulp_core::id::{Lane, Time};
use ulp_core::json::{self, Tape, Value};
use ulp_core::root::Roots;
use ulp_core::world::Filter;
use ulp_peer::sync::holdings::Allowed;
use ulp_peer::sync::records;
use ulp_store::read::{Place, Replay, Wanted};
use ulp_store::{Store, dedup};

/// The root of the state of what is spoken of, by tile on the threads of the current pool.
pub fn derive(store: &Store, allowed: &Allowed) -> Result<Blake3, Failure> {
    let lanes = std::array::from_fn(|at| allowed.lanes.contains(&Lane::from_index(at)));
    let filter =
        Filter { lanes, layers: Vec::new(), authorities: Vec::new(), boundaries: Vec::new(), at: None };
    let mut places = store.tiles()?;
    places.iter_mut().for_each(|place| place.lanes.retain(|l| allowed.takes(&place.space, place.tile, *l)));
    places.retain(|place| !place.lanes.is_empty());
    let root = |place: &Place| {
        store.replay(place, Wanted::new(&filter, true), false, |replay: Replay<'_, '_>| {
            let (mut hasher, mut any) = (blake3::Hasher::new(), false);
            replay.states(&filter, false, |part, lines| {
                hasher.update(lines);
                any |= part.events() > 0;
            });
            any.then(|| Blake3::from(hasher.finalize()))
        })
    };
    let tiles: Result<Vec<Option<Blake3>>, ulp_store::Error> = places.par_iter().map(root).collect();
    let mut roots = Roots::default();
    for (place, root) in places.iter().zip(tiles?) {
        root.iter().for_each(|root| roots.push(&place.space, place.tile, *root));
    }
    Ok(roots.root(true))
}

/// The records of a segment's lines, whose places count from `place` on.
pub fn rows_of(bytes: &[u8], place: u64) -> Vec<records::Row> {
    let lines: Vec<&[u8]> = dedup::lines(bytes).collect();
    let start = bytes.as_ptr().addr();
    let row = |tape: &mut Tape, line: &&[u8]| {
        let at = (line.as_ptr().addr() - start) as u64;
        records::row(time_of(tape, line), blake3::hash(line).as_bytes(), place | at)
    };
    lines.par_iter().map_init(Tape::new, row).collect()
}

/// The time of an event that is stored.
fn time_of(tape: &mut Tape, line: &[u8]) -> Time {
    let top = json::parse_line(tape, line).ok();
    let seconds = top.and_then(|top| top.get("timestamp")).and_then(Value::as_f64);
    seconds.and_then(Time::from_seconds).unwrap_or(Time(0))
}
