//! What drafts and declared invariants ask of the store, and what this run adds to the answers.

use crate::draft::Given;
use crate::pass::member;
use bumpalo::Bump;
use ulp_cli::Failure;
use ulp_core::event::{Defaults, Event, Line, Missing, Payload, Reader};
use ulp_core::json::{self, Tape};
use ulp_core::report::Note;
use ulp_core::scope::hold_to_invariants;
use ulp_store::lookup::{Row, StoreLookup};
use ulp_store::{Appender, LaneId, Store};

/// The facts of a store, with what this run took in.
pub struct Asked<'p> {
    pub facts: StoreLookup<'p>,
    again: Again,
    /// Whether anything was asked yet: until then nothing need be told.
    started: bool,
}

impl<'p> Asked<'p> {
    pub fn new(store: &'p Store, pool: &'p rayon::ThreadPool) -> Asked<'p> {
        Asked { facts: StoreLookup::new(store, Some(pool)), again: Again::default(), started: false }
    }

    /// Before the first question: tells of what waits to be committed, but for one line.
    pub fn start(&mut self, appender: &Appender<'_>, but: &[u8]) {
        if !std::mem::replace(&mut self.started, true) {
            let waiting = appender.pending().filter(|line| *line != but);
            waiting.for_each(|line| self.again.read(line, |event| self.facts.add(event)));
        }
    }

    /// Takes in an event that waits to be committed, after it was held to what it declares to preserve. `rows` are its
    /// own, where they are known.
    pub fn take(
        &mut self,
        appender: &Appender<'_>,
        (id, line, rows): (&LaneId, &[u8], &[Row]),
        asks: bool,
        notes: &mut Vec<Note>,
    ) -> Result<(), Failure> {
        if asks {
            self.start(appender, line);
            // A whole event is kept whatever it breaks.
            self.again.read(line, |event| drop(hold_to_invariants(event, &self.facts, notes)));
        }
        if self.started {
            if rows.is_empty() {
                self.again.read(line, |event| self.facts.add(event));
            } else {
                self.facts.add_rows(id, line, rows);
            }
        }
        Ok(self.facts.check()?)
    }

    /// What only the store can say of a draft: the tile of its node, and the tags that an unlinking removes.
    pub fn give(&self, line: &[u8], came: &Event<'_>, given: &mut Given) {
        if !came.is_draft() || came.signature.is_some() {
            return;
        }
        let mut tile = came.tile;
        if came.missing.has(Missing::TILE) {
            let node = member(line, "from_node").or_else(|| member(line, "node_id"));
            if let Some(known) = node.and_then(|node| self.facts.tile_of(came, &node)) {
                tile = known;
                given.member("tile", &format!("\"{tile}\""));
            }
        }
        if let Payload::Unlink(unlink) = came.payload
            && unlink.observed.is_none()
        {
            let mut list = Vec::new();
            for tag in self.facts.standing(came, tile, unlink.ends) {
                list.push(if list.is_empty() { b'[' } else { b',' });
                json::write_string(&tag, &mut list);
            }
            list.extend_from_slice(if list.is_empty() { b"[]" } else { b"]" });
            given.member("observed", &String::from_utf8_lossy(&list));
        }
    }
}

/// Reads the lines of events that were accepted, one after the other, in the same memory.
#[derive(Default)]
struct Again {
    arena: Bump,
    tape: Tape,
    defaults: Defaults,
}

impl Again {
    fn read(&mut self, line: &[u8], with: impl FnOnce(&Event<'_>)) {
        self.arena.reset();
        let tape = std::mem::take(&mut self.tape);
        let mut reader = Reader::new(&self.arena, &self.defaults).with_tape(tape);
        if let Ok(Line::Event(event)) = reader.read_bytes(line) {
            with(&event);
        }
        self.tape = reader.into_tape();
    }
}
