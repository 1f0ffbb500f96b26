//! What a writer's drafts and declared invariants ask of a store: where nodes were made and how, which tags of a link
//! stand, which events are there.
//!
//! The answers come from each lane's event graph and node table, which the cache keeps, and from the events behind
//! them: a question costs what is new, not what is old. They are those of a replay, always. Few questions turn on the
//! order of events: a node that was created in several ways or in several tiles, a link whose tags were all removed
//! at once, a cycle that is to be reported. For these the tile is replayed.

mod lane;
mod memtable;
mod replayed;

use super::dedup::lines;
use super::{Error, LaneId, Store};
use foldhash::{HashMap, HashSet, HashSetExt as _};
pub use lane::write_rows;
use lane::{Key, LaneFacts, LinkTouch, NodeBits, Short, Tag};
use memtable::Memtable;
use rayon::ThreadPool;
use rayon::prelude::*;
use replayed::TileFacts;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use ulp_core::event::{Defaults, Ends, Event, Line, Reader};
use ulp_core::id::{Lane, Tile};
use ulp_core::scope::{Lookup, NodeFact, Parent};

/// A row of the event graph or of the node table.
pub use super::sorted_table::Row;

/// The facts of the tiles that were asked about.
#[derive(Debug)]
pub struct StoreLookup<'s> {
    store: &'s Store,
    /// Whose threads open many lanes.
    pool: Option<&'s ThreadPool>,
    /// Whether everything is answered by replay: what the tables are held against.
    by_replay: bool,
    state: RefCell<State>,
}

#[derive(Debug, Default)]
struct State {
    lanes: Vec<LaneFacts>,
    spaces: HashMap<String, Space>,
    /// Tiles that had to be replayed.
    replayed: HashMap<(String, Tile), TileFacts>,
    /// The lines that were told of and wait to be committed, each with its end.
    waiting: Vec<u8>,
    /// What went wrong while nobody could be told.
    failed: Option<Error>,
}

/// What is known of a space.
#[derive(Debug, Default)]
struct Space {
    tiles: BTreeMap<Tile, OfTile>,
    /// Whether all tiles were opened.
    is_whole: bool,
    /// The lanes in which something was stored, with their tiles.
    read: BTreeSet<(Tile, usize)>,
    /// The tiles in which nodes were made or deleted by events that this run took in.
    touched: HashMap<Key, Tiles>,
}

/// What is known of a tile.
#[derive(Debug, Default)]
struct OfTile {
    /// Its lanes by their place in `State::lanes`.
    lanes: [Option<usize>; Lane::COUNT],
    /// Whether what the store has was opened.
    is_open: bool,
    /// What this run took in.
    memtable: Memtable,
}

/// Tiles, mostly one.
#[derive(Debug)]
enum Tiles {
    One(Tile),
    Many(Vec<Tile>),
}

impl Tiles {
    fn add(&mut self, tile: Tile) {
        match self {
            Tiles::One(one) if *one == tile => {}
            Tiles::One(one) => *self = Tiles::Many(vec![*one, tile]),
            Tiles::Many(many) if many.contains(&tile) => {}
            Tiles::Many(many) => many.push(tile),
        }
    }

    fn as_slice(&self) -> &[Tile] {
        match self {
            Tiles::One(one) => std::slice::from_ref(one),
            Tiles::Many(many) => many,
        }
    }
}

