//! Media blobs that are shapes: glTF binaries, Wavefront OBJ, and drawings in SVG. What a blob is, is read from its
//! bytes, not from what the event claims.

mod glb;
mod obj;
mod svg;

use crate::geometry::{Shape, Triangles};
use crate::path::Segment;
use crate::solid::space::FAR;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use ulp_core::json::{self, Tape};
use ulp_store::blobs::{Blobs, UNDECODED};

/// Longest blob that is read, in bytes.
const LONGEST: u64 = 64 << 20;
/// Most corners that the shape of one blob has.
pub const MOST_CORNERS: usize = 1 << 20;
/// Most corners that its triangles name.
pub const MOST_INDICES: usize = 6 * MOST_CORNERS;

/// The shapes among the blobs.
pub struct Models<'b> {
    blobs: &'b Blobs<'b>,
    /// What was found out of each reference.
    known: Mutex<BTreeMap<String, Option<Model>>>,
}

/// The shape in a blob.
#[derive(Clone, Debug)]
pub enum Model {
    Solid(Arc<Triangles>),
    Flat(Arc<Vec<Segment>>),
}

impl<'b> Models<'b> {
    pub fn new(blobs: &'b Blobs<'b>) -> Models<'b> {
        Models { blobs, known: Mutex::default() }
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, Option<Model>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The shape in place of one that lies in a blob, where the blob is at hand, holds its hash, and is a shape.
    pub fn shape(&self, shape: Shape) -> Shape {
        match &shape {
            Shape::Blob { reference, .. } => self.get(reference).unwrap_or(shape),
            _ => shape,
        }
    }

    /// The shape that a reference `sha256:…` names.
    pub fn get(&self, reference: &str) -> Option<Shape> {
        let known = self.known().get(reference).cloned();
        let model = known.unwrap_or_else(|| {
            let bytes = self.blobs.load(reference, LONGEST);
            let model = bytes.as_deref().and_then(read);
            if bytes.is_some() && model.is_none() {
                self.blobs.fault(reference, UNDECODED);
            }
            self.known().insert(reference.to_owned(), model.clone());
            model
        });
        model.map(|model| match model {
            Model::Solid(triangles) => Shape::Mesh(triangles),
            Model::Flat(segments) => Shape::Path(segments),
        })
    }
}

/// The shape that a geometry says, with every number drawable.
pub fn shape_of(geometry: &str) -> Shape {
    Shape::read(Some(geometry), FAR, &mut Tape::new())
}

/// The shape that a medium may be, from its raw JSON: a model or a drawing in a blob.
pub fn shape_of_media(raw: &str) -> Option<Shape> {
    let mut tape = Tape::new();
    let value = tape.parse_any(raw, json::STATE_DEPTH).ok()?;
    let text = |name: &str| -> Option<String> { Some(value.get(name)?.chars().collect()) };
    let kind = text("mime").filter(|mime| mime.starts_with("model/") || mime == "image/svg+xml")?;
    Some(Shape::Blob { kind, reference: text("ref")? })
}

/// Whether a medium, from its raw JSON, says that it is a picture in pixels.
pub fn is_picture(raw: &str) -> bool {
    let mut tape = Tape::new();
    let Ok(value) = tape.parse_any(raw, json::STATE_DEPTH) else { return false };
    let mime: String = value.get("mime").map(|mime| mime.chars().collect()).unwrap_or_default();
    mime.starts_with("image/") && mime != "image/svg+xml"
}

/// Reads a blob. One that breaks a reader of hostile bytes breaks nothing else.
fn read(bytes: &[u8]) -> Option<Model> {
    if bytes.starts_with(glb::MAGIC) {
        return Some(Model::Solid(Arc::new(glb::read(bytes)?)));
    }
    let text = std::str::from_utf8(bytes).ok()?;
    if text.trim_start_matches('\u{feff}').trim_start().starts_with('<') {
        let segments = std::panic::catch_unwind(|| svg::read(text)).ok()??;
        return Some(Model::Flat(Arc::new(segments)));
    }
    Some(Model::Solid(Arc::new(obj::read(text)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_is_what_its_bytes_say() {
        assert!(matches!(read(b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"), Some(Model::Solid(_))));
        let drawing = b"<svg xmlns='http://www.w3.org/2000/svg'><path d='M0 0H9V9Z'/></svg>";
        assert!(matches!(read(drawing), Some(Model::Flat(_))));
        for bad in [&b""[..], b"GIF89a", b"\xff\xfe", b"<svg", b"<a/>", b"glTF", b"words"] {
            assert!(read(bad).is_none(), "{bad:?}");
        }
    }
}
