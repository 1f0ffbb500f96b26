//! How much of each shape a scene shows: what would make it too large, or take too long, is drawn more coarsely.
//!
//! Shapes are asked for in the order of the scene, and each takes of what is left for all; equal ones are one mesh and
//! take once.

use crate::geometry::Shape;
use crate::path::{Contour, Point};
use crate::solid::measure::Measure;
use crate::solid::mesh::{self, Mesh};
use crate::solid::outline::Rule;
use crate::solid::space::Vector;
use crate::solid::tangle::crossings;
use crate::solid::text;
use std::collections::BTreeSet;

/// Most points of the outlines of one shape, and of all.
const MOST_POINTS: usize = 10_000;
const ALL_POINTS: usize = 300_000;
/// Most outlines of a shape of too many points.
const MOST_CONTOURS: usize = 1_000;
/// How often the outlines of one shape cross.
const MOST_CROSSINGS: usize = 10_000;
/// How many points a place counts where outlines cross.
const CROSSING: usize = 2;
/// How many corners of a mesh come of a point of an outline: one above, one below, and four of a wall.
const CORNERS: usize = 6;
/// Most points of a line that has a width.
const MOST_BEAMS: usize = 20_000;
/// How many points one of a line counts: a beam has more corners.
const BEAM: usize = 4;

/// How a shape is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Detail {
    #[default]
    Whole,
    /// With few of the points of its outline.
    Thinned,
    /// As thin lines.
    Traced,
    /// As the box around it.
    Boxed,
}

impl Detail {
    fn said(self) -> Option<String> {
        match self {
            Detail::Whole => None,
            Detail::Thinned => Some(format!("its outline is drawn with {MOST_POINTS} of its points")),
            Detail::Traced => Some("it is too intricate, and drawn as thin lines".to_owned()),
            Detail::Boxed => Some("the scene is too intricate, and it is drawn as a box".to_owned()),
        }
    }
}

/// What may still be drawn, and what was drawn coarsely.
pub struct Left {
    points: usize,
    notes: BTreeSet<String>,
}

impl Default for Left {
    fn default() -> Left {
        Left { points: ALL_POINTS, notes: BTreeSet::new() }
    }
}

impl Left {
    /// Takes down how a node is drawn.
    pub fn note(&mut self, node: &str, detail: Detail) {
        self.notes.extend(detail.said().map(|said| format!("{node}: {said}")));
    }

    /// A note a node, by their names.
    pub fn notes(self) -> BTreeSet<String> {
        self.notes
    }

    /// The mesh of a shape that has one of its own, about its [`mesh::middle`], and how much of it that shows; the mesh
    /// is empty where there is nothing to see.
    pub fn own(&mut self, shape: &Shape, line: f64, hollow: bool, measure: &Measure<'_>) -> (Mesh, Detail) {
        let middle = mesh::middle(shape, measure);
        match shape {
            Shape::Mesh(triangles) => {
                let positions = mesh::placed(&triangles.positions, middle, measure);
                (mesh::given(triangles, positions), Detail::Whole)
            }
            Shape::Line(points) => {
                let points = mesh::placed(points, middle, measure);
                let cost = points.len() * BEAM;
                if points.len() > MOST_BEAMS || cost > self.points {
                    return (mesh::thin(&points), Detail::Traced);
                }
                self.points -= cost;
                (mesh::line(&points, line, mesh::is_flat(shape)), Detail::Whole)
            }
            _ => self.flat(shape, middle, line, hollow, measure),
        }
    }

    /// Words of height 1 and thickness 1.
    pub fn words(&mut self, words: &str, measure: &Measure<'_>) -> (Mesh, Detail) {
        let shape = Shape::Text { text: words.to_owned(), size: Some(1.0) };
        let measure = Measure { scale: 1.0, ..*measure };
        let made = |contours: &[Contour]| mesh::plate(contours, 1.0, false, 0.0, Rule::NonZero);
        self.plate(&shape, [0.0; 3], &measure, made)
    }

