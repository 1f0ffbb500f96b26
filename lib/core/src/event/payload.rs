//! The payload: what each operation carries, its rules, and what it writes.

use super::envelope::strings;
use super::macros::{self, Primitive};
use super::{Event, Refusal, Register, RegisterKind, Set};
use crate::id::{Tile, Time, is_id, is_place, is_tag};
use crate::json::{self, Kind, Value};
use bumpalo::Bump;
use std::collections::HashSet;

/// Every operation that this version knows, but for macros' expansions.
pub const OPERATIONS: [&str; 16] = [
    "create_node",
    "delete_node",
    "link_nodes",
    "macro.circle",
    "macro.grid",
    "macro.line",
    "macro.stamp",
    "merge",
    "physics_step",
    "sensor_reading",
    "set_geometry",
    "set_media",
    "set_physics",
    "set_properties",
    "unlink_nodes",
    "update_transform",
];

/// What an event does.
#[derive(Clone, Copy, Debug)]
pub enum Payload<'a> {
    /// `create_node`: the node exists; the registers it gives, `layer`, `authority` and `boundary` of the envelope
    /// among them.
    Create { node: &'a str, sets: &'a [Set<'a>] },
    /// `update_transform`, `set_properties`, `set_geometry`, `set_media`, `set_physics`.
    Set { node: &'a str, sets: &'a [Set<'a>] },
    /// `physics_step`: the registers of several nodes.
    Step { updates: &'a [(&'a str, &'a [Set<'a>])] },
    /// `delete_node`.
    Delete { node: &'a str },
    /// `link_nodes`.
    Link(&'a Link<'a>),
    /// `unlink_nodes`.
    Unlink(&'a Unlink<'a>),
    /// `merge`: `absorbs` fold into `node`, a JSON string.
    Merge { node: Option<(&'a str, &'a str)>, absorbs: &'a [&'a str] },
    /// `sensor_reading`.
    Sensor(&'a Sensor<'a>),
    /// A macro, expanded.
    Macro(&'a [Primitive<'a>]),
    /// An operation that this version does not know.
    Unknown,
}

/// The two ends of a link and its relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ends<'a> {
    pub from: &'a str,
    pub relation: &'a str,
    pub to: &'a str,
}

/// What a `link_nodes` adds.
#[derive(Clone, Copy, Debug)]
pub struct Link<'a> {
    pub ends: Ends<'a>,
    /// Raw JSON, where they are neither null nor empty.
    pub properties: Option<&'a str>,
}

/// What an `unlink_nodes` removes.
#[derive(Clone, Copy, Debug)]
pub struct Unlink<'a> {
    pub ends: Ends<'a>,
    /// Exactly these tags; without, every add before it in the order.
    pub observed: Option<&'a [&'a str]>,
}

/// What a `sensor_reading` says. The names are unescaped; every other value is raw JSON text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sensor<'a> {
    pub actor: &'a str,
    pub sensor: &'a str,
    pub layer: &'a str,
    pub timestamp: &'a str,
    pub value: &'a str,
    pub unit: Option<&'a str>,
    pub node: Option<&'a str>,
    pub position: Option<&'a str>,
}

/// Buffers that live from line to line.
#[derive(Default)]
pub struct Scratch<'a> {
    pub names: Vec<&'a str>,
    sets: Vec<Set<'a>>,
}

/// Bytes of a name that are compared with the known operations, all of which are shorter: the cost is bounded.
const LONGEST_HINTED: usize = 40;

/// The known operation that is nearest in spelling, for the hint beside an unknown one.
pub fn nearest_operation(name: &str) -> &'static str {
    let bytes = |text: &str| text.bytes().take(LONGEST_HINTED).collect::<Vec<u8>>();
    let name = bytes(name);
    let distance = |known: &&&str| strsim::generic_levenshtein(&bytes(known), &name);
    OPERATIONS.iter().min_by_key(distance).expect("there are operations")
}

/// Reads the payload of an event whose envelope stands.
pub fn read<'a>(
    top: Value<'_, 'a>,
    event: &Event<'a>,
    arena: &'a Bump,
    scratch: &mut Scratch<'a>,
) -> Result<Payload<'a>, Refusal> {
    if event.operation.starts_with("macro.") {
        return macros::read(top, event, arena, scratch);
    }
    read_primitive(top, event.operation, event, arena, scratch)
}

