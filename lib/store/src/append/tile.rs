//! The lanes of one tile, to which events are taken while other threads take those of other tiles.

use super::lane::Work;
use super::{Appender, LaneIndex};
use crate::dedup::{DedupIndex, Digest};
use crate::{Error, Store};
use ulp_core::id::Tile;

/// The lanes of a tile.
#[derive(Debug)]
pub struct TileWork<'w> {
    store: &'w Store,
    lanes: Vec<(usize, &'w mut Work)>,
    /// Lanes that had nothing to commit before, each with the ticket of its first event.
    begun: Vec<(u64, usize)>,
}

impl TileWork<'_> {
    /// Takes the line of an event under a ticket; answers `false` where its lane has it, or has taken it.
    pub fn take(
        &mut self,
        lane: LaneIndex,
        (ticket, digest): (u64, Digest),
        line: &[u8],
    ) -> Result<bool, Error> {
        let TileWork { store, lanes, begun } = self;
        let own = lanes.iter_mut().find(|(at, _)| *at == lane.0);
        let (at, work) = own.expect("because the lane is of this tile");
        let known = match &mut work.known {
            Some(known) => known,
            None => work.known.insert(DedupIndex::open(store, &work.id, &work.manifest)?),
        };
        if !known.take_in(store, &work.manifest, digest)? {
            work.depends_on = true;
            return Ok(false);
        }
        if work.is_idle() {
            begun.push((ticket, *at));
        }
        work.push(ticket, digest, line);
        Ok(true)
    }

    /// The lanes that have something to commit now, and had nothing before.
    pub fn into_begun(self) -> Vec<(u64, usize)> {
        self.begun
    }
}

impl Appender<'_> {
    /// A number for the tile of a lane.
    pub fn tile_of(&self, lane: LaneIndex) -> usize {
        self.lanes[lane.0].tile
    }

    /// The space and the tile of a number.
    pub fn tile(&self, tile: usize) -> (&str, Tile) {
        let (space, tile) = &self.tiles[tile];
        (space, *tile)
    }

    /// The lanes of some tiles, none of them twice.
    pub fn by_tile(&mut self, wanted: &[usize]) -> Vec<TileWork<'_>> {
        let mut places = vec![None; self.tiles.len()];
        wanted.iter().enumerate().for_each(|(at, tile)| places[*tile] = Some(at));
        let store = self.store;
        let none = || TileWork { store, lanes: Vec::new(), begun: Vec::new() };
        let mut tiles: Vec<TileWork<'_>> = wanted.iter().map(|_| none()).collect();
        for (number, work) in self.lanes.iter_mut().enumerate() {
            if let Some(at) = places[work.tile] {
                tiles[at].lanes.push((number, work));
            }
        }
        tiles
    }

    /// So many tickets, from the first on.
    pub fn tickets(&mut self, count: u64) -> u64 {
        let first = self.next;
        self.next += count;
        first
    }

    /// Has lanes committed that had nothing to commit before events were taken by tile.
    pub fn begin(&mut self, mut begun: Vec<(u64, usize)>) {
        begun.sort_unstable();
        self.waiting.extend(begun.into_iter().map(|(_, lane)| lane));
    }
}
