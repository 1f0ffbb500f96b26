//! The five invariants: what an event declares to preserve, it is held to.
//!
//! They ask about nodes' creation and about parents alone, through [`Lookup`], so that a check never costs a
//! replay. A node that is not known breaks none; without a store, only what the line itself tells is looked at.

use super::named;
use super::questions::{self, Asks, Question};
use crate::event::{Event, RegisterKind, Set, Sets, Touch};
use crate::id::{Authority, Boundary, Tile};
use crate::json::raw;
use std::borrow::Cow;
use std::collections::HashSet;

/// What is known of nodes and events. It looks at the event's space, and at lanes no stricter than the event alone.
pub trait Lookup {
    /// Calls `each` for every tile in which the node is known.
    fn node(&self, event: &Event<'_>, node: &str, each: &mut dyn FnMut(NodeFact));

    /// Calls `each` where the node is known in the event's own tile.
    fn node_here(&self, event: &Event<'_>, node: &str, each: &mut dyn FnMut(NodeFact)) {
        self.node(event, node, &mut |fact| {
            if fact.tile == event.tile {
                each(fact);
            }
        });
    }

    /// What one of the event's `previous_events` is; `None` where nobody can know.
    fn parent(&self, event: &Event<'_>, parent: &str) -> Option<Parent>;

    /// Whether one of the event's parents descends from the event's own name.
    fn closes_cycle(&self, event: &Event<'_>) -> bool;
}

/// What is known of a node in one tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeFact {
    pub tile: Tile,
    /// How its greatest `create_node` made it; `None` where only a `delete_node` is known.
    pub made: Option<Made>,
    pub deleted: bool,
}

/// The words under which a node was created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    pub authority: Authority,
    pub boundary: Boundary,
}

impl Made {
    /// What the writes of a `create_node` say; what they do not say is as an envelope completes it.
    pub fn of(sets: Sets<'_>) -> Made {
        let word = |kind| sets.iter().find(|s| s.register.kind == kind).map(|s| s.value.trim_matches('"'));
        let authority = word(RegisterKind::Authority).and_then(|w| w.parse().ok());
        let boundary = word(RegisterKind::Boundary).and_then(|w| w.parse().ok());
        Made {
            authority: authority.unwrap_or(Authority::Source),
            boundary: boundary.unwrap_or(Boundary::Interior),
        }
    }
}

/// What a named parent is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parent {
    /// There, and no stricter than the event.
    Known,
    /// Nowhere in the event's space and tile.
    Unknown,
    /// There, but in a stricter lane.
    Stricter,
}

/// Knows nothing: for lines without a store.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoStore;

