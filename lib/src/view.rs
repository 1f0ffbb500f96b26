//! Views: what may be seen of a world, joined across the lanes and tiles of each space.
//!
//! A view joins the same node from every lane it may see, takes no more of a redacted lane than where things are
//! and how they hang together, and says what is visible. Page "3. Order and state", views.

use crate::event::{Ends, Register, RegisterKind};
use crate::id::{Authority, Boundary, Key, Policy, Tile};
use crate::json::{self, Kind, Tape};
use crate::state::{Add, Links, Map, Node, Reading, Written};
use crate::world::{Derived, Filter};
use ahash::AHashMap;
use bumpalo::Bump;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::collections::hash_map;

/// What may be seen of one space.
#[derive(Debug)]
pub struct Space<'a> {
    pub space: &'a str,
    /// Every node that the view knows, visible or not, by node_id; not `@space` and `@layer:…`.
    pub nodes: BTreeMap<&'a str, ViewNode<'a>>,
    /// The visible links, by their ends; ends that were absorbed are replaced by their survivors.
    pub links: BTreeMap<Ends<'a>, Add<'a>>,
    /// The sensors, by actor and sensor.
    pub sensors: BTreeMap<(&'a str, &'a str), Reading<'a>>,
    /// The properties of `@space` and `@layer:<layer_id>`, by that name.
    pub settings: BTreeMap<&'a str, Node<'a>>,
    /// What was odd, for the boundary log: code and node.
    pub oddities: Vec<(&'static str, &'a str)>,
}

/// A node in a view.
#[derive(Debug, Default)]
pub struct ViewNode<'a> {
    pub state: Node<'a>,
    /// The tile of its greatest `create_node`.
    pub tile: Option<Tile>,
    pub visible: bool,
    /// Its parent in the view: after absorptions, and without cycles and unknown nodes.
    pub parent: Option<&'a str>,
}

impl<'a> ViewNode<'a> {
    /// The value of a register as raw JSON; null counts as none.
    pub fn get(&self, register: Register<'_>) -> Option<&'a str> {
        self.state.registers.get(register).map(|w| w.value).filter(|v| *v != "null")
    }

    /// The value of a register without a key of its own.
    pub fn plain(&self, kind: RegisterKind) -> Option<&'a str> {
        self.get(Register::plain(kind))
    }

    /// The writes of one kind of register that are not null, by key in canonical order.
    pub fn keyed(&self, kind: RegisterKind) -> Vec<Written<'a>> {
        let of_kind = |w: &&Written<'a>| w.register.kind == kind && w.value != "null";
        let mut list: Vec<_> = self.state.registers.iter().filter(of_kind).copied().collect();
        list.sort_unstable_by(|a, b| json::key_order(a.register.key, b.register.key));
        list
    }
}

/// Joins derived tiles, given in the order of spaces, into a view a space. `takes_tile` says which tiles the view
/// takes in; a node that moved to another is gone.
pub fn join<'a>(
    tiles: Vec<Derived<'a>>,
    filter: &Filter,
    takes_tile: impl Fn(Tile) -> bool,
    arena: &'a Bump,
) -> Vec<Space<'a>> {
    let mut gathered: BTreeMap<&'a str, Gathering<'a>> = BTreeMap::new();
    // A space of which nothing may be seen is not even named.
    for derived in tiles.into_iter().filter(|derived| !derived.lanes.is_empty()) {
        gathered.entry(derived.space).or_default().take(derived);
    }
    gathered.into_iter().map(|(space, parts)| parts.finish(space, filter, &takes_tile, arena)).collect()
}

/// One space while its lanes are being joined.
#[derive(Default)]
struct Gathering<'a> {
    nodes: Map<&'a str, ViewNode<'a>>,
    links: Map<Ends<'a>, Links<'a>>,
    sensors: BTreeMap<(&'a str, &'a str), Reading<'a>>,
}

