//! Media: which blob a register names, and those that are pictures. What sort of picture a blob is, is read from its
//! first bytes.

use data_encoding::BASE64;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use ulp_core::json::{self, Tape};
use ulp_store::blobs::Blobs;

/// Longest blob that is embedded, in bytes.
const LONGEST: u64 = 32 << 20;

/// The pictures among the blobs.
pub struct Pictures<'b> {
    blobs: &'b Blobs<'b>,
    /// What was found out of each reference.
    known: Mutex<BTreeMap<String, Option<Picture>>>,
}

/// A picture that may be embedded.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    pub mime: &'static str,
    pub bytes: Vec<u8>,
}

impl Picture {
    /// As an address that holds it.
    pub fn address(&self) -> String {
        format!("data:{};base64,{}", self.mime, BASE64.encode(&self.bytes))
    }
}

impl<'b> Pictures<'b> {
    pub fn new(blobs: &'b Blobs<'b>) -> Pictures<'b> {
        Pictures { blobs, known: Mutex::default() }
    }

    /// The picture that a reference `sha256:…` names, where it is at hand, holds its hash, and is one.
    pub fn get(&self, reference: &str) -> Option<Picture> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(reference) {
            return known.clone();
        }
        let bytes = self.blobs.load(reference, LONGEST);
        let found = bytes.and_then(|bytes| Some(Picture { mime: mime(&bytes)?, bytes }));
        known.insert(reference.to_owned(), found.clone());
        found
    }
}

/// The member `ref` of a raw JSON object.
pub fn reference_in(raw: &str) -> Option<String> {
    let mut tape = Tape::new();
    let object = tape.parse_any(raw, json::STATE_DEPTH).ok()?;
    object.get("ref").map(|text| text.chars().collect())
}

/// What a picture's first bytes say it is.
fn mime(bytes: &[u8]) -> Option<&'static str> {
    const MARKS: [(&[u8], &str); 4] = [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
    ];
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return Some("image/webp");
    }
    MARKS.iter().find(|(mark, _)| bytes.starts_with(mark)).map(|(_, mime)| *mime)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_known_by_their_first_bytes() {
        assert_eq!(mime(b"GIF89a...."), Some("image/gif"));
        assert_eq!(mime(b"RIFF....WEBP"), Some("image/webp"));
        assert_eq!(mime(b"<svg onload='alert(1)'/>"), None);
    }
}
