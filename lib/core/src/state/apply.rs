//! What an event does to the state of its lane.

use super::{Add, LaneState, Reading};
use crate::event::{Payload, Primitive, Register, RegisterKind, Set, Touch};
use crate::id::Key;

/// What is odd about an event that was applied.
#[derive(Default)]
pub struct Anomalies<'a> {
    pub after_delete: Option<&'a str>,
    /// An operation that this version does not know; empty where it is the event's own.
    pub unknown: Option<&'a str>,
}

/// Applies one primitive; deletions were applied before.
pub fn primitive<'a>(
    lane: &mut LaneState<'a>,
    key: Key<'a>,
    primitive: &Primitive<'a>,
    anomalies: &mut Anomalies<'a>,
) {
    if matches!(primitive.payload, Payload::Unknown) {
        anomalies.unknown = Some(primitive.operation);
    }
    primitive.touches().for_each(|touch| apply(lane, key, touch, anomalies));
}

fn apply<'a>(lane: &mut LaneState<'a>, key: Key<'a>, touch: Touch<'a>, anomalies: &mut Anomalies<'a>) {
    match touch {
        Touch::Create { node, sets } => {
            lane.create(node, key);
            write(lane, node, key, sets, anomalies);
        }
        Touch::Write { node, sets } => write(lane, node, key, sets, anomalies),
        Touch::Delete { .. } | Touch::Survive { .. } => {}
        Touch::Absorb { node, into } => {
            let register = Register::plain(RegisterKind::AbsorbedInto);
            write(lane, node, key, &[Set { register, value: into }], anomalies);
        }
        Touch::Link(link) => {
            let add = Add { key, properties: link.properties };
            lane.links.entry(link.ends).or_default().add(key.id, add);
        }
        Touch::Unlink(unlink) => {
            let links = lane.links.entry(unlink.ends).or_default();
            match unlink.observed {
                Some(tags) => tags.iter().for_each(|tag| links.remove(tag)),
                None => links.remove_before(key),
            }
        }
        Touch::Read(sensor) => lane.read_sensor(Reading { key, sensor: *sensor }),
    }
}

fn write<'a>(
    lane: &mut LaneState<'a>,
    node: &'a str,
    key: Key<'a>,
    sets: &[Set<'a>],
    anomalies: &mut Anomalies<'a>,
) {
    if lane.set(node, key, sets) {
        anomalies.after_delete = Some(node);
    }
}
