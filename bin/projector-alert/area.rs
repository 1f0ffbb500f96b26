//! Where an alert holds: the shape of its node on the Earth, as CAP writes it, latitude first.

use crate::lore::Lore;
use crate::words::Slot;
use ulp_core::json::Tape;
use ulp_view::geodesy::cut::{self, Ring, Spot};
use ulp_view::geodesy::{LatLon, OutOfRange, Plane, round};
use ulp_view::geometry::{Shape, on_plane};
use ulp_view::path::Point;
use ulp_view::transform::{LARGEST, Transform, sin_cos};

/// How many corners stand for an ellipse.
const CORNERS: u32 = 64;
/// Two lengths that differ by less than this part are one: a turn changes the last digits.
const ROUND: f64 = 1e-9;

/// An area.
#[derive(Clone, Debug, PartialEq)]
pub enum Area {
    /// `lat,lon radius`, in kilometres.
    Circle(String),
    /// `lat,lon` a corner, the first of them again at the end. Several where it crosses the antimeridian.
    Polygons(Vec<String>),
}

/// Why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lacks {
    /// Nothing says where.
    Place,
    /// A line surrounds nothing.
    Inside,
    /// The plane does not reach so far.
    Reach,
}

impl Area {
    /// The area of a node that stands in a frame.
    pub fn of(lore: &Lore<'_>, world: &Transform, plane: &Plane) -> Result<Area, Lacks> {
        let geometry = lore.value(Slot::Geometry);
        let is_somewhere = geometry.or(lore.value(Slot::Position)).or(lore.value(Slot::Parent)).is_some();
        if !is_somewhere {
            return Err(Lacks::Place);
        }
        match Shape::read(geometry, LARGEST, &mut Tape::new()).in_plane() {
            Shape::Line(_) | Shape::Path(_) => Err(Lacks::Inside),
            Shape::Rect { width, height, .. } => {
                let (x, y) = (width / 2.0, height / 2.0);
                polygons(&[[-x, -y], [x, -y], [x, y], [-x, y]], world, plane)
            }
            Shape::Polygon(rings) => polygons(rings.first().map_or(&[], Vec::as_slice), world, plane),
            Shape::Ellipse { rx, ry } => match radius(rx, ry, world) {
                Some(radius) => circle(plane.unit().to_metres(radius), world, plane),
                None => polygons(&corners(rx, ry), world, plane),
            },
            _ => circle(0.0, world, plane),
        }
    }
}

/// The corners of an ellipse, from +x on.
fn corners(rx: f64, ry: f64) -> Vec<Point> {
    let turn = |i: u32| sin_cos(360.0 * f64::from(i) / f64::from(CORNERS));
    (0..CORNERS).map(turn).map(|(sin, cos)| [rx * cos, ry * sin]).collect()
}

/// The radius of an ellipse that is a circle where it stands.
fn radius(rx: f64, ry: f64, world: &Transform) -> Option<f64> {
    let [a, b, c, d] = world.plane();
    let (x, y) = ([rx * a, rx * b], [ry * c, ry * d]);
    let (long, other) = (libm::hypot(x[0], x[1]), libm::hypot(y[0], y[1]));
    let slant = (x[0] * y[0] + x[1] * y[1]).abs();
    let is_round = (long - other).abs() <= ROUND * long && slant <= ROUND * long * other;
    is_round.then_some(long)
}

fn circle(metres: f64, world: &Transform, plane: &Plane) -> Result<Area, Lacks> {
    let [x, y, _] = world.position();
    let kilometres = round::position(metres / 1000.0);
    Ok(Area::Circle(format!("{} {kilometres}", place([x, y], plane)?)))
}

fn polygons(points: &[Point], world: &Transform, plane: &Plane) -> Result<Area, Lacks> {
    let corner = |point: &Point| plane.earth(on_plane(world, *point));
    let corner = |point: &Point| corner(point).map(|LatLon { lat, lon }| Spot { lon, lat, z: None });
    let ring: Ring =
        points.iter().map(corner).collect::<Result<_, _>>().map_err(|OutOfRange| Lacks::Reach)?;
    let rings = match cut::ring(ring.clone()) {
        Some(ring) => vec![ring],
        // One that is given has no holes, and neither have its parts.
        None => cut::area(vec![ring]).ok_or(Lacks::Reach)?.into_iter().flatten().collect(),
    };
    Ok(Area::Polygons(rings.iter().map(|ring| corners_of(ring)).collect()))
}

/// The corners of a closed ring; one that was given closed is not closed again.
fn corners_of(ring: &[Spot]) -> String {
    let mut corners: Vec<String> = ring.iter().map(|spot| degrees(spot.lat, spot.lon)).collect();
    if let [.., last, again] = &corners[..]
        && last == again
    {
        corners.pop();
    }
    corners.join(" ")
}

fn place(at: Point, plane: &Plane) -> Result<String, Lacks> {
    let LatLon { lat, lon } = plane.earth(at).map_err(|OutOfRange| Lacks::Reach)?;
    Ok(degrees(lat, round::longitude(lon)))
}

/// Degrees with 9 decimals, and without an exponent, which CAP does not know.
fn degrees(lat: f64, lon: f64) -> String {
    format!("{},{}", round::degrees(lat), round::degrees(lon))
}
