//! Meshes for shapes. What differs in size alone is one mesh, stretched.

use crate::geometry::{Shape, Triangles};
use crate::path::Contour;
use crate::solid::measure::Measure;
use crate::solid::outline::{Rule, drawable, rounded_rect, triangulate};
use crate::solid::space::{Vector, cross, length, minus, plus, tame, tamed, unit};
use crate::solid::text;
use std::collections::BTreeSet;
use std::f64::consts::{PI, TAU};

/// Sides of a round column.
const SIDES: u32 = 32;
/// Sides of one that is far away.
pub const FEW_SIDES: u32 = 6;
/// Rows and columns of a ball.
const ROWS: u32 = 12;
const COLUMNS: u32 = 24;
/// How far up its thickness the letters of a text begin.
pub const FLOATING: f64 = 0.85;
/// A mesh that lies farther from its origin than this many times its reach is made about its own middle.
const AWAY: f64 = 32.0;

/// A mesh as a drawing program takes it: triangles, counter-clockwise from outside, or thin lines.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mesh {
    pub positions: Vec<[f32; 3]>,
    /// One a position, of length 1; none for lines.
    pub normals: Vec<[f32; 3]>,
    pub indices: Vec<u32>,
    pub lines: bool,
}

/// Meshes that many shapes share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Common {
    /// From −1/2 to 1/2 on each axis.
    Cube,
    /// The same, standing on z = 0.
    Slab,
    /// Radius 1.
    Ball,
    /// Radius 1, from z = 0 to 1.
    Column,
    /// A point: an octahedron of radius 1.
    Gem,
}

/// How a shape is drawn: as what mesh, and how far that is stretched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Plan {
    Common(Common, Vector),
    /// As a mesh of its own, which [`crate::solid::detail::Left::own`] makes.
    Own(Vector),
}

/// What the sizes of a scene say about what has no size of its own, in units of the drawing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sizes {
    /// How thick a flat shape is.
    pub thickness: f64,
    /// How wide a line is.
    pub line: f64,
    /// The radius of a point.
    pub point: f64,
}

/// Whether a shape is drawn in the plane, and so is given some height here.
pub fn is_flat(shape: &Shape) -> bool {
    match shape {
        Shape::Rect { .. } | Shape::Ellipse { .. } | Shape::Polygon(_) => true,
        Shape::Path(_) | Shape::Text { .. } => true,
        Shape::Line(points) => points.iter().all(|p| p[2] == 0.0),
        _ => false,
    }
}

/// How to draw a shape; `hollow` leaves the inside of a flat one open.
pub fn plan(shape: &Shape, sizes: &Sizes, hollow: bool, measure: &Measure<'_>) -> Plan {
    let Sizes { thickness, point, .. } = *sizes;
    let length = |length: f64| measure.length(length);
    match shape {
        Shape::Rect { width, height, radius } if *radius == 0.0 && !hollow => {
            Plan::Common(Common::Slab, [length(*width), length(*height), thickness])
        }
        Shape::Ellipse { rx, ry } if !hollow => {
            Plan::Common(Common::Column, [length(*rx), length(*ry), thickness])
        }
        Shape::Cuboid(size) => Plan::Common(Common::Cube, measure.place(*size)),
        Shape::Sphere(r) => Plan::Common(Common::Ball, [length(*r); 3]),
        Shape::Cylinder { radius, height } => {
            Plan::Common(Common::Column, measure.place([*radius, *radius, *height]))
        }
        Shape::Point | Shape::Unknown(_) => Plan::point(sizes),
        Shape::Blob { .. } => Plan::Common(Common::Cube, [2.0 * point; 3]),
        _ if is_flat(shape) => Plan::Own([1.0, 1.0, thickness]),
        _ => Plan::Own([1.0; 3]),
    }
}

impl Plan {
    /// A point, as which everything is drawn that cannot be drawn otherwise.
    pub fn point(sizes: &Sizes) -> Plan {
        Plan::Common(Common::Gem, [sizes.point; 3])
    }
}

/// Points of a shape's frame as seen from a place of it.
pub fn placed(points: &[Vector], from: Vector, measure: &Measure<'_>) -> Vec<Vector> {
    points.iter().map(|p| minus(measure.place(*p), from)).collect()
}

