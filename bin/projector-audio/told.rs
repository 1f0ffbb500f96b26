//! What is heard of state lines: a register's key is an event that set it.
//!
//! What an event of the stream says is not heard a second time from a state line, and what was written over since is
//! not heard at all: nobody can tell what else was.

use std::collections::{HashMap, HashSet};
use ulp_core::event::{Ends, Register, RegisterKind};
use ulp_core::id::Key;
use ulp_core::world::World;
use ulp_view::history::{Change, Part};
use ulp_view::join::Space;

/// What state lines tell of one space.
pub struct Told<'v, 'a> {
    space: &'v Space<'a>,
    /// The names of the events that are at hand, withheld or not.
    at_hand: HashSet<&'a str>,
    /// The links that are shown, by their keys.
    links: HashMap<Key<'a>, Ends<'a>>,
}

impl<'v, 'a> Told<'v, 'a> {
    pub fn new(world: &World<'a>, space: &'v Space<'a>) -> Told<'v, 'a> {
        let tiles = (0..world.len()).filter(|tile| world.place(*tile).0 == space.space);
        let at_hand = tiles.flat_map(|tile| world.named(tile)).map(|(id, _, _)| id).collect();
        let links = space.links.iter().map(|(ends, add)| (add.key, *ends)).collect();
        Told { space, at_hand, links }
    }

    /// The changes of a part that are heard: nodes by name, then links and sensors, deletions last.
    pub fn heard<'h>(&self, part: &Part<'h>, changes: &[Change<'h>]) -> Vec<Change<'h>>
    where
        'a: 'h,
    {
        if self.at_hand.contains(part.key.id) || self.at_hand.contains(part.key.event()) {
            return Vec::new();
        }
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
        let state = |node: &str| self.space.nodes.get(node).map(|node| &node.state);
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
