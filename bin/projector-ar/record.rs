//! What is written a line each: the pose of a node, or a thing in view. Canonical JSON; pixels and metres have 3
//! decimals, degrees 6.

use crate::label::Rect;
use crate::overlay::Sight;
use crate::thing::Thing;
use ulp_core::json::write::Members;
use ulp_view::geodesy::round;
use ulp_view::join::ViewNode;
use ulp_view::record::clock;

/// What the records of a run have in common.
#[derive(Clone, Copy)]
pub struct Style {
    /// Whether the keys behind what is shown are told.
    pub provenance: bool,
    /// Whether there are several spaces, so that each record names its own.
    pub several: bool,
    /// Whether a pose has angles instead of a quaternion.
    pub ypr: bool,
}

impl Style {
    fn clock(&self, node: &ViewNode<'_>, line: &mut Members, out: &mut Vec<u8>) {
        if self.provenance {
            line.name("clock", out);
            clock(node).write(out);
        }
    }

    fn space(&self, space: &str, line: &mut Members, out: &mut Vec<u8>) {
        if self.several {
            line.text("space_id", space, out);
        }
    }

    /// The pose of a node.
    pub fn write_pose(&self, thing: &Thing<'_, '_>, out: &mut Vec<u8>) {
        let mut line = Members::open(out);
        self.clock(thing.view, &mut line, out);
        thing.event.iter().for_each(|event| line.text("event_id", event, out));
        line.name("geopose", out);
        thing.pose.object(self.ypr).write(out);
        line.text("node_id", thing.id, out);
        self.space(thing.space, &mut line, out);
        line.end_line(out);
    }

    /// A thing in view.
    pub fn write_sight(&self, sight: &Sight<'_, '_, '_>, out: &mut Vec<u8>) {
        let thing = sight.seen.thing;
        let mut line = Members::open(out);
        line.number("bearing", sight.bearing, out);
        rect("box", sight.around, &mut line, out);
        self.clock(thing.view, &mut line, out);
        line.number("distance", sight.distance, out);
        line.number("elevation", sight.elevation, out);
        thing.event.iter().for_each(|event| line.text("event_id", event, out));
        line.text("label", &sight.label, out);
        rect("label_box", sight.label_box, &mut line, out);
        line.text("node_id", thing.id, out);
        match sight.hidden_by {
            Some(by) => line.text("occluded_by", by, out),
            None => line.raw("occluded_by", Some("null"), out),
        }
        match sight.screen {
            Some(place) => line.numbers("screen", &place.map(round::height), out),
            None => line.raw("screen", Some("null"), out),
        }
        self.space(thing.space, &mut line, out);
        line.end_line(out);
    }
}

fn rect(name: &str, rect: Option<Rect>, line: &mut Members, out: &mut Vec<u8>) {
    match rect {
        Some(rect) => line.numbers(name, &rect.map(round::height), out),
        None => line.raw(name, Some("null"), out),
    }
}
