//! What tools say of a view and what a page shows of it, in the same words.

use super::page::Shown;
use crate::run;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use ulp_core::id::{Key, Time};

/// The tools that say what a view is.
#[derive(Clone, Copy, Debug)]
pub enum Look {
    Plane,
    Space,
    Registers,
}

impl Look {
    pub const ALL: [Look; 3] = [Look::Plane, Look::Space, Look::Registers];

    /// What the tool says, a line a thing.
    pub fn records(self, args: &[&str], input: &str) -> Vec<String> {
        let (tool, own): (&str, &[&str]) = match self {
            Look::Plane => ("projector-2d", &["--provenance"]),
            Look::Space => ("projector-3d", &["--provenance"]),
            Look::Registers => ("ulp-materialize", &["--view"]),
        };
        let program = run::bin().join(tool);
        let output = run::feed(program.to_str().unwrap(), &[&["--jobs", "1"], own, args].concat(), input);
        let text = String::from_utf8(output.stdout).unwrap();
        let records: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let mut lines: Vec<String> = records.iter().filter_map(|record| self.of_record(record)).collect();
        if let Look::Plane = self {
            lines.extend(in_order(&records));
        }
        lines.sort();
        lines
    }

    fn of_record(self, record: &Value) -> Option<String> {
        let kept: &[&str] = match (self, record["type"].as_str().unwrap_or("node")) {
            (Look::Plane, "node") => {
                &["node_id", "space_id", "tile", "kind", "layer", "geometry", "properties", "media"]
            }
            (Look::Space, "node") => &["node_id", "kind", "layer", "parent"],
            (Look::Registers, "node") => &[
                "node_id",
                "space_id",
                "tile",
                "kind",
                "layer",
                "transform",
                "geometry",
                "physics",
                "properties",
                "media",
            ],
            (Look::Registers, _) => return None,
            (_, "link") => &["from_node", "relation", "to_node", "properties"],
            _ => &["actor_id", "sensor", "value", "unit", "node_id"],
        };
        let mut line: Map<String, Value> =
            kept.iter().filter_map(|name| Some(((*name).to_owned(), record.get(name)?.clone()))).collect();
        if let Look::Space = self {
            for (name, value) in
                record["extras"].as_object().into_iter().flatten().filter(|(name, _)| *name != "clock")
            {
                line.insert(name.clone(), value.clone());
            }
            record
                .get("mesh")
                .into_iter()
                .for_each(|mesh| drop(line.insert("geometry".into(), mesh.clone())));
        }
        if let Some(key) = record.get("key") {
            line.insert("by".into(), own(key));
        }
        let clock = record.get("clock").or_else(|| record["extras"].get("clock")).and_then(Value::as_object);
        if let Some(clock) = clock {
            let hidden = ["absorbed_into", if let Look::Space = self { "created" } else { "" }];
            let keys = clock.iter().filter(|(name, _)| !hidden.contains(&name.as_str()));
            line.insert("by".into(), keys.map(|(name, key)| (name.clone(), own(key))).collect());
        }
        Some(Value::Object(line).to_string())
    }

    /// The same of what a page shows.
    pub fn of_page(self, shown: &Shown) -> Vec<String> {
        let mut lines = Vec::new();
        for (space, value, steps) in &shown.spaces {
            assert!(value.is_object(), "the page {value}");
            let list = |name: &str| value[name].as_array().unwrap();
            let by = |number: &Value| by(steps, number);
            let mut order = BTreeMap::new();
            for (i, node) in list("nodes").iter().enumerate() {
                lines.push(self.node(space, node, steps).to_string());
                order.insert(i, node["node_id"].clone());
            }
            if let Look::Registers = self {
                continue;
            }
            for (list, kept) in [
                (list("links"), &["from_node", "relation", "to_node", "properties"][..]),
                (list("sensors"), &["actor_id", "sensor", "value", "unit", "node_id"]),
            ] {
                for item in list {
                    let mut line = chosen(item, kept);
                    line.insert("by".into(), by(&item["event"]));
                    lines.push(Value::Object(line).to_string());
                }
            }
            if let Look::Plane = self
                && !order.is_empty()
            {
                lines.push(created(space, order.into_values()));
            }
        }
        lines.sort();
        lines
    }

