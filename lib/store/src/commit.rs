//! A commit: two barriers under the lock.
//!
//! 1. Objects are written under temporary names, synced, renamed; then every directory that gained a name is synced.
//! 2. What names them (manifests, snapshots' records) likewise: its rename is the commit.
//!
//! So a name is durable only after what it names is. One file is synced by itself; from [`MANY`] on the whole file
//! system is asked once instead, in the same order. After an error nothing is acknowledged and nothing retried: what
//! was written by then are leftovers that no reader sees.

use super::dir::{Dir, DirtyDirs, IMMUTABLE, MUTABLE};
use super::lock::Lock;
use super::object::{self, Found};
use super::{Error, Store};
use rayon::prelude::*;
use std::io::Write as _;
use ulp_core::hash::Sha256;

/// From this many files on one `syncfs` takes the place of an `fsync` each.
const MANY: usize = 12;

/// A file that is to appear whole: its directory below the store, its name, its bytes.
#[derive(Debug)]
pub struct Draft {
    pub dir: String,
    pub name: String,
    pub bytes: Vec<u8>,
}

/// A commit that has begun.
#[derive(Debug)]
pub struct Commit<'s> {
    store: &'s Store,
    lock: Lock,
    dirty: DirtyDirs,
    /// Whether the directories above are synced too, as somebody may have died before doing so.
    after_crash: bool,
}

/// A temporary file that waits for its name. Its directory is opened again then: a process has only so many
/// descriptors.
struct Waiting {
    dir: String,
    temporary: String,
    name: String,
}

impl Store {
    /// Takes the lock for a commit.
    pub fn commit(&self) -> Result<Commit<'_>, Error> {
        let lock = Lock::take(&self.root)?;
        let after_crash = lock.after_a_crash;
        if after_crash && self.syncs_whole {
            self.sync_all()?;
        }
        Ok(Commit { store: self, lock, dirty: DirtyDirs::new(), after_crash })
    }

    fn sync_all(&self) -> Result<(), Error> {
        rustix::fs::syncfs(self.root.fd()).map_err(|e| Error::io(self.root.path(), e))
    }
}

impl Commit<'_> {
    /// The first half of barrier 1: puts objects under their hashes. They are not durable before [`Commit::publish`].
    pub fn put(&mut self, blobs: &[(Sha256, &[u8])]) -> Result<(), Error> {
        let whole = self.store.syncs_whole && blobs.len() >= MANY;
        let write = |(hash, blob): &(Sha256, &[u8])| write_object(self.store, hash, blob, whole);
        let written: Vec<Result<_, Error>> = if blobs.len() > 1 {
            blobs.par_iter().map(write).collect()
        } else {
            blobs.iter().map(write).collect()
        };
        let written = self.store.all_or_none(written, |(_, waiting)| waiting.as_slice())?;
        if whole && written.iter().any(|(_, waiting)| waiting.is_some()) {
            self.store.sync_all()?;
        }
        for ((hash, _), (dirty, waiting)) in blobs.iter().zip(written) {
            self.dirty.extend(dirty);
            self.dirty.insert(object::directory(hash));
            if let Some(waiting) = waiting {
                self.store.rename(&waiting)?;
            }
        }
        Ok(())
    }

    /// Has directories synced in barrier 1 that gained a name by other hands.
    pub fn names(&mut self, gained: DirtyDirs) {
        self.dirty.extend(gained);
    }

    /// The rest of barrier 1, and barrier 2: makes the objects' names durable, then lets files appear that may name
    /// them, and makes those durable.
    pub fn publish(&mut self, drafts: Vec<Draft>) -> Result<(), Error> {
        let whole = self.store.syncs_whole && drafts.len() >= MANY;
        let mut dirty = DirtyDirs::new();
        let mut write = |Draft { dir: path, name, bytes }: Draft| {
            let dir = self.store.root.make(&path, &mut dirty)?;
            let temporary = write_temporary(&dir, &bytes, MUTABLE, !whole)?;
            dirty.insert(path.clone());
            Ok(Waiting { dir: path, temporary, name })
        };
        let mut waiting = Vec::with_capacity(drafts.len());
        for draft in drafts {
            waiting.push(write(draft));
            if waiting.last().is_some_and(Result::is_err) {
                break;
            }
        }
        let waiting = self.store.all_or_none(waiting, std::slice::from_ref)?;
        let objects = std::mem::take(&mut self.dirty);
        self.sync(&objects, whole)?;
        waiting.iter().try_for_each(|waiting| self.store.rename(waiting))?;
        self.sync(&dirty, whole)
    }

    /// Makes files durable that were there before us, and rest on nobody's promise.
    pub fn sync_files(&mut self, files: &[(String, &str)]) -> Result<(), Error> {
        if self.store.syncs_whole && files.len() >= MANY {
            return self.store.sync_all();
        }
        let mut dirty = DirtyDirs::new();
        for (path, name) in files {
            let Some(dir) = self.store.root.at(path)? else { continue };
            if let Some(file) = dir.file(name)? {
                file.sync_all().map_err(|e| Error::io(dir.path().join(name), e))?;
            }
            dirty.extend(above(path));
        }
        self.sync(&dirty, false)
    }

    /// Ends the commit.
    pub fn release(self) -> Result<(), Error> {
        self.lock.release()
    }

    fn sync(&self, dirty: &DirtyDirs, whole: bool) -> Result<(), Error> {
        if whole {
            return self.store.sync_all();
        }
        let mut all = dirty.clone();
        if self.after_crash {
            all.extend(dirty.iter().flat_map(|path| above(path)));
        }
        // The innermost first, so that a name never leads to less than it did.
        for path in all.iter().rev() {
            if let Some(dir) = self.store.root.at(path)? {
                dir.sync()?;
            }
        }
        Ok(())
    }
}

