//! The drawing of one space: layers, nodes in paint order with their shapes and looks, links, sensors.

use rayon::prelude::*;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use ulp_core::event::{Ends, Register, RegisterKind};
use ulp_core::id::Key;
use ulp_core::json::{self, Tape, raw};
use ulp_core::state::{Add, Node, Reading, Written};
use ulp_core::world::Filter;
use ulp_view::geometry::{Bounds, Shape, on_plane};
use ulp_view::join::{Space, ViewNode, unquoted};
use ulp_view::name::{name_of, text_in};
use ulp_view::path::Point;
use ulp_view::style::{Color, Paint, Style, paint};
use ulp_view::transform::{self, LARGEST, Transform};

/// The extent of a drawing without content.
const EMPTY: Bounds = Bounds { min: [0.0; 2], max: [100.0; 2] };
/// Text that gives no size is this part of the drawing's larger side.
const TEXT: f64 = 1.0 / 52.0;

/// One space, ready to be drawn.
pub struct Scene<'s, 'a> {
    pub space: &'a str,
    pub title: Option<String>,
    pub background: Option<Color>,
    pub unit: String,
    /// What must be said beside the drawing: the property `acknowledgement` of the space.
    pub acknowledgement: Option<String>,
    /// The properties of `@space`, in the order of their keys.
    pub settings: Vec<Written<'a>>,
    /// Whether y runs up the page.
    pub y_up: bool,
    /// In paint order; every layer that holds something.
    pub layers: Vec<Layer>,
    /// In paint order: by their layer's order, then z, then created key.
    pub items: Vec<Item<'s, 'a>>,
    pub links: Vec<Connection<'a>>,
    pub sensors: Vec<Measure<'s, 'a>>,
    /// Around all that is shown.
    pub extent: Bounds,
    /// The size of text that gives none, in the space's unit.
    pub text_size: f64,
}

/// A layer, from the properties of `@layer:<id>`.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    pub id: String,
    pub title: String,
    pub visible: bool,
    pub order: f64,
    pub opacity: f64,
}

/// A node as it is drawn.
pub struct Item<'s, 'a> {
    pub id: &'a str,
    pub node: &'s ViewNode<'a>,
    pub kind: String,
    /// Its place among the scene's layers.
    pub layer: usize,
    pub world: Transform,
    pub shape: Shape,
    pub style: Style,
    pub bounds: Bounds,
}

/// A link as it is drawn.
pub struct Connection<'a> {
    pub ends: Ends<'a>,
    pub add: Add<'a>,
    pub style: Style,
    /// Around the shape that it begins at.
    pub start: Bounds,
    /// From border to border.
    pub points: [Point; 2],
    /// Whether each end is a mark, which has a border on the page alone.
    pub marks: [bool; 2],
    /// The lower of its ends' layers, as a place among the scene's layers.
    pub layer: usize,
}

/// The latest reading of a sensor.
pub struct Measure<'s, 'a> {
    pub actor: &'a str,
    pub name: &'a str,
    pub reading: &'s Reading<'a>,
    /// The node that it says it is at.
    pub node: Option<String>,
    /// Where it was taken: its own position, else that of its node.
    pub position: Option<Vec<f64>>,
}

impl Item<'_, '_> {
    /// What it is called.
    pub fn name(&self) -> Cow<'_, str> {
        let name = name_of(|key| self.node.get(Register::property(key)));
        name.map_or(Cow::Borrowed(self.id), Cow::Owned)
    }

    /// What is written beside it. What would be a bare mark is always named.
    pub fn label(&self) -> Option<Cow<'_, str>> {
        let named = matches!(self.shape, Shape::Unknown(_) | Shape::Blob { .. });
        self.style.label.as_deref().map(Cow::Borrowed).or_else(|| named.then(|| self.name()))
    }

    /// Where its links begin and end: at its position, or in the middle of a shape that lies elsewhere.
    pub fn anchor(&self) -> Point {
        let own = on_plane(&self.world, [0.0; 2]);
        let beside = matches!(self.shape, Shape::Text { .. }) || !self.bounds.holds(own);
        if beside { self.bounds.centre() } else { own }
    }
}

