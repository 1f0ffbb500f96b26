//! Small worlds, the tool that runs them, and what its steps say.

use crate::run;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// When the worlds begin.
pub const START: f64 = 1_767_225_600.0;
pub const START_TICK: i64 = 113_102_438_400;

/// An event of the worlds, whole.
pub fn event(id: &str, time: f64, rest: Value) -> Value {
    let mut event = json!({
        "actor_id": "u", "event_id": id, "layer_id": "l", "preserves_invariants": [], "previous_events": [],
        "scope": {"authority": "source", "boundary": "interior", "policy": "public", "realm": "team"},
        "space_id": "demo", "tile": "z0/x0/y0",
    });
    event["timestamp"] = if time.fract() == 0.0 { json!(time as i64) } else { json!(time) };
    for (name, value) in rest.as_object().unwrap() {
        event[name] = value.clone();
    }
    event
}

/// A node that is there from the start.
pub fn node(name: &str, position: Value, physics: Value, geometry: Value) -> Value {
    event(
        &format!("e-{name}"),
        START,
        json!({
            "operation": "create_node", "node_id": name, "transform": {"position": position},
            "physics": physics, "geometry": geometry,
        }),
    )
}

pub fn cube(size: f64) -> Value {
    json!({"kind": "box", "size": [size, size, size]})
}

pub fn floor() -> Value {
    node("floor", json!([0, 0, -0.5]), json!({"body": "static"}), json!({"kind": "box", "size": [20, 20, 1]}))
}

pub fn moved(id: &str, time: f64, name: &str, position: Value) -> Value {
    let transform = json!({"position": position});
    event(id, time, json!({"operation": "update_transform", "node_id": name, "transform": transform}))
}

pub fn fall() -> Vec<Value> {
    let ball = json!({"kind": "sphere", "radius": 0.5});
    vec![node("ball", json!([0, 0, 1000]), json!({"body": "dynamic", "mass": 1}), ball)]
}

pub fn stack() -> Vec<Value> {
    let boxes = (0..4).map(|i| {
        let unit = json!({"kind": "box", "size": [1, 1, 1]});
        node(&format!("box{i}"), json!([0, 0, 0.5 + f64::from(i)]), json!({"body": "dynamic"}), unit)
    });
    std::iter::once(floor()).chain(boxes).collect()
}

pub fn hand() -> Vec<Value> {
    let unit = json!({"kind": "box", "size": [1, 1, 1]});
    vec![
        floor(),
        node("cube", json!([0, 0, 3]), json!({"body": "dynamic", "mass": 2}), unit),
        moved("moved", START + 1.1, "cube", json!([5, 0, 3])),
        moved("late", START + 0.6, "cube", json!([-5, 0, 3])),
    ]
}

pub fn kinematic() -> Vec<Value> {
    let unit = json!({"kind": "box", "size": [1, 1, 1]});
    let rolls = json!({"body": "kinematic", "velocity": [1, 0, 0]});
    vec![
        floor(),
        node("cart", json!([-4, 0, 0.5]), rolls, unit.clone()),
        node("crate", json!([-2, 0, 0.5]), json!({"body": "dynamic"}), unit),
    ]
}

pub fn shapes() -> Vec<Value> {
    let dynamic = json!({"body": "dynamic"});
    let mut disc = node("disc", json!([3, 3]), dynamic.clone(), json!({"kind": "ellipse", "rx": 1, "ry": 1}));
    disc["properties"] = json!({"height": 0.2});
    let line = json!({"kind": "line", "points": [[0, 0], [1, 0]]});
    let mut child =
        node("child", json!([0, 0, 1]), dynamic.clone(), json!({"kind": "box", "size": [1, 1, 1]}));
    child["transform"]["parent"] = json!("floor");
    vec![floor(), disc, node("line", json!([0, 5, 1]), dynamic, line), child]
}

pub fn private() -> Vec<Value> {
    let ball = json!({"kind": "sphere", "radius": 0.5});
    let dynamic = json!({"body": "dynamic"});
    let mut secret = node("secret", json!([0, 0, 5]), dynamic.clone(), ball.clone());
    secret["scope"]["policy"] = json!("private");
    vec![floor(), secret, node("seen", json!([0.1, 0, 3]), dynamic, ball)]
}

/// The worlds that `PROPERTIES.md` of the fixtures lists, by name.
pub fn all() -> Vec<(&'static str, Vec<Value>)> {
    let worlds = [fall(), stack(), hand(), kinematic(), shapes(), private()];
    ["fall", "stack", "hand", "kinematic", "shapes", "private"].into_iter().zip(worlds).collect()
}

pub fn text(events: &[Value]) -> String {
    events.iter().map(|event| format!("{event}\n")).collect()
}

/// A time so many seconds after the start, as an option has it.
pub fn at(seconds: f64) -> String {
    format!("{}", START + seconds)
}

/// What a run gave: its status, what it wrote, the counts of its codes.
pub struct Ran {
    pub status: i32,
    pub out: String,
    pub codes: Value,
}

pub fn try_run(arguments: &[&str], input: &str) -> Ran {
    let tool = run::bin().join("projector-physics");
    let all: Vec<&str> = arguments.iter().copied().chain(["--log", "json"]).collect();
    let output = run::feed(tool.to_str().unwrap(), &all, input);
    let log = String::from_utf8(output.stderr).unwrap();
    let last: Value = serde_json::from_str(log.lines().last().unwrap_or("null")).unwrap_or_default();
    let status = output.status.code().unwrap_or(-1);
    assert!(!log.contains("panicked") && (0..2).contains(&status), "{arguments:?}: {status}\n{log}");
    Ran { status, out: String::from_utf8(output.stdout).unwrap(), codes: last["codes"].clone() }
}

/// A run that ends well: what it wrote.
#[track_caller]
pub fn ran(arguments: &[&str], input: &str) -> String {
    let ran = try_run(arguments, input);
    assert_eq!(ran.status, 0, "{arguments:?}: {}", ran.codes);
    ran.out
}

/// Runs a world so many seconds on.
#[track_caller]
pub fn run_to(seconds: f64, input: &str) -> String {
    ran(&["--until", &at(seconds)], input)
}

/// A step as it was written.
pub struct Step {
    pub event: Value,
    /// The number of its window, the first being 1.
    pub window: i64,
    /// By node.
    pub updates: BTreeMap<String, Value>,
}

impl Step {
    pub fn position(&self, node: &str) -> Vec<f64> {
        numbers(&self.updates[node]["transform"]["position"])
    }

    pub fn velocity(&self, node: &str) -> Vec<f64> {
        numbers(&self.updates[node]["velocity"])
    }
}

pub fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(list) => list.iter().map(|x| x.as_f64().unwrap()).collect(),
        one => vec![one.as_f64().unwrap()],
    }
}

pub fn steps(text: &str) -> Vec<Step> {
    let step = |line| {
        let event: Value = serde_json::from_str(line).unwrap();
        assert_eq!(event["operation"], "physics_step");
        let window = (event["tick"].as_i64().unwrap() - START_TICK) / 16;
        let updates = event["updates"].as_array().unwrap();
        let named = |update: &Value| (update["node_id"].as_str().unwrap().to_owned(), update.clone());
        Step { window, updates: updates.iter().map(named).collect(), event }
    };
    text.lines().map(step).collect()
}

/// The fixtures, where they lie beside this checkout.
pub fn fixture(name: &str) -> Option<Vec<Value>> {
    let path = run::shared()?.join(Path::new("fixtures/physics").join(name).with_extension("jsonl"));
    let text = std::fs::read_to_string(path).ok()?;
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}
