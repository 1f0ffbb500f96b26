//! Views: what may be seen of a world, joined across the lanes and tiles of each space.
//!
//! A view joins the same node from every lane it may see, takes no more of a redacted lane than where things are
//! and how they hang together, and says what is visible. Page "3. Order and state", views.

use ahash::AHashMap;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::collections::hash_map;
use ulp_core::event::{Ends, Register, RegisterKind};
use ulp_core::id::{Authority, Boundary, Key, Policy, Tile};
use ulp_core::json::write::Members;
use ulp_core::json::{self, raw};
use ulp_core::state::{Add, Links, Map, Node, Reading, Written, write_key};
use ulp_core::world::{Derived, Filter};

/// What may be seen of one space.
#[derive(Debug)]
pub struct Space<'a> {
    pub space: &'a str,
    /// Every node that the view knows, visible or not; not `@space` and `@layer:…`.
    pub nodes: Nodes<'a>,
    /// The visible links, by their ends; ends that were absorbed are replaced by their survivors.
    pub links: BTreeMap<Ends<'a>, Add<'a>>,
    /// The sensors, by actor and sensor.
    pub sensors: BTreeMap<(&'a str, &'a str), Reading<'a>>,
    /// The properties of `@space` and `@layer:<layer_id>`, by that name.
    pub settings: BTreeMap<&'a str, Node<'a>>,
    /// What was odd, for the boundary log: code and node.
    pub anomalies: Vec<(&'static str, &'a str)>,
}

/// Nodes in the order of their names, numbered from 0, and found by name.
#[derive(Debug, Default)]
pub struct Nodes<'a> {
    list: Vec<(&'a str, ViewNode<'a>)>,
    numbers: AHashMap<&'a str, usize>,
}

impl<'a> Nodes<'a> {
    /// Takes nodes that stand in the order of their names, each name once.
    pub fn of_sorted(list: Vec<(&'a str, ViewNode<'a>)>) -> Nodes<'a> {
        let numbers = list.iter().map(|(name, _)| *name).zip(0..).collect();
        Nodes { list, numbers }
    }

    pub fn list(&self) -> &[(&'a str, ViewNode<'a>)] {
        &self.list
    }

    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &ViewNode<'a>)> {
        self.list.iter().map(|(name, node)| (*name, node))
    }

    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut ViewNode<'a>> {
        self.list.iter_mut().map(|(_, node)| node)
    }

    pub fn len(&self) -> usize {
        self.list.len()
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The number of a node.
    pub fn number(&self, name: &str) -> Option<usize> {
        self.numbers.get(name).copied()
    }

    pub fn get(&self, name: &str) -> Option<&ViewNode<'a>> {
        self.number(name).map(|i| &self.list[i].1)
    }

    /// The name of the node of that number.
    pub fn name(&self, number: usize) -> &'a str {
        self.list[number].0
    }
}

/// A node in a view.
#[derive(Debug, Default)]
pub struct ViewNode<'a> {
    pub state: Node<'a>,
    /// The tile of its greatest `create_node`.
    pub tile: Option<Tile>,
    pub visible: bool,
    /// The number of its parent in the view: after absorptions, and without cycles and unknown nodes.
    pub parent: Option<usize>,
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

/// Joins derived tiles, given in the order of spaces, into a view a space, on the threads of the current pool.
/// `takes_tile` says which tiles the view takes in; a node that moved to another is gone.
pub fn join<'a>(
    tiles: Vec<Derived<'a>>,
    filter: &Filter,
    takes_tile: impl Fn(Tile) -> bool + Sync,
) -> Vec<Space<'a>> {
    let mut spaces: BTreeMap<&'a str, Vec<Derived<'a>>> = BTreeMap::new();
    // A space of which nothing may be seen is not even named.
    for derived in tiles.into_iter().filter(|derived| !derived.lanes.is_empty()) {
        spaces.entry(derived.space).or_default().push(derived);
    }
    spaces.into_iter().map(|(space, tiles)| join_space(space, tiles, filter, &takes_tile)).collect()
}