    fn node(self, space: &str, node: &Value, steps: &[(Time, String)]) -> Value {
        let mut line = Map::new();
        let mut keys = Map::new();
        let (mut transform, mut properties, mut media) = (Map::new(), Map::new(), Map::new());
        for (name, written) in node["registers"].as_object().unwrap() {
            let (value, key) = (written[0].clone(), by(steps, &written[1]));
            keys.insert(name.clone(), key);
            match name.split_once('.') {
                Some(("properties", key)) => drop(properties.insert(key.to_owned(), value)),
                Some(("media", role)) => drop(media.insert(role.to_owned(), value)),
                _ if ["position", "rotation", "scale", "parent", "moved_to"].contains(&name.as_str()) => {
                    transform.insert(name.clone(), value);
                }
                _ if ["kind", "layer", "geometry", "physics"].contains(&name.as_str()) => {
                    line.insert(name.clone(), value);
                }
                _ => {}
            }
        }
        for (name, object) in [("properties", properties), ("media", media)] {
            if !object.is_empty() {
                line.insert(name.into(), object.into());
            }
        }
        line.insert("node_id".into(), node["node_id"].clone());
        match self {
            Look::Space => {
                drop(node.get("parent").map(|parent| line.insert("parent".into(), parent.clone())))
            }
            _ => {
                line.insert("space_id".into(), space.into());
                line.insert("tile".into(), node["tile"].clone());
            }
        }
        match self {
            Look::Registers if !transform.is_empty() => {
                drop(line.insert("transform".into(), transform.into()))
            }
            Look::Registers => {}
            Look::Plane => {
                line.remove("physics");
                keys.insert("created".into(), by(steps, &node["created"]));
                line.insert("by".into(), keys.into());
            }
            Look::Space if !keys.is_empty() => drop(line.insert("by".into(), keys.into())),
            Look::Space => {}
        }
        Value::Object(line)
    }
}

fn chosen(item: &Value, kept: &[&str]) -> Map<String, Value> {
    kept.iter().filter_map(|name| Some(((*name).to_owned(), item.get(name)?.clone()))).collect()
}

/// The key of the event that a key belongs to.
fn own(key: &Value) -> Value {
    let key = Key::parse(key.as_str().unwrap()).unwrap();
    json!([key.eff.to_string(), key.event()])
}

/// The key of an event by its number.
fn by(steps: &[(Time, String)], number: &Value) -> Value {
    let (time, id) = &steps[number.as_u64().unwrap() as usize];
    json!([time.to_string(), id])
}

/// The nodes of a space in the order in which they were created.
fn created(space: &str, nodes: impl Iterator<Item = Value>) -> String {
    json!({"space_id": space, "created": nodes.collect::<Vec<_>>()}).to_string()
}

fn in_order(records: &[Value]) -> Vec<String> {
    let mut spaces: BTreeMap<&str, Vec<(Key<'_>, &str)>> = BTreeMap::new();
    for record in records.iter().filter(|record| record["type"] == "node") {
        let key = Key::parse(record["clock"]["created"].as_str().unwrap()).unwrap();
        let node = (key, record["node_id"].as_str().unwrap());
        spaces.entry(record["space_id"].as_str().unwrap()).or_default().push(node);
    }
    let line = |(space, mut nodes): (&str, Vec<(Key<'_>, &str)>)| {
        nodes.sort_unstable();
        created(space, nodes.into_iter().map(|(_, id)| id.into()))
    };
    spaces.into_iter().map(line).collect()
}

/// The first line that only one of two sorted lists has.
pub fn difference(page: &[String], records: &[String]) -> Option<String> {
    let lacks = |list: &[String], line: &String| list.iter().filter(|l| l == &line).count();
    let more = page.iter().find(|line| lacks(page, line) != lacks(records, line));
    let less = records.iter().find(|line| lacks(page, line) != lacks(records, line));
    (more.is_some() || less.is_some()).then(|| format!("\n  page   {more:?}\n  record {less:?}"))
}
