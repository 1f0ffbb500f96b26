//! Views: what may be seen of a world, joined across the lanes and tiles of each space.
//!
//! A view joins the same node from every lane it may see, takes no more of a redacted lane than where things are
//! and how they hang together, and says what is visible. Page "3. Order and state", views.

mod family;
mod live;
mod nodes;
mod withhold;

pub use live::{Live, Part, Reached};
pub use nodes::{Nodes, ViewNode};
pub use withhold::{end, is_person, marks, occluding};

use crate::consent::{Consent, End};
use crate::redaction::{is_redacted, is_seen};
use bumpalo::Bump;
use family::Family;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::collections::hash_map;
use ulp_core::event::{Ends, RegisterKind};
use ulp_core::id::{Authority, Boundary, Lane, Tile};
use ulp_core::json::raw;
use ulp_core::state::{Add, Links, Map, Node, Reading, Registers};
use ulp_core::world::{Derived, Filter};
use withhold::{Asked, Forms};

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
    /// The tile that each of their readings lies in; empty where only a part of a space is looked at.
    pub reading_tiles: BTreeMap<(&'a str, &'a str), Tile>,
    /// The properties of `@space` and `@layer:<layer_id>`, by that name.
    pub settings: BTreeMap<&'a str, Node<'a>>,
    /// What was odd, for the boundary log: code and node.
    pub anomalies: Vec<(&'static str, &'a str)>,
    /// The nodes of which nothing is left, as persons do not consent to it.
    pub withheld: Vec<&'a str>,
}

/// Joins derived tiles, given in the order of spaces, into a view a space, on the threads of the current pool.
/// `takes_tile` says which tiles the view takes in; a node that moved to another is gone. Nobody is asked for consent:
/// that is what [`join_shown`] does.
pub fn join<'a>(
    tiles: Vec<Derived<'a>>,
    filter: &Filter,
    takes_tile: impl Fn(Tile) -> bool + Sync,
) -> Vec<Space<'a>> {
    join_spaces(tiles, filter, &takes_tile, |_| None)
}

/// The same as far as persons consent; `arena` holds what is left of shapes.
pub fn join_shown<'a>(
    tiles: Vec<Derived<'a>>,
    filter: &Filter,
    takes_tile: impl Fn(Tile) -> bool + Sync,
    consent: &Consent,
    arena: &'a Bump,
) -> Vec<Space<'a>> {
    join_spaces(tiles, filter, &takes_tile, |space| Some(Asked::of(consent, space, arena)))
}

fn join_spaces<'c, 'a>(
    tiles: Vec<Derived<'a>>,
    filter: &Filter,
    takes_tile: &(impl Fn(Tile) -> bool + Sync),
    asked: impl Fn(&str) -> Option<Asked<'c, 'a>>,
) -> Vec<Space<'a>> {
    let mut spaces: BTreeMap<&'a str, Vec<Derived<'a>>> = BTreeMap::new();
    // A space of which nothing may be seen is not even named.
    for derived in tiles.into_iter().filter(|derived| !derived.lanes.is_empty()) {
        spaces.entry(derived.space).or_default().push(derived);
    }
    let join = |(space, tiles)| join_space(space, tiles, filter, takes_tile, asked(space));
    spaces.into_iter().map(join).collect()
}

/// What a space says at its end, where it is one that was joined without asking for consent.
pub fn end_of(space: &Space<'_>) -> End {
    end(space.nodes.iter().map(|(name, node)| (name, node, node.visible)))
}

