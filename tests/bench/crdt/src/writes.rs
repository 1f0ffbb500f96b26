//! A trace as the writes that deriving does, lanes aside.

use std::collections::{HashMap, HashSet};
use std::io::BufRead;

use anyhow::Context as _;
use serde_json::Value as Json;

/// The writes of one event.
pub type Event = Vec<Write>;

pub enum Write {
    /// A node's number comes up for the first time; it counts as made once it has a register `created`.
    Node {
        node: usize,
        name: String,
    },
    Set {
        node: usize,
        register: String,
        value: Value,
    },
    Delete {
        node: usize,
        name: String,
    },
    /// An entry of a link and one of its tags.
    Link {
        entry: String,
    },
    Unlink {
        entry: String,
    },
    /// The latest reading, as text.
    Sensor {
        entry: String,
        reading: String,
    },
}

/// What a register holds: a list or an object as its text, which no peer has to take apart.
pub enum Value {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
}

/// All events of a trace, in its order.
pub fn read(path: &str) -> anyhow::Result<Vec<Event>> {
    let file = std::fs::File::open(path).with_context(|| path.to_owned())?;
    let mut reader = Reader::default();
    let mut events = Vec::new();
    for line in std::io::BufReader::with_capacity(1 << 20, file).lines() {
        let event: Json =
            serde_json::from_str(&line?).with_context(|| format!("line {}", events.len() + 1))?;
        events.push(reader.event(&event).with_context(|| format!("line {}", events.len() + 1))?);
    }
    Ok(events)
}

/// Nodes by their names; late lines make that a deletion may come before what it deletes, and an unlink before its
/// link.
#[derive(Default)]
struct Reader {
    numbers: HashMap<String, usize>,
    deleted: HashSet<usize>,
    removed: HashSet<String>,
}

impl Reader {
    fn event(&mut self, event: &Json) -> anyhow::Result<Event> {
        let mut out = Vec::new();
        let operation = text(event, "operation")?;
        match operation {
            "create_node" | "update_transform" | "set_properties" => self.node(operation, event, &mut out)?,
            "delete_node" => {
                let (name, node) = self.number(event, &mut out)?;
                if self.deleted.insert(node) {
                    out.push(Write::Delete { node, name });
                }
            }
            "link_nodes" => {
                let entry = link(event, text(event, "event_id")?)?;
                if !self.removed.contains(&entry) {
                    out.push(Write::Link { entry });
                }
            }
            "unlink_nodes" => {
                for tag in event["observed"].as_array().context("observed")? {
                    let entry = link(event, tag.as_str().context("observed")?)?;
                    self.removed.insert(entry.clone());
                    out.push(Write::Unlink { entry });
                }
            }
            "sensor_reading" => out.push(reading(event)?),
            other => anyhow::bail!("an operation that the benchmark's trace does not have: {other}"),
        }
        Ok(out)
    }

    fn node(&mut self, operation: &str, event: &Json, out: &mut Event) -> anyhow::Result<()> {
        let (_, node) = self.number(event, out)?;
        if self.deleted.contains(&node) {
            return Ok(());
        }
        let mut set =
            |register: &str, value| out.push(Write::Set { node, register: register.to_owned(), value });
        if operation == "create_node" {
            set("created", Value::Bool(true));
            set("kind", value(&event["kind"]));
            set("layer", value(&event["layer_id"]));
            set("authority", value(&event["scope"]["authority"]));
            set("boundary", value(&event["scope"]["boundary"]));
        }
        for (member, v) in event["transform"].as_object().into_iter().flatten() {
            set(member, value(v));
        }
        for (key, v) in event["properties"].as_object().into_iter().flatten() {
            set(&format!("properties.{key}"), value(v));
        }
        Ok(())
    }

    fn number(&mut self, event: &Json, out: &mut Event) -> anyhow::Result<(String, usize)> {
        let name = text(event, "node_id")?;
        if let Some(&node) = self.numbers.get(name) {
            return Ok((name.to_owned(), node));
        }
        let node = self.numbers.len();
        self.numbers.insert(name.to_owned(), node);
        out.push(Write::Node { node, name: name.to_owned() });
        Ok((name.to_owned(), node))
    }
}

fn text<'a>(event: &'a Json, member: &'static str) -> anyhow::Result<&'a str> {
    event[member].as_str().context(member)
}

fn link(event: &Json, tag: &str) -> anyhow::Result<String> {
    let [from, relation, to] = [text(event, "from_node")?, text(event, "relation")?, text(event, "to_node")?];
    Ok(format!("{from} {relation} {to} {tag}"))
}

fn reading(event: &Json) -> anyhow::Result<Write> {
    let entry = format!("{} {}", text(event, "actor_id")?, text(event, "sensor")?);
    let members = ["value", "unit", "position", "node_id", "timestamp", "layer_id"];
    let given = members.into_iter().filter_map(|m| Some((m.to_owned(), event.get(m)?.clone())));
    Ok(Write::Sensor { entry, reading: Json::Object(given.collect()).to_string() })
}

fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(b) => Value::Bool(*b),
        Json::Number(n) => n.as_f64().map_or(Value::Null, Value::Number),
        Json::String(s) => Value::Text(s.clone()),
        other => Value::Text(other.to_string()),
    }
}
