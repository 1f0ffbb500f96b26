//! The rows of one tile, applied to the states of its lanes.

use super::World;
use super::filter::Filter;
use crate::event::{Payload, nearest_operation};
use crate::id::{Key, Lane, Tile, Time};
use crate::json;
use crate::report::{Outcome, Report};
use crate::state::LaneState;
use crate::state::apply::{self, Anomalies};
use bumpalo::Bump;

/// The states of one tile's lanes.
pub struct Derived<'a> {
    pub space: &'a str,
    pub tile: Tile,
    /// In the order of lanes.
    pub lanes: Vec<(Lane, LaneState<'a>)>,
    pub report: Report,
}

pub(super) struct Derivation<'w, 'a> {
    pub(super) world: &'w World<'a>,
    pub(super) filter: &'w Filter,
    pub(super) arena: &'a Bump,
    pub(super) lanes: [Option<LaneState<'a>>; Lane::COUNT],
    pub(super) report: Report,
}

impl<'a> Derivation<'_, 'a> {
    pub(super) fn join_line(&mut self, at: (u32, u32)) {
        let (_, number, line) = &self.world.batches[at.0 as usize].states[at.1 as usize];
        let position = self.world.position(at.0, *number);
        let shared = line.lane.is_shared();
        if let Some(code) = self.filter.withholds(line) {
            return self.report.say(Outcome::Withheld, code, position, shared, Default::default);
        }
        if let Some(cut) = &self.filter.at {
            let mut later = None;
            line.body.keys(|key| {
                if cut.is_before(key) {
                    later = Some(key);
                }
            });
            if let Some(key) = later {
                let text = || (None, format!("{key} is later than --at"));
                return self.report.say(Outcome::Rejected, "state.later", position, shared, text);
            }
        }
        self.lanes[line.lane.index()].get_or_insert_default().join_line(&line.body);
    }

    pub(super) fn delete(&mut self, at: (u32, u32), eff: Time) {
        let row = self.world.row(at);
        let key = Key { eff, id: row.id };
        if self.world.withheld(&row, key, self.filter).is_some() {
            return;
        }
        let lane = self.lanes[row.lane.index()].get_or_insert_default();
        for primitive in row.payload.primitives() {
            if let Payload::Delete { node } = primitive.payload {
                lane.nodes.delete(node, primitive.key(key, self.arena));
            }
        }
    }

    pub(super) fn apply(&mut self, at: (u32, u32), eff: Time) {
        let row = self.world.row(at);
        let key = Key { eff, id: row.id };
        let position = self.world.position(at.0, row.number);
        let (shared, name) = (row.lane.is_shared(), || Some(row.id.to_owned()));
        if let Some(code) = self.world.withheld(&row, key, self.filter) {
            return self.report.say(Outcome::Withheld, code, position, shared, || (name(), String::new()));
        }
        let lane = self.lanes[row.lane.index()].get_or_insert_default();
        lane.recent.insert(key);
        let mut anomalies = Anomalies::default();
        match row.payload {
            Payload::Macro(primitives) => primitives.iter().for_each(|primitive| {
                let does = (primitive.operation, primitive.payload);
                apply::payload(lane, primitive.key(key, self.arena), does, &mut anomalies);
            }),
            payload => apply::payload(lane, key, ("", payload), &mut anomalies),
        }
        if let Some(node) = anomalies.after_delete {
            let text = || (name(), format!("{node} was deleted before"));
            self.report.say(Outcome::Noted, "state.after_delete", position, shared, text);
        }
        if let Some(operation) = anomalies.unknown {
            let operation = if operation.is_empty() { operation_of(row.line) } else { operation.to_owned() };
            let text = || (name(), format!("{operation}: did you mean {}?", nearest_operation(&operation)));
            self.report.say(Outcome::Noted, "event.unknown_operation", position, shared, text);
        }
    }
}

impl World<'_> {
    /// Says which state lines of a tile are withheld, for who derives nothing from them.
    pub fn say_withheld_lines(&self, index: usize, filter: &Filter, report: &mut Report) {
        for at in &self.tiles[index].states {
            let (_, number, line) = &self.batches[at.0 as usize].states[at.1 as usize];
            if let Some(code) = filter.withholds(line) {
                let (position, shared) = (self.position(at.0, *number), line.lane.is_shared());
                report.say(Outcome::Withheld, code, position, shared, Default::default);
            }
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
