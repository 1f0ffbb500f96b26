//! SVG path data: read into absolute lines and curves, so that nothing of an event's text is copied into a view.
//!
//! As in SVG, what stands before the first error is drawn. Sines and roots are those of `libm`, so that a curve has
//! the same points on every machine.
//!
//! ```
//! use ulp_view::path::{Segment, read};
//! assert_eq!(read("m1 1h2z"), [Segment::Move([1.0, 1.0]), Segment::Line([3.0, 1.0]), Segment::Close]);
//! ```

use crate::transform::{finite, sin_cos};
use std::f64::consts::TAU;
use svgtypes::{PathParser, PathSegment};

/// A place on the plane: x, y.
pub type Point = [f64; 2];

/// A piece of a path, in absolute coordinates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Segment {
    Move(Point),
    Line(Point),
    Curve(Curve),
    Close,
}

/// A curve, from where the piece before it ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Curve {
    pub from: Point,
    pub bend: Bend,
    pub to: Point,
}

/// How a curve gets from one end to the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bend {
    /// By one control point.
    Quadratic(Point),
    /// By two.
    Cubic(Point, Point),
    /// Along an ellipse.
    Arc(Arc),
}

/// A part of an ellipse. Its angles are those of the unit circle that the ellipse is when nothing stretches it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arc {
    /// Half-way between the ends.
    middle: Point,
    radii: Point,
    sine: f64,
    cosine: f64,
    /// From the middle to the centre, on the unit circle.
    off: Point,
    /// In radians.
    start: f64,
    sweep: f64,
}

/// A run of straight lines, and whether it comes back to its beginning.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contour {
    pub points: Vec<Point>,
    pub closed: bool,
}

/// How many straight pieces stand for a curve where its outline is wanted.
const STEPS: usize = 12;
/// How many in a path of very many.
const FEW_STEPS: usize = 3;
/// From so many pieces on, a path has very many.
const MANY: usize = 4000;
/// Cubic curves that stand for an arc, each a quarter turn at most.
const PIECES: u32 = 4;

/// Reads path data up to its first error.
pub fn read(data: &str) -> Vec<Segment> {
    absolute(PathParser::from(data).map_while(Result::ok))
}

/// The pieces of a path as it was spelled.
pub fn absolute(segments: impl IntoIterator<Item = PathSegment>) -> Vec<Segment> {
    let mut pen = Pen::default();
    segments.into_iter().for_each(|s| pen.draw(s));
    pen.segments
}

/// Every place that the path goes to, and those that bend its curves.
pub fn corners(segments: &[Segment]) -> impl Iterator<Item = Point> {
    segments.iter().flat_map(|segment| match segment {
        Segment::Move(to) | Segment::Line(to) => vec![*to],
        Segment::Curve(curve) => curve.cubics().into_iter().flatten().collect(),
        Segment::Close => Vec::new(),
    })
}

/// Calls `take` with the points along the path, and whether each begins a stroke, until it answers false.
pub fn walk(segments: &[Segment], mut take: impl FnMut(Point, bool) -> bool) {
    let mut start = None;
    for segment in segments {
        let goes_on = match segment {
            Segment::Move(to) => {
                start = Some(*to);
                take(*to, true)
            }
            Segment::Line(to) => take(*to, start.is_none()),
            Segment::Curve(curve) => walk_curve(curve, &mut take),
            Segment::Close => start.is_none_or(|start| take(start, false)),
        };
        if !goes_on {
            return;
        }
    }
}

fn walk_curve(curve: &Curve, take: &mut impl FnMut(Point, bool) -> bool) -> bool {
    let mut from = curve.from;
    curve.cubics().into_iter().all(|[a, b, to]| {
        let piece = Curve { from, bend: Bend::Cubic(a, b), to };
        from = to;
        piece.points(STEPS).into_iter().all(|p| take(p, false))
    })
}

/// The points along the first stroke; nothing where they are more than so many.
pub fn first_stroke(segments: &[Segment], most: usize) -> Option<Vec<Point>> {
    let mut points = Vec::new();
    walk(segments, |p, begins| {
        let goes_on = (points.is_empty() || !begins) && points.len() <= most;
        if goes_on {
            points.push(p);
        }
        goes_on
    });
    (points.len() <= most).then_some(points)
}

