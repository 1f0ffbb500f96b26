//! State lines in: the inverse of printing them.

use super::{Add, Reading, Written};
use crate::event::{
    Ends, Member, REGISTERS, Refusal, Register, Sensor, Set, is_any_node, is_node, put_in_order, transform,
};
use crate::id::{Key, Lane, Policy, Realm, Tile, is_id, is_place, is_tag};
use crate::json::{self, Kind, Value};
use bumpalo::Bump;

/// A valid state line.
#[derive(Clone, Debug)]
pub struct StateLine<'a> {
    pub space: &'a str,
    pub tile: Tile,
    pub lane: Lane,
    pub body: Body<'a>,
}

/// What a state line says of its lane.
#[derive(Clone, Debug)]
pub enum Body<'a> {
    Tile {
        recent: &'a [Key<'a>],
    },
    Node {
        node: &'a str,
        created: Option<Key<'a>>,
        deleted: Option<Key<'a>>,
        registers: &'a [Written<'a>],
    },
    Link {
        ends: Ends<'a>,
        adds: &'a [(&'a str, Add<'a>)],
        removed: &'a [&'a str],
        removed_before: Option<Key<'a>>,
    },
    Sensor(Reading<'a>),
}

impl<'a> Body<'a> {
    /// Every order key that the line writes; each makes its event known in the line's lane.
    pub fn keys(&self, mut each: impl FnMut(Key<'a>)) {
        match self {
            Body::Tile { recent } => recent.iter().copied().for_each(each),
            Body::Node { created, deleted, registers, .. } => {
                created.iter().chain(deleted).copied().for_each(&mut each);
                registers.iter().for_each(|w| each(w.key));
            }
            Body::Link { adds, removed_before, .. } => {
                adds.iter().for_each(|(_, add)| each(add.key));
                removed_before.iter().copied().for_each(each);
            }
            Body::Sensor(reading) => each(reading.key),
        }
    }
}

/// Reads the state line in `top`, whose operation ends in `_state`.
///
/// # Errors
/// `state.<field>` for the first member that is malformed.
pub fn read<'a>(top: Value<'_, 'a>, operation: &str, arena: &'a Bump) -> Result<StateLine<'a>, Refusal> {
    if !["tile_state", "node_state", "link_state", "sensor_state"].contains(&operation) {
        return Err(Refusal::new("state.operation", "not one of tile, node, link and sensor_state"));
    }
    let lane = read_lane(top)?;
    let blame = |mut refusal: Refusal| {
        refusal.shared = lane.is_shared();
        refusal
    };
    read_body(top, operation, lane, arena).map_err(blame)
}

fn read_lane(top: Value<'_, '_>) -> Result<Lane, Refusal> {
    let wrong = || Refusal::new("state.scope", "an object of realm and policy is wanted");
    let scope = top.get("scope").ok_or_else(wrong)?;
    let realm = scope.get("realm").ok_or_else(wrong)?;
    let policy = scope.get("policy").ok_or_else(wrong)?;
    Ok(Lane {
        realm: *Realm::ALL.iter().find(|w| realm.is_str(w.as_str())).ok_or_else(wrong)?,
        policy: *Policy::ALL.iter().find(|w| policy.is_str(w.as_str())).ok_or_else(wrong)?,
    })
}

fn read_body<'a>(
    top: Value<'_, 'a>,
    operation: &str,
    lane: Lane,
    arena: &'a Bump,
) -> Result<StateLine<'a>, Refusal> {
    let space = string(top, "space_id", "state.space_id", arena, is_place)?;
    let tile = top.get("tile").and_then(|v| v.as_str(arena)).and_then(Tile::parse);
    let tile = tile.ok_or_else(|| Refusal::new("state.tile", "not a tile"))?;
    let body = match operation {
        "tile_state" => Body::Tile { recent: recent(top, arena)? },
        "node_state" => node(top, arena)?,
        "link_state" => link(top, arena)?,
        _ => Body::Sensor(sensor(top, arena)?),
    };
    Ok(StateLine { space, tile, lane, body })
}

