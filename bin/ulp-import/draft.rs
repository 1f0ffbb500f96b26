//! Drafts: events that lack their event_id, and often a timestamp. Canonical JSON, a line each.
//!
//! A [`Draft`] says what a record gives; the [`Sink`](crate::sink::Sink) adds what the options and the records before
//! it settle, and writes it.

use ulp_core::event::time_number;
use ulp_core::id::{Tile, Time};
use ulp_core::json::write::Members;
use ulp_core::json::write_number;

use crate::time::Stamp;

/// A value as canonical JSON.
pub type Json = Vec<u8>;

/// What becomes one event, or several where it changes a node.
#[derive(Debug, Default)]
pub struct Draft {
    pub envelope: Envelope,
    pub stamp: Stamp,
    pub what: What,
}

/// What the record itself says of its envelope. What it does not say comes from the options.
#[derive(Clone, Debug, Default)]
pub struct Envelope {
    pub actor: Option<String>,
    pub space: Option<String>,
    pub layer: Option<String>,
    pub tile: Option<Tile>,
    /// The object of `scope`.
    pub scope: Option<Json>,
}

#[derive(Debug)]
pub enum What {
    /// A node: created where its id is new, changed where it came before at another time.
    Node(Box<Node>),
    /// A node that is somewhere else, at a time of its own: never created by this.
    Move {
        node_id: String,
        transform: Json,
    },
    /// Properties of `@space` or of a layer.
    Properties {
        node_id: String,
        properties: Json,
    },
    /// A node's media of a role other than the default one.
    Media {
        node_id: String,
        role: String,
        media: Json,
    },
    Link(Box<Link>),
    Reading(Box<Reading>),
}

impl Default for What {
    fn default() -> What {
        What::Properties { node_id: "@space".to_owned(), properties: b"{}".to_vec() }
    }
}

/// A node, by its final name: [`Names`](crate::ids::Names) gives it.
#[derive(Debug, Default)]
pub struct Node {
    pub id: String,
    pub kind: Option<String>,
    /// Its x and y on the plane, by which its tile is found.
    pub at: Option<[f64; 2]>,
    /// The node in whose tile it stands: its parent, or the track whose path it is.
    pub beside: Option<String>,
    /// The object of `transform`, with position and parent in it.
    pub transform: Option<Json>,
    pub geometry: Option<Json>,
    pub media: Option<Json>,
    pub physics: Option<Json>,
    /// An object that is not empty.
    pub properties: Option<Json>,
}

#[derive(Debug, Default)]
pub struct Link {
    pub from: String,
    pub to: String,
    pub relation: Option<String>,
    pub properties: Option<Json>,
}

#[derive(Debug, Default)]
pub struct Reading {
    pub sensor: String,
    pub value: Json,
    pub unit: Option<String>,
    pub node_id: Option<String>,
    /// Its x and y on the plane, by which its tile is found.
    pub at: Option<[f64; 2]>,
    /// The list of `position`.
    pub position: Option<Json>,
}

/// An event as it is written; what is nothing is left out.
#[derive(Clone, Copy, Default)]
pub struct Line<'l> {
    pub actor: &'l str,
    pub operation: &'static str,
    pub space: Option<&'l str>,
    pub layer: Option<&'l str>,
    pub tile: Option<Tile>,
    pub scope: Option<&'l Json>,
    pub node_id: Option<&'l str>,
    pub kind: Option<&'l str>,
    pub transform: Option<&'l Json>,
    pub geometry: Option<&'l Json>,
    pub media: Option<&'l Json>,
    pub physics: Option<&'l Json>,
    pub properties: Option<&'l Json>,
    pub role: Option<&'l str>,
    pub from: Option<&'l str>,
    pub to: Option<&'l str>,
    pub relation: Option<&'l str>,
    pub sensor: Option<&'l str>,
    pub value: Option<&'l Json>,
    pub unit: Option<&'l str>,
    pub position: Option<&'l Json>,
}

impl Line<'_> {
    /// Appends the line with its end: the members in the order of RFC 8785.
    pub fn write(&self, timestamp: Option<Time>, out: &mut Vec<u8>) {
        let mut line = Members::open(out);
        line.text("actor_id", self.actor, out);
        text(&mut line, "from_node", self.from, out);
        json(&mut line, "geometry", self.geometry, out);
        text(&mut line, "kind", self.kind, out);
        text(&mut line, "layer_id", self.layer, out);
        json(&mut line, "media", self.media, out);
        text(&mut line, "node_id", self.node_id, out);
        line.text("operation", self.operation, out);
        json(&mut line, "physics", self.physics, out);
        json(&mut line, "position", self.position, out);
        json(&mut line, "properties", self.properties, out);
        text(&mut line, "relation", self.relation, out);
        text(&mut line, "role", self.role, out);
        json(&mut line, "scope", self.scope, out);
        text(&mut line, "sensor", self.sensor, out);
        text(&mut line, "space_id", self.space, out);
        if let Some(tile) = self.tile {
            line.word("tile", tile, out);
        }
        if let Some(time) = timestamp {
            line.name("timestamp", out);
            write_seconds(time, out);
        }
        text(&mut line, "to_node", self.to, out);
        json(&mut line, "transform", self.transform, out);
        text(&mut line, "unit", self.unit, out);
        json(&mut line, "value", self.value, out);
        line.end_line(out);
    }
}

/// Appends a time as the canonical number of its seconds, as [`time_number`] gives it.
fn write_seconds(time: Time, out: &mut Vec<u8>) {
    if time.0 % 1_000 != 0 {
        return out.extend_from_slice(time_number(time).as_bytes());
    }
    // Microseconds of any timestamp are below 2^53, so that one division gives the double that is nearest.
    #[expect(clippy::cast_precision_loss, reason = "it is an integer below 2^53")]
    write_number((time.0 / 1_000) as f64 / 1e6, out);
}

fn text(line: &mut Members, name: &str, text: Option<&str>, out: &mut Vec<u8>) {
    if let Some(text) = text {
        line.text(name, text, out);
    }
}

fn json(line: &mut Members, name: &str, json: Option<&Json>, out: &mut Vec<u8>) {
    if let Some(json) = json {
        line.name(name, out);
        out.extend_from_slice(json);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_the_number_of_their_time() {
        for nanos in [
            0,
            1_000,
            -1_000,
            1_767_225_600_000_001_000,
            7_289_654_399_999_999_000,
            -8_520_335_999_999_999_000,
            5,
            1_767_225_600_123_456_789,
        ] {
            let mut out = Vec::new();
            write_seconds(Time(nanos), &mut out);
            assert_eq!(out, time_number(Time(nanos)).as_bytes(), "{nanos}");
        }
    }
}
