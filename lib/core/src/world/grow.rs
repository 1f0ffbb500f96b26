//! A world that grows: what new lines change is worked out from them and from the events that build on them.
//!
//! A state is a join, so an event is joined to it when it comes. What it can change of the order is its own key and
//! those of the events that name it, directly or through others, and these are ordered again: every cycle that an
//! event closes leads through it, so what is ordered again holds whole cycles. A key that has become greater is
//! joined once more under it. Only where a key has become smaller, as an edge of a new cycle counts for nothing, or
//! where it has left the view by `--at`, is the tile derived anew.
//!
//! The order keys that `recent` holds may be those of before: they are in no view.

use super::derive::Derivation;
use super::{AsOf, Batch, Filter, Hasher, TileRows, World};
use crate::event::{Defaults, Ends, Touch};
use crate::id::{Lane, Tile, Time};
use crate::order::{self, Entry, Known, Names};
use crate::report::Report;
use crate::state::LaneState;
use crate::state::line::Body;
use bumpalo::Bump;
use foldhash::fast::RandomState;
use std::collections::{BTreeSet, HashMap, HashSet};

/// No row: the end of a chain.
const NONE: u32 = u32::MAX;

/// A world to which lines are added.
pub struct Growing<'a> {
    /// Its tiles stand in the order in which they came, and it is ordered but for what was added since.
    world: World<'a>,
    places: HashMap<(&'a str, Tile), usize, RandomState>,
    tiles: Vec<Grown<'a>>,
    /// The tiles to which something was added.
    open: BTreeSet<usize>,
    /// What the states were derived up to.
    at: Option<AsOf>,
    all: bool,
}

/// What is known of a tile besides its rows.
#[derive(Default)]
struct Grown<'a> {
    names: HashMap<&'a str, Chains, RandomState>,
    /// From each row to the one before it of the same name.
    previous: Vec<u32>,
    /// A row that names a parent, and the place of the one before it that names the same.
    edges: Vec<(u32, u32)>,
    known: Known<'a>,
    /// The names of which state lines told something new.
    told: BTreeSet<&'a str>,
    /// Names that came up again, and the hashes of their events.
    hashed: HashSet<&'a str, RandomState>,
    hashes: HashSet<blake3::Hash>,
    /// How many rows are ordered, and how many state lines are joined.
    ordered: usize,
    joined: usize,
    /// The rows whose keys are new, or greater than they were.
    pending: Vec<u32>,
    /// Whether a key of before has become greater, or smaller.
    rose: bool,
    fell: bool,
    lanes: [Option<LaneState<'a>>; Lane::COUNT],
}

/// The last row that bears a name, and the last edge to it.
#[derive(Clone, Copy)]
struct Chains {
    bearer: u32,
    edge: u32,
}

/// What has changed in the states of a tile's lanes, or may have.
#[derive(Debug, Default)]
pub struct Touched<'a> {
    pub tile: usize,
    pub nodes: BTreeSet<&'a str>,
    pub links: BTreeSet<Ends<'a>>,
    /// By actor and sensor.
    pub sensors: BTreeSet<(&'a str, &'a str)>,
}