/// The contours that a path draws: where it moves or comes back to its beginning, one ends.
pub fn contours(segments: &[Segment]) -> Vec<Contour> {
    let steps = if segments.len() > MANY { FEW_STEPS } else { STEPS };
    let mut contours = Vec::new();
    let mut end = |points: &mut Vec<Point>, closed| {
        let points = std::mem::take(points);
        if points.len() > 1 {
            contours.push(Contour { points, closed });
        }
    };
    let (mut open, mut start, mut at) = (Vec::new(), [0.0; 2], [0.0; 2]);
    for segment in segments {
        if open.is_empty() && matches!(segment, Segment::Line(_) | Segment::Curve(_)) {
            open.push(at);
        }
        match segment {
            Segment::Move(to) => {
                end(&mut open, false);
                (start, at) = (*to, *to);
            }
            Segment::Line(to) => {
                open.push(*to);
                at = *to;
            }
            Segment::Curve(curve) => {
                open.extend(curve.points(steps));
                at = curve.to;
            }
            Segment::Close => {
                end(&mut open, true);
                at = start;
            }
        }
    }
    end(&mut open, false);
    contours
}

impl Curve {
    /// The same as cubic curves: the control points and the end of each.
    pub fn cubics(&self) -> Vec<[Point; 3]> {
        match self.bend {
            // A quadratic curve is a cubic whose handles reach two thirds of the way to its one control point.
            Bend::Quadratic(control) => {
                let toward = |from: Point| {
                    std::array::from_fn(|i| finite(from[i] + (control[i] - from[i]) * 2.0 / 3.0))
                };
                vec![[toward(self.from), toward(self.to), self.to]]
            }
            Bend::Cubic(a, b) => vec![[a, b, self.to]],
            Bend::Arc(arc) => arc.cubics(self.to),
        }
    }

    /// Points along it, the last at its end: so many, or for an arc twice as many a full turn.
    pub fn points(&self, steps: usize) -> Vec<Point> {
        self.even(match self.bend {
            Bend::Arc(arc) => libm::ceil(2.0 * steps as f64 * arc.sweep.abs() / TAU).max(1.0) as usize,
            _ => steps,
        })
    }

    /// So many points along it, at equal steps of its parameter, which for an arc is the angle; the last at its end.
    pub fn even(&self, steps: usize) -> Vec<Point> {
        let (from, to) = (self.from, self.to);
        let along = |mix: &dyn Fn(f64, usize) -> f64| {
            let share = |step| step as f64 / steps as f64;
            (1..=steps).map(|step| std::array::from_fn(|i| finite(mix(share(step), i)))).collect()
        };
        match self.bend {
            Bend::Quadratic(a) => along(&|t, i| {
                let s = 1.0 - t;
                s * s * from[i] + 2.0 * s * t * a[i] + t * t * to[i]
            }),
            Bend::Cubic(a, b) => along(&|t, i| {
                let s = 1.0 - t;
                s * s * s * from[i] + 3.0 * s * s * t * a[i] + 3.0 * s * t * t * b[i] + t * t * t * to[i]
            }),
            Bend::Arc(arc) => {
                let angle = |step| arc.start + arc.sweep * (step as f64 / steps as f64);
                let inner = (1..steps).map(|step| arc.place(libm::cos(angle(step)), libm::sin(angle(step))));
                inner.chain([to]).collect()
            }
        }
    }
}

