//! The drawing of one space: layers, nodes in paint order with their shapes and looks, links, sensors.

use super::extent::{EMPTY, Extent, Reading, Shown, text_size};
use crate::frame::least_reach;
use crate::geometry::{Border, Bounds, Shape, flat, on_plane};
use crate::join::{Reached, Space, ViewNode};
use crate::name;
use crate::outline;
use crate::paint::{self as painting, Place};
use crate::path::Point;
use crate::scene::{Layer, Sensor, Settings, ends_of, layers, sensors};
use crate::style::{Color, Paint, Style, paint};
use crate::transform::{self, LARGEST, Transform};
use rayon::prelude::*;
use std::borrow::Cow;
use std::sync::{Arc, OnceLock};
use ulp_core::event::{Ends, RegisterKind};
use ulp_core::json::{Tape, raw};
use ulp_core::state::{Add, Written};

/// The kinds that are not there to be seen by themselves.
pub const KINDS: [&str; 5] = ["camera", "file", "group", "light", "link"];
/// What is said of a picture that is not at hand, after the name of its node.
pub const MISSING: &str = " (missing)";

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
    /// All that is known of the space, drawn or not.
    pub whole: &'s Space<'a>,
    /// Whether y runs up the page.
    pub y_up: bool,
    /// In paint order; every layer that holds something.
    pub layers: Vec<Layer>,
    /// In paint order: by their layer's order, then z, then created key.
    pub items: Vec<Item<'s, 'a>>,
    pub links: Vec<Connection<'a>>,
    pub sensors: Vec<Sensor<'s, 'a>>,
    /// Around all that is shown.
    pub extent: Bounds,
    /// The size of text that gives none, in the space's unit.
    pub text_size: f64,
}

/// A node as it is drawn.
pub struct Item<'s, 'a> {
    pub id: &'a str,
    pub node: &'s ViewNode<'a>,
    pub kind: Cow<'a, str>,
    /// Its place among the scene's layers.
    pub layer: usize,
    pub world: Transform,
    pub shape: Shape,
    pub style: Style,
    pub bounds: Bounds,
    /// The picture that it shows.
    pub picture: Option<Arc<Picture>>,
    /// Whether it should show a picture, or something else, that is not at hand.
    pub is_missing: bool,
}

/// A picture as an address that holds it.
#[derive(Debug, PartialEq)]
pub struct Picture {
    pub mime: &'static str,
    pub address: String,
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

impl Item<'_, '_> {
    /// What it is called.
    pub fn name(&self) -> Cow<'_, str> {
        name::of_node(self.node).map_or(Cow::Borrowed(self.id), Cow::Owned)
    }

