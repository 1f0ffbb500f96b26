//! The view: one space's lanes and tiles joined, and what of them is visible.

use super::canonical::parse;
use super::state::{LaneState, Link, Node};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The visible nodes and links of each space, from lanes of these policies and realms: nodes as
/// `{"space_id","node_id","created","registers"}` with `registers` by register name, links as `{"space_id","from_node",
/// "relation","to_node","from","to","properties"}` where `from` and `to` are the ends' survivors.
pub fn view(lines: &[String], policies: &[&str], realms: &[&str]) -> Vec<Value> {
    let mut spaces: BTreeMap<String, LaneState> = BTreeMap::new();
    for (lane, state) in super::lanes(lines) {
        if policies.contains(&lane.policy()) && realms.contains(&lane.realm()) {
            let seen = if lane.policy() == "redacted" { redacted(state) } else { state };
            spaces.entry(lane.space).or_default().join(seen);
        }
    }
    spaces.iter().flat_map(|(space, state)| visible(space, state)).collect()
}

/// The view of what is for everyone.
pub fn shared_view(lines: &[String]) -> Vec<Value> {
    view(lines, &["public"], &["team", "public"])
}

/// What a view takes from a redacted lane.
fn redacted(mut state: LaneState) -> LaneState {
    for node in state.nodes.values_mut() {
        node.registers.retain(|name, _| name == "parent" || name == "moved_to");
    }
    state.sensors.clear();
    state
}

fn visible(space: &str, state: &LaneState) -> Vec<Value> {
    let view = Space { nodes: &state.nodes };
    let mut lines = Vec::new();
    for (id, node) in &state.nodes {
        if view.is_visible(id) {
            let registers = node.registers.iter().map(|(name, written)| (name, parse(&written.value)));
            let registers: BTreeMap<&String, Value> = registers.collect();
            let created = node.created.as_ref().map(|key| key.print());
            lines.push(json!({"space_id": space, "node_id": id, "created": created, "registers": registers}));
        }
    }
    for ((from_node, relation, to_node), link) in &state.links {
        let (from, to) = (view.survivor(from_node), view.survivor(to_node));
        let Some(properties) = standing(link) else { continue };
        if view.is_visible(&from) && view.is_visible(&to) {
            let mut line = json!({"space_id": space, "from_node": from_node, "relation": relation,
                "to_node": to_node, "from": from, "to": to});
            if !properties.is_empty() {
                line["properties"] = parse(&properties);
            }
            lines.push(line);
        }
    }
    lines
}

/// The properties of a link's greatest standing tag.
fn standing(link: &Link) -> Option<String> {
    link.adds.values().max().map(|add| add.value.clone())
}

struct Space<'a> {
    nodes: &'a BTreeMap<String, Node>,
}

impl Space<'_> {
    fn text_register(&self, id: &str, register: &str) -> Option<String> {
        let written = self.nodes.get(id)?.registers.get(register)?;
        parse(&written.value).as_str().map(str::to_owned)
    }

    /// The node that a node was absorbed into; none for the nodes of an absorb cycle.
    fn absorbed_into(&self, id: &str) -> Option<String> {
        let next = |id: &str| self.text_register(id, "absorbed_into");
        if on_cycle(id, &next) { None } else { next(id) }
    }

    fn survivor(&self, id: &str) -> String {
        let mut at = id.to_owned();
        while let Some(next) = self.absorbed_into(&at) {
            at = next;
        }
        at
    }

    /// The parent that counts before cycles are looked at: followed to its survivor, and known.
    fn named_parent(&self, id: &str) -> Option<String> {
        let parent = self.survivor(&self.text_register(id, "parent")?);
        let node = self.nodes.get(&parent)?;
        (node.created.is_some() || node.deleted.is_some()).then_some(parent)
    }

    fn parent(&self, id: &str) -> Option<String> {
        let next = |id: &str| self.named_parent(id);
        if on_cycle(id, &next) { None } else { next(id) }
    }

    fn is_visible(&self, id: &str) -> bool {
        let mut at = Some(id.to_owned());
        while let Some(id) = at {
            let there = self.nodes.get(&id).is_some_and(|n| n.created.is_some() && n.deleted.is_none());
            if !there || self.absorbed_into(&id).is_some() {
                return false;
            }
            at = self.parent(&id);
        }
        true
    }
}

/// Whether following `next` from a node comes back to it.
fn on_cycle(id: &str, next: &impl Fn(&str) -> Option<String>) -> bool {
    let mut seen = BTreeSet::new();
    let mut at = next(id);
    while let Some(here) = at {
        if here == id {
            return true;
        }
        if !seen.insert(here.clone()) {
            return false;
        }
        at = next(&here);
    }
    false
}