impl<'a> Gathering<'a> {
    fn take(&mut self, derived: Derived<'a>) {
        for (lane, state) in derived.lanes {
            let redacted = lane.policy == Policy::Redacted;
            for (name, node) in state.nodes {
                self.take_node(name, node, derived.tile, redacted);
            }
            for (ends, links) in state.links {
                let links = if redacted { links.without_properties() } else { links };
                match self.links.entry(ends) {
                    hash_map::Entry::Vacant(slot) => {
                        slot.insert(links);
                    }
                    hash_map::Entry::Occupied(mut slot) => slot.get_mut().join(&links),
                }
            }
            if redacted {
                continue;
            }
            for (name, reading) in state.sensors {
                match self.sensors.entry(name) {
                    Entry::Vacant(slot) => {
                        slot.insert(reading);
                    }
                    Entry::Occupied(mut slot) => {
                        if reading.is_greater_than(slot.get()) {
                            slot.insert(reading);
                        }
                    }
                }
            }
        }
    }

    fn take_node(&mut self, name: &'a str, node: Node<'a>, tile: Tile, redacted: bool) {
        let seen = |w: &&Written<'a>| {
            !redacted || matches!(w.register.kind, RegisterKind::Parent | RegisterKind::MovedTo)
        };
        let writes = || node.registers.iter().filter(seen);
        if node.created.is_none() && node.deleted.is_none() && writes().next().is_none() {
            return;
        }
        match self.nodes.entry(name) {
            // Most nodes are of one lane: they are taken as they are.
            hash_map::Entry::Vacant(slot) if !redacted => {
                let tile = node.created.map(|_| tile);
                slot.insert(ViewNode { state: node, tile, ..ViewNode::default() });
            }
            slot => {
                let known = slot.or_default();
                if node.created.is_some() && (node.created, Some(tile)) > (known.state.created, known.tile) {
                    known.tile = Some(tile);
                }
                known.state.created = known.state.created.max(node.created);
                known.state.deleted = known.state.deleted.max(node.deleted);
                writes().for_each(|w| known.state.registers.write(*w));
            }
        }
    }

    fn finish(
        self,
        space: &'a str,
        filter: &Filter,
        takes_tile: &impl Fn(Tile) -> bool,
        arena: &'a Bump,
    ) -> Space<'a> {
        let mut listed: Vec<(&'a str, ViewNode<'a>)> = self.nodes.into_iter().collect();
        listed.sort_unstable_by_key(|(name, _)| *name);
        let (special, nodes): (Vec<_>, Vec<_>) = listed.into_iter().partition(|(n, _)| n.starts_with('@'));
        let settings = special.into_iter().map(|(name, node)| (name, node.state)).collect();
        let mut nodes: BTreeMap<&'a str, ViewNode<'a>> = nodes.into_iter().collect();
        let mut family = Family::read(&nodes, arena);
        family.find_cycles();
        let mut oddities = std::mem::take(&mut family.oddities);
        let visible = family.visible(&nodes, |node| passes(node, filter) && stays(node, takes_tile));
        for (i, (_, node)) in nodes.iter_mut().enumerate() {
            node.visible = visible[i];
            node.parent = family.parents[i].map(|p| family.names[p]);
        }
        let seen = |name: &str| family.index.get(name).is_some_and(|i| visible[*i]);
        let mut links: Vec<(Ends<'a>, Add<'a>, Ends<'a>)> = Vec::new();
        for (own, link) in &self.links {
            let Some(add) = link.greatest() else { continue };
            let ends = Ends { from: family.survivor(own.from), to: family.survivor(own.to), ..*own };
            if seen(ends.from) && seen(ends.to) {
                links.push((ends, add, *own));
            }
        }
        // Of links that have become one, the last stays: that of the greatest key.
        links.sort_unstable_by(|(a, x, i), (b, y, k)| (a, x.key, k).cmp(&(b, y.key, i)));
        let links = links.into_iter().map(|(ends, add, _)| (ends, add)).collect();
        oddities.sort_unstable();
        Space { space, nodes, links, sensors: self.sensors, settings, oddities }
    }
}

