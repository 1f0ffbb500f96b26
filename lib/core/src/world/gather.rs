//! Lines read into parts and batches, on whichever thread.

use super::batch::{Batch, PassedOver, Place};
use super::filter::{Filter, Withheld};
use super::intern::Interner;
use super::part::{self, Part};
use super::rows::{Packing, Row};
use crate::event::{Event, Line, Reader, Texts};
use crate::id::Tile;
use crate::json::{self, Fault};
use crate::line;
use crate::parallel::Spare;
use crate::report::Refusal;
use crate::scope::{Admission, Scope};
use crate::state::line::StateLine;
use bumpalo::Bump;
use foldhash::fast::RandomState;
use std::collections::HashMap;
use std::slice::IterMut;
use std::sync::{Mutex, PoisonError};

/// The arenas that own what events cannot borrow from their lines: one a batch.
pub struct Arenas(Vec<Bump>);

impl Arenas {
    /// Enough for any stream that a machine can hold, at about 1 MiB a batch, where the first of them may be smaller.
    pub const STREAM: usize = 1 << 17;

    pub fn new(batches: usize) -> Arenas {
        Arenas((0..batches).map(|_| Bump::new()).collect())
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
    scratch: Spare<Scratch>,
}

/// What only lives as long as a batch is being read, and is used again for the next.
#[derive(Default)]
struct Scratch {
    arena: Bump,
    /// Always empty.
    fresh: Vec<Fresh<'static, 'static>>,
    packing: Packing,
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
        let (arenas, scratch) = (Mutex::new(arenas.0.iter_mut()), Spare::default());
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
        Ok(self.batch_in(self.arena()?, source, lines))
    }

    /// The same, to be joined with what else the source holds.
    ///
    /// # Errors
    /// As [`Gatherer::batch`].
    pub fn part<'l>(
        &self,
        source: u32,
        lines: impl Iterator<Item = (u32, Result<(&'l [u8], &'a [u8]), Fault>)>,
    ) -> Result<Part<'a>, TooLarge> {
        Ok(self.part_in(self.arena()?, source, lines))
    }

    /// Joins parts of one source, given in the order of its lines: a batch that holds their places together, so that who
    /// walks through one of them reads on.
    ///
    /// # Errors
    /// As [`Gatherer::batch`].
    pub fn join(&self, parts: Vec<Part<'a>>) -> Result<Batch<'a>, TooLarge> {
        Ok(part::join(parts, self.arena()?))
    }

    fn arena(&self) -> Result<&'a Bump, TooLarge> {
        let mut arenas = self.arenas.lock().unwrap_or_else(PoisonError::into_inner);
        arenas.next().map(|arena| &*arena).ok_or(TooLarge)
    }

    /// The same, with what is kept in an arena of the caller's.
    pub fn batch_in<'l>(
        &self,
        arena: &'a Bump,
        source: u32,
        lines: impl Iterator<Item = (u32, Result<(&'l [u8], &'a [u8]), Fault>)>,
    ) -> Batch<'a> {
        part::join(vec![self.part_in(arena, source, lines)], arena)
    }

    fn part_in<'l>(
        &self,
        arena: &'a Bump,
        source: u32,
        lines: impl Iterator<Item = (u32, Result<(&'l [u8], &'a [u8]), Fault>)>,
    ) -> Part<'a> {
        let Scratch { arena: mut text, fresh, mut packing } = self.scratch.take();
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
        let (part, fresh) = gathering.finish(&mut packing);
        text.reset();
        self.scratch.give_back(Scratch { arena: text, fresh, packing });
        part
    }

    /// Whether lines are held to any rule.
    pub fn has_gate(&self) -> bool {
        self.scope.has_gate()
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
            let kept = line.map_or(&[][..], |(_, line)| line);
            let read = match line {
                Ok((text, _)) => reader.read_bytes(text),
                Err(fault) => Err(json::Error { fault, offset: json::STATE_BYTES }.into()),
            };
            let refused = match read {
                Ok(ref read) => self.take(read, number, kept).err(),
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
        let row =
            Row { id, line: &[], parents: Texts::Plain(parents), payload, time, lane, number, withheld };
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
    fn finish<'s>(mut self, packing: &mut Packing) -> (Part<'a>, Vec<Fresh<'s, 's>>) {
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
        let rows = order.iter().map(|i| &self.fresh[*i as usize]).map(|fresh| (&fresh.row, fresh.line));
        let rows = packing.pack(rows, &mut self.interner);
        // Of nothing there is nothing to keep but the room.
        self.fresh.clear();
        (Part { batch: self.batch, rows }, self.fresh.into_iter().map_while(|_| None).collect())
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
