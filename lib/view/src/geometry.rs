//! Shapes: what a geometry says, its bounds on the plane, and where a line to it meets its border.
//!
//! A shape lies in its node's frame, around the node's position: rectangles, boxes and round things are centred on
//! it; a cylinder stands on it; text begins at it, on its baseline. What has a third dimension is seen from above on
//! the plane. A geometry whose kind is not known, that lacks what its kind asks for, or has it otherwise than page
//! "2. The event" says, is unknown as a whole: no part of it is guessed.

use crate::font;
use crate::path::{self, Point, Segment};
use crate::transform::{Transform, finite, numbers_of, sin_cos};
use std::sync::Arc;
use ulp_core::json::{self, Kind, Tape, Value};

/// Most triangles of a mesh that are drawn on the plane.
const TRIANGLES: usize = 20_000;
/// How many straight pieces stand for an ellipse where its outline is wanted.
const ROUND: u32 = 48;

/// Most points of an outline that links are led to.
const MOST_BORDER: usize = 512;

/// What a geometry says.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    Rect {
        width: f64,
        height: f64,
        radius: f64,
    },
    Ellipse {
        rx: f64,
        ry: f64,
    },
    /// From point to point; a missing z is 0.
    Line(Vec<[f64; 3]>),
    /// Its rings, the outer one first; what lies within an odd number of them is inside.
    Polygon(Vec<Vec<Point>>),
    Path(Arc<Vec<Segment>>),
    /// A text of one line or more, and its size where that is given.
    Text {
        text: String,
        size: Option<f64>,
    },
    /// Its size along x, y and z.
    Cuboid([f64; 3]),
    Sphere(f64),
    Cylinder {
        radius: f64,
        height: f64,
    },
    Mesh(Arc<Triangles>),
    Point,
    /// A blob, by its reference; the word says of what sort.
    Blob {
        kind: String,
        reference: String,
    },
    /// A geometry that this version does not know, by its kind.
    Unknown(String),
}

/// A mesh as it was given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Triangles {
    pub positions: Vec<[f64; 3]>,
    /// One a position, or none.
    pub normals: Vec<[f64; 3]>,
    /// Three a triangle.
    pub indices: Vec<u32>,
}

/// The rectangle around something: least x, least y, greatest x, greatest y.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    pub min: Point,
    pub max: Point,
}

impl Bounds {
    pub const fn at(point: Point) -> Bounds {
        Bounds { min: point, max: point }
    }

    /// Around all points; nothing around none.
    pub fn around(points: impl IntoIterator<Item = Point>) -> Option<Bounds> {
        points.into_iter().map(Bounds::at).reduce(Bounds::join)
    }

    pub fn join(self, other: Bounds) -> Bounds {
        Bounds {
            min: std::array::from_fn(|i| self.min[i].min(other.min[i])),
            max: std::array::from_fn(|i| self.max[i].max(other.max[i])),
        }
    }

    pub fn size(self) -> Point {
        std::array::from_fn(|i| self.max[i] - self.min[i])
    }

    pub fn centre(self) -> Point {
        std::array::from_fn(|i| self.min[i] / 2.0 + self.max[i] / 2.0)
    }

    pub fn grown(self, by: f64) -> Bounds {
        Bounds { min: self.min.map(|x| x - by), max: self.max.map(|x| x + by) }
    }

    pub fn holds(self, point: Point) -> bool {
        (0..2).all(|i| self.min[i] <= point[i] && point[i] <= self.max[i])
    }

    /// The area that two share.
    pub fn overlap(self, other: Bounds) -> f64 {
        let side = |i: usize| (self.max[i].min(other.max[i]) - self.min[i].max(other.min[i])).max(0.0);
        side(0) * side(1)
    }
}

impl Shape {
    /// Reads a geometry, raw JSON, with no number farther from 0 than `most`; a node without one is a point.
    pub fn read(geometry: Option<&str>, most: f64, tape: &mut Tape) -> Shape {
        let Some(raw) = geometry else { return Shape::Point };
        let Ok(value) = tape.parse_any(raw, json::STATE_DEPTH) else { return Shape::Unknown(String::new()) };
        let kind = value.get("kind").and_then(string).unwrap_or_default();
        Reader { geometry: value, most }.shape(&kind).unwrap_or(Shape::Unknown(kind))
    }

