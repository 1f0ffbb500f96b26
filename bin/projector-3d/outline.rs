//! Outlines in the plane: SVG paths flattened, and any outline cut into triangles.

use crate::space::tame;
use i_triangle::float::triangulatable::Triangulatable;
use std::f64::consts::{FRAC_PI_2, TAU};
use svgtypes::{PathParser, PathSegment};

pub type Point = [f64; 2];

/// Lines that a curve becomes.
const STEPS: usize = 12;
/// Lines that it becomes in a path of very many.
const FEW_STEPS: usize = 3;
/// From so many curves on, a path has very many.
const MANY: usize = 4000;
/// Lines that a rounded corner becomes.
const CORNER_STEPS: usize = 8;

/// A contour, and whether it comes back to its beginning.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contour {
    pub points: Vec<Point>,
    pub closed: bool,
}

/// Triangles in the plane, counter-clockwise.
#[derive(Debug, Default)]
pub struct Cut {
    pub points: Vec<Point>,
    pub triangles: Vec<[u32; 3]>,
}

/// Cuts the inside of contours into triangles, by the non-zero rule as in SVG. Contours may cross themselves and
/// each other; those that hold no area give nothing.
pub fn triangulate(contours: &[Contour]) -> Cut {
    let lists: Vec<Vec<Point>> =
        contours.iter().filter(|c| c.points.len() > 2).map(|c| c.points.clone()).collect();
    if !lists.iter().any(|list| has_extent(list)) {
        return Cut::default();
    }
    let cut = lists.triangulate().to_triangulation::<u32>();
    let triangles = cut.indices.chunks_exact(3).map(|t| [t[0], t[1], t[2]]).collect();
    Cut { points: cut.points.into_iter().map(|p| p.map(tame)).collect(), triangles }
}

/// Whether points lie neither on one spot nor on a line along an axis.
fn has_extent(points: &[Point]) -> bool {
    let differs = |axis: usize| points.iter().any(|p| p[axis] != points[0][axis]);
    differs(0) && differs(1)
}

/// The outline of a rectangle around the origin with rounded corners.
pub fn rounded_rect(width: f64, height: f64, radius: f64) -> Contour {
    let (w, h) = (width / 2.0, height / 2.0);
    let radius = radius.min(w).min(h);
    let corners = [
        (w - radius, h - radius),
        (radius - w, h - radius),
        (radius - w, radius - h),
        (w - radius, radius - h),
    ];
    let mut points = Vec::with_capacity(corners.len() * (CORNER_STEPS + 1));
    for (start, (x, y)) in [0.0, 1.0, 2.0, 3.0].into_iter().zip(corners) {
        for step in 0..=CORNER_STEPS {
            let angle = FRAC_PI_2 * (start + step as f64 / CORNER_STEPS as f64);
            points.push([x + radius * libm::cos(angle), y + radius * libm::sin(angle)]);
        }
    }
    Contour { points, closed: true }
}

/// The contours of SVG path data. A path that breaks off is drawn up to there, as SVG asks.
pub fn path(data: &str) -> Vec<Contour> {
    contours(PathParser::from(data).map_while(Result::ok).collect())
}

/// The contours that segments draw.
pub fn contours(segments: Vec<PathSegment>) -> Vec<Contour> {
    let steps = if segments.len() > MANY { FEW_STEPS } else { STEPS };
    let mut pen = Pen { steps, ..Pen::default() };
    segments.into_iter().for_each(|s| pen.draw(s));
    pen.end();
    pen.contours
}

/// What draws a path.
#[derive(Default)]
struct Pen {
    contours: Vec<Contour>,
    open: Vec<Point>,
    start: Point,
    at: Point,
    /// The last control point of a cubic or a quadratic curve, for the smooth one that follows.
    cubic: Option<Point>,
    quadratic: Option<Point>,
    steps: usize,
}

impl Pen {
    fn end(&mut self) {
        let points = std::mem::take(&mut self.open);
        if points.len() > 1 {
            self.contours.push(Contour { points, closed: false });
        }
    }

    fn close(&mut self) {
        let points = std::mem::take(&mut self.open);
        if points.len() > 1 {
            self.contours.push(Contour { points, closed: true });
        }
        self.at = self.start;
    }

    fn line(&mut self, to: Point) {
        if self.open.is_empty() {
            self.open.push(self.at);
        }
        self.at = to.map(tame);
        self.open.push(self.at);
    }

