//! The state that bodies are built from, as it grows deed by deed: the greatest key wins each register.

use crate::clock::Edge;
use crate::deeds::{Act, Deed, Deeds};
use crate::fields::Field;
use crate::made::Made;
use std::collections::BTreeMap;
use std::sync::Arc;
use ulp_core::id::{Key, Lane, Tile};
use ulp_core::json::raw;
use ulp_core::state::is_greater;

/// Most causes that an event names.
const CAUSES: usize = 64;

/// A value that stands, canonical JSON.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    pub key: Key<'a>,
    pub value: &'a str,
    pub lane: Lane,
}

/// A node that may be a body.
#[derive(Default)]
pub struct Node<'a> {
    pub created: Option<(Key<'a>, Tile, Lane)>,
    is_deleted: bool,
    said: [Option<Said<'a>>; Field::COUNT],
    /// What its registers make of it, once somebody asked; why not, where they make nothing.
    made: Option<Result<Arc<Made>, &'static str>>,
}

impl<'a> Node<'a> {
    /// The register's value; what is null is not said.
    pub fn said(&self, field: Field) -> Option<Said<'a>> {
        self.said[field as usize].filter(|said| said.value != "null")
    }

    pub fn value(&self, field: Field) -> Option<&'a str> {
        self.said(field).map(|said| said.value)
    }

    /// The lanes of all that is said of it.
    pub fn lanes(&self) -> impl Iterator<Item = Lane> {
        let created = self.created.map(|(_, _, lane)| lane);
        created.into_iter().chain(self.said.iter().flatten().map(|said| said.lane))
    }

    fn is_physical(&self) -> bool {
        self.said(Field::Physics).is_some()
    }

    /// Whether it is more than a name.
    fn is_known(&self) -> bool {
        self.created.is_some() || self.is_deleted
    }

    fn write(&mut self, field: Field, said: Said<'a>) {
        let old = &mut self.said[field as usize];
        if old.is_none_or(|old| is_greater(said.key, said.value, old.key, old.value)) {
            *old = Some(said);
            if field.is_of_making() {
                self.made = None;
            }
        }
    }

    /// What its registers make of it.
    pub fn made(&mut self) -> Result<Arc<Made>, &'static str> {
        let values = [Field::Physics, Field::Geometry, Field::Height, Field::Scale].map(|f| self.value(f));
        self.made.get_or_insert_with(|| Made::of(values).map(Arc::new)).clone()
    }
}

