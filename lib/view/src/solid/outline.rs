//! Outlines in the plane, and any outline cut into triangles.

use crate::path::{Contour, Point, Segment, contours};
use crate::solid::space::tame;
use i_triangle::float::custom::CustomTriangulatable;
use i_triangle::i_overlay::core::fill_rule::FillRule;
use i_triangle::int::validation::Validation;
use std::f64::consts::FRAC_PI_2;

/// Lines that a rounded corner becomes.
const CORNER_STEPS: usize = 8;

/// Triangles in the plane, counter-clockwise.
#[derive(Debug, Default)]
pub struct Cut {
    pub points: Vec<Point>,
    pub triangles: Vec<[u32; 3]>,
}

/// What is inside, as in SVG.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// What outlines go around, more often one way than the other.
    NonZero,
    /// What lies within an odd number of outlines.
    EvenOdd,
}

/// Cuts the inside of contours into triangles. Contours may cross themselves and each other; those that hold no area
/// give nothing.
pub fn triangulate(contours: &[Contour], rule: Rule) -> Cut {
    let lists: Vec<Vec<Point>> =
        contours.iter().filter(|c| c.points.len() > 2).map(|c| c.points.clone()).collect();
    if !lists.iter().any(|list| has_extent(list)) {
        return Cut::default();
    }
    let rule = match rule {
        Rule::NonZero => FillRule::NonZero,
        Rule::EvenOdd => FillRule::EvenOdd,
    };
    let cut = lists.custom_triangulate(Validation::with_fill_rule(rule)).to_triangulation::<u32>();
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

/// The contours of a path, every point of them drawable.
pub fn drawable(segments: &[Segment]) -> Vec<Contour> {
    let mut all = contours(segments);
    all.iter_mut().flat_map(|c| &mut c.points).for_each(|p| *p = p.map(tame));
    all
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
        let inner = [[1.0, 1.0], [2.0, 1.0], [2.0, 2.0], [1.0, 2.0]];
        let hole = [[1.0, 1.0], [1.0, 2.0], [2.0, 2.0], [2.0, 1.0]];
        use Rule::{EvenOdd, NonZero};
        for (contours, rule, expected) in [
            (vec![closed(&square)], NonZero, 16.0),
            (vec![closed(&turned)], NonZero, 16.0),
            (vec![closed(&square), closed(&hole)], NonZero, 15.0),
            (vec![closed(&square), closed(&square)], NonZero, 16.0),
            (vec![closed(&[[0.0, 0.0], [2.0, 2.0], [2.0, 0.0], [0.0, 2.0]])], NonZero, 2.0),
            (vec![closed(&[[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]])], NonZero, 0.0),
            (vec![closed(&[[1.0, 1.0]; 9])], NonZero, 0.0),
            (vec![closed(&[[1.0, 1.0], [1.0, 5.0], [1.0, 9.0]])], NonZero, 0.0),
            (vec![closed(&square), closed(&inner)], NonZero, 16.0),
            (vec![closed(&square), closed(&inner)], EvenOdd, 15.0),
            (vec![closed(&square), closed(&hole)], EvenOdd, 15.0),
            (vec![], NonZero, 0.0),
        ] {
            assert!((area(&triangulate(&contours, rule)) - expected).abs() < 1e-6, "{contours:?}");
        }
    }

    #[test]
    fn huge_and_tiny_outlines_are_cut() {
        for size in [1e15, 1e-15, 1e-300] {
            let cut = triangulate(
                &[closed(&[[-size, -size], [size, -size], [size, size], [-size, size]])],
                Rule::EvenOdd,
            );
            assert!(cut.points.iter().flatten().all(|n| n.is_finite()), "{size}");
        }
        triangulate(&[closed(&[[-1e15, 0.0], [1e15, 1e-15], [0.0, 1e15]])], Rule::NonZero);
    }

    #[test]
    fn an_arc_is_round() {
        let circle = drawable(&crate::path::read("M 1 0 A 1 1 0 0 1 -1 0 A 1 1 0 0 1 1 0 Z"));
        assert!((area(&triangulate(&circle, Rule::NonZero)) - std::f64::consts::PI).abs() < 0.05);
        let far = drawable(&crate::path::read("M0 0L1e99 0 0 1e99"));
        assert_eq!(far[0].points[1], [crate::solid::space::FAR, 0.0]);
    }
}
