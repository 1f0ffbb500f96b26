//! One window: what becomes of the bodies of a world.

use crate::body::{Body, End, World};
use crate::crowd::crowded;
use crate::engine;
use crate::made::Motion;
use crate::rest::resting;
use std::collections::BTreeMap;
use ulp_core::hash::Blake3;
use ulp_core::id::Tile;

/// What a window came to.
pub struct Outcome {
    /// By the number of each body: where it ends, where that is elsewhere than it began.
    pub ends: Vec<Option<End>>,
    /// The hashes of the lines before and after.
    pub input: Blake3,
    pub output: Blake3,
    /// The tiles with too many bodies in one place, with their number.
    pub crowded: BTreeMap<Tile, usize>,
}

/// Runs a window over a world.
pub fn run(world: &World<'_>) -> Outcome {
    let crowded = crowded(world);
    let is_out: Vec<bool> = world.bodies.iter().map(|body| crowded.contains_key(&body.tile)).collect();
    let ran = engine::run(&world.bodies, world.gravity, &is_out);
    let rests = resting(&world.bodies, &ran.moments, &ran.touching);
    let end = |(i, body): (usize, &Body<'_>)| {
        let start = &body.moment;
        if body.made.motion == Motion::Static {
            return None;
        }
        let still = start.at_rest();
        let end = match ran.moments[i]? {
            // A kinematic body of an island at rest has no velocity to lose.
            _ if rests[i] => still,
            // What the solver could not take any further stays where it was.
            end if !end.is_finite() => still,
            end => end,
        };
        let (from, to) = (End::of(body, start), End::of(body, &end));
        (!to.says_as(&from)).then_some(to)
    };
    let ends: Vec<Option<End>> = world.bodies.iter().enumerate().map(end).collect();
    let mut lines = Vec::new();
    world.write(None, &mut lines);
    let input = Blake3::of(&lines);
    lines.clear();
    world.write(Some(&ends), &mut lines);
    Outcome { ends, input, output: Blake3::of(&lines), crowded }
}
