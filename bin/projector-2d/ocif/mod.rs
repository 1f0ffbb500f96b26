//! The Open Canvas Interchange Format, version 0.7: what a canvas needs to show, and beside it all that is known.
//!
//! A node's extension `@ulp/node` holds every register as it was written, so that nothing is lost: `ulp-import -f ocif`
//! gives back the same world. Its place, size, shape and text are what any canvas can draw. Positions are of the page: y
//! down, the top left corner, about which a node is turned clockwise.

mod known;
mod shape;

use crate::names::Names;
use std::borrow::Cow;
use std::collections::BTreeMap;
use ulp_core::json::write::Members;
use ulp_core::json::{write_canonical, write_string};
use ulp_core::text::write_printable;
use ulp_view::geometry::{Bounds, Shape};
use ulp_view::path::Point;
use ulp_view::scene::{Layer, Sensor, bare_layers};
use ulp_view::sheet::layout::MARK;
use ulp_view::sheet::scene::{Connection, Item, Scene};
use ulp_view::transform::{Transform, rounded};

/// The format's name for itself.
const VERSION: &str = "https://canvasprotocol.org/ocif/v0.7.0";
/// Our extensions, with what they hold.
const SCHEMAS: [(&str, &str, &str); 5] = [
    ("@ulp/node", "ulp:ocif/node", "The registers of a node, as its events wrote them."),
    ("@ulp/link", "ulp:ocif/link", "The ends, relation and properties of a link."),
    ("@ulp/sensor", "ulp:ocif/sensor", "The sensor whose reading this shows, by its actor and name."),
    ("@ulp/layer", "ulp:ocif/layer", "A layer, and the properties that it was given."),
    (
        "@ulp/space",
        "ulp:ocif/space",
        "A space, the properties that it was given, and the readings of its sensors.",
    ),
];

/// Writes all spaces into one file, a group each.
pub fn write(scenes: &[Scene<'_, '_>], provenance: bool) -> Vec<u8> {
    let mut file = File { provenance, nodes: Vec::new(), resources: Vec::new(), used: Names::default() };
    // Nodes keep their own names wherever they can, so those are given out first.
    let names: Vec<BTreeMap<&str, String>> = scenes.iter().map(|s| file.names(s)).collect();
    for (scene, names) in scenes.iter().zip(&names) {
        file.space(scene, names);
    }
    let mut raw = Vec::new();
    let mut top = Members::open(&mut raw);
    top.text("ocif", VERSION, &mut raw);
    if let [scene] = scenes {
        let bounds = page_bounds(scene, scene.extent);
        let mut view = Vec::new();
        let mut line = Members::open(&mut view);
        line.text("type", "@ocif/canvas-viewport", &mut view);
        line.numbers("position", &bounds.min.map(rounded), &mut view);
        line.numbers("size", &bounds.size().map(rounded), &mut view);
        view.push(b'}');
        top.list("data", &[view], &mut raw);
    }
    top.list("nodes", &file.nodes, &mut raw);
    top.list("resources", &file.resources, &mut raw);
    top.list("schemas", &schemas(), &mut raw);
    raw.push(b'}');
    let mut canonical = Vec::new();
    write_canonical(&String::from_utf8_lossy(&raw), &mut canonical);
    let mut out = Vec::with_capacity(canonical.len());
    write_printable(&canonical, &mut out);
    out.push(b'\n');
    out
}

fn schemas() -> Vec<Vec<u8>> {
    let schema = |(name, uri, description): &(&str, &str, &str)| {
        let mut out = Vec::new();
        let mut line = Members::open(&mut out);
        line.text("name", name, &mut out);
        line.text("uri", uri, &mut out);
        line.name("schema", &mut out);
        let mut inner = Members::open(&mut out);
        inner.text("description", description, &mut out);
        inner.text("type", "object", &mut out);
        out.extend_from_slice(b"}}");
        out
    };
    SCHEMAS.iter().map(schema).collect()
}

/// A box of the space on the page.
fn page_bounds(scene: &Scene<'_, '_>, bounds: Bounds) -> Bounds {
    let turn = |[x, y]: Point| if scene.y_up { [x, -y] } else { [x, y] };
    Bounds::at(turn(bounds.min)).join(Bounds::at(turn(bounds.max)))
}

struct File {
    provenance: bool,
    nodes: Vec<Vec<u8>>,
    resources: Vec<Vec<u8>>,
    used: Names,
}

impl File {
    fn names<'a>(&mut self, scene: &Scene<'_, 'a>) -> BTreeMap<&'a str, String> {
        scene.items.iter().map(|item| (item.id, self.unused(item.id))).collect()
    }