impl<'s> StoreLookup<'s> {
    /// The facts of a store; where there are many lanes to open, the threads of `pool` do that.
    pub fn new(store: &'s Store, pool: Option<&'s ThreadPool>) -> StoreLookup<'s> {
        StoreLookup { store, pool, by_replay: false, state: RefCell::default() }
    }

    /// Answers everything by replay.
    pub fn by_replay(store: &'s Store) -> StoreLookup<'s> {
        StoreLookup { by_replay: true, ..StoreLookup::new(store, None) }
    }

    /// What went wrong since this was last asked.
    ///
    /// # Errors
    /// Then the answers before it are not to be relied on.
    pub fn check(&self) -> Result<(), Error> {
        self.state.borrow_mut().failed.take().map_or(Ok(()), Err)
    }

    /// Has a lane that others wrote to read anew.
    pub fn forget(&self, id: &LaneId) {
        let mut state = self.state.borrow_mut();
        state.replayed.remove(&(id.space.clone(), id.tile));
        let State { lanes, spaces, .. } = &mut *state;
        let Some(space) = spaces.get_mut(&id.space) else { return };
        space.is_whole = false;
        let Some(tile) = space.tiles.get_mut(&id.tile) else { return };
        tile.is_open = false;
        tile.lanes[id.lane.index()].into_iter().for_each(|at| lanes[at].close());
    }

    /// Tells of an event that this run takes in. Once one was told of, all that follow must be, and those that waited
    /// before it.
    pub fn add(&self, event: &Event<'_>) {
        let mut rows = Vec::new();
        write_rows(event, &mut rows);
        let id = LaneId { space: event.space.to_owned(), tile: event.tile, lane: event.lane() };
        self.add_rows(&id, event.line.as_bytes(), &rows);
    }

    /// Tells of an event by its line and its [rows](write_rows).
    pub fn add_rows(&self, id: &LaneId, line: &[u8], rows: &[Row]) {
        let state = &mut *self.state.borrow_mut();
        state.waiting.extend_from_slice(line);
        state.waiting.push(b'\n');
        let at = state.lane(&id.space, id.tile, id.lane);
        let State { lanes, spaces, replayed, .. } = state;
        let Some(Space { tiles, touched, .. }) = spaces.get_mut(&id.space) else { return };
        let Some(tile) = tiles.get_mut(&id.tile) else { return };
        let mut kept = None;
        for row in rows {
            let mut row = *row;
            if row[8] == Tag::Node as u8 {
                touched.entry(lane::key_of(&row)).or_insert(Tiles::One(id.tile)).add(id.tile);
            } else if row[8] == Tag::Link as u8 {
                row = lane::of_uncommitted(row, *kept.get_or_insert_with(|| lanes[at].keep(line)));
            }
            tile.memtable.add(id.lane, row);
        }
        if !replayed.is_empty()
            && let Some(facts) = replayed.get_mut(&(id.space.clone(), id.tile))
        {
            read(line, |event| facts.add(event));
        }
    }

    /// What was told of so far is in the store by now.
    pub fn committed(&self) {
        self.state.borrow_mut().waiting.clear();
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
        if self.by_replay {
            return by_replay();
        }
        self.open(event.space, Some(tile));
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
        let State { lanes, spaces, failed, .. } = &mut *self.state.borrow_mut();
        let here = spaces.get(event.space).and_then(|space| space.tiles.get(&tile));
        for (of, touch) in touches {
            let LinkTouch::Tags(place) = touch else { continue };
            let Some(at) = here.and_then(|here| here.lanes[of.index()]) else { continue };
            if let Err(error) = lanes[at].line(self.store, place, |line| read(line, |event| facts.add(event)))
            {
                *failed = Some(error);
            }
        }
        facts.standing(lane, ends)
    }

    /// What lanes that an event may know say of a node, by tile; in one tile, or in all of the space.
    fn known(&self, event: &Event<'_>, node: &str, tile: Option<Tile>) -> Vec<(Tile, NodeBits)> {
        if self.by_replay {
            return self.known_by_replay(event, node, tile);
        }
        self.open(event.space, tile);
        let (lane, key) = (event.lane(), lane::key(Tag::Node, node));
        let tiles = {
            let state = self.state.borrow();
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
            None => match self.store.lanes_in(event.space) {
                Ok(lanes) => {
                    let state = self.state.borrow();
                    let taken_in =
                        state.spaces.get(event.space).into_iter().flat_map(|space| space.tiles.keys());
                    lanes.into_iter().map(|id| id.tile).chain(taken_in.copied()).collect()
                }
                Err(error) => {
                    self.state.borrow_mut().failed = Some(error);
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
        let State { lanes, spaces, failed, .. } = &mut *self.state.borrow_mut();
        let Some(here) = spaces.get(space).and_then(|space| space.tiles.get(&tile)) else { return };
        here.memtable.each(key, |lane, value| {
            if takes(lane) {
                each(lane, value);
            }
        });
        for (index, at) in here.lanes.iter().enumerate() {
            let lane = Lane::from_index(index);
            if let Some(at) = at.filter(|_| takes(lane))
                && let Err(error) = lanes[at].each(self.store, tag, key, |value| each(lane, value))
            {
                *failed = Some(error);
            }
        }
    }

    /// Asks a tile that is replayed now, if it was not before.
    fn replayed<T: Default>(&self, space: &str, tile: Tile, ask: impl FnOnce(&TileFacts) -> T) -> T {
        let state = &mut *self.state.borrow_mut();
        let key = (space.to_owned(), tile);
        if !state.replayed.contains_key(&key) {
            match TileFacts::read(self.store, space, tile) {
                Ok(mut facts) => {
                    for line in lines(&state.waiting) {
                        read(line, |event| {
                            if event.space == space && event.tile == tile {
                                facts.add(event);
                            }
                        });
                    }
                    state.replayed.insert(key.clone(), facts);
                }
                Err(error) => state.failed = Some(error),
            }
        }
        state.replayed.get(&key).map(ask).unwrap_or_default()
    }

    /// Opens the lanes of a tile, or of all tiles of a space.
    fn open(&self, space: &str, tile: Option<Tile>) {
        let state = &mut *self.state.borrow_mut();
        if let Some(known) = state.spaces.get(space)
            && (known.is_whole || tile.is_some_and(|tile| known.tiles.get(&tile).is_some_and(|t| t.is_open)))
        {
            return;
        }
        if let Err(error) = state.open(self.store, self.pool, space, tile) {
            state.failed = Some(error);
        }
    }
}

impl State {
    /// The place of a lane in `lanes`.
    fn lane(&mut self, space: &str, tile: Tile, lane: Lane) -> usize {
        if !self.spaces.contains_key(space) {
            self.spaces.insert(space.to_owned(), Space::default());
        }
        let place =
            self.spaces.get_mut(space).map(|s| &mut s.tiles.entry(tile).or_default().lanes[lane.index()]);
        match place {
            Some(Some(at)) => *at,
            place => {
                self.lanes.push(LaneFacts::new(LaneId { space: space.to_owned(), tile, lane }));
                let at = self.lanes.len() - 1;
                place.into_iter().for_each(|place| *place = Some(at));
                at
            }
        }
    }

    fn open(
        &mut self,
        store: &Store,
        pool: Option<&ThreadPool>,
        space: &str,
        tile: Option<Tile>,
    ) -> Result<(), Error> {
        let mut wanted = HashSet::new();
        match tile {
            Some(tile) => wanted.extend(Lane::all().map(|lane| self.lane(space, tile, lane))),
            None => {
                for id in store.lanes_in(space)? {
                    wanted.insert(self.lane(space, id.tile, id.lane));
                }
            }
        }
        let closed = |(at, lane): &(usize, &mut LaneFacts)| wanted.contains(at) && !lane.is_open();
        let closed: Vec<&mut LaneFacts> =
            self.lanes.iter_mut().enumerate().filter(closed).map(|(_, lane)| lane).collect();
        match pool.filter(|_| closed.len() > Lane::COUNT) {
            Some(pool) => pool.install(|| closed.into_par_iter().try_for_each(|lane| lane.open(store)))?,
            None => closed.into_iter().try_for_each(|lane| lane.open(store))?,
        }
        let known = self.spaces.entry(space.to_owned()).or_default();
        for at in wanted.into_iter().filter(|at| self.lanes[*at].has_read()) {
            known.read.insert((self.lanes[at].tile(), at));
        }
        if let Some(of) = tile.and_then(|tile| known.tiles.get_mut(&tile)) {
            of.is_open = true;
        }
        known.is_whole |= tile.is_none();
        Ok(())
    }
}

impl Space {
    /// The tiles that may know a node.
    fn may_know(&self, lanes: &[LaneFacts], key: &Key) -> BTreeSet<Tile> {
        let touched = self.touched.get(key).into_iter().flat_map(Tiles::as_slice).copied();
        let read = self.read.iter().filter(|(_, at)| lanes[*at].may_have_read(key)).map(|(tile, _)| *tile);
        touched.chain(read).collect()
    }
}

/// Reads an event that was read before.
fn read(line: &[u8], with: impl FnOnce(&Event<'_>)) {
    let (arena, defaults) = (bumpalo::Bump::new(), Defaults::default());
    if let Ok(Line::Event(event)) = Reader::new(&arena, &defaults).read_bytes(line) {
        with(&event);
    }
}

impl Lookup for StoreLookup<'_> {
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
        let lanes: Vec<Lane> = if self.by_replay {
            self.replayed(event.space, event.tile, |facts| facts.lanes_of(parent).collect())
        } else {
            self.open(event.space, Some(event.tile));
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
        if self.by_replay {
            return by_replay();
        }
        self.open(event.space, Some(event.tile));
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
