//! A world read from lines: events and state lines in any mix, gathered by tile, ordered, and derived to states.
//!
//! The stages are functions over slices, so that a caller spreads them over its threads:
//!
//! 1. [`Gatherer::batch`] reads some lines into a [`Batch`]: compact rows that borrow the lines.
//! 2. [`World::new`] sorts the batches' rows into tiles, and [`World::order`] gives every event its key.
//! 3. [`World::derive`] applies the rows of one tile to the states of its lanes.
//!
//! The result depends on the lines alone: not on how they were cut into batches, nor on the order of stages 1 and 3.

use crate::event::{Defaults, Event, Line, Payload, Reader, Refusal, nearest_operation};
use crate::id::{Authority, Boundary, Key, Lane, Tile, Time, event_of};
use crate::json::{self, Fault};
use crate::keep::Keeper;
use crate::order::{self, Entry, Known, Names, Oddity, Order};
use crate::scope::{Gate, NoStore, Note, Scope, hold_to_invariants};
use crate::state::carry::Subject;
use crate::state::line::StateLine;
use crate::state::{Add, LaneState, Reading};
use bumpalo::Bump;
use foldhash::fast::RandomState;
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::slice::IterMut;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The arenas that own what events cannot borrow from their lines: one a batch.
pub struct Arenas(Vec<Bump>);

impl Arenas {
    /// Enough for any stream that a machine can hold, at about 1 MiB a batch.
    pub const STREAM: usize = 1 << 16;

    pub fn new(batches: usize) -> Arenas {
        Arenas((0..batches).map(|_| Bump::new()).collect())
    }
}

/// Which events and state lines a state takes in. Empty lists take in everything.
#[derive(Clone, Debug)]
pub struct Filter {
    /// By [`Lane::index`].
    pub lanes: [bool; Lane::COUNT],
    pub layers: Vec<String>,
    pub authorities: Vec<Authority>,
    pub boundaries: Vec<Boundary>,
    pub at: Option<Cut>,
}

impl Filter {
    /// Whether it takes in events of every layer, authority and boundary.
    pub fn takes_all_kinds(&self) -> bool {
        self.layers.is_empty() && self.authorities.is_empty() && self.boundaries.is_empty()
    }
}

impl Default for Filter {
    fn default() -> Filter {
        Filter {
            lanes: [true; Lane::COUNT],
            layers: Vec::new(),
            authorities: Vec::new(),
            boundaries: Vec::new(),
            at: None,
        }
    }
}

/// Up to where a state takes in events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Effective times up to this one.
    Time(Time),
    /// Order keys up to this one.
    Key { eff: Time, id: String },
}

impl Cut {
    /// Whether what has this key comes after the cut.
    pub fn is_before(&self, key: Key<'_>) -> bool {
        match self {
            Cut::Time(time) => key.eff > *time,
            Cut::Key { eff, id } => (key.eff, key.event()) > (*eff, id.as_str()),
        }
    }
}

/// Why a line was withheld, as a boundary code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Withheld {
    No,
    Layer,
    Authority,
    Boundary,
}

impl Withheld {
    fn code(self) -> Option<&'static str> {
        match self {
            Withheld::No => None,
            Withheld::Layer => Some("view.layer"),
            Withheld::Authority => Some("view.authority"),
            Withheld::Boundary => Some("view.boundary"),
        }
    }
}

/// An event as stage 1 keeps it.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    pub id: &'a str,
    /// The line as it was read, without its line end. It is where the input is held; the rest is a copy.
    pub line: &'a [u8],
    pub parents: &'a [&'a str],
    pub payload: Payload<'a>,
    pub time: Time,
    pub lane: Lane,
    /// The line's number in its batch, from 1.
    number: u32,
    withheld: Withheld,
}

impl Row<'_> {
    /// Whether the event, or a primitive of a macro, deletes a node.
    fn deletes(&self) -> bool {
        match self.payload {
            Payload::Delete { .. } => true,
            Payload::Macro(list) => list.iter().any(|p| matches!(p.payload, Payload::Delete { .. })),
            _ => false,
        }
    }
}