    /// An id that nothing else has.
    fn unused(&mut self, id: &str) -> String {
        self.used.take(id)
    }

    fn space(&mut self, scene: &Scene<'_, '_>, names: &BTreeMap<&str, String>) {
        for item in &scene.items {
            self.item(item, scene, names);
        }
        for link in &scene.links {
            self.link(link, scene, names);
        }
        let mut members: Vec<Vec<&str>> = scene.layers.iter().map(|_| Vec::new()).collect();
        scene.items.iter().for_each(|item| members[item.layer].push(&names[item.id]));
        let layers = scene.layers.iter().zip(&members);
        let mut groups: Vec<String> = layers.map(|(layer, held)| self.layer(layer, held, scene)).collect();
        let bare = bare_layers(scene.whole, &scene.layers);
        groups.extend(bare.iter().map(|layer| self.layer(layer, &[], scene)));
        groups.extend(self.readings(scene));
        let members: Vec<&str> = groups.iter().map(String::as_str).collect();
        let known = known::space(scene, self.provenance);
        self.group(&format!("space:{}", scene.space), &members, known);
    }

    /// A group of what lies in a layer, with what the layer was given and what it comes to; answers its id.
    fn layer(&mut self, layer: &Layer, held: &[&str], scene: &Scene<'_, '_>) -> String {
        let known = known::layer(layer, scene);
        self.group(&format!("layer:{}", layer.id), held, known)
    }

    /// A node for each reading of no node; those that say no place stand right of the drawing, from its top down.
    fn readings(&mut self, scene: &Scene<'_, '_>) -> Vec<String> {
        let mark = scene.side() * MARK;
        let edge = page_bounds(scene, scene.extent);
        let step = scene.text_size * 2.0;
        let beside = |i: usize| [edge.max[0] + step, edge.min[1] + step * i as f64];
        let turn = |[x, y]: Point| if scene.y_up { [x, -y] } else { [x, y] };
        let placed = scene.readings().map(|(sensor, at)| (sensor, turn(at)));
        let unplaced = scene.unplaced().enumerate().map(|(i, sensor)| (sensor, beside(i)));
        placed.chain(unplaced).map(|(sensor, at)| self.reading(sensor, at, mark)).collect()
    }

    fn reading(&mut self, sensor: &Sensor<'_, '_>, at: Point, mark: f64) -> String {
        let id = self.unused(&format!("{}/{}", sensor.actor, sensor.name));
        let resource = self.words(&sensor.words(), &id);
        let mut oval = Vec::new();
        let mut line = Members::open(&mut oval);
        line.text("type", "@ocif/oval", &mut oval);
        line.text("fillColor", "#4a6a8a", &mut oval);
        line.number("strokeWidth", 0.0, &mut oval);
        line.close(&mut oval);
        let mut known = Vec::new();
        let mut line = Members::open(&mut known);
        line.text("type", "@ulp/sensor", &mut known);
        line.text("actor_id", sensor.actor, &mut known);
        line.text("sensor", sensor.name, &mut known);
        line.close(&mut known);
        let mut out = Vec::new();
        let mut line = Members::open(&mut out);
        line.text("id", &id, &mut out);
        line.numbers("position", &at.map(|x| rounded(x - mark)), &mut out);
        line.numbers("size", &[rounded(mark * 2.0); 2], &mut out);
        line.text("resource", &resource, &mut out);
        line.list("data", &[oval, known], &mut out);
        line.close(&mut out);
        self.nodes.push(out);
        id
    }

    /// A node without a place that holds others together; answers its id.
    fn group(&mut self, id: &str, members: &[&str], known: Vec<u8>) -> String {
        let id = self.unused(id);
        let mut group = Vec::new();
        let mut line = Members::open(&mut group);
        line.text("type", "@ocif/group", &mut group);
        let members: Vec<Vec<u8>> = members.iter().map(|m| json_text(m)).collect();
        line.list("members", &members, &mut group);
        group.push(b'}');
        let mut out = Vec::new();
        let mut line = Members::open(&mut out);
        line.text("id", &id, &mut out);
        line.list("data", &[group, known], &mut out);
        out.push(b'}');
        self.nodes.push(out);
        id
    }

