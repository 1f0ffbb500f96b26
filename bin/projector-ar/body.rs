//! What of a node is solid, in its own frame: a body that hides what is behind it.
//!
//! Boxes, balls and columns are met exactly; everything else by its triangles.

use ulp_view::geometry::Shape;
use ulp_view::solid::detail::{Detail, Left};
use ulp_view::solid::measure::Measure;
use ulp_view::solid::mesh::{self, Common};
use ulp_view::solid::space::{Vector, cross, dot, minus, plus};

/// Two corners: the least and the greatest.
pub type Box3 = (Vector, Vector);

/// A body, and the box around it.
#[derive(Clone, Debug)]
pub struct Body {
    pub form: Form,
    pub around: Box3,
}

/// How it is met.
#[derive(Clone, Debug)]
pub enum Form {
    Box,
    /// About the origin.
    Ball(f64),
    /// About z, from 0 to its height.
    Column {
        radius: f64,
        height: f64,
    },
    Triangles(Vec<[Vector; 3]>),
}

impl Body {
    /// The body of a shape; `height` is how high a flat one stands. None where there is nothing solid: points, lines and
    /// texts, and models that are not at hand.
    pub fn of(shape: &Shape, height: f64, left: &mut Left, measure: &Measure<'_>) -> Option<(Body, Detail)> {
        let (least, most) = mesh::bounds(shape, measure)?;
        let whole = |form, around| Some((Body { form, around }, Detail::Whole));
        match shape {
            Shape::Cuboid(_) => whole(Form::Box, (least, most)),
            Shape::Sphere(radius) => whole(Form::Ball(*radius), (least, most)),
            Shape::Cylinder { radius, height } => {
                whole(Form::Column { radius: *radius, height: *height }, (least, most))
            }
            Shape::Mesh(mesh) => {
                let corner = |i: &u32| mesh.positions.get(*i as usize).copied();
                let triangle = |t: &[u32]| Some([corner(&t[0])?, corner(&t[1])?, corner(&t[2])?]);
                let triangles = mesh.indices.chunks_exact(3).filter_map(triangle).collect();
                whole(Form::Triangles(triangles), (least, most))
            }
            Shape::Rect { radius, .. } if *radius == 0.0 => whole(Form::Box, risen((least, most), height)),
            Shape::Ellipse { rx, ry } => {
                let column = mesh::common(Common::Column);
                let triangles = stretched(&column, [*rx, *ry, height], [0.0; 3]);
                whole(Form::Triangles(triangles), risen((least, most), height))
            }
            Shape::Rect { .. } | Shape::Polygon(_) | Shape::Path(_) => {
                let middle = mesh::middle(shape, measure);
                let (mesh, detail) = left.own(shape, 0.0, false, measure);
                let triangles = stretched(&mesh, [1.0, 1.0, height], middle);
                let form = Form::Triangles(triangles);
                Some((Body { form, around: risen((least, most), height) }, detail))
            }
            _ => None,
        }
    }

    /// The middle of the box around it.
    pub fn middle(&self) -> Vector {
        let (least, most) = self.around;
        std::array::from_fn(|i| least[i] / 2.0 + most[i] / 2.0)
    }

    pub fn corners(&self) -> [Vector; 8] {
        ulp_view::solid::site::corners(self.around)
    }

    /// How far along a way from a place it is first met, as a part of that way; none where it is not, or the place is
    /// inside of it. Triangles are met one by one, by [`met`].
    pub fn met(&self, from: Vector, way: Vector) -> Option<f64> {
        let (enter, leave) = match &self.form {
            Form::Box => slabs(self.around, from, way)?,
            Form::Ball(radius) => ball(*radius, from, way)?,
            Form::Column { radius, height } => {
                let tall = slab([0.0, *height], from[2], way[2])?;
                both(tall, round(*radius, [from[0], from[1]], [way[0], way[1]])?)?
            }
            Form::Triangles(_) => return None,
        };
        (enter > 0.0 && enter <= leave).then_some(enter)
    }

    /// Whether triangles close around a place: seen from inside they fill the whole of the sky.
    pub fn surrounds(&self, place: Vector) -> bool {
        let (least, most) = self.around;
        let Form::Triangles(triangles) = &self.form else { return false };
        let is_near = (0..3).all(|i| least[i] <= place[i] && place[i] <= most[i]);
        let sky = || triangles.iter().map(|t| solid_angle(t.map(|corner| minus(corner, place)))).sum::<f64>();
        is_near && sky().abs() > std::f64::consts::TAU
    }
}

/// The box around a flat shape that stands so high.
fn risen((least, [x, y, _]): Box3, height: f64) -> Box3 {
    (least, [x, y, height])
}

/// The triangles of a mesh, stretched and moved.
fn stretched(mesh: &mesh::Mesh, stretch: Vector, by: Vector) -> Vec<[Vector; 3]> {
    if mesh.lines {
        return Vec::new();
    }
    let corner = |i: &u32| {
        let place = mesh.positions[*i as usize].map(f64::from);
        let z = place[2] * stretch[2];
        plus([place[0] * stretch[0], place[1] * stretch[1], z], by)
    };
    mesh.indices.chunks_exact(3).map(|t| [corner(&t[0]), corner(&t[1]), corner(&t[2])]).collect()
}

