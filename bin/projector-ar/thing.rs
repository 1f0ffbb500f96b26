//! What there is to see: the nodes of a view, laid on the Earth.

use crate::body::Body;
use crate::pose::{HIGHEST, Matrix, Place, Pose, through, times};
use rayon::prelude::*;
use std::borrow::Cow;
use std::collections::BTreeSet;
use ulp_core::event::RegisterKind;
use ulp_core::json::Tape;
use ulp_view::geodesy::{Plane, Unit};
use ulp_view::join::ViewNode;
use ulp_view::scene::Settings;
use ulp_view::solid::detail::Left;
use ulp_view::solid::look;
use ulp_view::solid::measure::Measure;
use ulp_view::solid::scene::{Node, Scene};
use ulp_view::solid::space::{Vector, cross, dot, unit};
use ulp_view::style::Style;
use ulp_view::transform::Transform;

/// How high a flat shape stands that does not say so, in metres.
const FLAT: f64 = 0.1;
/// The farthest number of a frame that is worked with; what lies beyond is no body.
const FAR: f64 = 1e15;

/// A space that lies on the Earth, as a scene.
pub struct Laid<'s, 'v, 'a> {
    pub scene: &'s Scene<'v, 'a>,
    pub plane: Plane,
}

/// A node on the Earth.
pub struct Thing<'s, 'a> {
    pub space: &'a str,
    pub id: &'a str,
    pub view: &'s ViewNode<'a>,
    /// The event that last set anything of it.
    pub event: Option<&'a str>,
    pub kind: Option<&'s str>,
    /// Where the node itself stands, and which way it looks.
    pub pose: Pose,
}

/// A thing as it is seen: with its name, its place and its body.
pub struct Seen<'s, 'a> {
    pub thing: &'s Thing<'s, 'a>,
    pub name: Cow<'s, str>,
    pub style: Style,
    /// The middle of its body, else where its node stands, in earth-centred coordinates.
    pub place: Vector,
    pub body: Option<Placed>,
}

/// A body on the Earth.
pub struct Placed {
    pub body: Body,
    /// Where its middle lies, earth-centred.
    pub at: Vector,
    /// From its own frame to earth-centred directions.
    pub frame: Matrix,
    /// And back, but for the volume, by which it is to be divided; that is 0 where the frame is flat.
    back: Matrix,
    volume: f64,
}

impl Placed {
    fn new(body: Body, at: Vector, frame: Matrix) -> Placed {
        let [a, b, c]: [Vector; 3] = std::array::from_fn(|i| [frame[0][i], frame[1][i], frame[2][i]]);
        let back = [cross(b, c), cross(c, a), cross(a, b)];
        let volume = dot(a, back[0]);
        Placed { body, at, frame, back, volume }
    }

    /// Whether it fills any space, and so can hide anything.
    pub fn is_solid(&self) -> bool {
        self.volume.is_normal()
    }

    /// A place of its own frame, earth-centred, as a way from its middle.
    pub fn way(&self, place: Vector) -> Vector {
        let middle = self.body.middle();
        through(&self.frame, std::array::from_fn(|i| place[i] - middle[i]))
    }

    /// A way in its own frame.
    pub fn inward(&self, way: Vector) -> Vector {
        through(&self.back, way).map(|c| c / self.volume)
    }

    /// How far its farthest corner is from its middle.
    pub fn reach(&self) -> f64 {
        let far = |corner: Vector| {
            let way = self.way(corner);
            libm::sqrt(dot(way, way))
        };
        self.body.corners().into_iter().map(far).fold(0.0, f64::max)
    }
}

