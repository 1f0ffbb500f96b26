//! What an eye sees of a trace: poses, overlays and the page, held to public vectors, to a twin in numpy, and to a
//! headset that a browser believes in.

mod example;
mod hostile;
mod options;
mod page;
mod poses;
mod twin;
mod vectors;

use crate::run;
use serde_json::{Value, json};
use std::process::Output;

const BIN: &str = env!("CARGO_BIN_EXE_projector-ar");

/// A viewer at the origin, at the height of eyes, looking north.
const NORTH: &str = "52.6,-2.0,101.6,90,0,0,60";

fn feed(args: &[&str], lines: &[Value]) -> Output {
    let input: String = lines.iter().map(|line| format!("{line}\n")).collect();
    run::feed(BIN, args, input)
}

/// The records of some lines; nothing may be refused.
#[track_caller]
fn records(args: &[&str], lines: &[Value]) -> Vec<Value> {
    let output = feed(args, lines);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The codes of the boundary lines of a log, with what they say.
fn codes(output: &Output) -> Vec<(String, String)> {
    let log = String::from_utf8_lossy(&output.stderr);
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let word = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
    lines.filter(|l| l["log"] == "boundary").map(|l| (word(&l, "code"), word(&l, "detail"))).collect()
}

/// An event, whose number is its time and its name.
fn event(n: usize, operation: &str, mut payload: Value) -> Value {
    let envelope =
        json!({ "event_id": format!("e{n}"), "timestamp": n, "actor_id": "a", "operation": operation });
    payload.as_object_mut().unwrap().extend(envelope.as_object().unwrap().clone());
    payload
}

/// Where the space lies, and what more it says of itself.
fn space(more: Value) -> Value {
    let mut properties = json!({ "origin": { "lat": 52.6, "lon": -2, "height": 100 } });
    properties.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event(0, "set_properties", json!({ "node_id": "@space", "properties": properties }))
}

/// A node of that id, at a position, with whatever more it has.
fn node(n: usize, id: &str, position: Value, more: Value) -> Value {
    let mut payload = json!({ "node_id": id, "transform": { "position": position } });
    payload.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event(n, "create_node", payload)
}

/// The ids of records, in their order.
fn ids(records: &[Value]) -> Vec<&str> {
    records.iter().map(|record| record["node_id"].as_str().unwrap()).collect()
}
