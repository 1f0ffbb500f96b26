//! Records: what a projector writes a line each of, and what takes the line back.
//!
//! Members stand in the order of RFC 8785, so that nothing is sorted. Numbers worked out here are rounded to 1e-9;
//! what an event wrote stands as it wrote it. `event_id` is the event that last set what is shown.

use crate::join::ViewNode;
use crate::scene::Sensor;
use crate::transform::rounded;
use ulp_core::event::Ends;
use ulp_core::id::Key;
use ulp_core::json::write::{Items, Members, Object, write_numbers};
use ulp_core::state::{Add, write_key};

/// One record of a view.
pub struct Record {
    /// What stays the same while the record changes.
    pub id: Vec<u8>,
    /// The record, with its line end.
    pub text: Vec<u8>,
    /// What is written once the record is no more.
    pub tombstone: Vec<u8>,
}

/// How the records of one space are written.
#[derive(Clone, Copy)]
pub struct Writer<'w> {
    pub space: &'w str,
    /// Whether records that name no space otherwise name this one.
    pub named: bool,
    /// Whether the key behind each value is written too.
    pub provenance: bool,
    /// How many numbers a position has: 2 or 3.
    pub axes: usize,
}

impl Writer<'_> {
    /// A link's record, from point to point.
    pub fn link<const N: usize>(
        &self,
        ends: &Ends<'_>,
        add: &Add<'_>,
        points: [[f64; N]; 2],
        out: &mut Vec<u8>,
    ) {
        self.write_link(ends, add, Some(points), out);
        out.push(b'\n');
    }

    /// What is known of a link besides where it is drawn.
    pub fn about_link(&self, ends: &Ends<'_>, add: &Add<'_>) -> Vec<u8> {
        written(|out| self.write_link::<0>(ends, add, None, out))
    }

    fn write_link<const N: usize>(
        &self,
        ends: &Ends<'_>,
        add: &Add<'_>,
        points: Option<[[f64; N]; 2]>,
        out: &mut Vec<u8>,
    ) {
        let mut line = Members::open(out);
        line.text("event_id", add.key.event(), out);
        line.text("from_node", ends.from, out);
        self.write_key(add.key, &mut line, out);
        if let Some(points) = points {
            line.name("points", out);
            write_points(points, out);
        }
        line.raw("properties", add.properties, out);
        line.text("relation", ends.relation, out);
        if points.is_some() {
            self.write_space(&mut line, out);
        }
        line.text("to_node", ends.to, out);
        if points.is_some() {
            line.text("type", "link", out);
        }
        line.close(out);
    }

    /// A sensor's record.
    pub fn sensor(&self, sensor: &Sensor<'_, '_>, out: &mut Vec<u8>) {
        self.write_sensor(sensor, true, out);
        out.push(b'\n');
    }

    /// What a sensor read, without where.
    pub fn about_sensor(&self, sensor: &Sensor<'_, '_>) -> Vec<u8> {
        written(|out| self.write_sensor(sensor, false, out))
    }

    fn write_sensor(&self, sensor: &Sensor<'_, '_>, placed: bool, out: &mut Vec<u8>) {
        let read = &sensor.reading.sensor;
        let mut line = Members::open(out);
        line.text("actor_id", sensor.actor, out);
        line.text("event_id", sensor.reading.key.event(), out);
        self.write_key(sensor.reading.key, &mut line, out);
        if placed {
            self.write_place(sensor, &mut line, out);
        }
        line.text("sensor", sensor.name, out);
        if placed {
            self.write_space(&mut line, out);
        }
        line.raw("timestamp", Some(read.timestamp), out);
        if placed {
            line.text("type", "sensor", out);
        }
        line.raw("unit", read.unit, out);
        line.raw("value", Some(read.value), out);
        line.close(out);
    }

    fn write_place(&self, sensor: &Sensor<'_, '_>, line: &mut Members, out: &mut Vec<u8>) {
        if let Some(node) = &sensor.node {
            line.text("node_id", node, out);
        }
        if let Some(position) = &sensor.position {
            line.numbers("position", &position.map(rounded)[..self.axes], out);
        }
    }

    fn write_key(&self, key: Key<'_>, line: &mut Members, out: &mut Vec<u8>) {
        if self.provenance {
            line.name("key", out);
            write_key(key, out);
        }
    }

    fn write_space(&self, line: &mut Members, out: &mut Vec<u8>) {
        if self.named {
            line.text("space_id", self.space, out);
        }
    }

    /// The record of a node as it is followed.
    pub fn node_record(&self, node: &str, write: impl FnOnce(&mut Vec<u8>)) -> Record {
        let gone = |out: &mut Vec<u8>| {
            let mut line = Members::open(out);
            line.boolean("gone", true, out);
            line.text("node_id", node, out);
            self.write_space(&mut line, out);
            line.text("type", "node", out);
            line.end_line(out);
        };
        Record { id: node_id(self.space, node), text: written(write), tombstone: written(gone) }
    }

    /// The record of a link as it is followed.
    pub fn link_record<const N: usize>(
        &self,
        ends: &Ends<'_>,
        add: &Add<'_>,
        points: [[f64; N]; 2],
    ) -> Record {
        let gone = |out: &mut Vec<u8>| {
            let mut line = Members::open(out);
            line.text("from_node", ends.from, out);
            line.boolean("gone", true, out);
            line.text("relation", ends.relation, out);
            self.write_space(&mut line, out);
            line.text("to_node", ends.to, out);
            line.text("type", "link", out);
            line.end_line(out);
        };
        let text = written(|out| self.link(ends, add, points, out));
        Record { id: link_id(self.space, ends), text, tombstone: written(gone) }
    }

    /// The record of a sensor as it is followed. With `--at` what it read may turn out to be later.
    pub fn sensor_record(&self, sensor: &Sensor<'_, '_>) -> Record {
        let gone = |out: &mut Vec<u8>| {
            let mut line = Members::open(out);
            line.text("actor_id", sensor.actor, out);
            line.boolean("gone", true, out);
            line.text("sensor", sensor.name, out);
            self.write_space(&mut line, out);
            line.text("type", "sensor", out);
            line.end_line(out);
        };
        Record {
            id: sensor_id(self.space, sensor.actor, sensor.name),
            text: written(|out| self.sensor(sensor, out)),
            tombstone: written(gone),
        }
    }
}

