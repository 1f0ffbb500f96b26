//! The nodes that an event or a state line names.

use crate::event::{Payload, RegisterKind, Set};
use crate::json::raw;
use crate::state::line::Body;
use std::borrow::Cow;

/// Calls `each` for every node that a payload names: `node_id`, both ends of a link, `parent`, `absorbs`,
/// `updates[]`, and those of a macro's primitives.
pub fn nodes<'a>(payload: &Payload<'a>, each: &mut dyn FnMut(Cow<'a, str>)) {
    match *payload {
        Payload::Create { node, sets } | Payload::Set { node, sets } => {
            each(node.into());
            parents(sets, each);
        }
        Payload::Step { updates } => {
            for (node, sets) in updates {
                each((*node).into());
                parents(sets, each);
            }
        }
        Payload::Delete { node } => each(node.into()),
        Payload::Link(link) => [link.ends.from, link.ends.to].into_iter().for_each(|end| each(end.into())),
        Payload::Unlink(unlink) => {
            [unlink.ends.from, unlink.ends.to].into_iter().for_each(|end| each(end.into()))
        }
        Payload::Merge { node, absorbs } => {
            node.into_iter().for_each(|(node, _)| each(node.into()));
            absorbs.iter().for_each(|node| each((*node).into()));
        }
        Payload::Sensor(sensor) => sensor.node.and_then(raw::text).into_iter().for_each(each),
        Payload::Macro(primitives) => primitives.iter().for_each(|p| nodes(&p.payload, each)),
        Payload::Unknown => {}
    }
}

/// As `nodes`, of a state line.
pub fn nodes_of_state<'a>(body: &Body<'a>, each: &mut dyn FnMut(Cow<'a, str>)) {
    match body {
        Body::Tile { .. } => {}
        Body::Node { node, registers, .. } => {
            each((*node).into());
            for written in *registers {
                if matches!(written.register.kind, RegisterKind::Parent | RegisterKind::AbsorbedInto) {
                    raw::text(written.value).into_iter().for_each(&mut *each);
                }
            }
        }
        Body::Link { ends, .. } => [ends.from, ends.to].into_iter().for_each(|end| each(end.into())),
        Body::Sensor(reading) => reading.sensor.node.and_then(raw::text).into_iter().for_each(each),
    }
}

/// The parents that some writes set.
pub fn parents<'a>(sets: &[Set<'a>], each: &mut dyn FnMut(Cow<'a, str>)) {
    let parents = sets.iter().filter(|s| s.register.kind == RegisterKind::Parent);
    parents.filter_map(|s| raw::text(s.value)).for_each(each);
}
