//! Paths as strokes of straight lines that stay within a decimetre of their curves.
//!
//! A curve is n = ⌈√(7.5 m)⌉ equal steps of its parameter, where m is the longer second difference of its corners, in
//! metres: a cubic curve leaves such a chord by 6/8 · m/n² at most. An arc takes that of its cubic quarters, and its
//! points lie on it.

use ulp_view::path::{Bend, Curve, Point, Segment};

/// Most points of one path; one that asks for more has longer steps.
const MOST: f64 = 100_000.0;
/// The steps of a curve, squared, for each metre of second difference.
const STEPS: f64 = 7.5;
/// How many cubic curves stand for an arc.
const QUARTERS: f64 = 4.0;

/// The strokes of a path, in its own frame, and whether steps had to be longer. `measure` gives the length in metres of
/// a difference of two places.
pub fn strokes(segments: &[Segment], measure: impl Fn(Point) -> f64) -> (Vec<Vec<Point>>, bool) {
    let asked: Vec<f64> = segments.iter().map(|segment| steps(segment, &measure)).collect();
    let all: f64 = asked.iter().sum();
    let share = if all > MOST { MOST / all } else { 1.0 };
    let mut strokes: Vec<Vec<Point>> = Vec::new();
    let (mut at, mut start, mut is_open) = ([0.0; 2], [0.0; 2], false);
    for (segment, asked) in segments.iter().zip(asked) {
        if let Segment::Move(to) = segment {
            (at, start, is_open) = (*to, *to, false);
            continue;
        }
        if !is_open {
            strokes.push(vec![at]);
        }
        let stroke = strokes.last_mut().expect("because a stroke was begun");
        match segment {
            Segment::Line(to) => stroke.push(*to),
            // The cast saturates, and is at most MOST.
            Segment::Curve(curve) => stroke.extend(curve.even((asked * share).ceil().max(1.0) as usize)),
            Segment::Move(_) | Segment::Close => stroke.push(start),
        }
        at = stroke.last().copied().unwrap_or(at);
        is_open = !matches!(segment, Segment::Close);
    }
    (strokes, share < 1.0)
}

/// How many steps a piece of a path asks for.
fn steps(segment: &Segment, measure: &impl Fn(Point) -> f64) -> f64 {
    let Segment::Curve(curve) = segment else { return 1.0 };
    let bend = |corners: &[Point]| {
        let second = |w: &[Point]| std::array::from_fn(|i| w[0][i] - 2.0 * w[1][i] + w[2][i]);
        corners.windows(3).map(|w| measure(second(w))).fold(0.0, f64::max)
    };
    let count = |m: f64| libm::ceil(libm::sqrt(STEPS * m)).max(1.0);
    match curve.bend {
        Bend::Quadratic(a) => count(bend(&[curve.from, a, curve.to])),
        Bend::Cubic(a, b) => count(bend(&[curve.from, a, b, curve.to])),
        Bend::Arc(_) => QUARTERS * count(of_arc(curve, bend)),
    }
}

fn of_arc(curve: &Curve, bend: impl Fn(&[Point]) -> f64) -> f64 {
    let mut from = curve.from;
    let quarters =
        curve.cubics().into_iter().map(|[a, b, to]| bend(&[std::mem::replace(&mut from, to), a, b, to]));
    quarters.fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ulp_view::path::read;

    fn drawn(data: &str, scale: f64) -> Vec<Vec<Point>> {
        strokes(&read(data), |[x, y]| libm::hypot(x, y) * scale).0
    }

    #[test]
    fn a_path_is_a_stroke_from_each_move() {
        assert_eq!(drawn("M0 0h4v3zM9 9l1 1", 1.0).len(), 2);
        assert_eq!(drawn("M0 0h4v3z", 1.0), [vec![[0.0, 0.0], [4.0, 0.0], [4.0, 3.0], [0.0, 0.0]]]);
        // What follows a closed stroke begins where that did.
        assert_eq!(drawn("M1 1h1zh2", 1.0)[1], [[1.0, 1.0], [3.0, 1.0]]);
        assert!(drawn("M5 5", 1.0).is_empty());
    }

    #[test]
    fn steps_follow_from_the_second_difference() {
        // Corners 0, 0, 100, 100 along x: the second differences are 100 and 100 long.
        assert_eq!(drawn("M0 0C0 0 100 0 100 0", 1.0)[0].len(), 1 + 28);
        assert_eq!(drawn("M0 0C0 0 100 0 100 0", 1000.0)[0].len(), 1 + 867);
        assert_eq!(drawn("M0 0Q50 100 100 0", 1.0)[0].len(), 1 + 39);
        let circle = &drawn("M1000 0A1000 1000 0 0 1 -1000 0", 1.0)[0];
        assert!(circle.iter().all(|[x, y]| (libm::hypot(*x, *y) - 1000.0).abs() < 1e-9));
        let sagitta =
            |a: Point, b: Point| 1000.0 - libm::hypot(f64::midpoint(a[0], b[0]), f64::midpoint(a[1], b[1]));
        assert!(circle.windows(2).all(|w| sagitta(w[0], w[1]) < 0.1));
    }

    #[test]
    fn a_huge_curve_has_few_points() {
        let (strokes, coarse) = strokes(&read("M0 0C1e9 1e9 -1e9 1e9 0 1e12"), |[x, y]| libm::hypot(x, y));
        assert!(coarse && strokes[0].len() <= 100_001);
    }
}
