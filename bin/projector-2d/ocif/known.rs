//! Our extensions: what is known of nodes, links, layers and spaces, as it was given.

use crate::records::clock;
use ulp_core::event::{Member, RegisterKind};
use ulp_core::json::raw;
use ulp_core::json::write::{Members, Object};
use ulp_core::state::{Written, write_key};
use ulp_view::scene::{Layer, Sensor, Settings};
use ulp_view::sheet::scene::{Connection, Item, Scene};
use ulp_view::transform::rounded;

/// All that is known of a node.
pub fn node(item: &Item<'_, '_>, scene: &Scene<'_, '_>, provenance: bool) -> Vec<u8> {
    // Who absorbed it is not said: what is drawn stands for itself.
    let held_as = |member| {
        RegisterKind::all().filter(move |k| k.member() == member && *k != RegisterKind::AbsorbedInto)
    };
    let node = item.node;
    let mut out = Vec::new();
    let mut line = Members::open(&mut out);
    line.text("type", "@ulp/node", &mut out);
    line.text("node_id", item.id, &mut out);
    line.text("space_id", scene.space, &mut out);
    if let Some(tile) = node.tile {
        line.text("tile", &tile.to_string(), &mut out);
    }
    held_as(Member::Own).for_each(|kind| line.raw(kind.name(), node.plain(kind), &mut out));
    line.name("transform", &mut out);
    let mut transform = Members::open(&mut out);
    let parent = parent(item, scene);
    held_as(Member::Transform).for_each(|kind| match (kind, &parent) {
        (RegisterKind::Parent, Hangs::Below(parent)) => transform.text(kind.name(), parent, &mut out),
        (RegisterKind::Parent, Hangs::InACircle) => {}
        _ => transform.raw(kind.name(), node.plain(kind), &mut out),
    });
    out.push(b'}');
    line.raws("properties", node.keyed(RegisterKind::Property).iter().map(Written::member), &mut out);
    line.raws("media", node.keyed(RegisterKind::Media).iter().map(Written::member), &mut out);
    if provenance {
        line.name("clock", &mut out);
        clock(item.node).write(&mut out);
    }
    out.push(b'}');
    out
}

/// What is known of a link.
pub fn link(link: &Connection<'_>, scene: &Scene<'_, '_>, provenance: bool) -> Vec<u8> {
    let mut known = Vec::new();
    let mut line = Members::open(&mut known);
    line.text("type", "@ulp/link", &mut known);
    line.text("from_node", link.ends.from, &mut known);
    line.text("relation", link.ends.relation, &mut known);
    line.text("to_node", link.ends.to, &mut known);
    line.text("space_id", scene.space, &mut known);
    line.raw("properties", link.add.properties, &mut known);
    if provenance {
        line.text("key", &link.add.key.to_string(), &mut known);
    }
    line.close(&mut known);
    known
}

/// What a layer was given, and what that comes to.
pub fn layer(layer: &Layer, scene: &Scene<'_, '_>) -> Vec<u8> {
    let mut known = Vec::new();
    let mut line = Members::open(&mut known);
    line.text("type", "@ulp/layer", &mut known);
    line.text("layer", &layer.id, &mut known);
    line.text("space_id", scene.space, &mut known);
    line.text("title", &layer.title, &mut known);
    line.boolean("visible", layer.visible, &mut known);
    line.number("order", rounded(layer.order), &mut known);
    line.number("opacity", rounded(layer.opacity), &mut known);
    // Written where there is none, too: what stands beside it is then worked out, and nothing that was given.
    let mut given = Object::default();
    let properties = Settings::of_layer(scene.whole, &layer.id).properties();
    properties.iter().map(Written::member).for_each(|(key, raw)| {
        given.raw(key, Some(raw));
    });
    line.name("properties", &mut known);
    given.write(&mut known);
    line.close(&mut known);
    known
}

/// What is known of a space: its properties, and all readings.
pub fn space(scene: &Scene<'_, '_>, provenance: bool) -> Vec<u8> {
    let mut known = Vec::new();
    let mut line = Members::open(&mut known);
    line.text("type", "@ulp/space", &mut known);
    line.text("space_id", scene.space, &mut known);
    line.raws("properties", scene.settings.iter().map(Written::member), &mut known);
    if !scene.sensors.is_empty() {
        let sensors: Vec<Vec<u8>> = scene.sensors.iter().map(|sensor| reading(sensor, provenance)).collect();
        line.list("sensors", &sensors, &mut known);
    }
    line.close(&mut known);
    known
}

/// A reading as it was given.
fn reading(sensor: &Sensor<'_, '_>, provenance: bool) -> Vec<u8> {
    let read = &sensor.reading.sensor;
    let mut known = Vec::new();
    let mut line = Members::open(&mut known);
    line.text("actor_id", sensor.actor, &mut known);
    line.text("sensor", sensor.name, &mut known);
    line.raw("timestamp", Some(read.timestamp), &mut known);
    line.raw("value", Some(read.value), &mut known);
    line.raw("unit", read.unit, &mut known);
    line.raw("node_id", read.node, &mut known);
    line.raw("position", read.position, &mut known);
    line.raw("layer_id", Some(read.layer), &mut known);
    if let Some(tile) = sensor.tile {
        line.text("tile", &tile.to_string(), &mut known);
    }
    if provenance {
        line.name("key", &mut known);
        write_key(sensor.reading.key, &mut known);
    }
    line.close(&mut known);
    known
}

/// Where a node hangs in what is drawn.
enum Hangs<'a> {
    Below(&'a str),
    /// It is a root, as those that it hangs below hang below it.
    InACircle,
    /// As its register says: below nothing, or below what is not drawn.
    AsWritten,
}

/// A parent that was absorbed is its survivor, which alone is drawn.
fn parent<'a>(item: &Item<'_, 'a>, scene: &Scene<'_, 'a>) -> Hangs<'a> {
    let nodes = &scene.whole.nodes;
    if let Some(parent) = item.node.parent {
        return Hangs::Below(nodes.name(parent));
    }
    let named = item.node.plain(RegisterKind::Parent).and_then(raw::text);
    let is_drawn = named.and_then(|name| nodes.get(&name)).is_some_and(|parent| parent.visible);
    if is_drawn { Hangs::InACircle } else { Hangs::AsWritten }
}
