//! What of a space its persons do not consent to being shown: nodes as if they were not there, or their shapes alone.

use super::family::Family;
use super::nodes::{Nodes, ViewNode};
use crate::consent::{self, Consent, End, Form, Level, Marks, PERSON};
use bumpalo::Bump;
use std::collections::BTreeSet;
use ulp_core::event::{Register, RegisterKind};
use ulp_core::json::raw;
use ulp_core::state::{Node, Written};

/// What is shown of the nodes of a space, by number.
pub(super) struct Forms(Vec<Form>);

impl Forms {
    /// Nothing where the space has no recording, so that all is shown. `visible` says which nodes would be.
    pub fn of(
        nodes: &Nodes<'_>,
        family: &Family,
        visible: &[bool],
        end: Option<&End>,
        mix: bool,
    ) -> Option<Forms> {
        let own = own(nodes, visible, end)?;
        let along = along(&own, &family.parents);
        let form = |(i, (_, node)): (usize, &(&str, ViewNode<'_>))| {
            let survivor = family.survivor(i).map_or(Level::Granted, |left| along[left]);
            along[i].lesser(survivor).form(node.plain(RegisterKind::Geometry), mix)
        };
        Some(Forms(nodes.list().iter().enumerate().map(form).collect()))
    }

    /// Whether all of a node is shown.
    pub fn shows_whole(&self, node: usize) -> bool {
        self.0[node] == Form::Whole
    }

    /// Takes away what is not shown, and gives the names of the nodes of which nothing is left that would be.
    pub fn apply<'a>(&self, nodes: &mut Nodes<'a>, arena: &'a Bump) -> Vec<&'a str> {
        let mut withheld = Vec::new();
        for ((name, node), form) in nodes.iter_mut().zip(&self.0) {
            match form {
                Form::Whole => {}
                Form::Occluder => occlude(node, arena),
                Form::Nothing => {
                    withheld.extend(node.visible.then_some(name));
                    node.withhold();
                }
            }
        }
        withheld
    }
}

/// How far each node by itself is shown; nothing where there is no recording.
fn own(nodes: &Nodes<'_>, visible: &[bool], end: Option<&End>) -> Option<Vec<Level>> {
    let list = nodes.list();
    let marked = (0..list.len()).filter(|i| marks(&list[*i].1).is_some());
    let last = end.into_iter().flat_map(End::recordings).filter_map(|name| nodes.number(name));
    let recordings: BTreeSet<usize> = marked.chain(last).collect();
    if recordings.is_empty() {
        return None;
    }
    let allows = |marks: &Marks<'_>| {
        let person = nodes.number(&marks.of).filter(|n| visible[*n]).map(|n| &list[n].1);
        let person = person.filter(|person| is_person(person));
        person
            .map_or(Level::Denied, |p| consent::allowed(&marks.sensor, |key| p.get(Register::property(key))))
    };
    let mut own = vec![Level::Granted; list.len()];
    for i in recordings {
        let (name, node) = &list[i];
        own[i] = consent::level(name, marks(node).as_ref(), allows, end);
    }
    Some(own)
}

/// How far each node is shown that hangs below others: no further than these. No parents stand in a circle.
fn along(own: &[Level], parents: &[Option<usize>]) -> Vec<Level> {
    let mut known: Vec<Option<Level>> = vec![None; own.len()];
    let mut path = Vec::new();
    for i in 0..own.len() {
        let (mut at, mut level) = (Some(i), Level::Granted);
        while let Some(n) = at {
            if let Some(found) = known[n] {
                level = found;
                break;
            }
            path.push(n);
            at = parents[n];
        }
        while let Some(n) = path.pop() {
            level = level.lesser(own[n]);
            known[n] = Some(level);
        }
    }
    known.into_iter().map(|level| level.unwrap_or(Level::Denied)).collect()
}

/// Whether all is shown that has to do with a node of which nothing is known yet.
pub(super) fn is_whole_at(node: &str, end: Option<&End>) -> bool {
    consent::level(node, None, |_| Level::Granted, end) == Level::Granted
}

/// By what a node is a recording, if it is one.
pub fn marks<'a>(node: &ViewNode<'a>) -> Option<Marks<'a>> {
    Marks::read(|key| node.get(Register::property(key)))
}

/// Whether a node is one that consents.
pub fn is_person(node: &ViewNode<'_>) -> bool {
    node.plain(RegisterKind::Kind).and_then(raw::text).as_deref() == Some(PERSON)
}

/// What nodes say, of which the persons that are `visible` consent, at the end of what was read.
pub fn end<'s, 'a: 's>(nodes: impl Iterator<Item = (&'a str, &'s ViewNode<'a>, bool)>) -> End {
    let mut end = End::default();
    for (name, node, visible) in nodes {
        if let Some(marks) = marks(node) {
            end.record(name, &marks);
        }
        if visible && is_person(node) {
            let properties = node.keyed(RegisterKind::Property);
            end.allow(name, properties.iter().map(Written::member));
        }
    }
    end
}

/// Leaves of a node where it is, and its shape.
fn occlude<'a>(node: &mut ViewNode<'a>, arena: &'a Bump) {
    let state = &node.state;
    let mut left = Node { created: state.created, deleted: state.deleted, ..Node::default() };
    for written in state.registers.iter().filter(|w| consent::is_of_occluder(w.register.kind)) {
        left.registers.write(occluding(*written, arena));
    }
    node.occlude(left);
}

/// A register as an occluder keeps it.
pub fn occluding<'a>(written: Written<'a>, arena: &'a Bump) -> Written<'a> {
    if written.register.kind != RegisterKind::Geometry {
        return written;
    }
    let value = consent::occluding(written.value).map_or("null", |geometry| arena.alloc_str(&geometry));
    Written { value, ..written }
}

/// What a space asks of consents: what is asked of all, and what the end says of it.
#[derive(Clone, Copy)]
pub(super) struct Asked<'c, 'a> {
    pub end: Option<&'c End>,
    pub mix: bool,
    pub arena: &'a Bump,
}

impl<'c, 'a> Asked<'c, 'a> {
    pub fn of(consent: &'c Consent, space: &str, arena: &'a Bump) -> Asked<'c, 'a> {
        Asked { end: consent.end(space), mix: consent.mix, arena }
    }
}
