//! Steps: what a window came to, as events.

use crate::body::World;
use crate::clock::{Edge, WINDOW_SECONDS};
use crate::deeds::{Act, Deed};
use crate::engine::SOLVER;
use crate::scene::Scene;
use crate::window::Outcome;
use bumpalo::Bump;
use std::collections::{BTreeMap, BTreeSet};
use ulp_core::hash::Blake3;
use ulp_core::id::{Key, Tile};
use ulp_core::json::write::Members;

/// Who writes steps.
const ACTOR: &str = "solver:ulp-physics";
const LAYER: &str = "physics";
/// The longest canonical form of an event, in bytes.
const LONGEST: usize = 1 << 20;
/// How many hexadecimal digits of its hash name an event.
const HASH: usize = 32;

/// A step that is new.
pub struct Step<'a> {
    pub deed: Deed<'a>,
    /// With the line end.
    pub line: Vec<u8>,
}

/// What is written of a window.
pub struct Written<'a> {
    /// In the order of tiles.
    pub steps: Vec<Step<'a>>,
    /// The tiles of which no step can be written, with the number of bodies.
    pub too_many: BTreeMap<Tile, usize>,
}

/// What a step says besides its updates.
struct Frame<'f, 'a> {
    space: &'a str,
    end: Edge,
    world: &'f World<'a>,
    outcome: &'f Outcome,
    from: Option<Key<'a>>,
}

/// The steps of a window, as the scene stood when it began; what hands touched in it is left out. What they hold lies
/// in the arena.
pub fn write<'a>(
    scene: &Scene<'a>,
    (space, end): (&'a str, Edge),
    (world, outcome): (&World<'a>, &Outcome),
    touched: &BTreeSet<usize>,
    arena: &'a Bump,
) -> Written<'a> {
    let mut by_tile: BTreeMap<Tile, (usize, Vec<u8>, Vec<Act<'a>>)> = BTreeMap::new();
    for (body, end) in world.bodies.iter().zip(&outcome.ends) {
        let Some(end) = end.filter(|_| !touched.contains(&body.node)) else { continue };
        let (count, updates, acts) = by_tile.entry(body.tile).or_default();
        let registers = end.registers(body);
        if *count > 0 {
            updates.push(b',');
        }
        *count += 1;
        body.write_update(&registers, updates);
        let write = |(field, raw): &(_, String)| Act::Write(body.node, *field, &*arena.alloc_str(raw));
        acts.extend(registers.iter().map(write));
    }
    let frame = Frame { space, end, world, outcome, from: scene.from(world.lane) };
    let mut written = Written { steps: Vec::new(), too_many: outcome.crowded.clone() };
    for (tile, (count, updates, acts)) in by_tile {
        let causes = scene.causes(tile, world.lane);
        let id = format!("evt-{}", &Blake3::of(&frame.line(tile, None, &causes, &updates)).hex()[..HASH]);
        let mut line = frame.line(tile, Some(&id), &causes, &updates);
        if line.len() > LONGEST {
            written.too_many.insert(tile, count);
            continue;
        }
        line.push(b'\n');
        let key = Key { eff: end.time(), id: arena.alloc_str(&id) };
        let deed = Deed { key, tile, lane: world.lane, is_step: true, line: None, acts };
        written.steps.push(Step { deed, line });
    }
    written
}

impl Frame<'_, '_> {
    /// The canonical form.
    fn line(&self, tile: Tile, id: Option<&str>, causes: &[&str], updates: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(updates.len() + 1024);
        let out = &mut out;
        let mut line = Members::open(out);
        line.text("actor_id", ACTOR, out);
        line.number("delta_time", WINDOW_SECONDS, out);
        if let Some(id) = id {
            line.text("event_id", id, out);
        }
        if let Some(from) = self.from {
            line.text("from", &from.to_string(), out);
        }
        line.word("input", self.outcome.input, out);
        line.text("layer_id", LAYER, out);
        line.text("operation", "physics_step", out);
        line.word("output", self.outcome.output, out);
        line.raw("preserves_invariants", Some("[]"), out);
        line.texts("previous_events", causes.iter().copied(), out);
        line.name("scope", out);
        let mut scope = Members::open(out);
        scope.text("authority", "derived", out);
        scope.text("boundary", "interior", out);
        scope.text("policy", self.world.lane.policy.as_str(), out);
        scope.text("realm", self.world.lane.realm.as_str(), out);
        scope.close(out);
        line.text("solver", SOLVER, out);
        line.text("space_id", self.space, out);
        line.integer("tick", self.end.tick(), out);
        line.word("tile", tile, out);
        line.number("timestamp", self.end.seconds(), out);
        line.name("updates", out);
        out.push(b'[');
        out.extend_from_slice(updates);
        out.push(b']');
        line.close(out);
        std::mem::take(out)
    }
}
