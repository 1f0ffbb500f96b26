//! JSON lines: a record a node, a link and a sensor, in world coordinates.
//!
//! Members stand in the order of RFC 8785, so that nothing is sorted. Numbers worked out here are rounded to 1e-9;
//! what an event wrote (geometry, properties, media) stands as it wrote it.

use std::io::{self, Write};
use ulp_core::event::RegisterKind;
use ulp_core::json::write::{Members, Object};
use ulp_core::parallel::write_all;
use ulp_core::state::{Written, write_key};
use ulp_view::join::ViewNode;
use ulp_view::name::reading;
use ulp_view::record::{self, Record, Writer};
use ulp_view::sheet::scene::{Item, Scene};
use ulp_view::transform::rounded;

/// How the records of a scene are written. A node always names its space, the others never do.
pub fn writer<'w>(scene: &Scene<'w, '_>, provenance: bool) -> Writer<'w> {
    Writer { space: scene.space, named: false, provenance, axes: 2 }
}

/// Writes the records of a scene: nodes in paint order, then links, then sensors.
///
/// # Errors
/// What `out` answers.
pub fn write(scene: &Scene<'_, '_>, provenance: bool, out: &mut (impl Write + Send)) -> io::Result<()> {
    let writer = writer(scene, provenance);
    write_all(&scene.items, |item, out| write_node(item, writer, out), out)?;
    write_all(&scene.links, |link, out| writer.link(&link.ends, &link.add, link.points, out), out)?;
    write_all(&scene.sensors, |sensor, out| writer.sensor(sensor, out), out)
}

/// The records of a scene, each with what it is known by and what takes it away; of its nodes those of `asked`.
pub fn lines(scene: &Scene<'_, '_>, provenance: bool, asked: impl Fn(&str) -> bool) -> Vec<Record> {
    let writer = writer(scene, provenance);
    let node = |item: &Item<'_, '_>| writer.node_record(item.id, |out| write_node(item, writer, out));
    let nodes = scene.items.iter().filter(|item| asked(item.id)).map(node);
    let links = scene.links.iter().map(|l| writer.link_record(&l.ends, &l.add, l.points));
    let sensors = scene.sensors.iter().map(|sensor| writer.sensor_record(sensor));
    nodes.chain(links).chain(sensors).collect()
}

fn write_node(item: &Item<'_, '_>, writer: Writer<'_>, out: &mut Vec<u8>) {
    let node = item.node;
    let bounds = item.bounds;
    let mut line = Members::open(out);
    let corners = [bounds.min[0], bounds.min[1], bounds.max[0], bounds.max[1]];
    line.numbers("bounds", &corners.map(rounded), out);
    if writer.provenance {
        line.name("clock", out);
        clock(node).write(out);
    }
    line.raw("geometry", node.plain(RegisterKind::Geometry), out);
    line.raw("kind", node.plain(RegisterKind::Kind), out);
    line.raw("layer", node.plain(RegisterKind::Layer), out);
    line.raws("media", node.keyed(RegisterKind::Media).iter().map(Written::member), out);
    line.text("node_id", item.id, out);
    line.numbers("position", &item.world.position().map(rounded)[..2], out);
    line.raws("properties", node.keyed(RegisterKind::Property).iter().map(Written::member), out);
    reading(node).iter().for_each(|reads| line.text("reads", reads, out));
    line.number("rotation", rounded(item.world.rotation_2d()), out);
    line.numbers("scale", &item.world.scale_2d().map(rounded), out);
    line.text("space_id", writer.space, out);
    if let Some(tile) = node.tile {
        line.text("tile", &tile.to_string(), out);
    }
    line.text("type", "node", out);
    line.end_line(out);
}

/// The key of each register by its name, and that of the node's creation as `created`.
pub fn clock(node: &ViewNode<'_>) -> Object {
    let mut clock = record::clock(node);
    if let Some(created) = node.state.created {
        clock.member("created", |out| write_key(created, out));
    }
    clock
}