    fn flat(
        &mut self,
        shape: &Shape,
        middle: Vector,
        line: f64,
        hollow: bool,
        measure: &Measure<'_>,
    ) -> (Mesh, Detail) {
        // Letters as thick as what they lie on could not be read at a slant: they float on it.
        let low = if matches!(shape, Shape::Text { .. }) { mesh::FLOATING } else { 0.0 };
        let rule = if matches!(shape, Shape::Polygon(_)) { Rule::EvenOdd } else { Rule::NonZero };
        self.plate(shape, middle, measure, |contours| mesh::plate(contours, line, hollow, low, rule))
    }

    /// A flat shape, from its outlines.
    fn plate(
        &mut self,
        shape: &Shape,
        middle: Vector,
        measure: &Measure<'_>,
        made: impl Fn(&[Contour]) -> Mesh,
    ) -> (Mesh, Detail) {
        let boxed = || (made(&around(shape, middle, measure)), Detail::Boxed);
        // A letter has a point at least.
        if matches!(shape, Shape::Text { text, .. } if text::drawn(text) > self.points) {
            return boxed();
        }
        let contours = mesh::contours(shape, measure, middle);
        let most = if matches!(shape, Shape::Text { .. }) { usize::MAX } else { MOST_POINTS };
        let (contours, detail) = match thinned(&contours, most) {
            Some(thinned) => (thinned, Detail::Thinned),
            None => (contours, Detail::Whole),
        };
        let points = count(&contours);
        if points > self.points {
            return boxed();
        }
        let Some(crossings) = crossings(&contours, MOST_CROSSINGS) else {
            self.points -= points;
            return (traced(&contours), Detail::Traced);
        };
        let cost = points + crossings * CROSSING;
        if cost > self.points {
            return boxed();
        }
        let mesh = made(&contours);
        self.points = self.points.saturating_sub(cost.max(mesh.positions.len() / CORNERS));
        (mesh, detail)
    }
}

fn count(contours: &[Contour]) -> usize {
    contours.iter().map(|c| c.points.len()).sum()
}

/// The box around a shape.
fn around(shape: &Shape, [x, y, _]: Vector, measure: &Measure<'_>) -> Vec<Contour> {
    let Some((least, most)) = mesh::bounds(shape, measure) else { return Vec::new() };
    let corners = [[least[0], least[1]], [most[0], least[1]], [most[0], most[1]], [least[0], most[1]]];
    vec![Contour { points: corners.map(|p| [p[0] - x, p[1] - y]).to_vec(), closed: true }]
}

/// Outlines as thin lines, on top.
fn traced(contours: &[Contour]) -> Mesh {
    let mut mesh = Mesh { lines: true, ..Mesh::default() };
    for contour in contours {
        let back = contour.points.first().filter(|_| contour.closed);
        let points: Vec<Vector> = contour.points.iter().chain(back).map(|p| [p[0], p[1], 1.0]).collect();
        mesh::append(&mut mesh, &mesh::thin(&points));
    }
    mesh
}

