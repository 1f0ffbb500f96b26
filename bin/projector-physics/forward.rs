//! Going forward: from the last step that is there, window by window, to the end.
//!
//! Where a window changes nothing and nobody lays a hand on anything, the next one would change nothing either: no more
//! is computed before the next outside event.

use crate::body::World;
use crate::clock::Edge;
use crate::deeds::{self, Deeds};
use crate::scene::Scene;
use crate::step;
use crate::window;
use bumpalo::Bump;
use std::collections::{BTreeMap, BTreeSet};
use ulp_core::id::{Tile, Time};

/// What there is to say of a space besides its steps.
#[derive(Default)]
pub struct Said<'a> {
    /// Why nodes are no bodies, by their names.
    pub refused: BTreeMap<&'a str, &'static str>,
    /// The tiles of which a step could not be written, with the most bodies that it was of.
    pub too_many: BTreeMap<Tile, usize>,
}

/// Writes the steps of a space up to the last whole window that ends by `until`.
///
/// # Errors
/// What `write` answers.
pub fn forward<'a, E>(
    deeds: &Deeds<'a>,
    until: Time,
    takes_tile: &dyn Fn(Tile) -> bool,
    arena: &'a Bump,
    mut write: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<Said<'a>, E> {
    let mut said = Said::default();
    let steps = deeds.list.iter().filter(|deed| deed.is_step).map(|deed| deed.key.eff);
    let Some(begin) = steps.max().or(deeds.list.first().map(|deed| deed.key.eff)) else { return Ok(said) };
    let (mut scene, mut left) = (Scene::new(deeds), &deeds.list[..]);
    let mut edge = Edge::from(begin);
    scene.take(deeds::up_to(edge, &mut left));
    while edge.next().time() <= until && edge.next().is_timestamp() {
        let end = edge.next();
        let (world, refused) = World::of(&mut scene, takes_tile);
        said.refused.extend(refused);
        let outcome = window::run(&world);
        let now = deeds::up_to(end, &mut left);
        let hands = now.iter().filter(|deed| !deed.is_step).flat_map(|deed| &deed.acts);
        let touched: BTreeSet<usize> = hands.filter_map(|act| act.node()).collect();
        let written = step::write(&scene, (deeds.space, end), (&world, &outcome), &touched, arena);
        for (tile, count) in written.too_many {
            let most = said.too_many.entry(tile).or_default();
            *most = count.max(*most);
        }
        let mut changed = scene.take(now);
        for step in &written.steps {
            write(&step.line)?;
            scene.take(std::slice::from_ref(&step.deed));
            changed = true;
        }
        edge = end;
        // At a fixed point: on to the next event that wakes it.
        while !changed {
            let Some(deed) = left.first() else { return Ok(said) };
            edge = Edge::from(deed.key.eff);
            changed = scene.take(deeds::up_to(edge, &mut left));
        }
    }
    Ok(said)
}
