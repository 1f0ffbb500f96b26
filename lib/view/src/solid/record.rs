//! Records: a node, a link or a sensor as a line of canonical JSON.

use crate::join::ViewNode;
use crate::name::reading;
use crate::record::{Record, Writer, clock};
use crate::solid::scene::{Node, Scene};
use crate::transform::rounded;
use std::io::{self, Write};
use ulp_core::event::RegisterKind;
use ulp_core::json::write::Members;
use ulp_core::parallel::write_all;
use ulp_core::state::Written;

/// What the records of a run have in common.
#[derive(Clone, Copy)]
pub struct Style {
    /// Whether the key behind each value is written too.
    pub provenance: bool,
    /// Whether there are several spaces, so that each record names its own.
    pub several: bool,
}

/// How the records of a scene are written.
pub fn writer<'a>(scene: &Scene<'_, 'a>, style: Style) -> Writer<'a> {
    Writer { space: scene.space.space, named: style.several, provenance: style.provenance, axes: 3 }
}

/// Writes the records of a scene: nodes, links, sensors.
///
/// # Errors
/// What `out` answers.
pub fn write(scene: &Scene<'_, '_>, style: Style, out: &mut (impl Write + Send)) -> io::Result<()> {
    let writer = writer(scene, style);
    write_all(&scene.nodes, |node, out| write_node(node, scene, style, out), out)?;
    write_all(&scene.links, |link, out| writer.link(&link.ends, &link.add, link.points, out), out)?;
    write_all(&scene.sensors, |sensor, out| writer.sensor(sensor, out), out)
}

/// The same records as they are followed; of the nodes those of `asked`.
pub fn lines(scene: &Scene<'_, '_>, style: Style, asked: impl Fn(&str) -> bool) -> Vec<Record> {
    let writer = writer(scene, style);
    let node = |node: &Node<'_, '_>| writer.node_record(node.id, |out| write_node(node, scene, style, out));
    let nodes = scene.nodes.iter().filter(|node| asked(node.id)).map(node);
    let links = scene.links.iter().map(|l| writer.link_record(&l.ends, &l.add, l.points));
    let sensors = scene.sensors.iter().map(|sensor| writer.sensor_record(sensor));
    nodes.chain(links).chain(sensors).collect()
}

fn write_node(node: &Node<'_, '_>, scene: &Scene<'_, '_>, style: Style, out: &mut Vec<u8>) {
    let mut line = Members::open(out);
    Extras::of(node.view, style).write(&mut line, out);
    write_words(node, &mut line, out);
    line.raw("mesh", node.geometry, out);
    node.name.iter().for_each(|name| line.text("name", name, out));
    line.text("node_id", node.id, out);
    node.parent.iter().for_each(|p| line.text("parent", scene.nodes[*p].id, out));
    reading(node.view).iter().for_each(|reads| line.text("reads", reads, out));
    line.numbers("rotation", &node.local.rotation.quaternion().map(rounded), out);
    line.numbers("scale", &node.local.scale, out);
    if style.several {
        line.text("space_id", scene.space.space, out);
    }
    line.numbers("translation", &node.local.translation, out);
    line.text("type", "node", out);
    line.end_line(out);
}

/// A node's kind and layer.
fn write_words(node: &Node<'_, '_>, line: &mut Members, out: &mut Vec<u8>) {
    node.kind.iter().for_each(|kind| line.text("kind", kind, out));
    node.layer.iter().for_each(|layer| line.text("layer", layer, out));
}

/// What is known of a node, for a document; `sensors` are what is read at it.
pub fn about(node: &Node<'_, '_>, sensors: &[Vec<u8>], style: Style) -> Vec<u8> {
    let (mut out, extras) = (Vec::new(), Extras::of(node.view, style));
    let mut about = Members::open(&mut out);
    extras.write_clock(&mut about, &mut out);
    write_words(node, &mut about, &mut out);
    extras.write_media(&mut about, &mut out);
    about.text("node_id", node.id, &mut out);
    extras.write_rest(&mut about, &mut out);
    reading(node.view).iter().for_each(|reads| about.text("reads", reads, &mut out));
    if !sensors.is_empty() {
        about.list("sensors", sensors, &mut out);
    }
    about.close(&mut out);
    out
}

/// What is known of a node besides where it is and what it looks like.
struct Extras<'n, 'a> {
    node: &'n ViewNode<'a>,
    /// Whether the keys behind its values are told.
    clock: bool,
    media: Vec<Written<'a>>,
    properties: Vec<Written<'a>>,
}

impl<'n, 'a> Extras<'n, 'a> {
    fn of(node: &'n ViewNode<'a>, style: Style) -> Extras<'n, 'a> {
        let clock = style.provenance && node.state.registers.iter().any(|w| w.value != "null");
        let [media, properties] = [RegisterKind::Media, RegisterKind::Property].map(|kind| node.keyed(kind));
        Extras { node, clock, media, properties }
    }

    /// As the member `extras`, where there is any of it.
    fn write(&self, line: &mut Members, out: &mut Vec<u8>) {
        let physics = self.node.plain(RegisterKind::Physics);
        if self.clock || !self.media.is_empty() || !self.properties.is_empty() || physics.is_some() {
            line.name("extras", out);
            let mut extras = Members::open(out);
            self.write_clock(&mut extras, out);
            self.write_media(&mut extras, out);
            self.write_rest(&mut extras, out);
            extras.close(out);
        }
    }

    fn write_clock(&self, line: &mut Members, out: &mut Vec<u8>) {
        if self.clock {
            line.name("clock", out);
            clock(self.node).write(out);
        }
    }

    fn write_media(&self, line: &mut Members, out: &mut Vec<u8>) {
        line.raws("media", self.media.iter().map(Written::member), out);
    }

    fn write_rest(&self, line: &mut Members, out: &mut Vec<u8>) {
        line.raw("physics", self.node.plain(RegisterKind::Physics), out);
        line.raws("properties", self.properties.iter().map(Written::member), out);
    }
}
