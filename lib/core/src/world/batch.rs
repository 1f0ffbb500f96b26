//! What the lines of one source hold: rows and state lines, place by place, and what there is to say of the others.

use super::rows::Rows;
use crate::id::{Lane, Tile};
use crate::report::{Note, Outcome, Position, Refusal, Report};
use crate::state::line::StateLine;
use crate::state::untouched::Subject;
use bumpalo::Bump;

/// What some lines of one source hold.
#[derive(Default)]
pub struct Batch<'a> {
    pub(super) source: u32,
    /// How many lines there are, blank ones included.
    pub(super) lines: u32,
    /// How many lines are not blank.
    pub(super) read: u64,
    /// Place by place, and in the order of the lines within each.
    pub(super) rows: Rows<'a>,
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
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) space: &'a str,
    pub(super) tile: Tile,
    pub(super) rows: u32,
}

impl<'a> Batch<'a> {
    /// Calls `each` with what its events touch, and with their lanes.
    pub fn touches(&self, mut each: impl FnMut(Lane, Subject<'a>)) {
        for row in (0..narrow(self.rows.len())).map(|i| self.rows.get(i)) {
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
        here && clean && all && (0..narrow(self.rows.len())).all(|i| self.rows.lane(i) == lane)
    }

    /// Whether it holds state lines of one lane and nothing else: what a snapshot of a store must be.
    pub fn is_snapshot_of(&self, space: &str, tile: Tile, lane: Lane) -> bool {
        let here = self.places.iter().all(|place| (place.space, place.tile) == (space, tile));
        let clean = self.refusals.is_empty() && self.passed_over.is_empty() && self.rows.len() == 0;
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
        for i in 0..self.rows.len() {
            self.rows.lines[i] = arena.alloc_slice_copy(text(self.rows.get(narrow(i)).number));
        }
    }

    /// Says how many lines the batch had, blank ones included.
    pub fn set_lines(&mut self, lines: u32) {
        self.lines = lines;
    }
}

fn narrow(i: usize) -> u32 {
    u32::try_from(i).expect("because rows are counted in 32 bits")
}
