//! Who was in the view at one moment of a history, and how far that let recordings be shown.

use super::recordings::{Recordings, decides};
use super::resolve::Effect;
use crate::consent::{self, End, Level, Marks};
use crate::join::{self, ViewNode, is_person, marks};
use std::collections::{BTreeMap, BTreeSet};
use ulp_core::event::{Register, RegisterKind};
use ulp_core::id::{Key, Tile, Time};
use ulp_core::json::raw;
use ulp_core::state::Registers;
use ulp_core::world::Filter;

/// What a view takes in, and what it asks of consents.
#[derive(Clone, Copy)]
pub struct Rules<'r> {
    pub filter: &'r Filter,
    pub takes_tile: &'r (dyn Fn(Tile) -> bool + Sync),
    /// What the end of what was read says, where the history does not reach as far.
    pub end: Option<&'r End>,
    /// Whether it is for a mix of sounds, of which no part can be told.
    pub mix: bool,
}

/// The watched nodes as of now.
pub(super) struct People<'r, 'a> {
    rules: Rules<'r>,
    nodes: BTreeMap<String, ViewNode<'a>>,
}

impl<'r, 'a> People<'r, 'a> {
    /// As of before the history.
    pub fn new(rules: Rules<'r>) -> People<'r, 'a> {
        People { rules, nodes: BTreeMap::new() }
    }

    /// Takes in an effect on a watched node; answers the node where that may decide how far any is shown.
    pub fn take(&mut self, effect: &Effect<'a>, recordings: &Recordings<'a>) -> Option<&'a str> {
        let (Effect::Create { node, .. } | Effect::Delete { node, .. } | Effect::Write { node, .. }) = effect
        else {
            return None;
        };
        if !recordings.is_watched(node) {
            return None;
        }
        let state = &mut self.nodes.entry((*node).to_owned()).or_default().state;
        match effect {
            Effect::Create { key, .. } => state.created = Some(*key),
            Effect::Delete { .. } => {
                // That it was deleted is all that matters, not when.
                state.deleted = state.created.or(Some(Key { eff: Time(0), id: "" }));
                state.registers = Registers::default();
            }
            Effect::Write { written, .. } => {
                state.registers.write(*written);
                return decides(written.register).then_some(node);
            }
            _ => {}
        }
        Some(node)
    }

    /// What they say at the end of the history.
    pub fn end(&self) -> End {
        join::end(self.nodes.iter().map(|(name, node)| (name.as_str(), node, self.is_visible(name))))
    }

    /// How far a node is shown.
    pub fn level(&self, node: &str, end: &End) -> Level {
        let own = |name: &&str| {
            let marks = self.nodes.get(*name).and_then(marks);
            consent::level(name, marks.as_ref(), |marks| self.allows(marks), Some(end))
        };
        let mut path: BTreeSet<&str> = self.path(node).into_iter().collect();
        if let Some(left) = self.survivor(node) {
            path.extend(self.path(left));
        }
        path.iter().map(own).fold(Level::Granted, Level::lesser)
    }

    fn allows(&self, marks: &Marks<'_>) -> Level {
        let person = self.nodes.get(&*marks.of).filter(|p| is_person(p) && self.is_visible(&marks.of));
        person.map_or(Level::Denied, |person| {
            consent::allowed(&marks.sensor, |key| person.get(Register::property(key)))
        })
    }

    /// Whether a node is visible: by itself, and with all its ancestors.
    fn is_visible(&self, name: &str) -> bool {
        self.path(name).iter().all(|name| self.is_there(name))
    }

    fn is_there(&self, name: &str) -> bool {
        let Some(node) = self.nodes.get(name) else { return false };
        node.state.created.is_some()
            && node.state.deleted.is_none()
            && join::keeps(node, self.rules.filter, self.rules.takes_tile)
            && !self.is_absorbed(name, node)
    }

    /// Those that absorb each other in a circle are not.
    fn is_absorbed(&self, name: &str, node: &ViewNode<'a>) -> bool {
        node.plain(RegisterKind::AbsorbedInto).is_some() && self.survivor(name) != Some(name)
    }

    /// A node and its ancestors; those that hang below each other in a circle have none.
    fn path<'s>(&'s self, name: &'s str) -> Vec<&'s str> {
        let mut path = vec![name];
        let mut passed = BTreeSet::from([name]);
        while let Some(parent) = path.last().and_then(|at| self.parent(at)) {
            if !passed.insert(parent) {
                let meeting = path.iter().position(|name| *name == parent);
                path.truncate(meeting.map_or(path.len(), |at| at + 1));
                break;
            }
            path.push(parent);
        }
        path
    }

    fn parent(&self, name: &str) -> Option<&str> {
        let parent = raw::text(self.nodes.get(name)?.plain(RegisterKind::Parent)?).unwrap_or_default();
        let left = self.survivor(&parent)?;
        let state = &self.nodes.get(left)?.state;
        (state.created.is_some() || state.deleted.is_some()).then_some(left)
    }

    /// The node that is left of one; nothing where that is not known.
    fn survivor(&self, name: &str) -> Option<&str> {
        let (mut at, mut node) = self.nodes.get_key_value(name)?;
        let mut passed = BTreeSet::new();
        while let Some(into) = node.plain(RegisterKind::AbsorbedInto) {
            passed.insert(at);
            (at, node) = self.nodes.get_key_value(&*raw::text(into).unwrap_or_default())?;
            if passed.contains(at) {
                break;
            }
        }
        Some(at)
    }
}
