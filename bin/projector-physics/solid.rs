//! Solids: what a shape becomes in the solver, and where it lies about its node.
//!
//! Boxes and spheres are centred on their node; a cylinder stands on it. What lies in the plane is extruded upwards.
//! A mesh is itself where it stands still, and otherwise its convex hull.

use rapier3d_f64::math::{Pose, Rotation, Vector};
use rapier3d_f64::parry::shape::{SharedShape, TriMesh};
use std::sync::Arc;
use ulp_core::json::Tape;
use ulp_view::geometry::{Shape, Triangles};
use ulp_view::path::{Contour, Point};
use ulp_view::solid::outline::{Rule, triangulate};
use ulp_view::transform::{LARGEST, Local, sin_cos};

/// How high what lies in the plane is where it does not say, in metres.
const HEIGHT: f64 = 0.1;
/// The least and the greatest extent along any axis, in metres.
const SMALLEST: f64 = 1e-3;
const LARGEST_SOLID: f64 = 1e6;
/// The corners that stand for a round outline which is no circle.
const ROUND: u32 = 32;
/// Most corners, triangles or convex parts of one solid.
const MOST_PARTS: usize = 20_000;

const NO_SHAPE: &str = "it has no shape that is solid";
const TOO_LARGE: &str = "its shape is smaller or larger than the solver takes, or flat";

/// A solid in the frame of its node.
#[derive(Clone)]
pub struct Solid {
    pub shape: SharedShape,
    pub at: Pose,
    /// In cubic metres; 0 where it is a surface.
    pub volume: f64,
}

impl Solid {
    /// Makes one of a geometry, raw JSON, with the height of what lies in the plane, and a scale.
    ///
    /// # Errors
    /// Why the solver cannot take it.
    pub fn of(
        geometry: Option<&str>,
        height: Option<f64>,
        scale: Option<&str>,
        stands_still: bool,
    ) -> Result<Solid, &'static str> {
        let scale = Local::said([None, None, scale]).scale;
        let shape = Shape::read(geometry, LARGEST, &mut Tape::new());
        let height = height.unwrap_or(HEIGHT);
        let maker = Maker { scale, stands_still };
        let (shape, at) = maker.shape(shape, height).ok_or(NO_SHAPE)??;
        let bounds = shape.compute_local_aabb();
        let extents = (bounds.maxs - bounds.mins).to_array();
        if extents.iter().any(|side| !(SMALLEST..=LARGEST_SOLID).contains(side)) && !maker.is_surface(&shape)
        {
            return Err(TOO_LARGE);
        }
        let volume = shape.mass_properties(1.0).mass();
        Ok(Solid { shape, at, volume })
    }
}

type Placed = Result<(SharedShape, Pose), &'static str>;

struct Maker {
    scale: [f64; 3],
    stands_still: bool,
}

impl Maker {
    /// Nothing where the shape is none of a solid.
    fn shape(&self, shape: Shape, height: f64) -> Option<Placed> {
        Some(match shape {
            Shape::Cuboid(sides) => self.cuboid(sides).map(|shape| (shape, Pose::IDENTITY)),
            Shape::Sphere(radius) => self.sphere(radius),
            Shape::Cylinder { radius, height } => self.cylinder([radius; 2], height),
            Shape::Rect { width, height: depth, .. } => {
                let up = Vector::new(0.0, 0.0, height * self.scale[2] / 2.0);
                self.cuboid([width, depth, height]).map(|shape| (shape, Pose::from_translation(up)))
            }
            Shape::Ellipse { rx, ry } => self.cylinder([rx, ry], height),
            Shape::Polygon(rings) => self.prism(&rings, height),
            Shape::Mesh(mesh) => self.mesh(&mesh),
            _ => return None,
        })
    }

    fn is_surface(&self, shape: &SharedShape) -> bool {
        // A floor may be flat, and no one weighs it.
        shape.as_trimesh().is_some_and(|mesh| {
            let bounds = mesh.local_aabb();
            let greatest = (bounds.maxs - bounds.mins).max_element();
            self.stands_still && (SMALLEST..=LARGEST_SOLID).contains(&greatest)
        })
    }