/// Outlines of very many points with so many, evenly chosen; nothing where they are no more.
fn thinned(contours: &[Contour], most: usize) -> Option<Vec<Contour>> {
    if count(contours) <= most {
        return None;
    }
    let step = contours.len().div_ceil(MOST_CONTOURS);
    let shown: Vec<&Contour> = contours.iter().step_by(step).collect();
    let all: usize = shown.iter().map(|c| c.points.len()).sum();
    // Three points make an outline still.
    let shared = most - 3 * shown.len();
    let few = |points: &[Point]| -> Vec<Point> {
        let kept = (points.len() * shared / all).max(3).min(points.len());
        (0..kept).map(|i| points[i * points.len() / kept]).collect()
    };
    Some(shown.into_iter().map(|c| Contour { points: few(&c.points), closed: c.closed }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fonts::Fonts;

    fn contours(count: usize, points: usize) -> Vec<Contour> {
        let ring = |c: usize| (0..points).map(|i| [c as f64, i as f64]).collect();
        (0..count).map(|c| Contour { points: ring(c), closed: true }).collect()
    }

    #[test]
    fn very_many_points_become_few() {
        assert!(thinned(&contours(10, 1000), MOST_POINTS).is_none());
        for (rings, points) in [(1, 10_001), (1, 1_000_000), (100_000, 2), (5000, 3), (999, 999)] {
            let few = thinned(&contours(rings, points), MOST_POINTS).unwrap();
            let kept = count(&few);
            assert!(kept <= MOST_POINTS && few.len() <= MOST_CONTOURS, "{rings} of {points}: {kept}");
            assert!(
                kept > 6000 || few.iter().all(|c| c.points.len() == points),
                "{rings} of {points}: {kept}"
            );
        }
    }

    /// How much of the plane lies under the upper faces of a mesh.
    fn area(mesh: &Mesh) -> f64 {
        let double = |t: &[u32]| {
            let [a, b, c] = [t[0], t[1], t[2]].map(|i| mesh.positions[i as usize].map(f64::from));
            let is_up = t.iter().all(|i| mesh.normals[*i as usize] == [0.0, 0.0, 1.0]);
            if is_up { (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]) } else { 0.0 }
        };
        mesh.indices.chunks_exact(3).map(double).sum::<f64>() / 2.0
    }

    fn square(from: f64, to: f64) -> Vec<Point> {
        vec![[from, from], [to, from], [to, to], [from, to]]
    }

    /// Points that jump about a square of side 100.
    fn jumps(points: u32) -> Vec<Point> {
        (0..points).map(|i| [f64::from(i * 7919 % 101), f64::from(i * 104_729 % 103)]).collect()
    }

    fn drawn(left: &mut Left, shape: &Shape) -> (Mesh, Detail) {
        let fonts = Fonts::regular(Vec::new());
        left.own(shape, 1.0, false, &Measure { text: 1.0, ..Measure::of_world(&fonts.faces()) })
    }

    #[test]
    fn holes_are_open_whichever_way_they_go() {
        let mut turned = square(1.0, 2.0);
        turned.reverse();
        for hole in [square(1.0, 2.0), turned] {
            let shape = Shape::Polygon(vec![square(0.0, 4.0), hole, square(3.0, 3.5)]);
            let (mesh, detail) = drawn(&mut Left::default(), &shape);
            assert!((area(&mesh) - 14.75).abs() < 1e-4 && detail == Detail::Whole);
        }
    }

    #[test]
    fn what_crosses_itself_too_often_is_thin_lines() {
        let (mesh, detail) = drawn(&mut Left::default(), &Shape::Polygon(vec![jumps(1000)]));
        assert!(detail == Detail::Traced && mesh.lines && mesh.positions.len() == 1001);
        let (mesh, detail) = drawn(&mut Left::default(), &Shape::Polygon(vec![jumps(100)]));
        assert!(detail == Detail::Whole && !mesh.lines);
    }

    #[test]
    fn what_no_longer_fits_is_a_box_of_its_size() {
        let text = Shape::Text { text: "some words".to_owned(), size: None };
        let mut left = Left::default();
        let (whole, detail) = drawn(&mut left, &text);
        assert_eq!(detail, Detail::Whole);
        assert!(left.points < ALL_POINTS && left.notes.is_empty());
        left.points = 3;
        let (boxed, detail) = drawn(&mut left, &text);
        assert!(detail == Detail::Boxed && boxed.indices.len() == 36 && area(&boxed) > area(&whole));
        let line = Shape::Line(vec![[0.0; 3], [1.0, 2.0, 3.0]]);
        assert_eq!(drawn(&mut left, &line).1, Detail::Traced);
        left.note("n", Detail::Boxed);
        left.note("n", Detail::Whole);
        assert_eq!(left.notes().len(), 1);
    }
}
