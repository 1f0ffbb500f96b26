//! Events taken in by tile, on all cores: each is looked at by what its own tile knew before it, then told of. What
//! other tiles have to say is asked once all are done, as of the event's place.

use super::asks::{Ask, Asked};
use super::lane::{self, Key, LaneFacts, NodeBits, Tag};
use super::{OfTile, Row, State, StoreLookup};
use crate::sorted_table::Damaged;
use ulp_core::id::{Lane, Tile};

/// Whether an event can have broken what it declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It has not.
    Clear,
    /// It may have.
    Suspect,
    /// Other tiles have a say.
    Others,
}

/// What is known in a tile, while the events of no other are told of here.
#[derive(Debug)]
pub struct Facts<'f> {
    of: &'f mut OfTile,
    lanes: &'f [LaneFacts],
    touched: Vec<Key>,
}

impl Facts<'_> {
    /// Looks at an event of a lane that comes next; `rows` are its own.
    pub fn look(&self, own: Lane, asked: &Asked, asks: &[Ask], rows: &[Row]) -> Verdict {
        self.try_look(own, asked, asks, rows).unwrap_or(Verdict::Suspect)
    }

    fn try_look(&self, own: Lane, asked: &Asked, asks: &[Ask], rows: &[Row]) -> Result<Verdict, Damaged> {
        let has_child = |first: &Row| self.of.has(self.lanes, own, Tag::Parent, &lane::children_of(first));
        if asked.exactly || asked.child && rows.first().map_or(Ok(true), has_child)? {
            return Ok(Verdict::Suspect);
        }
        let mut verdict = Verdict::Clear;
        for ask in &asks[asked.nodes.clone()] {
            let bits = self.of.bits(self.lanes, own, &ask.key, u64::MAX)?;
            if bits.has(ask.here) || bits.has(ask.anywhere) {
                return Ok(Verdict::Suspect);
            }
            if !bits.is_known() && ask.asks_others() {
                verdict = Verdict::Others;
            }
        }
        Ok(verdict)
    }

    /// Tells of the event under a ticket by its line and its rows.
    pub fn add(&mut self, lane: Lane, ticket: u64, line: &[u8], rows: &[Row]) {
        let Facts { of, touched, .. } = self;
        of.add((lane, ticket), line, rows, |node| touched.push(node));
    }

    /// The nodes that were made and deleted.
    pub fn into_touched(self) -> Vec<Key> {
        self.touched
    }
}

impl OfTile {
    /// What lanes that an event of lane `own` may know say of a node, by events before a ticket.
    fn bits(&self, lanes: &[LaneFacts], own: Lane, node: &Key, before: u64) -> Result<NodeBits, Damaged> {
        let mut bits = NodeBits::default();
        let join = |value| bits.join(NodeBits::of(value));
        self.each(lanes, own, (Tag::Node, node, before), join)?;
        Ok(bits)
    }

    fn has(&self, lanes: &[LaneFacts], own: Lane, tag: Tag, key: &Key) -> Result<bool, Damaged> {
        let mut has = false;
        self.each(lanes, own, (tag, key, u64::MAX), |_| has = true)?;
        Ok(has)
    }

    fn each(
        &self,
        lanes: &[LaneFacts],
        own: Lane,
        (tag, key, before): (Tag, &Key, u64),
        mut each: impl FnMut([u8; 8]),
    ) -> Result<(), Damaged> {
        self.memtable.each(key, before, |of, value| {
            if of.is_no_stricter_than(own) {
                each(value);
            }
        });
        let known =
            self.lanes.iter().enumerate().filter(|(of, _)| Lane::from_index(*of).is_no_stricter_than(own));
        known.filter_map(|(_, at)| *at).try_for_each(|at| lanes[at].peek(tag, key, &mut each))
    }
}

/// An event of which other tiles have a say: its place, its ticket, and what it asks.
#[derive(Clone, Copy, Debug)]
pub struct Elsewhere<'e> {
    pub space: &'e str,
    pub tile: Tile,
    pub lane: Lane,
    pub ticket: u64,
    pub asks: &'e [Ask],
}

/// What all tiles know.
#[derive(Clone, Copy, Debug)]
pub struct Everywhere<'e>(&'e State);

impl Everywhere<'_> {
    /// Whether what other tiles knew before an event can break what it declares.
    pub fn may_break(self, event: &Elsewhere<'_>) -> bool {
        let asks = event.asks.iter().filter(|ask| ask.asks_others());
        asks.map(|ask| self.breaks(event, ask)).any(|breaks| breaks.unwrap_or(true))
    }

    fn breaks(self, event: &Elsewhere<'_>, ask: &Ask) -> Result<bool, Damaged> {
        let State { lanes, tiles, spaces, .. } = self.0;
        let Some(space) = spaces.get(event.space) else { return Ok(false) };
        let mut breaks = false;
        for tile in space.each_that_may_know(lanes, &ask.key) {
            let Some(of) = space.tiles.get(&tile).map(|at| &tiles[*at]) else { continue };
            let bits = of.bits(lanes, event.lane, &ask.key, event.ticket)?;
            if tile == event.tile && bits.is_known() {
                // What its own tile knows is all that counts, and that was looked at.
                return Ok(false);
            }
            breaks |= bits.has(ask.anywhere) || ask.far && bits.is_known() && !event.tile.is_around(tile);
        }
        Ok(breaks)
    }
}

impl StoreLookup<'_> {
    /// The tables of some tiles, none of them twice; those that are asked about are opened.
    pub fn facts<'w>(&mut self, wanted: impl Iterator<Item = (&'w str, Tile, bool)>) -> Vec<Facts<'_>> {
        let mut places = Vec::new();
        for (space, tile, asks) in wanted {
            if asks {
                self.open(space, Some(tile));
            }
            places.push(self.state.get_mut().tile(space, tile));
        }
        let State { lanes, tiles, .. } = self.state.get_mut();
        let mut tiles: Vec<Option<&mut OfTile>> = tiles.iter_mut().map(Some).collect();
        let of = places.into_iter().filter_map(|at| tiles[at].take());
        of.map(|of| Facts { of, lanes, touched: Vec::new() }).collect()
    }

    /// Nodes were made or deleted in a tile.
    pub fn touch(&mut self, space: &str, tile: Tile, nodes: Vec<Key>) {
        let Some(space) = self.state.get_mut().spaces.get_mut(space) else { return };
        nodes.into_iter().for_each(|node| space.touch(node, tile));
    }

    /// What all tiles of some spaces know.
    pub fn everywhere<'w>(&mut self, spaces: impl Iterator<Item = &'w str>) -> Everywhere<'_> {
        spaces.for_each(|space| self.open(space, None));
        Everywhere(self.state.get_mut())
    }
}