impl<'a> Growing<'a> {
    /// An empty world; `all` says whether its reports hold all there is to say.
    pub fn new(defaults: &'a Defaults, all: bool) -> Growing<'a> {
        Growing {
            world: World::new(Vec::new(), defaults),
            places: HashMap::default(),
            tiles: Vec::new(),
            open: BTreeSet::new(),
            at: None,
            all,
        }
    }

    /// Adds a batch, and gives what its lines had to say.
    pub fn add(&mut self, mut batch: Batch<'a>) -> Report {
        let b = self.world.batches.len();
        let number = narrow(b);
        let base = match (self.world.batches.last(), self.world.bases.last()) {
            (Some(last), Some(base)) if last.source == batch.source => base + u64::from(last.lines),
            _ => 0,
        };
        let mut report = batch.report(base, self.all);
        self.world.bases.push(base);
        self.world.batches.push(batch);
        // Twice is counted at the end, when all is known.
        let mut twice = Report::new(self.all);
        let mut start = 0;
        let mut tiles = Vec::with_capacity(self.world.batches[b].places.len());
        for place in 0..self.world.batches[b].places.len() {
            let place = self.world.batches[b].places[place];
            let tile = self.tile(place.space, place.tile);
            tiles.push(tile);
            (start..start + place.rows).for_each(|row| self.add_row(tile, (number, row), &mut twice));
            start += place.rows;
        }
        for state in 0..self.world.batches[b].states.len() {
            let tile = tiles[self.world.batches[b].states[state].0 as usize];
            self.world.tiles[tile].states.push((number, narrow(state)));
        }
        self.open.extend(tiles);
        report.diagnostics.append(&mut twice.diagnostics);
        report
    }

    fn tile(&mut self, space: &'a str, tile: Tile) -> usize {
        *self.places.entry((space, tile)).or_insert_with(|| {
            self.world.tiles.push(TileRows::new(space, tile));
            self.tiles.push(Grown::default());
            self.tiles.len() - 1
        })
    }

    fn add_row(&mut self, tile: usize, at: (u32, u32), report: &mut Report) {
        let grown = &mut self.tiles[tile];
        let world = &mut self.world;
        let row = world.row(at);
        if let Some(chains) = grown.names.get(row.id).filter(|chains| chains.bearer != NONE) {
            let first = world.tiles[tile].rows[chains.bearer as usize];
            if grown.is_known(world, at, first) {
                return world.say_duplicate(at, report);
            }
        }
        let rows = &mut world.tiles[tile];
        let number = narrow(rows.rows.len());
        rows.rows.push(at);
        rows.eff.push(row.time);
        let chains = grown.names.entry(row.id).or_insert(Chains::NONE);
        grown.previous.push(std::mem::replace(&mut chains.bearer, number));
        for parent in row.parents.iter() {
            let chains = grown.names.entry(parent).or_insert(Chains::NONE);
            let edge = narrow(grown.edges.len());
            grown.edges.push((number, std::mem::replace(&mut chains.edge, edge)));
        }
    }

    /// Gives every event its key, as far as what was added can have changed it.
    pub fn order(&mut self) -> Report {
        let mut report = Report::new(self.all);
        for tile in &self.open {
            let (rows, grown) = (&self.world.tiles[*tile], &mut self.tiles[*tile]);
            grown.learn(&self.world, &rows.states[grown.joined..]);
            let affected = grown.affected(&self.world, rows);
            let (entries, known) = grown.entries(&self.world, rows, &affected);
            let order = order::order(&entries, &Names::new(&entries), &known);
            for (at, oddity) in &order.anomalies {
                let at = rows.rows[affected[*at as usize] as usize];
                self.world.say_odd(at, *oddity, self.all, &mut report);
            }
            let rows = &mut self.world.tiles[*tile];
            for (row, eff) in affected.into_iter().zip(order.eff) {
                grown.take_time(row, rows.eff[row as usize], eff);
                rows.eff[row as usize] = eff;
            }
            grown.ordered = rows.rows.len();
        }
        report
    }

    /// Joins what has changed to the states of the lanes; `filter` may differ from before in its cut alone. To be
    /// called after [`Growing::order`].
    pub fn derive(&mut self, filter: &Filter, arena: &'a Bump) -> (Vec<Touched<'a>>, Report) {
        let anew = self.at != filter.at;
        self.at.clone_from(&filter.at);
        let mut open = std::mem::take(&mut self.open);
        if anew {
            open.extend(0..self.tiles.len());
        }
        let mut report = Report::new(self.all);
        let mut touched = Vec::with_capacity(open.len());
        for tile in open {
            let grown = &mut self.tiles[tile];
            let anew = anew || grown.fell || grown.rose && filter.at.is_some();
            let mut touches = Touched { tile, ..Touched::default() };
            if anew {
                touches.add_all(&grown.lanes);
                grown.lanes = Default::default();
                grown.joined = 0;
                grown.pending = (0..narrow(self.world.tiles[tile].rows.len())).collect();
            }
            report = grown.derive(&self.world, filter, arena, &mut touches, report);
            (grown.rose, grown.fell) = (false, false);
            touched.push(touches);
        }
        (touched, report)
    }

    /// As [`World::greatest_key`], from the rows of that name alone.
    pub fn greatest_key(&self, name: &str, filter: &Filter) -> Option<AsOf> {
        let tiles = self.world.tiles.iter().zip(&self.tiles);
        let greatest = tiles.filter_map(|(rows, grown)| {
            let kept = grown.bearers(name).filter(|row| {
                let row = self.world.row(rows.rows[*row as usize]);
                filter.lanes[row.lane.index()] && row.withheld.code().is_none()
            });
            let latest = kept.map(|row| rows.eff[row as usize]).max();
            latest.max(grown.known.among(name, |lane| filter.lanes[lane.index()]))
        });
        greatest.max().map(|eff| AsOf::Key { eff, id: name.to_owned() })
    }

    /// The states of a tile's lanes.
    pub fn lanes(&self, tile: usize) -> impl Iterator<Item = (Lane, &LaneState<'a>)> {
        Lane::all().zip(&self.tiles[tile].lanes).filter_map(|(lane, state)| Some((lane, state.as_ref()?)))
    }

    /// Its lines so far.
    pub fn world(&self) -> &World<'a> {
        &self.world
    }