/// Reads the payload of a primitive operation under the envelope of `event`.
pub fn read_primitive<'a>(
    top: Value<'_, 'a>,
    operation: &str,
    event: &Event<'a>,
    arena: &'a Bump,
    scratch: &mut Scratch<'a>,
) -> Result<Payload<'a>, Refusal> {
    let sets = &mut scratch.sets;
    sets.clear();
    match operation {
        "create_node" => {
            let node = node_id(top, arena)?;
            create(top, event, arena, sets)?;
            Ok(Payload::Create { node, sets: arena.alloc_slice_copy(sets) })
        }
        "update_transform" => {
            let node = node_id(top, arena)?;
            transform(required(top, "transform", "payload.transform")?, arena, sets)?;
            Ok(Payload::Set { node, sets: arena.alloc_slice_copy(sets) })
        }
        "set_properties" => {
            let node = properties_owner(top, arena)?;
            properties(required(top, "properties", "payload.properties")?, arena, sets)?;
            Ok(Payload::Set { node, sets: arena.alloc_slice_copy(sets) })
        }
        "set_geometry" => {
            let node = node_id(top, arena)?;
            let value = required(top, "geometry", "payload.geometry")?;
            nullable(value, geometry)?;
            Ok(one(node, Register::plain(RegisterKind::Geometry), value, arena))
        }
        "set_media" => {
            let node = node_id(top, arena)?;
            let role = optional(top, "role").map_or(Ok("media"), |v| string(v, arena, "payload.role"))?;
            let value = required(top, "media", "payload.media")?;
            nullable(value, media)?;
            Ok(one(node, Register::media(role), value, arena))
        }
        "set_physics" => {
            let node = node_id(top, arena)?;
            let value = required(top, "physics", "payload.physics")?;
            nullable(value, physics)?;
            Ok(one(node, Register::plain(RegisterKind::Physics), value, arena))
        }
        "physics_step" => step(top, arena, sets),
        "link_nodes" => {
            let ends = link(top, arena)?;
            let properties = match optional(top, "properties") {
                None => None,
                Some(v) if v.is_null() => None,
                Some(v) if v.kind() == Kind::Object => (!v.is_empty()).then(|| v.raw()),
                Some(_) => return Err(Refusal::new("payload.properties", "not an object")),
            };
            Ok(Payload::Link(arena.alloc(Link { ends, properties })))
        }
        "unlink_nodes" => {
            let ends = link(top, arena)?;
            let observed = optional(top, "observed").map(|v| {
                strings(v, arena, &mut scratch.names, is_tag)
                    .ok_or_else(|| Refusal::new("payload.observed", "not an array of tags"))
            });
            Ok(Payload::Unlink(arena.alloc(Unlink { ends, observed: observed.transpose()? })))
        }
        "delete_node" => Ok(Payload::Delete { node: node_id(top, arena)? }),
        "merge" => merge(top, event.parents.len(), arena, scratch),
        "sensor_reading" => sensor(top, event, arena),
        _ => Ok(Payload::Unknown),
    }
}

fn one<'a>(node: &'a str, register: Register<'a>, value: Value<'_, 'a>, arena: &'a Bump) -> Payload<'a> {
    Payload::Set { node, sets: arena.alloc_slice_copy(&[Set { register, value: value.raw() }]) }
}

fn optional<'t, 'a>(top: Value<'t, 'a>, name: &str) -> Option<Value<'t, 'a>> {
    top.get(name)
}

fn required<'t, 'a>(top: Value<'t, 'a>, name: &str, code: &'static str) -> Result<Value<'t, 'a>, Refusal> {
    top.get(name).ok_or_else(|| Refusal::new(code, "missing"))
}

fn string<'a>(value: Value<'_, 'a>, arena: &'a Bump, code: &'static str) -> Result<&'a str, Refusal> {
    value.as_str(arena).ok_or_else(|| Refusal::new(code, "not a string"))
}

/// Whether a name may be given to a node that is created, drawn and linked.
pub fn is_node(s: &str) -> bool {
    is_id(s) && !s.starts_with('@')
}

/// `@space` and `@layer:<layer_id>` hold properties without being created.
fn is_special(s: &str) -> bool {
    s == "@space" || s.strip_prefix("@layer:").is_some_and(is_place)
}

/// Whether a node_id may stand in a state line.
pub fn is_any_node(s: &str) -> bool {
    is_node(s) || is_special(s)
}

const NODE_RULE: &str = "1 to 256 bytes, no control character, not beginning with @";

fn node<'a>(value: Value<'_, 'a>, arena: &'a Bump, code: &'static str) -> Result<&'a str, Refusal> {
    match string(value, arena, code)? {
        s if is_node(s) => Ok(s),
        s if is_special(s) => Err(Refusal::new(code, format!("{s} takes set_properties alone"))),
        _ => Err(Refusal::new(code, format!("a node_id is {NODE_RULE}"))),
    }
}

