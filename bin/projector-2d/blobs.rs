//! Media blobs, from a directory of files named by their SHA-256.
//!
//! A blob counts only once its bytes hash to the name that an event gave it. What sort of picture it is, is read
//! from its first bytes, not from what the event claims.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use ulp::hash::Sha256;

/// Longest blob that is embedded, in bytes.
const LONGEST: u64 = 32 << 20;

/// Where blobs come from, and what went wrong with them.
#[derive(Default)]
pub struct Blobs {
    directory: Option<PathBuf>,
    /// What was found out of each reference.
    known: RefCell<BTreeMap<String, Option<Picture>>>,
    /// Code and reference of every blob that could not be taken.
    pub faults: RefCell<BTreeMap<String, &'static str>>,
}

/// A picture that may be embedded.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    pub mime: &'static str,
    pub bytes: Vec<u8>,
}

impl Blobs {
    pub fn new(directory: Option<&Path>) -> Blobs {
        Blobs { directory: directory.map(Path::to_owned), ..Blobs::default() }
    }

    /// The picture that a reference `sha256:…` names, where it is at hand, holds its hash, and is one.
    pub fn picture(&self, reference: &str) -> Option<Picture> {
        if let Some(known) = self.known.borrow().get(reference) {
            return known.clone();
        }
        let found = self.load(reference).and_then(|bytes| Some(Picture { mime: mime(&bytes)?, bytes }));
        self.known.borrow_mut().insert(reference.to_owned(), found.clone());
        found
    }

    fn load(&self, reference: &str) -> Option<Vec<u8>> {
        let directory = self.directory.as_ref()?;
        let id: Sha256 = reference.parse().ok()?;
        let hex = id.hex();
        let (head, tail) = hex.split_at(2);
        let places = [
            directory.join(&hex),
            directory.join(head).join(tail),
            directory.join("sha256").join(head).join(tail),
        ];
        let fault = |code| self.faults.borrow_mut().insert(reference.to_owned(), code);
        // A symlink may point anywhere: only regular files are read.
        let regular = |p: &&PathBuf| fs::symlink_metadata(p).is_ok_and(|m| m.is_file() && m.len() <= LONGEST);
        let Some(bytes) = places.iter().find(regular).and_then(|p| fs::read(p).ok()) else {
            fault("export.missing");
            return None;
        };
        if Sha256::of(&bytes) != id {
            fault("export.hash");
            return None;
        }
        Some(bytes)
    }
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

/// Base64 with padding (RFC 4648).
pub fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * i) & 63) as usize];
            text.push(if i <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_pads() {
        assert_eq!(
            ["", "f", "fo", "foo", "foob"].map(|t| base64(t.as_bytes())),
            ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]
        );
    }

    #[test]
    fn a_blob_must_hold_its_hash() {
        let dir = tempfile::tempdir().unwrap();
        let bytes = b"GIF89a....";
        let id = Sha256::of(bytes);
        fs::write(dir.path().join(id.hex()), bytes).unwrap();
        let wrong = Sha256::of(b"other");
        fs::write(dir.path().join(wrong.hex()), bytes).unwrap();
        let blobs = Blobs::new(Some(dir.path()));
        assert_eq!(blobs.picture(&id.to_string()).map(|p| p.mime), Some("image/gif"));
        assert_eq!(blobs.picture(&wrong.to_string()), None);
        assert_eq!(blobs.picture("sha256:../../etc/passwd"), None);
        assert_eq!(blobs.faults.borrow().values().copied().collect::<Vec<_>>(), ["export.hash"]);
    }
}
