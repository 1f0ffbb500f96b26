//! A space with everything that was ever in it, from which what plays its history is laid out.

use crate::history::{Effect, Resolved};
use crate::join::{Nodes, Space, ViewNode};
use std::collections::{BTreeMap, BTreeSet};
use ulp_core::event::{Ends, RegisterKind};
use ulp_core::json::raw;
use ulp_core::state::{Add, Node as State};

/// A space with everything that was ever in it, in its last state.
pub fn everything<'a>(space: &Space<'a>, history: &Resolved<'a>) -> Space<'a> {
    let mut nodes: BTreeMap<&'a str, ViewNode<'a>> = BTreeMap::new();
    let mut links: BTreeMap<Ends<'a>, Add<'a>> = BTreeMap::new();
    // What is withheld keeps what it was told to be, until it is told anew.
    let mut withheld: BTreeSet<&str> = BTreeSet::new();
    for effect in history.steps.iter().flat_map(|s| &s.effects) {
        match effect {
            Effect::Create { node, key, .. } => {
                if withheld.remove(node) {
                    nodes.remove(node);
                }
                let state = &mut nodes.entry(node).or_default().state;
                state.created = state.created.max(Some(*key));
            }
            Effect::Write { node, written, .. } => {
                nodes.entry(node).or_default().state.registers.write(*written);
            }
            Effect::Withhold { node } => {
                withheld.insert(node);
            }
            Effect::Occlude { node } => nodes.entry(node).or_default().is_occluder = true,
            Effect::Link { ends, stands: Some(standing) } => {
                links.insert(*ends, standing.add);
            }
            _ => {}
        }
    }
    nodes.retain(|name, node| !name.starts_with('@') && node.state.created.is_some());
    let mut nodes = Nodes::of_sorted(nodes.into_iter().collect());
    hang(space, &mut nodes);
    links.retain(|ends, _| [ends.from, ends.to].iter().all(|name| nodes.number(name).is_some()));
    let settings = space.settings.iter().map(|(name, state)| (*name, copied(state))).collect();
    Space {
        space: space.space,
        nodes,
        links,
        sensors: space.sensors.clone(),
        reading_tiles: space.reading_tiles.clone(),
        settings,
        anomalies: Vec::new(),
        withheld: Vec::new(),
    }
}

fn copied<'a>(state: &State<'a>) -> State<'a> {
    State { created: state.created, deleted: state.deleted, registers: state.registers.clone() }
}

/// Hangs every node below its parent: as in the view, where it is in it, and else by its own last word, as long as
/// that makes no cycle.
fn hang(space: &Space<'_>, nodes: &mut Nodes<'_>) {
    let parent = |(name, node): (&str, &ViewNode<'_>)| {
        let shown = space.nodes.get(name).filter(|n| n.visible);
        match shown {
            Some(shown) => shown.parent.and_then(|p| nodes.number(space.nodes.name(p))),
            None => nodes.number(&raw::text(node.plain(RegisterKind::Parent)?).unwrap_or_default()),
        }
    };
    let mut parents: Vec<Option<usize>> = nodes.iter().map(parent).collect();
    cut_cycles(&mut parents);
    for (node, parent) in nodes.values_mut().zip(parents) {
        node.parent = parent;
        node.visible = true;
    }
}

/// Lets go one parent of each cycle.
fn cut_cycles(parents: &mut [Option<usize>]) {
    // 0: not seen; otherwise the walk that saw it.
    let mut seen = vec![0; parents.len()];
    for start in 0..parents.len() {
        let mut at = start;
        while seen[at] == 0 {
            seen[at] = start + 1;
            match parents[at] {
                Some(next) if seen[next] == start + 1 => parents[at] = None,
                Some(next) => at = next,
                None => break,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cycle_is_let_go_at_one_place() {
        let mut parents = [Some(1), Some(2), Some(0), Some(0), None, Some(5), Some(4)];
        cut_cycles(&mut parents);
        assert_eq!(parents, [Some(1), Some(2), None, Some(0), None, None, Some(4)]);
    }
}
