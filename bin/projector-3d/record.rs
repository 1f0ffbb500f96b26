//! Records: a node, a link or a sensor as a line of canonical JSON.

use crate::scene::{Link, Node, Scene, Sensor};
use std::io::{self, Write};
use ulp_core::event::{Ends, RegisterKind};
use ulp_core::json::write::{Items, Object, write_numbers};
use ulp_core::parallel::write_all;
use ulp_view::join::ViewNode;
use ulp_view::record::Record;
use ulp_view::transform::rounded;

/// What the records of a run have in common.
#[derive(Clone, Copy)]
pub struct Style {
    /// Whether the key behind each value is written too.
    pub provenance: bool,
    /// Whether there are several spaces, so that each record names its own.
    pub several: bool,
}

/// Writes the records of a scene: nodes, links, sensors.
///
/// # Errors
/// What `out` answers.
pub fn write(scene: &Scene<'_, '_>, style: Style, out: &mut (impl Write + Send)) -> io::Result<()> {
    let named = style.several.then_some(scene.space.space);
    let append = |mut record: Object, out: &mut Vec<u8>| {
        record.text("space_id", named);
        record.write(out);
        out.push(b'\n');
    };
    write_all(&scene.nodes, |node, out| append(node_record(node, scene, style), out), out)?;
    write_all(&scene.links, |link, out| append(link_record(link, style), out), out)?;
    write_all(&scene.sensors, |sensor, out| append(sensor_record(sensor, style), out), out)
}

/// The same records as they are followed.
pub fn lines(scene: &Scene<'_, '_>, style: Style) -> Vec<Record> {
    let space = scene.space.space;
    let named = style.several.then_some(space);
    let line = |id: &[&str], record: Object, gone: Option<Object>| {
        let written = |mut object: Object| {
            object.text("space_id", named);
            let mut bytes = object.bytes();
            bytes.push(b'\n');
            bytes
        };
        let tombstone = gone.map_or_else(Vec::new, written);
        Record { id: id.join("\0").into_bytes(), text: written(record), tombstone }
    };
    let nodes = scene.nodes.iter().map(|node| {
        let mut gone = Object::default();
        gone.text("type", Some("node")).text("node_id", Some(node.id)).raw("gone", Some("true"));
        line(&["node", space, node.id], node_record(node, scene, style), Some(gone))
    });
    let links = scene.links.iter().map(|link| {
        let Ends { from, relation, to } = link.ends;
        let mut gone = ends(link);
        gone.text("type", Some("link")).raw("gone", Some("true"));
        line(&["link", space, from, relation, to], link_record(link, style), Some(gone))
    });
    let sensors = scene.sensors.iter().map(|sensor| {
        let read = &sensor.reading.sensor;
        line(&["sensor", space, read.actor, read.sensor], sensor_record(sensor, style), None)
    });
    nodes.chain(links).chain(sensors).collect()
}

fn node_record(node: &Node<'_, '_>, scene: &Scene<'_, '_>, style: Style) -> Object {
    let mut record = Object::default();
    record
        .text("type", Some("node"))
        .text("node_id", Some(node.id))
        .text("name", node.name.as_deref())
        .text("kind", node.kind.as_deref())
        .text("layer", node.layer.as_deref())
        .text("parent", node.parent.map(|p| scene.nodes[p].id))
        .numbers("translation", &node.local.translation)
        .numbers("rotation", &node.local.rotation.quaternion().map(rounded))
        .numbers("scale", &node.local.scale)
        .raw("mesh", node.geometry)
        .object("extras", extras(node.view, style));
    record
}

/// What is known of a node besides where it is and what it looks like.
pub fn extras(node: &ViewNode<'_>, style: Style) -> Object {
    let mut object = Object::default();
    object
        .object("properties", keyed(node, RegisterKind::Property))
        .object("media", keyed(node, RegisterKind::Media))
        .raw("physics", node.plain(RegisterKind::Physics));
    if style.provenance {
        object.object("clock", clock(node));
    }
    object
}

fn keyed(node: &ViewNode<'_>, kind: RegisterKind) -> Object {
    let mut object = Object::default();
    for written in node.keyed(kind) {
        object.raw(written.register.key, Some(written.value));
    }
    object
}

/// The key behind each value that is shown, by the name of its register.
fn clock(node: &ViewNode<'_>) -> Object {
    let mut object = Object::default();
    for written in node.state.registers.iter().filter(|w| w.value != "null") {
        object.text(&written.register.to_string(), Some(&written.key.to_string()));
    }
    object
}

fn ends(link: &Link<'_>) -> Object {
    let mut record = Object::default();
    record
        .text("from_node", Some(link.ends.from))
        .text("relation", Some(link.ends.relation))
        .text("to_node", Some(link.ends.to));
    record
}

/// A link by its ends and relation.
pub fn link_members(link: &Link<'_>, style: Style) -> Object {
    let mut record = ends(link);
    record.raw("properties", link.add.properties);
    if style.provenance {
        record.text("key", Some(&link.add.key.to_string()));
    }
    record
}

fn link_record(link: &Link<'_>, style: Style) -> Object {
    let mut record = link_members(link, style);
    record.text("type", Some("link")).member("points", |out| {
        let mut points = Items::open(out);
        for point in link.points {
            points.next(out);
            write_numbers(&point.map(rounded), out);
        }
        points.close(out);
    });
    record
}

/// A sensor with what it read.
pub fn sensor_members(sensor: &Sensor<'_>, style: Style) -> Object {
    let read = &sensor.reading.sensor;
    let mut record = Object::default();
    record
        .text("actor_id", Some(read.actor))
        .text("sensor", Some(read.sensor))
        .raw("value", Some(read.value))
        .raw("unit", read.unit)
        .raw("timestamp", Some(read.timestamp));
    if style.provenance {
        record.text("key", Some(&sensor.reading.key.to_string()));
    }
    record
}

fn sensor_record(sensor: &Sensor<'_>, style: Style) -> Object {
    let mut record = sensor_members(sensor, style);
    record.text("type", Some("sensor")).raw("node_id", sensor.reading.sensor.node);
    if let Some(position) = sensor.position {
        record.numbers("position", &position.map(rounded));
    }
    record
}