/// A line from point to point.
pub fn line(points: &[Vector], width: f64, flat: bool) -> Mesh {
    let (low, high) = if flat { (0.0, 1.0) } else { (-width / 2.0, width / 2.0) };
    beams(points, width, low, high)
}

/// A square of side 1 about the origin, on which a picture is shown.
pub fn sheet() -> Mesh {
    let mut mesh = Mesh::default();
    mesh.face(&[[-0.5, -0.5, 0.0], [0.5, -0.5, 0.0], [0.5, 0.5, 0.0], [-0.5, 0.5, 0.0]]);
    mesh
}

/// About what place of its node's frame a shape's own mesh is made: about its middle where it lies far from the
/// origin, as floats are finest near 0.
pub fn middle(shape: &Shape, measure: &Measure<'_>) -> Vector {
    let may_be_away = matches!(shape, Shape::Mesh(_) | Shape::Line(_) | Shape::Polygon(_) | Shape::Path(_));
    let around = may_be_away.then(|| bounds(shape, measure)).flatten();
    let Some((least, most)) = around else { return [0.0; 3] };
    let middle: Vector = std::array::from_fn(|i| least[i] / 2.0 + most[i] / 2.0);
    let reach = length(minus(most, least)) / 2.0;
    if length(middle) > AWAY * reach { middle } else { [0.0; 3] }
}

/// The outline of a flat shape as seen from a place of its frame; empty for others.
pub fn contours(shape: &Shape, measure: &Measure<'_>, [x, y, _]: Vector) -> Vec<Contour> {
    let mut contours = outlines(shape, measure);
    for p in contours.iter_mut().flat_map(|c| &mut c.points) {
        *p = [p[0] - x, p[1] - y].map(tame);
    }
    contours
}

/// The same from the origin.
fn outlines(shape: &Shape, measure: &Measure<'_>) -> Vec<Contour> {
    let length = |length: f64| measure.length(length);
    let closed = |points| vec![Contour { points, closed: true }];
    match shape {
        Shape::Rect { width, height, radius } => {
            vec![rounded_rect(length(*width), length(*height), length(*radius))]
        }
        Shape::Ellipse { rx, ry } => {
            closed(circle(SIDES).map(|(x, y)| [x * length(*rx), y * length(*ry)]).collect())
        }
        Shape::Polygon(rings) => {
            rings.iter().flat_map(|ring| closed(ring.iter().map(|p| p.map(length)).collect())).collect()
        }
        Shape::Path(segments) => {
            let mut contours = drawable(segments);
            contours.iter_mut().flat_map(|c| &mut c.points).for_each(|p| *p = p.map(length));
            contours
        }
        Shape::Text { text, size } => text::outlines(text, size.map_or(measure.text, length), measure.faces),
        _ => Vec::new(),
    }
}

/// The box around a shape in its own frame: least and greatest corner. `None` for what has no size.
pub fn bounds(shape: &Shape, measure: &Measure<'_>) -> Option<(Vector, Vector)> {
    let around = |size: Vector| {
        let half = measure.place(size).map(|s| s / 2.0);
        (half.map(|s| -s), half)
    };
    match shape {
        Shape::Rect { width, height, .. } => Some(around([*width, *height, 0.0])),
        Shape::Ellipse { rx, ry } => Some(around([2.0 * rx, 2.0 * ry, 0.0])),
        Shape::Cuboid(size) => Some(around(*size)),
        Shape::Sphere(r) => Some(around([2.0 * r; 3])),
        Shape::Cylinder { radius: r, height } => {
            Some((measure.place([-r, -r, 0.0]), measure.place([*r, *r, *height])))
        }
        Shape::Text { text, size } => {
            let (right, low) = text::extent(text, measure.faces);
            let size = size.map_or(measure.text, |size| measure.length(size));
            Some(([0.0, low * size, 0.0], [tame(right * size), size, 0.0]))
        }
        Shape::Line(points) => around_points(points.iter().map(|p| measure.place(*p))),
        Shape::Mesh(mesh) => around_points(mesh.positions.iter().map(|p| measure.place(*p))),
        Shape::Polygon(_) | Shape::Path(_) => {
            let contours = outlines(shape, measure);
            around_points(contours.iter().flat_map(|c| &c.points).map(|p| [p[0], p[1], 0.0]))
        }
        Shape::Point | Shape::Blob { .. } | Shape::Unknown(_) => None,
    }
}

