//! The shapes that a `geometry` names, with every number drawable.

use crate::outline::Contour;
use crate::space::tame;
use std::sync::Arc;
use ulp_core::json::{self, Kind, Tape, Value};

/// What a geometry says, in the node's own frame.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Width, height, radius of the corners; around the origin.
    Rect(f64, f64, f64),
    Ellipse(f64, f64),
    /// A line from point to point; flat where no point has a z of its own.
    Line(Vec<[f64; 3]>),
    Polygon(Vec<[f64; 2]>),
    /// SVG path data.
    Path(String),
    /// Words and the height of their letters; the baseline begins at the origin.
    Text(String, f64),
    /// Its sizes; around the origin.
    Cuboid([f64; 3]),
    Sphere(f64),
    /// Radius and height; it stands on the origin.
    Cylinder(f64, f64),
    Mesh(Arc<Triangles>),
    /// What a drawing in a blob shows.
    Drawing(Arc<Vec<Contour>>),
    Point,
    /// Something that lies in a blob of this reference, and is not at hand.
    Blob(String),
    /// A kind that this version does not know, or that lacks what it needs.
    Unknown,
}

/// A mesh as it was given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Triangles {
    pub positions: Vec<[f64; 3]>,
    pub normals: Vec<[f64; 3]>,
    pub indices: Vec<u32>,
}

/// The height of letters where a text names none.
const TEXT_SIZE: f64 = 12.0;

impl Shape {
    /// Reads a geometry from its raw JSON.
    pub fn parse(raw: &str) -> Shape {
        let mut tape = Tape::new();
        let Ok(value) = tape.parse_any(raw, json::STATE_DEPTH) else { return Shape::Unknown };
        read(value).unwrap_or(Shape::Unknown)
    }

    /// The shape that a medium may be, from its raw JSON: a model or a drawing in a blob.
    pub fn of_media(raw: &str) -> Option<Shape> {
        let mut tape = Tape::new();
        let value = tape.parse_any(raw, json::STATE_DEPTH).ok()?;
        let text = |name: &str| -> Option<String> { Some(value.get(name)?.chars().collect()) };
        let mime = text("mime")?;
        let is_shape = mime.starts_with("model/") || mime == "image/svg+xml";
        is_shape.then(|| text("ref")).flatten().map(Shape::Blob)
    }

    /// Whether it is drawn in the plane, and so is given some height here.
    pub fn is_flat(&self) -> bool {
        match self {
            Shape::Rect(..) | Shape::Ellipse(..) | Shape::Polygon(_) | Shape::Path(_) => true,
            Shape::Text(..) | Shape::Drawing(_) => true,
            Shape::Line(points) => points.iter().all(|p| p[2] == 0.0),
            _ => false,
        }
    }
}

fn read(value: Value<'_, '_>) -> Option<Shape> {
    let number = |name: &str| value.get(name).and_then(Value::as_f64).map(tame);
    let length = |name: &str| number(name).map(f64::abs);
    let text = |name: &str| value.get(name).filter(|v| v.kind() == Kind::String).map(|v| v.chars().collect());
    let kind: String = text("kind")?;
    Some(match kind.as_str() {
        "rect" => Shape::Rect(length("width")?, length("height")?, length("radius").unwrap_or(0.0)),
        "ellipse" => Shape::Ellipse(length("rx")?, length("ry")?),
        "line" | "polyline" => Shape::Line(points(value.get("points")?)),
        "polygon" => Shape::Polygon(points(value.get("points")?).iter().map(|p| [p[0], p[1]]).collect()),
        "path" => Shape::Path(text("d")?),
        "text" => Shape::Text(text("text")?, length("size").unwrap_or(TEXT_SIZE)),
        "box" => Shape::Cuboid(size(value.get("size")?)?),
        "sphere" => Shape::Sphere(length("radius")?),
        "cylinder" => Shape::Cylinder(length("radius")?, length("height")?),
        "mesh" => Shape::Mesh(Arc::new(Triangles {
            positions: points(value.get("positions")?),
            normals: value.get("normals").map(points).unwrap_or_default(),
            indices: indices(value.get("indices")?),
        })),
        "point" => Shape::Point,
        "svg" | "obj" | "glb" => Shape::Blob(text("ref")?),
        _ => return None,
    })
}

/// A size for all three axes, or one for each.
fn size(value: Value<'_, '_>) -> Option<[f64; 3]> {
    match value.as_f64() {
        Some(n) => Some([tame(n).abs(); 3]),
        None => point(value).map(|p| p.map(f64::abs)),
    }
}

/// A point with two or three numbers; a missing z is 0.
fn point(value: Value<'_, '_>) -> Option<[f64; 3]> {
    let mut numbers = value.items().map(Value::as_f64);
    let (x, y) = (numbers.next()??, numbers.next()??);
    Some([x, y, numbers.next().flatten().unwrap_or(0.0)].map(tame))
}

/// Points as lists of numbers, or as one flat list of threes. What is no point is passed over.
fn points(value: Value<'_, '_>) -> Vec<[f64; 3]> {
    if value.items().all(|v| v.kind() == Kind::Number) {
        let flat: Vec<f64> = value.items().filter_map(Value::as_f64).map(tame).collect();
        return flat.chunks_exact(3).map(|c| [c[0], c[1], c[2]]).collect();
    }
    value.items().filter_map(point).collect()
}

/// Places in a list, flat or in threes. What cannot be a place is one that no list has, so that its triangle goes.
fn indices(value: Value<'_, '_>) -> Vec<u32> {
    let place = |v: Value<'_, '_>| v.as_i64().and_then(|n| u32::try_from(n).ok()).unwrap_or(u32::MAX);
    let mut places = Vec::with_capacity(value.len());
    for item in value.items() {
        if item.kind() == Kind::Array {
            places.extend(item.items().map(place))
        } else {
            places.push(place(item))
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lacks_its_numbers_is_unknown() {
        for raw in [
            "null",
            "[]",
            "7",
            "{}",
            r#"{"kind":1}"#,
            r#"{"kind":"sphere"}"#,
            r#"{"kind":"sphere","radius":"1"}"#,
            r#"{"kind":"rect","width":1}"#,
            r#"{"kind":"tesseract"}"#,
            r#"{"kind":"mesh","positions":[]}"#,
        ] {
            assert_eq!(Shape::parse(raw), Shape::Unknown, "{raw}");
        }
    }

    #[test]
    fn numbers_are_drawable() {
        assert_eq!(Shape::parse(r#"{"kind":"sphere","radius":-1e300}"#), Shape::Sphere(crate::space::FAR));
        assert_eq!(
            Shape::parse(r#"{"kind":"line","points":[[1,2],["a",1],[1],[3,4,5,6]]}"#),
            Shape::Line(vec![[1.0, 2.0, 0.0], [3.0, 4.0, 5.0]])
        );
        let Shape::Mesh(mesh) =
            Shape::parse(r#"{"kind":"mesh","positions":[0,0,0,1,0,0,0,1,0],"indices":[[0,1,2],[-1,0.5,9]]}"#)
        else {
            panic!("a mesh")
        };
        assert_eq!(mesh.positions.len(), 3);
        assert_eq!(mesh.indices, [0, 1, 2, u32::MAX, u32::MAX, 9]);
    }
}
