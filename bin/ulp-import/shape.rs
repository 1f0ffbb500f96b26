//! Shapes on the plane: what a geometry in degrees becomes, about the middle of its box.
//!
//! A shape of one part is a node. One of several is a node in the middle of all of them, and a member a part, which
//! has it as parent.

use ulp_core::json::write::{Items, Members};

use crate::draft::{Draft, Envelope, Json, Node, What};
use crate::ids::Names;
use crate::place::{middle, relative, transform, write_points, write_position};
use crate::time::Stamp;
use ulp_view::geodesy::round;

/// A part of a shape.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    Point([f64; 2], Option<f64>),
    Line(Vec<[f64; 2]>),
    /// The outer ring and those within it, each without its closing point.
    Polygon(Vec<Vec<[f64; 2]>>),
}

impl Part {
    fn points(&self) -> &[[f64; 2]] {
        match self {
            Part::Point(point, _) => std::slice::from_ref(point),
            Part::Line(points) => points,
            Part::Polygon(rings) => rings.first().map_or(&[], Vec::as_slice),
        }
    }

    /// Where it stands on the plane.
    fn place(&self) -> [f64; 2] {
        match self {
            Part::Point(point, _) => point.map(round::position),
            _ => middle(self.points()),
        }
    }

    fn z(&self) -> Option<f64> {
        match self {
            Part::Point(_, z) => z.map(round::position),
            _ => None,
        }
    }

    /// Its geometry about its place; a point has none.
    fn geometry(&self) -> Option<Json> {
        let (place, mut out) = (self.place(), Vec::new());
        let mut members = Members::open(&mut out);
        match self {
            Part::Point(..) => return None,
            Part::Line(points) => {
                members.word("kind", "polyline", &mut out);
                members.name("points", &mut out);
                write_points(points, place, &mut out);
            }
            Part::Polygon(rings) => {
                let (outer, holes) = rings.split_first()?;
                if !holes.is_empty() {
                    members.name("holes", &mut out);
                    let mut items = Items::open(&mut out);
                    for hole in holes {
                        items.next(&mut out);
                        write_points(hole, place, &mut out);
                    }
                    items.close(&mut out);
                }
                members.word("kind", "polygon", &mut out);
                members.name("points", &mut out);
                write_points(outer, place, &mut out);
            }
        }
        members.close(&mut out);
        Some(out)
    }
}

/// What a shape is beside its parts.
pub struct Look {
    pub id: String,
    pub kind: Option<String>,
    pub properties: Option<Json>,
    /// The properties that members have as well.
    pub of_members: Option<Json>,
    pub stamp: Stamp,
    /// The node in whose tile it stands, where that is another's.
    pub beside: Option<String>,
}

impl Look {
    pub fn of(id: String, stamp: Stamp) -> Look {
        Look { id, kind: None, properties: None, of_members: None, stamp, beside: None }
    }
}

/// The drafts of a shape; of one without parts, a node that stands nowhere.
pub fn drafts(parts: &[Part], look: Look, names: &Names) -> Vec<Draft> {
    let Look { id, kind, properties, of_members, stamp, beside } = look;
    let node = Node { id, kind, properties, beside, ..Node::default() };
    let draft = |node: Node| Draft { envelope: Envelope::default(), stamp, what: What::Node(Box::new(node)) };
    match parts {
        [] => vec![draft(node)],
        [part] => {
            let (at, transform) = (Some(part.place()), Some(transform(part.place(), part.z())));
            vec![draft(Node { at, transform, geometry: part.geometry(), ..node })]
        }
        parts => {
            let all: Vec<[f64; 2]> = parts.iter().flat_map(Part::points).copied().collect();
            let place = middle(&all);
            let parent = node.id.clone();
            let whole = draft(Node { at: Some(place), transform: Some(transform(place, None)), ..node });
            let members = parts.iter().enumerate().map(|(i, part)| {
                draft(Node {
                    id: names.member(&parent, i + 1),
                    transform: Some(transform_below(&parent, relative(part.place(), place), part.z())),
                    beside: Some(parent.clone()),
                    geometry: part.geometry(),
                    properties: of_members.clone(),
                    ..Node::default()
                })
            });
            std::iter::once(whole).chain(members).collect()
        }
    }
}

/// A transform with a parent.
fn transform_below(parent: &str, at: [f64; 2], z: Option<f64>) -> Json {
    let mut out = Vec::new();
    let mut members = Members::open(&mut out);
    members.text("parent", parent, &mut out);
    members.name("position", &mut out);
    write_position(at, z, &mut out);
    members.close(&mut out);
    out
}
