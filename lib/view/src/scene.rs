//! What every drawing of a space has in common: what the space says of itself, its layers, its sensors, and between
//! which nodes its links stand.

use crate::geodesy::{Origin, Plane};
use crate::join::{Space, unquoted};
use crate::name::{one_line, text_in};
use crate::transform::{self, Transform, finite};
use rayon::prelude::*;
use std::collections::BTreeSet;
use ulp_core::event::{Ends, Register, RegisterKind};
use ulp_core::id::Tile;
use ulp_core::json::{self, raw};
use ulp_core::state::{Node, Reading, Written};

/// What stands between the words of a reading, and where nothing was read.
pub const COLON: &str = ": ";
pub const BLANK: &str = " ";
pub const NOTHING: &str = "none";

/// What a space or one of its layers says of itself: the properties of `@space` or of `@layer:<id>`.
#[derive(Clone, Copy)]
pub struct Settings<'s, 'a>(Option<&'s Node<'a>>);

/// Why a space has no place on the Earth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unplaced {
    /// It names no origin, and none was given.
    Origin,
    /// Its unit is no length that is known: `map.unit`.
    Unit(String),
}

/// A layer, from the properties of `@layer:<id>`.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    pub id: String,
    pub title: String,
    pub visible: bool,
    pub order: f64,
    /// From 0 to 1.
    pub opacity: f64,
}

/// A sensor with its latest reading.
pub struct Sensor<'s, 'a> {
    pub actor: &'a str,
    pub name: &'a str,
    pub reading: &'s Reading<'a>,
    /// The tile that the reading lies in, where that is known.
    pub tile: Option<Tile>,
    /// The node that it says it is at.
    pub node: Option<String>,
    /// Whether that is a node that is seen, which shows what is read at it.
    pub is_at_node: bool,
    /// Where the reading was taken, in the world: its own position, else that of its node.
    pub position: Option<[f64; 3]>,
}

impl Sensor<'_, '_> {
    /// What it read, in words.
    pub fn words(&self) -> String {
        let read = &self.reading.sensor;
        let value = text_in(read.value).unwrap_or_else(|| NOTHING.to_owned());
        let unit = read.unit.and_then(text_in).map(|unit| format!("{BLANK}{unit}"));
        one_line(&format!("{}{COLON}{value}{}", self.name, unit.unwrap_or_default()))
    }
}

impl<'s, 'a> Settings<'s, 'a> {
    pub fn of_space(space: &'s Space<'a>) -> Settings<'s, 'a> {
        Settings(space.settings.get("@space"))
    }

    pub fn of_layer(space: &'s Space<'a>, id: &str) -> Settings<'s, 'a> {
        Settings(space.settings.get(format!("@layer:{id}").as_str()))
    }

    /// A property as raw JSON; null counts as none.
    fn get(self, key: &str) -> Option<&'a str> {
        let written = self.0?.registers.get(Register::property(key))?;
        (written.value != "null").then_some(written.value)
    }

    pub fn text(self, key: &str) -> Option<String> {
        text_in(self.get(key)?)
    }

    fn number(self, key: &str) -> Option<f64> {
        raw::number(self.get(key)?).map(finite)
    }

    /// What a length of 1 is: metres, unless it says so.
    pub fn unit(self) -> String {
        self.text("unit").unwrap_or_else(|| "m".to_owned())
    }

    /// Whether y runs up the page.
    pub fn y_up(self) -> bool {
        self.text("y").as_deref() != Some("down")
    }

    /// Where the space lies on the Earth, where it says so.
    pub fn origin(self) -> Option<Origin> {
        self.get("origin").and_then(Origin::read)
    }

    /// The plane of a space, about its own origin, else about one that was given.
    ///
    /// # Errors
    /// As [`Unplaced`] says.
    pub fn plane(self, given: Option<Origin>) -> Result<Plane, Unplaced> {
        let origin = self.origin().or(given).ok_or(Unplaced::Origin)?;
        let unit = self.unit();
        let known = unit.parse().map_err(|()| Unplaced::Unit(unit))?;
        Ok(Plane::of(origin, known, self.y_up()))
    }

    /// The properties that are set, in the order of their keys.
    pub fn properties(self) -> Vec<Written<'a>> {
        let set = |w: &&Written<'a>| w.register.kind == RegisterKind::Property && w.value != "null";
        let all = self.0.into_iter().flat_map(|node| node.registers.iter());
        let mut list: Vec<Written<'a>> = all.filter(set).copied().collect();
        list.sort_unstable_by(|a, b| json::key_order(a.register.key, b.register.key));
        list
    }
}