    /// What is written beside it. What would be a bare mark for something is always named, and what is missing says so.
    pub fn label(&self) -> Option<Cow<'_, str>> {
        if self.is_missing {
            return Some(Cow::Owned(format!("{}{MISSING}", self.name())));
        }
        let is_named = self.is_unknown() || self.is_stand_in();
        self.style.label.as_deref().map(Cow::Borrowed).or_else(|| is_named.then(|| self.name()))
    }

    /// Whether it is a mark in place of a shape.
    pub fn is_stand_in(&self) -> bool {
        match self.shape {
            Shape::Unknown(_) | Shape::Blob { .. } => self.picture.is_none(),
            Shape::Point => self.is_missing,
            _ => false,
        }
    }

    /// Whether it is of a kind that says nothing here, and has no geometry that would.
    fn is_unknown(&self) -> bool {
        let is_bare = self.node.plain(RegisterKind::Geometry).is_none() && self.picture.is_none();
        is_bare && !self.kind.is_empty() && !KINDS.contains(&&*self.kind)
    }

    /// Whether it is text that gives no size.
    pub fn is_unsized(&self) -> bool {
        matches!(self.shape, Shape::Text { size: None, .. })
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
    pub fn new(space: &'s Space<'a>) -> Scene<'s, 'a> {
        Scene::measured(space, true, |_, _| (), Scene::measure)
    }

    /// The same with only those nodes, by id, and those sensors that are taken; links stand between two such nodes.
    pub fn of(
        space: &'s Space<'a>,
        takes_node: impl Fn(&str) -> bool,
        takes_sensor: impl Fn(&Sensor<'s, 'a>) -> bool,
    ) -> Scene<'s, 'a> {
        let narrow = |order: &mut Vec<Place<'a>>, sensors: &mut Vec<Sensor<'s, 'a>>| {
            order.retain(|at| takes_node(space.nodes.list()[at.number].0));
            sensors.retain(takes_sensor);
        };
        Scene::measured(space, true, narrow, Scene::measure)
    }

    /// The same for records, which tell no looks: what is drawn has none.
    pub fn told(space: &'s Space<'a>) -> Scene<'s, 'a> {
        Scene::measured(space, false, |_, _| (), Scene::measure)
    }

    /// Draws up a part of a space for records, in a drawing that reaches as far as `extent` says once the part is in it.
    pub fn part(space: &'s Space<'a>, reached: &Reached<'_>, extent: &mut Extent) -> Scene<'s, 'a> {
        let measure = |scene: &mut Self| {
            scene.place();
            if extent.is_asked() {
                extent.take(reached, scene.shown(), scene.placed_readings());
            }
            scene.size_texts(extent.text_size());
        };
        Scene::measured(space, false, |_, _| (), measure)
    }

    fn measured(
        space: &'s Space<'a>,
        looks: bool,
        narrow: impl FnOnce(&mut Vec<Place<'a>>, &mut Vec<Sensor<'s, 'a>>),
        measure: impl FnOnce(&mut Self),
    ) -> Scene<'s, 'a> {
        let settings = Settings::of_space(space);
        let worlds = transform::worlds(space, &transform::locals(space));
        let layers = layers(space);
        let mut order = painting::order(space, &worlds, &layers);
        let mut sensors = sensors(space, &worlds);
        narrow(&mut order, &mut sensors);
        let item = |tape: &mut Tape, at: &Place<'a>| item(space, at, &worlds, looks, tape);
        let items = order.par_iter().map_init(Tape::new, item).collect();
        let mut scene = Scene {
            space: space.space,
            title: settings.text("title"),
            background: settings
                .text("background")
                .and_then(|t| paint(&t))
                .map(Paint::in_plane)
                .and_then(Paint::color),
            unit: settings.unit(),
            acknowledgement: settings.text("acknowledgement"),
            settings: settings.properties(),
            whole: space,
            y_up: settings.y_up(),
            layers,
            items,
            links: Vec::new(),
            sensors,
            extent: EMPTY,
            text_size: 1.0,
        };
        measure(&mut scene);
        scene.connect(space, &order, looks);
        scene
    }

    /// Finds the extent and the size of text that gives none, and sets the bounds of all nodes.
    fn measure(&mut self) {
        self.place();
        self.size_texts(text_size(self.content()));
        self.extent = self.content().unwrap_or(EMPTY);
        let least = least_reach(self.extent.min, self.extent.max);
        if outline::side(self.extent) <= 2.0 * least {
            self.extent = self.extent.grown(least.max(EMPTY.size()[0] / 2.0));
        }
    }

    /// What counts for how far the drawing reaches: its nodes, and the readings that no node shows.
    fn shown(&self) -> impl Iterator<Item = Shown<'_>> {
        self.items.iter().map(|item| Shown {
            id: item.id,
            bounds: self.shows(item).then_some(item.bounds),
            is_unsized: item.is_unsized(),
        })
    }

    fn placed_readings(&self) -> impl Iterator<Item = Reading<'_>> {
        self.readings().map(|(sensor, at)| Reading { name: (sensor.actor, sensor.name), at })
    }

    /// Sets the bounds of all nodes. Text that gives no size counts with its position alone at first, for its size
    /// follows from the extent.
    fn place(&mut self) {
        self.items.par_iter_mut().for_each(|item| {
            let size = if item.is_unsized() { 0.0 } else { 1.0 };
            item.bounds = item.shape.bounds(&item.world, size);
        });
    }

    fn size_texts(&mut self, size: f64) {
        self.text_size = size;
        for item in self.items.iter_mut().filter(|item| item.is_unsized()) {
            item.bounds = item.shape.bounds(&item.world, size);
        }
    }

    /// Around the nodes of the layers that are shown, and the readings of no node.
    fn content(&self) -> Option<Bounds> {
        let shown = self.items.iter().filter(|i| self.shows(i)).map(|i| i.bounds);
        shown.chain(self.readings().map(|(_, at)| Bounds::at(at))).reduce(Bounds::join)
    }

    /// The sensors that are at no node that is seen, and where they are: nothing else shows them.
    pub fn readings(&self) -> impl Iterator<Item = (&Sensor<'s, 'a>, Point)> {
        let alone = self.sensors.iter().filter(|sensor| !sensor.is_at_node);
        alone.filter_map(|sensor| Some((sensor, flat(sensor.position?))))
    }

    /// Those that do not even say where.
    pub fn unplaced(&self) -> impl Iterator<Item = &Sensor<'s, 'a>> {
        self.sensors.iter().filter(|sensor| !sensor.is_at_node && sensor.position.is_none())
    }

    fn connect(&mut self, space: &Space<'a>, order: &[Place<'a>], looks: bool) {
        let mut items: Vec<Option<End<'_, 's, 'a>>> = (0..space.nodes.len()).map(|_| None).collect();
        for (item, at) in self.items.iter().zip(order) {
            items[at.number] = Some(End { item, border: OnceLock::new() });
        }
        let connection = |(ends, add): (&Ends<'a>, &Add<'a>)| {
            let [from, to] = ends_of(space, ends)?.map(|number| items[number].as_ref());
            let (from, to) = (from?, to?);
            Some(Connection {
                ends: *ends,
                add: *add,
                style: if looks { Style::of_link(add.properties).in_plane() } else { Style::default() },
                start: from.item.bounds,
                points: between(from, to),
                marks: [from, to].map(|end| end.item.shape.is_mark()),
                layer: from.item.layer.min(to.item.layer),
            })
        };
        self.links = space.links.par_iter().filter_map(connection).collect();
    }

    /// Whether the layer of an item is shown.
    pub fn shows(&self, item: &Item<'_, '_>) -> bool {
        self.layers[item.layer].visible
    }

    /// Whether a text among the nodes says this already.
    pub fn says(&self, words: &str) -> bool {
        self.items.iter().any(|i| matches!(&i.shape, Shape::Text { text, .. } if text.lines().collect::<Vec<_>>().join(" ") == words))
    }

    /// The drawing's larger side.
    pub fn side(&self) -> f64 {
        outline::side(self.extent)
    }
}