fn string<'a>(
    top: Value<'_, 'a>,
    name: &str,
    code: &'static str,
    arena: &'a Bump,
    rule: fn(&str) -> bool,
) -> Result<&'a str, Refusal> {
    let text = top.get(name).and_then(|v| v.as_str(arena)).filter(|s| rule(s));
    text.ok_or_else(|| Refusal::new(code, "missing or malformed"))
}

fn parse_key<'a>(value: Value<'_, 'a>, code: &'static str, arena: &'a Bump) -> Result<Key<'a>, Refusal> {
    let key = value.as_str(arena).and_then(Key::parse);
    key.ok_or_else(|| Refusal::new(code, "not an order key <seconds>/<event_id>"))
}

fn optional_key<'a>(
    top: Value<'_, 'a>,
    name: &str,
    code: &'static str,
    arena: &'a Bump,
) -> Result<Option<Key<'a>>, Refusal> {
    top.get(name).map(|v| parse_key(v, code, arena)).transpose()
}

fn recent<'a>(top: Value<'_, 'a>, arena: &'a Bump) -> Result<&'a [Key<'a>], Refusal> {
    let list = top.get("recent").filter(|v| v.kind() == Kind::Array);
    let list = list.ok_or_else(|| Refusal::new("state.recent", "an array of order keys is wanted"))?;
    let keys: Result<Vec<_>, _> = list.items().map(|v| parse_key(v, "state.recent", arena)).collect();
    Ok(arena.alloc_slice_copy(&keys?))
}

fn node<'a>(top: Value<'_, 'a>, arena: &'a Bump) -> Result<Body<'a>, Refusal> {
    let name = string(top, "node_id", "state.node_id", arena, is_any_node)?;
    let created = optional_key(top, "created", "state.created", arena)?;
    let deleted = optional_key(top, "deleted", "state.deleted", arena)?;
    let mut sets = Vec::new();
    registers(top, arena, &mut sets)?;
    let clock = top.get("clock");
    if clock.is_some_and(|c| c.kind() != Kind::Object) {
        return Err(Refusal::new("state.clock", "not an object"));
    }
    if deleted.is_some() && (!sets.is_empty() || clock.is_some_and(|c| !c.is_empty())) {
        return Err(Refusal::new("state.deleted", "a deleted node's line has no registers"));
    }
    let mut keys = foldhash::HashMap::default();
    for (register, key) in clock.into_iter().flat_map(Value::members) {
        let register = register.as_str(arena).and_then(Register::parse);
        let register = register.ok_or_else(|| Refusal::new("state.clock", "an unknown register"))?;
        keys.insert(register, parse_key(key, "state.clock", arena)?);
    }
    let mut registers = Vec::with_capacity(sets.len());
    for set in sets {
        let Some(key) = keys.remove(&set.register).or(created) else {
            let detail = format!("{} has neither a clock entry nor created", set.register);
            return Err(Refusal::new("state.clock", detail));
        };
        registers.push(Written { register: set.register, key, value: set.value });
    }
    if !keys.is_empty() {
        return Err(Refusal::new("state.clock", "an entry of a register without a value"));
    }
    Ok(Body::Node { node: name, created, deleted, registers: arena.alloc_slice_copy(&registers) })
}

/// Gathers the registers that a node's line gives, each with the rule of its kind.
fn registers<'a>(top: Value<'_, 'a>, arena: &'a Bump, sets: &mut Vec<Set<'a>>) -> Result<(), Refusal> {
    let held_as = |member| REGISTERS.iter().filter(move |row| row.member == member);
    for row in held_as(Member::Own) {
        let Some(value) = top.get(row.name) else { continue };
        if !(row.fits)(value, arena) {
            return Err(Refusal::new(row.code, "malformed"));
        }
        sets.push(Set { register: Register::plain(row.kind), value: value.canonical(arena) });
    }
    if let Some(value) = top.get("transform") {
        transform(value, arena, sets).map_err(|r| Refusal::new("state.transform", r.detail))?;
    }
    for row in held_as(Member::Keyed) {
        let Some(object) = top.get(row.name) else { continue };
        if object.kind() != Kind::Object {
            return Err(Refusal::new(row.code, "not an object"));
        }
        let first = sets.len();
        for (key, value) in object.members() {
            let Some(key) = key.as_str(arena) else { continue };
            sets.push(Set { register: Register { kind: row.kind, key }, value: value.canonical(arena) });
        }
        put_in_order(object, &mut sets[first..]);
    }
    Ok(())
}

