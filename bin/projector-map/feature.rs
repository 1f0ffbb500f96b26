//! What a map shows of a space: a feature a node, a link and a sensor with a place.

use crate::earth::{self, Footing, Geometry, Ground, Laid, Stand};
use rayon::prelude::*;
use std::borrow::Cow;
use ulp_core::event::{Ends, Register, RegisterKind};
use ulp_core::id::Key;
use ulp_core::json::Tape;
use ulp_core::state::Add;
use ulp_view::geodesy::{OutOfRange, Plane};
use ulp_view::geometry::Shape;
use ulp_view::join::{Space, ViewNode};
use ulp_view::name::{name_of, text_in};
use ulp_view::paint;
use ulp_view::scene::{Layer, Sensor, ends_of, layers, sensors};
use ulp_view::transform::{self, LARGEST, Transform};

/// The features of a space.
pub struct Map<'s, 'a> {
    pub space: &'a str,
    pub title: Option<String>,
    pub plane: Plane,
    /// Whether the keys behind the values are told.
    pub provenance: bool,
    /// In paint order.
    pub layers: Vec<Layer>,
    /// Nodes in paint order, links, sensors.
    pub features: Vec<Feature<'s, 'a>>,
    /// What the plane does not reach, by its id.
    pub beyond: Vec<String>,
}

/// A thing on the map.
#[derive(Clone)]
pub struct Feature<'s, 'a> {
    pub id: Cow<'a, str>,
    pub subject: Subject<'s, 'a>,
    /// The greatest key behind what is shown.
    pub key: Option<Key<'a>>,
    /// Its layer's place among the layers; sensors are in none.
    pub layer: Option<usize>,
    /// What a node is of, where that is not drawn.
    pub size: Vec<(&'static str, String)>,
    pub laid: Laid,
    pub span: Option<Span<'a>>,
}

/// What it is.
#[derive(Clone)]
pub enum Subject<'s, 'a> {
    Node(&'s ViewNode<'a>),
    Link(Ends<'a>, Add<'a>),
    Sensor(&'s Sensor<'s, 'a>),
}

/// How long something looked the same: from one event to before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span<'a> {
    pub start: Key<'a>,
    pub end: Option<Key<'a>>,
}

impl<'a> Feature<'_, 'a> {
    /// The event that last set what is shown.
    pub fn event_id(&self) -> Option<&'a str> {
        self.key.map(Key::event)
    }

    /// What it is called.
    pub fn name(&self) -> Cow<'_, str> {
        let name = match &self.subject {
            Subject::Node(node) => name_of(|key| node.get(Register::property(key))),
            Subject::Link(ends, add) => {
                let label = add.properties.and_then(|raw| ulp_core::json::raw::member(raw, "label"));
                Some(label.and_then(text_in).unwrap_or_else(|| ends.relation.to_owned()))
            }
            Subject::Sensor(sensor) => Some(sensor.words()),
        };
        name.map_or(Cow::Borrowed(&*self.id), Cow::Owned)
    }
}

/// Draws up the map of a space; `readings` are its sensors.
pub fn map<'s, 'a>(
    space: &'s Space<'a>,
    plane: Plane,
    (worlds, readings): (&[Transform], &'s [Sensor<'s, 'a>]),
) -> Map<'s, 'a> {
    let layers = layers(space);
    let order = paint::order(space, worlds, &layers);
    let ground = Ground { plane: &plane };
    let footings = footings(space);
    let stand = |number: usize| Stand { world: worlds[number], footing: footings[number] };
    let node = |tape: &mut Tape, place: &paint::Place<'a>| {
        let (id, node) = &space.nodes.list()[place.number];
        node_feature(id, node, (place.layer, &stand(place.number)), &ground, tape)
    };
    let mut found: Vec<Found<'s, 'a>> = order.par_iter().map_init(Tape::new, node).collect();
    let mut layer_of = vec![None; space.nodes.len()];
    order.iter().for_each(|place| layer_of[place.number] = Some(place.layer));
    let link = |(ends, add): (&Ends<'a>, &Add<'a>)| {
        let [from, to] = ends_of(space, ends)?;
        let layer = layer_of[from].min(layer_of[to]);
        Some(link_feature(*ends, *add, layer, [stand(from), stand(to)], &ground))
    };
    found.par_extend(space.links.par_iter().filter_map(link));
    let sensor = |sensor: &'s Sensor<'s, 'a>| {
        let at_node = || sensor.node.as_deref().and_then(|name| space.nodes.number(name));
        sensor_feature(sensor, || at_node().is_some_and(|number| footings[number].has_height), &ground)
    };
    found.extend(readings.iter().filter_map(sensor));
    let (mut features, mut beyond) = (Vec::with_capacity(found.len()), Vec::new());
    for found in found {
        match found {
            Ok(feature) => features.push(feature),
            Err(id) => beyond.push(id),
        }
    }
    let title = ulp_view::scene::Settings::of_space(space).text("title");
    Map { space: space.space, title, plane, provenance: false, layers, features, beyond }
}

