//! How often outlines cross themselves and each other, up to where they do so too often.

use crate::path::{Contour, Point};

/// Most pairs of edges that are looked at.
const MOST_PAIRS: usize = 10_000_000;

/// A stretch of an outline, and the corners of the box around it.
struct Edge {
    ends: [Point; 2],
    least: Point,
    most: Point,
}

/// How often the edges of contours cross; nothing where they do so more often than `most`, or are so many beside each
/// other that it would take long to tell.
pub fn crossings(contours: &[Contour], most: usize) -> Option<usize> {
    let mut edges: Vec<Edge> = contours.iter().flat_map(edges).collect();
    let axis = longer_axis(&edges);
    edges.sort_by(|a, b| a.least[axis].total_cmp(&b.least[axis]));
    // Every edge meets the one after it.
    let usual = edges.len();
    let (mut met, mut pairs) = (0, 0);
    for (i, edge) in edges.iter().enumerate() {
        for other in edges[i + 1..].iter().take_while(|other| other.least[axis] <= edge.most[axis]) {
            pairs += 1;
            met += usize::from(edge.meets(other));
            if pairs > MOST_PAIRS || met > most + usual {
                return None;
            }
        }
    }
    Some(met.saturating_sub(usual))
}

/// The edges of a contour that lead anywhere.
fn edges(contour: &Contour) -> impl Iterator<Item = Edge> {
    let points = &contour.points;
    let pairs = points.iter().zip(points.iter().cycle().skip(1));
    pairs.filter(|(a, b)| a != b).map(|(a, b)| Edge {
        ends: [*a, *b],
        least: [a[0].min(b[0]), a[1].min(b[1])],
        most: [a[0].max(b[0]), a[1].max(b[1])],
    })
}

/// Along which axis edges lie farther apart.
fn longer_axis(edges: &[Edge]) -> usize {
    let reach = |axis: usize| {
        let least = edges.iter().map(|e| e.least[axis]).fold(f64::INFINITY, f64::min);
        edges.iter().map(|e| e.most[axis]).fold(f64::NEG_INFINITY, f64::max) - least
    };
    usize::from(reach(1) > reach(0))
}

impl Edge {
    /// Whether two edges have a point in common.
    fn meets(&self, other: &Edge) -> bool {
        let overlap = |i: usize| self.least[i] <= other.most[i] && other.least[i] <= self.most[i];
        overlap(0) && overlap(1) && !self.has_on_one_side(other) && !other.has_on_one_side(self)
    }

    /// Whether all of another edge lies on one side of the line through this one.
    fn has_on_one_side(&self, other: &Edge) -> bool {
        let [[ax, ay], [bx, by]] = self.ends;
        let side = |[x, y]: Point| (bx - ax) * (y - ay) - (by - ay) * (x - ax);
        let [a, b] = other.ends.map(side);
        a > 0.0 && b > 0.0 || a < 0.0 && b < 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closed(points: Vec<Point>) -> Contour {
        Contour { points, closed: true }
    }

    /// A comb of upright and one of level teeth.
    fn weave(teeth: u32) -> Vec<Contour> {
        let tooth = |i: u32| {
            if i % 4 < 2 {
                [f64::from(i / 2), f64::from(i % 2) * 99.0]
            } else {
                [f64::from(i / 2), f64::from(1 - i % 2) * 99.0]
            }
        };
        let upright: Vec<Point> = (0..2 * teeth).map(tooth).collect();
        let level = upright.iter().map(|[x, y]| [y - 0.5, x + 0.5]).collect();
        vec![closed(upright), closed(level)]
    }

    #[test]
    fn crossings_are_counted_up_to_too_many() {
        let square = closed(vec![[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0]]);
        assert_eq!(crossings(std::slice::from_ref(&square), 0), Some(0));
        let bow = closed(vec![[0.0, 0.0], [2.0, 2.0], [2.0, 0.0], [0.0, 2.0]]);
        assert_eq!(crossings(&[bow], 9), Some(1));
        assert_eq!(crossings(&vec![square; 40], 1000), None);
        assert!(crossings(&weave(20), 10_000).is_some_and(|n| n >= 300));
        assert_eq!(crossings(&weave(90), 4000), None);
        assert_eq!(crossings(&[], 0), Some(0));
    }
}
