//! The payload: what each operation carries, its rules, and what it writes.

use super::field::time_number;
use super::field::{is_node, is_special, is_vector, json_string, node, node_id, required, string, strings};
use super::packed::Sets;
use super::register::{Member, REGISTERS};
use super::source::Source;
use super::{Refusal, Register, RegisterKind, Set};
use crate::id::is_tag;
use crate::json::{self, Kind, Value};
use bumpalo::Bump;
use std::collections::HashSet;

/// What an event does.
#[derive(Clone, Copy, Debug)]
pub enum Payload<'a> {
    /// `create_node`: the node exists; the registers it gives, `layer`, `authority` and `boundary` of the envelope
    /// among them.
    Create { node: &'a str, sets: Sets<'a> },
    /// `update_transform`, `set_properties`, `set_geometry`, `set_media`, `set_physics`.
    Set { node: &'a str, sets: Sets<'a> },
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

/// One event of a macro's expansion. It has the macro event's envelope and effective time.
#[derive(Clone, Copy, Debug)]
pub struct Primitive<'a> {
    /// `<macro event_id>#<n>`, without the event's own name: `#0003` or `#0003#0001`.
    pub suffix: &'a str,
    pub operation: &'a str,
    pub payload: Payload<'a>,
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
    /// Canonical JSON, where they are neither null nor empty.
    pub properties: Option<&'a str>,
}

/// What an `unlink_nodes` removes.
#[derive(Clone, Copy, Debug)]
pub struct Unlink<'a> {
    pub ends: Ends<'a>,
    /// Exactly these tags; without, every add before it in the order.
    pub observed: Option<&'a [&'a str]>,
}

/// What a `sensor_reading` says. The names are unescaped; every other value is canonical JSON.
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

type Read<'a> = Result<Payload<'a>, Refusal>;

pub fn create_node<'a>(source: Source<'_, 'a>) -> Read<'a> {
    let Source { top, event, arena, scratch } = source;
    let node = node_id(top, arena)?;
    let sets = scratch.no_sets();
    for (kind, word) in [
        (RegisterKind::Layer, event.layer),
        (RegisterKind::Authority, event.scope.authority.as_str()),
        (RegisterKind::Boundary, event.scope.boundary.as_str()),
    ] {
        sets.push(Set { register: Register::plain(kind), value: json_string(word, arena) });
    }
    if let Some(kind) = top.get("kind") {
        if kind.kind() != Kind::String {
            return Err(Refusal::new("payload.kind", "not a string"));
        }
        sets.push(Set { register: Register::plain(RegisterKind::Kind), value: kind.canonical(arena) });
    }
    if let Some(value) = top.get("transform") {
        transform(value, arena, sets)?;
    }
    if let Some(value) = top.get("properties") {
        properties(value, arena, sets)?;
    }
    if let Some(value) = top.get("geometry") {
        geometry(value)?;
        sets.push(Set { register: Register::plain(RegisterKind::Geometry), value: value.canonical(arena) });
    }
    if let Some(value) = top.get("media") {
        media(value)?;
        sets.push(Set { register: Register::media("media"), value: value.canonical(arena) });
    }
    if let Some(value) = top.get("physics") {
        physics(value)?;
        sets.push(Set { register: Register::plain(RegisterKind::Physics), value: value.canonical(arena) });
    }
    Ok(Payload::Create { node, sets: Sets::Plain(arena.alloc_slice_copy(sets)) })
}

pub fn update_transform<'a>(source: Source<'_, 'a>) -> Read<'a> {
    let Source { top, arena, scratch, .. } = source;
    let node = node_id(top, arena)?;
    let sets = scratch.no_sets();
    transform(required(top, "transform", "payload.transform")?, arena, sets)?;
    Ok(Payload::Set { node, sets: Sets::Plain(arena.alloc_slice_copy(sets)) })
}

pub fn set_properties<'a>(source: Source<'_, 'a>) -> Read<'a> {
    let Source { top, arena, scratch, .. } = source;
    let value = required(top, "node_id", "payload.node_id")?;
    let node = match value.as_str(arena) {
        Some(special) if is_special(special) => special,
        _ => node(value, arena, "payload.node_id")?,
    };
    let sets = scratch.no_sets();
    properties(required(top, "properties", "payload.properties")?, arena, sets)?;
    Ok(Payload::Set { node, sets: Sets::Plain(arena.alloc_slice_copy(sets)) })
}

