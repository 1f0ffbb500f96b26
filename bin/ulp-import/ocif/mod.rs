//! The Open Canvas Interchange Format, 0.3 to 0.7.
//!
//! Where our own extensions stand they alone are read, as they were written; else what every canvas can draw.

mod drawn;
mod held;
mod own;
mod shape;

use ulp_core::json::{Tape, Value};
use ulp_core::report::Refusal;

use crate::desk::Desk;
use crate::pipe::Records;
use crate::sketch::{self, text};
use crate::whole::no_document;

/// Reads a document.
///
/// # Errors
/// It is no document of the format.
pub fn read(document: &str, desk: &Desk, records: &mut Records<'_, '_>) -> Result<(), Refusal> {
    let mut tape = Tape::new();
    let top = sketch::document(&mut tape, document)?;
    if text(top, "ocif").is_none() {
        return Err(no_document("no ocif that names a version"));
    }
    let nodes = sketch::list(top, "nodes")?;
    if nodes.iter().any(|node| own::is_own(*node)) {
        own::read(&nodes, desk, records);
        return Ok(());
    }
    drawn::read(top, &nodes, desk, records)
}

/// The extensions of a node or a relation.
fn extensions<'t, 'a>(thing: Value<'t, 'a>) -> impl Iterator<Item = Value<'t, 'a>> {
    thing.get("data").into_iter().flat_map(Value::items)
}

/// The extension of that type.
fn extension<'t, 'a>(thing: Value<'t, 'a>, kind: &str) -> Option<Value<'t, 'a>> {
    extensions(thing).find(|extension| extension.get("type").is_some_and(|value| value.is_str(kind)))
}