/// From where to where along a way something lies between two bounds.
fn slab([least, most]: [f64; 2], from: f64, way: f64) -> Option<(f64, f64)> {
    if way == 0.0 {
        return (least <= from && from <= most).then_some((f64::NEG_INFINITY, f64::INFINITY));
    }
    let (a, b) = ((least - from) / way, (most - from) / way);
    Some((a.min(b), a.max(b)))
}

fn slabs((least, most): Box3, from: Vector, way: Vector) -> Option<(f64, f64)> {
    let along = |i: usize| slab([least[i], most[i]], from[i], way[i]);
    both(both(along(0)?, along(1)?)?, along(2)?)
}

/// What two stretches share.
fn both(a: (f64, f64), b: (f64, f64)) -> Option<(f64, f64)> {
    let shared = (a.0.max(b.0), a.1.min(b.1));
    (shared.0 <= shared.1).then_some(shared)
}

/// From where to where a way lies within a ball about the origin.
fn ball(radius: f64, from: Vector, way: Vector) -> Option<(f64, f64)> {
    roots(dot(way, way), dot(from, way), dot(from, from) - radius * radius)
}

/// The same of a circle on the plane.
fn round(radius: f64, from: [f64; 2], way: [f64; 2]) -> Option<(f64, f64)> {
    let flat = |[x, y]: [f64; 2]| [x, y, 0.0];
    let (from, way) = (flat(from), flat(way));
    let (a, c) = (dot(way, way), dot(from, from) - radius * radius);
    if a == 0.0 {
        return (c <= 0.0).then_some((f64::NEG_INFINITY, f64::INFINITY));
    }
    roots(a, dot(from, way), c)
}

/// Between which two values a·t² + 2b·t + c is not above 0.
fn roots(a: f64, b: f64, c: f64) -> Option<(f64, f64)> {
    let square = b * b - a * c;
    if !(square >= 0.0 && a > 0.0) {
        return None;
    }
    let root = libm::sqrt(square);
    Some(((-b - root) / a, (-b + root) / a))
}

/// How far along a way a triangle is met, as a part of that way, from either side.
pub fn met(triangle: &[Vector; 3], from: Vector, way: Vector) -> Option<f64> {
    let [a, b, c] = triangle;
    let (u, v) = (minus(*b, *a), minus(*c, *a));
    let p = cross(way, v);
    let volume = dot(u, p);
    if volume == 0.0 {
        return None;
    }
    let t = minus(from, *a);
    let s = dot(t, p) / volume;
    let q = cross(t, u);
    let r = dot(way, q) / volume;
    let far = dot(v, q) / volume;
    (s >= 0.0 && r >= 0.0 && s + r <= 1.0 && far > 0.0).then_some(far)
}

/// How much of the sky a triangle fills, seen from the origin: positive where it runs counter-clockwise (Van Oosterom
/// and Strackee, 1983).
fn solid_angle([a, b, c]: [Vector; 3]) -> f64 {
    let [x, y, z] = [a, b, c].map(|v| libm::sqrt(dot(v, v)));
    let below = x * y * z + dot(a, b) * z + dot(a, c) * y + dot(b, c) * x;
    2.0 * libm::atan2(dot(a, cross(b, c)), below)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ulp_view::fonts::Fonts;

    fn body(shape: &Shape) -> Body {
        let fonts = Fonts::regular(Vec::new());
        Body::of(shape, 2.0, &mut Left::default(), &Measure::of_world(&fonts.faces())).unwrap().0
    }

    fn first(body: &Body, from: Vector, way: Vector) -> Option<f64> {
        let Form::Triangles(triangles) = &body.form else { return body.met(from, way) };
        let nearest = triangles.iter().filter_map(|t| met(t, from, way)).min_by(f64::total_cmp);
        nearest.filter(|_| !body.surrounds(from))
    }

    #[test]
    fn bodies_are_met_from_outside() {
        let square = vec![[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]];
        for (shape, front) in [
            (Shape::Cuboid([2.0, 2.0, 2.0]), 4.0),
            (Shape::Sphere(1.0), 4.0),
            (Shape::Cylinder { radius: 1.0, height: 2.0 }, 4.0),
            (Shape::Rect { width: 2.0, height: 2.0, radius: 0.0 }, 4.0),
            (Shape::Rect { width: 2.0, height: 2.0, radius: 0.5 }, 4.0),
            (Shape::Ellipse { rx: 1.0, ry: 3.0 }, 4.0),
            (Shape::Polygon(vec![square]), 4.0),
        ] {
            let body = body(&shape);
            let found = first(&body, [-5.0, 0.0, 0.5], [1.0, 0.0, 0.0]).unwrap();
            assert!((found - front).abs() < 0.2, "{shape:?}: {found}");
            assert_eq!(first(&body, [-5.0, 0.0, 0.5], [-1.0, 0.0, 0.0]), None, "{shape:?} is behind");
            assert_eq!(first(&body, [-5.0, 0.0, 9.5], [1.0, 0.0, 0.0]), None, "{shape:?} is below");
            assert_eq!(first(&body, [0.1, 0.1, 0.5], [1.0, 0.3, 0.1]), None, "inside of {shape:?}");
        }
    }

    #[test]
    fn what_has_no_inside_is_no_body() {
        let fonts = Fonts::regular(Vec::new());
        for shape in [Shape::Point, Shape::Line(vec![[0.0; 3], [1.0; 3]]), Shape::Unknown("x".to_owned())] {
            let none = Body::of(&shape, 1.0, &mut Left::default(), &Measure::of_world(&fonts.faces()));
            assert!(none.is_none(), "{shape:?}");
        }
    }
}