fn node_id<'a>(top: Value<'_, 'a>, arena: &'a Bump) -> Result<&'a str, Refusal> {
    node(required(top, "node_id", "payload.node_id")?, arena, "payload.node_id")
}

fn properties_owner<'a>(top: Value<'_, 'a>, arena: &'a Bump) -> Result<&'a str, Refusal> {
    let value = required(top, "node_id", "payload.node_id")?;
    match value.as_str(arena) {
        Some(s) if is_special(s) => Ok(s),
        _ => node(value, arena, "payload.node_id"),
    }
}

fn create<'a>(
    top: Value<'_, 'a>,
    event: &Event<'a>,
    arena: &'a Bump,
    sets: &mut Vec<Set<'a>>,
) -> Result<(), Refusal> {
    for (kind, word) in [
        (RegisterKind::Layer, event.layer),
        (RegisterKind::Authority, event.scope.authority.as_str()),
        (RegisterKind::Boundary, event.scope.boundary.as_str()),
    ] {
        sets.push(Set { register: Register::plain(kind), value: json_string(word, arena) });
    }
    if let Some(kind) = optional(top, "kind") {
        if kind.kind() != Kind::String {
            return Err(Refusal::new("payload.kind", "not a string"));
        }
        sets.push(Set { register: Register::plain(RegisterKind::Kind), value: kind.raw() });
    }
    if let Some(value) = optional(top, "transform") {
        transform(value, arena, sets)?;
    }
    if let Some(value) = optional(top, "properties") {
        properties(value, arena, sets)?;
    }
    if let Some(value) = optional(top, "geometry") {
        geometry(value)?;
        sets.push(Set { register: Register::plain(RegisterKind::Geometry), value: value.raw() });
    }
    if let Some(value) = optional(top, "media") {
        media(value)?;
        sets.push(Set { register: Register::media("media"), value: value.raw() });
    }
    if let Some(value) = optional(top, "physics") {
        physics(value)?;
        sets.push(Set { register: Register::plain(RegisterKind::Physics), value: value.raw() });
    }
    Ok(())
}

pub fn transform<'a>(value: Value<'_, 'a>, arena: &'a Bump, sets: &mut Vec<Set<'a>>) -> Result<(), Refusal> {
    let wrong = |detail: &str| Refusal::new("payload.transform", detail);
    if value.kind() != Kind::Object {
        return Err(wrong("not an object"));
    }
    let mut turned = false;
    for (key, member) in value.members() {
        let Some(name) = key.as_str(arena) else { continue };
        let register = match name {
            "position" if is_vector(member, 2, 3) => RegisterKind::Position,
            "position" => return Err(wrong("position is [x,y] or [x,y,z]")),
            "rotation" | "rotation_quat" if turned => return Err(wrong("both rotation and rotation_quat")),
            "rotation" if member.kind() == Kind::Number || is_vector(member, 4, 4) => RegisterKind::Rotation,
            "rotation" => return Err(wrong("rotation is degrees or [x,y,z,w]")),
            "rotation_quat" if is_vector(member, 4, 4) => RegisterKind::Rotation,
            "rotation_quat" => return Err(wrong("rotation_quat is [x,y,z,w]")),
            "scale" if member.kind() == Kind::Number || is_vector(member, 3, 3) => RegisterKind::Scale,
            "scale" => return Err(wrong("scale is a number or [x,y,z]")),
            "parent" if member.is_null() || member.as_str(arena).is_some_and(is_node) => RegisterKind::Parent,
            "parent" => return Err(wrong("parent is a node_id or null")),
            "moved_to" if member.is_null() || member.as_str(arena).and_then(Tile::parse).is_some() => {
                RegisterKind::MovedTo
            }
            "moved_to" => return Err(wrong("moved_to is a tile or null")),
            _ => continue,
        };
        turned |= register == RegisterKind::Rotation;
        sets.push(Set { register: Register::plain(register), value: member.raw() });
    }
    Ok(())
}

fn is_vector(value: Value<'_, '_>, least: usize, most: usize) -> bool {
    value.kind() == Kind::Array
        && (least..=most).contains(&value.len())
        && value.items().all(|v| v.kind() == Kind::Number)
}

fn properties<'a>(value: Value<'_, 'a>, arena: &'a Bump, sets: &mut Vec<Set<'a>>) -> Result<(), Refusal> {
    if value.kind() != Kind::Object {
        return Err(Refusal::new("payload.properties", "not an object"));
    }
    for (key, member) in value.members() {
        if let Some(name) = key.as_str(arena) {
            sets.push(Set { register: Register::property(name), value: member.raw() });
        }
    }
    Ok(())
}