    fn item(&mut self, item: &Item<'_, '_>, scene: &Scene<'_, '_>, names: &BTreeMap<&str, String>) {
        let name = &names[item.id];
        // The box in the node's own frame, where text has its own size; a mark has one of the drawing's.
        let own = item.shape.bounds(&Transform::IDENTITY, scene.text_size);
        let own = if item.shape.is_mark() { own.grown(scene.side() * MARK) } else { own };
        let corner = if scene.y_up { [own.min[0], own.max[1], 0.0] } else { [own.min[0], own.min[1], 0.0] };
        let [x, y, z] = item.world.apply(corner);
        let turn = if scene.y_up { -1.0 } else { 1.0 };
        let resource = self.resource(item, name);
        let mut out = Vec::new();
        let mut line = Members::open(&mut out);
        line.text("id", name, &mut out);
        line.numbers("position", &[x, y * turn, z].map(rounded), &mut out);
        line.numbers("size", &own.size().map(rounded), &mut out);
        line.number("rotation", clockwise(&item.world, scene), &mut out);
        line.numbers("scale", &item.world.scale_2d().map(rounded), &mut out);
        if let Some(resource) = resource {
            line.text("resource", &resource, &mut out);
        }
        let mut data = vec![shape::shape(item, own, turn)];
        if let Shape::Text { size, .. } = &item.shape {
            data.push(shape::text_style(size.unwrap_or(scene.text_size), &item.style));
        }
        data.push(known::node(item, scene, self.provenance));
        line.list("data", &data, &mut out);
        out.push(b'}');
        self.nodes.push(out);
    }

    /// What a node shows inside: a picture, or what it says.
    fn resource(&mut self, item: &Item<'_, '_>, name: &str) -> Option<String> {
        let words = match &item.shape {
            Shape::Text { text, .. } => Some(text.lines().collect::<Vec<_>>().join("\n")),
            _ => item.label().map(Cow::into_owned),
        };
        let Some(picture) = &item.picture else { return words.map(|words| self.words(&words, name)) };
        let mut representation = Vec::new();
        let mut line = Members::open(&mut representation);
        line.text("location", &picture.address, &mut representation);
        line.text("mimeType", picture.mime, &mut representation);
        line.close(&mut representation);
        Some(self.represented(representation, name))
    }

    /// Words as what a node shows inside.
    fn words(&mut self, words: &str, name: &str) -> String {
        let mut representation = Vec::new();
        let mut line = Members::open(&mut representation);
        line.text("content", words, &mut representation);
        line.text("mimeType", "text/plain", &mut representation);
        line.close(&mut representation);
        self.represented(representation, name)
    }

    fn represented(&mut self, representation: Vec<u8>, name: &str) -> String {
        let id = self.unused(&format!("resource:{name}"));
        let mut out = Vec::new();
        let mut line = Members::open(&mut out);
        line.text("id", &id, &mut out);
        line.list("representations", &[representation], &mut out);
        out.push(b'}');
        self.resources.push(out);
        id
    }

    fn link(&mut self, link: &Connection<'_>, scene: &Scene<'_, '_>, names: &BTreeMap<&str, String>) {
        let (Some(from), Some(to)) = (names.get(link.ends.from), names.get(link.ends.to)) else { return };
        let id = self.unused(&format!("{} {} {}", link.ends.from, link.ends.relation, link.ends.to));
        let turn = |[x, y]: Point| if scene.y_up { [x, -y] } else { [x, y] };
        let mut arrow = Vec::new();
        let mut line = Members::open(&mut arrow);
        line.text("type", "@ocif/arrow", &mut arrow);
        line.numbers("start", &turn(link.points[0]).map(rounded), &mut arrow);
        line.numbers("end", &turn(link.points[1]).map(rounded), &mut arrow);
        line.text("endMarker", "arrowhead", &mut arrow);
        shape::strokes(&mut line, &link.style, "#4a6a8a", &mut arrow);
        arrow.push(b'}');
        let mut edge = Vec::new();
        let mut line = Members::open(&mut edge);
        line.text("type", "@ocif/edge", &mut edge);
        line.text("start", from, &mut edge);
        line.text("end", to, &mut edge);
        line.text("rel", link.ends.relation, &mut edge);
        edge.push(b'}');
        let known = known::link(link, scene, self.provenance);
        let mut out = Vec::new();
        let mut line = Members::open(&mut out);
        line.text("id", &id, &mut out);
        line.list("data", &[arrow, edge, known], &mut out);
        out.push(b'}');
        self.nodes.push(out);
    }
}

/// How far a node is turned on the page, in degrees; there y runs down, so that a greater angle is clockwise.
fn clockwise(world: &Transform, scene: &Scene<'_, '_>) -> f64 {
    let degrees = world.rotation_2d() * if scene.y_up { -1.0 } else { 1.0 };
    rounded(if degrees == -180.0 { 180.0 } else { degrees })
}

fn json_text(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    write_string(text, &mut out);
    out
}