pub fn set_geometry<'a>(source: Source<'_, 'a>) -> Read<'a> {
    let node = node_id(source.top, source.arena)?;
    let value = required(source.top, "geometry", "payload.geometry")?;
    nullable(value, geometry)?;
    Ok(one(node, Register::plain(RegisterKind::Geometry), value, source.arena))
}

pub fn set_media<'a>(source: Source<'_, 'a>) -> Read<'a> {
    let Source { top, arena, .. } = source;
    let node = node_id(top, arena)?;
    let role = top.get("role").map_or(Ok("media"), |v| string(v, arena, "payload.role"))?;
    let value = required(top, "media", "payload.media")?;
    nullable(value, media)?;
    Ok(one(node, Register::media(role), value, arena))
}

pub fn set_physics<'a>(source: Source<'_, 'a>) -> Read<'a> {
    let node = node_id(source.top, source.arena)?;
    let value = required(source.top, "physics", "payload.physics")?;
    nullable(value, physics)?;
    Ok(one(node, Register::plain(RegisterKind::Physics), value, source.arena))
}

fn one<'a>(node: &'a str, register: Register<'a>, value: Value<'_, 'a>, arena: &'a Bump) -> Payload<'a> {
    let set = Set { register, value: value.canonical(arena) };
    Payload::Set { node, sets: Sets::Plain(arena.alloc_slice_copy(&[set])) }
}

pub fn physics_step<'a>(source: Source<'_, 'a>) -> Read<'a> {
    let Source { top, arena, scratch, .. } = source;
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
        let sets = scratch.no_sets();
        let inside = |r: Refusal| Refusal::new("payload.updates", format!("{}: {}", r.code, r.detail));
        if item.kind() != Kind::Object {
            return Err(Refusal::new("payload.updates", "not an array of objects"));
        }
        let node = node_id(item, arena).map_err(inside)?;
        if let Some(value) = item.get("transform") {
            transform(value, arena, sets).map_err(inside)?;
        }
        for (name, kind) in
            [("velocity", RegisterKind::Velocity), ("angular_velocity", RegisterKind::AngularVelocity)]
        {
            let Some(value) = item.get(name) else { continue };
            if value.kind() != Kind::Number && !is_vector(value, 2, 3) {
                return Err(Refusal::new("payload.updates", format!("{name} is a number or a vector")));
            }
            sets.push(Set { register: Register::plain(kind), value: value.canonical(arena) });
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

pub fn link_nodes<'a>(source: Source<'_, 'a>) -> Read<'a> {
    let ends = ends(source.top, source.arena)?;
    let properties = match source.top.get("properties") {
        None => None,
        Some(v) if v.is_null() => None,
        Some(v) if v.kind() == Kind::Object => (!v.is_empty()).then(|| v.canonical(source.arena)),
        Some(_) => return Err(Refusal::new("payload.properties", "not an object")),
    };
    Ok(Payload::Link(source.arena.alloc(Link { ends, properties })))
}

pub fn unlink_nodes<'a>(source: Source<'_, 'a>) -> Read<'a> {
    let Source { top, arena, scratch, .. } = source;
    let ends = ends(top, arena)?;
    let observed = top.get("observed").map(|v| {
        strings(v, arena, &mut scratch.names, is_tag)
            .ok_or_else(|| Refusal::new("payload.observed", "not an array of tags"))
    });
    Ok(Payload::Unlink(arena.alloc(Unlink { ends, observed: observed.transpose()? })))
}

fn ends<'a>(top: Value<'_, 'a>, arena: &'a Bump) -> Result<Ends<'a>, Refusal> {
    let from = node(required(top, "from_node", "payload.from_node")?, arena, "payload.from_node")?;
    let to = node(required(top, "to_node", "payload.to_node")?, arena, "payload.to_node")?;
    let relation = top.get("relation").map_or(Ok("link"), |v| string(v, arena, "payload.relation"))?;
    Ok(Ends { from, relation, to })
}

pub fn delete_node<'a>(source: Source<'_, 'a>) -> Read<'a> {
    Ok(Payload::Delete { node: node_id(source.top, source.arena)? })
}