/// Whether a node's own registers are such that a view keeps it: of the kinds that it takes, and not moved to a tile
/// that it leaves out.
pub fn keeps(node: &ViewNode<'_>, filter: &Filter, takes_tile: impl Fn(Tile) -> bool) -> bool {
    passes(node, filter) && stays(node, &takes_tile)
}

/// Whether a node's own registers are of the kinds that the view keeps.
fn passes(node: &ViewNode<'_>, filter: &Filter) -> bool {
    let text = |kind| node.plain(kind).map_or_else(String::new, unquoted);
    let layer = || text(RegisterKind::Layer);
    let authority = || text(RegisterKind::Authority).parse::<Authority>().ok();
    let boundary = || text(RegisterKind::Boundary).parse::<Boundary>().ok();
    (filter.layers.is_empty() || filter.layers.contains(&layer()))
        && (filter.authorities.is_empty() || authority().is_some_and(|a| filter.authorities.contains(&a)))
        && (filter.boundaries.is_empty() || boundary().is_some_and(|b| filter.boundaries.contains(&b)))
}

/// Whether a node has not moved to a tile that the view leaves out.
fn stays(node: &ViewNode<'_>, takes_tile: &impl Fn(Tile) -> bool) -> bool {
    let moved = node.plain(RegisterKind::MovedTo).map(unquoted);
    moved.and_then(|t| Tile::parse(&t)).is_none_or(takes_tile)
}

/// The text of a raw JSON string; empty for any other value.
pub fn unquoted(raw: &str) -> String {
    let arena = Bump::new();
    let mut tape = Tape::new();
    let value = tape.parse_any(raw, json::STATE_DEPTH).ok().filter(|v| v.kind() == Kind::String);
    value.and_then(|v| v.as_str(&arena)).unwrap_or_default().to_owned()
}

/// Who hangs below whom, and who was absorbed by whom, as numbers of nodes in their order.
struct Family<'a> {
    names: Vec<&'a str>,
    index: AHashMap<&'a str, usize>,
    /// Into whom each node was absorbed; the name may be of a node that the view does not know.
    absorbed: Vec<Option<&'a str>>,
    parents: Vec<Option<usize>>,
    oddities: Vec<(&'static str, &'a str)>,
}

impl<'a> Family<'a> {
    fn read(nodes: &BTreeMap<&'a str, ViewNode<'a>>, arena: &'a Bump) -> Family<'a> {
        let names: Vec<&'a str> = nodes.keys().copied().collect();
        let index: AHashMap<&str, usize> = names.iter().copied().zip(0..).collect();
        let name_of = |node: &ViewNode<'a>, kind| {
            let raw = node.plain(kind)?;
            Some(&*arena.alloc_str(&unquoted(raw)))
        };
        let absorbed: Vec<Option<&'a str>> =
            nodes.values().map(|n| name_of(n, RegisterKind::AbsorbedInto)).collect();
        let mut family =
            Family { parents: vec![None; names.len()], names, index, absorbed, oddities: Vec::new() };
        family.drop_absorb_cycles();
        for (i, node) in nodes.values().enumerate() {
            let Some(parent) = name_of(node, RegisterKind::Parent) else { continue };
            let survivor = family.survivor(parent);
            // What was neither created nor deleted here is only a name to the view.
            let known = |n: &ViewNode<'_>| n.state.created.is_some() || n.state.deleted.is_some();
            let found = nodes.get(survivor).is_some_and(known);
            family.parents[i] = family.index.get(survivor).copied().filter(|_| found);
            if family.parents[i].is_none() {
                family.oddities.push(("state.unknown_parent", family.names[i]));
            }
        }
        family
    }

    fn drop_absorb_cycles(&mut self) {
        let next: Vec<Option<usize>> =
            self.absorbed.iter().map(|a| a.and_then(|name| self.index.get(name).copied())).collect();
        for i in on_cycles(&next) {
            self.absorbed[i] = None;
            self.oddities.push(("state.absorb_cycle", self.names[i]));
        }
    }