impl<'s, 'a> Scene<'s, 'a> {
    /// Draws up one space of a view.
    pub fn new(space: &'s Space<'a>, filter: &Filter) -> Scene<'s, 'a> {
        let settings = |name: &str, key: &str| setting(space.settings.get(name)?, key);
        let text = |key| settings("@space", key).and_then(text_in);
        let worlds = transform::worlds(space, &transform::locals(space));
        let layers = layers_of(space);
        let order = paint_order(space, &worlds, &layers);
        let items = order.par_iter().map_init(Tape::new, |tape, at| item(space, at, &worlds, tape)).collect();
        let mut scene = Scene {
            space: space.space,
            title: text("title"),
            background: text("background")
                .and_then(|t| paint(&t))
                .map(Paint::in_plane)
                .and_then(Paint::color),
            unit: text("unit").unwrap_or_else(|| "m".to_owned()),
            acknowledgement: text("acknowledgement"),
            settings: space.settings.get("@space").map(properties).unwrap_or_default(),
            y_up: text("y").as_deref() != Some("down"),
            layers,
            items,
            links: Vec::new(),
            sensors: measures(space, &worlds, filter),
            extent: EMPTY,
            text_size: 1.0,
        };
        scene.measure();
        scene.connect(space, &order);
        scene
    }

    /// Finds the extent and the size of text that gives none, and sets the bounds of all nodes. Such text counts
    /// with its position alone at first, for its size follows from the extent.
    fn measure(&mut self) {
        let unsized_text = |item: &Item<'_, '_>| matches!(item.shape, Shape::Text { size: None, .. });
        self.items.par_iter_mut().for_each(|item| {
            let size = if unsized_text(item) { 0.0 } else { 1.0 };
            item.bounds = item.shape.bounds(&item.world, size);
        });
        self.extent = self.content().unwrap_or(EMPTY);
        let [width, height] = self.extent.size();
        let side = width.max(height);
        self.text_size = if side > 0.0 { side * TEXT } else { EMPTY.size()[0] * TEXT };
        for item in self.items.iter_mut().filter(|i| unsized_text(i)) {
            item.bounds = item.shape.bounds(&item.world, self.text_size);
        }
        self.extent = self.content().unwrap_or(EMPTY);
        if self.extent.size() == [0.0; 2] {
            self.extent = self.extent.grown(EMPTY.size()[0] / 2.0);
        }
    }

    /// Around the nodes of the layers that are shown.
    fn content(&self) -> Option<Bounds> {
        let shown = self.items.iter().filter(|i| self.layers[i.layer].visible);
        shown.map(|i| i.bounds).reduce(Bounds::join)
    }

    fn connect(&mut self, space: &Space<'a>, order: &[Place<'a>]) {
        let mut items: Vec<Option<&Item<'s, 'a>>> = vec![None; space.nodes.len()];
        self.items.iter().zip(order).for_each(|(item, at)| items[at.number] = Some(item));
        let find = |name: &str| items[space.nodes.number(name)?];
        let connection = |(ends, add): (&Ends<'a>, &Add<'a>)| {
            let (from, to) = (find(ends.from)?, find(ends.to)?);
            Some(Connection {
                ends: *ends,
                add: *add,
                style: Style::of_link(add.properties).in_plane(),
                start: from.bounds,
                points: between(from, to),
                marks: [from, to].map(|end| end.shape.is_mark()),
                layer: from.layer.min(to.layer),
            })
        };
        self.links = space.links.par_iter().filter_map(connection).collect();
    }

    /// Whether a text among the nodes says this already.
    pub fn says(&self, words: &str) -> bool {
        self.items.iter().any(|i| matches!(&i.shape, Shape::Text { text, .. } if text.lines().collect::<Vec<_>>().join(" ") == words))
    }

    /// The drawing's larger side.
    pub fn side(&self) -> f64 {
        let [width, height] = self.extent.size();
        width.max(height)
    }
}

/// The way from border to border; where the shapes overlap, from middle to middle.
fn between(from: &Item<'_, '_>, to: &Item<'_, '_>) -> [Point; 2] {
    let (a, b) = (from.anchor(), to.anchor());
    let start = from.shape.exit(&from.world, a, b).unwrap_or(0.0);
    let end = 1.0 - to.shape.exit(&to.world, b, a).unwrap_or(0.0);
    let along = |t: f64| std::array::from_fn(|i| a[i] + (b[i] - a[i]) * t);
    if start < end { [along(start), along(end)] } else { [a, b] }
}

/// The properties that are set, in the order of their keys.
fn properties<'a>(node: &Node<'a>) -> Vec<Written<'a>> {
    let set = |w: &&Written<'a>| w.register.kind == RegisterKind::Property && w.value != "null";
    let mut list: Vec<Written<'a>> = node.registers.iter().filter(set).copied().collect();
    list.sort_unstable_by(|a, b| json::key_order(a.register.key, b.register.key));
    list
}

/// The value of a property of `@space` or `@layer:<id>`, raw JSON; null counts as none.
pub fn setting<'a>(node: &Node<'a>, key: &str) -> Option<&'a str> {
    node.registers.get(Register::property(key)).map(|w| w.value).filter(|v| *v != "null")
}