    fn draw(&mut self, segment: PathSegment) {
        use PathSegment as S;
        let from = self.at;
        let place = |abs: bool, x: f64, y: f64| if abs { [x, y] } else { [from[0] + x, from[1] + y] };
        let (cubic, quadratic) = (self.cubic.take(), self.quadratic.take());
        match segment {
            S::MoveTo { abs, x, y } => {
                self.end();
                self.start = place(abs, x, y).map(tame);
                self.at = self.start;
            }
            S::LineTo { abs, x, y } => self.line(place(abs, x, y)),
            S::HorizontalLineTo { abs, x } => self.line([place(abs, x, 0.0)[0], from[1]]),
            S::VerticalLineTo { abs, y } => self.line([from[0], place(abs, 0.0, y)[1]]),
            S::CurveTo { abs, x1, y1, x2, y2, x, y } => {
                self.cubic(place(abs, x1, y1), place(abs, x2, y2), place(abs, x, y));
            }
            S::SmoothCurveTo { abs, x2, y2, x, y } => {
                self.cubic(mirrored(cubic, from), place(abs, x2, y2), place(abs, x, y));
            }
            S::Quadratic { abs, x1, y1, x, y } => self.quadratic(place(abs, x1, y1), place(abs, x, y)),
            S::SmoothQuadratic { abs, x, y } => self.quadratic(mirrored(quadratic, from), place(abs, x, y)),
            S::EllipticalArc { abs, rx, ry, x_axis_rotation, large_arc, sweep, x, y } => {
                let arc = Arc { radii: [rx, ry], turned: x_axis_rotation, large: large_arc, sweep };
                self.arc(&arc, place(abs, x, y).map(tame));
            }
            S::ClosePath { .. } => self.close(),
        }
    }

    fn cubic(&mut self, a: Point, b: Point, to: Point) {
        let from = self.at;
        for step in 1..=self.steps {
            let t = step as f64 / self.steps as f64;
            let s = 1.0 - t;
            let [p, q, r, u] = [s * s * s, 3.0 * s * s * t, 3.0 * s * t * t, t * t * t];
            let mix = |i: usize| p * from[i] + q * a[i] + r * b[i] + u * to[i];
            self.line([mix(0), mix(1)]);
        }
        self.cubic = Some(b);
    }

    fn quadratic(&mut self, a: Point, to: Point) {
        let from = self.at;
        for step in 1..=self.steps {
            let t = step as f64 / self.steps as f64;
            let s = 1.0 - t;
            let mix = |i: usize| s * s * from[i] + 2.0 * s * t * a[i] + t * t * to[i];
            self.line([mix(0), mix(1)]);
        }
        self.quadratic = Some(a);
    }

    /// An arc, by the notes on its implementation in SVG (appendix B.2).
    fn arc(&mut self, arc: &Arc, to: Point) {
        let Some(centred) = arc.centred(self.at, to) else { return self.line(to) };
        // Twice the steps of a curve for a full turn.
        let steps = (libm::ceil(2.0 * self.steps as f64 * centred.sweep.abs() / TAU)).max(1.0) as usize;
        for step in 1..steps {
            self.line(centred.point(step as f64 / steps as f64));
        }
        self.line(to);
    }
}

/// The control point of a smooth curve: the last one's, mirrored.
fn mirrored(control: Option<Point>, at: Point) -> Point {
    control.map_or(at, |c| [2.0 * at[0] - c[0], 2.0 * at[1] - c[1]])
}

struct Arc {
    radii: Point,
    /// Degrees.
    turned: f64,
    large: bool,
    sweep: bool,
}

/// An arc as a centre, radii and angles.
struct Centred {
    center: Point,
    radii: Point,
    cosine: f64,
    sine: f64,
    start: f64,
    sweep: f64,
}