impl Arc {
    /// An arc as SVG writes it, as a centre and angles (SVG 2, section B.2). Nothing where it is a line, or nowhere.
    fn new(from: Point, radii: Point, turned: f64, large: bool, sweeps: bool, to: Point) -> Option<Arc> {
        let [rx, ry] = radii.map(|r| finite(r).abs());
        let (sine, cosine) = sin_cos(turned);
        let half = [(from[0] - to[0]) / 2.0, (from[1] - to[1]) / 2.0];
        let x = cosine * half[0] + sine * half[1];
        let y = -sine * half[0] + cosine * half[1];
        if rx == 0.0 || ry == 0.0 || (x == 0.0 && y == 0.0) {
            return None;
        }
        // Radii that are too small to reach grow until they do.
        let reach = libm::hypot(x / rx, y / ry);
        let (rx, ry) = if reach > 1.0 { (rx * reach, ry * reach) } else { (rx, ry) };
        let (u, v) = (x / rx, y / ry);
        let short = u * u + v * v;
        let side = libm::sqrt(((1.0 - short) / short).max(0.0)) * if large == sweeps { -1.0 } else { 1.0 };
        let off = [side * v, -side * u];
        let start = libm::atan2(v - off[1], u - off[0]);
        let mut sweep = libm::atan2(-v - off[1], -u - off[0]) - start;
        if sweeps && sweep < 0.0 {
            sweep += TAU;
        } else if !sweeps && sweep > 0.0 {
            sweep -= TAU;
        }
        let middle = [(from[0] + to[0]) / 2.0, (from[1] + to[1]) / 2.0];
        let all = [rx, ry, off[0], off[1], start, sweep];
        let arc = Arc { middle, radii: [rx, ry], sine, cosine, off, start, sweep };
        all.iter().all(|n| n.is_finite()).then_some(arc)
    }

    /// Where a place around the unit circle lies.
    fn place(&self, u: f64, v: f64) -> Point {
        let (x, y) = (self.radii[0] * (u + self.off[0]), self.radii[1] * (v + self.off[1]));
        let Arc { middle, sine, cosine, .. } = self;
        [finite(middle[0] + cosine * x - sine * y), finite(middle[1] + sine * x + cosine * y)]
    }

    fn cubics(&self, to: Point) -> Vec<[Point; 3]> {
        let step = self.sweep / f64::from(PIECES);
        let pull = 4.0 / 3.0 * libm::tan(step / 4.0);
        let piece = |i: u32| {
            let (a, b) = (self.start + step * f64::from(i), self.start + step * f64::from(i + 1));
            let ((sa, ca), (sb, cb)) = (libm::sincos(a), libm::sincos(b));
            let end = if i + 1 == PIECES { to } else { self.place(cb, sb) };
            [self.place(ca - pull * sa, sa + pull * ca), self.place(cb + pull * sb, sb - pull * cb), end]
        };
        (0..PIECES).map(piece).collect()
    }
}

/// What draws a path.
#[derive(Default)]
struct Pen {
    segments: Vec<Segment>,
    at: Point,
    start: Point,
    /// The last control point of a cubic or a quadratic curve, for the smooth one that follows.
    cubic: Option<Point>,
    quadratic: Option<Point>,
}

impl Pen {
    fn draw(&mut self, segment: PathSegment) {
        use PathSegment as S;
        let at = self.at;
        let place = |abs: bool, x: f64, y: f64| {
            let base = if abs { [0.0; 2] } else { at };
            [finite(base[0] + x), finite(base[1] + y)]
        };
        let mirrored = |control: Option<Point>| {
            control.map_or(at, |c| std::array::from_fn(|i| finite(2.0 * at[i] - c[i])))
        };
        let (cubic, quadratic) = (self.cubic.take(), self.quadratic.take());
        match segment {
            S::MoveTo { abs, x, y } => {
                self.at = place(abs, x, y);
                self.start = self.at;
                self.segments.push(Segment::Move(self.at));
            }
            S::LineTo { abs, x, y } => self.line(place(abs, x, y)),
            S::HorizontalLineTo { abs, x } => self.line([place(abs, x, 0.0)[0], at[1]]),
            S::VerticalLineTo { abs, y } => self.line([at[0], place(abs, 0.0, y)[1]]),
            S::CurveTo { abs, x1, y1, x2, y2, x, y } => {
                self.cubic(place(abs, x1, y1), place(abs, x2, y2), place(abs, x, y));
            }
            S::SmoothCurveTo { abs, x2, y2, x, y } => {
                self.cubic(mirrored(cubic), place(abs, x2, y2), place(abs, x, y));
            }
            S::Quadratic { abs, x1, y1, x, y } => self.quadratic(place(abs, x1, y1), place(abs, x, y)),
            S::SmoothQuadratic { abs, x, y } => self.quadratic(mirrored(quadratic), place(abs, x, y)),
            S::EllipticalArc { abs, rx, ry, x_axis_rotation, large_arc, sweep, x, y } => {
                let to = place(abs, x, y);
                match Arc::new(at, [rx, ry], x_axis_rotation, large_arc, sweep, to) {
                    Some(arc) => self.curve(Bend::Arc(arc), to),
                    None => self.line(to),
                }
            }
            S::ClosePath { .. } => {
                self.segments.push(Segment::Close);
                self.at = self.start;
            }
        }
    }