fn nullable(value: Value<'_, '_>, rule: fn(Value<'_, '_>) -> Result<(), Refusal>) -> Result<(), Refusal> {
    if value.is_null() { Ok(()) } else { rule(value) }
}

fn geometry(value: Value<'_, '_>) -> Result<(), Refusal> {
    if value.kind() != Kind::Object {
        return Err(Refusal::new("payload.geometry", "not an object"));
    }
    match value.get("kind") {
        Some(kind) if kind.kind() == Kind::String => Ok(()),
        _ => Err(Refusal::new("payload.geometry", "its kind is a string")),
    }
}

fn media(value: Value<'_, '_>) -> Result<(), Refusal> {
    let wrong = |detail: &str| Refusal::new("payload.media", detail);
    if value.kind() != Kind::Object {
        return Err(wrong("not an object"));
    }
    let arena = Bump::new();
    if !value.get("ref").and_then(|v| v.as_str(&arena)).is_some_and(is_reference) {
        return Err(wrong("ref is sha256: and 64 lower-case hex digits"));
    }
    if value.get("mime").is_none_or(|v| v.kind() != Kind::String) {
        return Err(wrong("mime is a string"));
    }
    for name in ["kind", "name"] {
        if value.get(name).is_some_and(|v| v.kind() != Kind::String) {
            return Err(wrong("kind and name are strings"));
        }
    }
    match value.get("bytes").map(Value::as_f64) {
        Some(Some(n)) if n >= 0.0 && n.fract() == 0.0 => Ok(()),
        Some(_) => Err(wrong("bytes is a count")),
        None => Ok(()),
    }
}

/// Whether `s` names an object: `sha256:` and 64 lower-case hex digits.
fn is_reference(s: &str) -> bool {
    let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    s.strip_prefix("sha256:").is_some_and(|h| h.len() == 64 && h.bytes().all(hex))
}

fn physics(value: Value<'_, '_>) -> Result<(), Refusal> {
    if value.kind() != Kind::Object {
        return Err(Refusal::new("payload.physics", "not an object"));
    }
    match value.get("body") {
        Some(body) if !["dynamic", "static", "kinematic"].iter().any(|b| body.is_str(b)) => {
            Err(Refusal::new("payload.physics", "body is dynamic, static or kinematic"))
        }
        _ => Ok(()),
    }
}

fn step<'a>(top: Value<'_, 'a>, arena: &'a Bump, sets: &mut Vec<Set<'a>>) -> Result<Payload<'a>, Refusal> {
    if required(top, "solver", "payload.solver")?.kind() != Kind::String {
        return Err(Refusal::new("payload.solver", "not a string"));
    }
    if required(top, "tick", "payload.tick")?.as_f64().is_none_or(|n| n.fract() != 0.0) {
        return Err(Refusal::new("payload.tick", "not an integer"));
    }
    if required(top, "delta_time", "payload.delta_time")?.kind() != Kind::Number {
        return Err(Refusal::new("payload.delta_time", "not a number"));
    }
    let list = required(top, "updates", "payload.updates")?;
    if list.kind() != Kind::Array {
        return Err(Refusal::new("payload.updates", "not an array"));
    }
    let mut updates = Vec::with_capacity(list.len());
    for item in list.items() {
        sets.clear();
        let inside = |r: Refusal| Refusal::new("payload.updates", format!("{}: {}", r.code, r.detail));
        if item.kind() != Kind::Object {
            return Err(Refusal::new("payload.updates", "not an array of objects"));
        }
        let node = node_id(item, arena).map_err(inside)?;
        if let Some(value) = optional(item, "transform") {
            transform(value, arena, sets).map_err(inside)?;
        }
        for (name, kind) in
            [("velocity", RegisterKind::Velocity), ("angular_velocity", RegisterKind::AngularVelocity)]
        {
            let Some(value) = optional(item, name) else { continue };
            if value.kind() != Kind::Number && !is_vector(value, 2, 3) {
                return Err(Refusal::new("payload.updates", format!("{name} is a number or a vector")));
            }
            sets.push(Set { register: Register::plain(kind), value: value.raw() });
        }
        updates.push((node, &*arena.alloc_slice_copy(sets)));
    }
    keep_last_writes(&mut updates, arena);
    Ok(Payload::Step { updates: arena.alloc_slice_copy(&updates) })
}