/// Reads lines into batches; shared by all threads.
pub struct Gatherer<'a> {
    arenas: Mutex<IterMut<'a, Bump>>,
    scope: &'a Scope,
    filter: &'a Filter,
    select: &'a (dyn Fn(&str, Tile) -> Option<&'static str> + Sync),
    /// Whether the lines come in here for the first time, and are held to what they declare.
    at_the_door: bool,
    /// Arenas for what only lives as long as a batch is being read.
    scratch: Mutex<Vec<Bump>>,
}

/// What some lines of one source hold.
#[derive(Default)]
pub struct Batch<'a> {
    source: u32,
    /// How many lines there are, blank ones included.
    lines: u32,
    /// How many lines are not blank.
    read: u64,
    /// Place by place, and in the order of the lines within each.
    rows: Vec<Row<'a>>,
    states: Vec<(u32, u32, StateLine<'a>)>,
    places: Vec<Place<'a>>,
    refusals: Vec<(u32, Refusal)>,
    /// What the gate found odd: number, whether it is for everyone, event id.
    notes: Vec<(u32, Note, bool, &'a str)>,
    /// Lines of spaces and tiles that were not chosen: number, code, whether it is for everyone, event id.
    passed_over: Vec<(u32, &'static str, bool, &'a str)>,
    /// Whether any event or state line is not for everyone.
    private: bool,
}

/// A space and tile of a batch, and how many rows it has there.
#[derive(Clone, Copy)]
struct Place<'a> {
    space: &'a str,
    tile: Tile,
    rows: u32,
}

/// An event between being read and being kept: it still borrows the text it was read from.
struct Fresh<'l, 'a> {
    row: Row<'l>,
    line: &'a [u8],
    place: u32,
}

impl<'a> Gatherer<'a> {
    /// Lines pass the gate of `scope`, which also completes them: without dotfiles there is none.
    ///
    /// `select` answers for each space and tile the code under which its lines are withheld, if they are.
    pub fn new(
        arenas: &'a mut Arenas,
        scope: &'a Scope,
        filter: &'a Filter,
        select: &'a (dyn Fn(&str, Tile) -> Option<&'static str> + Sync),
    ) -> Gatherer<'a> {
        let (arenas, scratch) = (Mutex::new(arenas.0.iter_mut()), Mutex::default());
        Gatherer { arenas, scope, filter, select, at_the_door: false, scratch }
    }

    /// For lines that no gate has seen yet, as those of a stream: what they declare to preserve they are held to,
    /// with and without dotfiles.
    pub fn at_the_door(self) -> Gatherer<'a> {
        Gatherer { at_the_door: true, ..self }
    }

    /// Reads the lines of one batch. `lines` gives those that are not blank, with their numbers from 1: each as the
    /// text to read, which is not needed afterwards, and as the same text where it stays. How many there were in all
    /// is said afterwards, by [`Batch::set_lines`].
    ///
    /// # Errors
    /// Only where there are more batches than arenas.
    pub fn batch<'l>(
        &self,
        source: u32,
        lines: impl Iterator<Item = (u32, Result<(&'l [u8], &'a [u8]), Fault>)>,
    ) -> Result<Batch<'a>, TooLarge> {
        let arena = self.arenas.lock().unwrap_or_else(PoisonError::into_inner).next().ok_or(TooLarge)?;
        let mut scratch = self.scratch().pop().unwrap_or_default();
        let gate = self.scope.has_gate().then(|| self.scope.gate());
        let mut gathering = Gathering {
            gatherer: self,
            keeper: Keeper::new(arena),
            fresh: Vec::new(),
            places: Places::default(),
            batch: Batch { source, ..Batch::default() },
            door: Door { gate, holds: self.at_the_door, tape: json::Tape::new() },
        };
        gathering.read(&scratch, lines);
        let batch = gathering.finish();
        scratch.reset();
        self.scratch().push(scratch);
        Ok(batch)
    }

    /// Whether lines are held to any rule.
    pub fn has_gate(&self) -> bool {
        self.scope.has_gate()
    }

    fn scratch(&self) -> MutexGuard<'_, Vec<Bump>> {
        self.scratch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn withheld(&self, event: &Event<'_>) -> Withheld {
        let Filter { layers, authorities, boundaries, .. } = self.filter;
        if !layers.is_empty() && !layers.iter().any(|l| l == event.layer) {
            Withheld::Layer
        } else if !authorities.is_empty() && !authorities.contains(&event.scope.authority) {
            Withheld::Authority
        } else if !boundaries.is_empty() && !boundaries.contains(&event.scope.boundary) {
            Withheld::Boundary
        } else {
            Withheld::No
        }
    }
}

