//! What is known at a place in the stream.

use super::lane::{self, LinkTouch, NodeBits, Place, Short, Tag};
use super::replayed::TileFacts;
use super::{State, StoreLookup, Waiting, learn, read};
use foldhash::{HashSet, HashSetExt as _};
use std::collections::BTreeSet;
use ulp_core::event::{Ends, Event};
use ulp_core::id::{Lane, Tile};
use ulp_core::scope::{Lookup, NodeFact, Parent};

/// The answers of a store, and of the events that were taken in before a ticket.
#[derive(Clone, Copy, Debug)]
pub struct Answers<'l, 's> {
    pub(super) lookup: &'l StoreLookup<'s>,
    pub(super) before: u64,
    pub(super) waiting: Waiting<'l>,
}

impl Answers<'_, '_> {
    /// As [`StoreLookup::check`].
    ///
    /// # Errors
    /// What went wrong since it was last asked.
    pub fn check(&self) -> Result<(), crate::Error> {
        self.lookup.check()
    }

    /// The tile in which a draft on this node belongs: that of its greatest creation, where it is not deleted.
    pub fn tile_of(&self, event: &Event<'_>, node: &str) -> Option<Tile> {
        let lane = event.lane();
        let known = self.known(event, node, None);
        let stands = known.iter().filter(|(_, bits)| bits.is_created() && !bits.is_deleted());
        let tiles: Vec<Tile> = stands.map(|(tile, _)| *tile).collect();
        if tiles.len() < 2 {
            return tiles.first().copied();
        }
        let greatest = tiles.into_iter().filter_map(|tile| {
            self.replayed(event.space, tile, |facts| {
                facts.greatest(lane, node).map(|(key, _)| (key.clone(), tile))
            })
        });
        greatest.max().map(|(_, tile)| tile)
    }

    /// Whether a node was deleted in any tile, as far as an event may know.
    pub fn is_deleted(&self, event: &Event<'_>, node: &str) -> bool {
        self.known(event, node, None).iter().any(|(_, bits)| bits.is_deleted())
    }

    /// The tags of a link that stand in a tile, sorted.
    pub fn standing(&self, event: &Event<'_>, tile: Tile, ends: Ends<'_>) -> Vec<String> {
        let lane = event.lane();
        let by_replay = || self.replayed(event.space, tile, |facts| facts.standing(lane, ends));
        if self.lookup.by_replay {
            return by_replay();
        }
        self.lookup.open(event.space, Some(tile));
        let key = lane::link_key(ends);
        let mut touches = Vec::new();
        self.each(
            event.space,
            tile,
            |of| of.is_no_stricter_than(lane),
            Tag::Link,
            &key,
            |of, value| {
                touches.push((of, lane::touch(value)));
            },
        );
        if touches.iter().any(|(_, touch)| *touch == LinkTouch::AllBefore) {
            return by_replay();
        }
        let mut facts = TileFacts::default();
        let State { lanes, tiles, spaces, failed, .. } = &mut *self.lookup.state.borrow_mut();
        let here = spaces.get(event.space).and_then(|space| space.tiles.get(&tile)).map(|at| &tiles[*at]);
        for (of, touch) in touches {
            let mut add = |line: &[u8]| read(line, |event| facts.add(event));
            match touch {
                LinkTouch::AllBefore => {}
                LinkTouch::Tags(Place::Memtable(number)) => {
                    here.and_then(|here| here.memtable.line(number)).into_iter().for_each(add);
                }
                LinkTouch::Tags(Place::Stored(number)) => {
                    let Some(at) = here.and_then(|here| here.lanes[of.index()]) else { continue };
                    if let Err(error) = lanes[at].line(self.lookup.store, number, &mut add) {
                        *failed = Some(error);
                    }
                }
            }
        }
        facts.standing(lane, ends)
    }

    /// What lanes that an event may know say of a node, by tile; in one tile, or in all of the space.
    fn known(&self, event: &Event<'_>, node: &str, tile: Option<Tile>) -> Vec<(Tile, NodeBits)> {
        if self.lookup.by_replay {
            return self.known_by_replay(event, node, tile);
        }
        self.lookup.open(event.space, tile);
        let (lane, key) = (event.lane(), lane::key(Tag::Node, node));
        let tiles = {
            let state = self.lookup.state.borrow();
            let Some(space) = state.spaces.get(event.space) else { return Vec::new() };
            match tile {
                Some(tile) => BTreeSet::from([tile]),
                None => space.may_know(&state.lanes, &key),
            }
        };
        let bits = |tile: Tile| {
            let mut bits = NodeBits::default();
            self.each(
                event.space,
                tile,
                |of| of.is_no_stricter_than(lane),
                Tag::Node,
                &key,
                |_, value| {
                    bits.join(NodeBits::of(value));
                },
            );
            (tile, bits)
        };
        tiles.into_iter().map(bits).filter(|(_, bits)| bits.is_known()).collect()
    }

    /// What a tile's bits say of a node; the order of events is only asked where they leave it open.
    fn fact(&self, event: &Event<'_>, node: &str, tile: Tile, bits: NodeBits) -> NodeFact {
        let made = |facts: &TileFacts| facts.greatest(event.lane(), node).map(|(_, made)| made);
        let by_order = || self.replayed(event.space, tile, made);
        let made = if bits.is_created() { bits.made().or_else(by_order) } else { None };
        NodeFact { tile, made, deleted: bits.is_deleted() }
    }

