//! The nodes that an event or a state line names.

use crate::event::{Ends, Payload, Touch};
use crate::json::raw;
use crate::state::Written;
use crate::state::line::Body;
use std::borrow::Cow;

/// Every node that a payload names: `node_id`, both ends of a link, `parent`, `absorbs`, `updates[]`, and those of a
/// macro's primitives.
pub fn nodes<'a>(payload: Payload<'a>) -> impl Iterator<Item = Cow<'a, str>> {
    payload.touches().flat_map(|touch| {
        let own = match touch {
            Touch::Link(link) => both(link.ends),
            Touch::Unlink(unlink) => both(unlink.ends),
            Touch::Read(sensor) => [sensor.node.and_then(raw::text), None],
            touch => [touch.node().map(Cow::from), None],
        };
        let named = touch.sets().iter().filter(|set| set.register.kind.names_node());
        own.into_iter().flatten().chain(named.filter_map(|set| raw::text(set.value)))
    })
}

/// As `nodes`, of a state line.
pub fn nodes_of_state<'a>(body: &Body<'a>) -> impl Iterator<Item = Cow<'a, str>> {
    let (own, registers): (_, &[Written<'a>]) = match *body {
        Body::Tile { .. } => ([None, None], &[]),
        Body::Node { node, registers, .. } => ([Some(node.into()), None], registers),
        Body::Link { ends, .. } => (both(ends), &[]),
        Body::Sensor(reading) => ([reading.sensor.node.and_then(raw::text), None], &[]),
    };
    let named = registers.iter().filter(|written| written.register.kind.names_node());
    own.into_iter().flatten().chain(named.filter_map(|written| raw::text(written.value)))
}

fn both(ends: Ends<'_>) -> [Option<Cow<'_, str>>; 2] {
    [Some(ends.from.into()), Some(ends.to.into())]
}
