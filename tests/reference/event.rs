//! The event: its completion with the built-in defaults, its lane, its name and its timestamp.

use super::canonical::{canonical, parse};
use serde_json::{Map, Value, json};

/// The fields that belong to the event and not to what it does.
pub const ENVELOPE: [&str; 10] = [
    "event_id",
    "timestamp",
    "space_id",
    "layer_id",
    "actor_id",
    "scope",
    "preserves_invariants",
    "previous_events",
    "tile",
    "signature",
];

/// (space, tile, realm, policy). The derived order is the order of lanes in a state: spaces by bytes, tiles by
/// z, x, y as integers, then "realm.policy" by bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lane {
    pub space: String,
    pub tile: (i64, i64, i64),
    pub scope: String,
}

impl Lane {
    /// The lane of a completed event or of a state line.
    pub fn of(line: &Value) -> Lane {
        let scope = &line["scope"];
        Lane {
            space: text(line, "space_id"),
            tile: parse_tile(&text(line, "tile")),
            scope: format!("{}.{}", text(scope, "realm"), text(scope, "policy")),
        }
    }

    pub fn realm(&self) -> &str {
        self.scope.split_once('.').expect("a scope is realm.policy").0
    }

    pub fn policy(&self) -> &str {
        self.scope.split_once('.').expect("a scope is realm.policy").1
    }

    pub fn tile_text(&self) -> String {
        let (z, x, y) = self.tile;
        format!("z{z}/x{x}/y{y}")
    }

    /// Whether what lies in this lane may be a cause of what lies in the other.
    pub fn counts_for(&self, other: &Lane) -> bool {
        let realm = |lane: &Lane| place(&["personal", "team", "public"], lane.realm());
        let policy = |lane: &Lane| place(&["private", "redacted", "public"], lane.policy());
        self.space == other.space
            && self.tile == other.tile
            && realm(self) >= realm(other)
            && policy(self) >= policy(other)
    }

    /// A lane that roots are over: policy public, realm not personal.
    pub fn is_shared(&self) -> bool {
        self.policy() == "public" && self.realm() != "personal"
    }
}

fn place(order: &[&str], name: &str) -> usize {
    order.iter().position(|each| *each == name).expect("a known realm or policy")
}

fn parse_tile(tile: &str) -> (i64, i64, i64) {
    let parts: Vec<i64> = tile.split('/').map(|part| part[1..].parse().expect("a tile's integer")).collect();
    (parts[0], parts[1], parts[2])
}

/// A completed event.
#[derive(Clone, Debug)]
pub struct Event {
    pub value: Value,
    pub lane: Lane,
    pub name: String,
    pub timestamp: i128,
    pub parents: Vec<String>,
}

impl Event {
    pub fn read(line: &Value) -> Event {
        let value = complete(line);
        let parents = value["previous_events"].as_array().expect("an array").iter();
        Event {
            lane: Lane::of(&value),
            name: text(&value, "event_id"),
            timestamp: nanoseconds(&value["timestamp"]),
            parents: parents.map(|name| name.as_str().expect("a name").to_owned()).collect(),
            value,
        }
    }
}

/// An event with every field that any tool completes.
pub fn complete(line: &Value) -> Value {
    let mut event = line.as_object().expect("an event is an object").clone();
    let mut give = |name: &str, value: Value| {
        event.entry(name).or_insert(value);
    };
    give("space_id", json!("default"));
    give("layer_id", json!("default"));
    give("tile", json!("z0/x0/y0"));
    give("preserves_invariants", json!([]));
    give("previous_events", json!([]));
    give("scope", json!({}));
    let scope = event["scope"].as_object_mut().expect("scope is an object");
    for (name, value) in
        [("realm", "team"), ("authority", "source"), ("boundary", "interior"), ("policy", "public")]
    {
        scope.entry(name).or_insert(json!(value));
    }
    if !event.contains_key("event_id") {
        let name = computed_name(&event);
        event.insert("event_id".into(), json!(name));
    }
    Value::Object(event)
}

fn computed_name(event: &Map<String, Value>) -> String {
    let mut named = event.clone();
    named.remove("signature");
    let hash = blake3::hash(canonical(&Value::Object(named)).as_bytes());
    format!("evt-{}", &hash.to_hex()[..32])
}

/// The same line as a whole event, in canonical form.
pub fn whole(line: &str) -> String {
    canonical(&complete(&parse(line)))
}

pub fn is_state_line(line: &Value) -> bool {
    text(line, "operation").ends_with("_state")
}

pub fn text(object: &Value, member: &str) -> String {
    object[member].as_str().unwrap_or_else(|| panic!("{member} is a string in {object}")).to_owned()
}

/// Seconds as integer nanoseconds: those of the shortest decimal that names the double.
pub fn nanoseconds(seconds: &Value) -> i128 {
    let decimal = canonical(seconds);
    let (mantissa, exponent) = decimal.split_once('e').unwrap_or((&decimal, "0"));
    let exponent: i64 = exponent.parse().expect("an exponent");
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: i128 = format!("{whole}{fraction}").parse().expect("digits");
    // The value is digits · 10^(exponent − fraction.len()) seconds; nine more for nanoseconds.
    let power = exponent - fraction.len() as i64 + 9;
    assert!(power >= 0, "{decimal} has more than nine decimals");
    digits * 10_i128.pow(power as u32)
}
