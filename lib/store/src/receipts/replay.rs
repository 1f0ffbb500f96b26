//! What the events of some receipts come to: how many, their history root, and the state that they derive.

use super::events::{Found, each_line};
use crate::{Error, LaneId, Store, dedup};
use bumpalo::Bump;
use std::collections::BTreeMap;
use ulp_core::hash::Blake3;
use ulp_core::id::{Lane, Tile};
use ulp_core::root::{self, Roots};
use ulp_core::scope::Scope;
use ulp_core::statement::{Range, Receipt};
use ulp_core::world::{Arenas, Filter, Gatherer, World};

/// What receipts come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attested {
    pub events: u64,
    pub head: Blake3,
    /// Where it was asked for.
    pub state_root: Option<Blake3>,
}

/// The ranges of a tile's lanes.
type Tiles<'r> = BTreeMap<(&'r str, Tile), BTreeMap<Lane, Vec<&'r Range>>>;

/// What the events of some receipts of a store's own chain come to, tile by tile; their state only where it is asked
/// for. Nothing is written. Nothing is answered where some of these events are not here.
///
/// # Errors
/// What the store says.
pub fn attested(store: &Store, receipts: &[&Receipt], replay: bool) -> Result<Option<Attested>, Error> {
    let mut tiles: Tiles<'_> = BTreeMap::new();
    for range in receipts.iter().flat_map(|receipt| &receipt.ranges) {
        let lanes = tiles.entry((range.space.as_str(), range.tile)).or_default();
        lanes.entry(range.lane).or_default().push(range);
    }
    let (mut heads, mut states, mut events) = (Roots::default(), Roots::default(), 0);
    for ((space, tile), lanes) in tiles {
        let mut held = TileEvents::default();
        for (lane, ranges) in lanes {
            let id = LaneId { space: space.to_owned(), tile, lane };
            if !held.take(store, &id, &ranges, replay)? {
                return Ok(None);
            }
        }
        events += held.events;
        heads.push(space, tile, held.head.finalize().into());
        if let Some(root) = held.state_root(replay) {
            states.push(space, tile, root);
        }
    }
    let state_root = replay.then(|| states.root(true));
    Ok(Some(Attested { events, head: heads.root(true), state_root }))
}

/// The events of a tile, as receipts have them.
#[derive(Default)]
struct TileEvents {
    events: u64,
    head: blake3::Hasher,
    /// The lines of each lane.
    lines: Vec<Vec<u8>>,
}

impl TileEvents {
    /// Takes in those of a lane; answers whether they are here.
    fn take(&mut self, store: &Store, id: &LaneId, ranges: &[&Range], keeps: bool) -> Result<bool, Error> {
        let Some((manifest, _)) = store.manifest(id)? else { return Ok(false) };
        let (mut hashes, mut lines) = (Vec::new(), Vec::new());
        for range in ranges {
            let found = each_line(store, &manifest, range.from..range.end(), |line| {
                hashes.push(Blake3::of(line.strip_suffix(b"\n").unwrap_or(line)));
                if keeps {
                    lines.extend_from_slice(line);
                }
                Ok(())
            })?;
            if found != Found::All {
                return Ok(false);
            }
        }
        hashes.sort_unstable();
        hashes.dedup();
        self.events += hashes.len() as u64;
        for hash in hashes {
            self.head.update(hash.hex().as_bytes());
            self.head.update(b"\n");
        }
        self.lines.push(lines);
        Ok(true)
    }

    /// The root of the state that they derive, where it is asked for.
    fn state_root(&self, replay: bool) -> Option<Blake3> {
        if !replay {
            return None;
        }
        let (scope, filter) = (Scope::default(), Filter::default());
        let mut arenas = Arenas::new(self.lines.len());
        let select = |_: &str, _: Tile| None;
        let gatherer = Gatherer::new(&mut arenas, &scope, &filter, &select);
        let mut batches = Vec::new();
        for (source, lines) in (0..).zip(&self.lines) {
            let numbered = (1..).zip(dedup::lines(lines)).map(|(n, line)| (n, Ok((line, line))));
            batches.push(gatherer.batch(source, numbered).ok()?);
        }
        let mut world = World::new(batches, scope.defaults());
        world.order(false);
        if world.is_empty() {
            return None;
        }
        let arena = Bump::new();
        root::write_tile(&world.derive(0, &filter, &arena, false), &mut Vec::new())
    }
}
