//! The nodes of a view.

use crate::consent;
use rayon::prelude::*;
use ulp_core::event::{Register, RegisterKind};
use ulp_core::id::{Key, Tile};
use ulp_core::json;
use ulp_core::state::{Node, Written};

/// Nodes in the order of their names, numbered from 0, and found by name.
#[derive(Debug, Default)]
pub struct Nodes<'a> {
    list: Vec<(&'a str, ViewNode<'a>)>,
    /// How many bytes all names begin with alike,
    shared: usize,
    /// and what comes next in each: names are searched for among numbers that lie side by side.
    heads: Vec<u64>,
}

/// How many bytes two names begin with alike.
pub(super) fn shared(one: &str, other: &str) -> usize {
    one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count()
}

/// The eight bytes of a name after so many, as a number of the same order; a name that ends before is filled up with 0.
pub(super) fn head(name: &str, shared: usize) -> u64 {
    let rest = name.as_bytes().get(shared..).unwrap_or_default();
    let fill = || rest.iter().zip(0..).fold(0, |head, (byte, i)| head | u64::from(*byte) << (56 - 8 * i));
    rest.first_chunk().map_or_else(fill, |eight| u64::from_be_bytes(*eight))
}

impl<'a> Nodes<'a> {
    /// Takes nodes that stand in the order of their names, each name once.
    pub fn of_sorted(list: Vec<(&'a str, ViewNode<'a>)>) -> Nodes<'a> {
        let ends = list.first().zip(list.last());
        let shared = ends.map_or(0, |((first, _), (last, _))| shared(first, last));
        let heads = list.par_iter().map(|(name, _)| head(name, shared)).collect();
        Nodes { list, shared, heads }
    }

    pub fn list(&self) -> &[(&'a str, ViewNode<'a>)] {
        &self.list
    }

    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &ViewNode<'a>)> {
        self.list.iter().map(|(name, node)| (*name, node))
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&'a str, &mut ViewNode<'a>)> {
        self.list.iter_mut().map(|(name, node)| (*name, node))
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
        let wanted = head(name, self.shared);
        let start = self.heads.partition_point(|head| *head < wanted);
        let same = self.heads[start..].partition_point(|head| *head == wanted);
        let found = self.list[start..start + same].binary_search_by_key(&name, |(name, _)| *name);
        found.ok().map(|i| start + i)
    }

    pub fn get(&self, name: &str) -> Option<&ViewNode<'a>> {
        self.number(name).map(|i| &self.list[i].1)
    }

    /// The name of the node of that number.
    pub fn name(&self, number: usize) -> &'a str {
        self.list[number].0
    }
}

/// How many kinds of registers there are.
const KINDS: usize = RegisterKind::Velocity as usize + 1;

/// Where the first register of each kind stands among those of a node, which are asked for again and again: counted
/// from 1, and 0 where there is none.
#[derive(Clone, Debug, Default)]
struct Places {
    /// Of how many registers; what was written since tells others apart.
    of: u8,
    first: [u8; KINDS],
}

/// A node in a view.
#[derive(Clone, Debug, Default)]
pub struct ViewNode<'a> {
    pub state: Node<'a>,
    /// The tile of its greatest `create_node`.
    pub tile: Option<Tile>,
    pub visible: bool,
    /// The number of its parent in the view: after absorptions, and without cycles and unknown nodes.
    pub parent: Option<usize>,
    /// Whether its shape alone is shown, in one flat grey.
    pub is_occluder: bool,
    places: Places,
}

impl<'a> ViewNode<'a> {
    /// What is known of a node in a tile, where it was created if it was.
    pub(super) fn new(state: Node<'a>, tile: Option<Tile>) -> ViewNode<'a> {
        let mut node = ViewNode { state, tile, ..ViewNode::default() };
        node.find_places();
        node
    }

    /// Leaves nothing of it but its name.
    pub(super) fn withhold(&mut self) {
        *self = ViewNode { parent: self.parent, ..ViewNode::default() };
    }

    /// Leaves so much of it, for others to stand behind.
    pub(super) fn occlude(&mut self, left: Node<'a>) {
        self.state = left;
        self.is_occluder = true;
        self.find_places();
    }

    fn find_places(&mut self) {
        let registers = &self.state.registers;
        self.places = Places::default();
        let Some(of) = u8::try_from(registers.iter().count()).ok().filter(|of| *of < u8::MAX) else { return };
        self.places.of = of;
        for (written, place) in registers.iter().zip(1..) {
            let first = &mut self.places.first[written.register.kind as usize];
            if *first == 0 {
                *first = place;
            }
        }
    }

    /// The writes from the first of a kind on; from the first of all where that is not known.
    fn since_first(&self, kind: RegisterKind) -> impl Iterator<Item = &Written<'a>> {
        let all = self.state.registers.iter();
        let is_known =
            self.places.of > 0 && usize::from(self.places.of) == self.state.registers.iter().count();
        let first = if is_known { usize::from(self.places.first[kind as usize]) } else { 1 };
        // Nothing is taken of a kind that there is none of.
        all.skip(first.saturating_sub(1)).take(if first == 0 { 0 } else { usize::MAX })
    }

    /// The value of a register as raw JSON; null counts as none. An occluder has its colours alone.
    pub fn get(&self, register: Register<'_>) -> Option<&'a str> {
        let kind = register.kind;
        if self.is_occluder && kind == RegisterKind::Property {
            return consent::grey(register.key);
        }
        let written = self.since_first(kind).next()?;
        let is_it =
            written.register.kind == kind && (!kind.is_keyed() || written.register.key == register.key);
        let written = if is_it { written } else { self.state.registers.get(register)? };
        Some(written.value).filter(|value| *value != "null")
    }

    /// The value of a register without a key of its own.
    pub fn plain(&self, kind: RegisterKind) -> Option<&'a str> {
        self.get(Register::plain(kind))
    }

    /// The writes of one kind of register that are not null, by key in canonical order.
    pub fn keyed(&self, kind: RegisterKind) -> Vec<Written<'a>> {
        let of_kind = |w: &&Written<'a>| w.register.kind == kind && w.value != "null";
        let mut list: Vec<_> = self.since_first(kind).filter(of_kind).copied().collect();
        list.sort_unstable_by(|a, b| json::key_order(a.register.key, b.register.key));
        list
    }

    /// The event that last set what is shown of it: that of the greatest key among its creation and its registers.
    pub fn last_set(&self) -> Option<Key<'a>> {
        self.state.registers.iter().map(|written| written.key).chain(self.state.created).max()
    }

    /// Joins what another lane knows of the same node.
    pub(super) fn join(&mut self, other: ViewNode<'a>) {
        let (state, more) = (&mut self.state, other.state);
        if more.created.is_some() && (more.created, other.tile) > (state.created, self.tile) {
            self.tile = other.tile;
        }
        state.created = state.created.max(more.created);
        state.deleted = state.deleted.max(more.deleted);
        more.registers.iter().for_each(|w| state.registers.write(*w));
        self.find_places();
    }
}