    fn known_by_replay(&self, event: &Event<'_>, node: &str, tile: Option<Tile>) -> Vec<(Tile, NodeBits)> {
        let tiles = match tile {
            Some(tile) => BTreeSet::from([tile]),
            None => match self.lookup.store.lanes_in(event.space) {
                Ok(lanes) => {
                    let state = self.lookup.state.borrow();
                    let taken_in =
                        state.spaces.get(event.space).into_iter().flat_map(|space| space.tiles.keys());
                    lanes.into_iter().map(|id| id.tile).chain(taken_in.copied()).collect()
                }
                Err(error) => {
                    self.lookup.state.borrow_mut().failed = Some(error);
                    BTreeSet::new()
                }
            },
        };
        let bits = |tile| {
            self.replayed(event.space, tile, |facts| {
                let made = facts.greatest(event.lane(), node).map(|(_, made)| made);
                NodeBits::new(made, facts.is_deleted(event.lane(), node))
            })
        };
        tiles.into_iter().map(|tile| (tile, bits(tile))).filter(|(_, bits)| bits.is_known()).collect()
    }

    /// Calls `each` with what every row of a tile says that begins with `key`, and with its lane, where `takes` takes
    /// that in. The tile must be open.
    fn each(
        &self,
        space: &str,
        tile: Tile,
        takes: impl Fn(Lane) -> bool,
        tag: Tag,
        key: &[u8],
        mut each: impl FnMut(Lane, [u8; 8]),
    ) {
        let State { lanes, tiles, spaces, failed, .. } = &mut *self.lookup.state.borrow_mut();
        let Some(here) = spaces.get(space).and_then(|space| space.tiles.get(&tile)) else { return };
        let here = &tiles[*here];
        here.memtable.each(key, self.before, |lane, value| {
            if takes(lane) {
                each(lane, value);
            }
        });
        for (index, at) in here.lanes.iter().enumerate() {
            let lane = Lane::from_index(index);
            if let Some(at) = at.filter(|_| takes(lane))
                && let Err(error) = lanes[at].each(self.lookup.store, tag, key, |value| each(lane, value))
            {
                *failed = Some(error);
            }
        }
    }

    /// Asks a tile that is replayed now, if it was not before.
    fn replayed<T: Default>(&self, space: &str, tile: Tile, ask: impl FnOnce(&TileFacts) -> T) -> T {
        let state = &mut *self.lookup.state.borrow_mut();
        let key = (space.to_owned(), tile);
        if !state.replayed.contains_key(&key) {
            match TileFacts::read(self.lookup.store, space, tile) {
                Ok(facts) => {
                    state.replayed.insert(key.clone(), (facts, 0));
                }
                Err(error) => state.failed = Some(error),
            }
        }
        let Some((facts, known)) = state.replayed.get_mut(&key) else { return T::default() };
        if *known < self.before {
            learn(facts, known, self.before, self.waiting.lines(space, tile), (space, tile));
        }
        ask(facts)
    }
}

impl Lookup for Answers<'_, '_> {
    fn node(&self, event: &Event<'_>, node: &str, each: &mut dyn FnMut(NodeFact)) {
        // What its own tile knows is all that counts, and the other tiles need not be asked.
        let mut known = self.known(event, node, Some(event.tile));
        if known.is_empty() {
            known = self.known(event, node, None);
        }
        known.into_iter().for_each(|(tile, bits)| each(self.fact(event, node, tile, bits)));
    }

    fn node_here(&self, event: &Event<'_>, node: &str, each: &mut dyn FnMut(NodeFact)) {
        let known = self.known(event, node, Some(event.tile));
        known.into_iter().for_each(|(tile, bits)| each(self.fact(event, node, tile, bits)));
    }

    fn parent(&self, event: &Event<'_>, parent: &str) -> Option<Parent> {
        let own = event.lane();
        let lanes: Vec<Lane> = if self.lookup.by_replay {
            self.replayed(event.space, event.tile, |facts| facts.lanes_of(parent).collect())
        } else {
            self.lookup.open(event.space, Some(event.tile));
            let key = lane::key(Tag::Event, parent);
            let mut lanes = Vec::new();
            self.each(event.space, event.tile, |_| true, Tag::Event, &key, |of, _| lanes.push(of));
            lanes
        };
        Some(match lanes[..] {
            [] => Parent::Unknown,
            _ if lanes.iter().any(|of| of.is_no_stricter_than(own)) => Parent::Known,
            _ => Parent::Stricter,
        })
    }

    fn closes_cycle(&self, event: &Event<'_>) -> bool {
        if event.parents.is_empty() || event.parents.contains(&event.id) {
            return !event.parents.is_empty();
        }
        let by_replay = || self.replayed(event.space, event.tile, |facts| facts.closes_cycle(event));
        if self.lookup.by_replay {
            return by_replay();
        }
        self.lookup.open(event.space, Some(event.tile));
        // From the name to what descends from it: mostly nothing, and little where it came late.
        let own = event.lane();
        let children = |key: &[u8], found: &mut Vec<Short>| {
            let takes = |of: Lane| of.is_no_stricter_than(own);
            self.each(event.space, event.tile, takes, Tag::Parent, key, |_, value| found.push(value));
        };
        let mut open = Vec::new();
        children(&lane::key(Tag::Parent, event.id), &mut open);
        if open.is_empty() {
            return false;
        }
        let parents: HashSet<Short> =
            event.parents.iter().map(|name| lane::short(&lane::key(Tag::Event, name))).collect();
        let mut seen: HashSet<Short> = HashSet::new();
        while let Some(child) = open.pop() {
            if parents.contains(&child) {
                // Names may share the start of their hashes, so the events have the last word.
                return by_replay();
            }
            if seen.insert(child) {
                children(&lane::prefix(Tag::Parent, child), &mut open);
            }
        }
        false
    }
}