    /// All that was added, to be looked at as a whole.
    pub fn into_world(self) -> World<'a> {
        World::new(self.world.batches, self.world.defaults)
    }
}

impl Chains {
    const NONE: Chains = Chains { bearer: NONE, edge: NONE };
}

impl<'a> Grown<'a> {
    /// Whether an event was there before, of whose name there was another.
    fn is_known(&mut self, world: &World<'a>, at: (u32, u32), before: (u32, u32)) -> bool {
        let (row, before) = (world.row(at), world.row(before));
        if row.line == before.line {
            return true;
        }
        let mut hasher = Hasher::new(world.defaults);
        if self.hashed.insert(before.id) {
            self.hashes.insert(hasher.hash(before.line));
        }
        !self.hashes.insert(hasher.hash(row.line))
    }

    /// The rows that bear a name.
    fn bearers(&self, name: &str) -> impl Iterator<Item = u32> {
        let last = self.names.get(name).map(|chains| chains.bearer).filter(|row| *row != NONE);
        std::iter::successors(last, |row| Some(self.previous[*row as usize]).filter(|row| *row != NONE))
    }

    /// The rows that name a parent.
    fn namers(&self, name: &str) -> impl Iterator<Item = u32> {
        let last = self.names.get(name).map(|chains| chains.edge).filter(|edge| *edge != NONE);
        let next = |edge: &u32| Some(self.edges[*edge as usize].1).filter(|edge| *edge != NONE);
        std::iter::successors(last, next).map(|edge| self.edges[edge as usize].0)
    }

    /// Takes in the keys of state lines, which make events known.
    fn learn(&mut self, world: &World<'a>, states: &[(u32, u32)]) {
        for at in states {
            let line = world.state(*at);
            line.body.keys(|key| {
                let before = self.known.among(key.event(), |lane| lane == line.lane);
                if before < Some(key.eff) {
                    self.known.add(line.lane, key.event(), key.eff);
                    self.told.insert(key.event());
                }
            });
        }
    }

    /// The rows whose keys may change, ascending: those that are new, those of which something new was told, and all
    /// that build on these; of a name all rows or none.
    fn affected(&mut self, world: &World<'a>, rows: &TileRows<'a>) -> Vec<u32> {
        if self.ordered == 0 {
            self.told.clear();
            return (0..narrow(rows.rows.len())).collect();
        }
        let name = |row: u32| world.row(rows.rows[row as usize]).id;
        let mut names: HashSet<&'a str, RandomState> = HashSet::default();
        let mut open: Vec<&'a str> = (narrow(self.ordered)..narrow(rows.rows.len())).map(name).collect();
        open.extend(std::mem::take(&mut self.told));
        open.retain(|name| names.insert(name));
        let mut affected = Vec::new();
        while let Some(of) = open.pop() {
            affected.extend(self.bearers(of));
            open.extend(self.namers(of).map(name).filter(|name| names.insert(name)));
        }
        affected.sort_unstable();
        affected
    }

