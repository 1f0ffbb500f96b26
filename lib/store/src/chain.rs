//! A lane's manifest and the pages before it, as they lie in the store.
//!
//! What a manifest says of its pages is held to the newest of them, which binds those before it by its hash. So the
//! numbers of a manifest that was read are those of its pages, and a lane is never shorter than it was in silence.

use super::manifest::{Entry, Manifest, Previous};
use super::object::Found;
use super::snapshot::record::SNAPSHOTS;
use super::{Error, INDEX, LaneId, MANIFEST, SEEN, Store};
use std::path::{Path, PathBuf};
use ulp_core::hash::Sha256;

impl Store {
    /// The manifest of a lane with its bytes, if it has one.
    ///
    /// # Errors
    /// Damage where the lane had one, or where it or its newest page is not what it should be.
    pub fn manifest(&self, lane: &LaneId) -> Result<Option<(Manifest, Vec<u8>)>, Error> {
        let Some((bytes, path)) = self.manifest_bytes(lane)? else { return Ok(None) };
        match self.read_manifest(lane, &bytes, &path) {
            Ok(manifest) => Ok(Some((manifest, bytes))),
            // It may be old by now, and its page replaced and pruned: it is read once more.
            Err(error) => match self.manifest_bytes(lane)? {
                Some((now, path)) if now != bytes => Ok(Some((self.read_manifest(lane, &now, &path)?, now))),
                _ => Err(error),
            },
        }
    }

    fn read_manifest(&self, lane: &LaneId, bytes: &[u8], path: &Path) -> Result<Manifest, Error> {
        let manifest = Manifest::parse(bytes, path)?;
        if manifest.tile != lane.tile {
            return Err(Error::damaged(path, "store.manifest", "it is of another tile"));
        }
        self.page_before(&manifest)?;
        Ok(manifest)
    }

    /// The bytes of a lane's manifest with its path, if it has one.
    ///
    /// # Errors
    /// Damage where it has none and had one.
    pub(super) fn manifest_bytes(&self, lane: &LaneId) -> Result<Option<(Vec<u8>, PathBuf)>, Error> {
        let Some(dir) = self.root.at(&lane.dir())? else { return Ok(None) };
        let path = || dir.path().join(MANIFEST);
        if let Some(bytes) = dir.read(MANIFEST)? {
            return Ok(Some((bytes, path())));
        }
        if !self.had_manifest(lane)? {
            return Ok(None);
        }
        // What comes after a first commit may have come between the two looks.
        match dir.read(MANIFEST)? {
            Some(bytes) => Ok(Some((bytes, path()))),
            None => Err(Error::damaged(path(), "store.manifest", "it is missing")),
        }
    }

    /// Whether something lies in the directory of a lane that only comes there after its manifest.
    pub(super) fn had_manifest(&self, id: &LaneId) -> Result<bool, Error> {
        let names = self.root.at(&id.dir())?.map_or(Ok(Vec::new()), |dir| dir.list())?;
        Ok(names.iter().any(|(name, _)| [INDEX, SNAPSHOTS, SEEN].contains(&name.as_str())))
    }

    /// The entries of a lane from the oldest on, those of pages too, back to the page `until` where it is among them.
    pub fn entries(&self, manifest: &Manifest, until: Option<Sha256>) -> Result<Vec<Entry>, Error> {
        let mut pages = vec![manifest.clone()];
        while let Some(last) = pages.last().filter(|m| m.previous.is_some_and(|p| Some(p.hash) != until)) {
            match self.page_before(last)? {
                Some(page) => pages.push(page),
                None => break,
            }
        }
        Ok(pages.into_iter().rev().flat_map(|page| page.segments).collect())
    }

    /// The hashes of a lane's pages, the newest first.
    pub fn pages(&self, manifest: &Manifest) -> Result<Vec<Sha256>, Error> {
        let (mut hashes, mut last) = (Vec::new(), manifest.clone());
        while let Some(page) = self.page_before(&last)? {
            hashes.extend(last.previous.map(|previous| previous.hash));
            last = page;
        }
        Ok(hashes)
    }

    /// The page that a manifest or a page names, if it names one. Without it the lane's history is not known, so it
    /// must be there and be itself.
    pub fn page_before(&self, of: &Manifest) -> Result<Option<Manifest>, Error> {
        let Some(previous) = &of.previous else { return Ok(None) };
        let page = self.page(previous)?;
        if page.tile != of.tile {
            let path = self.object_path(&previous.hash);
            return Err(Error::damaged(path, "store.page", "it is of another tile"));
        }
        Ok(Some(page))
    }

    fn page(&self, previous: &Previous) -> Result<Manifest, Error> {
        let page = self.page_at(&previous.hash)?;
        if page.events() == previous.events && page.before() < previous.events {
            return Ok(page);
        }
        let path = self.object_path(&previous.hash);
        Err(Error::damaged(path, "store.page", "it does not hold the events that are said of it"))
    }

    /// A page by its name, whatever is said of it.
    pub(super) fn page_at(&self, hash: &Sha256) -> Result<Manifest, Error> {
        let path = self.object_path(hash);
        match self.object(hash, None)? {
            Found::Here(bytes) if Sha256::of(&bytes) == *hash => Manifest::parse(&bytes, &path),
            Found::Here(_) => Err(Error::damaged(path, "store.page", "its bytes are not those of its name")),
            _ => Err(Error::damaged(path, "store.page", "it is missing")),
        }
    }
}