fn join_space<'a>(
    space: &'a str,
    mut tiles: Vec<Derived<'a>>,
    filter: &Filter,
    takes_tile: &(impl Fn(Tile) -> bool + Sync),
) -> Space<'a> {
    let seen: Vec<Vec<(&'a str, ViewNode<'a>)>> = tiles.par_iter_mut().map(take_nodes).collect();
    let (special, plain) = seen.into_iter().flatten().partition(|(name, _)| name.starts_with('@'));
    let settings = join_nodes(special).into_iter().map(|(name, node)| (name, node.state)).collect();
    let mut nodes = Nodes::of_sorted(join_nodes(plain));
    let mut family = Family::read(&nodes, |node| passes(node, filter) && stays(node, takes_tile));
    family.find_cycles();
    let visible = family.visible();
    for (i, node) in nodes.values_mut().enumerate() {
        node.visible = visible[i];
        node.parent = family.parents[i];
    }
    let mut anomalies: Vec<_> = family.anomalies.iter().map(|(code, i)| (*code, nodes.name(*i))).collect();
    anomalies.sort_unstable();
    let (links, sensors) = join_rest(tiles);
    let survivor = |name: &str| {
        let left = family.survivor(nodes.number(name)?)?;
        visible[left].then(|| nodes.name(left))
    };
    let mut shown: Vec<(Ends<'a>, Add<'a>, Ends<'a>)> = Vec::new();
    for (own, link) in &links {
        let Some(add) = link.greatest() else { continue };
        if let (Some(from), Some(to)) = (survivor(own.from), survivor(own.to)) {
            shown.push((Ends { from, to, ..*own }, add, *own));
        }
    }
    // Of links that have become one, the last stays: that of the greatest key.
    shown.sort_unstable_by(|(a, x, i), (b, y, k)| (a, x.key, k).cmp(&(b, y.key, i)));
    let links = shown.into_iter().map(|(ends, add, _)| (ends, add)).collect();
    Space { space, nodes, links, sensors, settings, anomalies }
}

/// Takes the nodes of a tile's lanes with what may be seen of them; one name may come from several lanes.
fn take_nodes<'a>(derived: &mut Derived<'a>) -> Vec<(&'a str, ViewNode<'a>)> {
    let mut taken = Vec::with_capacity(derived.lanes.iter().map(|(_, state)| state.nodes.len()).sum());
    for (lane, state) in &mut derived.lanes {
        for (name, mut node) in std::mem::take(&mut state.nodes) {
            if lane.policy == Policy::Redacted {
                node.registers.retain(|r| matches!(r.kind, RegisterKind::Parent | RegisterKind::MovedTo));
            }
            if node.created.is_some() || node.deleted.is_some() || !node.registers.is_empty() {
                let tile = node.created.map(|_| derived.tile);
                taken.push((name, ViewNode { state: node, tile, ..ViewNode::default() }));
            }
        }
    }
    taken
}

/// Sorts nodes by name, and joins those of one name.
fn join_nodes<'a>(mut list: Vec<(&'a str, ViewNode<'a>)>) -> Vec<(&'a str, ViewNode<'a>)> {
    let mut joined: Vec<(&'a str, ViewNode<'a>)> = Vec::with_capacity(list.len());
    for i in name_order(&list) {
        let (name, node) = (list[i].0, std::mem::take(&mut list[i].1));
        match joined.last_mut() {
            Some((last, known)) if *last == name => known.join(node),
            _ => joined.push((name, node)),
        }
    }
    joined
}

/// The places of a list in the order of its names. Most names are told apart by the eight bytes after those that all
/// have in common, which are compared as one number.
fn name_order<'a>(list: &[(&'a str, ViewNode<'a>)]) -> Vec<usize> {
    let Some((first, _)) = list.first() else { return Vec::new() };
    let shared = |name: &str| first.bytes().zip(name.bytes()).take_while(|(a, b)| a == b).count();
    let skip = list.par_iter().map(|(name, _)| shared(name)).min().unwrap_or_default();
    let head = |name: &str| {
        let rest = name.as_bytes()[skip..].iter().copied().chain(std::iter::repeat(0));
        u64::from_be_bytes(array_of(rest))
    };
    let mut order: Vec<(u64, usize)> =
        list.par_iter().enumerate().map(|(i, (name, _))| (head(name), i)).collect();
    let name = |at: &(u64, usize)| (list[at.1].0, at.1);
    order.par_sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| name(a).cmp(&name(b))));
    order.into_iter().map(|(_, i)| i).collect()
}