/// The layers that hold a visible node, in the order in which they are painted: by their order, then their id.
pub fn layers<'a>(space: &Space<'a>) -> Vec<Layer> {
    let visible = space.nodes.list().par_iter().filter(|(_, n)| n.visible);
    let layers = visible.map(|(_, n)| n.plain(RegisterKind::Layer));
    let raw: BTreeSet<Option<&'a str>> = layers
        .fold(BTreeSet::new, |mut raw, layer| {
            raw.insert(layer);
            raw
        })
        .reduce(BTreeSet::new, |a, b| &a | &b);
    layers_of(space, raw.into_iter().map(|id| id.map(unquoted).unwrap_or_default()).collect())
}

/// The layers of these ids, in the same order.
pub fn layers_of(space: &Space<'_>, ids: BTreeSet<String>) -> Vec<Layer> {
    let mut layers: Vec<Layer> = ids.into_iter().map(|id| layer(space, id)).collect();
    // The sort is stable: layers of one order stay in the order of their ids.
    layers.sort_by(|a, b| a.order.total_cmp(&b.order));
    layers
}

/// The layers of which something was said, and that hold no visible node: in the order of their ids.
pub fn bare_layers(space: &Space<'_>, shown: &[Layer]) -> Vec<Layer> {
    let named = space.settings.keys().filter_map(|name| name.strip_prefix("@layer:"));
    let is_bare = |id: &&str| !shown.iter().any(|layer| layer.id == **id);
    let said = |id: &&str| !Settings::of_layer(space, id).properties().is_empty();
    named.filter(is_bare).filter(said).map(|id| layer(space, id.to_owned())).collect()
}

fn layer(space: &Space<'_>, id: String) -> Layer {
    let settings = Settings::of_layer(space, &id);
    Layer {
        title: settings.text("title").unwrap_or_else(|| id.clone()),
        visible: settings.get("visible") != Some("false"),
        // Adding zero turns -0 into 0, which the order of all doubles tells apart.
        order: settings.number("order").unwrap_or(0.0) + 0.0,
        opacity: settings.number("opacity").unwrap_or(1.0).clamp(0.0, 1.0),
        id,
    }
}

/// The numbers of the nodes between which a link stands.
pub fn ends_of(space: &Space<'_>, ends: &Ends<'_>) -> Option<[usize; 2]> {
    Some([space.nodes.number(ends.from)?, space.nodes.number(ends.to)?])
}

/// The sensors, by actor and name; `worlds` holds where each node stands.
pub fn sensors<'s, 'a>(space: &'s Space<'a>, worlds: &[Transform]) -> Vec<Sensor<'s, 'a>> {
    space.sensors.iter().map(|((actor, name), reading)| sensor(actor, name, reading, space, worlds)).collect()
}

fn sensor<'s, 'a>(
    actor: &'a str,
    name: &'a str,
    reading: &'s Reading<'a>,
    space: &Space<'a>,
    worlds: &[Transform],
) -> Sensor<'s, 'a> {
    let node = reading.sensor.node.map(unquoted).filter(|n| !n.is_empty());
    let number = node.as_deref().and_then(|name| space.nodes.number(name));
    let number = number.filter(|number| space.nodes.list()[*number].1.visible);
    let of_node = || Some(worlds[number?].position());
    // A state line may hold any list, of which only a point of the plane or of space is a position.
    let position = match *reading.sensor.position.map(transform::numbers).unwrap_or_default() {
        [x, y] => Some([x, y, 0.0]),
        [x, y, z] => Some([x, y, z]),
        _ => of_node(),
    };
    let tile = space.reading_tiles.get(&(actor, name)).copied();
    Sensor { actor, name, reading, tile, node, is_at_node: number.is_some(), position }
}
