//! The nodes of a view.

use foldhash::HashMap;
use ulp_core::event::{Register, RegisterKind};
use ulp_core::id::Tile;
use ulp_core::json;
use ulp_core::state::{Node, Written};

/// Nodes in the order of their names, numbered from 0, and found by name.
#[derive(Debug, Default)]
pub struct Nodes<'a> {
    list: Vec<(&'a str, ViewNode<'a>)>,
    numbers: HashMap<&'a str, usize>,
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
#[derive(Clone, Debug, Default)]
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

    /// Joins what another lane knows of the same node.
    pub(super) fn join(&mut self, other: ViewNode<'a>) {
        let (state, more) = (&mut self.state, other.state);
        if more.created.is_some() && (more.created, other.tile) > (state.created, self.tile) {
            self.tile = other.tile;
        }
        state.created = state.created.max(more.created);
        state.deleted = state.deleted.max(more.deleted);
        more.registers.iter().for_each(|w| state.registers.write(*w));
    }
}
