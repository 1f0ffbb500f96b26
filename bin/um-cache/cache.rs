//! The directory of a cache: documents as they came, each under the SHA-256 of its bytes.
//!
//! ```text
//! <cache>/objects/sha256/ab/cdef…   documents
//! <cache>/journal.jsonl             what came, and what was made of it
//! <cache>/sources.toml              where to ask
//! <cache>/dids/<DID>.json           the documents of DIDs
//! <cache>/lock                      flock'ed by whoever changes something
//! ```
//!
//! However many subjects share a run, it syncs the file system twice for all new documents, and the journal once: first
//! what documents hold, then their names, then the lines that name them.

use std::io::Write as _;
use std::path::Path;

use ulp_cli::{Failure, read_dids};
use ulp_core::hash::Sha256;
use ulp_core::kind::Kind;
use ulp_store::dir::{Dir, DirtyDirs, IMMUTABLE, Sort, TEMPORARY};
use ulp_store::lock::Lock;
use ulp_store::object::{OBJECTS, directory, place};
use ulp_um::dids::Dids;

pub struct Cache {
    pub dir: Dir,
}

/// A document that was written and has no name yet.
pub struct Unnamed {
    hash: Sha256,
    temporary: String,
}

impl Cache {
    /// # Errors
    /// Where there is no such directory.
    pub fn open(path: &Path) -> Result<Cache, Failure> {
        Ok(Cache { dir: Dir::root(path)? })
    }

    /// Waits until nobody else changes anything here. What a run left behind that did not come to its end is removed.
    pub fn lock(&self) -> Result<Lock, Failure> {
        let lock = Lock::take(&self.dir)?;
        if lock.after_a_crash {
            self.sweep()?;
        }
        Ok(lock)
    }

    fn sweep(&self) -> Result<(), Failure> {
        let Some(objects) = self.dir.at(OBJECTS)? else { return Ok(()) };
        for (name, _) in objects.list()?.into_iter().filter(|(_, sort)| *sort == Sort::Directory) {
            let Some(dir) = objects.at(&name)? else { continue };
            for (name, _) in dir.list()?.iter().filter(|(name, _)| name.starts_with(TEMPORARY)) {
                dir.remove(name)?;
            }
        }
        Ok(())
    }

    /// The documents of DIDs.
    pub fn dids(&self) -> Result<Dids, Failure> {
        let path = self.dir.path().join("dids");
        read_dids(Some(path.as_path()).filter(|path| path.is_dir()))
    }

    /// A document that a line names.
    ///
    /// # Errors
    /// Corrupt: it is not there, or not what its name says.
    pub fn document(&self, hash: &Sha256) -> Result<Vec<u8>, Failure> {
        let damaged = |what: &str| {
            let (first, rest) = place(hash);
            Failure::new(Kind::Corrupt, self.dir.path().join(OBJECTS).join(first).join(rest).display(), what)
        };
        let bytes = match self.dir.at(&directory(hash))? {
            Some(dir) => dir.read(&place(hash).1)?,
            None => None,
        };
        let bytes = bytes.ok_or_else(|| damaged("a line of the journal names it, and it is not there"))?;
        if Sha256::of(&bytes) == *hash { Ok(bytes) } else { Err(damaged("not the bytes that its name says")) }
    }

    /// Writes a document that is not here yet.
    pub fn write(&self, bytes: &[u8]) -> Result<Option<Unnamed>, Failure> {
        let hash = Sha256::of(bytes);
        if self.document(&hash).is_ok() {
            return Ok(None);
        }
        let dir = self.dir.make(&directory(&hash), &mut DirtyDirs::new())?;
        let (mut file, temporary) = dir.temporary(IMMUTABLE)?;
        if let Err(error) = file.write_all(bytes) {
            dir.remove(&temporary)?;
            return Err(Failure::io(dir.path().join(temporary).display(), error));
        }
        Ok(Some(Unnamed { hash, temporary }))
    }

    /// Makes documents durable and gives them their names, in two syncs for all.
    pub fn name<'u>(&self, unnamed: impl Iterator<Item = &'u Unnamed> + Clone) -> Result<(), Failure> {
        if unnamed.clone().next().is_none() {
            return Ok(());
        }
        self.sync()?;
        for Unnamed { hash, temporary } in unnamed {
            let dir = self.dir.make(&directory(hash), &mut DirtyDirs::new())?;
            dir.rename(temporary, &place(hash).1)?;
        }
        self.sync()
    }

    /// Removes documents that have no name yet, as far as that is possible: the run failed already.
    pub fn discard<'u>(&self, unnamed: impl IntoIterator<Item = &'u Unnamed>) {
        for Unnamed { hash, temporary } in unnamed {
            if let Ok(Some(dir)) = self.dir.at(&directory(hash)) {
                let _ = dir.remove(temporary);
            }
        }
    }

    fn sync(&self) -> Result<(), Failure> {
        let synced = rustix::fs::syncfs(self.dir.fd());
        synced.map_err(|errno| Failure::io(self.dir.path().display(), errno.into()))
    }

    /// Removes the documents that `keeps` does not want.
    pub fn remove_others(&self, keeps: impl Fn(&Sha256) -> bool) -> Result<(), Failure> {
        let Some(objects) = self.dir.at(OBJECTS)? else { return Ok(()) };
        for (first, _) in objects.list()?.into_iter().filter(|(_, sort)| *sort == Sort::Directory) {
            let Some(dir) = objects.at(&first)? else { continue };
            for (rest, _) in dir.list()? {
                let hash = Sha256::from_hex(&format!("{first}{rest}"));
                if hash.is_some_and(|hash| !keeps(&hash)) {
                    dir.remove(&rest)?;
                }
            }
        }
        self.sync()
    }
}