impl Lookup for NoStore {
    fn node(&self, _: &Event<'_>, _: &str, _: &mut dyn FnMut(NodeFact)) {}

    fn parent(&self, _: &Event<'_>, _: &str) -> Option<Parent> {
        None
    }

    fn closes_cycle(&self, _: &Event<'_>) -> bool {
        false
    }
}

/// One of the five.
pub struct Invariant {
    name: &'static str,
    /// The boundary code.
    pub code: &'static str,
    /// Why an event breaks it, if it does.
    pub broken: fn(&Event<'_>, &dyn Lookup) -> Option<String>,
    /// What it may ask of a whole event.
    asks: Asks,
}

/// The five, by their names.
const ALL: [Invariant; 5] = [
    Invariant {
        name: "adjacency",
        code: "invariant.adjacency",
        broken: adjacency,
        asks: questions::adjacency,
    },
    Invariant {
        name: "exclusion",
        code: "invariant.exclusion",
        broken: exclusion,
        asks: questions::exclusion,
    },
    Invariant {
        name: "consistency",
        code: "invariant.consistency",
        broken: consistency,
        asks: questions::consistency,
    },
    Invariant {
        name: "boundary_discipline",
        code: "invariant.boundary_discipline",
        broken: boundary_discipline,
        asks: questions::boundary_discipline,
    },
    Invariant {
        name: "authority_nontransfer",
        code: "invariant.authority_nontransfer",
        broken: authority_nontransfer,
        asks: questions::authority_nontransfer,
    },
];

/// Gives `each` what the invariants that a whole event declares may ask. Where no answer is one that could break one,
/// [`hold_to_invariants`](super::hold_to_invariants) has nothing to say of it.
pub fn each_question<'a>(event: &Event<'a>, each: &mut dyn FnMut(Question<'a>)) {
    for name in event.invariants {
        match named(name) {
            Some(invariant) => (invariant.asks)(event, each),
            None => each(Question::Exactly),
        }
    }
}

/// The invariant of a name, if it is one of the five.
pub fn named(name: &str) -> Option<&'static Invariant> {
    ALL.iter().find(|invariant| invariant.name == name)
}

/// What is known of a node: where its own tile knows it that counts, else what any other does.
fn facts(event: &Event<'_>, node: &str, lookup: &dyn Lookup) -> Vec<NodeFact> {
    let mut facts = Vec::new();
    lookup.node(event, node, &mut |fact| facts.push(fact));
    if facts.iter().any(|f| f.tile == event.tile) {
        facts.retain(|f| f.tile == event.tile);
    }
    facts
}

/// Whether the node was created with some word.
fn was_made(event: &Event<'_>, node: &str, lookup: &dyn Lookup, with: impl Fn(Made) -> bool) -> bool {
    facts(event, node, lookup).into_iter().filter_map(|f| f.made).any(with)
}

/// A node it links, or a `moved_to`, lies in a tile that is neither its own nor one of the eight around it at the
/// same zoom.
fn adjacency(event: &Event<'_>, lookup: &dyn Lookup) -> Option<String> {
    let own = event.tile;
    let is_near = |tile: Tile| own.is_around(tile);
    let is_far = |node: &str| {
        let facts = facts(event, node, lookup);
        !facts.is_empty() && !facts.iter().any(|f| is_near(f.tile))
    };
    event.payload.touches().find_map(|touch| match touch {
        Touch::Link(link) => {
            let end = [link.ends.from, link.ends.to].into_iter().find(|end| is_far(end))?;
            Some(format!("{end} lies in no tile around {own}"))
        }
        touch => {
            let mut moves = touch.sets().iter().filter(|s| s.register.kind == RegisterKind::MovedTo);
            let far = moves
                .find_map(|s| raw::text(s.value).and_then(|t| Tile::parse(&t)).filter(|t| !is_near(*t)))?;
            Some(format!("{far} is not around {own}"))
        }
    })
}

/// It creates a node_id that exists in its tile, or writes to one deleted there. What a macro's earlier primitives
/// created and deleted counts.
fn exclusion(event: &Event<'_>, lookup: &dyn Lookup) -> Option<String> {
    let here = |node: &str, is: fn(&NodeFact) -> bool| {
        let mut found = false;
        lookup.node_here(event, node, &mut |fact| found |= is(&fact));
        found
    };
    let (mut created, mut deleted) = (HashSet::new(), HashSet::new());
    event.payload.touches().find_map(|touch| {
        let is_gone = |node: &&str| deleted.contains(node) || here(node, |fact| fact.deleted);
        if let Some(node) = touch.node().filter(is_gone) {
            return Some(format!("{node} is deleted in {}", event.tile));
        }
        match touch {
            Touch::Create { node, .. } => {
                let exists = !created.insert(node) || here(node, |fact| fact.made.is_some());
                return exists.then(|| format!("{node} exists in {}", event.tile));
            }
            Touch::Delete { node } => {
                deleted.insert(node);
            }
            _ => {}
        }
        None
    })
}

/// It names itself or would close a cycle; a draft also: a parent is unknown, or in a stricter lane.
fn consistency(event: &Event<'_>, lookup: &dyn Lookup) -> Option<String> {
    if event.parents.contains(&event.id) {
        return Some("it names itself".to_owned());
    }
    if lookup.closes_cycle(event) {
        return Some("a parent descends from it".to_owned());
    }
    if !event.is_draft() {
        return None;
    }
    event.parents.iter().find_map(|parent| match lookup.parent(event, parent)? {
        Parent::Known => None,
        Parent::Unknown => Some(format!("{parent} is not known in {} {}", event.space, event.tile)),
        Parent::Stricter => Some(format!("{parent} is in a stricter lane")),
    })
}

/// It is `interior` and names a node created as `exterior`; or it is `exterior` and writes to a node created as
/// `interior`.
fn boundary_discipline(event: &Event<'_>, lookup: &dyn Lookup) -> Option<String> {
    let was = |node: &str, boundary| was_made(event, node, lookup, |made| made.boundary == boundary);
    match event.scope.boundary {
        Boundary::Interior => {
            let is_exterior = |node: &Cow<'_, str>| was(node, Boundary::Exterior);
            let node = named::find(event.payload, |node| Some(node).filter(is_exterior))?;
            Some(format!("interior, it names {node}, which is exterior"))
        }
        Boundary::Exterior => {
            let mut written = event.payload.touches().filter_map(Touch::node);
            let node = written.find(|node| was(node, Boundary::Interior))?;
            Some(format!("exterior, it writes to {node}, which is interior"))
        }
        Boundary::Boundary => None,
    }
}

/// It is `derived` and deletes, absorbs or re-parents a node created as `source`.
fn authority_nontransfer(event: &Event<'_>, lookup: &dyn Lookup) -> Option<String> {
    if event.scope.authority != Authority::Derived {
        return None;
    }
    let is_parent = |set: &Set<'_>| set.register.kind == RegisterKind::Parent;
    let mut taken = event.payload.touches().filter_map(|touch| match touch {
        Touch::Delete { node } | Touch::Absorb { node, .. } => Some(node),
        touch => touch.node().filter(|_| touch.sets().iter().any(|set| is_parent(&set))),
    });
    let is_source = |node: &&str| was_made(event, node, lookup, |made| made.authority == Authority::Source);
    let node = taken.find(is_source)?;
    Some(format!("derived, it takes {node}, which is source"))
}
