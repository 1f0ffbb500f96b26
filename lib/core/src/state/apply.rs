//! What an event does to the state of its lane.

use super::{Add, LaneState, Reading, Written};
use crate::event::{Payload, Register, RegisterKind, Sets, Touch};
use crate::id::Key;

/// What is odd about an event that was applied.
#[derive(Default)]
pub struct Anomalies<'a> {
    pub after_delete: Option<&'a str>,
    /// An operation that this version does not know; empty where it is the event's own.
    pub unknown: Option<&'a str>,
}

/// Applies what an event does that is no macro, or a primitive of one, under its key; its operation is only told where
/// it is not known. Deletions were applied before.
#[inline]
pub fn payload<'a>(
    lane: &mut LaneState<'a>,
    key: Key<'a>,
    (operation, payload): (&'a str, Payload<'a>),
    anomalies: &mut Anomalies<'a>,
) {
    match payload {
        Payload::Create { node, sets } => apply(lane, key, Touch::Create { node, sets }, anomalies),
        Payload::Set { node, sets } => apply(lane, key, Touch::Write { node, sets }, anomalies),
        Payload::Unknown => anomalies.unknown = Some(operation),
        payload => payload.touches().for_each(|touch| apply(lane, key, touch, anomalies)),
    }
}

fn apply<'a>(lane: &mut LaneState<'a>, key: Key<'a>, touch: Touch<'a>, anomalies: &mut Anomalies<'a>) {
    match touch {
        Touch::Create { node, sets } => {
            lane.nodes.create(node, key);
            write(lane, node, key, sets, anomalies);
        }
        Touch::Write { node, sets } => write(lane, node, key, sets, anomalies),
        Touch::Delete { .. } | Touch::Survive { .. } => {}
        Touch::Absorb { node, into } => {
            if lane.nodes.write(
                node,
                Written { register: Register::plain(RegisterKind::AbsorbedInto), key, value: into },
            ) {
                anomalies.after_delete = Some(node);
            }
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
    sets: Sets<'a>,
    anomalies: &mut Anomalies<'a>,
) {
    if lane.nodes.set(node, key, sets) {
        anomalies.after_delete = Some(node);
    }
}