    /// Follows absorptions to the node that is left.
    fn survivor(&self, name: &'a str) -> &'a str {
        let mut at = name;
        // Cycles are gone, so this ends; the bound says so.
        for _ in 0..=self.names.len() {
            match self.index.get(at).and_then(|i| self.absorbed[*i]) {
                Some(into) => at = into,
                None => break,
            }
        }
        at
    }

    /// Nodes on a parent cycle count as roots.
    fn find_cycles(&mut self) {
        for i in on_cycles(&self.parents) {
            self.parents[i] = None;
            self.oddities.push(("state.parent_cycle", self.names[i]));
        }
    }

    /// Which nodes are visible: by themselves, and with all their ancestors.
    fn visible(
        &self,
        nodes: &BTreeMap<&'a str, ViewNode<'a>>,
        passes: impl Fn(&ViewNode<'a>) -> bool,
    ) -> Vec<bool> {
        let alone: Vec<bool> = nodes
            .values()
            .enumerate()
            .map(|(i, n)| {
                n.state.created.is_some()
                    && n.state.deleted.is_none()
                    && self.absorbed[i].is_none()
                    && passes(n)
            })
            .collect();
        let mut known: Vec<Option<bool>> = vec![None; alone.len()];
        for i in 0..alone.len() {
            let mut path = Vec::new();
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
            for n in path.into_iter().rev() {
                answer = answer && alone[n];
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

/// Appends `{"node_id","space_id","tile","layer","kind","transform","geometry","physics","media","properties"}`,
/// canonical, with what the node has; members that are null are left out.
pub fn write_node(space: &str, name: &str, node: &ViewNode<'_>, out: &mut Vec<u8>) {
    let mut line = crate::state::Members::open(out);
    line.value("geometry", node.plain(RegisterKind::Geometry), out);
    line.value("kind", node.plain(RegisterKind::Kind), out);
    line.value("layer", node.plain(RegisterKind::Layer), out);
    line.keyed("media", &node.keyed(RegisterKind::Media), out);
    line.text("node_id", name, out);
    line.value("physics", node.plain(RegisterKind::Physics), out);
    line.keyed("properties", &node.keyed(RegisterKind::Property), out);
    line.text("space_id", space, out);
    if let Some(tile) = node.tile {
        line.text("tile", &tile.to_string(), out);
    }
    write_transform(node, &mut line, out);
    out.extend_from_slice(b"}\n");
}

fn write_transform(node: &ViewNode<'_>, line: &mut crate::state::Members, out: &mut Vec<u8>) {
    const MEMBERS: [RegisterKind; 5] = [
        RegisterKind::MovedTo,
        RegisterKind::Parent,
        RegisterKind::Position,
        RegisterKind::Rotation,
        RegisterKind::Scale,
    ];
    if MEMBERS.iter().all(|kind| node.plain(*kind).is_none()) {
        return;
    }
    line.raw_name("transform", out);
    let mut object = crate::state::Members::open(out);
    for kind in MEMBERS {
        object.value(kind.name(), node.plain(kind), out);
    }
    out.push(b'}');
}

/// Appends one line a register of a node: `{"node_id","register","value","key","actor_id","timestamp"}`, canonical;
/// `author` gives the last two where the event is at hand.
pub fn write_blame<'a>(
    name: &str,
    node: &Node<'a>,
    author: impl Fn(Key<'a>) -> Option<(String, String)>,
    out: &mut Vec<u8>,
) {
    let mut writes: Vec<_> = node.registers.iter().collect();
    writes.sort_unstable_by(|a, b| {
        let (a, b) = (a.register, b.register);
        a.kind.cmp(&b.kind).then_with(|| json::key_order(a.key, b.key))
    });
    for written in writes {
        let author = author(written.key);
        let mut line = crate::state::Members::open(out);
        if let Some((actor, _)) = &author {
            line.text("actor_id", actor, out);
        }
        line.key("key", Some(written.key), out);
        line.text("node_id", name, out);
        line.text("register", &written.register.to_string(), out);
        if let Some((_, timestamp)) = &author {
            line.value("timestamp", Some(timestamp), out);
        }
        line.value("value", Some(written.value), out);
        out.extend_from_slice(b"}\n");
    }
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