/// A batch that is being read.
struct Gathering<'g, 'l, 'a> {
    gatherer: &'g Gatherer<'a>,
    keeper: Keeper<'a>,
    fresh: Vec<Fresh<'l, 'a>>,
    places: Places<'a>,
    batch: Batch<'a>,
    door: Door<'a>,
}

impl<'l, 'a> Gathering<'_, 'l, 'a> {
    fn read<'t: 'l>(
        &mut self,
        scratch: &'l Bump,
        lines: impl Iterator<Item = (u32, Result<(&'t [u8], &'a [u8]), Fault>)>,
    ) where
        'a: 'l,
    {
        let mut reader = Reader::new(scratch, self.gatherer.scope.defaults());
        for (number, line) in lines {
            self.batch.read += 1;
            let (read, line) = match line {
                Ok((text, line)) => (reader.read_bytes(text), line),
                Err(fault) => (Err(json::Error { fault, offset: json::STATE_BYTES }.into()), &[][..]),
            };
            let refused = match read {
                Ok(ref read) => self.take(read, number, line).err(),
                Err(refusal) => Some(refusal),
            };
            self.batch.refusals.extend(refused.map(|refusal| (number, refusal)));
        }
    }

    fn take(&mut self, read: &Line<'l>, number: u32, line: &'a [u8]) -> Result<(), Refusal> {
        self.door.permit(read, number, &mut self.keeper, &mut self.batch)?;
        match read {
            Line::Event(event) => self.take_event(event, number, line),
            Line::State(state) => self.take_state(state, number),
        }
        Ok(())
    }

    fn take_event(&mut self, event: &Event<'l>, number: u32, line: &'a [u8]) {
        let lane = event.lane();
        if let Some(code) = (self.gatherer.select)(event.space, event.tile) {
            let id = self.keeper.text(event.id);
            self.batch.passed_over.push((number, code, lane.is_shared(), id));
            return;
        }
        self.batch.private |= !lane.is_shared();
        let place = self.place(event.space, event.tile);
        self.batch.places[place as usize].rows += 1;
        let withheld = self.gatherer.withheld(event);
        let Event { id, parents, payload, time, .. } = *event;
        let row = Row { id, line: &[], parents, payload, time, lane, number, withheld };
        self.fresh.push(Fresh { row, line, place });
    }

    fn take_state(&mut self, line: &StateLine<'l>, number: u32) {
        let shared = line.lane.is_shared();
        if let Some(code) = (self.gatherer.select)(line.space, line.tile) {
            self.batch.passed_over.push((number, code, shared, ""));
            return;
        }
        self.batch.private |= !shared;
        let place = self.place(line.space, line.tile);
        let body = self.keeper.body(&line.body);
        let kept = StateLine {
            space: self.batch.places[place as usize].space,
            tile: line.tile,
            lane: line.lane,
            body,
        };
        self.batch.states.push((place, number, kept));
    }

    fn place(&mut self, space: &str, tile: Tile) -> u32 {
        self.places.index(space, tile, &mut self.keeper, &mut self.batch.places)
    }

    /// Keeps the events, place by place: what will be used together stands together.
    fn finish(mut self) -> Batch<'a> {
        let mut next: Vec<u32> = vec![0; self.batch.places.len()];
        for i in 1..next.len() {
            next[i] = next[i - 1] + self.batch.places[i - 1].rows;
        }
        let mut order: Vec<u32> = vec![0; self.fresh.len()];
        for (i, fresh) in (0..).zip(&self.fresh) {
            let slot = &mut next[fresh.place as usize];
            order[*slot as usize] = i;
            *slot += 1;
        }
        self.batch.rows.reserve_exact(order.len());
        for i in order {
            let Fresh { row, line, .. } = &self.fresh[i as usize];
            let Row { time, lane, number, withheld, .. } = *row;
            let id = self.keeper.text(row.id);
            let parents = self.keeper.texts(row.parents);
            let payload = self.keeper.payload(&row.payload);
            self.batch.rows.push(Row { id, line, parents, payload, time, lane, number, withheld });
        }
        self.batch
    }
}