    /// As it looks from above.
    pub fn in_plane(self) -> Shape {
        match self {
            Shape::Cuboid([width, height, _]) => Shape::Rect { width, height, radius: 0.0 },
            Shape::Sphere(radius) | Shape::Cylinder { radius, .. } => {
                Shape::Ellipse { rx: radius, ry: radius }
            }
            shape => shape,
        }
    }

    /// Whether it is a mark of no size of its own.
    pub fn is_mark(&self) -> bool {
        matches!(self, Shape::Point | Shape::Unknown(_) | Shape::Blob { .. })
    }

    /// The bounds in the frame of `world`; `size` is that of text that does not give one.
    pub fn bounds(&self, world: &Transform, size: f64) -> Bounds {
        let place = |p: Point| on_plane(world, p);
        let all = |points: &mut dyn Iterator<Item = Point>| {
            Bounds::around(points.map(place)).unwrap_or(Bounds::at(place([0.0; 2])))
        };
        match self {
            Shape::Ellipse { rx, ry } => {
                let [a, b, c, d] = world.plane();
                let reach = [libm::hypot(a * rx, c * ry), libm::hypot(b * rx, d * ry)].map(finite);
                let [x, y] = place([0.0; 2]);
                Bounds { min: [x - reach[0], y - reach[1]], max: [x + reach[0], y + reach[1]] }
            }
            Shape::Text { text, size: own } => {
                let size = own.unwrap_or(size);
                let wide = text.lines().map(font::width).fold(0.0, f64::max) * size;
                let below = text.lines().count().saturating_sub(1) as f64;
                let low = -size * (font::DESCENT + font::LINE * below);
                let high = size * font::ASCENT;
                all(&mut [[0.0, low], [wide, low], [wide, high], [0.0, high]].into_iter())
            }
            Shape::Mesh(mesh) => all(&mut mesh.in_plane().flatten()),
            Shape::Path(segments) => {
                let mut bounds: Option<Bounds> = None;
                path::walk(segments, |p, _| {
                    let at = Bounds::at(place(p));
                    bounds = Some(bounds.map_or(at, |b| b.join(at)));
                    true
                });
                bounds.unwrap_or(Bounds::at(place([0.0; 2])))
            }
            Shape::Line(points) => all(&mut points.iter().copied().map(flat)),
            Shape::Polygon(rings) => all(&mut rings.iter().flatten().copied()),
            Shape::Rect { .. } => all(&mut self.outline().into_iter()),
            Shape::Cuboid(_) | Shape::Sphere(_) | Shape::Cylinder { .. } => {
                self.clone().in_plane().bounds(world, size)
            }
            Shape::Point | Shape::Blob { .. } | Shape::Unknown(_) => Bounds::at(place([0.0; 2])),
        }
    }

    /// Around all its own points, those that bend its curves included; nothing where it is centred on its node.
    pub fn reach(&self) -> Option<Bounds> {
        match self {
            Shape::Line(points) => Bounds::around(points.iter().copied().map(flat)),
            Shape::Polygon(rings) => Bounds::around(rings.iter().flatten().copied()),
            Shape::Path(segments) => Bounds::around(path::corners(segments)),
            Shape::Mesh(mesh) => Bounds::around(mesh.in_plane().flatten()),
            _ => None,
        }
    }

    /// Around what it draws in the node's own frame; nothing where it has no size of its own.
    pub fn own_bounds(&self) -> Option<Bounds> {
        let sized = !self.is_mark() && !matches!(self, Shape::Text { size: None, .. });
        sized.then(|| self.bounds(&Transform::IDENTITY, 1.0))
    }

    /// How much of the bounds a text inside may fill; nothing where none may stand inside.
    pub fn room(&self) -> Option<f64> {
        match self {
            Shape::Rect { .. } => Some(0.9),
            Shape::Ellipse { .. } => Some(0.7),
            Shape::Polygon(_) | Shape::Path(_) => Some(0.6),
            _ => None,
        }
    }