/// What a step of a tile builds on.
#[derive(Default)]
struct OfTile<'a> {
    /// The steps that end last.
    last: Option<(Edge, Vec<(Key<'a>, Lane)>)>,
    /// The outside events that none of them could know.
    since: Vec<(Key<'a>, Lane)>,
}

/// The state of a space, as far as bodies go.
pub struct Scene<'a> {
    pub names: Vec<&'a str>,
    pub nodes: Vec<Node<'a>>,
    pub gravity: Option<Said<'a>>,
    tiles: BTreeMap<Tile, OfTile<'a>>,
    /// The greatest key so far, by lane.
    greatest: [Option<Key<'a>>; Lane::COUNT],
    /// Which nodes stand as bodies, in the order of insertion, while that is known.
    standing: Option<Vec<usize>>,
}

impl<'a> Scene<'a> {
    pub fn new(deeds: &Deeds<'a>) -> Scene<'a> {
        let nodes = deeds.names.iter().map(|_| Node::default()).collect();
        let (tiles, greatest) = (BTreeMap::new(), [None; Lane::COUNT]);
        Scene { names: deeds.names.clone(), nodes, gravity: None, tiles, greatest, standing: None }
    }

    /// Takes in the next deeds; answers whether any outside event was among them, which is no step and touches what is
    /// physical.
    pub fn take(&mut self, deeds: &[Deed<'a>]) -> bool {
        let mut any = false;
        for deed in deeds {
            let mut is_outside = false;
            for act in &deed.acts {
                let is_physical =
                    |scene: &Self| act.node().is_none_or(|node| scene.nodes[node].is_physical());
                is_outside |= is_physical(self);
                self.act(*act, deed);
                is_outside |= is_physical(self);
            }
            if is_outside || deed.is_step {
                self.note(deed);
            }
            any |= is_outside && !deed.is_step;
        }
        any
    }

    fn act(&mut self, act: Act<'a>, deed: &Deed<'a>) {
        let said = |value| Said { key: deed.key, value, lane: deed.lane };
        match act {
            Act::Create(node) => {
                let created = &mut self.nodes[node].created;
                *created = (*created).max(Some((deed.key, deed.tile, deed.lane)));
                self.standing = None;
            }
            Act::Delete(node) => {
                self.nodes[node].is_deleted = true;
                self.standing = None;
            }
            Act::Write(node, field, value) => {
                self.nodes[node].write(field, said(value));
                if field.is_of_standing() {
                    self.standing = None;
                }
            }
            Act::Gravity(value) => {
                let beats = |old: Said<'_>| is_greater(deed.key, value, old.key, old.value);
                if self.gravity.is_none_or(beats) {
                    self.gravity = Some(said(value));
                }
            }
        }
    }

    /// Remembers a step, or an outside event, as what later steps build on.
    fn note(&mut self, deed: &Deed<'a>) {
        let greatest = &mut self.greatest[deed.lane.index()];
        *greatest = (*greatest).max(Some(deed.key));
        let of = self.tiles.entry(deed.tile).or_default();
        if !deed.is_step {
            of.since.push((deed.key, deed.lane));
            return;
        }
        let edge = Edge::from(deed.key.eff);
        match &mut of.last {
            Some((last, steps)) if *last == edge => steps.push((deed.key, deed.lane)),
            last => *last = Some((edge, vec![(deed.key, deed.lane)])),
        }
        of.since.retain(|(key, _)| key.eff > edge.before().time());
    }

    /// The names of the events of a tile that a step in a lane builds on, in order.
    pub fn causes(&self, tile: Tile, lane: Lane) -> Vec<&'a str> {
        let Some(of) = self.tiles.get(&tile) else { return Vec::new() };
        let last = of.last.iter().flat_map(|(_, steps)| steps);
        let all = last.chain(&of.since).filter(|(_, of)| of.is_no_stricter_than(lane));
        let mut keys: Vec<Key<'a>> = all.map(|(key, _)| Key { eff: key.eff, id: key.event() }).collect();
        keys.sort_unstable();
        keys.dedup();
        keys.drain(..keys.len().saturating_sub(CAUSES));
        keys.into_iter().map(|key| key.id).collect()
    }

    /// The greatest key that a step in a lane builds on.
    pub fn from(&self, lane: Lane) -> Option<Key<'a>> {
        Lane::all().filter(|of| of.is_no_stricter_than(lane)).filter_map(|of| self.greatest[of.index()]).max()
    }

    /// The nodes that stand as bodies as far as their place goes, in the order of insertion. A node that hangs on
    /// another moves with it, and one that has moved to a tile which is left out is gone.
    pub fn standing(&mut self, takes_tile: &dyn Fn(Tile) -> bool) -> Vec<usize> {
        if self.standing.is_none() {
            self.standing = Some(self.find_standing(takes_tile));
        }
        self.standing.clone().unwrap_or_default()
    }

    fn find_standing(&self, takes_tile: &dyn Fn(Tile) -> bool) -> Vec<usize> {
        let named = |node: usize, field| {
            let name = raw::text(self.nodes[node].value(field)?).unwrap_or_default();
            self.names.binary_search(&&*name).ok()
        };
        let count = self.nodes.len();
        let mut into: Vec<Option<usize>> = (0..count).map(|node| named(node, Field::AbsorbedInto)).collect();
        let mut is_absorbed: Vec<bool> =
            self.nodes.iter().map(|node| node.said(Field::AbsorbedInto).is_some()).collect();
        for node in on_cycles(&into) {
            (into[node], is_absorbed[node]) = (None, false);
        }
        let survivor = |mut node: usize| {
            while let Some(next) = into[node] {
                node = next;
            }
            (!is_absorbed[node]).then_some(node)
        };
        let parent =
            |node| named(node, Field::Parent).and_then(survivor).filter(|p| self.nodes[*p].is_known());
        let mut parents: Vec<Option<usize>> = (0..count).map(parent).collect();
        for node in on_cycles(&parents) {
            parents[node] = None;
        }
        let stays = |node: &Node<'a>| {
            let moved = node.value(Field::MovedTo).and_then(raw::text);
            moved.and_then(|tile| Tile::parse(&tile)).is_none_or(takes_tile)
        };
        let stands = |node: &usize| {
            let of = &self.nodes[*node];
            let is_alone = parents[*node].is_none() && !is_absorbed[*node];
            of.created.is_some() && !of.is_deleted && of.is_physical() && is_alone && stays(of)
        };
        let mut standing: Vec<usize> = (0..count).filter(stands).collect();
        standing.sort_by_key(|node| (self.nodes[*node].created.map(|(key, ..)| key), self.names[*node]));
        standing
    }
}

/// The numbers that lie on a cycle of `next`.
fn on_cycles(next: &[Option<usize>]) -> Vec<usize> {
    // 0: not seen; otherwise the walk that saw it.
    let mut seen = vec![0; next.len()];
    let mut cycles = Vec::new();
    for start in 0..next.len() {
        let mut at = Some(start);
        while let Some(node) = at.filter(|node| seen[*node] == 0) {
            seen[node] = start + 1;
            at = next[node];
        }
        let meeting = at.filter(|node| seen[*node] == start + 1);
        let mut node = meeting;
        while let Some(on) = node {
            cycles.push(on);
            node = next[on].filter(|next| Some(*next) != meeting);
        }
    }
    cycles
}