/// The box around points.
pub fn around_points(points: impl Iterator<Item = Vector>) -> Option<(Vector, Vector)> {
    points.fold(None, |bounds, p| {
        let (least, most) = bounds.unwrap_or((p, p));
        let pick = |f: fn(f64, f64) -> f64, a: Vector| [f(a[0], p[0]), f(a[1], p[1]), f(a[2], p[2])];
        Some((pick(f64::min, least), pick(f64::max, most)))
    })
}

/// A mesh that many shapes share.
pub fn common(which: Common) -> Mesh {
    match which {
        Common::Cube => cuboid(-0.5, 0.5),
        Common::Slab => cuboid(0.0, 1.0),
        Common::Ball => ball(),
        Common::Column => column(SIDES),
        Common::Gem => gem(),
    }
}

impl Mesh {
    fn corner(&mut self, position: Vector, normal: Vector) -> u32 {
        self.positions.push(position.map(|c| c as f32));
        self.normals.push(normal.map(|c| c as f32));
        // A mesh of more corners than fit 32 bits fits no memory.
        u32::try_from(self.positions.len() - 1).unwrap_or(u32::MAX)
    }

    /// A flat face with corners of its own, counter-clockwise, unless it has no area.
    fn face(&mut self, corners: &[Vector]) {
        let [a, b, c, ..] = corners else { return };
        let Some(normal) = normal_of(*a, *b, *c) else { return };
        let first = self.corner(*a, normal);
        let mut last = self.corner(*b, normal);
        for corner in &corners[2..] {
            let next = self.corner(*corner, normal);
            self.indices.extend([first, last, next]);
            last = next;
        }
    }
}

fn normal_of(a: Vector, b: Vector, c: Vector) -> Option<Vector> {
    let (u, v) = (unit(minus(b, a))?, unit(minus(c, a))?);
    unit(cross(u, v))
}

/// The corners of a regular polygon of radius 1.
fn circle(sides: u32) -> impl Iterator<Item = (f64, f64)> {
    (0..sides).map(move |i| {
        let angle = TAU * f64::from(i) / f64::from(sides);
        (libm::cos(angle), libm::sin(angle))
    })
}

fn cuboid(low: f64, high: f64) -> Mesh {
    let mut mesh = Mesh::default();
    let ring = [[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]];
    let at = |p: [f64; 2], z: f64| [p[0], p[1], z];
    mesh.face(&ring.map(|p| at(p, high)));
    mesh.face(&[0, 3, 2, 1].map(|i: usize| at(ring[i], low)));
    for i in 0..ring.len() {
        let (p, q) = (ring[i], ring[(i + 1) % ring.len()]);
        mesh.face(&[at(p, low), at(q, low), at(q, high), at(p, high)]);
    }
    mesh
}

/// A column of radius 1 from z = 0 to 1, of so many sides.
pub fn column(sides: u32) -> Mesh {
    let mut mesh = Mesh::default();
    let ring: Vec<(f64, f64)> = circle(sides).collect();
    mesh.face(&ring.iter().map(|(x, y)| [*x, *y, 1.0]).collect::<Vec<_>>());
    mesh.face(&ring.iter().rev().map(|(x, y)| [*x, *y, 0.0]).collect::<Vec<_>>());
    let wall: Vec<[u32; 2]> =
        ring.iter().map(|(x, y)| [0.0, 1.0].map(|z| mesh.corner([*x, *y, z], [*x, *y, 0.0]))).collect();
    for (i, [low, high]) in wall.iter().enumerate() {
        let [next_low, next_high] = wall[(i + 1) % wall.len()];
        mesh.indices.extend([*low, next_low, next_high, *low, next_high, *high]);
    }
    mesh
}

