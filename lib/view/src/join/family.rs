//! Who hangs below whom, and who was absorbed by whom: cycles let go, and what is visible.

use super::nodes::{Nodes, ViewNode};
use rayon::prelude::*;
use ulp_core::event::RegisterKind;
use ulp_core::json::raw;

/// Who hangs below whom, and who was absorbed by whom, as numbers of nodes.
pub(super) struct Family {
    absorbed: Vec<Absorbed>,
    pub(super) parents: Vec<Option<usize>>,
    /// Whether each node would be visible if it had no parent.
    alone: Vec<bool>,
    pub(super) anomalies: Vec<(&'static str, usize)>,
}

/// Into whom a node was absorbed.
#[derive(Clone, Copy, PartialEq)]
enum Absorbed {
    No,
    /// Into a name that the view does not know.
    Away,
    Into(usize),
}

/// Whom a node names as its parent.
#[derive(Clone, Copy)]
enum Parent {
    None,
    Unknown,
    Known(usize),
}

impl Family {
    pub(super) fn read<'a>(nodes: &Nodes<'a>, passes: impl Fn(&ViewNode<'a>) -> bool + Sync) -> Family {
        let number_of =
            |node: &ViewNode<'a>, kind| Some(nodes.number(&raw::text(node.plain(kind)?).unwrap_or_default()));
        let read = |(_, node): &(&'a str, ViewNode<'a>)| {
            let absorbed = match number_of(node, RegisterKind::AbsorbedInto) {
                None => Absorbed::No,
                Some(None) => Absorbed::Away,
                Some(Some(into)) => Absorbed::Into(into),
            };
            let parent = match number_of(node, RegisterKind::Parent) {
                None => Parent::None,
                Some(None) => Parent::Unknown,
                Some(Some(parent)) => Parent::Known(parent),
            };
            let alone = node.state.created.is_some() && node.state.deleted.is_none() && passes(node);
            (absorbed, (parent, alone))
        };
        let told: (Vec<Absorbed>, Vec<(Parent, bool)>) = nodes.list().par_iter().map(read).unzip();
        let (absorbed, told) = told;
        let mut family =
            Family { absorbed, parents: vec![None; told.len()], alone: Vec::new(), anomalies: Vec::new() };
        family.drop_absorb_cycles();
        for (i, (parent, alone)) in told.into_iter().enumerate() {
            family.alone.push(alone && family.absorbed[i] == Absorbed::No);
            // What was neither created nor deleted here is only a name to the view.
            let known = |n: &usize| {
                let state = &nodes.list()[*n].1.state;
                state.created.is_some() || state.deleted.is_some()
            };
            family.parents[i] = match parent {
                Parent::None => continue,
                Parent::Unknown => None,
                Parent::Known(parent) => family.survivor(parent).filter(known),
            };
            if family.parents[i].is_none() {
                family.anomalies.push(("state.unknown_parent", i));
            }
        }
        family
    }

    fn drop_absorb_cycles(&mut self) {
        let into = |a: &Absorbed| if let Absorbed::Into(i) = *a { Some(i) } else { None };
        let next: Vec<Option<usize>> = self.absorbed.iter().map(into).collect();
        for i in on_cycles(&next) {
            self.absorbed[i] = Absorbed::No;
            self.anomalies.push(("state.absorb_cycle", i));
        }
    }

    /// Follows absorptions to the node that is left; nothing where that is not known.
    pub(super) fn survivor(&self, node: usize) -> Option<usize> {
        let mut at = node;
        // Cycles are gone, so this ends; the bound says so.
        for _ in 0..=self.absorbed.len() {
            match self.absorbed[at] {
                Absorbed::No => break,
                Absorbed::Away => return None,
                Absorbed::Into(into) => at = into,
            }
        }
        Some(at)
    }

    /// Nodes on a parent cycle count as roots.
    pub(super) fn find_cycles(&mut self) {
        for i in on_cycles(&self.parents) {
            self.parents[i] = None;
            self.anomalies.push(("state.parent_cycle", i));
        }
    }

    /// Which nodes are visible: by themselves, and with all their ancestors.
    pub(super) fn visible(&self) -> Vec<bool> {
        let mut known: Vec<Option<bool>> = vec![None; self.alone.len()];
        let mut path = Vec::new();
        for i in 0..known.len() {
            let mut at = Some(i);
            let mut answer = true;
            while let Some(n) = at {
                if let Some(found) = known[n] {
                    answer = found;
                    break;
                }
                path.push(n);
                at = self.parents[n];
            }
            while let Some(n) = path.pop() {
                answer = answer && self.alone[n];
                known[n] = Some(answer);
            }
        }
        known.into_iter().map(|k| k.unwrap_or_default()).collect()
    }
}

/// The numbers that lie on a cycle of `next`, ascending.
fn on_cycles(next: &[Option<usize>]) -> Vec<usize> {
    // 0: not seen; otherwise the walk that saw it.
    let mut seen = vec![0; next.len()];
    let mut cycles = Vec::new();
    for start in 0..next.len() {
        let walk = start + 1;
        let mut at = Some(start);
        while let Some(n) = at.filter(|n| seen[*n] == 0) {
            seen[n] = walk;
            at = next[n];
        }
        // A walk that meets itself closed a cycle there.
        if let Some(meeting) = at.filter(|n| seen[*n] == walk) {
            let mut n = meeting;
            loop {
                cycles.push(n);
                match next[n] {
                    Some(following) if following != meeting => n = following,
                    _ => break,
                }
            }
        }
    }
    cycles.sort_unstable();
    cycles
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cycles_are_found_and_their_tails_are_not() {
        assert_eq!(on_cycles(&[Some(1), Some(2), Some(1), Some(0), None, Some(5)]), [1, 2, 5]);
        assert_eq!(on_cycles(&[None, Some(0)]), [] as [usize; 0]);
    }
}
