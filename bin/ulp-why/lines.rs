//! Answers as JSON lines, canonical.

use crate::answer::{Answer, Role};
use crate::ground::Thing;
use crate::told::At;
use ulp_core::json::write::{Items, Members};
use ulp_core::state::write_key;

/// Appends `{"at","depth","event","key","operation","registers","role"}`, with what there is; of what may not be shown
/// `{"depth","hash","role"}`. `sources` are the names of operands.
pub fn write(answer: &Answer<'_>, sources: &[String], out: &mut Vec<u8>) {
    let mut line = Members::open(out);
    if answer.shows {
        line.name("at", out);
        write_at(&answer.found.read.at, sources, out);
    }
    if let Some(depth) = answer.depth {
        line.integer("depth", depth, out);
    }
    let is_part = answer.role == Role::Itself && !answer.suffix().is_empty();
    if answer.shows && !is_part {
        line.name("event", out);
        out.extend_from_slice(answer.found.form());
    }
    if answer.shows {
        line.name("key", out);
        write_key(answer.key, out);
    } else {
        line.word("hash", answer.found.hash(), out);
    }
    if answer.shows && is_part {
        line.text("operation", operation(answer), out);
    }
    if answer.shows && !answer.things.is_empty() {
        line.name("registers", out);
        let mut things = Items::open(out);
        for thing in &answer.things {
            things.next(out);
            write_thing(thing, out);
        }
        things.close(out);
    }
    line.word("role", answer.role.as_str(), out);
    line.end_line(out);
}

/// What the event, or the primitive of its macro, does.
pub fn operation<'a>(answer: &Answer<'a>) -> &'a str {
    let event = answer.found.event();
    let part = event.payload.expansion().iter().find(|part| part.suffix == answer.suffix());
    part.map_or(event.operation, |part| part.operation)
}

fn write_at(at: &At, sources: &[String], out: &mut Vec<u8>) {
    let mut object = Members::open(out);
    match at {
        At::Stream { source, line } => {
            object.integer("line", line, out);
            let name = usize::try_from(*source).ok().and_then(|at| sources.get(at));
            object.text("source", name.map_or("-", String::as_str), out);
        }
        At::Store { lane, segment, offset } => {
            object.text("lane", lane, out);
            object.integer("offset", offset, out);
            object.word("segment", segment, out);
        }
    }
    object.close(out);
}

fn write_thing(thing: &Thing<'_>, out: &mut Vec<u8>) {
    let mut object = Members::open(out);
    match thing {
        Thing::Register(node, register) => {
            object.text("node_id", node, out);
            object.text("register", register, out);
        }
        Thing::Link(ends) => {
            object.text("from_node", ends.from, out);
            object.text("relation", ends.relation, out);
            object.text("to_node", ends.to, out);
        }
        Thing::Sensor(actor, sensor) => {
            object.text("actor_id", actor, out);
            object.text("sensor", sensor, out);
        }
    }
    object.close(out);
}