    fn cuboid(&self, sides: [f64; 3]) -> Result<SharedShape, &'static str> {
        let [x, y, z] = self.lengths(sides)?.map(|side| side / 2.0);
        Ok(SharedShape::cuboid(x, y, z))
    }

    /// Lengths along the axes, scaled.
    fn lengths(&self, sides: [f64; 3]) -> Result<[f64; 3], &'static str> {
        let sides: [f64; 3] = std::array::from_fn(|i| (sides[i] * self.scale[i]).abs());
        let fit = sides.iter().all(|side| (SMALLEST..=LARGEST_SOLID).contains(side));
        if fit { Ok(sides) } else { Err(TOO_LARGE) }
    }

    fn sphere(&self, radius: f64) -> Placed {
        let sides = self.lengths([2.0 * radius; 3])?;
        if sides[0] == sides[1] && sides[1] == sides[2] {
            return Ok((SharedShape::ball(sides[0] / 2.0), Pose::IDENTITY));
        }
        // One that is stretched is the hull of rings around it.
        let rings = (0..=ROUND / 2).flat_map(|ring| {
            let (around, up) = sin_cos(360.0 * f64::from(ring) / f64::from(ROUND));
            circle([around; 2]).into_iter().map(move |[x, y]| [x, y, up])
        });
        hull(rings.map(|p| std::array::from_fn(|i| p[i] * sides[i] / 2.0)).collect())
    }

    /// One that stands on its node.
    fn cylinder(&self, [rx, ry]: [f64; 2], height: f64) -> Placed {
        let [x, y, z] = self.lengths([2.0 * rx, 2.0 * ry, height])?;
        if x != y {
            return self.prism(&[circle([rx, ry])], height);
        }
        // The solver's cylinders lie along y.
        let half = std::f64::consts::FRAC_1_SQRT_2;
        let up = Vector::new(0.0, 0.0, z.copysign(height * self.scale[2]) / 2.0);
        let upright = Rotation::from_xyzw(half, 0.0, 0.0, half);
        Ok((SharedShape::cylinder(z / 2.0, x / 2.0), Pose::from_parts(up, upright)))
    }

    /// Rings of which what lies within an odd number is extruded.
    fn prism(&self, rings: &[Vec<Point>], height: f64) -> Placed {
        self.lengths([1.0, 1.0, height])?;
        let scaled = |[x, y]: Point| [x * self.scale[0], y * self.scale[1]];
        let rings: Vec<Vec<Point>> =
            rings.iter().map(|ring| ring.iter().copied().map(scaled).collect()).collect();
        if rings.iter().map(Vec::len).sum::<usize>() > MOST_PARTS {
            return Err(TOO_LARGE);
        }
        if rings.iter().flatten().flatten().any(|x| !x.is_finite() || x.abs() > LARGEST_SOLID) {
            return Err(TOO_LARGE);
        }
        let top = height * self.scale[2];
        let upright =
            |ring: &[Point]| ring.iter().flat_map(|[x, y]| [[*x, *y, 0.0], [*x, *y, top]]).collect();
        if let [ring] = &rings[..]
            && is_convex(ring)
        {
            return hull(upright(ring));
        }
        let parts: Vec<(Pose, SharedShape)> = triangles(&rings)
            .iter()
            .filter_map(|triangle| Some((Pose::IDENTITY, hull(upright(triangle)).ok()?.0)))
            .collect();
        if parts.is_empty() { Err(TOO_LARGE) } else { Ok((SharedShape::compound(parts), Pose::IDENTITY)) }
    }

    fn mesh(&self, mesh: &Triangles) -> Placed {
        let scaled = |p: &[f64; 3]| std::array::from_fn(|i| p[i] * self.scale[i]);
        let places: Vec<[f64; 3]> = mesh.positions.iter().map(scaled).collect();
        let is_far = |x: &f64| !x.is_finite() || x.abs() > LARGEST_SOLID;
        if places.len().max(mesh.indices.len() / 3) > MOST_PARTS || places.iter().flatten().any(is_far) {
            return Err(TOO_LARGE);
        }
        if !self.stands_still {
            return hull(places);
        }
        let has_area = |t: &[u32; 3]| {
            let [a, b, c] = t.map(|i| Vector::from_array(places[i as usize]));
            (b - a).cross(c - a).length() > SMALLEST * SMALLEST
        };
        let triangles: Vec<[u32; 3]> =
            mesh.indices.chunks_exact(3).map(|t| [t[0], t[1], t[2]]).filter(has_area).collect();
        let places = places.into_iter().map(Vector::from_array).collect();
        let mesh = TriMesh::new(places, triangles).map_err(|_| TOO_LARGE)?;
        Ok((SharedShape(Arc::new(mesh)), Pose::IDENTITY))
    }
}

