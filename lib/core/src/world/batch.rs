//! Lines read into batches: compact rows that borrow the lines, place by place.

use super::filter::{Filter, Withheld};
use super::intern::Interner;
use crate::event::{Event, Line, Payload, Reader};
use crate::id::{Lane, Tile, Time};
use crate::json::{self, Fault};
use crate::line;
use crate::report::{Note, Outcome, Position, Refusal, Report};
use crate::scope::{Admission, Scope};
use crate::state::line::StateLine;
use crate::state::untouched::Subject;
use bumpalo::Bump;
use foldhash::fast::RandomState;
use std::collections::HashMap;
use std::slice::IterMut;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The arenas that own what events cannot borrow from their lines: one a batch.
pub struct Arenas(Vec<Bump>);

impl Arenas {
    /// Enough for any stream that a machine can hold, at about 1 MiB a batch, where the first of them may be smaller.
    pub const STREAM: usize = 1 << 17;

    pub fn new(batches: usize) -> Arenas {
        Arenas((0..batches).map(|_| Bump::new()).collect())
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
    pub(super) number: u32,
    pub(super) withheld: Withheld,
}

impl Row<'_> {
    /// Whether the event, or a primitive of a macro, deletes a node.
    pub(super) fn deletes(&self) -> bool {
        let deletes = |payload: &Payload<'_>| matches!(payload, Payload::Delete { .. });
        deletes(&self.payload) || self.payload.expansion().iter().any(|p| deletes(&p.payload))
    }
}

/// Reads lines into batches; shared by all threads.
pub struct Gatherer<'a> {
    arenas: Mutex<IterMut<'a, Bump>>,
    scope: &'a Scope,
    filter: &'a Filter,
    select: &'a (dyn Fn(&str, Tile) -> Option<&'static str> + Sync),
    /// Whether the lines come in here for the first time, and are held to what they declare.
    admit_new: bool,
    scratch: Mutex<Vec<Scratch>>,
}

/// What only lives as long as a batch is being read, and is used again for the next.
#[derive(Default)]
struct Scratch {
    arena: Bump,
    /// Always empty.
    fresh: Vec<Fresh<'static, 'static>>,
}

/// What some lines of one source hold.
#[derive(Default)]
pub struct Batch<'a> {
    pub(super) source: u32,
    /// How many lines there are, blank ones included.
    pub(super) lines: u32,
    /// How many lines are not blank.
    pub(super) read: u64,
    /// Place by place, and in the order of the lines within each.
    pub(super) rows: Vec<Row<'a>>,
    pub(super) states: Vec<(u32, u32, StateLine<'a>)>,
    pub(super) places: Vec<Place<'a>>,
    pub(super) refusals: Vec<(u32, Refusal)>,
    /// What the gate found odd: number, whether it is for everyone, event id.
    pub(super) notes: Vec<(u32, Note, bool, &'a str)>,
    pub(super) passed_over: Vec<PassedOver<'a>>,
    /// Whether any event or state line is not for everyone.
    pub(super) private: bool,
}

/// A line of a space and tile that was not chosen, or of a kind that makes no state.
pub(super) struct PassedOver<'a> {
    pub(super) number: u32,
    pub(super) code: &'static str,
    pub(super) shared: bool,
    /// The event's name; empty where it is no event.
    pub(super) id: &'a str,
    pub(super) detail: &'static str,
}