/// Writes the event that last set what is shown of a node, where one is known.
pub fn write_event(node: &ViewNode<'_>, line: &mut Members, out: &mut Vec<u8>) {
    if let Some(key) = node.last_set() {
        line.text("event_id", key.event(), out);
    }
}

/// The key behind each register that is set, by the register's name.
pub fn clock(node: &ViewNode<'_>) -> Object {
    let mut object = Object::default();
    for set in node.state.registers.iter().filter(|w| w.value != "null") {
        object.member(&set.register.to_string(), |out| write_key(set.key, out));
    }
    object
}

fn written(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out);
    out
}

fn write_points<const N: usize>(points: [[f64; N]; 2], out: &mut Vec<u8>) {
    let mut list = Items::open(out);
    for point in points {
        list.next(out);
        write_numbers(&point.map(rounded), out);
    }
    list.close(out);
}

/// What the record of a node is known by.
pub fn node_id(space: &str, node: &str) -> Vec<u8> {
    id_of(&["node", space, node])
}

/// What the record of a link is known by.
pub fn link_id(space: &str, ends: &Ends<'_>) -> Vec<u8> {
    id_of(&["link", space, ends.from, ends.relation, ends.to])
}

/// What the record of a sensor is known by.
pub fn sensor_id(space: &str, actor: &str, sensor: &str) -> Vec<u8> {
    id_of(&["sensor", space, actor, sensor])
}

/// Parts that hold no NUL, as no name does, told apart by one.
fn id_of(parts: &[&str]) -> Vec<u8> {
    parts.join("\0").into_bytes()
}
