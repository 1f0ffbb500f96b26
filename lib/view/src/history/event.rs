//! A history and its parts.

use crate::redaction::is_redacted;
use bumpalo::Bump;
use std::cmp::Ordering;
use std::ops::Range;
use ulp_core::event::{Defaults, Ends, Line, Payload, Reader, Register, Sensor};
use ulp_core::id::{Key, Lane, Tile};

/// What happened in one space.
pub struct History<'a> {
    pub space: &'a str,
    /// What completes the events when their lines are read again.
    pub(super) defaults: &'a Defaults,
    /// In the order of their keys, tiles, lanes and canonical lines; what only state lines tell of comes after what
    /// is at hand under that key.
    pub(super) events: Vec<Event<'a>>,
    /// In the order of keys; of one key in that of events.
    pub(super) parts: Vec<Part<'a>>,
    pub(super) changes: Vec<Change<'a>>,
    /// Tags that state lines without any key know as removed: they never stood.
    pub(super) removed: Vec<(Ends<'a>, &'a str)>,
}

/// An event, or what state lines tell of one.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    pub tile: Tile,
    pub lane: Lane,
    /// Its own key.
    pub key: Key<'a>,
    /// Its line, where it is at hand.
    pub(super) line: Option<&'a [u8]>,
}

/// An event as a whole, or one primitive of its macro.
#[derive(Clone, Debug)]
pub struct Part<'a> {
    pub key: Key<'a>,
    pub source: Source<'a>,
    pub(super) event: usize,
    /// The event with which it is taken in: its own. State lines are taken in whole, with their greatest key.
    pub(super) step: usize,
    pub(super) changes: Range<usize>,
}

/// Where a part is known from.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// An event, with what it was meant to do.
    Event(Payload<'a>),
    /// An event of which no more may be seen than its changes.
    Redacted,
    /// State lines.
    State,
}

/// One change. Nodes are all that have a name, `@space` and `@layer:…` among them; values are canonical JSON.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change<'a> {
    Create {
        node: &'a str,
    },
    Write {
        node: &'a str,
        register: Register<'a>,
        value: &'a str,
    },
    Delete {
        node: &'a str,
    },
    /// The node is one with `into`, a JSON string.
    Absorb {
        node: &'a str,
        into: &'a str,
    },
    /// Adds a tag, which is the id of the part's key.
    AddLink {
        ends: Ends<'a>,
        properties: Option<&'a str>,
    },
    RemoveLink {
        ends: Ends<'a>,
        tag: &'a str,
    },
    /// Removes every tag whose key is smaller.
    RemoveLinksBefore {
        ends: Ends<'a>,
    },
    Read(&'a Sensor<'a>),
}

/// Who did it, and by which operation.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Author<'a> {
    pub actor: Option<&'a str>,
    pub operation: Option<&'a str>,
}

impl<'a> History<'a> {
    /// The parts of all events, in order.
    pub fn parts(&self) -> &[Part<'a>] {
        &self.parts
    }

    /// The events in order.
    pub fn events(&self) -> &[Event<'a>] {
        &self.events
    }

    /// The event that a part belongs to.
    pub fn event(&self, part: &Part<'a>) -> &Event<'a> {
        &self.events[part.event]
    }

    pub fn changes(&self, part: &Part<'a>) -> &[Change<'a>] {
        &self.changes[part.changes.clone()]
    }
}

impl<'a> Event<'a> {
    /// Whether the event itself is there, rather than state lines that tell of it.
    pub fn is_at_hand(&self) -> bool {
        self.line.is_some()
    }

    /// Its line, where the event is at hand, and not of a redacted lane.
    pub fn line(&self) -> Option<&'a [u8]> {
        self.line.filter(|_| !is_redacted(self.lane))
    }

    /// The order of events but for their values.
    pub(super) fn order(&self, other: &Event<'_>) -> Ordering {
        let place = |e: &Event<'_>| (!e.is_at_hand(), e.tile, e.lane);
        self.key.cmp(&other.key).then_with(|| place(self).cmp(&place(other)))
    }

    /// Who did it, where the event is at hand, and not of a redacted lane. Its line is read anew, into `arena`.
    pub fn author<'s>(&self, defaults: &'s Defaults, arena: &'s Bump) -> Author<'s>
    where
        'a: 's,
    {
        let line = self.line.filter(|_| !is_redacted(self.lane));
        match line.map(|line| Reader::new(arena, defaults).read_bytes(line)) {
            Some(Ok(Line::Event(event))) => {
                Author { actor: Some(event.actor), operation: Some(event.operation) }
            }
            _ => Author::default(),
        }
    }
}
