//! SVG path data: read into absolute lines and curves, so that nothing of an event's text is copied into a view.
//!
//! As in SVG, what stands before the first error is drawn. Arcs become cubic curves.

use ulp_view::transform::{finite, sin_cos};

/// A place on the plane: x, y.
pub type Point = [f64; 2];

/// A piece of a path, in absolute coordinates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Segment {
    Move(Point),
    Line(Point),
    Cubic(Point, Point, Point),
    Close,
}

/// How many straight pieces stand for a curve where its outline is wanted.
const STEPS: u32 = 12;

/// Reads path data up to its first error.
pub fn read(data: &str) -> Vec<Segment> {
    let mut reader = Reader {
        text: data.as_bytes(),
        at: 0,
        segments: Vec::new(),
        here: [0.0; 2],
        start: [0.0; 2],
        handle: None,
    };
    reader.run();
    reader.segments
}

/// The points along each stroke of the path, one list a stroke.
pub fn strokes(segments: &[Segment]) -> Vec<Vec<Point>> {
    let mut strokes: Vec<Vec<Point>> = Vec::new();
    for segment in segments {
        match *segment {
            Segment::Move(to) => strokes.push(vec![to]),
            Segment::Line(to) => add(&mut strokes, to),
            Segment::Cubic(a, b, to) => {
                let from = strokes.last().and_then(|s| s.last()).copied().unwrap_or(to);
                (1..=STEPS).for_each(|i| {
                    add(&mut strokes, along(from, a, b, to, f64::from(i) / f64::from(STEPS)));
                });
            }
            Segment::Close => {
                if let Some(first) = strokes.last().and_then(|s| s.first()).copied() {
                    add(&mut strokes, first);
                }
            }
        }
    }
    strokes
}

fn add(strokes: &mut Vec<Vec<Point>>, point: Point) {
    match strokes.last_mut() {
        Some(stroke) => stroke.push(point),
        None => strokes.push(vec![point]),
    }
}

/// The point of a cubic curve at `t` from 0 to 1.
fn along(from: Point, a: Point, b: Point, to: Point, t: f64) -> Point {
    let u = 1.0 - t;
    std::array::from_fn(|i| {
        finite(u * u * u * from[i] + 3.0 * u * u * t * a[i] + 3.0 * u * t * t * b[i] + t * t * t * to[i])
    })
}

struct Reader<'t> {
    text: &'t [u8],
    at: usize,
    segments: Vec<Segment>,
    here: Point,
    start: Point,
    /// The last control point and what it was of, for smooth curves.
    handle: Option<(Point, Handle)>,
}

#[derive(Clone, Copy, PartialEq)]
enum Handle {
    Cubic,
    Quadratic,
}

