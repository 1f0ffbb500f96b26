//! Records: a node, a link or a sensor as a line of canonical JSON.

use crate::scene::{Node, Scene};
use std::io::{self, Write};
use ulp_core::event::RegisterKind;
use ulp_core::json::write::{Members, Object};
use ulp_core::parallel::write_all;
use ulp_core::state::Written;
use ulp_view::join::ViewNode;
use ulp_view::record::{Record, Writer, clock};
use ulp_view::transform::rounded;

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
    write_extras(node.view, style, &mut line, out);
    let text = |name: &str, text: Option<&str>, line: &mut Members, out: &mut Vec<u8>| {
        text.into_iter().for_each(|text| line.text(name, text, out));
    };
    text("kind", node.kind.as_deref(), &mut line, out);
    text("layer", node.layer.as_deref(), &mut line, out);
    line.raw("mesh", node.geometry, out);
    text("name", node.name.as_deref(), &mut line, out);
    line.text("node_id", node.id, out);
    text("parent", node.parent.map(|p| scene.nodes[p].id), &mut line, out);
    line.numbers("rotation", &node.local.rotation.quaternion().map(rounded), out);
    line.numbers("scale", &node.local.scale, out);
    text("space_id", style.several.then_some(scene.space.space), &mut line, out);
    line.numbers("translation", &node.local.translation, out);
    line.text("type", "node", out);
    line.end_line(out);
}

/// The same as [`extras`], where there are any.
fn write_extras(node: &ViewNode<'_>, style: Style, line: &mut Members, out: &mut Vec<u8>) {
    let (properties, media) = (node.keyed(RegisterKind::Property), node.keyed(RegisterKind::Media));
    let physics = node.plain(RegisterKind::Physics);
    let told = style.provenance && node.state.registers.iter().any(|w| w.value != "null");
    if !told && properties.is_empty() && media.is_empty() && physics.is_none() {
        return;
    }
    line.name("extras", out);
    let mut extras = Members::open(out);
    if told {
        extras.name("clock", out);
        clock(node).write(out);
    }
    extras.raws("media", media.iter().map(Written::member), out);
    extras.raw("physics", physics, out);
    extras.raws("properties", properties.iter().map(Written::member), out);
    extras.close(out);
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
