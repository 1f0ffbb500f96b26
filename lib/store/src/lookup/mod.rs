//! What a writer's drafts and declared invariants ask of a store: where nodes were made and how, which tags of a link
//! stand, which events are there.
//!
//! The answers come from each lane's event graph and node table, which the cache keeps, and from the events behind
//! them: a question costs what is new, not what is old. They are those of a replay, always. Few questions turn on the
//! order of events: a node that was created in several ways or in several tiles, a link whose tags were all removed
//! at once, a cycle that is to be reported. For these the tile is replayed.
//!
//! An event is answered as of its place in the stream: by what was taken in [before](Answers) its ticket, whatever the
//! tables know by then.

mod answers;
mod asks;
mod lane;
mod memtable;
mod replayed;
mod take;

use super::{Appender, Error, LaneId, Store};
use foldhash::{HashMap, HashSet, HashSetExt as _};
use lane::{LaneFacts, Tag};
use memtable::Memtable;
use rayon::ThreadPool;
use rayon::prelude::*;
use replayed::TileFacts;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use ulp_core::event::{Defaults, Event, Line, Reader};
use ulp_core::id::{Lane, Tile};

pub use answers::Answers;
pub use asks::{Ask, Asked, write_asks};
pub(super) use lane::Key;
pub use lane::write_rows;
pub(super) use take::{Elsewhere, Everywhere, Facts, Verdict};

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
    /// The lines of events that were told of one by one.
    told: RefCell<Vec<Vec<u8>>>,
}

#[derive(Debug, Default)]
struct State {
    lanes: Vec<LaneFacts>,
    tiles: Vec<OfTile>,
    spaces: HashMap<String, Space>,
    /// Tiles that had to be replayed, each with the ticket up to which it knows what waits to be committed.
    replayed: HashMap<(String, Tile), (TileFacts, u64)>,
    /// What went wrong while nobody could be told.
    failed: Option<Error>,
}

/// What is known of a space.
#[derive(Debug, Default)]
struct Space {
    /// Its tiles by their place in `State::tiles`.
    tiles: BTreeMap<Tile, usize>,
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

/// Where the lines are that were taken in and wait to be committed.
#[derive(Clone, Copy, Debug)]
enum Waiting<'l> {
    Told(&'l RefCell<Vec<Vec<u8>>>),
    In(&'l Appender<'l>),
}

impl Waiting<'_> {
    /// The lines of a tile, each with its ticket, in the order of those; among them may be others'.
    fn lines(self, space: &str, tile: Tile) -> Vec<(u64, Vec<u8>)> {
        match self {
            Waiting::Told(told) => (0..).zip(told.borrow().iter().cloned()).collect(),
            Waiting::In(appender) => {
                let mut lines: Vec<_> =
                    appender.lines_in(space, tile).map(|(ticket, line)| (ticket, line.to_vec())).collect();
                lines.sort_unstable();
                lines
            }
        }
    }
}

impl<'s> StoreLookup<'s> {
    /// The facts of a store; where there are many lanes to open, the threads of `pool` do that.
    pub fn new(store: &'s Store, pool: Option<&'s ThreadPool>) -> StoreLookup<'s> {
        let (state, told) = (RefCell::default(), RefCell::default());
        StoreLookup { store, pool, by_replay: false, state, told }
    }

    /// Answers everything by replay.
    pub fn by_replay(store: &'s Store) -> StoreLookup<'s> {
        StoreLookup { by_replay: true, ..StoreLookup::new(store, None) }
    }

    /// What is known after all that was [told of](StoreLookup::add).
    pub fn now(&self) -> Answers<'_, 's> {
        Answers { lookup: self, before: u64::MAX, waiting: Waiting::Told(&self.told) }
    }

    /// What was known before a ticket, of what the store has and the appender is to commit.
    pub fn before<'l>(&'l self, ticket: u64, appender: &'l Appender<'l>) -> Answers<'l, 's> {
        Answers { lookup: self, before: ticket, waiting: Waiting::In(appender) }
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
        let State { lanes, tiles, spaces, .. } = &mut *state;
        let Some(space) = spaces.get_mut(&id.space) else { return };
        space.is_whole = false;
        let Some(tile) = space.tiles.get(&id.tile).map(|at| &mut tiles[*at]) else { return };
        tile.is_open = false;
        tile.lanes[id.lane.index()].into_iter().for_each(|at| lanes[at].close());
    }

    /// Tells of an event that is taken in. Once one was told of, all that follow must be, and those that waited
    /// before it.
    pub fn add(&self, event: &Event<'_>) {
        let mut rows = Vec::new();
        write_rows(event, &mut rows);
        let id = LaneId { space: event.space.to_owned(), tile: event.tile, lane: event.lane() };
        let mut told = self.told.borrow_mut();
        self.add_rows(told.len() as u64, &id, event.line.as_bytes(), &rows);
        told.push(event.line.as_bytes().to_vec());
    }

    /// Tells of the event under a ticket by its line and its [rows](write_rows).
    pub fn add_rows(&self, ticket: u64, id: &LaneId, line: &[u8], rows: &[Row]) {
        let state = &mut *self.state.borrow_mut();
        state.lane(&id.space, id.tile, id.lane);
        let Some(space) = state.spaces.get_mut(&id.space) else { return };
        let Some(tile) = space.tiles.get(&id.tile).map(|at| &mut state.tiles[*at]) else { return };
        tile.add((id.lane, ticket), line, rows, |node| space.touch(node, id.tile));
    }

    /// Before what waits is committed: tiles that were replayed learn of it, as it will not be found waiting again.
    pub fn before_commit(&self, appender: &Appender<'_>) {
        for ((space, tile), (facts, known)) in &mut self.state.borrow_mut().replayed {
            learn(facts, known, u64::MAX, Waiting::In(appender).lines(space, *tile), (space, *tile));
        }
    }

    /// Opens the lanes of a tile, or of all tiles of a space.
    fn open(&self, space: &str, tile: Option<Tile>) {
        let state = &mut *self.state.borrow_mut();
        if let Some(known) = state.spaces.get(space)
            && (known.is_whole
                || tile.is_some_and(|tile| known.tiles.get(&tile).is_some_and(|at| state.tiles[*at].is_open)))
        {
            return;
        }
        if let Err(error) = state.open(self.store, self.pool, space, tile) {
            state.failed = Some(error);
        }
    }
}