impl Reader<'_> {
    fn run(&mut self) -> Option<()> {
        self.skip();
        let mut command = *self.text.get(self.at)?;
        // A path begins with a move.
        if !command.eq_ignore_ascii_case(&b'm') {
            return None;
        }
        loop {
            self.at += 1;
            self.command(command)?;
            loop {
                self.skip();
                let next = *self.text.get(self.at)?;
                if next.is_ascii_alphabetic() {
                    command = next;
                    break;
                }
                // Further numbers repeat the command; after a move they are lines.
                command = match command {
                    b'M' => b'L',
                    b'm' => b'l',
                    b'Z' | b'z' => return None,
                    other => other,
                };
                self.command(command)?;
            }
        }
    }

    fn command(&mut self, command: u8) -> Option<()> {
        let base = if command.is_ascii_lowercase() { self.here } else { [0.0; 2] };
        let handle = self.handle.take();
        match command.to_ascii_uppercase() {
            b'M' => {
                self.here = self.point(base)?;
                self.start = self.here;
                self.segments.push(Segment::Move(self.here));
            }
            b'L' => {
                let to = self.point(base)?;
                self.line(to);
            }
            b'H' => {
                let x = finite(self.number()? + base[0]);
                self.line([x, self.here[1]]);
            }
            b'V' => {
                let y = finite(self.number()? + base[1]);
                self.line([self.here[0], y]);
            }
            b'C' => {
                let (a, b, to) = (self.point(base)?, self.point(base)?, self.point(base)?);
                self.cubic(a, b, to);
            }
            b'S' => {
                let a = self.mirrored(handle, Handle::Cubic);
                let (b, to) = (self.point(base)?, self.point(base)?);
                self.cubic(a, b, to);
            }
            b'Q' => {
                let (a, to) = (self.point(base)?, self.point(base)?);
                self.quadratic(a, to);
            }
            b'T' => {
                let a = self.mirrored(handle, Handle::Quadratic);
                let to = self.point(base)?;
                self.quadratic(a, to);
            }
            b'A' => self.arc(base)?,
            b'Z' => {
                self.segments.push(Segment::Close);
                self.here = self.start;
            }
            _ => return None,
        }
        Some(())
    }

    fn line(&mut self, to: Point) {
        self.segments.push(Segment::Line(to));
        self.here = to;
    }

    fn cubic(&mut self, a: Point, b: Point, to: Point) {
        self.segments.push(Segment::Cubic(a, b, to));
        self.handle = Some((b, Handle::Cubic));
        self.here = to;
    }

    /// A quadratic curve is a cubic whose handles reach two thirds of the way to its one control point.
    fn quadratic(&mut self, control: Point, to: Point) {
        let toward =
            |from: Point| std::array::from_fn(|i| finite(from[i] + (control[i] - from[i]) * 2.0 / 3.0));
        let segment = Segment::Cubic(toward(self.here), toward(to), to);
        self.segments.push(segment);
        self.handle = Some((control, Handle::Quadratic));
        self.here = to;
    }

    fn mirrored(&self, handle: Option<(Point, Handle)>, of: Handle) -> Point {
        match handle {
            Some((at, kind)) if kind == of => std::array::from_fn(|i| finite(2.0 * self.here[i] - at[i])),
            _ => self.here,
        }
    }

    /// An elliptical arc, as SVG 2 section B.2 turns it into a centre and angles.
    fn arc(&mut self, base: Point) -> Option<()> {
        let (rx, ry) = (self.number()?.abs(), self.number()?.abs());
        let (sin, cos) = sin_cos(self.number()?);
        let (large, sweep) = (self.flag()?, self.flag()?);
        let to = self.point(base)?;
        let half = [(self.here[0] - to[0]) / 2.0, (self.here[1] - to[1]) / 2.0];
        let x = cos * half[0] + sin * half[1];
        let y = -sin * half[0] + cos * half[1];
        if rx == 0.0 || ry == 0.0 || (x == 0.0 && y == 0.0) {
            self.line(to);
            return Some(());
        }
        let reach = libm::hypot(x / rx, y / ry);
        let (rx, ry) = if reach > 1.0 { (rx * reach, ry * reach) } else { (rx, ry) };
        let (u, v) = (x / rx, y / ry);
        let short = u * u + v * v;
        let factor = libm::sqrt(((1.0 - short) / short).max(0.0)) * if large == sweep { -1.0 } else { 1.0 };
        let (cu, cv) = (factor * v, -factor * u);
        let first = libm::atan2(v - cv, u - cu);
        let mut angle = libm::atan2(-v - cv, -u - cu) - first;
        let whole = std::f64::consts::TAU;
        if sweep && angle < 0.0 {
            angle += whole;
        } else if !sweep && angle > 0.0 {
            angle -= whole;
        }
        let centre = [(self.here[0] + to[0]) / 2.0, (self.here[1] + to[1]) / 2.0];
        let place = |u: f64, v: f64| -> Point {
            let (x, y) = (rx * (u + cu), ry * (v + cv));
            [finite(centre[0] + cos * x - sin * y), finite(centre[1] + sin * x + cos * y)]
        };
        // Four pieces at most a quarter turn each.
        let pieces = 4;
        let step = angle / f64::from(pieces);
        let pull = 4.0 / 3.0 * libm::tan(step / 4.0);
        for i in 0..pieces {
            let (a, b) = (first + step * f64::from(i), first + step * f64::from(i + 1));
            let ((sa, ca), (sb, cb)) = (libm::sincos(a), libm::sincos(b));
            let end = if i + 1 == pieces { to } else { place(cb, sb) };
            self.segments.push(Segment::Cubic(
                place(ca - pull * sa, sa + pull * ca),
                place(cb + pull * sb, sb - pull * cb),
                end,
            ));
        }
        self.here = to;
        Some(())
    }

    fn point(&mut self, base: Point) -> Option<Point> {
        let (x, y) = (self.number()?, self.number()?);
        Some([finite(base[0] + x), finite(base[1] + y)])
    }

    /// Flags need nothing between them and what follows.
    fn flag(&mut self) -> Option<bool> {
        self.skip();
        let flag = match self.text.get(self.at)? {
            b'0' => false,
            b'1' => true,
            _ => return None,
        };
        self.at += 1;
        Some(flag)
    }

    fn number(&mut self) -> Option<f64> {
        self.skip();
        let start = self.at;
        self.take(|b| matches!(b, b'+' | b'-'), 1);
        self.take(|b| b.is_ascii_digit(), usize::MAX);
        if self.take(|b| b == b'.', 1) {
            self.take(|b| b.is_ascii_digit(), usize::MAX);
        }
        let mantissa = self.at;
        if self.take(|b| matches!(b, b'e' | b'E'), 1) {
            self.take(|b| matches!(b, b'+' | b'-'), 1);
            if !self.take(|b| b.is_ascii_digit(), usize::MAX) {
                self.at = mantissa;
            }
        }
        let text = std::str::from_utf8(&self.text[start..self.at]).ok()?;
        text.parse::<f64>().ok().map(finite)
    }

    fn take(&mut self, wanted: impl Fn(u8) -> bool, most: usize) -> bool {
        let rest = &self.text[self.at..];
        let length = rest.iter().take(most).take_while(|b| wanted(**b)).count();
        self.at += length;
        length > 0
    }

    fn skip(&mut self) {
        self.take(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r' | 0x0c | b','), usize::MAX);
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
        let got = read("M1 0A1 1 0 01-1 0");
        assert_eq!(got.len(), 5);
        let outline = strokes(&got);
        assert_eq!(outline[0].last(), Some(&[-1.0, 0.0]));
        assert!(outline[0].iter().all(|[x, y]| (libm::hypot(*x, *y) - 1.0).abs() < 1e-3));
    }

    #[test]
    fn what_follows_an_error_is_not_drawn() {
        assert!(read("<script>").is_empty() && read("").is_empty() && read("L1 1").is_empty());
        assert_eq!(read("M0 0 L1 1 url(#x)").len(), 2);
        assert_eq!(read("M0 0 A1 1 0 2 0 1 1").len(), 1);
        assert_eq!(read("M1e999 nan").len(), 0);
        assert_eq!(read("M1e999 0"), [Segment::Move([ulp_view::transform::LARGEST, 0.0])]);
    }
}
