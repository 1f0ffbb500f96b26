//! The store on disk: plain files for ordinary tools.
//!
//! ```text
//! <store>/.ulp-root                          what makes a directory a store
//! <store>/objects/sha256/ab/cdef…            immutable; the name is the SHA-256 of the bytes
//! <store>/spaces/<space>/tiles/z0/x0/y0/<realm>.<policy>/
//!     manifest.json                          the lane's segments, in the order of acceptance
//!     index.json                             a cache of what manifest and latest snapshot say
//!     snapshots/<root hex>.json              one record a snapshot
//! <store>/receipts/<peer>.jsonl              how the store came by what it has, where it has an identity
//! <store>/cache/                             derived, disposable
//! <store>/lock                               flock'ed by whoever commits
//! ```
//!
//! What holds at every moment, whatever is killed, cut off or full:
//!
//! - A name of an object leads to all of its bytes: it is renamed into place after they were synced.
//! - A name in a manifest leads to an object: the manifest is renamed into place after the object's name was synced.
//! - An event that was echoed is in a manifest whose name was synced.
//! - Nothing but temporary files and unnamed objects is ever left behind, and no reader looks at either.
//! - Only the holder of the lock replaces a manifest; a reader takes none, and sees the old one or the new one.
//!
//! So a reader needs no repair to have gone before it. A reader that misses an object looks at the manifest once more
//! before it speaks of damage, for a later commit may have merged the segment into its own and a prune removed it.
//!
//! Below a store only regular files and directories are opened, by one name at a time, and no symlink is followed.

pub mod append;
pub mod blobs;
pub mod chain;
pub mod check;
pub mod commit;
pub mod covers;
pub mod dedup;
pub mod dir;
mod error;
pub mod history;
pub mod index;
pub mod intake;
pub mod lane;
pub mod lock;
pub mod lookup;
pub mod manifest;
pub mod map;
mod mend;
pub mod object;
pub mod origins;
pub mod pack;
pub mod prune;
pub mod read;
pub mod receipts;
pub mod refs;
pub mod repair;
pub mod runs;
pub mod segment;
pub mod snapshot;
pub mod sorted_table;
pub mod sorter;

pub use append::{Appender, LaneIndex, Offer};
pub use dedup::{Digest, digest, digest_of};
pub use error::Error;
pub use lane::LaneId;

use dir::{Dir, DirtyDirs, MUTABLE};
use rustix::fs::{AtFlags, Mode};
use rustix::io::Errno;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use ulp_core::hash::Sha256;
use ulp_core::id::Time;
use ulp_core::scope::Scope;

/// What makes a directory a store.
pub const ROOT: &str = ".ulp-root";
/// A lane's manifest.
pub const MANIFEST: &str = "manifest.json";
/// A lane's list of segments that came in by a pack and of which nothing was refused.
pub const SEEN: &str = "seen";
/// A lane's index.
pub const INDEX: &str = "index.json";

/// File systems of this machine, by the numbers of `statfs`: what is mapped of them stays, and `syncfs` reaches them.
const LOCAL: [i64; 9] = [
    0xef53,      // ext2, ext3, ext4
    0x5846_5342, // xfs
    0x9123_683e, // btrfs
    0x0102_1994, // tmpfs
    0xf2f5_2010, // f2fs
    0x2fc1_2fc1, // zfs
    0x794c_7630, // overlayfs
    0xca45_1a4e, // bcachefs
    0x8584_58f6, // ramfs
];

/// An open store.
#[derive(Debug)]
pub struct Store {
    root: Dir,
    /// Whether objects may be mapped: on what can be pulled out or shortened elsewhere they are read.
    maps: bool,
    /// Whether the file system can be synced as a whole.
    syncs_whole: bool,
    /// Whether it came from elsewhere, so that its snapshots, indexes and caches are not believed unless it is trusted.
    foreign: bool,
    trusted: bool,
}

impl Store {
    /// Opens the store at a path. `trust` believes a foreign store's snapshots and caches.
    pub fn open(path: &Path, trust: bool) -> Result<Store, Error> {
        let root = Dir::root(path).map_err(Error::hint_at_init)?;
        let Some(dotfile) = root.read(ROOT)? else { return Err(Error::NoStore(path.to_owned())) };
        let beside = |name: &str| rustix::fs::statat(root.fd(), name, AtFlags::SYMLINK_NOFOLLOW).is_ok();
        let foreign = beside("../bagit.txt") || beside("bagit.txt") || says_foreign(&dotfile);
        let kind = rustix::fs::fstatfs(root.fd()).map_err(|e| Error::io(path, e))?.f_type;
        let local = LOCAL.contains(&kind);
        Ok(Store { root, maps: local, syncs_whole: local, foreign, trusted: trust })
    }

