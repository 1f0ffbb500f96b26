//! In which order the nodes of a space are painted: what is later lies above.

use crate::join::{Space, ViewNode};
use crate::scene::Layer;
use crate::transform::Transform;
use rayon::prelude::*;
use std::collections::BTreeMap;
use ulp_core::event::RegisterKind;
use ulp_core::id::Key;
use ulp_core::json::raw;

/// Where a node comes in the order of painting: by its layer's order, then z, then created key. Nodes are numbered by
/// their ids, which break the last tie. Doubles compare as integers of the same order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place<'a> {
    order: i64,
    z: i64,
    created: Option<Key<'a>>,
    /// The node's number.
    pub number: usize,
    /// Its layer's place among the layers.
    pub layer: usize,
}

/// The visible nodes in the order in which they are painted.
pub fn order<'a>(space: &Space<'a>, worlds: &[Transform], layers: &[Layer]) -> Vec<Place<'a>> {
    let places: BTreeMap<&str, usize> = layers.iter().map(|l| l.id.as_str()).zip(0..).collect();
    let place = |(number, (_, node)): (usize, &(&str, ViewNode<'a>))| {
        let id = node.plain(RegisterKind::Layer).and_then(raw::text).unwrap_or_default();
        let layer = places.get(&*id).copied().unwrap_or(0);
        let (order, z) = (ordered(layers[layer].order), ordered(worlds[number].position()[2]));
        Place { order, z, created: node.state.created, number, layer }
    };
    let visible = space.nodes.list().par_iter().enumerate().filter(|(_, (_, n))| n.visible);
    let mut order: Vec<Place<'a>> = visible.map(place).collect();
    order.par_sort_unstable();
    order
}

/// A double as an integer of the same order; -0 is 0.
pub fn ordered(x: f64) -> i64 {
    let bits = (x + 0.0).to_bits().cast_signed();
    if bits < 0 { bits ^ i64::MAX } else { bits }
}
