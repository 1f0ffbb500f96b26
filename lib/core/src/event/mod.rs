//! The event: its envelope, what is completed when a field is missing, and its payload.
//!
//! An [`Event`] is read once from its line and is valid from then on: every string is unescaped, every number in
//! range, every payload has passed the rules of its operation, and a macro has been expanded. What is only carried
//! (a property's value, a geometry) is text: the line's own where that is canonical, else its canonical form. Page
//! "2. The event".
//!
//! ```
//! use ulp_core::event::{Defaults, Line, Reader};
//! let arena = bumpalo::Bump::new();
//! let defaults = Defaults::default();
//! let mut reader = Reader::new(&arena, &defaults);
//! let line = r#"{"timestamp":1,"actor_id":"node:esp32_A12","operation":"sensor_reading","sensor":"level","value":1.42}"#;
//! let Ok(Line::Event(event)) = reader.read(line) else { panic!("a valid event") };
//! assert_eq!(event.space, "default");
//! assert_eq!(event.tile.to_string(), "z0/x0/y0");
//! assert!(event.id.starts_with("evt-"));
//! ```

mod complete;
mod envelope;
mod field;
mod macros;
mod operation;
mod packed;
mod payload;
mod places;
mod quick;
mod register;
mod signature;
mod source;
mod touch;

use crate::id::{Lane, Scope, Tile, Time};
use crate::json::{self, Fault, Tape};
use crate::line::Kind;
use crate::state::line::StateLine;
use bumpalo::Bump;

pub use complete::{Defaults, Grid};
pub use field::{is_any_node, is_node, time_number};
pub use macros::{MAX_MACRO_BYTES, MAX_MACRO_DEPTH, MAX_MACRO_EVENTS};
pub use operation::{OPERATIONS, Operation, nearest_operation};
pub use packed::{Packed, Sets, Texts, pack, pack_set};
pub use payload::{Ends, Link, Payload, Primitive, Sensor, Unlink, put_in_order, transform};
pub use places::{Given, Places, SpaceGiven, Words};
pub use register::{Member, REGISTERS, Register, RegisterKind, Set};
pub use signature::{SignatureScratch, sign};
pub use touch::Touch;

pub use crate::report::Refusal;

/// Most `previous_events` of an event.
pub const MAX_PARENTS: usize = 64;

/// A valid, completed event. Text borrows the line or the reader's arena.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// The line as it was read, without its line end.
    pub line: &'a str,
    pub id: &'a str,
    pub time: Time,
    pub space: &'a str,
    pub layer: &'a str,
    pub actor: &'a str,
    pub operation: &'a str,
    pub scope: Scope,
    pub invariants: &'a [&'a str],
    /// `previous_events`: names in this event's space and tile.
    pub parents: &'a [&'a str],
    pub tile: Tile,
    /// The raw `signature` object.
    pub signature: Option<&'a str>,
    /// Which fields the line left out.
    pub missing: Missing,
    /// Its canonical form, where that was wanted, or its name made of it.
    form: Option<complete::Form<'a>>,
    pub payload: Payload<'a>,
}

impl Event<'_> {
    /// The lane of the event within its space and tile.
    pub fn lane(&self) -> Lane {
        self.scope.into()
    }

    /// Whether the line lacked its `event_id` or its `timestamp`: it is being written here and now.
    pub fn is_draft(&self) -> bool {
        self.missing.has(Missing::EVENT_ID) || self.missing.has(Missing::TIMESTAMP)
    }

    /// The same event, whose line lacked other fields when it came: it may have been completed since.
    pub fn lacking(&self, missing: Missing) -> Self {
        Event { missing, ..*self }
    }

    /// Says whose refusal it is.
    pub fn blame(&self, refusal: Refusal) -> Refusal {
        let event_id = (!self.id.is_empty()).then(|| self.id.to_owned());
        Refusal { event_id, shared: self.lane().is_shared(), ..refusal }
    }

    /// Appends the canonical form of the completed event (RFC 8785).
    pub fn write_canonical(&self, tape: &mut Tape, out: &mut Vec<u8>) {
        complete::write_canonical(self, tape, out);
    }
}

/// The fields that a line left out, as a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Missing(u16);

impl Missing {
    pub const EVENT_ID: Missing = Missing(1);
    pub const TIMESTAMP: Missing = Missing(1 << 1);
    pub const SPACE: Missing = Missing(1 << 2);
    pub const LAYER: Missing = Missing(1 << 3);
    pub const ACTOR: Missing = Missing(1 << 4);
    pub const REALM: Missing = Missing(1 << 5);
    pub const AUTHORITY: Missing = Missing(1 << 6);
    pub const BOUNDARY: Missing = Missing(1 << 7);
    pub const POLICY: Missing = Missing(1 << 8);
    pub const INVARIANTS: Missing = Missing(1 << 9);
    pub const PARENTS: Missing = Missing(1 << 10);
    pub const TILE: Missing = Missing(1 << 11);
    /// The whole `scope` object; its members are then missing too.
    pub const SCOPE: Missing = Missing(1 << 12);

