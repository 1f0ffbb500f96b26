//! Admission: what one line that was read comes to, for every tool that lets lines in.
//!
//! A writer [admits](Admission::admit) an event: it passes the gate, and its canonical form is appended where the
//! writer wants it, if it is not too long. A view only [looks at](Admission::look_at) a line, by the same rules, and
//! so gives the same answer.
//!
//! ```
//! use ulp_core::event::Reader;
//! use ulp_core::scope::{Admission, NoStore, Scope, read_event};
//!
//! let (scope, arena) = (Scope::default(), bumpalo::Bump::new());
//! let mut reader = Reader::new(&arena, scope.defaults());
//! let mut admission = Admission::new(&scope, None);
//! let event = read_event(&mut reader, br#"{"timestamp":1,"actor_id":"a","operation":"delete_node","node_id":"n"}"#)?;
//! let mut text = Vec::new();
//! let notes = admission.admit(&event, event.missing, Some(&NoStore), &mut text)?;
//! assert!(notes.is_empty() && text.starts_with(br#"{"actor_id":"a","event_id":"evt-"#));
//! # Ok::<(), ulp_core::event::Refusal>(())
//! ```

use super::Scope;
use super::clock::Clock;
use super::gate::{Gate, Permit, hold_to_invariants};
use super::invariants::{Lookup, NoStore};
use crate::event::{Event, Line, Missing, Reader};
use crate::json::{self, EVENT_BYTES, Fault, Tape};
use crate::line;
use crate::report::{Note, Refusal};

/// A line of at most so many bytes has no canonical form beyond [`EVENT_BYTES`]: a number grows to less than four times
/// its length, and what is completed is short.
const CANNOT_GROW_BEYOND: usize = EVENT_BYTES / 8;

/// Says of one line after the other whether it may come in. One a thread.
pub struct Admission<'s> {
    /// Nothing for a view without rules, which does not look at signatures either.
    gate: Option<Gate<'s>>,
    clock: Option<Clock>,
    tape: Tape,
    scratch: Vec<u8>,
}

impl<'s> Admission<'s> {
    /// For a writer. `clock` is `None` for tools that read none.
    pub fn new(scope: &'s Scope, clock: Option<Clock>) -> Admission<'s> {
        Admission { gate: Some(scope.gate()), clock, tape: Tape::new(), scratch: Vec::new() }
    }

    /// For a view: where no rule stands, only what a line says by itself is looked at.
    pub fn of_view(scope: &'s Scope) -> Admission<'s> {
        let gate = scope.has_gate().then(|| scope.gate());
        Admission { gate, clock: None, tape: Tape::new(), scratch: Vec::new() }
    }

    /// Goes by the clock as it stands now.
    pub fn set_clock(&mut self, clock: Clock) {
        self.clock = Some(clock);
    }

    /// Lets an event in, and appends its canonical form to `text`, without a line end; what is refused leaves no trace
    /// there.
    ///
    /// `missing` is what the line lacked when it came: it may have been completed and signed since. `lookup` answers
    /// for what the event declares to preserve; without one, it is held to that elsewhere.
    ///
    /// # Errors
    /// The first rule that is broken; then `scope.limit` or `json.too_long`, where the canonical form is too long.
    pub fn admit(
        &mut self,
        event: &Event<'_>,
        missing: Missing,
        lookup: Option<&dyn Lookup>,
        text: &mut Vec<u8>,
    ) -> Result<Vec<Note>, Refusal> {
        let permit = self.permit(&event.lacking(missing), lookup)?;
        let start = text.len();
        event.write_canonical(&mut self.tape, text);
        permit.holds(text.len() - start).map_err(|refusal| {
            text.truncate(start);
            event.blame(refusal)
        })?;
        Ok(permit.notes)
    }

    /// Whether a line passes that is only looked at.
    ///
    /// # Errors
    /// As [`Admission::admit`]; of a state line, the first rule that is broken.
    pub fn look_at(&mut self, line: &Line<'_>) -> Result<Vec<Note>, Refusal> {
        match line {
            Line::State(state) => {
                self.gate.as_mut().map_or(Ok(()), |gate| gate.permit_state(state))?;
                Ok(Vec::new())
            }
            Line::Event(event) => {
                let permit = self.permit(event, Some(&NoStore))?;
                if permit.max_event_bytes() < EVENT_BYTES || event.line.len() > CANNOT_GROW_BEYOND {
                    self.scratch.clear();
                    event.write_canonical(&mut self.tape, &mut self.scratch);
                    permit.holds(self.scratch.len()).map_err(|refusal| event.blame(refusal))?;
                }
                Ok(permit.notes)
            }
            Line::Other(_) => Ok(Vec::new()),
        }
    }

    fn permit(&mut self, event: &Event<'_>, lookup: Option<&dyn Lookup>) -> Result<Permit<'s>, Refusal> {
        match (&mut self.gate, lookup) {
            (Some(gate), Some(lookup)) => gate.permit(event, self.clock, lookup),
            (Some(gate), None) => gate.permit_but_for_invariants(event, self.clock),
            (None, lookup) => {
                let mut permit = Permit::default();
                let held = lookup.map_or(Ok(()), |all| hold_to_invariants(event, all, &mut permit.notes));
                held.map_err(|refusal| event.blame(refusal)).map(|()| permit)
            }
        }
    }
}

/// Why a line is not let in as an event.
#[derive(Debug)]
pub enum NoEvent {
    /// It is of another kind. A pipe may carry it, and it is withheld; what is stored may not hold it.
    Other(line::Kind),
    Refused(Refusal),
}

impl From<Refusal> for NoEvent {
    fn from(refusal: Refusal) -> NoEvent {
        NoEvent::Refused(refusal)
    }
}

impl From<NoEvent> for Refusal {
    fn from(no_event: NoEvent) -> Refusal {
        match no_event {
            NoEvent::Other(kind) => kind.no_event(),
            NoEvent::Refused(refusal) => refusal,
        }
    }
}

/// Reads a line that must be an event, as whatever is stored or packed is.
///
/// # Errors
/// What the reader answers; `event.kind` for a state line; a line of another kind.
pub fn read_event<'a>(reader: &mut Reader<'a>, line: &'a [u8]) -> Result<Event<'a>, NoEvent> {
    if line.len() > EVENT_BYTES {
        return Err(Refusal::from(json::Error { fault: Fault::TooLong, offset: EVENT_BYTES }).into());
    }
    match reader.read_bytes(line)? {
        Line::Event(event) => Ok(event),
        Line::State(_) => {
            Err(Refusal::new("event.kind", "a state line is derived, and never stored as an event").into())
        }
        Line::Other(kind) => Err(NoEvent::Other(kind)),
    }
}
