//! Crowds: where so many bodies are in one place that the solver would never be done.

use crate::body::World;
use crate::engine::pose;
use std::collections::BTreeMap;
use ulp_core::id::Tile;

/// Most pairs of bodies whose boxes meet.
const MOST_PAIRS: usize = 1 << 16;

/// The tiles whose bodies are left out, as they crowd each other, the most crowded first until it will do: the number of
/// its bodies by tile.
pub fn crowded(world: &World<'_>) -> BTreeMap<Tile, usize> {
    let mut out = BTreeMap::new();
    while let Some(worst) = worst(world, &out) {
        let count = world.bodies.iter().filter(|body| body.tile == worst).count();
        out.insert(worst, count);
    }
    out
}

/// The most crowded tile, where there are too many pairs.
fn worst(world: &World<'_>, out: &BTreeMap<Tile, usize>) -> Option<Tile> {
    let mut boxes: Vec<(Tile, [[f64; 3]; 2])> = Vec::with_capacity(world.bodies.len());
    for body in world.bodies.iter().filter(|body| !out.contains_key(&body.tile)) {
        let solid = &body.made.solid;
        let bounds = solid.shape.compute_aabb(&(pose(&body.moment) * solid.at));
        boxes.push((body.tile, [bounds.mins.to_array(), bounds.maxs.to_array()]));
    }
    boxes.sort_by(|a, b| a.1[0][0].total_cmp(&b.1[0][0]));
    let meets =
        |a: &[[f64; 3]; 2], b: &[[f64; 3]; 2]| (0..3).all(|i| a[0][i] <= b[1][i] && b[0][i] <= a[1][i]);
    let mut pairs: BTreeMap<Tile, usize> = BTreeMap::new();
    let (mut all, mut open): (usize, Vec<usize>) = (0, Vec::new());
    for (i, (tile, own)) in boxes.iter().enumerate() {
        open.retain(|k| boxes[*k].1[1][0] >= own[0][0]);
        for (other, _) in open.iter().map(|k| &boxes[*k]).filter(|(_, other)| meets(own, other)) {
            all += 1;
            *pairs.entry(*tile).or_default() += 1;
            if other != tile {
                *pairs.entry(*other).or_default() += 1;
            }
        }
        // That there are too many is enough.
        if all > MOST_PAIRS {
            let most = pairs.into_iter().max_by_key(|(tile, count)| (*count, std::cmp::Reverse(*tile)));
            return most.map(|(tile, _)| tile);
        }
        open.push(i);
    }
    None
}