/// Has a replayed tile learn of the lines that wait, from those on that it does not know up to a ticket.
fn learn(
    facts: &mut TileFacts,
    known: &mut u64,
    before: u64,
    waiting: Vec<(u64, Vec<u8>)>,
    (space, tile): (&str, Tile),
) {
    for (ticket, line) in waiting {
        if !(*known..before).contains(&ticket) {
            continue;
        }
        *known = ticket + 1;
        read(&line, |event| {
            if event.space == space && event.tile == tile {
                facts.add(event);
            }
        });
    }
}

impl OfTile {
    /// Takes in the rows of an event; `touch` is told of the nodes that it makes and deletes.
    fn add(&mut self, (lane, ticket): (Lane, u64), line: &[u8], rows: &[Row], mut touch: impl FnMut(Key)) {
        let mut kept = None;
        for row in rows {
            let mut row = *row;
            if row[8] == Tag::Node as u8 {
                touch(lane::key_of(&row));
            } else if row[8] == Tag::Link as u8 {
                row = lane::of_uncommitted(row, *kept.get_or_insert_with(|| self.memtable.keep(line)));
            }
            self.memtable.add(lane, ticket, row);
        }
    }
}

impl State {
    /// The place of a tile in `tiles`.
    fn tile(&mut self, space: &str, tile: Tile) -> usize {
        if !self.spaces.contains_key(space) {
            self.spaces.insert(space.to_owned(), Space::default());
        }
        let tiles = &mut self.tiles;
        let new = || {
            tiles.push(OfTile::default());
            tiles.len() - 1
        };
        let place = self.spaces.get_mut(space).map(|space| *space.tiles.entry(tile).or_insert_with(new));
        place.expect("because the space was put there")
    }

    /// The place of a lane in `lanes`.
    fn lane(&mut self, space: &str, tile: Tile, lane: Lane) -> usize {
        let at = self.tile(space, tile);
        let place = &mut self.tiles[at].lanes[lane.index()];
        *place.get_or_insert_with(|| {
            self.lanes.push(LaneFacts::new(LaneId { space: space.to_owned(), tile, lane }));
            self.lanes.len() - 1
        })
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
        if let Some(at) = tile.and_then(|tile| known.tiles.get(&tile)) {
            self.tiles[*at].is_open = true;
        }
        known.is_whole |= tile.is_none();
        Ok(())
    }
}

impl Space {
    /// A node was made or deleted in a tile.
    fn touch(&mut self, node: Key, tile: Tile) {
        self.touched.entry(node).or_insert(Tiles::One(tile)).add(tile);
    }

    /// The tiles that may know a node.
    fn may_know(&self, lanes: &[LaneFacts], key: &Key) -> BTreeSet<Tile> {
        self.each_that_may_know(lanes, key).collect()
    }

    /// The same, some of them more than once.
    fn each_that_may_know(&self, lanes: &[LaneFacts], key: &Key) -> impl Iterator<Item = Tile> {
        let touched = self.touched.get(key).into_iter().flat_map(Tiles::as_slice).copied();
        let read = self.read.iter().filter(|(_, at)| lanes[*at].may_have_read(key)).map(|(tile, _)| *tile);
        touched.chain(read)
    }
}

/// Reads an event that was read before.
fn read(line: &[u8], with: impl FnOnce(&Event<'_>)) {
    let (arena, defaults) = (bumpalo::Bump::new(), Defaults::default());
    if let Ok(Line::Event(event)) = Reader::new(&arena, &defaults).read_bytes(line) {
        with(&event);
    }
}