pub fn merge<'a>(source: Source<'_, 'a>) -> Read<'a> {
    let Source { top, event, arena, scratch } = source;
    if event.parents.len() < 2 {
        return Err(Refusal::new("payload.previous_events", "a merge names two or more"));
    }
    let node = match top.get("node_id") {
        Some(v) => Some((node(v, arena, "payload.node_id")?, v.canonical(arena))),
        None => None,
    };
    let absorbs = match top.get("absorbs") {
        None => &[],
        Some(v) => strings(v, arena, &mut scratch.names, is_node)
            .ok_or_else(|| Refusal::new("payload.absorbs", "not an array of node_ids"))?,
    };
    match node {
        None if top.get("absorbs").is_some() => {
            Err(Refusal::new("payload.absorbs", "there is no node_id to fold into"))
        }
        Some((name, _)) if absorbs.contains(&name) => {
            Err(Refusal::new("payload.absorbs", "a node cannot absorb itself"))
        }
        _ => Ok(Payload::Merge { node, absorbs }),
    }
}

pub fn sensor_reading<'a>(source: Source<'_, 'a>) -> Read<'a> {
    let Source { top, event, arena, .. } = source;
    let name = string(required(top, "sensor", "payload.sensor")?, arena, "payload.sensor")?;
    let value = required(top, "value", "payload.value")?;
    if matches!(value.kind(), Kind::Array | Kind::Object) {
        return Err(Refusal::new("payload.value", "not a number, string, boolean or null"));
    }
    let unit = top.get("unit");
    if unit.is_some_and(|v| v.kind() != Kind::String) {
        return Err(Refusal::new("payload.unit", "not a string"));
    }
    let at = top.get("node_id");
    if let Some(v) = at {
        node(v, arena, "payload.node_id")?;
    }
    let position = top.get("position");
    if position.is_some_and(|v| !is_vector(v, 2, 3)) {
        return Err(Refusal::new("payload.position", "not [x,y] or [x,y,z]"));
    }
    Ok(Payload::Sensor(arena.alloc(Sensor {
        actor: event.actor,
        sensor: name,
        layer: json_string(event.layer, arena),
        timestamp: arena.alloc_str(&time_number(event.time)),
        value: value.canonical(arena),
        unit: unit.map(|v| v.canonical(arena)),
        node: at.map(|v| v.canonical(arena)),
        position: position.map(|v| v.canonical(arena)),
    })))
}

/// The members of a `transform`, in an update as in a state line.
pub fn transform<'a>(value: Value<'_, 'a>, arena: &'a Bump, sets: &mut Vec<Set<'a>>) -> Result<(), Refusal> {
    let wrong = |detail: &str| Refusal::new("payload.transform", detail);
    if value.kind() != Kind::Object {
        return Err(wrong("not an object"));
    }
    let (mut turned, first) = (false, sets.len());
    for (key, member) in value.members() {
        let Some(name) = key.as_str(arena) else { continue };
        // The other spelling of a rotation takes a quaternion alone.
        let is_quat = name == "rotation_quat";
        let name = if is_quat { "rotation" } else { name };
        let row = REGISTERS.iter().find(|row| row.member == Member::Transform && row.name == name);
        let Some(row) = row else { continue };
        if row.kind == RegisterKind::Rotation && std::mem::replace(&mut turned, true) {
            return Err(wrong("both rotation and rotation_quat"));
        }
        if is_quat && !is_vector(member, 4, 4) {
            return Err(wrong("rotation_quat is [x,y,z,w]"));
        }
        if !(row.fits)(member, arena) {
            return Err(wrong(row.rule));
        }
        sets.push(Set { register: Register::plain(row.kind), value: member.canonical(arena) });
    }
    put_in_order(value, &mut sets[first..]);
    Ok(())
}

/// Puts the writes of an object's members in the order of its canonical form, whatever that in the line is.
pub fn put_in_order(object: Value<'_, '_>, sets: &mut [Set<'_>]) {
    if !object.is_in_order() {
        sets.sort_by(|a, b| {
            let (a, b) = (a.register, b.register);
            a.kind.cmp(&b.kind).then_with(|| json::key_order(a.key, b.key))
        });
    }
}

fn properties<'a>(value: Value<'_, 'a>, arena: &'a Bump, sets: &mut Vec<Set<'a>>) -> Result<(), Refusal> {
    if value.kind() != Kind::Object {
        return Err(Refusal::new("payload.properties", "not an object"));
    }
    let first = sets.len();
    for (key, member) in value.members() {
        if let Some(name) = key.as_str(arena) {
            sets.push(Set { register: Register::property(name), value: member.canonical(arena) });
        }
    }
    put_in_order(value, &mut sets[first..]);
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