fn join_space<'a>(
    space: &'a str,
    mut tiles: Vec<Derived<'a>>,
    filter: &Filter,
    takes_tile: &(impl Fn(Tile) -> bool + Sync),
    asked: Option<Asked<'_, 'a>>,
) -> Space<'a> {
    let (special, plain): (Vec<_>, Vec<_>) = tiles.par_iter_mut().map(take_nodes).unzip();
    let settings = join_nodes(special).into_iter().map(|(name, node)| (name, node.state)).collect();
    let (links, read) = join_rest(tiles);
    let reading_tiles = read.iter().map(|(name, (_, tile))| (*name, *tile)).collect();
    let sensors = read.into_iter().map(|(name, (reading, _))| (name, reading)).collect();
    let joined = Joined { space, nodes: join_nodes(plain), links, sensors, settings };
    Space { reading_tiles, ..joined.settle(filter, takes_tile, asked) }
}

/// A space, or a part of it, of which every lane is joined.
struct Joined<'a> {
    space: &'a str,
    /// In the order of their names.
    nodes: Vec<(&'a str, ViewNode<'a>)>,
    links: Map<Ends<'a>, Links<'a>>,
    sensors: BTreeMap<(&'a str, &'a str), Reading<'a>>,
    settings: BTreeMap<&'a str, Node<'a>>,
}

impl<'a> Joined<'a> {
    /// Finds what hangs below what, what is visible, and what of that is shown.
    fn settle(
        mut self,
        filter: &Filter,
        takes_tile: &(impl Fn(Tile) -> bool + Sync),
        asked: Option<Asked<'_, 'a>>,
    ) -> Space<'a> {
        let mut nodes = Nodes::of_sorted(std::mem::take(&mut self.nodes));
        let mut family = Family::read(&nodes, |node| passes(node, filter) && stays(node, takes_tile));
        family.find_cycles();
        let visible = family.visible();
        for (i, node) in nodes.values_mut().enumerate() {
            node.visible = visible[i];
            node.parent = family.parents[i];
        }
        let mut anomalies: Vec<_> =
            family.anomalies.iter().map(|(code, i)| (*code, nodes.name(*i))).collect();
        anomalies.sort_unstable();
        let forms = asked.and_then(|asked| Forms::of(&nodes, &family, &visible, asked.end, asked.mix));
        let shows = |number: usize| forms.as_ref().is_none_or(|forms| forms.shows_whole(number));
        let survivor = |name: &str| {
            let own = nodes.number(name).filter(|own| shows(*own))?;
            let left = family.survivor(own)?;
            visible[left].then(|| nodes.name(left))
        };
        let mut shown: Vec<(Ends<'a>, Add<'a>, Ends<'a>)> = Vec::new();
        for (own, link) in &self.links {
            let Some(add) = link.greatest() else { continue };
            if let (Some(from), Some(to)) = (survivor(own.from), survivor(own.to)) {
                shown.push((Ends { from, to, ..*own }, add, *own));
            }
        }
        // Of links that have become one, the last stays: that of the greatest key.
        shown.sort_unstable_by(|(a, x, i), (b, y, k)| (a, x.key, k).cmp(&(b, y.key, i)));
        let links = shown.into_iter().map(|(ends, add, _)| (ends, add)).collect();
        let end = asked.and_then(|asked| asked.end);
        let is_shown = |reading: &Reading<'a>| {
            let Some(node) = reading.sensor.node.and_then(raw::text) else { return true };
            nodes.number(&node).map_or_else(|| withhold::is_whole_at(&node, end), shows)
        };
        if forms.is_some() || end.is_some() {
            self.sensors.retain(|_, reading| is_shown(reading));
        }
        let withheld = match (forms, asked) {
            (Some(forms), Some(asked)) => forms.apply(&mut nodes, asked.arena),
            _ => Vec::new(),
        };
        let Joined { space, sensors, settings, .. } = self;
        Space { space, nodes, links, sensors, reading_tiles: BTreeMap::new(), settings, anomalies, withheld }
    }
}

/// Nodes with their names, in no order.
type Named<'a> = Vec<(&'a str, ViewNode<'a>)>;

