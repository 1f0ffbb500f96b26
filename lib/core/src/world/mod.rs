//! A world read from lines: events and state lines in any mix, gathered by tile, ordered, and derived to states.
//!
//! The stages are functions over slices, so that a caller spreads them over its threads:
//!
//! 1. [`Gatherer::batch`] reads some lines into a [`Batch`] of packed rows; or [`Gatherer::part`] into a part of one,
//!    and [`Gatherer::join`] puts parts together.
//! 2. [`World::new`] sorts the batches' rows into tiles, and [`World::order`] gives every event its key.
//! 3. [`World::derive`] applies the rows of one tile to the states of its lanes.
//!
//! The result depends on the lines alone: not on how they were cut into batches, nor on the order of stages 1 and 3.

mod batch;
mod derive;
mod filter;
mod gather;
mod grow;
mod intern;
mod part;
mod rows;

pub use batch::Batch;
pub use derive::Derived;
pub use filter::{AsOf, Filter};
pub use gather::{Arenas, Gatherer, TooLarge};
pub use grow::{Growing, Touched};
pub use part::Part;
pub use rows::Row;

use crate::event::{Defaults, Line, Reader, Texts};
use crate::id::{Key, Lane, Tile, Time, event_of};
use crate::json;
use crate::order::{self, Anomaly, Entry, Known, Names, Order};
use crate::report::{Outcome, Position, Report};
use crate::state::line::StateLine;
use bumpalo::Bump;
use derive::Derivation;
use filter::Withheld;
use foldhash::fast::RandomState;
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};

/// A tile is large where it is more than one of so many shares of a thread's work.
const SHARES: usize = 4;

/// Events and state lines, by tile.
pub struct World<'a> {
    batches: Vec<Batch<'a>>,
    /// How many lines of its source stand before each batch.
    bases: Vec<u64>,
    /// In the order of spaces and tiles.
    tiles: Vec<TileRows<'a>>,
    defaults: &'a Defaults,
}

