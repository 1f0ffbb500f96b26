//! What a writer knows of a lane: which events it has.
//!
//! An event is its hash. Here 20 bytes of it stand for the whole, as nobody can make two events that share them.

use super::manifest::{Absent, Entry, Manifest};
use super::object::{Bytes, Found};
use super::{Error, LaneId, Store};
use ahash::AHashSet;

/// The part of an event's BLAKE3 that tells it from others.
pub type Digest = [u8; 20];

/// The digest of an event's canonical line, without its line end.
pub fn digest(line: &[u8]) -> Digest {
    let hash = blake3::hash(line);
    let mut digest = [0; 20];
    digest.copy_from_slice(&hash.as_bytes()[..20]);
    digest
}

/// The lines of a segment, without their ends.
pub fn lines(segment: &[u8]) -> impl Iterator<Item = &[u8]> {
    segment.split(|b| *b == b'\n').filter(|line| !line.is_empty())
}

/// The events of a lane that a writer looked at.
#[derive(Debug, Default)]
pub struct Known {
    digests: AHashSet<Digest>,
}

impl Known {
    pub fn has(&self, digest: &Digest) -> bool {
        self.digests.contains(digest)
    }

    pub fn insert(&mut self, digest: Digest) -> bool {
        self.digests.insert(digest)
    }

    pub fn remove(&mut self, digest: &Digest) {
        self.digests.remove(digest);
    }

    /// Takes in the events of some segments.
    pub fn read(&mut self, store: &Store, entries: &[Entry]) -> Result<(), Error> {
        for entry in entries {
            if let Some(bytes) = store.segment(entry)? {
                self.digests.extend(lines(&bytes).map(digest));
            }
        }
        Ok(())
    }
}

impl Store {
    /// The bytes of a segment, or nothing where it is lost or elsewhere: its events count as not known.
    pub fn segment(&self, entry: &Entry) -> Result<Option<Bytes>, Error> {
        if entry.absent != Absent::No {
            return Ok(None);
        }
        Ok(match self.object(&entry.hash, Some(entry.bytes))? {
            Found::Here(bytes) => Some(bytes),
            Found::Missing | Found::Wrong(_) => None,
        })
    }

    /// The manifest of a lane with its bytes, if it has one.
    pub fn manifest(&self, lane: &LaneId) -> Result<Option<(Manifest, Vec<u8>)>, Error> {
        let Some(dir) = self.root.at(&lane.dir())? else { return Ok(None) };
        let Some(bytes) = dir.read(super::MANIFEST)? else { return Ok(None) };
        let path = dir.path().join(super::MANIFEST);
        let manifest = Manifest::parse(&bytes, &path)?;
        if manifest.tile != lane.tile {
            return Err(Error::damaged(path, "store.manifest", "it is of another tile"));
        }
        Ok(Some((manifest, bytes)))
    }

    /// The entries of a lane from the oldest on, those of pages too, back to the page `until` where it is among them.
    pub fn entries(
        &self,
        manifest: &Manifest,
        until: Option<crate::hash::Sha256>,
    ) -> Result<Vec<Entry>, Error> {
        let mut pages = vec![manifest.clone()];
        let mut next = manifest.previous;
        while let Some(previous) = next.filter(|p| Some(p.hash) != until) {
            let page = self.page(&previous)?;
            next = page.previous;
            pages.push(page);
        }
        Ok(pages.into_iter().rev().flat_map(|page| page.segments).collect())
    }

    /// A page of older entries. Without it the lane's history is not known, so it must be there and be itself.
    pub fn page(&self, previous: &super::manifest::Previous) -> Result<Manifest, Error> {
        let path = self.object_path(&previous.hash);
        match self.object(&previous.hash, None)? {
            Found::Here(bytes) if crate::hash::Sha256::of(&bytes) == previous.hash => {
                let page = Manifest::parse(&bytes, &path)?;
                if page.events() == previous.events && page.before() < previous.events {
                    Ok(page)
                } else {
                    Err(Error::damaged(path, "store.page", "it does not hold the events that are said of it"))
                }
            }
            Found::Here(_) => Err(Error::damaged(path, "store.page", "its bytes are not those of its name")),
            _ => Err(Error::damaged(path, "store.page", "it is missing")),
        }
    }
}
