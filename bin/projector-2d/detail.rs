//! How much of each node a picture shows: what a renderer would take too long for is drawn more coarsely.
//!
//! What is on top is drawn first of all; what no longer fits into what a picture may cost is a mark.

use ulp_view::geometry::{Bounds, Shape, flat};
use ulp_view::path::{self, Point};
use ulp_view::sheet::layout::Layout;
use ulp_view::sheet::scene::{Item, Scene};
use ulp_view::style::Paint;

/// Most points of one shape, and of all.
pub const MOST_POINTS: usize = 10_000;
const ALL_POINTS: usize = 200_000;
/// Most letters of one line, and of all.
const LINE_LETTERS: usize = 2_000;
const ALL_LETTERS: usize = 100_000;
/// Most pixels that are filled, as often as they are.
const ALL_PIXELS: f64 = 1e9;
/// How many times a pixel counts that is drawn apart first, as what can be seen through is.
const APART: f64 = 5.0;
/// Points that lie nearer to one another than this, in pixels, are one.
const NEAR: f64 = 0.25;

/// How a node is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Detail {
    Whole,
    /// With few of its points, which lie at least so far from one another, in lengths of the sheet.
    Thinned(f64),
    /// As a mark in its middle.
    Marked,
}

/// How each node of a scene is drawn at so many pixels a unit of its sheet.
pub fn plan(scene: &Scene<'_, '_>, layout: &Layout, pixels: f64) -> Vec<Detail> {
    let mut left = Left { points: ALL_POINTS, letters: ALL_LETTERS, pixels: ALL_PIXELS };
    let mut details: Vec<Detail> = scene
        .items
        .iter()
        .rev()
        .map(|item| {
            let area = layout.drawn(item).size().iter().map(|side| side * pixels).product();
            left.detail(item, area, NEAR / pixels)
        })
        .collect();
    details.reverse();
    details
}

/// What may still be drawn.
struct Left {
    points: usize,
    letters: usize,
    pixels: f64,
}

impl Left {
    fn detail(&mut self, item: &Item<'_, '_>, area: f64, near: f64) -> Detail {
        let count = points_of(&item.shape);
        let points = count.min(MOST_POINTS);
        let letters = letters_of(&item.shape);
        let pixels = if is_filled(item) { area } else { 0.0 };
        let pixels = if item.style.opacity.is_some_and(|o| o < 1.0) { area * APART } else { pixels };
        let fits = points <= self.points && pixels <= self.pixels;
        let Some(letters) = letters.filter(|letters| fits && *letters <= self.letters) else {
            return Detail::Marked;
        };
        self.points -= points;
        self.letters -= letters;
        self.pixels -= pixels;
        if count > MOST_POINTS { Detail::Thinned(near) } else { Detail::Whole }
    }
}

fn is_filled(item: &Item<'_, '_>) -> bool {
    let is_open = matches!(item.shape, Shape::Line(_) | Shape::Text { .. });
    !is_open && !item.shape.is_mark() && item.style.fill != Some(Paint::None)
}

fn points_of(shape: &Shape) -> usize {
    match shape {
        Shape::Line(points) => points.len(),
        Shape::Polygon(rings) => rings.iter().map(Vec::len).sum(),
        Shape::Path(segments) => segments.len(),
        Shape::Mesh(mesh) => mesh.in_plane().count() * 3,
        _ => 0,
    }
}

/// Nothing where a line is longer than any is drawn.
fn letters_of(shape: &Shape) -> Option<usize> {
    let Shape::Text { text, .. } = shape else { return Some(0) };
    let mut lines = text.lines().map(|line| line.chars().count() + 1);
    lines.try_fold(0, |sum, letters| (letters <= LINE_LETTERS).then_some(sum + letters))
}

/// The strokes of a shape of very many points, with fewer, and whether each comes back to its beginning.
pub fn thinned(shape: &Shape, near: f64, place: impl Fn(Point) -> Point) -> Vec<(Vec<Point>, bool)> {
    let strokes: Vec<(Vec<Point>, bool)> = match shape {
        Shape::Line(points) => vec![(points.iter().copied().map(flat).collect(), false)],
        Shape::Polygon(rings) => rings.iter().map(|ring| (ring.clone(), true)).collect(),
        Shape::Path(segments) => path::contours(segments).into_iter().map(|c| (c.points, c.closed)).collect(),
        Shape::Mesh(mesh) => mesh.in_plane().take(MOST_POINTS / 3).map(|t| (t.to_vec(), true)).collect(),
        _ => Vec::new(),
    };
    let apart: Vec<(Vec<Point>, bool)> = strokes
        .into_iter()
        .map(|(points, closed)| (far_apart(points.into_iter().map(&place), near), closed))
        .collect();
    let count: usize = apart.iter().map(|(points, _)| points.len()).sum();
    let step = count.div_ceil(MOST_POINTS).max(1);
    // Of very many strokes most are left out, of long ones most points.
    let shown = apart.iter().step_by(apart.len().div_ceil(MOST_POINTS / 2).max(1));
    let step = |len: usize| step.min(len / 2).max(1);
    shown
        .map(|(points, closed)| (points.iter().copied().step_by(step(points.len())).collect(), *closed))
        .collect()
}

/// Points without those that lie near to the one before, but for the last.
fn far_apart(points: impl Iterator<Item = Point>, near: f64) -> Vec<Point> {
    let mut kept: Vec<Point> = Vec::new();
    let mut last = None;
    for point in points {
        let is_near = |before: &Point| Bounds::at(*before).grown(near).holds(point);
        last = Some(point);
        if !kept.last().is_some_and(is_near) {
            kept.push(point);
            last = None;
        }
    }
    kept.extend(last);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn very_many_points_become_few() {
        let jump = |i: u64, by: u64| (i * by % 1000) as f64;
        let far: Vec<[f64; 3]> = (0..100_000).map(|i| [jump(i, 7919), jump(i, 104_729), 0.0]).collect();
        let near: Vec<[f64; 3]> = (0..100_000).map(|i| [f64::from(i) / 1e6, 0.0, 0.0]).collect();
        let thin = |points| thinned(&Shape::Line(points), 0.25, |p| p);
        let many = thin(far);
        assert!(many.len() == 1 && many[0].0.len() <= MOST_POINTS && many[0].0.len() > MOST_POINTS / 2);
        assert_eq!(thin(near), [(vec![[0.0, 0.0], [0.099_999, 0.0]], false)]);
    }
}
