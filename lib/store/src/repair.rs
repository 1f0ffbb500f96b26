//! Repairing a store. No event is deleted: what is damaged is moved to `quarantine/`, and what can be read is named
//! again.

use super::commit::Draft;
use super::dir::{DirtyDirs, Sort};
use super::object;
use super::snapshot::record::dir;
use super::snapshot::stored::RecordFile;
use super::{Error, INDEX, Store, index};
use rayon::prelude::*;
use ulp_core::hash::Sha256;

/// Bytes of an object that are read at once.
const BUFFER: usize = 256 << 10;
/// Where damaged files go, below the store.
pub const QUARANTINE: &str = "quarantine";

impl Store {
    /// Moves damaged objects away, mends what manifests say of those that are here and marks the entries of the others
    /// as lost, re-attaches the segments of lanes whose manifest or page is lost, and makes indexes and caches anew.
    pub fn repair(&self) -> Result<(), Error> {
        self.is_known_to_us()?;
        for hash in self.damaged_objects()? {
            self.quarantine(&object::directory(&hash), &object::place(&hash).1, &hash.hex())?;
        }
        for id in self.lanes()? {
            self.mend(&id)?;
        }
        self.drop_bad_records()?;
        self.remove_caches()?;
        self.write_indexes()
    }

    /// What a newer version wrote is not touched.
    fn is_known_to_us(&self) -> Result<(), Error> {
        for id in self.lanes()? {
            if let Err(error @ Error::Newer(_)) = self.manifest(&id) {
                return Err(error);
            }
        }
        Ok(())
    }

    /// Every object whose bytes are not those of its name, on the threads of the current pool.
    pub(super) fn damaged_objects(&self) -> Result<Vec<Sha256>, Error> {
        let listing = self.all_objects()?;
        let by_directory: Vec<&[Sha256]> = listing.objects.chunk_by(|a, b| a.0[0] == b.0[0]).collect();
        let look = |buffer: &mut Vec<u8>, objects: &&[Sha256]| self.damaged_of(objects, buffer);
        let looked = by_directory.par_iter().map_init(|| vec![0; BUFFER], look);
        let looked: Result<Vec<Vec<Sha256>>, Error> = looked.collect();
        Ok(looked?.concat())
    }

    /// Moves a file to the quarantine, under another name.
    fn quarantine(&self, path: &str, name: &str, to: &str) -> Result<(), Error> {
        let commit = self.commit()?;
        let quarantine = self.root.make(QUARANTINE, &mut DirtyDirs::new())?;
        if let Some(dir) = self.root.at(path)? {
            dir.move_to(name, &quarantine, to)?;
            dir.sync()?;
        }
        quarantine.sync()?;
        self.root.sync()?;
        commit.release()
    }

    /// Moves records away that are damaged, and those whose snapshots are not here.
    fn drop_bad_records(&self) -> Result<(), Error> {
        for id in self.lanes()? {
            let path = dir(&id);
            for (name, file) in self.record_files(&id)? {
                let is_bad = match file {
                    RecordFile::Whole(record) => self.snapshot(&record)?.is_none(),
                    RecordFile::Old => false,
                    RecordFile::Damaged(_) => true,
                };
                if is_bad {
                    self.quarantine(&path, &name, &format!("{}-{name}", path.replace('/', "-")))?;
                }
            }
        }
        Ok(())
    }

    /// Caches are made anew by whoever needs them.
    fn remove_caches(&self) -> Result<(), Error> {
        let mut open = vec!["cache".to_owned()];
        while let Some(path) = open.pop() {
            let Some(dir) = self.root.at(&path)? else { continue };
            for (name, sort) in dir.list()? {
                match sort {
                    Sort::Directory => open.push(format!("{path}/{name}")),
                    _ => dir.remove(&name)?,
                }
            }
        }
        Ok(())
    }

    fn write_indexes(&self) -> Result<(), Error> {
        let commit = self.commit()?;
        for id in self.lanes()? {
            let Some((manifest, _)) = self.manifest(&id)? else { continue };
            let old = index::read(self, &id).unwrap_or_default();
            let bytes = index::after_append(&id, &manifest, &old).print();
            self.hint(&Draft { dir: id.dir(), name: INDEX.to_owned(), bytes })?;
        }
        commit.release()
    }
}