    /// Whether any of `other` is missing.
    pub fn has(self, other: Missing) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether the line had every field.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    fn add(&mut self, other: Missing) {
        self.0 |= other.0;
    }
}

/// What a line of a trace can be.
#[derive(Clone, Debug)]
pub enum Line<'a> {
    Event(Event<'a>),
    State(StateLine<'a>),
    /// A kind that makes no state.
    Other(Kind),
}

/// What is wanted of events beside what they say.
#[derive(Clone, Copy, Default)]
struct Wants {
    /// Also those without a timestamp.
    drafts: bool,
    /// Their canonical forms.
    forms: bool,
}

/// Reads lines into events and state lines, and tells the others. One a thread; the arena outlives what is read.
pub struct Reader<'a> {
    arena: &'a Bump,
    defaults: &'a Defaults,
    wants: Wants,
    plainly: bool,
    tape: Tape,
    scratch: source::Scratch<'a>,
    memory: quick::Memory<'a>,
}

impl<'a> Reader<'a> {
    /// A reader that completes events from `defaults` and puts what it must own into `arena`.
    pub fn new(arena: &'a Bump, defaults: &'a Defaults) -> Reader<'a> {
        Reader {
            arena,
            defaults,
            wants: Wants::default(),
            plainly: false,
            tape: Tape::new(),
            scratch: source::Scratch::default(),
            memory: quick::Memory::default(),
        }
    }

    /// Uses the memory of a tape that was used before.
    pub fn with_tape(mut self, tape: Tape) -> Reader<'a> {
        self.tape = tape;
        self
    }

    /// Gives the tape back.
    pub fn into_tape(self) -> Tape {
        self.tape
    }

    /// Lets lines without a timestamp pass: their `time` is 0 until it is given, and so is their name.
    pub fn with_drafts(mut self) -> Reader<'a> {
        self.wants.drafts = true;
        self
    }

    /// Works the canonical form of each event out while its line is read, for whoever will
    /// [write](Event::write_canonical) it: a second look at the line costs as much as the first.
    pub fn with_forms(mut self) -> Reader<'a> {
        self.wants.forms = true;
        self
    }

    /// Reads every line step by step, to hold the quick way to it.
    pub fn plainly(mut self) -> Reader<'a> {
        self.plainly = true;
        self
    }

    /// Reads one line, given as bytes.
    ///
    /// # Errors
    /// Everything of pages 1 and 2 that a line can break, the first in their order.
    pub fn read_bytes(&mut self, line: &'a [u8]) -> Result<Line<'a>, Refusal> {
        if line.len() > json::STATE_BYTES {
            return Err(json::Error { fault: Fault::TooLong, offset: json::STATE_BYTES }.into());
        }
        match simdutf8::basic::from_utf8(line) {
            Ok(text) => self.read(text),
            // The strict reader says which of the faults comes first.
            Err(_) => match json::parse_line(&mut self.tape, line) {
                Ok(_) => Err(Refusal::new(Fault::Utf8.code(), "not UTF-8")),
                Err(error) => Err(error.into()),
            },
        }
    }

    /// Reads one line.
    ///
    /// # Errors
    /// As [`Reader::read_bytes`].
    pub fn read(&mut self, line: &'a str) -> Result<Line<'a>, Refusal> {
        if self.plainly {
            return self.read_plainly(line);
        }
        let Reader { wants, tape, arena, scratch, memory, .. } = self;
        match quick::read(line, *wants, tape, arena, scratch, memory) {
            Some(event) => Ok(Line::Event(event)),
            None => self.read_plainly(line),
        }
    }

    /// Reads one line of any kind, step by step; the slow twin of [`quick::read`].
    fn read_plainly(&mut self, line: &'a str) -> Result<Line<'a>, Refusal> {
        let top = json::parse_text(&mut self.tape, line)
            .map_err(|error| envelope::of_number(line, error, self.defaults, self.arena))?;
        let fields = field::Fields::gather(top, self.arena);
        match (fields.kind()?, fields.operation_text) {
            (Some(Kind::State), Some(operation)) => {
                crate::state::line::read(top, operation, self.arena).map(Line::State)
            }
            (Some(Kind::Event | Kind::State) | None, _) => {
                envelope::read(line, top, &fields, (self.defaults, self.wants), self.arena, &mut self.scratch)
                    .map(Line::Event)
            }
            (Some(kind), _) => Ok(Line::Other(kind)),
        }
    }
}