/// The gate of a scope, as lines come to it.
struct Door<'s> {
    gate: Option<Gate<'s>>,
    /// Whether events are held to what they declare where there is no gate.
    holds: bool,
    tape: json::Tape,
}

impl Door<'_> {
    /// Lets a line through that breaks no rule. The clock is not looked at: only what is written here and now is.
    fn permit<'a>(
        &mut self,
        line: &Line<'_>,
        number: u32,
        keeper: &mut Keeper<'a>,
        batch: &mut Batch<'a>,
    ) -> Result<(), Refusal> {
        let shared = |event: &Event<'_>| event.lane().is_shared();
        let Some(gate) = &mut self.gate else {
            if let Line::Event(event) = line
                && self.holds
                && !event.invariants.is_empty()
            {
                let mut notes = Vec::new();
                hold_to_invariants(event, &NoStore, &mut notes).map_err(|refusal| Refusal {
                    event_id: Some(event.id.to_owned()),
                    shared: shared(event),
                    ..refusal
                })?;
                let note = |note| (number, note, shared(event), keeper.text(event.id));
                batch.notes.extend(notes.into_iter().map(note));
            }
            return Ok(());
        };
        match line {
            Line::State(state) => gate.permit_state(state)?,
            Line::Event(event) => {
                let permit = gate.permit(event, None, &NoStore)?;
                if permit.max_event_bytes < json::EVENT_BYTES {
                    let mut text = Vec::new();
                    event.write_canonical(&mut self.tape, &mut text);
                    if text.len() > permit.max_event_bytes {
                        let detail = format!("{} bytes are more than max_event_bytes", text.len());
                        let event_id = Some(event.id.to_owned());
                        let shared = shared(event);
                        return Err(Refusal { code: "scope.limit", detail, event_id, shared });
                    }
                }
                let note = |note| (number, note, shared(event), keeper.text(event.id));
                batch.notes.extend(permit.notes.into_iter().map(note));
            }
        }
        Ok(())
    }
}

/// There are more batches than arenas for them.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the stream is larger than this tool holds")]
pub struct TooLarge;

/// The spaces and tiles of a batch, by name.
#[derive(Default)]
struct Places<'a> {
    by_name: HashMap<(&'a str, Tile), u32, RandomState>,
}

impl<'a> Places<'a> {
    fn index(
        &mut self,
        space: &str,
        tile: Tile,
        keeper: &mut Keeper<'a>,
        places: &mut Vec<Place<'a>>,
    ) -> u32 {
        if let Some(index) = self.by_name.get(&(space, tile)) {
            return *index;
        }
        let index = u32::try_from(places.len()).expect("a batch has fewer places than lines");
        let space = keeper.text(space);
        self.by_name.insert((space, tile), index);
        places.push(Place { space, tile, rows: 0 });
        index
    }
}

impl<'a> Batch<'a> {
    /// Calls `each` with what its events touch, and with their lanes.
    pub fn touches(&self, mut each: impl FnMut(Lane, Subject<'a>)) {
        for row in &self.rows {
            Subject::each_of(&row.payload, &mut |subject| each(row.lane, subject));
        }
    }

    /// Whether it holds that many events of one lane and nothing else: what a segment of a store must be. Events that
    /// a gate refused count where one stood there.
    pub fn is_segment_of(&self, space: &str, tile: Tile, lane: Lane, events: u64, gated: bool) -> bool {
        let here = self.places.iter().all(|place| (place.space, place.tile) == (space, tile));
        let refused = if gated { self.refusals.len() } else { 0 };
        let clean = self.refusals.len() == refused && self.passed_over.is_empty() && self.states.is_empty();
        let all = (self.rows.len() + refused) as u64 == events;
        here && clean && all && self.rows.iter().all(|row| row.lane == lane)
    }

    /// Whether it holds state lines of one lane and nothing else: what a snapshot of a store must be.
    pub fn is_snapshot_of(&self, space: &str, tile: Tile, lane: Lane) -> bool {
        let here = self.places.iter().all(|place| (place.space, place.tile) == (space, tile));
        let clean = self.refusals.is_empty() && self.passed_over.is_empty() && self.rows.is_empty();
        here && clean && self.states.iter().all(|(_, _, line)| line.lane == lane)
    }

    /// The operand that it was read from.
    pub fn source(&self) -> u32 {
        self.source
    }

    /// Says how many lines the batch had, blank ones included.
    pub fn set_lines(&mut self, lines: u32) {
        self.lines = lines;
    }
}

/// A place in the input: an operand, and a line of it from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Site {
    pub source: u32,
    pub line: u64,
}

