//! A node's shape, laid on the Earth.
//!
//! Parents, scale and rotation act on the plane first; then each point becomes a place of the Earth. Rectangles,
//! ellipses and polygons are areas; lines and paths are lines; all else is a point, where the node stands.

use crate::curves;
use ulp_core::event::RegisterKind;
use ulp_view::geodesy::cut::{self, Spot};
use ulp_view::geodesy::{OutOfRange, Plane, round};
use ulp_view::geometry::Shape;
use ulp_view::join::ViewNode;
use ulp_view::path::Point;
use ulp_view::transform::{Transform, sin_cos};

/// How many corners an ellipse has.
const CORNERS: u32 = 64;

/// What is drawn on a map.
#[derive(Clone, Debug, PartialEq)]
pub enum Geometry {
    /// It has no place.
    Nowhere,
    Point(Spot),
    /// Lines of two points or more.
    Lines(Vec<Vec<Spot>>),
    /// Polygons, each of closed rings, the outer one first.
    Areas(Vec<Vec<Vec<Spot>>>),
}

/// A geometry, and what else there is to say of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Laid {
    pub geometry: Geometry,
    /// Where it is, for a map that shows points alone: at its own place, or in the middle of a shape that lies
    /// elsewhere.
    pub place: Option<Spot>,
    /// What the map does not show of it.
    pub lost: Option<&'static str>,
}

impl Laid {
    pub const NOWHERE: Laid = Laid { geometry: Geometry::Nowhere, place: None, lost: None };
}

/// Where a node stands.
#[derive(Clone, Copy, Debug)]
pub struct Stand {
    pub world: Transform,
    pub footing: Footing,
}

/// What the positions of a node and of those that it hangs below say.
#[derive(Clone, Copy, Debug, Default)]
pub struct Footing {
    /// Whether there is any.
    pub is_placed: bool,
    /// Whether one of them has a height.
    pub has_height: bool,
}

impl Footing {
    /// What its own position says.
    pub fn of(node: &ViewNode<'_>) -> Footing {
        let position = node.plain(RegisterKind::Position);
        Footing { is_placed: position.is_some(), has_height: position.is_some_and(has_height) }
    }

    /// What both say together.
    pub fn and(self, above: Footing) -> Footing {
        Footing {
            is_placed: self.is_placed || above.is_placed,
            has_height: self.has_height || above.has_height,
        }
    }
}

/// Whether a position of raw JSON has three numbers.
pub fn has_height(position: &str) -> bool {
    position.bytes().filter(|b| *b == b',').count() == 2
}

/// Lays shapes on the Earth.
pub struct Ground<'p> {
    pub plane: &'p Plane,
}

