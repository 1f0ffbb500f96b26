//! Records: a node, a link or a sensor as a line of canonical JSON.

use crate::scene::{Link, Node, Scene, Sensor};
use ulp::cli::follow::Line;
use ulp::event::{Ends, RegisterKind};
use ulp::json;
use ulp::transform::rounded;
use ulp::view::ViewNode;

/// An object that is being written: members in any order, their values canonical JSON.
#[derive(Default)]
pub struct Object(Vec<(String, Vec<u8>)>);

impl Object {
    /// Adds a member of raw JSON, if there is any.
    pub fn raw(&mut self, name: &str, raw: Option<&str>) -> &mut Object {
        if let Some(raw) = raw {
            let mut value = Vec::with_capacity(raw.len());
            json::write_canonical(raw, &mut value);
            self.0.push((name.to_owned(), value));
        }
        self
    }

    pub fn text(&mut self, name: &str, text: Option<&str>) -> &mut Object {
        if let Some(text) = text {
            let mut value = Vec::with_capacity(text.len() + 2);
            json::write_string(text, &mut value);
            self.0.push((name.to_owned(), value));
        }
        self
    }

    pub fn number(&mut self, name: &str, number: f64) -> &mut Object {
        let mut value = Vec::new();
        json::write_number(number, &mut value);
        self.0.push((name.to_owned(), value));
        self
    }

    pub fn numbers(&mut self, name: &str, numbers: &[f64]) -> &mut Object {
        self.0.push((name.to_owned(), list(numbers)));
        self
    }

    /// Adds an object, unless it is empty.
    pub fn object(&mut self, name: &str, object: Object) -> &mut Object {
        if !object.0.is_empty() {
            self.0.push((name.to_owned(), object.bytes()));
        }
        self
    }

    /// Adds a list of values that are canonical already.
    pub fn list(&mut self, name: &str, values: &[Vec<u8>]) -> &mut Object {
        self.0.push((name.to_owned(), [b"[", values.join(&b',').as_slice(), b"]"].concat()));
        self
    }

    /// The canonical object.
    pub fn bytes(mut self) -> Vec<u8> {
        self.0.sort_by(|a, b| json::key_order(&a.0, &b.0));
        let mut out = vec![b'{'];
        for (i, (name, value)) in self.0.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            json::write_string(name, &mut out);
            out.push(b':');
            out.extend_from_slice(value);
        }
        out.push(b'}');
        out
    }

    /// The same as text.
    pub fn json(self) -> String {
        String::from_utf8(self.bytes()).unwrap_or_default()
    }
}

fn list(numbers: &[f64]) -> Vec<u8> {
    let mut out = vec![b'['];
    for (i, n) in numbers.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        json::write_number(*n, &mut out);
    }
    out.push(b']');
    out
}

/// What the records of a run have in common.
#[derive(Clone, Copy)]
pub struct Style {
    /// Whether the key behind each value is written too.
    pub provenance: bool,
    /// Whether there are several spaces, so that each record names its own.
    pub several: bool,
}

/// The records of a scene: nodes, links, sensors.
pub fn lines(scene: &Scene<'_, '_>, style: Style) -> Vec<Line> {
    let space = scene.space.space;
    let named = style.several.then_some(space);
    let line = |id: &[&str], mut record: Object, gone: Option<Object>| {
        let written = |object: &mut Object| {
            object.text("space_id", named);
            let mut bytes = std::mem::take(object).bytes();
            bytes.push(b'\n');
            bytes
        };
        let text = written(&mut record);
        Line {
            id: id.join("\0").into_bytes(),
            text,
            gone: gone.map_or_else(Vec::new, |mut g| written(&mut g)),
        }
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
    let points = link.points.map(|p| list(&p.map(rounded)));
    record.text("type", Some("link")).list("points", &points);
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
