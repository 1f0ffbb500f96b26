//! State lines out: canonical JSON, in the one order of page 3.
//!
//! The members of each line are written in the order that RFC 8785 asks for, so that nothing is sorted twice.

use super::{LaneState, Links, NodeRef, Reading, Written};
use crate::event::{Ends, Member, Sensor};
use crate::id::{Key, Lane, Tile};
use crate::json::write::{Items, Members};
use crate::json::{self, write_string};
use std::io::Write as _;

impl LaneState<'_> {
    /// Appends the lane's state lines: the tile's, then its nodes, links and sensors.
    pub fn write_lines(&self, space: &str, tile: Tile, lane: Lane, out: &mut Vec<u8>) {
        let place = Place::new(space, tile, lane);
        place.write_tile(self, out);
        let mut nodes: Vec<_> = self.nodes.iter().filter(|node| node.is_known()).collect();
        nodes.sort_unstable_by_key(|node| node.name());
        let mut order = Vec::new();
        for node in nodes {
            place.write_node(node, &mut order, out);
        }
        let mut links: Vec<_> = self.links.iter().collect();
        links.sort_unstable_by_key(|(ends, _)| **ends);
        for (ends, link) in links {
            place.write_link(ends, link, out);
        }
        let mut sensors: Vec<_> = self.sensors.iter().collect();
        sensors.sort_unstable_by_key(|(name, _)| **name);
        for (_, reading) in sensors {
            place.write_sensor(reading, out);
        }
    }
}

/// The members that every line of a lane shares, ready to be copied.
struct Place {
    /// `"scope":{…},"space_id":…,` and, for nodes, links and sensors alike, what follows it.
    scope_space: Vec<u8>,
    tile: String,
}