/// A space and tile of a batch, and how many rows it has there.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) space: &'a str,
    pub(super) tile: Tile,
    pub(super) rows: u32,
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
        Gatherer { arenas, scope, filter, select, admit_new: false, scratch }
    }

    /// For lines that no gate has seen yet, as those of a stream: what they declare to preserve they are held to,
    /// with and without dotfiles.
    pub fn admit_new(self) -> Gatherer<'a> {
        Gatherer { admit_new: true, ..self }
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
        Ok(self.batch_in(arena, source, lines))
    }

    /// The same, with what is kept in an arena of the caller's.
    pub fn batch_in<'l>(
        &self,
        arena: &'a Bump,
        source: u32,
        lines: impl Iterator<Item = (u32, Result<(&'l [u8], &'a [u8]), Fault>)>,
    ) -> Batch<'a> {
        let Scratch { arena: mut text, fresh } = self.scratch().pop().unwrap_or_default();
        let admits = self.admit_new || self.scope.has_gate();
        let mut gathering = Gathering {
            gatherer: self,
            interner: Interner::new(arena),
            fresh,
            places: Places::default(),
            batch: Batch { source, ..Batch::default() },
            admission: admits.then(|| Admission::of_view(self.scope)),
        };
        gathering.read(&text, lines);
        let (batch, fresh) = gathering.finish();
        text.reset();
        self.scratch().push(Scratch { arena: text, fresh });
        batch
    }

    /// Whether lines are held to any rule.
    pub fn has_gate(&self) -> bool {
        self.scope.has_gate()
    }

    fn scratch(&self) -> MutexGuard<'_, Vec<Scratch>> {
        self.scratch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn withheld(&self, event: &Event<'_>) -> Withheld {
        let Filter { lanes, layers, authorities, boundaries, .. } = self.filter;
        if !lanes[event.lane().index()] {
            Withheld::Lane
        } else if !layers.is_empty() && !layers.iter().any(|l| l == event.layer) {
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
    interner: Interner<'a>,
    fresh: Vec<Fresh<'l, 'a>>,
    places: Places<'a>,
    batch: Batch<'a>,
    /// Nothing where all has passed a gate before.
    admission: Option<Admission<'a>>,
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
        let notes = self.admission.as_mut().map_or(Ok(Vec::new()), |admission| admission.look_at(read))?;
        match read {
            Line::Event(event) => {
                // Of an event of a lane that is not taken in nothing is said but that.
                if self.gatherer.filter.lanes[event.lane().index()] {
                    let note = |note| (number, note, event.lane().is_shared(), self.interner.text(event.id));
                    self.batch.notes.extend(notes.into_iter().map(note));
                }
                self.take_event(event, number, line);
            }
            Line::State(state) => self.take_state(state, number),
            // What no lane holds is for everyone.
            Line::Other(kind) => self.pass_over(number, (line::UNUSED, kind.name()), true, ""),
        }
        Ok(())
    }

    fn take_event(&mut self, event: &Event<'l>, number: u32, line: &'a [u8]) {
        let lane = event.lane();
        if let Some(code) = (self.gatherer.select)(event.space, event.tile) {
            let id = self.interner.text(event.id);
            return self.pass_over(number, (code, ""), lane.is_shared(), id);
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
            return self.pass_over(number, (code, ""), shared, "");
        }
        self.batch.private |= !shared;
        let place = self.place(line.space, line.tile);
        let body = self.interner.body(&line.body);
        let kept = StateLine {
            space: self.batch.places[place as usize].space,
            tile: line.tile,
            lane: line.lane,
            body,
        };
        self.batch.states.push((place, number, kept));
    }

    fn pass_over(
        &mut self,
        number: u32,
        (code, detail): (&'static str, &'static str),
        shared: bool,
        id: &'a str,
    ) {
        self.batch.passed_over.push(PassedOver { number, code, shared, id, detail });
    }

    fn place(&mut self, space: &str, tile: Tile) -> u32 {
        self.places.index(space, tile, &mut self.interner, &mut self.batch.places)
    }

    /// Keeps the events, place by place: what will be used together stands together. Gives back the room for them.
    fn finish<'s>(mut self) -> (Batch<'a>, Vec<Fresh<'s, 's>>) {
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
            let id = self.interner.text(row.id);
            let parents = self.interner.texts(row.parents);
            let payload = self.interner.payload(&row.payload);
            self.batch.rows.push(Row { id, line, parents, payload, time, lane, number, withheld });
        }
        // Of nothing there is nothing to keep but the room.
        self.fresh.clear();
        let none = self.fresh.into_iter().map(|_| unreachable!("because they were cleared away"));
        (self.batch, none.collect())
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
        interner: &mut Interner<'a>,
        places: &mut Vec<Place<'a>>,
    ) -> u32 {
        if let Some(index) = self.by_name.get(&(space, tile)) {
            return *index;
        }
        let index = u32::try_from(places.len()).expect("a batch has fewer places than lines");
        let space = interner.text(space);
        self.by_name.insert((space, tile), index);
        places.push(Place { space, tile, rows: 0 });
        index
    }
}

impl<'a> Batch<'a> {
    /// Calls `each` with what its events touch, and with their lanes.
    pub fn touches(&self, mut each: impl FnMut(Lane, Subject<'a>)) {
        for row in &self.rows {
            row.payload.touches().filter_map(Subject::of).for_each(|subject| each(row.lane, subject));
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

    /// What its lines gave to say, once: refusals, what the gate found odd, and what was passed over. `base` is how
    /// many lines of its source stand before it.
    pub fn report(&mut self, base: u64, all: bool) -> Report {
        let source = self.source;
        let at = |number: u32| Position { source, line: base + u64::from(number) };
        let mut report = Report::new(all);
        report.tally.read = self.read;
        report.tally.private = self.private;
        for (number, refusal) in std::mem::take(&mut self.refusals) {
            report.refuse(at(number), refusal);
        }
        for (number, note, shared, id) in std::mem::take(&mut self.notes) {
            let text = || (Some(id.to_owned()), note.detail);
            report.say(Outcome::Noted, note.code, at(number), shared, text);
        }
        for PassedOver { number, code, shared, id, detail } in std::mem::take(&mut self.passed_over) {
            let text = || ((!id.is_empty()).then(|| id.to_owned()), detail.to_owned());
            report.say(Outcome::Withheld, code, at(number), shared, text);
        }
        report.diagnostics.sort();
        report
    }

    /// How many events it holds.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// How many lines it had, blank ones included.
    pub fn lines(&self) -> u64 {
        u64::from(self.lines)
    }

    /// Copies the lines of the events to where they stay, for who could not say so before; `text` gives a line by its
    /// number.
    pub fn keep_lines<'l>(&mut self, arena: &'a Bump, text: impl Fn(u32) -> &'l [u8]) {
        self.rows.iter_mut().for_each(|row| row.line = arena.alloc_slice_copy(text(row.number)));
    }

    /// Says how many lines the batch had, blank ones included.
    pub fn set_lines(&mut self, lines: u32) {
        self.lines = lines;
    }
}