fn layers_of<'a>(space: &Space<'a>) -> Vec<Layer> {
    let visible = space.nodes.list().par_iter().filter(|(_, n)| n.visible);
    let layers = visible.map(|(_, n)| n.plain(RegisterKind::Layer));
    let raw: BTreeSet<Option<&'a str>> = layers
        .fold(BTreeSet::new, |mut raw, layer| {
            raw.insert(layer);
            raw
        })
        .reduce(BTreeSet::new, |a, b| &a | &b);
    let ids: BTreeSet<String> = raw.into_iter().map(|id| id.map(unquoted).unwrap_or_default()).collect();
    let mut layers: Vec<Layer> = ids.into_iter().map(|id| layer(space, id)).collect();
    // The sort is stable: layers of one order stay in the order of their ids.
    layers.sort_by(|a, b| a.order.total_cmp(&b.order));
    layers
}

fn layer(space: &Space<'_>, id: String) -> Layer {
    let settings = space.settings.get(format!("@layer:{id}").as_str());
    let get = |key| settings.and_then(|node| setting(node, key));
    let number = |key| get(key).and_then(|raw| transform::numbers(raw).first().copied());
    Layer {
        title: get("title").and_then(text_in).unwrap_or_else(|| id.clone()),
        visible: get("visible") != Some("false"),
        // Adding zero turns -0 into 0, which the order of all doubles tells apart.
        order: number("order").unwrap_or(0.0) + 0.0,
        opacity: number("opacity").unwrap_or(1.0).clamp(0.0, 1.0),
        id,
    }
}

/// Where a node comes in the order of painting: by its layer's order, then z, then created key. Nodes are numbered by
/// their ids, which break the last tie. Doubles compare as integers of the same order.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Place<'a> {
    order: i64,
    z: i64,
    created: Option<Key<'a>>,
    number: usize,
    layer: usize,
}

fn paint_order<'a>(space: &Space<'a>, worlds: &[Transform], layers: &[Layer]) -> Vec<Place<'a>> {
    let places: BTreeMap<&str, usize> = layers.iter().map(|l| l.id.as_str()).zip(0..).collect();
    let ordered = |x: f64| {
        let bits = (x + 0.0).to_bits().cast_signed();
        if bits < 0 { bits ^ i64::MAX } else { bits }
    };
    let place = |(number, (_, node)): (usize, &(&str, ViewNode<'a>))| {
        let id = node.plain(RegisterKind::Layer).and_then(raw::text).unwrap_or_default();
        let layer = places.get(&*id).copied().unwrap_or(0);
        let (order, z) = (ordered(layers[layer].order), ordered(worlds[number].position()[2]));
        Place { order, z, created: node.state.created, number, layer }
    };
    let visible = space.nodes.list().par_iter().enumerate().filter(|(_, (_, n))| n.visible);
    let mut order: Vec<Place<'a>> = visible.map(place).collect();
    order.par_sort_unstable();
    order
}

fn item<'s, 'a>(space: &'s Space<'a>, at: &Place<'a>, worlds: &[Transform], tape: &mut Tape) -> Item<'s, 'a> {
    let (id, node) = &space.nodes.list()[at.number];
    let world = worlds[at.number];
    Item {
        id,
        node,
        kind: node.plain(RegisterKind::Kind).map(unquoted).unwrap_or_default(),
        layer: at.layer,
        bounds: Bounds::at(on_plane(&world, [0.0; 2])),
        world,
        shape: Shape::read(node.plain(RegisterKind::Geometry), LARGEST, tape).in_plane(),
        style: Style::of_node(node, tape).in_plane(),
    }
}

fn measures<'s, 'a>(space: &'s Space<'a>, worlds: &[Transform], filter: &Filter) -> Vec<Measure<'s, 'a>> {
    let taken = |r: &Reading<'a>| {
        let layer = r.sensor.layer;
        filter.layers.is_empty() || filter.layers.iter().any(|l| l == layer)
    };
    let known = space.sensors.iter().filter(|(_, reading)| taken(reading));
    known
        .map(|((actor, name), reading)| {
            let own = reading.sensor.position.map(transform::numbers).filter(|p| p.len() > 1);
            let node = reading.sensor.node.map(unquoted).filter(|n| !n.is_empty());
            let number = node.as_deref().and_then(|n| space.nodes.number(n));
            let seen = number.filter(|i| space.nodes.list()[*i].1.visible);
            let of_node = || Some(worlds[seen?].position().to_vec());
            let position = own.or_else(of_node);
            Measure { actor, name, reading, node, position }
        })
        .collect()
}
