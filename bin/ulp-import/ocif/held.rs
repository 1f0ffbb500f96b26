//! Drafts of values that anybody may have written, held to the rules of events.

use bumpalo::Bump;
use ulp_core::event::{Defaults, Reader};
use ulp_core::json::Fault;
use ulp_core::report::Refusal;

use crate::draft::{Draft, Line, What};

/// Whether a draft would be an event. How long it is is looked at where it is written.
///
/// # Errors
/// It would be refused, with the rule that it breaks.
pub fn check(draft: &Draft) -> Result<(), Refusal> {
    let mut text = Vec::new();
    line(draft).write(None, &mut text);
    let (arena, defaults) = (Bump::new(), Defaults::default());
    match Reader::new(&arena, &defaults).with_drafts().read_bytes(arena.alloc_slice_copy(&text)) {
        Err(refusal) if refusal.code != Fault::TooLong.code() => {
            Err(Refusal::new("import.node", format!("{}: {}", refusal.code, refusal.detail)))
        }
        _ => Ok(()),
    }
}

/// A draft as a line, as far as it says itself.
fn line(draft: &Draft) -> Line<'_> {
    let envelope = &draft.envelope;
    let frame = Line {
        actor: envelope.actor.as_deref().unwrap_or("import:ocif"),
        space: envelope.space.as_deref(),
        layer: envelope.layer.as_deref(),
        tile: envelope.tile,
        scope: envelope.scope.as_ref(),
        ..Line::default()
    };
    match &draft.what {
        What::Node(node) => Line {
            operation: "create_node",
            node_id: Some(&node.id),
            kind: node.kind.as_deref(),
            transform: node.transform.as_ref(),
            geometry: node.geometry.as_ref(),
            media: node.media.as_ref(),
            physics: node.physics.as_ref(),
            properties: node.properties.as_ref(),
            ..frame
        },
        What::Move { node_id, transform } => Line {
            operation: "update_transform",
            node_id: Some(node_id),
            transform: Some(transform),
            ..frame
        },
        What::Properties { node_id, properties } => Line {
            operation: "set_properties",
            node_id: Some(node_id),
            properties: Some(properties),
            ..frame
        },
        What::Media { node_id, role, media } => Line {
            operation: "set_media",
            node_id: Some(node_id),
            role: Some(role),
            media: Some(media),
            ..frame
        },
        What::Link(link) => Line {
            operation: "link_nodes",
            from: Some(&link.from),
            to: Some(&link.to),
            relation: link.relation.as_deref(),
            properties: link.properties.as_ref(),
            ..frame
        },
        What::Reading(reading) => Line {
            operation: "sensor_reading",
            sensor: Some(&reading.sensor),
            value: Some(&reading.value),
            unit: reading.unit.as_deref(),
            node_id: reading.node_id.as_deref(),
            position: reading.position.as_ref(),
            ..frame
        },
    }
}
