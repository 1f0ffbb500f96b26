//! The plane as a map: how near to the Earth it is, what its features say, and what other programs read in them.

mod back;
mod features;
mod hostile;
mod page;
mod peers;
mod plane;
mod replay;

use crate::run;
use serde_json::{Value, json};

/// The features of some lines, and the boundary lines of the log.
fn features(args: &[&str], lines: &[Value]) -> (Vec<Value>, Vec<Value>) {
    let input: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let output = run::feed(env!("CARGO_BIN_EXE_projector-map"), args, input);
    let text = String::from_utf8(output.stdout).unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{log}");
    let read = |text: &str| text.lines().map(|l| serde_json::from_str(l).unwrap()).collect::<Vec<Value>>();
    let boundary = read(&log).into_iter().filter(|line| line["log"] == "boundary").collect();
    (read(&text), boundary)
}

/// An event, whose number is its time and its name.
fn event(n: usize, operation: &str, mut payload: Value) -> Value {
    let envelope =
        json!({ "event_id": format!("e{n}"), "timestamp": n, "actor_id": "a", "operation": operation });
    payload.as_object_mut().unwrap().extend(envelope.as_object().unwrap().clone());
    payload
}

/// What says where the space lies.
fn origin(lat: f64, lon: f64) -> Value {
    let origin = json!({ "lat": lat, "lon": lon, "height": 100, "geoid": 48.5 });
    event(0, "set_properties", json!({ "node_id": "@space", "properties": { "origin": origin } }))
}

fn node(n: usize, position: Value, geometry: Value) -> Value {
    let mut payload = json!({ "node_id": format!("n{n}"), "transform": { "position": position } });
    if !geometry.is_null() {
        payload["geometry"] = geometry;
    }
    event(n, "create_node", payload)
}

/// A feature's one geometry.
fn only(lines: &[Value]) -> Value {
    let (features, _) = features(&[], lines);
    assert_eq!(features.len(), 1, "{features:?}");
    features[0]["geometry"].clone()
}
