//! Shapes: what a geometry draws on the plane, its bounds, and where a line to it meets its border.
//!
//! A shape lies in its node's frame, around the node's position: rectangles, boxes and round things are centred on
//! it; text begins at it, on its baseline. What has a third dimension is seen from above.

pub use crate::path::Point;
use crate::path::{self, Segment};
use crate::text;
use ulp_core::json::{self, Kind, Tape, Value};
use ulp_view::transform::{Transform, finite, numbers_of};

/// Most triangles of a mesh that are drawn.
const TRIANGLES: usize = 20_000;
/// How many straight pieces stand for an ellipse where its outline is wanted.
const ROUND: u32 = 48;

/// What a geometry draws.
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
    Line(Vec<Point>),
    Polygon(Vec<Point>),
    Path(Vec<Segment>),
    /// The lines of a text, and its size where that is given.
    Text {
        lines: Vec<String>,
        size: Option<f64>,
    },
    Mesh(Vec<[Point; 3]>),
    Point,
    /// A blob, by its reference; the word says of what sort.
    Blob {
        kind: String,
        reference: String,
    },
    /// A geometry that this version does not know, or that lacks what its kind asks for; by its kind.
    Unknown(String),
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
    /// Reads a geometry, raw JSON; a node without one is a point.
    pub fn read(geometry: Option<&str>, tape: &mut Tape) -> Shape {
        let Some(raw) = geometry else { return Shape::Point };
        let Ok(value) = tape.parse_any(raw, json::STATE_DEPTH) else { return Shape::Point };
        let kind = value.get("kind").map(string).unwrap_or_default();
        Shape::of_kind(&kind, value).unwrap_or(Shape::Unknown(kind))
    }

    fn of_kind(kind: &str, geometry: Value<'_, '_>) -> Option<Shape> {
        let length = |name: &str| number(geometry, name).filter(|x| *x >= 0.0);
        Some(match kind {
            "rect" => Shape::Rect {
                width: length("width")?,
                height: length("height")?,
                radius: length("radius").unwrap_or(0.0),
            },
            "ellipse" => Shape::Ellipse { rx: length("rx")?, ry: length("ry")? },
            "sphere" | "cylinder" => Shape::Ellipse { rx: length("radius")?, ry: length("radius")? },
            "box" => {
                let size = numbers_of(geometry.get("size")?);
                let side = |i: usize| size.get(i).or(size.first()).copied().filter(|x| *x >= 0.0);
                Shape::Rect { width: side(0)?, height: side(1)?, radius: 0.0 }
            }
            "line" | "polyline" => Shape::Line(points(geometry.get("points")?).filter(|p| p.len() > 1)?),
            "polygon" => Shape::Polygon(points(geometry.get("points")?).filter(|p| p.len() > 2)?),
            "path" => {
                let segments = path::read(&string(geometry.get("d")?));
                Shape::Path(Some(segments).filter(|s| s.len() > 1)?)
            }
            "text" => {
                let lines = string(geometry.get("text")?).lines().map(str::to_owned).collect();
                Shape::Text { lines, size: length("size").filter(|x| *x > 0.0) }
            }
            "mesh" => Shape::Mesh(triangles(geometry).filter(|t| !t.is_empty())?),
            "point" => Shape::Point,
            "svg" | "obj" | "glb" => {
                Shape::Blob { kind: kind.to_owned(), reference: string(geometry.get("ref")?) }
            }
            _ => return None,
        })
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
            Shape::Text { lines, size: own } => {
                let size = own.unwrap_or(size);
                let wide = lines.iter().map(|l| text::width(l)).fold(0.0, f64::max) * size;
                let low = -size * (text::DESCENT + text::LINE * lines.len().saturating_sub(1) as f64);
                let high = size * text::ASCENT;
                all(&mut [[0.0, low], [wide, low], [wide, high], [0.0, high]].into_iter())
            }
            Shape::Mesh(triangles) => all(&mut triangles.iter().flatten().copied()),
            Shape::Path(segments) => all(&mut path::strokes(segments).into_iter().flatten()),
            Shape::Line(points) | Shape::Polygon(points) => all(&mut points.iter().copied()),
            Shape::Rect { .. } => all(&mut self.outline().into_iter()),
            Shape::Point | Shape::Blob { .. } | Shape::Unknown(_) => Bounds::at(place([0.0; 2])),
        }
    }

    /// The closed outline in the node's own frame; empty where there is none to meet.
    fn outline(&self) -> Vec<Point> {
        match self {
            Shape::Rect { width, height, .. } => {
                let (x, y) = (width / 2.0, height / 2.0);
                vec![[-x, -y], [x, -y], [x, y], [-x, y]]
            }
            Shape::Polygon(points) => points.clone(),
            Shape::Path(segments) => path::strokes(segments).into_iter().next().unwrap_or_default(),
            Shape::Mesh(triangles) => hull(triangles.iter().flatten().copied().collect()),
            Shape::Ellipse { rx, ry } => {
                let turn = |i: u32| 360.0 * f64::from(i) / f64::from(ROUND);
                let at = |i| ulp_view::transform::sin_cos(turn(i));
                (0..ROUND).map(at).map(|(sin, cos)| [rx * cos, ry * sin]).collect()
            }
            _ => Vec::new(),
        }
    }

    /// How far along the way from `from`, inside or at the middle of the shape, to `to` its border lies, from 0 to
    /// 1; nothing where the way does not leave the shape.
    pub fn exit(&self, world: &Transform, from: Point, to: Point) -> Option<f64> {
        if let Shape::Ellipse { rx, ry } = self
            && let Some(t) = exit_of_ellipse(world, [*rx, *ry], from, to)
        {
            return (t <= 1.0).then_some(t);
        }
        let outline: Vec<Point> = self.outline().into_iter().map(|p| on_plane(world, p)).collect();
        let edges = outline.iter().zip(outline.iter().cycle().skip(1));
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

fn string(value: Value<'_, '_>) -> String {
    value.chars().collect()
}

fn number(object: Value<'_, '_>, name: &str) -> Option<f64> {
    object.get(name)?.as_f64().map(finite)
}

/// Points as [x, y] or [x, y, z]; nothing where one is of another shape.
fn points(value: Value<'_, '_>) -> Option<Vec<Point>> {
    if value.kind() != Kind::Array {
        return None;
    }
    value.items().map(|p| numbers_of(p).get(..2).map(|p| [p[0], p[1]])).collect()
}

/// The triangles of a mesh: positions as triples or as one flat list, indices as triples or flat.
fn triangles(geometry: Value<'_, '_>) -> Option<Vec<[Point; 3]>> {
    let positions = flat(geometry.get("positions")?)?;
    let places: Vec<Point> = positions.chunks_exact(3).map(|p| [p[0], p[1]]).collect();
    let indices = match geometry.get("indices").filter(|i| !i.is_null()) {
        Some(indices) => flat(indices)?,
        None => (0..places.len()).map(|i| i as f64).collect(),
    };
    let corner = |i: f64| {
        let whole = i >= 0.0 && i.fract() == 0.0;
        // The cast saturates, and beyond the last place there is none.
        if whole { places.get(i as usize).copied() } else { None }
    };
    let corners = indices.chunks_exact(3).take(TRIANGLES);
    corners.map(|c| Some([corner(c[0])?, corner(c[1])?, corner(c[2])?])).collect()
}

/// A list of numbers, or of lists of numbers, as one list.
fn flat(value: Value<'_, '_>) -> Option<Vec<f64>> {
    if value.kind() != Kind::Array {
        return None;
    }
    let mut all = Vec::with_capacity(value.len());
    for item in value.items() {
        let part = numbers_of(item);
        if part.is_empty() {
            return None;
        }
        all.extend(part);
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ulp_view::transform::Local;

    fn read(raw: &str) -> Shape {
        Shape::read(Some(raw), &mut Tape::new())
    }

    #[test]
    fn what_lacks_its_parts_is_unknown() {
        for raw in [
            r#"{"kind":"blob"}"#,
            r#"{"kind":"rect","width":1}"#,
            r#"{"kind":"rect","width":-1,"height":1}"#,
            r#"{"kind":"polygon","points":[]}"#,
            r#"{"kind":"polygon","points":[[0,0],[1],[2,2]]}"#,
            r#"{"kind":"mesh","positions":[0,0,0],"indices":[0,1,9e99]}"#,
            r#"{"kind":"path","d":"<script>"}"#,
        ] {
            assert!(matches!(read(raw), Shape::Unknown(_)), "{raw}");
        }
        assert_eq!(Shape::read(None, &mut Tape::new()), Shape::Point);
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
        let round = read(r#"{"kind":"cylinder","radius":2,"height":9}"#);
        assert_eq!(round.exit(&here, [0.0, 0.0], [8.0, 0.0]), Some(0.25));
        assert_eq!(round.exit(&here, [0.0, 0.0], [1.0, 0.0]), None);
        let square = read(r#"{"kind":"rect","width":4,"height":4}"#);
        assert_eq!(square.exit(&here, [0.0, 0.0], [8.0, 8.0]), Some(0.25));
        assert_eq!(Shape::Point.exit(&here, [0.0, 0.0], [8.0, 8.0]), None);
    }

    #[test]
    fn a_mesh_has_a_hull() {
        let square = vec![[0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [0.0, 1.0], [0.5, 0.5]];
        assert_eq!(hull(square), [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]);
    }
}
