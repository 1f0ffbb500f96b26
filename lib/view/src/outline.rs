//! Shapes as SVG path data, in a frame near them: about a place of their own, at a scale of their own, so that what
//! draws them in 32 bits sees no large numbers.

use crate::digits::Digits;
use crate::frame::{ACROSS, Frame};
use crate::geometry::{Bounds, Shape, flat};
use crate::path::{Point, Segment};
use std::fmt::Write as _;

/// A shape's own numbers stay as they are while it is no larger than this, nor smaller than the next.
const LARGE: f64 = 10.0 * ACROSS;
const SMALL: f64 = 0.1;
/// How many times its own size a shape may lie away from its node, before its numbers are told from a place near it.
const AWAY: f64 = 16.0;

/// Writes segments; `point` writes a place.
pub fn write(segments: &[Segment], out: &mut String, point: impl Fn(Point, &mut String)) {
    for segment in segments {
        match segment {
            Segment::Move(to) => put('M', &[*to], out, &point),
            Segment::Line(to) => put('L', &[*to], out, &point),
            Segment::Curve(curve) => curve.cubics().iter().for_each(|all| put('C', all, out, &point)),
            Segment::Close => out.push('Z'),
        }
    }
}

fn put(command: char, points: &[Point], out: &mut String, point: &impl Fn(Point, &mut String)) {
    for (i, each) in points.iter().enumerate() {
        out.push(if i == 0 { command } else { ' ' });
        point(*each, out);
    }
}

/// Writes closed rings; `point` writes a place.
pub fn write_rings(rings: &[Vec<Point>], out: &mut String, point: impl Fn(Point, &mut String)) {
    for ring in rings {
        put('M', ring, out, &point);
        out.push('Z');
    }
}

/// The place near which a shape's numbers are told: the node's own, or the middle of what lies far from it.
pub fn near(shape: &Shape) -> Point {
    match shape.reach() {
        Some(reach) if !reach.grown(AWAY * side(reach)).holds([0.0; 2]) => reach.centre(),
        _ => [0.0; 2],
    }
}

/// A frame for a shape's own numbers.
pub fn frame(shape: &Shape) -> Frame<2> {
    let Some(bounds) = shape.own_bounds() else { return Frame::WORLD };
    let origin = near(shape);
    let scale = match side(bounds) {
        good if (SMALL..=LARGE).contains(&good) || good == 0.0 => 1.0,
        _ => Frame::around(bounds.min, bounds.max).scale,
    };
    Frame { origin, scale }
}

/// The longer side.
pub fn side(bounds: Bounds) -> f64 {
    let [width, height] = bounds.size();
    width.max(height)
}

/// The path data of a shape that has an outline of its own, in a frame, with y as in the node's own; nothing for a
/// text or a mark.
pub fn data(shape: &Shape, frame: &Frame<2>, digits: Digits) -> Option<String> {
    let mut out = String::new();
    let show = |x: f64| digits.show(frame.length(x));
    let point = |p: Point, out: &mut String| {
        let [x, y] = frame.place(p).map(|x| digits.show(x));
        let _ = write!(out, "{x} {y}");
    };
    match shape {
        Shape::Rect { width, height, radius } => {
            let [x, y] = [width / 2.0, height / 2.0];
            let r = radius.min(x).min(y);
            if r > 0.0 {
                let corner =
                    |dx: f64, dy: f64| format!("a{} {} 0 0 1 {} {}", show(r), show(r), show(dx), show(dy));
                let [wide, high] = [width - 2.0 * r, height - 2.0 * r];
                let _ = write!(out, "M{} {}h{}{}", show(r - x), show(-y), show(wide), corner(r, r));
                let _ = write!(out, "v{}{}h{}{}", show(high), corner(-r, r), show(-wide), corner(-r, -r));
                let _ = write!(out, "v{}{}Z", show(-high), corner(r, -r));
            } else {
                let _ = write!(
                    out,
                    "M{} {}h{}v{}h{}Z",
                    show(-x),
                    show(-y),
                    show(*width),
                    show(*height),
                    show(-width)
                );
            }
        }
        Shape::Ellipse { rx, ry } => {
            let _ = write!(out, "M{} 0", show(*rx));
            for to in [-rx, *rx] {
                let _ = write!(out, "A{} {} 0 0 1 {} 0", show(*rx), show(*ry), show(to));
            }
            out.push('Z');
        }
        Shape::Line(points) => {
            put('M', &points.iter().copied().map(flat).collect::<Vec<_>>(), &mut out, &point)
        }
        Shape::Polygon(rings) => write_rings(rings, &mut out, point),
        Shape::Path(segments) => write(segments, &mut out, point),
        Shape::Mesh(mesh) => {
            for triangle in mesh.in_plane() {
                put('M', &triangle, &mut out, &point);
                out.push('Z');
            }
        }
        _ => return None,
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transform::LARGEST;
    use ulp_core::json::Tape;

    fn drawn(raw: &str) -> (Frame<2>, String) {
        let shape = Shape::read(Some(raw), LARGEST, &mut Tape::new());
        let frame = frame(&shape);
        (frame, data(&shape, &frame, Digits::of(ACROSS)).unwrap_or_default())
    }

    #[test]
    fn shapes_are_path_data() {
        for (raw, expected) in [
            (r#"{"kind":"rect","width":4,"height":2}"#, "M-2 -1h4v2h-4Z"),
            (
                r#"{"kind":"rect","width":4,"height":2,"radius":9}"#,
                "M-1 -1h2a1 1 0 0 1 1 1v0a1 1 0 0 1 -1 1h-2a1 1 0 0 1 -1 -1v0a1 1 0 0 1 1 -1Z",
            ),
            (r#"{"kind":"ellipse","rx":3,"ry":2}"#, "M3 0A3 2 0 0 1 -3 0A3 2 0 0 1 3 0Z"),
            (r#"{"kind":"line","points":[[0,0],[2,2,1]]}"#, "M0 0 2 2"),
            (r#"{"kind":"polygon","points":[[0,0],[4,0],[0,4]]}"#, "M0 0 4 0 0 4Z"),
            (
                r#"{"kind":"polygon","points":[[0,0],[4,0],[0,4]],"holes":[[[1,1],[2,1],[1,2]]]}"#,
                "M0 0 4 0 0 4ZM1 1 2 1 1 2Z",
            ),
            (r#"{"kind":"path","d":"m1 1h2q1 1 2 0z"}"#, "M1 1L3 1C3.667 1.667 4.333 1.667 5 1Z"),
            (r#"{"kind":"mesh","positions":[[0,0],[1,0],[0,1]],"indices":[0,1,2]}"#, "M0 0 1 0 0 1Z"),
            (r#"{"kind":"text","text":"a"}"#, ""),
        ] {
            assert_eq!(drawn(raw), (Frame::WORLD, expected.to_owned()), "{raw}");
        }
    }

    #[test]
    fn what_is_far_large_or_small_is_told_from_near() {
        let far = drawn(r#"{"kind":"polygon","points":[[530000,180000],[530004,180000],[530000,180002]]}"#);
        assert_eq!(
            far,
            (Frame { origin: [530_002.0, 180_001.0], scale: 1.0 }, "M-2 -1 2 -1 -2 1Z".to_owned())
        );
        assert_eq!(
            drawn(r#"{"kind":"ellipse","rx":5e8,"ry":5e8}"#).1,
            "M500 0A500 500 0 0 1 -500 0A500 500 0 0 1 500 0Z"
        );
        assert_eq!(drawn(r#"{"kind":"line","points":[[0,0],[1e-6,0]]}"#).1, "M0 0 1000 0");
    }
}