fn link<'a>(top: Value<'_, 'a>, arena: &'a Bump) -> Result<Body<'a>, Refusal> {
    let ends = Ends {
        from: string(top, "from_node", "state.from_node", arena, is_node)?,
        relation: string(top, "relation", "state.relation", arena, |_| true)?,
        to: string(top, "to_node", "state.to_node", arena, is_node)?,
    };
    let mut adds = Vec::new();
    if let Some(object) = top.get("adds") {
        if object.kind() != Kind::Object {
            return Err(Refusal::new("state.adds", "not an object"));
        }
        for (tag, add) in object.members() {
            adds.push(read_add(tag, add, arena)?);
        }
        if !object.is_in_order() {
            adds.sort_by(|a, b| json::key_order(a.0, b.0));
        }
    }
    let removed = match top.get("removed") {
        None => &[],
        Some(list) => tags(list, arena)?,
    };
    let removed_before = optional_key(top, "removed_before", "state.removed_before", arena)?;
    Ok(Body::Link { ends, adds: arena.alloc_slice_copy(&adds), removed, removed_before })
}

fn read_add<'a>(
    tag: Value<'_, 'a>,
    add: Value<'_, 'a>,
    arena: &'a Bump,
) -> Result<(&'a str, Add<'a>), Refusal> {
    let wrong = |detail: &str| Refusal::new("state.adds", detail);
    let tag = tag.as_str(arena).unwrap_or_default();
    let key = add.get("key").ok_or_else(|| wrong("a tag without a key"))?;
    let key = parse_key(key, "state.adds", arena)?;
    if key.id != tag {
        return Err(wrong("a key whose id is not its tag"));
    }
    let properties = match add.get("properties") {
        Some(v) if v.kind() == Kind::Object => (!v.is_empty()).then(|| v.canonical(arena)),
        Some(v) if !v.is_null() => return Err(wrong("properties that are no object")),
        _ => None,
    };
    Ok((tag, Add { key, properties }))
}

fn tags<'a>(list: Value<'_, 'a>, arena: &'a Bump) -> Result<&'a [&'a str], Refusal> {
    let wrong = || Refusal::new("state.removed", "not an array of tags");
    if list.kind() != Kind::Array {
        return Err(wrong());
    }
    let tags: Option<Vec<_>> = list.items().map(|v| v.as_str(arena).filter(|s| is_tag(s))).collect();
    Ok(arena.alloc_slice_copy(&tags.ok_or_else(wrong)?))
}

fn sensor<'a>(top: Value<'_, 'a>, arena: &'a Bump) -> Result<Reading<'a>, Refusal> {
    let actor = string(top, "actor_id", "state.actor_id", arena, is_id)?;
    let sensor = string(top, "sensor", "state.sensor", arena, |_| true)?;
    let key = top.get("key").ok_or_else(|| Refusal::new("state.key", "missing"))?;
    let key = parse_key(key, "state.key", arena)?;
    let raw = |name: &str, code: &'static str, fits: fn(Kind) -> bool| match top.get(name) {
        Some(v) if fits(v.kind()) => Ok(Some(v.canonical(arena))),
        Some(_) => Err(Refusal::new(code, "malformed")),
        None => Ok(None),
    };
    let needed = |value: Option<&'a str>, code| value.ok_or_else(|| Refusal::new(code, "missing"));
    let value = raw("value", "state.value", |k| !matches!(k, Kind::Array | Kind::Object))?;
    let timestamp = raw("timestamp", "state.timestamp", |k| k == Kind::Number)?;
    let layer = raw("layer_id", "state.layer_id", |k| k == Kind::String)?;
    let reading = Sensor {
        actor,
        sensor,
        value: needed(value, "state.value")?,
        timestamp: needed(timestamp, "state.timestamp")?,
        layer: needed(layer, "state.layer_id")?,
        unit: raw("unit", "state.unit", |k| k == Kind::String)?,
        node: raw("node_id", "state.node_id", |k| k == Kind::String)?,
        position: raw("position", "state.position", |k| k == Kind::Array)?,
    };
    Ok(Reading { key, sensor: reading })
}