    fn line(&mut self, to: Point) {
        self.segments.push(Segment::Line(to));
        self.at = to;
    }

    fn curve(&mut self, bend: Bend, to: Point) {
        self.segments.push(Segment::Curve(Curve { from: self.at, bend, to }));
        self.at = to;
    }

    fn cubic(&mut self, a: Point, b: Point, to: Point) {
        self.curve(Bend::Cubic(a, b), to);
        self.cubic = Some(b);
    }

    fn quadratic(&mut self, control: Point, to: Point) {
        self.curve(Bend::Quadratic(control), to);
        self.quadratic = Some(control);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_become_absolute() {
        let got = read("m1 1l2,0 0 2h-2zM5.5.5v1");
        let points = [
            Segment::Move([1.0, 1.0]),
            Segment::Line([3.0, 1.0]),
            Segment::Line([3.0, 3.0]),
            Segment::Line([1.0, 3.0]),
            Segment::Close,
            Segment::Move([5.5, 0.5]),
            Segment::Line([5.5, 1.5]),
        ];
        assert_eq!(got, points);
    }

    #[test]
    fn an_arc_ends_where_it_says_and_stays_on_its_circle() {
        let got = read("M1 0A1 1 0 01-1 0A1 1 0 01 1 0z");
        let off = |[x, y]: &Point| (libm::hypot(*x, *y) - 1.0).abs();
        let outline = first_stroke(&got, 1000).unwrap();
        assert_eq!(outline.last(), Some(&[1.0, 0.0]));
        assert!(outline.iter().all(|p| off(p) < 1e-3));
        assert_eq!(first_stroke(&got, 90), None);
        assert_eq!(first_stroke(&read("M0 0h1M5 5h1"), 9), Some(vec![[0.0, 0.0], [1.0, 0.0]]));
        let contours = contours(&got);
        assert!(contours[0].closed && contours[0].points.iter().all(|p| off(p) < 1e-9));
        assert_eq!(read("M0 0A0 1 0 01 1 0"), [Segment::Move([0.0; 2]), Segment::Line([1.0, 0.0])]);
    }

    #[test]
    fn smooth_curves_mirror_the_handle_before() {
        let got = read("M0 0Q1 1 2 0T4 0C5 1 6 1 7 0S9-1 9 0T9 9");
        let bends: Vec<Bend> =
            got.iter().filter_map(|s| if let Segment::Curve(c) = s { Some(c.bend) } else { None }).collect();
        assert_eq!(bends[1], Bend::Quadratic([3.0, -1.0]));
        assert_eq!(bends[3], Bend::Cubic([8.0, -1.0], [9.0, -1.0]));
        assert_eq!(bends[4], Bend::Quadratic([9.0, 0.0]));
    }

    #[test]
    fn what_follows_an_error_is_not_drawn() {
        assert!(read("<script>").is_empty() && read("").is_empty() && read("L1 1").is_empty());
        assert_eq!(read("M0 0 L1 1 url(#x)").len(), 2);
        assert_eq!(read("M0 0 A1 1 0 2 0 1 1").len(), 1);
        assert_eq!(
            contours(&read("M0 0 L10 0 10 10 X")),
            [Contour { points: vec![[0.0, 0.0], [10.0, 0.0], [10.0, 10.0]], closed: false }]
        );
        for bad in
            ["M1e999 nan", "M", "M0,0 A 1e308 1e-308 1e308 1 0 1e308 -1e308", "M0 0 a 0 0 0 0 0 0 0 z z m"]
        {
            let contours = contours(&read(bad));
            assert!(contours.iter().flat_map(|c| &c.points).flatten().all(|n| n.is_finite()), "{bad}");
        }
    }
}