/// What happened to a line that was not simply applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    Rejected,
    Withheld,
    Duplicate,
    Noted,
}

/// One thing to say in the boundary log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remark {
    pub site: Site,
    pub fate: Fate,
    pub code: &'static str,
    /// Whether the line is for everyone.
    pub shared: bool,
    pub event_id: Option<String>,
    pub detail: String,
}

/// What there is to say: everything counted, and what was asked for in full.
#[derive(Clone, Debug, Default)]
pub struct Remarks {
    /// Whether withheld, duplicate and noted lines are kept in full too.
    pub all: bool,
    pub list: Vec<Remark>,
    pub codes: BTreeMap<&'static str, u64>,
    pub read: u64,
    pub rejected: u64,
    pub withheld: u64,
    pub duplicate: u64,
    /// Whether anything that is not for everyone was read.
    pub private: bool,
}

impl Remarks {
    pub fn new(all: bool) -> Remarks {
        Remarks { all, ..Remarks::default() }
    }

    /// Says something of a line; `detail` is only called where it is kept.
    pub fn say(
        &mut self,
        site: Site,
        fate: Fate,
        (code, shared, event_id): (&'static str, bool, Option<&str>),
        detail: impl FnOnce() -> String,
    ) {
        *self.codes.entry(code).or_default() += 1;
        match fate {
            Fate::Rejected => self.rejected += 1,
            Fate::Withheld => self.withheld += 1,
            Fate::Duplicate => self.duplicate += 1,
            Fate::Noted => {}
        }
        if self.all || fate == Fate::Rejected {
            let event_id = event_id.map(str::to_owned);
            self.list.push(Remark { site, fate, code, shared, event_id, detail: detail() });
        }
    }

    /// Counts something odd of a line that is not written out.
    fn note(&mut self, code: &'static str) {
        *self.codes.entry(code).or_default() += 1;
    }

    /// Takes in what another part has to say.
    pub fn join(&mut self, other: Remarks) {
        self.list.extend(other.list);
        for (code, count) in other.codes {
            *self.codes.entry(code).or_default() += count;
        }
        self.read += other.read;
        self.rejected += other.rejected;
        self.withheld += other.withheld;
        self.duplicate += other.duplicate;
        self.private |= other.private;
    }
}

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
    /// After ordering: parents that no lane as loose as the event's holds, with the event's lane.
    missing: Vec<(Lane, &'a str)>,
    /// After ordering: which of `rows` delete a node, as they are applied before all others.
    deletes: Vec<u32>,
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
        let mut tiles: Vec<TileRows<'a>> = names
            .iter()
            .map(|(space, tile)| TileRows {
                space,
                tile: *tile,
                rows: Vec::new(),
                states: Vec::new(),
                eff: Vec::new(),
                known: Vec::new(),
                missing: Vec::new(),
                deletes: Vec::new(),
            })
            .collect();
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

    fn row(&self, at: (u32, u32)) -> &Row<'a> {
        &self.batches[at.0 as usize].rows[at.1 as usize]
    }

