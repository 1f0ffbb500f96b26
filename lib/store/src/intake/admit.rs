//! Events that were let in, as a store or a pack takes them: canonical lines, each with its lane and its digest.

use crate::lookup::{Ask, Asked, Row, write_asks, write_rows};
use crate::{Digest, LaneId, LaneIndex};
use foldhash::HashMap;
use std::ops::Range;
use ulp_core::event::{Event, Missing, Payload, nearest_operation};
use ulp_core::id::{Lane, Tile};
use ulp_core::json::{self, Tape};
use ulp_core::report::{Note, Refusal};
use ulp_core::scope::{Admission, Lookup};

/// What is worked out of each event beside its line.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wants {
    pub digest: bool,
    /// What it says that others may ask for.
    pub rows: bool,
}

/// Events that were let in, one after the other.
#[derive(Debug, Default)]
pub struct Admitted {
    /// Their canonical lines, each with its end.
    pub text: Vec<u8>,
    lanes: Vec<(LaneId, Option<LaneIndex>)>,
    /// The lanes by all but their space: the newest that is so.
    by_tile: HashMap<(Tile, Lane), usize>,
    rows: Vec<Row>,
    asks: Vec<Ask>,
}

/// One of them.
#[derive(Clone, Debug)]
pub struct AdmittedEvent {
    /// Its line in the text, without the end.
    pub line: Range<usize>,
    /// Which of the lanes it belongs to.
    pub(super) lane: usize,
    rows: Range<usize>,
    /// What its invariants ask, of a whole event.
    pub(super) asked: Asked,
    pub digest: Digest,
    /// Whether it was written here and now, and is refused where it breaks what it declares.
    pub is_draft: bool,
    /// Whether its operation is one that this version does not know.
    pub is_unknown: bool,
    /// Whether it declares something to preserve.
    pub declares: bool,
    /// What was found odd.
    pub notes: Vec<Note>,
}

impl Admitted {
    /// Lets an event in; `missing` is what its line lacked when it came. Without a `lookup` it is still to be held to
    /// what it declares.
    ///
    /// # Errors
    /// As [`Admission::admit`].
    pub fn admit(
        &mut self,
        admission: &mut Admission<'_>,
        (event, missing): (&Event<'_>, Missing),
        lookup: Option<&dyn Lookup>,
        wants: Wants,
    ) -> Result<AdmittedEvent, Refusal> {
        let start = self.text.len();
        let notes = admission.admit(event, missing, lookup, &mut self.text)?;
        let line = start..self.text.len();
        let digest = if wants.digest { crate::digest(&self.text[line.clone()]) } else { Digest::default() };
        self.text.push(b'\n');
        let first = self.rows.len();
        let is_draft = event.lacking(missing).is_draft();
        // Where that is not worked out, it is found out.
        let mut asked = Asked { exactly: true, ..Asked::default() };
        if wants.rows {
            write_rows(event, &mut self.rows);
            if !is_draft {
                asked = write_asks(event, &mut self.asks);
            }
        }
        Ok(AdmittedEvent {
            line,
            lane: self.lane_index(event),
            rows: first..self.rows.len(),
            asked,
            digest,
            is_draft,
            is_unknown: matches!(event.payload, Payload::Unknown),
            declares: !event.invariants.is_empty(),
            notes,
        })
    }

    /// Takes back the event that was let in last.
    pub fn take_back(&mut self, last: &AdmittedEvent) {
        self.text.truncate(last.line.start);
        self.rows.truncate(last.rows.start);
    }

    /// The canonical line of an event, without its end.
    pub fn line(&self, event: &AdmittedEvent) -> &[u8] {
        &self.text[event.line.clone()]
    }

    /// The line with its end.
    pub fn line_and_end(&self, event: &AdmittedEvent) -> &[u8] {
        &self.text[event.line.start..=event.line.end]
    }

    /// Where an event belongs.
    pub fn lane_id(&self, event: &AdmittedEvent) -> &LaneId {
        &self.lanes[event.lane].0
    }

    /// The lane of an event within its space and tile.
    pub fn lane(&self, event: &AdmittedEvent) -> Lane {
        self.lanes[event.lane].0.lane
    }

    /// What an event says that others may ask for; nothing where it was not wanted.
    pub(super) fn rows(&self, event: &AdmittedEvent) -> &[Row] {
        &self.rows[event.rows.clone()]
    }

    /// What the events' invariants ask.
    pub(super) fn asks(&self) -> &[Ask] {
        &self.asks
    }

    /// The places of all lanes among those that a store has open, looked up with `open` the first time.
    pub(super) fn open_all<E>(
        &mut self,
        mut open: impl FnMut(&LaneId) -> Result<LaneIndex, E>,
    ) -> Result<Vec<LaneIndex>, E> {
        let place = |(id, opened): &mut (LaneId, Option<LaneIndex>)| {
            Ok(match opened {
                Some(opened) => *opened,
                None => *opened.insert(open(id)?),
            })
        };
        self.lanes.iter_mut().map(place).collect()
    }

    /// The place of an event's lane among those that a store has open, looked up with `open` the first time.
    pub(super) fn opened<E>(
        &mut self,
        event: &AdmittedEvent,
        open: impl FnOnce(&LaneId) -> Result<LaneIndex, E>,
    ) -> Result<LaneIndex, E> {
        let (id, opened) = &mut self.lanes[event.lane];
        Ok(match opened {
            Some(opened) => *opened,
            None => *opened.insert(open(id)?),
        })
    }

    /// The event's lane among those that were seen.
    fn lane_index(&mut self, event: &Event<'_>) -> usize {
        let key = (event.tile, event.lane());
        let is_there = |(p, _): &(LaneId, _)| (p.tile, p.lane) == key && p.space == event.space;
        if let Some(at) = self.by_tile.get(&key) {
            if self.lanes[*at].0.space == event.space {
                return *at;
            }
            // Another space has such a lane too.
            if let Some(at) = self.lanes.iter().rposition(is_there) {
                self.by_tile.insert(key, at);
                return at;
            }
        }
        let id = LaneId { space: event.space.to_owned(), tile: event.tile, lane: event.lane() };
        self.lanes.push((id, None));
        self.by_tile.insert(key, self.lanes.len() - 1);
        self.lanes.len() - 1
    }
}

/// What is noted of a line whose operation this version does not know.
pub fn unknown_operation(line: &[u8]) -> Note {
    let name = member(line, "operation").unwrap_or_default();
    let detail = format!("{name}: did you mean {}?", nearest_operation(&name));
    Note { code: "event.unknown_operation", detail }
}

/// The text of a member of a line that was let in.
pub fn member(line: &[u8], name: &str) -> Option<String> {
    let mut tape = Tape::new();
    let top = json::parse_line(&mut tape, line).ok()?;
    top.get(name)?.as_text()
}