    /// Makes a store, or completes one whose making was interrupted; what is there already stays as it is.
    pub fn init(path: &Path, shared: bool, dotfile: &[u8]) -> Result<Store, Error> {
        let mode = Mode::from_raw_mode(if shared { 0o777 } else { 0o700 });
        match rustix::fs::mkdir(path, mode) {
            Ok(()) => {}
            Err(Errno::EXIST) => {
                let there = Dir::root(path)?;
                let strange = there.list()?.into_iter().find(|(name, _)| !is_ours(name));
                if let Some((name, _)) = strange.filter(|_| !matches!(there.sort(ROOT), Ok(Some(_)))) {
                    let reason =
                        std::io::Error::other("in the way: a store is made in a directory that is empty");
                    return Err(Error::io(path.join(name), reason));
                }
            }
            Err(errno) => return Err(Error::io(path, errno)),
        }
        let root = Dir::root(path)?;
        let mut dirty = DirtyDirs::new();
        for name in [object::OBJECTS, "spaces"] {
            root.make(name, &mut dirty)?;
        }
        if root.sort(ROOT)?.is_none() {
            let (mut file, temporary) = root.temporary(MUTABLE)?;
            let written = file.write_all(dotfile).and_then(|()| file.sync_all());
            written.map_err(|e| Error::io(path.join(&temporary), e))?;
            root.rename(&temporary, ROOT)?;
        }
        for name in ["objects", ""] {
            if let Some(dir) = root.at(name)? {
                dir.sync()?;
            }
        }
        sync_above(path)?;
        Store::open(path, false)
    }

    pub fn path(&self) -> &Path {
        self.root.path()
    }

    pub fn root(&self) -> &Dir {
        &self.root
    }

    /// The rules of the store's own dotfiles, which what is written into it obeys.
    pub fn scope(&self) -> Result<Scope, Error> {
        Ok(Scope::discover(self.path())?)
    }

    /// Whether snapshots, indexes and caches may be used.
    pub fn is_trusted(&self) -> bool {
        self.trusted || !self.foreign
    }

    /// Whether it came from elsewhere: what a lane left behind there has to be taken as said.
    pub fn came_from_elsewhere(&self) -> bool {
        self.foreign
    }

    /// Whether the system lets us write here.
    pub fn is_writable(&self) -> bool {
        let access = rustix::fs::Access::WRITE_OK;
        rustix::fs::accessat(self.root.fd(), ".", access, AtFlags::EACCESS).is_ok()
    }

    /// When something was last committed here, by the clock of whoever did: each commit touches the lock.
    pub fn touched(&self) -> Option<Time> {
        let stat = rustix::fs::statat(self.root.fd(), lock::NAME, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        let nanos = i64::try_from(stat.st_mtime_nsec).ok()?;
        Some(Time(stat.st_mtime.checked_mul(1_000_000_000)?.checked_add(nanos)?))
    }

    /// Waits until nobody is in the midst of a commit.
    fn wait_for_others(&self) -> Result<(), Error> {
        lock::wait_for_others(&self.root)
    }

    /// The path of an object, for what is said of it.
    pub fn object_path(&self, hash: &Sha256) -> PathBuf {
        self.root.path().join(object::directory(hash)).join(object::place(hash).1)
    }
}

/// What an interrupted `init` may have left.
fn is_ours(name: &str) -> bool {
    matches!(name, "objects" | "spaces" | "receipts" | "cache" | "lock" | ".ulp-ignore" | "lost+found")
        || name.starts_with(dir::TEMPORARY)
}

/// Makes the name of a new store durable in the directory that holds it.
fn sync_above(path: &Path) -> Result<(), Error> {
    let above = path.canonicalize().ok().and_then(|p| p.parent().map(Path::to_owned));
    match above {
        Some(above) => Dir::root(&above)?.sync(),
        None => Ok(()),
    }
}

/// Whether the dotfile says that this store came from elsewhere.
fn says_foreign(dotfile: &[u8]) -> bool {
    let text = String::from_utf8_lossy(dotfile);
    let mut lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
    lines.any(|line| line.strip_prefix("foreign:").is_some_and(|value| value.trim() == "true"))
}
