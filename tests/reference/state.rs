//! The state of a lane: what one event writes, how two states join, and the lines they are written as.

use super::canonical::{canonical, parse};
use super::event::{Lane, text};
use super::order::Key;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// How many keys of a lane's events its `tile_state` holds.
const RECENT: usize = 64;

const TRANSFORM: [&str; 5] = ["position", "rotation", "scale", "parent", "moved_to"];

/// Registers that are members of a `node_state` by themselves.
const PLAIN: [&str; 9] = [
    "kind",
    "layer",
    "authority",
    "boundary",
    "geometry",
    "physics",
    "velocity",
    "angular_velocity",
    "absorbed_into",
];

/// Operations that do nothing but set the register of the member that they carry.
pub const SETTERS: [(&str, &str); 2] = [("set_geometry", "geometry"), ("set_physics", "physics")];

/// What a key wrote. The derived order is the rule: the greater key, then the greater canonical value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Written {
    pub key: Key,
    /// Canonical JSON; empty for the properties of a link that has none.
    pub value: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    pub created: Option<Key>,
    pub deleted: Option<Key>,
    pub registers: BTreeMap<String, Written>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Link {
    pub adds: BTreeMap<String, Written>,
    pub removed: BTreeSet<String>,
    pub removed_before: Option<Key>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct LaneState {
    pub recent: BTreeSet<Key>,
    pub nodes: BTreeMap<String, Node>,
    /// By from_node, relation, to_node.
    pub links: BTreeMap<(String, String, String), Link>,
    /// By actor_id, sensor.
    pub sensors: BTreeMap<(String, String), Written>,
}

impl Node {
    pub fn join(&mut self, other: Node) {
        self.created = self.created.take().max(other.created);
        self.deleted = self.deleted.take().max(other.deleted);
        join_written(&mut self.registers, other.registers);
        if self.deleted.is_some() {
            self.registers.clear();
        }
    }
}

impl Link {
    pub fn join(&mut self, other: Link) {
        join_written(&mut self.adds, other.adds);
        self.removed.extend(other.removed);
        self.removed_before = self.removed_before.take().max(other.removed_before);
        let Link { adds, removed, removed_before } = self;
        adds.retain(|tag, add| !removed.contains(tag) && Some(&add.key) >= removed_before.as_ref());
    }
}

impl LaneState {
    pub fn join(&mut self, other: LaneState) {
        self.recent.extend(other.recent);
        while self.recent.len() > RECENT {
            self.recent.pop_first();
        }
        for (id, node) in other.nodes {
            self.nodes.entry(id).or_default().join(node);
        }
        for (id, link) in other.links {
            self.links.entry(id).or_default().join(link);
        }
        join_written(&mut self.sensors, other.sensors);
    }
}

fn join_written<K: Ord>(into: &mut BTreeMap<K, Written>, from: BTreeMap<K, Written>) {
    for (name, written) in from {
        let greater = match into.remove(&name) {
            Some(there) => there.max(written),
            None => written,
        };
        into.insert(name, greater);
    }
}

// What one event writes. -----------------------------------------------------------------------------------

/// What one primitive writes, by itself. A later write of the same primitive to the same register stands.
pub fn writes(primitive: &Value, key: &Key) -> LaneState {
    let mut state = LaneState::default();
    let node_id = || text(primitive, "node_id");
    match text(primitive, "operation").as_str() {
        "create_node" => {
            let node = state.nodes.entry(node_id()).or_default();
            node.created = Some(key.clone());
            let scope = &primitive["scope"];
            node.set(key, "layer", &primitive["layer_id"]);
            node.set(key, "authority", &scope["authority"]);
            node.set(key, "boundary", &scope["boundary"]);
            node.set_given(key, primitive, &["kind", "geometry", "physics"]);
            node.set_transform(key, primitive);
            node.set_properties(key, primitive);
            if let Some(media) = primitive.get("media") {
                node.set(key, "media.media", media);
            }
        }
        "update_transform" => state.nodes.entry(node_id()).or_default().set_transform(key, primitive),
        "set_properties" => state.nodes.entry(node_id()).or_default().set_properties(key, primitive),
        "set_media" => {
            let role = primitive.get("role").map_or("media", |role| role.as_str().expect("a role"));
            let node = state.nodes.entry(node_id()).or_default();
            node.set(key, &format!("media.{role}"), &primitive["media"]);
        }
        "physics_step" => {
            for update in primitive["updates"].as_array().expect("updates is a list") {
                let node = state.nodes.entry(text(update, "node_id")).or_default();
                node.set_transform(key, update);
                node.set_given(key, update, &["velocity", "angular_velocity"]);
            }
        }
        "delete_node" => state.nodes.entry(node_id()).or_default().deleted = Some(key.clone()),
        "merge" => {
            for absorbed in primitive.get("absorbs").and_then(Value::as_array).into_iter().flatten() {
                let node = state.nodes.entry(absorbed.as_str().expect("a node").to_owned()).or_default();
                node.set(key, "absorbed_into", &primitive["node_id"]);
            }
        }
        "link_nodes" => {
            let add = Written { key: key.clone(), value: link_properties(primitive) };
            let link = state.links.entry(link_id(primitive)).or_default();
            link.adds.insert(key.id.clone(), add);
        }
        "unlink_nodes" => {
            let link = state.links.entry(link_id(primitive)).or_default();
            match primitive.get("observed") {
                Some(tags) => link.removed.extend(strings(tags)),
                None => link.removed_before = Some(key.clone()),
            }
        }
        "sensor_reading" => {
            let id = (text(primitive, "actor_id"), text(primitive, "sensor"));
            state.sensors.insert(id, Written { key: key.clone(), value: reading(primitive) });
        }
        operation => {
            if let Some((_, register)) = SETTERS.iter().find(|(setter, _)| *setter == operation) {
                state.nodes.entry(node_id()).or_default().set_given(key, primitive, &[*register]);
            }
        }
    }
    // A node that nothing was written to has no line.
    state.nodes.retain(|_, node| *node != Node::default());
    state
}

impl Node {
    fn set(&mut self, key: &Key, register: &str, value: &Value) {
        self.registers.insert(register.to_owned(), Written { key: key.clone(), value: canonical(value) });
    }

    fn set_given(&mut self, key: &Key, from: &Value, registers: &[&str]) {
        for register in registers {
            if let Some(value) = from.get(register) {
                self.set(key, register, value);
            }
        }
    }

    fn set_transform(&mut self, key: &Key, from: &Value) {
        let Some(transform) = from.get("transform") else { return };
        self.set_given(key, transform, &TRANSFORM);
        if let Some(rotation) = transform.get("rotation_quat") {
            self.set(key, "rotation", rotation);
        }
    }

    fn set_properties(&mut self, key: &Key, from: &Value) {
        let Some(properties) = from.get("properties") else { return };
        for (name, value) in properties.as_object().expect("properties is an object") {
            self.set(key, &format!("properties.{name}"), value);
        }
    }
}

fn link_id(from: &Value) -> (String, String, String) {
    let relation = from.get("relation").map_or("link", |relation| relation.as_str().expect("a relation"));
    (text(from, "from_node"), relation.to_owned(), text(from, "to_node"))
}

/// The canonical properties of a link; null and `{}` count as none.
fn link_properties(from: &Value) -> String {
    match from.get("properties") {
        None | Some(Value::Null) => String::new(),
        Some(Value::Object(members)) if members.is_empty() => String::new(),
        Some(properties) => canonical(properties),
    }
}

fn reading(from: &Value) -> String {
    let given = ["layer_id", "node_id", "position", "timestamp", "unit", "value"];
    let given = given.into_iter().filter_map(|name| Some((name.to_owned(), from.get(name)?.clone())));
    canonical(&Value::Object(given.collect()))
}

fn strings(list: &Value) -> impl Iterator<Item = String> {
    list.as_array().expect("a list").iter().map(|each| each.as_str().expect("a string").to_owned())
}

// State lines. ---------------------------------------------------------------------------------------------

/// What a state line says.
pub fn read_line(line: &Value) -> LaneState {
    let mut state = LaneState::default();
    match text(line, "operation").as_str() {
        "tile_state" => state.recent = strings(&line["recent"]).map(|key| Key::parse(&key)).collect(),
        "node_state" => {
            state.nodes.insert(text(line, "node_id"), read_node(line));
        }
        "link_state" => {
            let link = state.links.entry(link_id(line)).or_default();
            for (tag, add) in line.get("adds").and_then(Value::as_object).into_iter().flatten() {
                let key = Key::parse(&text(add, "key"));
                link.adds.insert(tag.clone(), Written { key, value: link_properties(add) });
            }
            link.removed.extend(line.get("removed").into_iter().flat_map(strings));
            link.removed_before = key_of(line, "removed_before");
        }
        "sensor_state" => {
            let key = Key::parse(&text(line, "key"));
            let id = (text(line, "actor_id"), text(line, "sensor"));
            state.sensors.insert(id, Written { key, value: reading(line) });
        }
        other => panic!("{other} is no state line"),
    }
    state
}

fn key_of(line: &Value, member: &str) -> Option<Key> {
    line.get(member).map(|key| Key::parse(key.as_str().expect("a key is text")))
}

fn read_node(line: &Value) -> Node {
    let created = key_of(line, "created");
    let mut values: Vec<(String, &Value)> = Vec::new();
    let group = |member: &str| line.get(member).and_then(Value::as_object).into_iter().flatten();
    values.extend(PLAIN.iter().filter_map(|name| Some((name.to_string(), line.get(name)?))));
    values.extend(group("transform").map(|(name, value)| (name.clone(), value)));
    values.extend(group("media").map(|(role, value)| (format!("media.{role}"), value)));
    values.extend(group("properties").map(|(name, value)| (format!("properties.{name}"), value)));

    let clock = line.get("clock").cloned().unwrap_or(json!({}));
    let written = |name: &str, value: &Value| {
        let key = key_of(&clock, name).or(created.clone()).expect("a register has a key");
        Written { key, value: canonical(value) }
    };
    Node {
        registers: values.iter().map(|(name, value)| (name.clone(), written(name, value))).collect(),
        deleted: key_of(line, "deleted"),
        created: created.clone(),
    }
}

/// Every order key that a lane's state holds.
pub fn keys(state: &LaneState) -> Vec<Key> {
    let mut keys: Vec<Key> = state.recent.iter().cloned().collect();
    for node in state.nodes.values() {
        keys.extend(node.created.clone());
        keys.extend(node.deleted.clone());
        keys.extend(node.registers.values().map(|written| written.key.clone()));
    }
    for link in state.links.values() {
        keys.extend(link.adds.values().map(|written| written.key.clone()));
        keys.extend(link.removed_before.clone());
    }
    keys.extend(state.sensors.values().map(|written| written.key.clone()));
    keys
}

/// The state lines of a lane, in order, each with its line end.
pub fn print(lane: &Lane, state: &LaneState) -> String {
    let mut lines = vec![head(lane, "tile_state")];
    let recent: Vec<String> = state.recent.iter().rev().map(Key::print).collect();
    lines[0]["recent"] = json!(recent);
    lines.extend(state.nodes.iter().map(|(id, node)| node_line(lane, id, node)));
    lines.extend(state.links.iter().map(|(id, link)| link_line(lane, id, link)));
    lines.extend(state.sensors.iter().map(|(id, written)| sensor_line(lane, id, written)));
    lines.iter().map(|line| canonical(line) + "\n").collect()
}

fn head(lane: &Lane, operation: &str) -> Value {
    json!({
        "operation": operation,
        "space_id": lane.space,
        "tile": lane.tile_text(),
        "scope": {"realm": lane.realm(), "policy": lane.policy()},
    })
}

fn node_line(lane: &Lane, id: &str, node: &Node) -> Value {
    let mut line = head(lane, "node_state");
    line["node_id"] = json!(id);
    put_key(&mut line, "created", &node.created);
    put_key(&mut line, "deleted", &node.deleted);
    for (register, written) in &node.registers {
        let value = parse(&written.value);
        if TRANSFORM.contains(&register.as_str()) {
            line["transform"][register] = value;
        } else if let Some(role) = register.strip_prefix("media.") {
            line["media"][role] = value;
        } else if let Some(name) = register.strip_prefix("properties.") {
            line["properties"][name] = value;
        } else {
            line[register] = value;
        }
        if Some(&written.key) != node.created.as_ref() {
            line["clock"][register] = json!(written.key.print());
        }
    }
    line
}

fn link_line(lane: &Lane, id: &(String, String, String), link: &Link) -> Value {
    let mut line = head(lane, "link_state");
    (line["from_node"], line["relation"], line["to_node"]) = (json!(id.0), json!(id.1), json!(id.2));
    for (tag, add) in &link.adds {
        line["adds"][tag]["key"] = json!(add.key.print());
        if !add.value.is_empty() {
            line["adds"][tag]["properties"] = parse(&add.value);
        }
    }
    if !link.removed.is_empty() {
        line["removed"] = json!(link.removed);
    }
    put_key(&mut line, "removed_before", &link.removed_before);
    line
}

fn sensor_line(lane: &Lane, id: &(String, String), written: &Written) -> Value {
    let mut line = head(lane, "sensor_state");
    (line["actor_id"], line["sensor"]) = (json!(id.0), json!(id.1));
    line["key"] = json!(written.key.print());
    let reading: Map<String, Value> = parse(&written.value).as_object().expect("a reading").clone();
    line.as_object_mut().expect("built above").extend(reading);
    line
}

fn put_key(line: &mut Value, member: &str, key: &Option<Key>) {
    if let Some(key) = key {
        line[member] = json!(key.print());
    }
}