    /// The closed outline in the node's own frame; empty where there is none to meet. One of very many points is as
    /// good as its box.
    fn outline(&self) -> Vec<Point> {
        let boxed = || self.reach().map_or_else(Vec::new, |reach| corners(reach.min, reach.max));
        let bounded = |points: Vec<Point>| if points.len() > MOST_BORDER { boxed() } else { points };
        match self {
            Shape::Rect { width, height, .. } => {
                let (x, y) = (width / 2.0, height / 2.0);
                corners([-x, -y], [x, y])
            }
            Shape::Polygon(rings) => bounded(rings.first().cloned().unwrap_or_default()),
            Shape::Path(segments) => path::first_stroke(segments, MOST_BORDER).unwrap_or_else(boxed),
            Shape::Mesh(mesh) => bounded(hull(mesh.in_plane().flatten().collect())),
            Shape::Ellipse { rx, ry } => {
                let turn = |i: u32| 360.0 * f64::from(i) / f64::from(ROUND);
                let at = |i| sin_cos(turn(i));
                (0..ROUND).map(at).map(|(sin, cos)| [rx * cos, ry * sin]).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The border on the plane, in the frame of `world`.
    pub fn border(&self, world: &Transform) -> Border {
        let ellipse = match self {
            Shape::Ellipse { rx, ry } => Some((*world, [*rx, *ry])),
            _ => None,
        };
        Border { ellipse, outline: self.outline().into_iter().map(|p| on_plane(world, p)).collect() }
    }
}

/// The corners of a box.
fn corners(min: Point, max: Point) -> Vec<Point> {
    vec![min, [max[0], min[1]], max, [min[0], max[1]]]
}

/// The border of a shape on the plane.
#[derive(Clone, Debug)]
pub struct Border {
    /// Where it is an ellipse, its frame and its radii.
    ellipse: Option<(Transform, Point)>,
    outline: Vec<Point>,
}

impl Border {
    /// How far along the way from `from`, inside or at the middle of the shape, to `to` it lies, from 0 to 1; nothing
    /// where the way does not leave the shape.
    pub fn exit(&self, from: Point, to: Point) -> Option<f64> {
        if let Some((world, radii)) = &self.ellipse
            && let Some(t) = exit_of_ellipse(world, *radii, from, to)
        {
            return (t <= 1.0).then_some(t);
        }
        let edges = self.outline.iter().zip(self.outline.iter().cycle().skip(1));
        edges.filter_map(|(a, b)| crossing(from, to, *a, *b)).reduce(f64::max)
    }
}

/// Where a place of the node's own frame is on the plane.
pub fn on_plane(world: &Transform, [x, y]: Point) -> Point {
    let [x, y, _] = world.apply([x, y, 0.0]);
    [x, y]
}

/// Where the way from the centre of an ellipse leaves it. In the ellipse's own frame, scaled to a unit circle, that
/// is at 1 over the length of the way.
fn exit_of_ellipse(world: &Transform, radii: Point, from: Point, to: Point) -> Option<f64> {
    let centre = on_plane(world, [0.0; 2]);
    if from != centre {
        return None;
    }
    let [a, b, c, d] = world.plane();
    let det = a * d - b * c;
    let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
    let (u, v) = ((d * dx - c * dy) / det / radii[0], (a * dy - b * dx) / det / radii[1]);
    let t = 1.0 / libm::hypot(u, v);
    t.is_finite().then_some(t)
}

/// How far along `from`–`to` it crosses the edge `a`–`b`, from 0 to 1.
fn crossing(from: Point, to: Point, a: Point, b: Point) -> Option<f64> {
    let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
    let (ex, ey) = (b[0] - a[0], b[1] - a[1]);
    let cross = dx * ey - dy * ex;
    let (ax, ay) = (a[0] - from[0], a[1] - from[1]);
    let t = (ax * ey - ay * ex) / cross;
    let u = (ax * dy - ay * dx) / cross;
    let within = |x: f64| (0.0..=1.0).contains(&x);
    (within(t) && within(u)).then_some(t)
}

/// The convex hull, by Andrew's monotone chain.
fn hull(mut points: Vec<Point>) -> Vec<Point> {
    points.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    points.dedup();
    if points.len() < 3 {
        return points;
    }
    let half = |points: &mut dyn Iterator<Item = Point>| {
        let mut chain: Vec<Point> = Vec::new();
        for p in points {
            while let [.., a, b] = chain[..]
                && (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]) <= 0.0
            {
                chain.pop();
            }
            chain.push(p);
        }
        chain.pop();
        chain
    };
    let mut whole = half(&mut points.iter().copied());
    whole.extend(half(&mut points.iter().rev().copied()));
    whole
}

impl Triangles {
    /// Whether there are more than are drawn.
    pub fn is_cut(&self) -> bool {
        self.indices.len() / 3 > TRIANGLES
    }

    /// The triangles as they look from above, as many as are drawn.
    pub fn in_plane(&self) -> impl Iterator<Item = [Point; 3]> {
        let corners = self.indices.chunks_exact(3).take(TRIANGLES);
        corners.map(|t| [t[0], t[1], t[2]].map(|i| flat(self.positions[i as usize])))
    }
}

/// A place seen from above.
pub fn flat([x, y, _]: [f64; 3]) -> Point {
    [x, y]
}

/// A ring of a polygon, of three points or more.
fn ring(points: Vec<[f64; 3]>) -> Option<Vec<Point>> {
    (points.len() > 2).then(|| points.into_iter().map(flat).collect())
}

/// What reads a geometry's members.
struct Reader<'t, 'a> {
    geometry: Value<'t, 'a>,
    most: f64,
}

impl Reader<'_, '_> {
    /// The shape of that kind; nothing where a part is missing or wrong.
    fn shape(&self, kind: &str) -> Option<Shape> {
        let length = |name| self.length(name);
        let text = |name| string(self.geometry.get(name)?);
        Some(match kind {
            "rect" => {
                let radius = if self.has("radius") { length("radius")? } else { 0.0 };
                Shape::Rect { width: length("width")?, height: length("height")?, radius }
            }
            "ellipse" => Shape::Ellipse { rx: length("rx")?, ry: length("ry")? },
            "line" | "polyline" => Shape::Line(self.points("points").filter(|p| p.len() > 1)?),
            "polygon" => {
                let outer = self.points("points").and_then(ring)?;
                let holes = if self.has("holes") { self.holes()? } else { Vec::new() };
                Shape::Polygon(std::iter::once(outer).chain(holes).collect())
            }
            "path" => Shape::Path(Arc::new(Some(path::read(&text("d")?)).filter(|s| s.len() > 1)?)),
            "text" => {
                let size = if self.has("size") { Some(length("size")?) } else { None };
                Shape::Text { text: text("text")?, size: size.filter(|x| *x > 0.0) }
            }
            "box" => Shape::Cuboid(self.size()?),
            "sphere" => Shape::Sphere(length("radius")?),
            "cylinder" => Shape::Cylinder { radius: length("radius")?, height: length("height")? },
            "mesh" => Shape::Mesh(Arc::new(self.mesh()?)),
            "point" => Shape::Point,
            "svg" | "obj" | "glb" => Shape::Blob { kind: kind.to_owned(), reference: text("ref")? },
            _ => return None,
        })
    }

    fn has(&self, name: &str) -> bool {
        self.geometry.get(name).is_some_and(|v| !v.is_null())
    }

    fn length(&self, name: &str) -> Option<f64> {
        self.geometry.get(name)?.as_f64().map(|x| self.tame(x)).filter(|x| *x >= 0.0)
    }

    fn tame(&self, x: f64) -> f64 {
        x.clamp(-self.most, self.most)
    }

    /// One length for all three axes, or one for each; a box of two has no height.
    fn size(&self) -> Option<[f64; 3]> {
        let sides = match numbers_of(self.geometry.get("size")?)[..] {
            [all] => [all; 3],
            [x, y] => [x, y, 0.0],
            [x, y, z] => [x, y, z],
            _ => return None,
        };
        sides.iter().all(|side| *side >= 0.0).then(|| sides.map(|side| self.tame(side)))
    }

    /// Points of two or three numbers; nothing where one is of another shape.
    fn points(&self, name: &str) -> Option<Vec<[f64; 3]>> {
        self.points_in(self.geometry.get(name)?)
    }

    /// The rings that are cut out of a polygon.
    fn holes(&self) -> Option<Vec<Vec<Point>>> {
        let list = self.geometry.get("holes").filter(|v| v.kind() == Kind::Array)?;
        list.items().map(|hole| self.points_in(hole).and_then(ring)).collect()
    }

    fn points_in(&self, list: Value<'_, '_>) -> Option<Vec<[f64; 3]>> {
        let list = Some(list).filter(|v| v.kind() == Kind::Array)?;
        let point = |value| match numbers_of(value)[..] {
            [x, y] => Some([x, y, 0.0]),
            [x, y, z, ..] => Some([x, y, z]),
            _ => None,
        };
        list.items().map(|p| point(p).map(|p| p.map(|x| self.tame(x)))).collect()
    }

    /// The same, or their numbers in one list, three a point.
    fn places(&self, name: &str) -> Option<Vec<[f64; 3]>> {
        let list = self.geometry.get(name)?;
        if list.items().next().is_none_or(|first| first.kind() != Kind::Number) {
            return self.points(name);
        }
        let numbers = numbers_of(list);
        let places = numbers.chunks_exact(3).map(|p| [p[0], p[1], p[2]].map(|x| self.tame(x))).collect();
        (!numbers.is_empty() && numbers.len().is_multiple_of(3)).then_some(places)
    }

    fn mesh(&self) -> Option<Triangles> {
        let positions = self.places("positions")?;
        let indices = indices(self.geometry.get("indices")?, positions.len())?;
        // Normals are an offer: what cannot be one a place is worked out.
        let normals = self.places("normals").filter(|n| n.len() == positions.len()).unwrap_or_default();
        Some(Triangles { positions, normals, indices })
    }
}

/// Places in a list of so many, three a triangle: in one list, or in lists of three.
fn indices(value: Value<'_, '_>, count: usize) -> Option<Vec<u32>> {
    let place = |v: Value<'_, '_>| u32::try_from(v.as_i64()?).ok().filter(|i| (*i as usize) < count);
    let mut places = Vec::with_capacity(value.len());
    for item in value.items() {
        match item.kind() {
            Kind::Array if item.len() == 3 => {
                for corner in item.items() {
                    places.push(place(corner)?);
                }
            }
            _ => places.push(place(item)?),
        }
    }
    (!places.is_empty() && places.len().is_multiple_of(3)).then_some(places)
}

fn string(value: Value<'_, '_>) -> Option<String> {
    (value.kind() == Kind::String).then(|| value.chars().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transform::{LARGEST, Local};

    fn read(raw: &str) -> Shape {
        Shape::read(Some(raw), LARGEST, &mut Tape::new())
    }

    #[test]
    fn what_lacks_its_parts_is_unknown() {
        for raw in [
            "null",
            "[]",
            "7",
            "{}",
            r#"{"kind":1}"#,
            r#"{"kind":"blob"}"#,
            r#"{"kind":"rect","width":1}"#,
            r#"{"kind":"rect","width":-1,"height":1}"#,
            r#"{"kind":"rect","width":1,"height":1,"radius":-1}"#,
            r#"{"kind":"ellipse","rx":1,"ry":"1"}"#,
            r#"{"kind":"sphere","radius":-1}"#,
            r#"{"kind":"cylinder","radius":1}"#,
            r#"{"kind":"box","size":[1,2,-3]}"#,
            r#"{"kind":"box","size":[1,2,"3"]}"#,
            r#"{"kind":"box","size":[]}"#,
            r#"{"kind":"line","points":[[0,0]]}"#,
            r#"{"kind":"line","points":[[0,0],null,[2,2]]}"#,
            r#"{"kind":"line","points":[0,0,0,1,1,1]}"#,
            r#"{"kind":"polygon","points":[]}"#,
            r#"{"kind":"polygon","points":[[0,0],[1],[2,2],[3,0]]}"#,
            r#"{"kind":"polygon","points":[[0,0],[9,0],[0,9]],"holes":[[1,1],[2,1],[1,2]]}"#,
            r#"{"kind":"polygon","points":[[0,0],[9,0],[0,9]],"holes":[[[1,1],[2,1]]]}"#,
            r#"{"kind":"polygon","points":[[0,0],[9,0],[0,9]],"holes":[[[1,1],[2,1],[1,"2"]]]}"#,
            r#"{"kind":"mesh","positions":[0,0,0,1,0,0,0,1,0]}"#,
            r#"{"kind":"mesh","positions":[0,0,0],"indices":[0,1,9e99]}"#,
            r#"{"kind":"mesh","positions":[0,0,0,1,0,0,0,1],"indices":[0,1,0]}"#,
            r#"{"kind":"mesh","positions":[[0,0],[1,0],[0,1]],"indices":[]}"#,
            r#"{"kind":"mesh","positions":[[0,0],[1,0],[0,1]],"indices":[0,1,2,0]}"#,
            r#"{"kind":"mesh","positions":[[0,0],[1,0],[0,1]],"indices":[0,1,-1]}"#,
            r#"{"kind":"mesh","positions":[[0,0],[1,0],[0,1]],"indices":[[0,1,2,0]]}"#,
            r#"{"kind":"path","d":"<script>"}"#,
            r#"{"kind":"path","d":7}"#,
            r#"{"kind":"text","text":7}"#,
            r#"{"kind":"text","text":"a","size":-1}"#,
            r#"{"kind":"glb"}"#,
        ] {
            assert!(matches!(read(raw), Shape::Unknown(_)), "{raw}");
        }
        assert_eq!(Shape::read(None, LARGEST, &mut Tape::new()), Shape::Point);
    }

    #[test]
    fn what_is_whole_is_known_and_drawable() {
        let cube = Shape::Cuboid([2.0; 3]);
        assert_eq!(read(r#"{"kind":"box","size":2}"#), cube);
        assert_eq!(read(r#"{"kind":"box","size":[2]}"#), cube);
        assert_eq!(read(r#"{"kind":"box","size":[2,1]}"#), Shape::Cuboid([2.0, 1.0, 0.0]));
        assert_eq!(cube.in_plane(), Shape::Rect { width: 2.0, height: 2.0, radius: 0.0 });
        assert_eq!(
            read(r#"{"kind":"line","points":[[1,2],[3,4,5,6]]}"#),
            Shape::Line(vec![[1.0, 2.0, 0.0], [3.0, 4.0, 5.0]])
        );
        assert_eq!(
            read(r#"{"kind":"polygon","points":[[0,0],[9,0],[0,9]],"holes":[[[1,1],[2,1],[1,2,3]]]}"#),
            Shape::Polygon(vec![
                vec![[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]],
                vec![[1.0, 1.0], [2.0, 1.0], [1.0, 2.0]]
            ])
        );
        let mesh = |positions: &str, indices: &str| {
            read(&format!(r#"{{"kind":"mesh","positions":{positions},"indices":{indices},"normals":[0]}}"#))
        };
        let flat = mesh("[0,0,0,1,0,0,0,1,0]", "[0,1,2]");
        assert_eq!(flat, mesh("[[0,0],[1,0],[0,1,0]]", "[[0,1,2]]"));
        assert!(
            matches!(&flat, Shape::Mesh(mesh) if mesh.normals.is_empty() && mesh.in_plane().count() == 1)
        );
        let far = Shape::read(Some(r#"{"kind":"sphere","radius":1e300}"#), 1e15, &mut Tape::new());
        assert_eq!(far, Shape::Sphere(1e15));
    }

    #[test]
    fn bounds_turn_with_the_shape() {
        let quarter = Local::IDENTITY.turned(90.0).transform();
        let bounds = read(r#"{"kind":"rect","width":4,"height":2}"#).bounds(&quarter, 1.0);
        assert_eq!(bounds, Bounds { min: [-1.0, -2.0], max: [1.0, 2.0] });
        let bounds = read(r#"{"kind":"ellipse","rx":4,"ry":2}"#).bounds(&quarter, 1.0);
        assert_eq!(bounds, Bounds { min: [-2.0, -4.0], max: [2.0, 4.0] });
    }

    #[test]
    fn a_link_meets_the_border() {
        let here = Transform::IDENTITY;
        let round = read(r#"{"kind":"cylinder","radius":2,"height":9}"#).in_plane();
        assert_eq!(round.border(&here).exit([0.0, 0.0], [8.0, 0.0]), Some(0.25));
        assert_eq!(round.border(&here).exit([0.0, 0.0], [1.0, 0.0]), None);
        let square = read(r#"{"kind":"rect","width":4,"height":4}"#);
        assert_eq!(square.border(&here).exit([0.0, 0.0], [8.0, 8.0]), Some(0.25));
        assert_eq!(Shape::Point.border(&here).exit([0.0, 0.0], [8.0, 8.0]), None);
    }

    #[test]
    fn a_mesh_has_a_hull() {
        let square = vec![[0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [0.0, 1.0], [0.5, 0.5]];
        assert_eq!(hull(square), [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]);
    }
}