/// The rows and state lines of one tile, as places in the batches.
struct TileRows<'a> {
    space: &'a str,
    tile: Tile,
    rows: Vec<(u32, u32)>,
    states: Vec<(u32, u32)>,
    /// After ordering: the effective time of each row; duplicates are gone from `rows`.
    eff: Vec<Time>,
    /// What a store knows of events that are not at hand.
    known: Vec<(Lane, &'a str, Time)>,
    /// After ordering: parents that no lane as loose as the event's holds, with the event's lane and effective time.
    missing: Vec<(Lane, &'a str, Time)>,
    /// After ordering: whether any event stands on a cycle of parents.
    has_cycle: bool,
    /// After ordering: which of `rows` delete a node, as they are applied before all others.
    deletes: Vec<u32>,
}

impl<'a> TileRows<'a> {
    fn new(space: &'a str, tile: Tile) -> TileRows<'a> {
        TileRows {
            space,
            tile,
            rows: Vec::new(),
            states: Vec::new(),
            eff: Vec::new(),
            known: Vec::new(),
            missing: Vec::new(),
            has_cycle: false,
            deletes: Vec::new(),
        }
    }
}

impl<'a> World<'a> {
    /// Sorts batches, given in the order of the input, into tiles.
    pub fn new(batches: Vec<Batch<'a>>, defaults: &'a Defaults) -> World<'a> {
        let mut bases = Vec::with_capacity(batches.len());
        let (mut source, mut base) = (0, 0);
        for batch in &batches {
            if batch.source != source {
                (source, base) = (batch.source, 0);
            }
            bases.push(base);
            base += u64::from(batch.lines);
        }
        let mut names: Vec<(&'a str, Tile)> =
            batches.iter().flat_map(|b| &b.places).map(|p| (p.space, p.tile)).collect();
        names.sort_unstable();
        names.dedup();
        let mut tiles: Vec<TileRows<'a>> =
            names.iter().map(|(space, tile)| TileRows::new(space, *tile)).collect();
        let index: HashMap<(&str, Tile), usize, RandomState> = names.iter().copied().zip(0..).collect();
        for (b, batch) in (0..).zip(&batches) {
            let places: Vec<usize> = batch.places.iter().map(|p| index[&(p.space, p.tile)]).collect();
            let mut start = 0;
            for (place, at) in batch.places.iter().zip(&places) {
                let rows = start..start + place.rows;
                start = rows.end;
                tiles[*at].rows.extend(rows.map(|r| (b, r)));
            }
            for (s, (place, _, _)) in (0..).zip(&batch.states) {
                tiles[places[*place as usize]].states.push((b, s));
            }
        }
        World { batches, bases, tiles, defaults }
    }

    #[inline(always)]
    fn row(&self, at: (u32, u32)) -> Row<'a> {
        self.batches[at.0 as usize].rows.get(at.1)
    }

    fn entry(&self, at: (u32, u32)) -> Entry<'a> {
        self.batches[at.0 as usize].rows.entry(at.1)
    }

    fn deletes(&self, at: (u32, u32)) -> bool {
        self.batches[at.0 as usize].rows.deletes(at.1)
    }

    fn lane(&self, at: (u32, u32)) -> Lane {
        self.batches[at.0 as usize].rows.lane(at.1)
    }

    fn state(&self, at: (u32, u32)) -> &StateLine<'a> {
        &self.batches[at.0 as usize].states[at.1 as usize].2
    }

    fn position(&self, batch: u32, number: u32) -> Position {
        let b = batch as usize;
        Position { source: self.batches[b].source, line: self.bases[b] + u64::from(number) }
    }

    /// What the lines themselves gave to say: refusals, and what was passed over.
    pub fn report(&mut self, all: bool) -> Report {
        let mut report = Report::new(all);
        for (batch, base) in self.batches.iter_mut().zip(&self.bases) {
            report.join(batch.report(*base, all));
        }
        report
    }

    /// Gives every event its key: drops duplicates, and notes what is odd. On the threads of the current pool.
    pub fn order(&mut self, all: bool) -> Report {
        let mut tiles = std::mem::take(&mut self.tiles);
        let world = &*self;
        let parts: Vec<Report> =
            by_size(&mut tiles).into_par_iter().map(|tile| world.order_tile(tile, all)).collect();
        self.tiles = tiles;
        let mut report = Report::new(all);
        parts.into_iter().for_each(|part| report.join(part));
        report
    }

    fn order_tile(&self, tile: &mut TileRows<'a>, all: bool) -> Report {
        let mut report = Report::new(all);
        let mut entries = self.entries(tile);
        let mut names = Names::new(&entries);
        if names.any_repeated() {
            self.drop_duplicates(tile, &mut report);
            entries = self.entries(tile);
            names = Names::new(&entries);
        }
        let mut known = Known::default();
        for at in &tile.states {
            let line = self.state(*at);
            line.body.keys(|key| known.add(line.lane, key.event(), key.eff));
        }
        for (lane, id, eff) in &tile.known {
            known.add(*lane, id, *eff);
        }
        let Order { eff, anomalies } = order::order(&entries, &names, &known);
        tile.eff = eff;
        let deletes = (0..).zip(&tile.rows).filter(|(_, at)| self.deletes(**at));
        tile.deletes = deletes.map(|(i, _)| i).collect();
        for (at, oddity) in anomalies {
            match oddity {
                Anomaly::UnknownParent(name) => {
                    tile.missing.push((entries[at as usize].lane, name, tile.eff[at as usize]));
                }
                Anomaly::Cycle => tile.has_cycle = true,
                Anomaly::Equivocation => {}
            }
            self.say_odd(tile.rows[at as usize], oddity, all, &mut report);
        }
        report
    }

    /// Notes what is odd about an event's place in the order.
    fn say_odd(&self, at: (u32, u32), oddity: Anomaly<'a>, all: bool, report: &mut Report) {
        let row = self.row(at);
        if row.withheld == Withheld::Lane {
            return;
        }
        let (code, detail) = match oddity {
            Anomaly::UnknownParent(name) => ("order.unknown_parent", name),
            Anomaly::Cycle => ("order.cycle", ""),
            Anomaly::Equivocation => ("event.equivocation", ""),
        };
        if !all {
            // Nobody asks of which line.
            return report.tally.note(code, 1);
        }
        let (position, shared) = (self.position(at.0, row.number), row.lane.is_shared());
        let text = || (Some(row.id.to_owned()), detail.to_owned());
        report.say(Outcome::Noted, code, position, shared, text);
    }

    /// What the order needs of a tile's rows.
    fn entries(&self, tile: &TileRows<'a>) -> Vec<Entry<'a>> {
        tile.rows.iter().map(|at| self.entry(*at)).collect()
    }

    /// An event is its hash: of rows with the same canonical form only the first stays.
    fn drop_duplicates(&self, tile: &mut TileRows<'a>, report: &mut Report) {
        let mut first: HashMap<&str, (u32, u32), RandomState> = HashMap::default();
        // Canonical forms are hashed only once a name comes up again.
        let mut hashes: HashSet<blake3::Hash> = HashSet::new();
        let mut hashed: HashSet<&str, RandomState> = HashSet::default();
        let mut hasher = Hasher::new(self.defaults);
        tile.rows.retain(|at| {
            let row = self.row(*at);
            let Some(before) = first.get(row.id) else {
                first.insert(row.id, *at);
                return true;
            };
            let before = self.row(*before);
            let known = row.line == before.line || {
                if hashed.insert(row.id) {
                    hashes.insert(hasher.hash(before.line));
                }
                !hashes.insert(hasher.hash(row.line))
            };
            if known {
                self.say_duplicate(*at, report);
            }
            !known
        });
    }

    fn say_duplicate(&self, at: (u32, u32), report: &mut Report) {
        let row = self.row(at);
        let (position, shared) = (self.position(at.0, row.number), row.lane.is_shared());
        let text = || (Some(row.id.to_owned()), String::new());
        // What a view does not take in is withheld, however often it comes.
        match row.withheld {
            Withheld::Lane => report.say(Outcome::Withheld, "view.lane", position, shared, text),
            _ => report.say(Outcome::Duplicate, "event.duplicate", position, shared, text),
        }
    }

    /// The batches again, so that others may be added to them.
    pub fn into_batches(self) -> Vec<Batch<'a>> {
        self.batches
    }

    /// Makes an event known in a tile that is not at hand: one that a store holds.
    pub fn know(&mut self, index: usize, lane: Lane, id: &'a str, eff: Time) {
        self.tiles[index].known.push((lane, id, eff));
    }

    /// The events of a tile before they are ordered: their names, lanes and parents.
    pub fn named(&self, index: usize) -> impl Iterator<Item = (&'a str, Lane, Texts<'a>)> {
        self.tiles[index].rows.iter().map(|at| {
            let Entry { id, lane, parents, .. } = self.entry(*at);
            (id, lane, parents)
        })
    }

    /// After ordering: the parents that are not there, each with the lane and effective time of an event that names it.
    pub fn missing(&self, index: usize) -> &[(Lane, &'a str, Time)] {
        &self.tiles[index].missing
    }

    /// After ordering: whether any event of a tile stands on a cycle of parents.
    pub fn has_cycle(&self, index: usize) -> bool {
        self.tiles[index].has_cycle
    }

    /// What completed the events: a line that is read again is completed in the same way.
    pub fn defaults(&self) -> &'a Defaults {
        self.defaults
    }

    /// How many tiles there are.
    pub fn len(&self) -> usize {
        self.tiles.len()
    }

    pub fn is_empty(&self) -> bool {
        self.tiles.is_empty()
    }

    /// The space and tile of a place in the order of tiles.
    pub fn place(&self, index: usize) -> (&'a str, Tile) {
        (self.tiles[index].space, self.tiles[index].tile)
    }

    /// Whether anything of a tile is of a lane that the filter takes.
    pub fn has_lane_of(&self, index: usize, filter: &Filter) -> bool {
        let tile = &self.tiles[index];
        let takes = |lane: Lane| filter.lanes[lane.index()];
        tile.rows.iter().any(|at| takes(self.lane(*at)))
            || tile.states.iter().any(|at| takes(self.state(*at).lane))
    }

    /// The order in which threads should take the tiles: their own, so that few results wait for those before them;
    /// but first come those that are so large that one thread would be left alone with them in the end.
    pub fn in_turn(&self) -> Vec<usize> {
        let size = |i: &usize| self.tiles[*i].rows.len() + self.tiles[*i].states.len();
        let (threads, all) = (rayon::current_num_threads(), (0..self.tiles.len()).map(|i| size(&i)).sum());
        let is_large = |i: &usize| threads > 1 && size(i).saturating_mul(SHARES * threads) > all;
        let (mut turns, rest): (Vec<usize>, Vec<usize>) = (0..self.tiles.len()).partition(is_large);
        turns.sort_by_key(|i| std::cmp::Reverse(size(i)));
        turns.extend(rest);
        turns
    }

    /// The events of a tile with their effective times, in no order.
    pub fn rows(&self, index: usize) -> impl Iterator<Item = (Key<'a>, Position, Row<'a>)> {
        let tile = &self.tiles[index];
        tile.rows.iter().zip(&tile.eff).map(|(at, eff)| {
            let row = self.row(*at);
            (Key { eff: *eff, id: row.id }, self.position(at.0, row.number), row)
        })
    }

    /// The events of a tile in the order of their keys, and those of one name and time in that of their canonical
    /// lines: the same whatever the order of the input.
    pub fn sorted_rows(&self, index: usize) -> Vec<(Key<'a>, Row<'a>)> {
        let mut rows: Vec<(Key<'a>, Row<'a>)> = self.rows(index).map(|(key, _, row)| (key, row)).collect();
        rows.sort_by_key(|(key, _)| *key);
        let mut hasher = Hasher::new(self.defaults);
        for same in rows.chunk_by_mut(|a, b| a.0 == b.0).filter(|same| same.len() > 1) {
            same.sort_by_cached_key(|(_, row)| hasher.canonical(row.line).to_vec());
        }
        rows
    }

    /// The state lines of a tile, in the order of the input.
    pub fn state_lines(&self, index: usize) -> impl Iterator<Item = &StateLine<'a>> {
        self.tiles[index].states.iter().map(|at| self.state(*at))
    }

    /// The same with the places of the lines.
    pub fn placed_state_lines(&self, index: usize) -> impl Iterator<Item = (Position, &StateLine<'a>)> {
        self.tiles[index].states.iter().map(|at| {
            let (_, number, line) = &self.batches[at.0 as usize].states[at.1 as usize];
            (self.position(at.0, *number), line)
        })
    }

    /// Whether a state takes in a state line: its lane, its layer if it is a sensor's, and no key after the cut.
    pub fn takes_line(&self, line: &StateLine<'_>, filter: &Filter) -> bool {
        let mut later = false;
        if let Some(cut) = &filter.at {
            line.body.keys(|key| later |= cut.is_before(key));
        }
        filter.withholds(line).is_none() && !later
    }

    /// The code under which `filter` withholds an event, if it does.
    pub fn withheld(&self, row: &Row<'_>, key: Key<'_>, filter: &Filter) -> Option<&'static str> {
        if !filter.lanes[row.lane.index()] {
            return Some("view.lane");
        }
        if filter.at.as_ref().is_some_and(|cut| cut.is_before(key)) {
            return Some("view.later");
        }
        row.withheld.code()
    }

    /// A cut behind the greatest key of one name, of its events and of what state lines know of it, in lanes that
    /// `filter` takes in.
    pub fn greatest_key(&self, name: &str, filter: &Filter) -> Option<AsOf> {
        let mut greatest: Option<Time> = None;
        for i in 0..self.tiles.len() {
            for (key, _, row) in self.rows(i) {
                if row.id == name && self.withheld(&row, key, filter).is_none() {
                    greatest = greatest.max(Some(key.eff));
                }
            }
        }
        for (_, _, line) in self.batches.iter().flat_map(|b| &b.states) {
            if filter.lanes[line.lane.index()] {
                line.body.keys(|key| {
                    if event_of(key.id) == name {
                        greatest = greatest.max(Some(key.eff));
                    }
                });
            }
        }
        greatest.map(|eff| AsOf::Key { eff, id: name.to_owned() })
    }

    /// Derives the states of one tile's lanes from what `filter` takes in.
    pub fn derive(&self, index: usize, filter: &Filter, arena: &'a Bump, all: bool) -> Derived<'a> {
        let tile = &self.tiles[index];
        let mut derivation = Derivation {
            world: self,
            filter,
            arena,
            lanes: std::array::from_fn(|_| None),
            report: Report::new(all),
        };
        for at in &tile.states {
            derivation.join_line(*at);
        }
        // Deletions first: what a deleted node's registers held is never looked at.
        for i in &tile.deletes {
            derivation.delete(tile.rows[*i as usize], tile.eff[*i as usize]);
        }
        for (at, eff) in tile.rows.iter().zip(&tile.eff) {
            derivation.apply(*at, *eff);
        }
        let lanes =
            Lane::all().zip(derivation.lanes).filter_map(|(lane, state)| Some((lane, state?))).collect();
        Derived { space: tile.space, tile: tile.tile, lanes, report: derivation.report }
    }
}

/// Tiles as a list of references, the largest first.
fn by_size<'t, 'a>(tiles: &'t mut [TileRows<'a>]) -> Vec<&'t mut TileRows<'a>> {
    let mut list: Vec<_> = tiles.iter_mut().collect();
    list.sort_by_key(|t| std::cmp::Reverse(t.rows.len()));
    list
}

/// Hashes events that were read before.
struct Hasher<'d> {
    defaults: &'d Defaults,
    tape: json::Tape,
    text: Vec<u8>,
}

impl<'d> Hasher<'d> {
    fn new(defaults: &'d Defaults) -> Hasher<'d> {
        Hasher { defaults, tape: json::Tape::new(), text: Vec::new() }
    }

    fn hash(&mut self, line: &[u8]) -> blake3::Hash {
        blake3::hash(self.canonical(line))
    }

    fn canonical(&mut self, line: &[u8]) -> &[u8] {
        let arena = Bump::new();
        self.text.clear();
        if let Ok(Line::Event(event)) = Reader::new(&arena, self.defaults).read_bytes(line) {
            event.write_canonical(&mut self.tape, &mut self.text);
        }
        &self.text
    }
}