/// A node that links begin or end at; its border is worked out once, however many they are.
struct End<'i, 's, 'a> {
    item: &'i Item<'s, 'a>,
    border: OnceLock<Border>,
}

impl End<'_, '_, '_> {
    fn exit(&self, from: Point, to: Point) -> Option<f64> {
        self.border.get_or_init(|| self.item.shape.border(&self.item.world)).exit(from, to)
    }
}

/// The way from border to border; where the shapes overlap, from middle to middle.
fn between(from: &End<'_, '_, '_>, to: &End<'_, '_, '_>) -> [Point; 2] {
    let (a, b) = (from.item.anchor(), to.item.anchor());
    let start = from.exit(a, b).unwrap_or(0.0);
    let end = 1.0 - to.exit(b, a).unwrap_or(0.0);
    let along = |t: f64| std::array::from_fn(|i| a[i] + (b[i] - a[i]) * t);
    if start < end { [along(start), along(end)] } else { [a, b] }
}

fn item<'s, 'a>(
    space: &'s Space<'a>,
    at: &Place<'a>,
    worlds: &[Transform],
    looks: bool,
    tape: &mut Tape,
) -> Item<'s, 'a> {
    let (id, node) = &space.nodes.list()[at.number];
    let world = worlds[at.number];
    Item {
        id,
        node,
        kind: node.plain(RegisterKind::Kind).and_then(raw::text).unwrap_or_default(),
        layer: at.layer,
        bounds: Bounds::at(on_plane(&world, [0.0; 2])),
        world,
        shape: Shape::read(node.plain(RegisterKind::Geometry), LARGEST, tape).in_plane(),
        style: if looks { Style::of_node(node, tape).in_plane() } else { Style::default() },
        picture: None,
        is_missing: false,
    }
}