impl Place {
    fn new(space: &str, tile: Tile, lane: Lane) -> Place {
        let mut scope_space = Vec::new();
        let (policy, realm) = (lane.policy, lane.realm);
        let _ = write!(scope_space, r#""scope":{{"policy":"{policy}","realm":"{realm}"}},"space_id":"#);
        write_string(space, &mut scope_space);
        Place { scope_space, tile: format!(r#","tile":"{tile}""#) }
    }

    fn write_tile(&self, state: &LaneState<'_>, out: &mut Vec<u8>) {
        let mut line = Members::open(out);
        line.text("operation", "tile_state", out);
        line.name("recent", out);
        let mut recent = Items::open(out);
        for key in state.recent.iter() {
            recent.next(out);
            write_key(key, out);
        }
        recent.close(out);
        self.close(line, out);
    }

    fn write_node<'s, 'a>(&self, node: NodeRef<'s, 'a>, order: &mut Vec<&'s Written<'a>>, out: &mut Vec<u8>) {
        let mut line = Members::open(out);
        let created = node.created();
        if node.deleted().is_some() {
            write_key_as("created", created, &mut line, out);
            write_key_as("deleted", node.deleted(), &mut line, out);
            line.text("node_id", node.name(), out);
            line.text("operation", "node_state", out);
            self.close(line, out);
            return;
        }
        order.clear();
        order.extend(node.registers());
        sort_by_name(order);
        let rest = write_registers(order, "clock", &mut line, out);
        write_clock(created, order, &mut line, out);
        let rest = write_registers(rest, "created", &mut line, out);
        write_key_as("created", created, &mut line, out);
        let rest = write_registers(rest, "node_id", &mut line, out);
        line.text("node_id", node.name(), out);
        let rest = write_registers(rest, "operation", &mut line, out);
        line.text("operation", "node_state", out);
        let rest = write_registers(rest, "scope", &mut line, out);
        self.write(&mut line, out);
        let rest = write_registers(rest, "transform", &mut line, out);
        write_transform(order, &mut line, out);
        write_registers(rest, LAST, &mut line, out);
        line.end_line(out);
    }

    fn write_link(&self, ends: &Ends<'_>, link: &Links<'_>, out: &mut Vec<u8>) {
        let mut line = Members::open(out);
        let standing = link.standing();
        if !standing.is_empty() {
            let mut tags = standing;
            tags.sort_unstable_by(|a, b| json::key_order(a.0, b.0));
            line.name("adds", out);
            let mut adds = Members::open(out);
            for (tag, add) in tags {
                adds.any_name(tag, out);
                let mut object = Members::open(out);
                write_key_as("key", Some(add.key), &mut object, out);
                object.raw("properties", add.properties, out);
                object.close(out);
            }
            adds.close(out);
        }
        line.text("from_node", ends.from, out);
        line.text("operation", "link_state", out);
        line.text("relation", ends.relation, out);
        let removed = link.removed();
        if !removed.is_empty() {
            line.texts("removed", removed, out);
        }
        write_key_as("removed_before", link.removed_before(), &mut line, out);
        self.write(&mut line, out);
        line.text("to_node", ends.to, out);
        line.end_line(out);
    }

    fn write_sensor(&self, reading: &Reading<'_>, out: &mut Vec<u8>) {
        let sensor = &reading.sensor;
        let mut line = Members::open(out);
        line.text("actor_id", sensor.actor, out);
        write_key_as("key", Some(reading.key), &mut line, out);
        line.raw("layer_id", Some(sensor.layer), out);
        line.raw("node_id", sensor.node, out);
        line.text("operation", "sensor_state", out);
        line.raw("position", sensor.position, out);
        line.comma(out);
        // `sensor` stands between `scope` and `space_id`.
        let split = self.scope_space.iter().position(|b| *b == b'}').map_or(0, |at| at + 1);
        out.extend_from_slice(&self.scope_space[..split]);
        line.text("sensor", sensor.sensor, out);
        out.extend_from_slice(&self.scope_space[split..]);
        out.extend_from_slice(self.tile.as_bytes());
        line.raw("timestamp", Some(sensor.timestamp), out);
        line.raw("unit", sensor.unit, out);
        line.raw("value", Some(sensor.value), out);
        line.end_line(out);
    }

    fn close(&self, mut line: Members, out: &mut Vec<u8>) {
        self.write(&mut line, out);
        line.end_line(out);
    }

    /// Appends `scope`, `space_id` and `tile`.
    fn write(&self, line: &mut Members, out: &mut Vec<u8>) {
        line.comma(out);
        out.extend_from_slice(&self.scope_space);
        out.extend_from_slice(self.tile.as_bytes());
    }
}

/// The value of a sensor's register, as one canonical object.
pub(super) fn reading_value(sensor: &Sensor<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut object = Members::open(&mut out);
    object.raw("layer_id", Some(sensor.layer), &mut out);
    object.raw("node_id", sensor.node, &mut out);
    object.raw("position", sensor.position, &mut out);
    object.raw("timestamp", Some(sensor.timestamp), &mut out);
    object.raw("unit", sensor.unit, &mut out);
    object.raw("value", Some(sensor.value), &mut out);
    object.close(&mut out);
    out
}

/// Each register's key by its name, but for those that the creation wrote.
fn write_clock(created: Option<Key<'_>>, registers: &[&Written<'_>], line: &mut Members, out: &mut Vec<u8>) {
    let mut clock: Option<Members> = None;
    for written in registers.iter().filter(|w| Some(w.key) != created) {
        let object = clock.get_or_insert_with(|| {
            line.name("clock", out);
            Members::open(out)
        });
        let register = written.register;
        object.comma(out);
        if register.kind.is_keyed() {
            write_string_after(register.kind.name(), register.key, out);
        } else {
            write_string(register.kind.name(), out);
        }
        out.push(b':');
        write_key(written.key, out);
    }
    if let Some(object) = clock {
        object.close(out);
    }
}

/// Appends `"prefix.text"` as one JSON string; the prefix needs no escape.
fn write_string_after(prefix: &str, text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(prefix.as_bytes());
    // The text's own opening quote becomes the dot.
    let dot = out.len();
    write_string(text, out);
    out[dot] = b'.';
}

/// Comes after every register's name.
pub const LAST: &str = "~";

/// Sorts writes by their registers' names, which is the order of a clock and of the members that they become.
pub fn sort_by_name(writes: &mut [&Written<'_>]) {
    writes.sort_unstable_by(|a, b| {
        let (a, b) = (a.register, b.register);
        a.kind.cmp(&b.kind).then_with(|| json::key_order(a.key, b.key))
    });
}

/// Appends the members of the registers whose names come before one, but for those of `transform`; answers the writes
/// that are left. They are sorted by name.
pub fn write_registers<'s, 'a>(
    writes: &'s [&'s Written<'a>],
    before: &str,
    line: &mut Members,
    out: &mut Vec<u8>,
) -> &'s [&'s Written<'a>] {
    let end = writes.iter().position(|w| w.register.kind.name() >= before).unwrap_or(writes.len());
    let (writes, rest) = writes.split_at(end);
    for of_kind in writes.chunk_by(|a, b| a.register.kind == b.register.kind) {
        let kind = of_kind[0].register.kind;
        match kind.member() {
            Member::Own => line.raw(kind.name(), Some(of_kind[0].value), out),
            Member::Keyed => line.raws(kind.name(), of_kind.iter().map(|w| w.member()), out),
            Member::Transform => {}
        }
    }
    rest
}

/// Appends `transform`, where there is any of it. The writes are sorted by name.
pub fn write_transform(writes: &[&Written<'_>], line: &mut Members, out: &mut Vec<u8>) {
    let of_transform = |w: &&&Written<'_>| w.register.kind.member() == Member::Transform;
    let mut members = writes.iter().filter(of_transform).peekable();
    if members.peek().is_none() {
        return;
    }
    line.name("transform", out);
    let mut object = Members::open(out);
    for written in members {
        object.raw(written.register.kind.name(), Some(written.value), out);
    }
    object.close(out);
}

/// Appends an order key as a JSON string.
pub fn write_key(key: Key<'_>, out: &mut Vec<u8>) {
    out.push(b'"');
    key.eff.write(out);
    // Only the id can hold what must be escaped; its own opening quote becomes the slash.
    let slash = out.len();
    write_string(key.id, out);
    out[slash] = b'/';
}

fn write_key_as(name: &str, key: Option<Key<'_>>, line: &mut Members, out: &mut Vec<u8>) {
    if let Some(key) = key {
        line.name(name, out);
        write_key(key, out);
    }
}