/// Within one event the later write stands: an earlier write of the same register of the same node is dropped.
fn keep_last_writes<'a>(updates: &mut [(&'a str, &'a [Set<'a>])], arena: &'a Bump) {
    let mut written = HashSet::new();
    for (node, sets) in updates.iter_mut().rev() {
        let all = *sets;
        let first = |s: &&Set<'a>| written.insert((*node, s.register));
        let kept: Vec<Set<'a>> = all.iter().filter(first).copied().collect();
        if kept.len() < all.len() {
            *sets = arena.alloc_slice_copy(&kept);
        }
    }
}

/// A time as the JSON number that names it.
pub fn time_number(time: Time) -> String {
    let text = time.to_string();
    if !text.contains('.') {
        // Whole seconds are the same in either spelling.
        return text;
    }
    let mut json = Vec::new();
    let seconds: f64 = text.parse().expect("a time prints as a decimal");
    json::write_number(seconds, &mut json);
    String::from_utf8(json).expect("JSON is UTF-8")
}

/// A string as JSON text.
fn json_string<'a>(text: &str, arena: &'a Bump) -> &'a str {
    let mut json = Vec::with_capacity(text.len() + 2);
    json::write_string(text, &mut json);
    arena.alloc_str(std::str::from_utf8(&json).expect("JSON is UTF-8"))
}

fn link<'a>(top: Value<'_, 'a>, arena: &'a Bump) -> Result<Ends<'a>, Refusal> {
    let from = node(required(top, "from_node", "payload.from_node")?, arena, "payload.from_node")?;
    let to = node(required(top, "to_node", "payload.to_node")?, arena, "payload.to_node")?;
    let relation = optional(top, "relation").map_or(Ok("link"), |v| string(v, arena, "payload.relation"))?;
    Ok(Ends { from, relation, to })
}

fn merge<'a>(
    top: Value<'_, 'a>,
    parents: usize,
    arena: &'a Bump,
    scratch: &mut Scratch<'a>,
) -> Result<Payload<'a>, Refusal> {
    if parents < 2 {
        return Err(Refusal::new("payload.previous_events", "a merge names two or more"));
    }
    let node = match optional(top, "node_id") {
        Some(v) => Some((node(v, arena, "payload.node_id")?, v.raw())),
        None => None,
    };
    let absorbs = match optional(top, "absorbs") {
        None => &[],
        Some(v) => strings(v, arena, &mut scratch.names, is_node)
            .ok_or_else(|| Refusal::new("payload.absorbs", "not an array of node_ids"))?,
    };
    match node {
        None if optional(top, "absorbs").is_some() => {
            Err(Refusal::new("payload.absorbs", "there is no node_id to fold into"))
        }
        Some((name, _)) if absorbs.contains(&name) => {
            Err(Refusal::new("payload.absorbs", "a node cannot absorb itself"))
        }
        _ => Ok(Payload::Merge { node, absorbs }),
    }
}

fn sensor<'a>(top: Value<'_, 'a>, event: &Event<'a>, arena: &'a Bump) -> Result<Payload<'a>, Refusal> {
    let name = string(required(top, "sensor", "payload.sensor")?, arena, "payload.sensor")?;
    let value = required(top, "value", "payload.value")?;
    if matches!(value.kind(), Kind::Array | Kind::Object) {
        return Err(Refusal::new("payload.value", "not a number, string, boolean or null"));
    }
    let unit = optional(top, "unit");
    if unit.is_some_and(|v| v.kind() != Kind::String) {
        return Err(Refusal::new("payload.unit", "not a string"));
    }
    let at = optional(top, "node_id");
    if let Some(v) = at {
        node(v, arena, "payload.node_id")?;
    }
    let position = optional(top, "position");
    if position.is_some_and(|v| !is_vector(v, 2, 3)) {
        return Err(Refusal::new("payload.position", "not [x,y] or [x,y,z]"));
    }
    Ok(Payload::Sensor(arena.alloc(Sensor {
        actor: event.actor,
        sensor: name,
        layer: json_string(event.layer, arena),
        timestamp: arena.alloc_str(&time_number(event.time)),
        value: value.raw(),
        unit: unit.map(Value::raw),
        node: at.map(Value::raw),
        position: position.map(Value::raw),
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_operation_is_hinted() {
        assert_eq!(nearest_operation("create_nod"), "create_node");
        assert_eq!(nearest_operation("macro.gird"), "macro.grid");
    }

    #[test]
    fn names_that_begin_with_an_at_are_special() {
        assert!(is_special("@space") && is_special("@layer:rivers"));
        assert!(!is_special("@layer:") && !is_special("@layer:a/b") && !is_special("@other"));
        assert!(!is_node("@space") && is_node("a@b"));
    }
}