    fn state(&self, at: (u32, u32)) -> &StateLine<'a> {
        &self.batches[at.0 as usize].states[at.1 as usize].2
    }

    fn site(&self, batch: u32, number: u32) -> Site {
        let b = batch as usize;
        Site { source: self.batches[b].source, line: self.bases[b] + u64::from(number) }
    }

    /// What the lines themselves gave to say: refusals, and tiles that were not chosen.
    pub fn remarks(&mut self, all: bool) -> Remarks {
        let mut remarks = Remarks::new(all);
        for b in 0..self.batches.len() {
            let index = u32::try_from(b).expect("batches are counted in 32 bits");
            let refusals = std::mem::take(&mut self.batches[b].refusals);
            let batch = &self.batches[b];
            remarks.read += batch.read;
            remarks.private |= batch.private;
            for (number, refusal) in refusals {
                remarks.private |= !refusal.shared;
                let about = (refusal.code, refusal.shared, refusal.event_id.as_deref());
                remarks.say(self.site(index, number), Fate::Rejected, about, || refusal.detail.clone());
            }
            for (number, note, shared, id) in &batch.notes {
                let about = (note.code, *shared, Some(*id));
                remarks.say(self.site(index, *number), Fate::Noted, about, || note.detail.clone());
            }
            for (number, code, shared, id) in &batch.passed_over {
                remarks.private |= !shared;
                let id = (!id.is_empty()).then_some(*id);
                remarks.say(self.site(index, *number), Fate::Withheld, (code, *shared, id), String::new);
            }
        }
        remarks
    }

    /// Gives every event its key: drops duplicates, and notes what is odd. On the threads of the current pool.
    pub fn order(&mut self, all: bool) -> Remarks {
        let mut tiles = std::mem::take(&mut self.tiles);
        let world = &*self;
        let parts: Vec<Remarks> =
            by_size(&mut tiles).into_par_iter().map(|tile| world.order_tile(tile, all)).collect();
        self.tiles = tiles;
        let mut remarks = Remarks::new(all);
        parts.into_iter().for_each(|part| remarks.join(part));
        remarks
    }

    fn order_tile(&self, tile: &mut TileRows<'a>, all: bool) -> Remarks {
        let mut remarks = Remarks::new(all);
        let mut entries = self.entries(tile);
        let mut names = Names::new(&entries);
        if names.any_repeated() {
            self.drop_duplicates(tile, &mut remarks);
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
        let Order { eff, oddities } = order::order(&entries, &names, &known);
        tile.eff = eff;
        let deletes = (0..).zip(&tile.rows).filter(|(_, at)| self.row(**at).deletes());
        tile.deletes = deletes.map(|(i, _)| i).collect();
        for (at, oddity) in oddities {
            if let Oddity::UnknownParent(name) = oddity {
                tile.missing.push((entries[at as usize].lane, name));
            }
            let (code, detail) = match oddity {
                Oddity::UnknownParent(name) => ("order.unknown_parent", name),
                Oddity::Cycle => ("order.cycle", ""),
                Oddity::Equivocation => ("event.equivocation", ""),
            };
            if !all {
                // Nobody asks of which line: there is no need to fetch its row.
                remarks.note(code);
                continue;
            }
            let at = tile.rows[at as usize];
            let row = self.row(at);
            let about = (code, row.lane.is_shared(), Some(row.id));
            remarks.say(self.site(at.0, row.number), Fate::Noted, about, || detail.to_owned());
        }
        remarks
    }

    /// What the order needs of a tile's rows.
    fn entries(&self, tile: &TileRows<'a>) -> Vec<Entry<'a>> {
        let entry = |at: &(u32, u32)| {
            let row = self.row(*at);
            Entry { id: row.id, time: row.time, lane: row.lane, parents: row.parents }
        };
        tile.rows.iter().map(entry).collect()
    }

    /// An event is its hash: of rows with the same canonical form only the first stays.
    fn drop_duplicates(&self, tile: &mut TileRows<'a>, remarks: &mut Remarks) {
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
                let about = ("event.duplicate", row.lane.is_shared(), Some(row.id));
                remarks.say(self.site(at.0, row.number), Fate::Duplicate, about, String::new);
            }
            !known
        });
    }

    /// Makes an event known in a tile that is not at hand: one that a store holds.
    pub fn know(&mut self, index: usize, lane: Lane, id: &'a str, eff: Time) {
        self.tiles[index].known.push((lane, id, eff));
    }

    /// The events of a tile before they are ordered: their names, lanes and parents.
    pub fn named(&self, index: usize) -> impl Iterator<Item = (&'a str, Lane, &'a [&'a str])> {
        self.tiles[index].rows.iter().map(|at| {
            let row = self.row(*at);
            (row.id, row.lane, row.parents)
        })
    }

    /// After ordering: the parents that are not there, each with the lane of an event that names it.
    pub fn missing(&self, index: usize) -> &[(Lane, &'a str)] {
        &self.tiles[index].missing
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

    /// The tiles, those with the most rows first: the order in which threads should take them.
    pub fn largest_first(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.tiles.len()).collect();
        order.sort_by_key(|i| std::cmp::Reverse(self.tiles[*i].rows.len() + self.tiles[*i].states.len()));
        order
    }

    /// The events of a tile with their effective times, in no order.
    pub fn rows(&self, index: usize) -> impl Iterator<Item = (Key<'a>, Site, &Row<'a>)> {
        let tile = &self.tiles[index];
        tile.rows.iter().zip(&tile.eff).map(|(at, eff)| {
            let row = self.row(*at);
            (Key { eff: *eff, id: row.id }, self.site(at.0, row.number), row)
        })
    }

    /// The events of a tile in the order of their keys, and those of one name and time in that of their canonical
    /// lines: the same whatever the order of the input.
    pub fn sorted_rows(&self, index: usize) -> Vec<(Key<'a>, &Row<'a>)> {
        let mut rows: Vec<(Key<'a>, &Row<'a>)> = self.rows(index).map(|(key, _, row)| (key, row)).collect();
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

    /// Whether a state takes in a state line: its lane, and no key after the cut.
    pub fn takes_line(&self, line: &StateLine<'_>, filter: &Filter) -> bool {
        let mut later = false;
        if let Some(cut) = &filter.at {
            line.body.keys(|key| later |= cut.is_before(key));
        }
        filter.lanes[line.lane.index()] && !later
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
    pub fn greatest_key(&self, name: &str, filter: &Filter) -> Option<Cut> {
        let mut greatest: Option<Time> = None;
        for i in 0..self.tiles.len() {
            for (key, _, row) in self.rows(i) {
                if row.id == name && filter.lanes[row.lane.index()] {
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
        greatest.map(|eff| Cut::Key { eff, id: name.to_owned() })
    }

    /// Derives the states of one tile's lanes from what `filter` takes in.
    pub fn derive(&self, index: usize, filter: &Filter, arena: &'a Bump, all: bool) -> Derived<'a> {
        let tile = &self.tiles[index];
        let mut derivation = Derivation {
            world: self,
            filter,
            arena,
            lanes: std::array::from_fn(|_| None),
            remarks: Remarks::new(all),
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
        Derived { space: tile.space, tile: tile.tile, lanes, remarks: derivation.remarks }
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

/// The states of one tile's lanes.
pub struct Derived<'a> {
    pub space: &'a str,
    pub tile: Tile,
    /// In the order of lanes.
    pub lanes: Vec<(Lane, LaneState<'a>)>,
    pub remarks: Remarks,
}

struct Derivation<'w, 'a> {
    world: &'w World<'a>,
    filter: &'w Filter,
    arena: &'a Bump,
    lanes: [Option<LaneState<'a>>; Lane::COUNT],
    remarks: Remarks,
}

impl<'a> Derivation<'_, 'a> {
    fn join_line(&mut self, at: (u32, u32)) {
        let (_, number, line) = &self.world.batches[at.0 as usize].states[at.1 as usize];
        let site = self.world.site(at.0, *number);
        let shared = line.lane.is_shared();
        if !self.filter.lanes[line.lane.index()] {
            return self.remarks.say(site, Fate::Withheld, ("view.lane", shared, None), String::new);
        }
        if let Some(cut) = &self.filter.at {
            let mut later = None;
            line.body.keys(|key| {
                if cut.is_before(key) {
                    later = Some(key);
                }
            });
            if let Some(key) = later {
                let detail = || format!("{key} is later than --at");
                return self.remarks.say(site, Fate::Rejected, ("state.later", shared, None), detail);
            }
        }
        self.lanes[line.lane.index()].get_or_insert_default().join_line(&line.body);
    }

    fn delete(&mut self, at: (u32, u32), eff: Time) {
        let row = self.world.row(at);
        if self.world.withheld(row, Key { eff, id: row.id }, self.filter).is_some() {
            return;
        }
        let lane = self.lanes[row.lane.index()].get_or_insert_default();
        match row.payload {
            Payload::Delete { node } => lane.delete(node, Key { eff, id: row.id }),
            Payload::Macro(list) => {
                for primitive in list {
                    if let Payload::Delete { node } = primitive.payload {
                        let id = self.arena.alloc_str(&format!("{}{}", row.id, primitive.suffix));
                        lane.delete(node, Key { eff, id });
                    }
                }
            }
            _ => {}
        }
    }

    fn apply(&mut self, at: (u32, u32), eff: Time) {
        let row = self.world.row(at);
        let key = Key { eff, id: row.id };
        let site = self.world.site(at.0, row.number);
        let shared = row.lane.is_shared();
        if let Some(code) = self.world.withheld(row, key, self.filter) {
            return self.remarks.say(site, Fate::Withheld, (code, shared, Some(row.id)), String::new);
        }
        let lane = self.lanes[row.lane.index()].get_or_insert_default();
        lane.recent.insert(key);
        let mut odd = Odd::default();
        match row.payload {
            Payload::Macro(list) => {
                for primitive in list {
                    let id = self.arena.alloc_str(&format!("{}{}", row.id, primitive.suffix));
                    apply_primitive(lane, Key { eff, id }, &primitive.payload, primitive.operation, &mut odd);
                }
            }
            payload => apply_primitive(lane, key, &payload, "", &mut odd),
        }
        if let Some(node) = odd.after_delete {
            let about = ("state.after_delete", shared, Some(row.id));
            self.remarks.say(site, Fate::Noted, about, || format!("{node} was deleted before"));
        }
        if let Some(operation) = odd.unknown {
            let operation = if operation.is_empty() { operation_of(row.line) } else { operation.to_owned() };
            let about = ("event.unknown_operation", shared, Some(row.id));
            let detail = || format!("{operation}: did you mean {}?", nearest_operation(&operation));
            self.remarks.say(site, Fate::Noted, about, detail);
        }
    }
}

/// The operation of a line that was read before.
fn operation_of(line: &[u8]) -> String {
    let arena = Bump::new();
    let mut tape = json::Tape::new();
    let top = json::parse_line(&mut tape, line).ok();
    top.and_then(|t| t.get("operation")?.as_str(&arena)).unwrap_or_default().to_owned()
}

/// What is odd about an event that was applied.
#[derive(Default)]
struct Odd<'a> {
    after_delete: Option<&'a str>,
    /// An operation that this version does not know; empty where it is the event's own.
    unknown: Option<&'a str>,
}

/// Applies one primitive; deletions were applied before.
fn apply_primitive<'a>(
    lane: &mut LaneState<'a>,
    key: Key<'a>,
    payload: &Payload<'a>,
    operation: &'a str,
    odd: &mut Odd<'a>,
) {
    match payload {
        Payload::Create { node, sets } => {
            lane.create(node, key);
            write(lane, node, key, sets, odd);
        }
        Payload::Set { node, sets } => write(lane, node, key, sets, odd),
        Payload::Step { updates } => {
            updates.iter().for_each(|(node, sets)| write(lane, node, key, sets, odd))
        }
        Payload::Delete { .. } | Payload::Macro(_) => {}
        Payload::Link(link) => {
            let add = Add { key, properties: link.properties };
            lane.links.entry(link.ends).or_default().add(key.id, add);
        }
        Payload::Unlink(unlink) => {
            let links = lane.links.entry(unlink.ends).or_default();
            match unlink.observed {
                Some(tags) => tags.iter().for_each(|tag| links.remove(tag)),
                None => links.remove_before(key),
            }
        }
        Payload::Merge { node, absorbs } => {
            if let Some((_, raw)) = node {
                let register = crate::event::Register::plain(crate::event::RegisterKind::AbsorbedInto);
                for absorbed in *absorbs {
                    write(lane, absorbed, key, &[crate::event::Set { register, value: raw }], odd);
                }
            }
        }
        Payload::Sensor(sensor) => lane.read_sensor(Reading { key, sensor: **sensor }),
        Payload::Unknown => odd.unknown = Some(operation),
    }
}

fn write<'a>(
    lane: &mut LaneState<'a>,
    node: &'a str,
    key: Key<'a>,
    sets: &[crate::event::Set<'a>],
    odd: &mut Odd<'a>,
) {
    if lane.set(node, key, sets) {
        odd.after_delete = Some(node);
    }
}