/// A path below the store and all above it, up to the store itself.
fn above(path: &str) -> Vec<String> {
    let mut all = vec![path.to_owned()];
    let mut rest = path;
    while let Some((up, _)) = rest.rsplit_once('/') {
        all.push(up.to_owned());
        rest = up;
    }
    all.push(String::new());
    all
}

impl Store {
    /// Writes a file that is only a hint: it appears whole, and is not synced.
    pub fn hint(&self, draft: &Draft) -> Result<(), Error> {
        let dir = self.root.make(&draft.dir, &mut DirtyDirs::new())?;
        let temporary = write_temporary(&dir, &draft.bytes, MUTABLE, false)?;
        dir.rename(&temporary, &draft.name)
    }

    /// What was written, if all of it could be. Else the space is wanted back: what cannot be removed is a leftover
    /// that no reader sees.
    fn all_or_none<T>(
        &self,
        written: Vec<Result<T, Error>>,
        waiting: impl Fn(&T) -> &[Waiting],
    ) -> Result<Vec<T>, Error> {
        if written.iter().all(Result::is_ok) {
            return written.into_iter().collect();
        }
        for Waiting { dir, temporary, .. } in written.iter().flatten().flat_map(waiting) {
            let dir = self.root.at(dir).ok().flatten();
            let _ = dir.map_or(Ok(()), |dir| dir.remove(temporary));
        }
        written.into_iter().collect()
    }

    fn rename(&self, waiting: &Waiting) -> Result<(), Error> {
        let dir = self.root.at(&waiting.dir)?;
        let dir =
            dir.ok_or_else(|| Error::io(self.root.path().join(&waiting.dir), rustix::io::Errno::NOENT))?;
        dir.rename(&waiting.temporary, &waiting.name)
    }
}

/// Writes an object under a temporary name, unless it is there; one that is damaged is replaced.
fn write_object(
    store: &Store,
    hash: &Sha256,
    blob: &[u8],
    whole: bool,
) -> Result<(DirtyDirs, Option<Waiting>), Error> {
    let mut dirty = DirtyDirs::new();
    if let Found::Here(bytes) = store.object(hash, Some(blob.len() as u64))?
        && bytes[..] == *blob
    {
        return Ok((dirty, None));
    }
    let path = object::directory(hash);
    let dir = store.root.make(&path, &mut dirty)?;
    let temporary = write_temporary(&dir, blob, IMMUTABLE, !whole)?;
    let waiting = Waiting { dir: path, temporary, name: object::place(hash).1 };
    Ok((dirty, Some(waiting)))
}

fn write_temporary(dir: &Dir, bytes: &[u8], mode: rustix::fs::Mode, sync: bool) -> Result<String, Error> {
    let (mut file, name) = dir.temporary(mode)?;
    let written = file.write_all(bytes).and_then(|()| if sync { file.sync_all() } else { Ok(()) });
    match written {
        Ok(()) => Ok(name),
        Err(error) => {
            // On a full disk the space is wanted back; what cannot be removed is a leftover that no reader sees.
            let _ = dir.remove(&name);
            Err(Error::io(dir.path().join(&name), error))
        }
    }
}
