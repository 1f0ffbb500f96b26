//! The operations, a row each: the name, and how its payload is read.
//!
//! Whoever asks for an operation by its name goes by the [`OPERATIONS`]: the reader of lines, quick or plain, that of
//! macros' templates, and the hint beside a name that nobody knows. Page "2. The event", operations.

use super::Refusal;
use super::macros::{self, ReadShape, Shape};
use super::payload::{self, Payload};
use super::source::Source;

/// An operation that this version knows.
#[derive(Clone, Copy)]
pub struct Operation {
    pub name: &'static str,
    pub(super) reads: Reads,
    /// Whether `transform.position` chooses the tile of an event that names none.
    pub(super) is_placed: bool,
}

/// What an operation's payload is read into.
#[derive(Clone, Copy)]
pub enum Reads {
    Primitive(for<'a> fn(Source<'_, 'a>) -> Result<Payload<'a>, Refusal>),
    /// A macro: how often its template is stamped, and with what.
    Macro(ReadShape),
}

/// Every operation, by name.
pub const OPERATIONS: &[Operation] = &[
    primitive("create_node", payload::create_node).placed(),
    primitive("delete_node", payload::delete_node),
    primitive("link_nodes", payload::link_nodes),
    stamping("macro.circle", Shape::circle),
    stamping("macro.grid", Shape::grid),
    stamping("macro.line", Shape::line),
    stamping("macro.stamp", Shape::stamp),
    primitive("merge", payload::merge),
    primitive("physics_step", payload::physics_step),
    primitive("sensor_reading", payload::sensor_reading),
    primitive("set_geometry", payload::set_geometry),
    primitive("set_media", payload::set_media),
    primitive("set_physics", payload::set_physics),
    primitive("set_properties", payload::set_properties),
    primitive("unlink_nodes", payload::unlink_nodes),
    primitive("update_transform", payload::update_transform).placed(),
];

const fn primitive(
    name: &'static str,
    read: for<'a> fn(Source<'_, 'a>) -> Result<Payload<'a>, Refusal>,
) -> Operation {
    Operation { name, reads: Reads::Primitive(read), is_placed: false }
}

const fn stamping(name: &'static str, read: ReadShape) -> Operation {
    Operation { name, reads: Reads::Macro(read), is_placed: false }
}

impl Operation {
    const fn placed(self) -> Operation {
        Operation { is_placed: true, ..self }
    }

    /// The operation of a name, where this version knows it.
    pub(super) fn named(name: &str) -> Option<&'static Operation> {
        OPERATIONS.iter().find(|operation| operation.name == name)
    }
}

/// Reads the payload of an event whose envelope stands; of one that this version does not know there is nothing to
/// read.
pub fn read<'a>(source: Source<'_, 'a>) -> Result<Payload<'a>, Refusal> {
    match Operation::named(source.event.operation).map(|operation| operation.reads) {
        Some(Reads::Primitive(read)) => read(source),
        Some(Reads::Macro(shape)) => macros::read(source, shape),
        None => Ok(Payload::Unknown),
    }
}

/// Bytes of a name that are compared with the known operations, all of which are shorter: the cost is bounded.
const LONGEST_HINTED: usize = 40;

/// The known operation that is nearest in spelling, for the hint beside an unknown one.
pub fn nearest_operation(name: &str) -> &'static str {
    let bytes = |text: &str| text.bytes().take(LONGEST_HINTED).collect::<Vec<u8>>();
    let name = bytes(name);
    let distance = |known: &&Operation| strsim::generic_levenshtein(&bytes(known.name), &name);
    OPERATIONS.iter().min_by_key(distance).expect("there are operations").name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_operation_is_hinted() {
        assert_eq!(nearest_operation("create_nod"), "create_node");
        assert_eq!(nearest_operation("macro.gird"), "macro.grid");
    }
}
