//! What is heard of state lines: the writes that won, as a register's key is an event that set it.
//!
//! What was written over since is not heard: nobody can tell what else was.

use crate::history::{Change, Part};
use crate::join::{self, Space, ViewNode};
use std::collections::HashMap;
use ulp_core::event::{Ends, Register, RegisterKind};
use ulp_core::id::Key;
use ulp_core::world::Filter;

/// The writes that won in the view of one space.
pub struct Winners<'v, 'a> {
    space: &'v Space<'a>,
    filter: &'v Filter,
    /// The links that are shown, by their keys.
    links: HashMap<Key<'a>, Ends<'a>>,
}

impl<'v, 'a> Winners<'v, 'a> {
    pub fn new(space: &'v Space<'a>, filter: &'v Filter) -> Winners<'v, 'a> {
        let links = space.links.iter().map(|(ends, add)| (add.key, *ends)).collect();
        Winners { space, filter, links }
    }

    /// The changes of a part that are heard: nodes by name, then links and sensors, deletions last.
    pub fn heard<'h>(&self, part: &Part<'h>, changes: &[Change<'h>]) -> Vec<Change<'h>>
    where
        'a: 'h,
    {
        let mut heard: Vec<Change<'h>> =
            changes.iter().filter_map(|change| self.standing(part.key, change)).collect();
        heard.sort_by_key(rank);
        heard.dedup();
        heard
    }

    /// A change that still stands in the view; a link between those that its ends have become.
    fn standing<'h>(&self, key: Key<'h>, change: &Change<'h>) -> Option<Change<'h>>
    where
        'a: 'h,
    {
        let state = |node: &str| self.known(node).map(|node| &node.state);
        let is_written = |node: &str, register: Register<'_>, value: &str| {
            let written = state(node).and_then(|state| state.registers.get(register));
            written.is_some_and(|w| (w.key, w.value) == (key, value))
        };
        let stands = match *change {
            Change::Create { node } => state(node)?.created == Some(key),
            Change::Delete { node } => state(node)?.deleted == Some(key),
            Change::Write { node, register, value } => is_written(node, register, value),
            Change::Absorb { node, into } => {
                is_written(node, Register::plain(RegisterKind::AbsorbedInto), into)
            }
            Change::AddLink { .. } => {
                return self.links.get(&key).map(|ends| Change::AddLink { ends: *ends, properties: None });
            }
            Change::Read(sensor) => {
                let reading = self.space.sensors.get(&(sensor.actor, sensor.sensor));
                reading.is_some_and(|r| r.key == key && r.sensor == *sensor)
            }
            Change::RemoveLink { .. } | Change::RemoveLinksBefore { .. } => false,
        };
        stands.then_some(*change)
    }

    /// A node of the kinds that are chosen: events were chosen by their own, but a state line is of all of them.
    fn known(&self, node: &str) -> Option<&ViewNode<'a>> {
        self.space.nodes.get(node).filter(|node| join::keeps(node, self.filter, |_| true))
    }
}

/// Where a change stands among those of its key. Registers come in no order, and the first says what an event did.
fn rank<'h>(change: &Change<'h>) -> (u8, &'h str, Option<(RegisterKind, &'h str)>) {
    match *change {
        Change::Create { node } => (0, node, None),
        Change::Write { node, register, .. } => (0, node, Some((register.kind, register.key))),
        Change::Absorb { node, .. } => (0, node, Some((RegisterKind::AbsorbedInto, ""))),
        Change::AddLink { .. } | Change::RemoveLink { .. } | Change::RemoveLinksBefore { .. } => {
            (1, "", None)
        }
        Change::Read(_) => (2, "", None),
        Change::Delete { node } => (3, node, None),
    }
}
