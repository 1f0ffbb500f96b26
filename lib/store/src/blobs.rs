//! Blobs that events name: from a directory of files named by their SHA-256, or from the objects of a store.
//!
//! A blob counts only once its bytes hash to the name that an event gave it. What it is, is read from its bytes, not
//! from what the event claims. A manifest, a page or a snapshot of the store is no blob, whoever names it.

use crate::Store;
use crate::object::Found;
use crate::refs::Refs;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use ulp_core::hash::Sha256;

/// It is not where blobs are looked for, is no regular file, or is longer than what takes it.
pub const MISSING: &str = "media.missing";
/// Its bytes do not hash to its name.
pub const WRONG: &str = "media.hash";
/// Its bytes are not what they should be.
pub const UNDECODED: &str = "media.undecoded";

/// Where blobs come from, and what went wrong with them.
#[derive(Default)]
pub struct Blobs<'s> {
    directory: Option<PathBuf>,
    store: Option<&'s Store>,
    /// What the store's lanes name; read once it is asked.
    named: OnceLock<Option<Refs>>,
    faults: Mutex<BTreeMap<String, &'static str>>,
}

impl<'s> Blobs<'s> {
    /// Looks in a directory, where a blob lies as `HASH`, `HA/SH…` or `sha256/HA/SH…`, then in a store.
    pub fn new(directory: Option<&Path>, store: Option<&'s Store>) -> Blobs<'s> {
        Blobs { directory: directory.map(Path::to_owned), store, ..Blobs::default() }
    }

    /// The bytes that a reference `sha256:…` names, where they are at hand, at most `longest`, and hold their hash.
    /// Where blobs are looked for nowhere, none is missed.
    pub fn load(&self, reference: &str, longest: u64) -> Option<Vec<u8>> {
        if self.directory.is_none() && self.store.is_none() {
            return None;
        }
        let id: Option<Sha256> = reference.parse().ok();
        let found = id.and_then(|id| Some((id, self.find(&id, longest)?)));
        match found {
            None => self.fault(reference, MISSING),
            Some((id, bytes)) if Sha256::of(&bytes) == id => return Some(bytes),
            Some(_) => self.fault(reference, WRONG),
        }
        None
    }

    /// Says that a blob could not be used.
    pub fn fault(&self, reference: &str, code: &'static str) {
        self.known_faults().insert(reference.to_owned(), code);
    }

    /// Reference and code of every blob that could not be used, in order.
    pub fn faults(&self) -> Vec<(String, &'static str)> {
        self.known_faults().iter().map(|(reference, code)| (reference.clone(), *code)).collect()
    }

    fn known_faults(&self) -> MutexGuard<'_, BTreeMap<String, &'static str>> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, id: &Sha256, longest: u64) -> Option<Vec<u8>> {
        self.in_directory(id, longest).or_else(|| self.in_store(id, longest))
    }

    fn in_directory(&self, id: &Sha256, longest: u64) -> Option<Vec<u8>> {
        let directory = self.directory.as_ref()?;
        let hex = id.hex();
        let (head, tail) = hex.split_at(2);
        let places = [
            directory.join(&hex),
            directory.join(head).join(tail),
            directory.join("sha256").join(head).join(tail),
        ];
        // A symlink may point anywhere: only regular files are read.
        let regular = |p: &&PathBuf| fs::symlink_metadata(p).is_ok_and(|m| m.is_file() && m.len() <= longest);
        places.iter().find(regular).and_then(|p| fs::read(p).ok())
    }

    fn in_store(&self, id: &Sha256, longest: u64) -> Option<Vec<u8>> {
        let store = self.store?;
        let named = self.named.get_or_init(|| Refs::read(store, usize::MAX).ok()).as_ref()?;
        if named.names(id) {
            return None;
        }
        match store.object(id, None).ok()? {
            Found::Here(bytes) if bytes.len() as u64 <= longest => Some(bytes.to_vec()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_must_hold_its_hash() {
        let dir = tempfile::tempdir().unwrap();
        let (right, wrong) = (Sha256::of(b"right"), Sha256::of(b"wrong"));
        fs::write(dir.path().join(right.hex()), b"right").unwrap();
        fs::write(dir.path().join(wrong.hex()), b"other").unwrap();
        let blobs = Blobs::new(Some(dir.path()), None);
        assert_eq!(blobs.load(&right.to_string(), 5).as_deref(), Some(&b"right"[..]));
        assert_eq!(blobs.faults(), []);
        let outside = "sha256:../../etc/passwd";
        assert!([&wrong.to_string(), outside].iter().all(|r| blobs.load(r, 5).is_none()));
        assert_eq!(blobs.faults(), [(outside.to_owned(), MISSING), (wrong.to_string(), WRONG)]);
        assert_eq!(blobs.load(&right.to_string(), 4), None, "longer than it may be");
    }

    #[test]
    fn nothing_is_missed_where_nobody_looks() {
        let blobs = Blobs::new(None, None);
        assert!(blobs.load(&Sha256::of(b"").to_string(), 1).is_none() && blobs.faults().is_empty());
    }

    #[test]
    fn a_blob_may_lie_in_a_store() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::init(dir.path(), false, b"version: 1\n").unwrap();
        let blob = b"a picture";
        let mut commit = store.commit().unwrap();
        commit.put(&[(Sha256::of(blob), &blob[..])]).unwrap();
        commit.release().unwrap();
        let blobs = Blobs::new(None, Some(&store));
        assert_eq!(blobs.load(&Sha256::of(blob).to_string(), 99).as_deref(), Some(&blob[..]));
    }
}