impl Ground<'_> {
    /// A place of the plane.
    ///
    /// # Errors
    /// What the plane does not reach; so it is for all that follow.
    pub fn spot(&self, [x, y, z]: [f64; 3], has_height: bool) -> Result<Spot, OutOfRange> {
        let place = self.plane.earth([x, y])?;
        Ok(Spot { lon: place.lon, lat: place.lat, z: has_height.then_some(z) })
    }

    /// The same with its longitude in (−180, 180], for a place that stands alone.
    fn folded(&self, at: [f64; 3], has_height: bool) -> Result<Spot, OutOfRange> {
        let spot = self.spot(at, has_height)?;
        Ok(Spot { lon: round::longitude(spot.lon), ..spot })
    }

    /// A straight line.
    pub fn line(&self, ends: [([f64; 3], bool); 2]) -> Result<Laid, OutOfRange> {
        let [from, to] = ends.map(|(at, has_height)| self.spot(at, has_height));
        Ok(Laid { geometry: Geometry::Lines(cut::line(vec![from?, to?])), place: None, lost: None })
    }

    /// A single place.
    pub fn point(&self, at: [f64; 3], has_height: bool) -> Result<Laid, OutOfRange> {
        let spot = self.folded(at, has_height)?;
        Ok(Laid { geometry: Geometry::Point(spot), place: Some(spot), lost: None })
    }

    /// A node's shape.
    pub fn shape(&self, shape: &Shape, stand: &Stand) -> Result<Laid, OutOfRange> {
        let is_drawn = matches!(
            shape,
            Shape::Rect { .. } | Shape::Ellipse { .. } | Shape::Polygon(_) | Shape::Line(_) | Shape::Path(_)
        );
        if !is_drawn {
            return self.mark(shape, stand);
        }
        let mut lost = None;
        let geometry = match shape {
            Shape::Line(points) => {
                // A third number of a point is a height, whatever the node's position has.
                let has_height = stand.footing.has_height || points.iter().any(|[_, _, z]| *z != 0.0);
                let spots: Result<_, _> =
                    points.iter().map(|p| self.spot(stand.world.apply(*p), has_height)).collect();
                Geometry::Lines(cut::line(spots?))
            }
            Shape::Path(segments) => {
                let metres = |difference| self.metres(&stand.world, difference);
                let (strokes, is_coarse) = curves::strokes(segments, metres);
                lost = is_coarse.then_some("detail");
                let lines: Result<Vec<_>, _> = strokes.iter().map(|s| self.spots(s, stand)).collect();
                Geometry::Lines(lines?.into_iter().flat_map(cut::line).collect())
            }
            Shape::Polygon(rings) => self.area(rings, stand)?,
            Shape::Rect { width, height, .. } => {
                let (x, y) = (width / 2.0, height / 2.0);
                self.area(&[vec![[-x, -y], [x, -y], [x, y], [-x, y]]], stand)?
            }
            Shape::Ellipse { rx, ry } => {
                let corner = |i| {
                    let (sin, cos) = sin_cos(360.0 * f64::from(i) / f64::from(CORNERS));
                    [rx * cos, ry * sin]
                };
                self.area(&[(0..CORNERS).map(corner).collect()], stand)?
            }
            _ => Geometry::Nowhere,
        };
        Ok(Laid { geometry, place: Some(self.place(shape, stand)?), lost })
    }

    /// What is only a point on a map.
    fn mark(&self, shape: &Shape, stand: &Stand) -> Result<Laid, OutOfRange> {
        if !stand.footing.is_placed && matches!(shape, Shape::Point) {
            return Ok(Laid::NOWHERE);
        }
        let lost = match shape {
            Shape::Point => None,
            Shape::Text { .. } => Some("text"),
            Shape::Mesh(_) => Some("mesh"),
            Shape::Blob { .. } => Some("model"),
            Shape::Unknown(_) => Some("geometry"),
            _ => Some("solid"),
        };
        Ok(Laid { lost, ..self.point(stand.world.position(), stand.footing.has_height)? })
    }

    fn area(&self, rings: &[Vec<Point>], stand: &Stand) -> Result<Geometry, OutOfRange> {
        let rings: Result<Vec<_>, _> = rings.iter().map(|ring| self.spots(ring, stand)).collect();
        Ok(Geometry::Areas(cut::area(rings?).ok_or(OutOfRange)?))
    }

    fn spots(&self, points: &[Point], stand: &Stand) -> Result<Vec<Spot>, OutOfRange> {
        points
            .iter()
            .map(|[x, y]| self.spot(stand.world.apply([*x, *y, 0.0]), stand.footing.has_height))
            .collect()
    }

    /// Its own place where its shape lies around it, else the middle of that.
    fn place(&self, shape: &Shape, stand: &Stand) -> Result<Spot, OutOfRange> {
        let [x, y, z] = stand.world.position();
        let bounds = shape.bounds(&stand.world, 0.0);
        let [x, y] = if bounds.holds([x, y]) { [x, y] } else { bounds.centre() };
        self.folded([x, y, z], stand.footing.has_height)
    }

    /// How long a difference of two places of a node's own frame is.
    fn metres(&self, world: &Transform, [x, y]: Point) -> f64 {
        let [a, b, c, d] = world.plane();
        self.plane.unit().to_metres(libm::hypot(a * x + c * y, b * x + d * y))
    }
}