fn ball() -> Mesh {
    let mut mesh = Mesh::default();
    for row in 0..=ROWS {
        let angle = PI * f64::from(row) / f64::from(ROWS);
        let (height, radius) = (libm::cos(angle), libm::sin(angle));
        for column in 0..=COLUMNS {
            let around = TAU * f64::from(column % COLUMNS) / f64::from(COLUMNS);
            let p = [radius * libm::cos(around), radius * libm::sin(around), height];
            mesh.corner(p, p);
        }
    }
    for row in 0..ROWS {
        for column in 0..COLUMNS {
            let a = row * (COLUMNS + 1) + column;
            let b = a + COLUMNS + 1;
            if row > 0 {
                mesh.indices.extend([a, b, a + 1]);
            }
            if row + 1 < ROWS {
                mesh.indices.extend([a + 1, b, b + 1]);
            }
        }
    }
    mesh
}

fn gem() -> Mesh {
    let mut mesh = Mesh::default();
    let ring = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]];
    for i in 0..ring.len() {
        let (p, q) = (ring[i], ring[(i + 1) % ring.len()]);
        mesh.face(&[p, q, [0.0, 0.0, 1.0]]);
        mesh.face(&[q, p, [0.0, 0.0, -1.0]]);
    }
    mesh
}

/// What contours enclose, from z = `low` to 1; their lines where they enclose nothing, or are to be hollow.
pub fn plate(contours: &[Contour], width: f64, hollow: bool, low: f64, rule: Rule) -> Mesh {
    let cut = if hollow { Default::default() } else { triangulate(contours, rule) };
    let mut mesh = Mesh::default();
    if cut.triangles.is_empty() {
        for contour in contours {
            let mut points: Vec<Vector> = contour.points.iter().map(|p| [p[0], p[1], 0.0]).collect();
            if contour.closed && points.len() > 2 {
                points.push(points[0]);
            }
            append(&mut mesh, &beams(&points, width, low, 1.0));
        }
        return mesh;
    }
    let at = |i: u32, z: f64| {
        let [x, y] = cut.points[i as usize];
        [x, y, z]
    };
    for (z, up) in [(1.0, true), (low, false)] {
        let normal = [0.0, 0.0, if up { 1.0 } else { -1.0 }];
        let base = mesh.positions.len() as u32;
        for i in 0..cut.points.len() as u32 {
            mesh.corner(at(i, z), normal);
        }
        for [a, b, c] in &cut.triangles {
            mesh.indices.extend(if up {
                [a + base, b + base, c + base]
            } else {
                [a + base, c + base, b + base]
            });
        }
    }
    // An edge whose other side no triangle has is a border, and stands as a wall.
    let edges: BTreeSet<(u32, u32)> =
        cut.triangles.iter().flat_map(|[a, b, c]| [(*a, *b), (*b, *c), (*c, *a)]).collect();
    for (a, b) in edges.iter().filter(|(a, b)| !edges.contains(&(*b, *a))) {
        mesh.face(&[at(*a, low), at(*b, low), at(*b, 1.0), at(*a, 1.0)]);
    }
    mesh
}

pub fn append(mesh: &mut Mesh, other: &Mesh) {
    let base = mesh.positions.len() as u32;
    mesh.positions.extend(&other.positions);
    mesh.normals.extend(&other.normals);
    mesh.indices.extend(other.indices.iter().map(|i| i + base));
}

/// A line of no width.
pub fn thin(points: &[Vector]) -> Mesh {
    let last = points.len().saturating_sub(1) as u32;
    Mesh {
        positions: points.iter().map(|p| p.map(|c| c as f32)).collect(),
        normals: Vec::new(),
        indices: (0..last).flat_map(|i| [i, i + 1]).collect(),
        lines: true,
    }
}

/// A beam along each stretch of a line, from `low` to `high` above it.
fn beams(points: &[Vector], width: f64, low: f64, high: f64) -> Mesh {
    let mut mesh = Mesh::default();
    for pair in points.windows(2) {
        let Some(along) = unit(minus(pair[1], pair[0])) else { continue };
        // What is upright has no side of its own.
        let side = unit(cross([0.0, 0.0, 1.0], along)).unwrap_or([0.0, 1.0, 0.0]);
        let up = cross(along, side);
        // Beams reach past their ends by half their width, so that corners close.
        let reach = along.map(|c| c * width / 2.0);
        let (from, to) = (minus(pair[0], reach), plus(pair[1], reach));
        let corner = |end: Vector, s: f64, z: f64| {
            tamed(plus(plus(end, side.map(|c| c * s * width / 2.0)), up.map(|c| c * z)))
        };
        let ring = |end: Vector| {
            [(-1.0, low), (1.0, low), (1.0, high), (-1.0, high)].map(|(s, z)| corner(end, s, z))
        };
        let (a, b) = (ring(from), ring(to));
        mesh.face(&[a[3], a[2], a[1], a[0]]);
        mesh.face(&b);
        for i in 0..4 {
            let j = (i + 1) % 4;
            mesh.face(&[a[i], a[j], b[j], b[i]]);
        }
    }
    mesh
}