    /// What the order needs of some rows, and what it has to know of the others.
    fn entries(
        &self,
        world: &World<'a>,
        rows: &TileRows<'a>,
        affected: &[u32],
    ) -> (Vec<Entry<'a>>, Known<'a>) {
        let entry = |row: &u32| world.entry(rows.rows[*row as usize]);
        let entries: Vec<Entry<'a>> = affected.iter().map(entry).collect();
        if affected.len() == rows.rows.len() {
            return (entries, self.known.clone());
        }
        let own: HashSet<&str, RandomState> = entries.iter().map(|entry| entry.id).collect();
        let mut known = Known::default();
        own.iter().for_each(|name| known.add_all(name, &self.known));
        for parent in
            entries.iter().flat_map(|entry| entry.parents.iter()).filter(|parent| !own.contains(parent))
        {
            known.add_all(parent, &self.known);
            for row in self.bearers(parent) {
                let lane = world.row(rows.rows[row as usize]).lane;
                known.add(lane, parent, rows.eff[row as usize]);
            }
        }
        (entries, known)
    }

    /// Remembers what a row's new time asks for.
    fn take_time(&mut self, row: u32, before: Time, eff: Time) {
        let is_new = row as usize >= self.ordered;
        if is_new || eff > before {
            self.pending.push(row);
        }
        self.rose |= !is_new && eff > before;
        self.fell |= !is_new && eff < before;
    }

    /// Joins what is pending to the states of the lanes.
    fn derive(
        &mut self,
        world: &World<'a>,
        filter: &Filter,
        arena: &'a Bump,
        touched: &mut Touched<'a>,
        report: Report,
    ) -> Report {
        let rows = &world.tiles[touched.tile];
        let lanes = std::mem::take(&mut self.lanes);
        let mut derivation = Derivation { world, filter, arena, lanes, report };
        for at in &rows.states[self.joined..] {
            derivation.join_line(*at);
            touched.add_line(&world.state(*at).body);
        }
        self.joined = rows.states.len();
        let pending = std::mem::take(&mut self.pending);
        let place = |row: &u32| (rows.rows[*row as usize], rows.eff[*row as usize]);
        for (at, eff) in pending.iter().map(place).filter(|(at, _)| world.deletes(*at)) {
            derivation.delete(at, eff);
        }
        for (at, eff) in pending.iter().map(place) {
            derivation.apply(at, eff);
            world.row(at).payload.touches().for_each(|touch| touched.add(touch));
        }
        self.lanes = derivation.lanes;
        derivation.report
    }
}

impl<'a> Touched<'a> {
    fn add(&mut self, touch: Touch<'a>) {
        match touch {
            Touch::Create { node, .. }
            | Touch::Write { node, .. }
            | Touch::Delete { node }
            | Touch::Absorb { node, .. } => {
                self.nodes.insert(node);
            }
            Touch::Survive { .. } => {}
            Touch::Link(link) => {
                self.links.insert(link.ends);
            }
            Touch::Unlink(unlink) => {
                self.links.insert(unlink.ends);
            }
            Touch::Read(sensor) => {
                self.sensors.insert((sensor.actor, sensor.sensor));
            }
        }
    }

    fn add_line(&mut self, body: &Body<'a>) {
        match body {
            Body::Tile { .. } => {}
            Body::Node { node, .. } => {
                self.nodes.insert(node);
            }
            Body::Link { ends, .. } => {
                self.links.insert(*ends);
            }
            Body::Sensor(reading) => {
                self.sensors.insert((reading.sensor.actor, reading.sensor.sensor));
            }
        }
    }

    fn add_all(&mut self, lanes: &[Option<LaneState<'a>>]) {
        for state in lanes.iter().flatten() {
            self.nodes.extend(state.nodes.names());
            self.links.extend(state.links.keys());
            self.sensors.extend(state.sensors.keys());
        }
    }
}

fn narrow(i: usize) -> u32 {
    u32::try_from(i).expect("rows are counted in 32 bits")
}