/// Takes the nodes of a tile's lanes with what may be seen of them, those that are settings and the others; one name
/// may come from several lanes.
fn take_nodes<'a>(derived: &mut Derived<'a>) -> (Named<'a>, Named<'a>) {
    let count = derived.lanes.iter().map(|(_, state)| state.nodes.len()).sum();
    let (mut special, mut plain) = (Vec::new(), Vec::with_capacity(count));
    for (lane, state) in &mut derived.lanes {
        for node in std::mem::take(&mut state.nodes).iter() {
            let taken = if node.name().starts_with('@') { &mut special } else { &mut plain };
            taken.extend(seen(node.alone(), *lane, derived.tile).map(|seen| (node.name(), seen)));
        }
    }
    (special, plain)
}

/// What may be seen of a node in a lane of a tile.
fn seen(mut node: Node<'_>, lane: Lane, tile: Tile) -> Option<ViewNode<'_>> {
    if is_redacted(lane) {
        node.registers.retain(|register| is_seen(register, lane));
    }
    let is_there = node.created.is_some() || node.deleted.is_some() || !node.registers.is_empty();
    let tile = node.created.map(|_| tile);
    is_there.then(|| ViewNode::new(node, tile))
}

/// Sorts the nodes of all lists by name, and joins those of one name.
fn join_nodes<'a>(mut lists: Vec<Named<'a>>) -> Named<'a> {
    let mut joined: Named<'a> = Vec::with_capacity(lists.iter().map(Vec::len).sum());
    let mut before = None;
    for (head, (list, i)) in name_order(&lists) {
        let (name, node) = &mut lists[list][i];
        let (name, node) = (*name, std::mem::take(node));
        // Other heads, other names.
        match joined.last_mut().filter(|_| before == Some(head)) {
            Some((last, known)) if *last == name => known.join(node),
            _ => joined.push((name, node)),
        }
        before = Some(head);
    }
    joined.iter_mut().for_each(|(_, node)| bury(node));
    joined
}

/// A tombstone is all that is left of a deleted node, whichever of the lanes it lies in.
fn bury(node: &mut ViewNode<'_>) {
    if node.state.deleted.is_some() {
        node.state.registers = Registers::default();
    }
}

/// A node's place: its list, and its place there.
type Place = (usize, usize);

/// The places in some lists in the order of their names. Most names are told apart by what comes after the bytes that
/// all have in common, which is compared as one number.
fn name_order(lists: &[Named<'_>]) -> Vec<(u64, Place)> {
    let Some((first, _)) = lists.iter().flatten().next() else { return Vec::new() };
    let alike =
        lists.par_iter().flatten().map(|(name, _)| nodes::shared(first, name)).min().unwrap_or_default();
    let heads = |(list, nodes): (usize, &Named<'_>)| {
        let at = |(i, (name, _)): (usize, &(&str, ViewNode<'_>))| (nodes::head(name, alike), (list, i));
        nodes.iter().enumerate().map(at).collect::<Vec<_>>()
    };
    let mut order: Vec<(u64, Place)> = lists.par_iter().enumerate().flat_map_iter(heads).collect();
    let name = |(_, (list, i)): &(u64, Place)| (lists[*list][*i].0, (*list, *i));
    order.par_sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| name(a).cmp(&name(b))));
    order
}

type Rest<'a> = (Map<Ends<'a>, Links<'a>>, BTreeMap<(&'a str, &'a str), (Reading<'a>, Tile)>);

/// Joins the links and the sensors of all tiles; each reading with the tile that it lies in.
fn join_rest<'a>(tiles: Vec<Derived<'a>>) -> Rest<'a> {
    let (mut links, mut sensors): Rest<'a> = Default::default();
    let lanes = tiles.into_iter().flat_map(|derived| {
        let tile = derived.tile;
        derived.lanes.into_iter().map(move |(lane, state)| (tile, lane, state))
    });
    for (tile, lane, state) in lanes {
        let redacted = is_redacted(lane);
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
                    slot.insert((reading, tile));
                }
                Entry::Occupied(mut slot) => {
                    if reading.is_greater_than(&slot.get().0) {
                        slot.insert((reading, tile));
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
