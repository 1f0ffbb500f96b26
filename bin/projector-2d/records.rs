//! JSON lines: a record a node, a link and a sensor, in world coordinates.
//!
//! Members stand in the order of RFC 8785, so that nothing is sorted. Numbers worked out here are rounded to 1e-9;
//! what an event wrote (geometry, properties, media) stands as it wrote it.

use crate::scene::{Connection, Item, Measure, Scene};
use std::collections::BTreeMap;
use std::io::{self, Write};
use ulp_core::event::{Ends, RegisterKind};
use ulp_core::json;
use ulp_core::json::write::{Items, Members, write_numbers};
use ulp_core::parallel::write_all;
use ulp_core::state::{Written, write_key};
use ulp_view::record::Record;
use ulp_view::transform::rounded;

/// What the records of one space need to be written.
pub struct Writer<'w> {
    pub space: &'w str,
    /// Whether each value's key is written too.
    pub provenance: bool,
}

/// Writes the records of a scene: nodes in paint order, then links, then sensors.
///
/// # Errors
/// What `out` answers.
pub fn write(scene: &Scene<'_, '_>, provenance: bool, out: &mut (impl Write + Send)) -> io::Result<()> {
    let writer = Writer { space: scene.space, provenance };
    write_all(&scene.items, |item, out| writer.node(item, out), out)?;
    write_all(&scene.links, |link, out| writer.link(link, out), out)?;
    write_all(&scene.sensors, |measure, out| writer.sensor(measure, out), out)
}

impl Writer<'_> {
    /// A node's record.
    pub fn node(&self, item: &Item<'_, '_>, out: &mut Vec<u8>) {
        let node = item.node;
        let bounds = item.bounds;
        let mut line = Members::open(out);
        let corners = [bounds.min[0], bounds.min[1], bounds.max[0], bounds.max[1]];
        line.numbers("bounds", &corners.map(rounded), out);
        if self.provenance {
            line.name("clock", out);
            write_clock(item, out);
        }
        line.raw("geometry", node.plain(RegisterKind::Geometry), out);
        line.raw("kind", node.plain(RegisterKind::Kind), out);
        line.raw("layer", node.plain(RegisterKind::Layer), out);
        line.raws("media", node.keyed(RegisterKind::Media).iter().map(Written::member), out);
        line.text("node_id", item.id, out);
        line.numbers("position", &item.world.position().map(rounded)[..2], out);
        line.raws("properties", node.keyed(RegisterKind::Property).iter().map(Written::member), out);
        line.number("rotation", rounded(item.world.rotation_2d()), out);
        line.numbers("scale", &item.world.scale_2d().map(rounded), out);
        line.text("space_id", self.space, out);
        if let Some(tile) = node.tile {
            line.text("tile", &tile.to_string(), out);
        }
        line.text("type", "node", out);
        line.end_line(out);
    }

    /// A link's record.
    pub fn link(&self, link: &Connection<'_>, out: &mut Vec<u8>) {
        let mut line = Members::open(out);
        line.text("from_node", link.ends.from, out);
        if self.provenance {
            line.name("key", out);
            write_key(link.add.key, out);
        }
        line.name("points", out);
        let mut points = Items::open(out);
        for point in link.points {
            points.next(out);
            write_numbers(&point.map(rounded), out);
        }
        points.close(out);
        line.raw("properties", link.add.properties, out);
        line.text("relation", link.ends.relation, out);
        line.text("to_node", link.ends.to, out);
        line.text("type", "link", out);
        line.end_line(out);
    }

    /// A sensor's record.
    pub fn sensor(&self, measure: &Measure<'_, '_>, out: &mut Vec<u8>) {
        let sensor = &measure.reading.sensor;
        let mut line = Members::open(out);
        line.text("actor_id", measure.actor, out);
        if self.provenance {
            line.name("key", out);
            write_key(measure.reading.key, out);
        }
        if let Some(node) = &measure.node {
            line.text("node_id", node, out);
        }
        if let Some(position) = &measure.position {
            line.numbers("position", &[position[0], position[1]].map(rounded), out);
        }
        line.text("sensor", measure.name, out);
        line.raw("timestamp", Some(sensor.timestamp), out);
        line.text("type", "sensor", out);
        line.raw("unit", sensor.unit.filter(|u| *u != "null"), out);
        line.raw("value", Some(sensor.value), out);
        line.end_line(out);
    }
}

/// The records of a scene, each with what it is known by and what takes it away.
pub fn lines(scene: &Scene<'_, '_>, provenance: bool) -> Vec<Record> {
    let writer = Writer { space: scene.space, provenance };
    let written = |write: &dyn Fn(&mut Vec<u8>)| {
        let mut text = Vec::new();
        write(&mut text);
        text
    };
    let nodes = scene.items.iter().map(|item| Record {
        id: id_of(&["node", scene.space, item.id]),
        text: written(&|out| writer.node(item, out)),
        tombstone: written(&|out| gone(&[("node_id", item.id), ("type", "node")], out)),
    });
    let links = scene.links.iter().map(|link| {
        let Ends { from, relation, to } = link.ends;
        let members = [("from_node", from), ("relation", relation), ("to_node", to), ("type", "link")];
        Record {
            id: id_of(&["link", scene.space, from, relation, to]),
            text: written(&|out| writer.link(link, out)),
            tombstone: written(&|out| {
                // `gone` stands between `from_node` and `relation` in the order of members.
                let mut line = Members::open(out);
                line.text(members[0].0, members[0].1, out);
                line.boolean("gone", true, out);
                members[1..].iter().for_each(|(name, text)| line.text(name, text, out));
                line.end_line(out);
            }),
        }
    });
    let sensors = scene.sensors.iter().map(|measure| Record {
        id: id_of(&["sensor", scene.space, measure.actor, measure.name]),
        text: written(&|out| writer.sensor(measure, out)),
        tombstone: Vec::new(),
    });
    nodes.chain(links).chain(sensors).collect()
}

/// Parts that hold no NUL, as no name does, told apart by one.
fn id_of(parts: &[&str]) -> Vec<u8> {
    parts.join("\0").into_bytes()
}

fn gone(members: &[(&str, &str)], out: &mut Vec<u8>) {
    let mut line = Members::open(out);
    line.boolean("gone", true, out);
    members.iter().for_each(|(name, text)| line.text(name, text, out));
    line.end_line(out);
}

/// Appends the key of each register by its name, and that of the node's creation as `created`, as one object.
pub fn write_clock(item: &Item<'_, '_>, out: &mut Vec<u8>) {
    let registers = item.node.state.registers.iter();
    let set = registers.filter(|w| w.value != "null").map(|w| (w.register.to_string(), w.key));
    let mut keys: BTreeMap<String, _> = set.collect();
    if let Some(created) = item.node.state.created {
        keys.insert("created".to_owned(), created);
    }
    let mut keys: Vec<_> = keys.into_iter().collect();
    keys.sort_by(|a, b| json::key_order(&a.0, &b.0));
    let mut object = Members::open(out);
    for (register, key) in keys {
        object.any_name(&register, out);
        write_key(key, out);
    }
    object.close(out);
}