/// An outline around the origin.
fn circle([rx, ry]: [f64; 2]) -> Vec<Point> {
    let at = |i| sin_cos(360.0 * f64::from(i) / f64::from(ROUND));
    (0..ROUND).map(at).map(|(sin, cos)| [rx * cos, ry * sin]).collect()
}

/// The convex hull, where it has a volume.
fn hull(mut points: Vec<[f64; 3]>) -> Placed {
    points.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])).then(a[2].total_cmp(&b[2])));
    points.dedup();
    if !is_solid(&points) {
        return Err(TOO_LARGE);
    }
    let points: Vec<Vector> = points.into_iter().map(Vector::from_array).collect();
    let shape = SharedShape::convex_hull(&points).ok_or(TOO_LARGE)?;
    let volume = shape.mass_properties(1.0).mass();
    if volume.is_finite() && volume > SMALLEST * SMALLEST * SMALLEST {
        Ok((shape, Pose::IDENTITY))
    } else {
        Err(TOO_LARGE)
    }
}

/// Whether points do not lie on one plane, and are far enough from it for a hull.
fn is_solid(points: &[[f64; 3]]) -> bool {
    let at = |i: usize| Vector::from_array(points[i]);
    let furthest = |of: &dyn Fn(Vector) -> f64| {
        (0..points.len()).map(|i| (of(at(i)), i)).fold((0.0, 0), |a, b| if b.0 > a.0 { b } else { a })
    };
    let Some(first) = points.first().map(|p| Vector::from_array(*p)) else { return false };
    let (length, second) = furthest(&|p| (p - first).length());
    if length < SMALLEST {
        return false;
    }
    let along = (at(second) - first) / length;
    let (width, third) = furthest(&|p| (p - first).cross(along).length());
    if width < SMALLEST {
        return false;
    }
    let normal = along.cross(at(third) - first).normalize();
    furthest(&|p| (p - first).dot(normal).abs()).0 >= SMALLEST
}

/// Whether a ring turns one way all along, and but once around.
fn is_convex(ring: &[Point]) -> bool {
    let corners = || (0..ring.len()).map(|i| [i, i + 1, i + 2].map(|i| ring[i % ring.len()]));
    let turn = |[a, b, c]: [Point; 3]| (b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0]);
    let one_way = corners().all(|c| turn(c) >= 0.0) || corners().all(|c| turn(c) <= 0.0);
    // A star turns one way too: along x, a ring that goes around once changes its direction twice.
    let mut ways: Vec<bool> =
        corners().map(|[a, b, _]| b[0] - a[0]).filter(|x| *x != 0.0).map(|x| x > 0.0).collect();
    ways.dedup();
    if ways.len() > 1 && ways.first() == ways.last() {
        ways.pop();
    }
    one_way && ways.len() == 2
}

/// What lies within an odd number of rings, as triangles.
fn triangles(rings: &[Vec<Point>]) -> Vec<[Point; 3]> {
    let outlines: Vec<Contour> =
        rings.iter().map(|ring| Contour { points: ring.clone(), closed: true }).collect();
    let cut = triangulate(&outlines, Rule::EvenOdd);
    cut.triangles.iter().map(|t| t.map(|i| cut.points[i as usize])).collect()
}