impl Arc {
    /// Nothing where the arc is a line, or nowhere.
    fn centred(&self, from: Point, to: Point) -> Option<Centred> {
        let [mut rx, mut ry] = self.radii.map(|r| tame(r).abs());
        if rx == 0.0 || ry == 0.0 || from == to {
            return None;
        }
        let angle = libm::fmod(tame(self.turned), 360.0).to_radians();
        let (cosine, sine) = (libm::cos(angle), libm::sin(angle));
        let half = [(from[0] - to[0]) / 2.0, (from[1] - to[1]) / 2.0];
        let x = cosine * half[0] + sine * half[1];
        let y = cosine * half[1] - sine * half[0];
        // Radii that are too small to reach grow until they do.
        let reach = (x / rx) * (x / rx) + (y / ry) * (y / ry);
        if reach > 1.0 {
            rx *= libm::sqrt(reach);
            ry *= libm::sqrt(reach);
        }
        let (u, v) = (x / rx, y / ry);
        let rest = ((1.0 - u * u - v * v) / (u * u + v * v)).max(0.0);
        let side = if self.large == self.sweep { -libm::sqrt(rest) } else { libm::sqrt(rest) };
        let (cx, cy) = (side * v, -side * u);
        let start = libm::atan2(v - cy, u - cx);
        let mut sweep = libm::atan2(-v - cy, -u - cx) - start;
        if self.sweep && sweep < 0.0 {
            sweep += TAU;
        } else if !self.sweep && sweep > 0.0 {
            sweep -= TAU;
        }
        let middle = [(from[0] + to[0]) / 2.0, (from[1] + to[1]) / 2.0];
        let (cx, cy) = (cx * rx, cy * ry);
        let center = [cosine * cx - sine * cy + middle[0], sine * cx + cosine * cy + middle[1]];
        let all = [center[0], center[1], start, sweep, rx, ry];
        all.iter().all(|n| n.is_finite()).then_some(Centred {
            center,
            radii: [rx, ry],
            cosine,
            sine,
            start,
            sweep,
        })
    }
}

impl Centred {
    fn point(&self, t: f64) -> Point {
        let angle = self.start + self.sweep * t;
        let (x, y) = (self.radii[0] * libm::cos(angle), self.radii[1] * libm::sin(angle));
        [self.cosine * x - self.sine * y + self.center[0], self.sine * x + self.cosine * y + self.center[1]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(cut: &Cut) -> f64 {
        let double = |t: &[u32; 3]| {
            let [a, b, c] = t.map(|i| cut.points[i as usize]);
            (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])
        };
        cut.triangles.iter().map(double).sum::<f64>() / 2.0
    }

    fn closed(points: &[Point]) -> Contour {
        Contour { points: points.to_vec(), closed: true }
    }

    #[test]
    fn areas_are_kept_whatever_the_winding() {
        let square = [[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0]];
        let mut turned = square;
        turned.reverse();
        let hole = [[1.0, 1.0], [1.0, 2.0], [2.0, 2.0], [2.0, 1.0]];
        for (contours, expected) in [
            (vec![closed(&square)], 16.0),
            (vec![closed(&turned)], 16.0),
            (vec![closed(&square), closed(&hole)], 15.0),
            (vec![closed(&square), closed(&square)], 16.0),
            (vec![closed(&[[0.0, 0.0], [2.0, 2.0], [2.0, 0.0], [0.0, 2.0]])], 2.0),
            (vec![closed(&[[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]])], 0.0),
            (vec![closed(&[[1.0, 1.0]; 9])], 0.0),
            (vec![closed(&[[1.0, 1.0], [1.0, 5.0], [1.0, 9.0]])], 0.0),
            (vec![], 0.0),
        ] {
            assert!((area(&triangulate(&contours)) - expected).abs() < 1e-6, "{contours:?}");
        }
    }

    #[test]
    fn huge_and_tiny_outlines_are_cut() {
        for size in [1e15, 1e-15, 1e-300] {
            let cut = triangulate(&[closed(&[[-size, -size], [size, -size], [size, size], [-size, size]])]);
            assert!(cut.points.iter().flatten().all(|n| n.is_finite()), "{size}");
        }
        triangulate(&[closed(&[[-1e15, 0.0], [1e15, 1e-15], [0.0, 1e15]])]);
    }

    #[test]
    fn an_arc_is_round() {
        let circle = path("M 1 0 A 1 1 0 0 1 -1 0 A 1 1 0 0 1 1 0 Z");
        assert!(circle[0].points.iter().all(|p| (p[0] * p[0] + p[1] * p[1] - 1.0).abs() < 1e-9));
        assert!((area(&triangulate(&circle)) - std::f64::consts::PI).abs() < 0.05);
    }

    #[test]
    fn a_path_is_drawn_up_to_its_fault() {
        assert_eq!(
            path("M0 0 L10 0 10 10 X"),
            [Contour { points: vec![[0.0, 0.0], [10.0, 0.0], [10.0, 10.0]], closed: false }]
        );
        for bad in [
            "",
            "x",
            "L 1 1",
            "M",
            "M0,0 A 1e308 1e-308 1e308 1 0 1e308 -1e308",
            "M0 0 a 0 0 0 0 0 0 0 z z m",
        ] {
            assert!(path(bad).iter().flat_map(|c| &c.points).flatten().all(|n| n.is_finite()), "{bad}");
        }
    }
}