/// The things of a space in the order of their names, and the ids of those that the plane does not reach. What has no
/// place is none: no position, of its own or of what it hangs below, and no geometry.
pub fn things<'s, 'a>(laid: &Laid<'s, '_, 'a>) -> (Vec<Thing<'s, 'a>>, Vec<&'a str>) {
    let nodes = &laid.scene.nodes;
    let all = nodes.par_iter().filter(|node| is_somewhere(node, nodes));
    let found: Vec<Result<Thing<'s, 'a>, &'a str>> =
        all.map(|node| thing(node, nodes, laid).ok_or(node.id)).collect();
    let (mut things, mut beyond) = (Vec::with_capacity(found.len()), Vec::new());
    for found in found {
        match found {
            Ok(thing) => things.push(thing),
            Err(id) => beyond.push(id),
        }
    }
    (things, beyond)
}

fn is_somewhere(node: &Node<'_, '_>, nodes: &[Node<'_, '_>]) -> bool {
    let mut chain = chain(node, nodes);
    node.geometry.is_some() || chain.any(|node| node.view.plain(RegisterKind::Position).is_some())
}

/// A node and what it hangs below.
fn chain<'n, 'v, 'a>(
    node: &'n Node<'v, 'a>,
    nodes: &'n [Node<'v, 'a>],
) -> impl Iterator<Item = &'n Node<'v, 'a>> {
    std::iter::successors(Some(node), |node| node.parent.map(|parent| &nodes[parent]))
}

fn thing<'s, 'a>(
    node: &'s Node<'_, 'a>,
    nodes: &[Node<'_, 'a>],
    laid: &Laid<'s, '_, 'a>,
) -> Option<Thing<'s, 'a>> {
    let position = node.frame.position();
    let at = place(&laid.plane, position)?;
    let kind = node.kind.as_deref();
    let own = turn(node, nodes, laid);
    let looks = if kind == Some("camera") { times(&own, &CAMERA) } else { own };
    let turn = times(&from_grid(&laid.plane, position)?, &looks);
    let state = &node.view.state;
    let event = state.registers.iter().map(|w| w.key).chain(state.created).max().map(|key| key.event());
    Some(Thing {
        space: laid.scene.space.space,
        id: node.id,
        view: node.view,
        event,
        kind,
        pose: Pose { at, turn },
    })
}

/// Ahead, left and up of what looks along its own −z with y up.
const CAMERA: Matrix = [[0.0, -1.0, 0.0], [0.0, 0.0, 1.0], [-1.0, 0.0, 0.0]];

/// A place of a space on the Earth; none where the plane does not reach it.
fn place(plane: &Plane, [x, y, z]: Vector) -> Option<Place> {
    let at = plane.earth([x, y]).ok()?;
    let height = plane.height(z);
    (height.abs() <= HIGHEST).then_some(Place { lat: at.lat, lon: at.lon, height })
}

/// From the grid's east, north and up to the true ones at a place: grid north leaves true north by the convergence.
fn from_grid(plane: &Plane, [x, y, _]: Vector) -> Option<Matrix> {
    let (sin, cos) = ulp_view::transform::sin_cos(plane.convergence([x, y]).ok()?);
    Some([[cos, sin, 0.0], [-sin, cos, 0.0], [0.0, 0.0, 1.0]])
}

/// Which way a node's own x, y and z point on the grid: x as its frame puts it, z as near to its own as x leaves it.
/// A frame without extent says nothing; then the turns alone count, its own and those of what it hangs below.
fn turn(node: &Node<'_, '_>, nodes: &[Node<'_, '_>], laid: &Laid<'_, '_, '_>) -> Matrix {
    let up = laid.up();
    let rows = node.frame.rows;
    let column = |i: usize, sign: f64| [rows[0][i] * sign, rows[1][i] * up * sign, rows[2][i] * sign];
    // Where y runs south what is drawn is mirrored; a mirrored x and z make a turn with the y that they need.
    let framed = unit(column(0, 1.0)).zip(unit(column(2, 1.0))).and_then(|(x, z)| {
        let y = unit(cross(z, x))?;
        let z = cross(x, y);
        Some([[x[0], y[0], z[0]], [x[1], y[1], z[1]], [x[2], y[2], z[2]]])
    });
    framed.unwrap_or_else(|| {
        let own = |node: &Node<'_, '_>| crate::pose::matrix(node.local.rotation.quaternion());
        chain(node, nodes)
            .map(own)
            .reduce(|below, above| times(&above, &below))
            .unwrap_or(Transform::IDENTITY.rows)
    })
}

