//! The nodes that an event or a state line names.

use crate::event::{Ends, Payload, Touch};
use crate::json::raw;
use crate::state::line::Body;
use std::borrow::Cow;

/// What `each` first answers for a node that a payload names: `node_id`, both ends of a link, `parent`, `absorbs`,
/// `updates[]`, and those of a macro's primitives.
pub fn find<'a, T>(payload: Payload<'a>, mut each: impl FnMut(Cow<'a, str>) -> Option<T>) -> Option<T> {
    payload.touches().find_map(|touch| {
        let own = match touch {
            Touch::Link(link) => either(link.ends, &mut each),
            Touch::Unlink(unlink) => either(unlink.ends, &mut each),
            Touch::Read(sensor) => sensor.node.and_then(raw::text).and_then(&mut each),
            touch => touch.node().and_then(|node| each(node.into())),
        };
        let mut named = touch.sets().iter().filter(|set| set.register.kind.names_node());
        own.or_else(|| named.find_map(|set| each(raw::text(set.value)?)))
    })
}

/// As `find`, of a state line.
pub fn find_in_state<'a, T>(body: &Body<'a>, mut each: impl FnMut(Cow<'a, str>) -> Option<T>) -> Option<T> {
    match *body {
        Body::Tile { .. } => None,
        Body::Node { node, registers, .. } => {
            let mut named = registers.iter().filter(|written| written.register.kind.names_node());
            each(node.into()).or_else(|| named.find_map(|written| each(raw::text(written.value)?)))
        }
        Body::Link { ends, .. } => either(ends, &mut each),
        Body::Sensor(reading) => reading.sensor.node.and_then(raw::text).and_then(each),
    }
}

fn either<'a, T>(ends: Ends<'a>, each: &mut impl FnMut(Cow<'a, str>) -> Option<T>) -> Option<T> {
    each(ends.from.into()).or_else(|| each(ends.to.into()))
}