/// A feature, or the id of one that the plane does not reach.
pub type Found<'s, 'a> = Result<Feature<'s, 'a>, String>;

/// The sensors of a space and where its nodes stand, which its map borrows.
pub fn readings<'s, 'a>(space: &'s Space<'a>) -> (Vec<Transform>, Vec<Sensor<'s, 'a>>) {
    let worlds = transform::worlds(space, &transform::locals(space));
    let readings = sensors(space, &worlds);
    (worlds, readings)
}

/// What the positions of each node and of those that it hangs below say, by the nodes' numbers.
fn footings(space: &Space<'_>) -> Vec<Footing> {
    let nodes = space.nodes.list();
    let mut footings: Vec<Footing> = nodes.par_iter().map(|(_, node)| Footing::of(node)).collect();
    transform::descend(space, |above, below| footings[below] = footings[below].and(footings[above]));
    footings
}

pub fn node_feature<'s, 'a>(
    id: &'a str,
    node: &'s ViewNode<'a>,
    (layer, stand): (usize, &Stand),
    ground: &Ground<'_>,
    tape: &mut Tape,
) -> Found<'s, 'a> {
    let raw = node.plain(RegisterKind::Geometry);
    let shape = Shape::read(raw, LARGEST, tape);
    let laid = ground.shape(&shape, stand).map_err(|OutOfRange| id.to_owned())?;
    let is_lost = matches!(laid.geometry, Geometry::Point(_)) && laid.lost.is_some();
    let size = if is_lost { size_of(&shape, raw, tape) } else { Vec::new() };
    Ok(Feature {
        id: Cow::Borrowed(id),
        subject: Subject::Node(node),
        key: node.last_set(),
        layer: Some(layer),
        size,
        laid,
        span: None,
    })
}

pub fn link_feature<'s, 'a>(
    ends: Ends<'a>,
    add: Add<'a>,
    layer: Option<usize>,
    stands: [Stand; 2],
    ground: &Ground<'_>,
) -> Found<'s, 'a> {
    let id = format!("{}/{}/{}", ends.from, ends.relation, ends.to);
    let laid = if stands.iter().all(|stand| stand.footing.is_placed) {
        ground.line(stands.map(|stand| (stand.world.position(), stand.footing.has_height)))
    } else {
        Ok(Laid::NOWHERE)
    };
    match laid {
        Ok(laid) => Ok(Feature {
            id: Cow::Owned(id),
            subject: Subject::Link(ends, add),
            key: Some(add.key),
            layer,
            size: Vec::new(),
            laid,
            span: None,
        }),
        Err(OutOfRange) => Err(id),
    }
}

/// None of a sensor that is nowhere.
pub fn sensor_feature<'s, 'a>(
    sensor: &'s Sensor<'s, 'a>,
    node_has_height: impl Fn() -> bool,
    ground: &Ground<'_>,
) -> Option<Found<'s, 'a>> {
    let at = sensor.position?;
    let own = sensor.reading.sensor.position;
    let has_height = own.map_or_else(node_has_height, earth::has_height);
    let id = format!("{}/{}", sensor.actor, sensor.name);
    Some(match ground.point(at, has_height) {
        Ok(laid) => Ok(Feature {
            id: Cow::Owned(id),
            subject: Subject::Sensor(sensor),
            key: Some(sensor.reading.key),
            layer: None,
            size: Vec::new(),
            laid,
            span: None,
        }),
        Err(OutOfRange) => Err(id),
    })
}

/// What a shape that is only a point on a map says of its size, as members of raw JSON.
fn size_of(shape: &Shape, raw: Option<&str>, tape: &mut Tape) -> Vec<(&'static str, String)> {
    if let Shape::Mesh(mesh) = shape {
        return vec![("size", mesh_size(&mesh.positions))];
    }
    let names: &[&'static str] = match shape {
        Shape::Text { .. } => &["size", "text"],
        Shape::Cuboid(_) => &["size"],
        Shape::Sphere(_) => &["radius"],
        Shape::Cylinder { .. } => &["height", "radius"],
        Shape::Blob { .. } => &["ref"],
        _ => &[],
    };
    let Some(value) = raw.and_then(|raw| tape.parse_any(raw, ulp_core::json::STATE_DEPTH).ok()) else {
        return Vec::new();
    };
    names.iter().filter_map(|name| Some((*name, value.get(name)?.raw().to_owned()))).collect()
}

/// How far a mesh reaches along x, y and z.
fn mesh_size(positions: &[[f64; 3]]) -> String {
    let reach = |i: usize| {
        let along = || positions.iter().map(|p| p[i]);
        along().fold(f64::NEG_INFINITY, f64::max) - along().fold(f64::INFINITY, f64::min)
    };
    let mut out = Vec::new();
    ulp_core::json::write::write_numbers(&[0, 1, 2].map(reach).map(transform::rounded), &mut out);
    String::from_utf8(out).unwrap_or_default()
}
