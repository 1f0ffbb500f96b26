//! How large what has no size of its own is drawn, and how high flat things stand.

use crate::geometry::Shape;
use crate::solid::measure::Measure;
use crate::solid::mesh::{self, Sizes};
use crate::solid::scene::{Node, Scene};
use crate::solid::space::{Vector, length, minus, tame, times};
use crate::transform::Transform;
use rayon::prelude::*;

/// A flat shape is thinner than it is wide by this.
const THIN: f64 = 20.0;
/// A line likewise.
const LINE: f64 = 40.0;
/// A point is smaller than the usual shape by this.
const SMALL: f64 = 6.0;
/// Where only points are known, how many of their size fit the whole.
const POINTS_ACROSS: f64 = 100.0;

/// How far a frame stretches each axis.
pub fn stretches(frame: &Transform) -> Vector {
    std::array::from_fn(|i| length([frame.rows[0][i], frame.rows[1][i], frame.rows[2][i]]))
}

/// What the shapes that have a size say about those that have none: the middle one of their widths decides, which
/// a few that are huge do not change.
pub fn sizes(scene: &Scene<'_, '_>, shapes: &[Option<Shape>], measure: &Measure<'_>) -> Sizes {
    let width = |(node, shape): (&Node<'_, '_>, &Option<Shape>)| {
        let (least, most) = mesh::bounds(shape.as_ref()?, measure)?;
        let [x, y, z] = times(minus(most, least), stretches(&node.frame));
        Some((x.max(y).max(z), mesh::is_flat(shape.as_ref()?))).filter(|(width, _)| *width > 0.0)
    };
    let widths: Vec<(f64, bool)> = scene.nodes.par_iter().zip(shapes).filter_map(width).collect();
    let all = middle(widths.iter().map(|(w, _)| *w)).unwrap_or_else(|| across(scene, measure));
    let flat = middle(widths.iter().filter(|(_, flat)| *flat).map(|(w, _)| *w)).unwrap_or(all);
    Sizes { thickness: flat / THIN, line: all / LINE, point: all / SMALL }
}

fn middle(numbers: impl Iterator<Item = f64>) -> Option<f64> {
    let mut numbers: Vec<f64> = numbers.map(tame).collect();
    numbers.sort_unstable_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied()
}

/// A size for points, from how far they lie apart.
fn across(scene: &Scene<'_, '_>, measure: &Measure<'_>) -> f64 {
    let around = mesh::around_points(scene.nodes.iter().map(|n| n.frame.position()));
    let all = around.map_or(0.0, |(least, most)| measure.length(length(minus(most, least))));
    if all > 0.0 { SMALL * all / POINTS_ACROSS } else { SMALL }
}

/// How many thicknesses each flat node stands high: what is painted later stands a little higher, layer by layer,
/// so that flat things that share a place are told apart from above.
pub fn heights(scene: &Scene<'_, '_>, shapes: &[Option<Shape>], on_layers: &[Vec<usize>]) -> Vec<f64> {
    let mut heights = vec![1.0; scene.nodes.len()];
    for (rank, nodes) in on_layers.iter().enumerate() {
        let flat = nodes.iter().filter(|i| shapes[**i].as_ref().is_some_and(mesh::is_flat));
        let mut on_it: Vec<usize> = flat.copied().collect();
        on_it.sort_by(|a, b| {
            let (a, b) = (&scene.nodes[*a], &scene.nodes[*b]);
            let z = |n: &Node<'_, '_>| n.frame.position()[2];
            z(a).total_cmp(&z(b)).then_with(|| a.view.state.created.cmp(&b.view.state.created))
        });
        let all = on_it.len() as f64;
        for (n, i) in on_it.into_iter().enumerate() {
            heights[i] = 1.0 + rank as f64 + n as f64 / all;
        }
    }
    heights
}