impl Laid<'_, '_, '_> {
    /// 1 where y runs north, −1 where it runs south.
    fn up(&self) -> f64 {
        if Settings::of_space(self.scene.space).y_up() { 1.0 } else { -1.0 }
    }

    /// From a node's own frame to metres of the true east, north and up at a place of the space.
    fn metres(&self, frame: &Transform, place: Vector) -> Option<Matrix> {
        let up = self.up();
        let metre = self.plane.unit().to_metres(1.0);
        let grid = [0, 1, 2].map(|i| frame.rows[i].map(|c| c * metre * if i == 1 { up } else { 1.0 }));
        Some(times(&from_grid(&self.plane, place)?, &grid))
    }
}

/// The things of a space as they are seen, but for those on layers that are hidden; with what is noted of them.
pub fn seen<'s, 'a>(
    laid: &Laid<'s, '_, 'a>,
    things: &'s [Thing<'s, 'a>],
    left: &mut Left,
) -> Vec<Seen<'s, 'a>> {
    let hidden = hidden_layers(laid);
    let mut tape = Tape::new();
    let nodes = &laid.scene.nodes;
    let node = |thing: &Thing<'_, '_>| nodes.binary_search_by(|n| n.id.cmp(thing.id)).ok().map(|i| &nodes[i]);
    let shown = things.iter().filter_map(|thing| Some((thing, node(thing)?)));
    let shown = shown.filter(|(_, node)| !hidden.contains(node.layer.as_deref().unwrap_or("")));
    shown.map(|(thing, node)| one(laid, thing, node, left, &mut tape)).collect()
}

fn hidden_layers(laid: &Laid<'_, '_, '_>) -> BTreeSet<String> {
    let layers = ulp_view::scene::layers(laid.scene.space);
    layers.into_iter().filter(|layer| !layer.visible).map(|layer| layer.id).collect()
}

fn one<'s, 'a>(
    laid: &Laid<'s, '_, 'a>,
    thing: &'s Thing<'s, 'a>,
    node: &'s Node<'_, 'a>,
    left: &mut Left,
    tape: &mut Tape,
) -> Seen<'s, 'a> {
    let body = body(laid, node, left);
    let place = body.as_ref().map_or_else(|| thing.pose.at.centred(), |body| body.at);
    let name = node.name.as_deref().map_or(Cow::Borrowed(node.id), Cow::Borrowed);
    Seen { thing, name, style: Style::of_node(node.view, tape), place, body }
}

/// A node's body where its middle lies, in that place's own east, north and up.
fn body(laid: &Laid<'_, '_, '_>, node: &Node<'_, '_>, left: &mut Left) -> Option<Placed> {
    let measure = Measure::of_world(&laid.scene.stock.faces);
    let shape = node.shape(laid.scene.stock)?;
    let given = look::number(node.view, "height").filter(|height| *height > 0.0 && *height <= FAR);
    let height = given.unwrap_or_else(|| flat(laid.plane.unit()));
    let (body, detail) = Body::of(&shape, height, left, &measure)?;
    left.note(node.id, detail);
    let middle = node.frame.apply(body.middle());
    let at = place(&laid.plane, middle)?;
    let axes = times(&at.axes(), &laid.metres(&node.frame, middle)?);
    let placed = Placed::new(body, at.centred(), axes);
    let numbers = axes.iter().flatten().copied().chain([placed.reach()]);
    numbers.map(f64::abs).all(|n| n <= FAR).then_some(placed)
}

fn flat(unit: Unit) -> f64 {
    unit.from_metres(FLAT)
}
