//! What an event does to the state of its lane.

use super::{Add, LaneState, Reading};
use crate::event::{Payload, Register, RegisterKind, Set};
use crate::id::Key;

/// What is odd about an event that was applied.
#[derive(Default)]
pub struct Odd<'a> {
    pub after_delete: Option<&'a str>,
    /// An operation that this version does not know; empty where it is the event's own.
    pub unknown: Option<&'a str>,
}

/// Applies one primitive; deletions were applied before.
pub fn primitive<'a>(
    lane: &mut LaneState<'a>,
    key: Key<'a>,
    payload: &Payload<'a>,
    operation: &'a str,
    odd: &mut Odd<'a>,
) {
    match payload {
        Payload::Create { node, sets } => {
            lane.create(node, key);
            write(lane, node, key, sets, odd);
        }
        Payload::Set { node, sets } => write(lane, node, key, sets, odd),
        Payload::Step { updates } => {
            updates.iter().for_each(|(node, sets)| write(lane, node, key, sets, odd))
        }
        Payload::Delete { .. } | Payload::Macro(_) => {}
        Payload::Link(link) => {
            let add = Add { key, properties: link.properties };
            lane.links.entry(link.ends).or_default().add(key.id, add);
        }
        Payload::Unlink(unlink) => {
            let links = lane.links.entry(unlink.ends).or_default();
            match unlink.observed {
                Some(tags) => tags.iter().for_each(|tag| links.remove(tag)),
                None => links.remove_before(key),
            }
        }
        Payload::Merge { node, absorbs } => {
            if let Some((_, raw)) = node {
                let register = Register::plain(RegisterKind::AbsorbedInto);
                for absorbed in *absorbs {
                    write(lane, absorbed, key, &[Set { register, value: raw }], odd);
                }
            }
        }
        Payload::Sensor(sensor) => lane.read_sensor(Reading { key, sensor: **sensor }),
        Payload::Unknown => odd.unknown = Some(operation),
    }
}

fn write<'a>(lane: &mut LaneState<'a>, node: &'a str, key: Key<'a>, sets: &[Set<'a>], odd: &mut Odd<'a>) {
    if lane.set(node, key, sets) {
        odd.after_delete = Some(node);
    }
}