fn array_of(mut bytes: impl Iterator<Item = u8>) -> [u8; 8] {
    std::array::from_fn(|_| bytes.next().unwrap_or_default())
}

impl<'a> ViewNode<'a> {
    /// Joins what another lane knows of the same node.
    fn join(&mut self, other: ViewNode<'a>) {
        let (state, more) = (&mut self.state, other.state);
        if more.created.is_some() && (more.created, other.tile) > (state.created, self.tile) {
            self.tile = other.tile;
        }
        state.created = state.created.max(more.created);
        state.deleted = state.deleted.max(more.deleted);
        more.registers.iter().for_each(|w| state.registers.write(*w));
    }
}

type Joined<'a> = (Map<Ends<'a>, Links<'a>>, BTreeMap<(&'a str, &'a str), Reading<'a>>);

/// Joins the links and the sensors of all tiles.
fn join_rest<'a>(tiles: Vec<Derived<'a>>) -> Joined<'a> {
    let (mut links, mut sensors): Joined<'a> = Default::default();
    for (lane, state) in tiles.into_iter().flat_map(|derived| derived.lanes) {
        let redacted = lane.policy == Policy::Redacted;
        for (ends, link) in state.links {
            let link = if redacted { link.without_properties() } else { link };
            match links.entry(ends) {
                hash_map::Entry::Vacant(slot) => {
                    slot.insert(link);
                }
                hash_map::Entry::Occupied(mut slot) => slot.get_mut().join(&link),
            }
        }
        for (name, reading) in state.sensors.into_iter().filter(|_| !redacted) {
            match sensors.entry(name) {
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
    (links, sensors)
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
    raw::text(raw).unwrap_or_default().into_owned()
}

/// Who hangs below whom, and who was absorbed by whom, as numbers of nodes.
struct Family {
    absorbed: Vec<Absorbed>,
    parents: Vec<Option<usize>>,
    /// Whether each node would be visible if it had no parent.
    alone: Vec<bool>,
    anomalies: Vec<(&'static str, usize)>,
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
    fn read<'a>(nodes: &Nodes<'a>, passes: impl Fn(&ViewNode<'a>) -> bool + Sync) -> Family {
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
    fn survivor(&self, node: usize) -> Option<usize> {
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
    fn find_cycles(&mut self) {
        for i in on_cycles(&self.parents) {
            self.parents[i] = None;
            self.anomalies.push(("state.parent_cycle", i));
        }
    }

    /// Which nodes are visible: by themselves, and with all their ancestors.
    fn visible(&self) -> Vec<bool> {
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

/// Appends `{"node_id","space_id","tile","layer","kind","transform","geometry","physics","media","properties"}`,
/// canonical, with what the node has; members that are null are left out.
pub fn write_node(space: &str, name: &str, node: &ViewNode<'_>, out: &mut Vec<u8>) {
    let mut line = Members::open(out);
    line.raw("geometry", node.plain(RegisterKind::Geometry), out);
    line.raw("kind", node.plain(RegisterKind::Kind), out);
    line.raw("layer", node.plain(RegisterKind::Layer), out);
    line.raws("media", node.keyed(RegisterKind::Media).iter().map(Written::member), out);
    line.text("node_id", name, out);
    line.raw("physics", node.plain(RegisterKind::Physics), out);
    line.raws("properties", node.keyed(RegisterKind::Property).iter().map(Written::member), out);
    line.text("space_id", space, out);
    if let Some(tile) = node.tile {
        line.text("tile", &tile.to_string(), out);
    }
    write_transform(node, &mut line, out);
    line.end_line(out);
}

fn write_transform(node: &ViewNode<'_>, line: &mut Members, out: &mut Vec<u8>) {
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
    line.name("transform", out);
    let mut object = Members::open(out);
    for kind in MEMBERS {
        object.raw(kind.name(), node.plain(kind), out);
    }
    object.close(out);
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
        let mut line = Members::open(out);
        if let Some((actor, _)) = &author {
            line.text("actor_id", actor, out);
        }
        line.name("key", out);
        write_key(written.key, out);
        line.text("node_id", name, out);
        line.text("register", &written.register.to_string(), out);
        if let Some((_, timestamp)) = &author {
            line.raw("timestamp", Some(timestamp), out);
        }
        line.raw("value", Some(written.value), out);
        line.end_line(out);
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
