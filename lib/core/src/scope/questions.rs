//! What the invariants may ask of an event, and which answers could break one.
//!
//! Whoever knows that no answer is one of these need not look at the event again: it breaks nothing. The converse does
//! not hold. What cannot be said so is [`Question::Exactly`], for which the invariants themselves are to be asked.

use super::named;
use crate::event::{Event, Payload, RegisterKind, Touch};
use crate::id::{Authority, Boundary};
use std::borrow::Cow;

/// What could break an invariant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question<'a> {
    /// That a node is known in such a way.
    Node(Cow<'a, str>, Breaks),
    /// That an event names this one as a parent.
    Child,
    /// Whatever the invariants find.
    Exactly,
}

/// How a node is known where an invariant is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breaks {
    /// Deleted, in the event's own tile.
    Deleted,
    /// Created or deleted, in the event's own tile.
    Known,
    /// Created under a word; what the event's own tile knows of the node counts, else what any other does.
    Of(Boundary),
    By(Authority),
    /// In a tile that is not around the event's, and not in its own.
    Far,
}

/// What an invariant asks goes to `each`.
pub type Asks = for<'a> fn(&Event<'a>, each: &mut dyn FnMut(Question<'a>));

pub fn adjacency<'a>(event: &Event<'a>, each: &mut dyn FnMut(Question<'a>)) {
    for touch in event.payload.touches() {
        if let Touch::Link(link) = touch {
            each(Question::Node(link.ends.from.into(), Breaks::Far));
            each(Question::Node(link.ends.to.into(), Breaks::Far));
        }
        if touch.sets().iter().any(|set| set.register.kind == RegisterKind::MovedTo) {
            each(Question::Exactly);
        }
    }
}

pub fn exclusion<'a>(event: &Event<'a>, each: &mut dyn FnMut(Question<'a>)) {
    // What a macro did to a node counts for the rest of it.
    if matches!(event.payload, Payload::Macro(_)) {
        return each(Question::Exactly);
    }
    for touch in event.payload.touches() {
        let breaks = if matches!(touch, Touch::Create { .. }) { Breaks::Known } else { Breaks::Deleted };
        touch.node().into_iter().for_each(|node| each(Question::Node(node.into(), breaks)));
    }
}

pub fn consistency<'a>(event: &Event<'a>, each: &mut dyn FnMut(Question<'a>)) {
    if event.parents.contains(&event.id) {
        each(Question::Exactly);
    } else if !event.parents.is_empty() {
        each(Question::Child);
    }
}

pub fn boundary_discipline<'a>(event: &Event<'a>, each: &mut dyn FnMut(Question<'a>)) {
    match event.scope.boundary {
        Boundary::Interior => {
            let nothing: Option<()> = named::find(event.payload, |node| {
                each(Question::Node(node, Breaks::Of(Boundary::Exterior)));
                None
            });
            debug_assert!(nothing.is_none(), "all nodes are asked about");
        }
        Boundary::Exterior => {
            let written = event.payload.touches().filter_map(Touch::node);
            written.for_each(|node| each(Question::Node(node.into(), Breaks::Of(Boundary::Interior))));
        }
        Boundary::Boundary => {}
    }
}

pub fn authority_nontransfer<'a>(event: &Event<'a>, each: &mut dyn FnMut(Question<'a>)) {
    if event.scope.authority == Authority::Derived {
        let written = event.payload.touches().filter_map(Touch::node);
        written.for_each(|node| each(Question::Node(node.into(), Breaks::By(Authority::Source))));
    }
}