/// A mesh as it was given, at these places: triangles that lie outside its list are left out, and normals that are missing or
/// nowhere are those of the faces around.
pub fn given(triangles: &Triangles, positions: Vec<Vector>) -> Mesh {
    let count = positions.len();
    let inside = |t: &&[u32]| t.iter().all(|i| (*i as usize) < count);
    let indices: Vec<u32> = triangles.indices.chunks_exact(3).filter(inside).flatten().copied().collect();
    let mut sums = vec![[0.0; 3]; count];
    for t in indices.chunks_exact(3) {
        let [a, b, c] = [t[0], t[1], t[2]].map(|i| positions[i as usize]);
        let Some(normal) = normal_of(a, b, c) else { continue };
        t.iter().for_each(|i| sums[*i as usize] = plus(sums[*i as usize], normal));
    }
    let normals = sums.into_iter().enumerate().map(|(i, around)| {
        let named = triangles.normals.get(i).filter(|_| triangles.normals.len() == count);
        named.and_then(|n| unit(*n)).or_else(|| unit(around)).unwrap_or([0.0, 0.0, 1.0])
    });
    Mesh {
        normals: normals.map(|n| n.map(|c| c as f32)).collect(),
        positions: positions.iter().map(|p| p.map(|c| c as f32)).collect(),
        indices,
        lines: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every edge of a closed mesh is met once from either side, and its faces look outwards.
    fn volume(mesh: &Mesh) -> f64 {
        let double = |i: u32| mesh.positions[i as usize].map(f64::from);
        let six = |t: &[u32]| {
            let [a, b, c] = [double(t[0]), double(t[1]), double(t[2])];
            crate::solid::space::dot(a, cross(b, c))
        };
        mesh.indices.chunks_exact(3).map(six).sum::<f64>() / 6.0
    }

    #[test]
    fn solids_look_outwards() {
        for (which, expected) in [
            (Common::Cube, 1.0),
            (Common::Slab, 1.0),
            (Common::Ball, 4.0 / 3.0 * PI),
            (Common::Column, PI),
            (Common::Gem, 4.0 / 3.0),
        ] {
            let mesh = common(which);
            assert!((volume(&mesh) / expected - 1.0).abs() < 0.05, "{which:?} {}", volume(&mesh));
            for (i, n) in mesh.normals.iter().enumerate() {
                let length = n.iter().map(|c| c * c).sum::<f32>();
                assert!((length - 1.0).abs() < 1e-5, "{which:?} {i}");
            }
        }
    }

    #[test]
    fn plates_and_beams_hold_what_they_should() {
        let square = Contour { points: vec![[0.0, 0.0], [0.0, 4.0], [4.0, 4.0], [4.0, 0.0]], closed: true };
        assert!(
            (volume(&plate(std::slice::from_ref(&square), 1.0, false, 0.0, Rule::NonZero)) - 16.0).abs()
                < 1e-4
        );
        assert!((volume(&plate(&[square], 1.0, true, 0.0, Rule::EvenOdd)) - 20.0).abs() < 1e-4);
        let line = beams(&[[0.0; 3], [0.0, 0.0, 9.0]], 1.0, -0.5, 0.5);
        assert!((volume(&line) - 10.0).abs() < 1e-4);
    }

    #[test]
    fn a_given_mesh_keeps_what_is_whole() {
        let triangles = Triangles {
            positions: vec![[0.0; 3], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]],
            normals: vec![[0.0; 3]],
            indices: vec![0, 1, 2, 0, 1, 9, 0, 0, 0, 1],
        };
        let mesh = given(&triangles, triangles.positions.clone());
        assert_eq!(mesh.indices, [0, 1, 2, 0, 0, 0]);
        assert_eq!(mesh.normals, [[0.0, 0.0, 1.0]; 3]);
    }
}
