//! Directories below a store: opened one name at a time, so that nothing but regular files and directories is ever
//! opened and no symlink is followed. A stick may be hostile.

use super::Error;
use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;
use std::collections::BTreeSet;
use std::ffi::CStr;
use std::fs::File;
use std::io::Read as _;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

/// The mode of what never changes, before the umask.
pub const IMMUTABLE: Mode = Mode::from_raw_mode(0o444);
/// The mode of what is replaced, before the umask.
pub const MUTABLE: Mode = Mode::from_raw_mode(0o666);
/// The mode of a directory, before the umask.
const DIRECTORY: Mode = Mode::from_raw_mode(0o777);
/// How the names of temporary files begin. No name of a store does.
pub const TEMPORARY: &str = ".tmp-";

/// Directories that gained a name and were not synced since, as paths below the store; `""` is the store itself.
pub type DirtyDirs = BTreeSet<String>;

/// What a name in a directory stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    File,
    Directory,
    /// Nothing that belongs into a store.
    Other,
}

/// An open directory.
#[derive(Debug)]
pub struct Dir {
    fd: OwnedFd,
    path: PathBuf,
}

impl Dir {
    /// Opens the directory that a user named; here alone symlinks are followed.
    pub fn root(path: &Path) -> Result<Dir, Error> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = rustix::fs::open(path, flags, Mode::empty()).map_err(|e| Error::io(path, e))?;
        Ok(Dir { fd, path: path.to_owned() })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    fn io(&self, name: &str, errno: Errno) -> Error {
        Error::io(if name.is_empty() { self.path.clone() } else { self.path.join(name) }, errno)
    }

    /// A directory directly below this one, if it is there.
    fn sub(&self, name: &str) -> Result<Option<Dir>, Error> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match rustix::fs::openat(&self.fd, name, flags, Mode::empty()) {
            Ok(fd) => Ok(Some(Dir { fd, path: self.path.join(name) })),
            Err(Errno::NOENT) => Ok(None),
            Err(Errno::LOOP | Errno::NOTDIR) => Err(Error::Unsafe(self.path.join(name))),
            Err(errno) => Err(self.io(name, errno)),
        }
    }

    /// A directory below this one by its path, if it is there.
    pub fn at(&self, relative: &str) -> Result<Option<Dir>, Error> {
        if let Some(found) = self.at_once(relative) {
            return Ok(Some(found));
        }
        let mut here = self.again()?;
        for name in relative.split('/').filter(|n| !n.is_empty()) {
            match here.sub(name)? {
                Some(next) => here = next,
                None => return Ok(None),
            }
        }
        Ok(Some(here))
    }

    /// As [`Dir::at`] in one call of the system, which holds every name to the same. Whatever stands in the way, a walk
    /// finds out.
    #[cfg(target_os = "linux")]
    fn at_once(&self, relative: &str) -> Option<Dir> {
        use rustix::fs::ResolveFlags;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        let fd = rustix::fs::openat2(&self.fd, relative, flags, Mode::empty(), resolve).ok()?;
        Some(Dir { fd, path: self.path.join(relative) })
    }

    #[cfg(not(target_os = "linux"))]
    fn at_once(&self, _: &str) -> Option<Dir> {
        None
    }

    fn again(&self) -> Result<Dir, Error> {
        let fd = rustix::io::fcntl_dupfd_cloexec(&self.fd, 0).map_err(|e| self.io("", e))?;
        Ok(Dir { fd, path: self.path.clone() })
    }

    /// Makes a directory below this one, with all above it, and says which directories gained a name by that.
    pub fn make(&self, relative: &str, dirty: &mut DirtyDirs) -> Result<Dir, Error> {
        if let Some(found) = self.at_once(relative) {
            return Ok(found);
        }
        let mut here = self.again()?;
        let mut above = String::new();
        for name in relative.split('/').filter(|n| !n.is_empty()) {
            here = match here.sub(name)? {
                Some(next) => next,
                None => here.make_sub(name, &above, dirty)?,
            };
            if !above.is_empty() {
                above.push('/');
            }
            above.push_str(name);
        }
        Ok(here)
    }

    fn make_sub(&self, name: &str, path: &str, dirty: &mut DirtyDirs) -> Result<Dir, Error> {
        match rustix::fs::mkdirat(&self.fd, name, DIRECTORY) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(errno) => return Err(self.io(name, errno)),
        }
        dirty.insert(path.to_owned());
        self.sub(name)?.ok_or_else(|| self.io(name, Errno::NOENT))
    }

    /// What a name stands for, itself, not what it may point to.
    pub fn sort(&self, name: &str) -> Result<Option<Sort>, Error> {
        match rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(match FileType::from_raw_mode(stat.st_mode) {
                FileType::RegularFile => Sort::File,
                FileType::Directory => Sort::Directory,
                _ => Sort::Other,
            })),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(self.io(name, errno)),
        }
    }

    /// A regular file directly below, for reading, if it is there. What it is, is asked before it is opened: opening
    /// a device can do things.
    pub fn file(&self, name: &str) -> Result<Option<File>, Error> {
        match self.sort(name)? {
            None => return Ok(None),
            Some(Sort::File) => {}
            Some(_) => return Err(Error::Unsafe(self.path.join(name))),
        }
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file: File = match rustix::fs::openat(&self.fd, name, flags, Mode::empty()) {
            Ok(fd) => fd.into(),
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP) => return Err(Error::Unsafe(self.path.join(name))),
            Err(errno) => return Err(self.io(name, errno)),
        };
        let there = file.metadata().map_err(|e| Error::io(self.path.join(name), e))?;
        if there.is_file() { Ok(Some(file)) } else { Err(Error::Unsafe(self.path.join(name))) }
    }

    /// The bytes of a regular file directly below, if it is there.
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let Some(mut file) = self.file(name)? else { return Ok(None) };
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|e| Error::io(self.path.join(name), e))?;
        Ok(Some(bytes))
    }

    /// A regular file directly below, for reading and adding to, made where it is not there. Answers whether it was.
    pub fn growing(&self, name: &str) -> Result<(File, bool), Error> {
        let was_there = match self.sort(name)? {
            None => false,
            Some(Sort::File) => true,
            Some(_) => return Err(Error::Unsafe(self.path.join(name))),
        };
        let flags = OFlags::RDWR
            | OFlags::APPEND
            | OFlags::CREATE
            | OFlags::NOFOLLOW
            | OFlags::NONBLOCK
            | OFlags::NOCTTY
            | OFlags::CLOEXEC;
        let file: File =
            rustix::fs::openat(&self.fd, name, flags, MUTABLE).map_err(|e| self.io(name, e))?.into();
        let there = file.metadata().map_err(|e| Error::io(self.path.join(name), e))?;
        if there.is_file() { Ok((file, was_there)) } else { Err(Error::Unsafe(self.path.join(name))) }
    }

    /// Every name here with what it stands for, sorted. What is no UTF-8 is no name of ours.
    pub fn list(&self) -> Result<Vec<(String, Sort)>, Error> {
        self.names(|name| name.to_str().ok().map(str::to_owned))
    }

    /// As [`Dir::list`], with what is no UTF-8 as far as it can be shown.
    pub fn list_all(&self) -> Result<Vec<(String, Sort)>, Error> {
        self.names(|name| Some(name.to_string_lossy().into_owned()))
    }

    fn names(&self, as_text: impl Fn(&CStr) -> Option<String>) -> Result<Vec<(String, Sort)>, Error> {
        let mut names = Vec::new();
        let entries = rustix::fs::Dir::read_from(&self.fd).map_err(|e| self.io("", e))?;
        for entry in entries {
            let entry = entry.map_err(|e| self.io("", e))?;
            let Some(name) = as_text(entry.file_name()).filter(|name| name != "." && name != "..") else {
                continue;
            };
            let sort = match entry.file_type() {
                FileType::RegularFile => Some(Sort::File),
                FileType::Directory => Some(Sort::Directory),
                FileType::Unknown => self.sort(&name)?,
                _ => Some(Sort::Other),
            };
            names.extend(sort.map(|sort| (name, sort)));
        }
        names.sort();
        Ok(names)
    }

    /// Makes a file under a name of its own.
    pub fn temporary(&self, mode: Mode) -> Result<(File, String), Error> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let process = std::process::id();
        // A name is only taken where a process of the same number left it behind, here or on another machine.
        for n in 0_u32.. {
            let name = format!("{TEMPORARY}{process}-{n}");
            match rustix::fs::openat(&self.fd, &name, flags, mode) {
                Ok(fd) => return Ok((fd.into(), name)),
                Err(Errno::EXIST) => {}
                Err(errno) => return Err(self.io(&name, errno)),
            }
        }
        Err(self.io(TEMPORARY, Errno::EXIST))
    }

    /// Makes a file that nobody else can open, and that is gone when it is closed.
    pub fn nameless(&self) -> Result<File, Error> {
        let mode = Mode::RUSR | Mode::WUSR;
        #[cfg(target_os = "linux")]
        {
            let flags = OFlags::RDWR | OFlags::TMPFILE | OFlags::CLOEXEC;
            // Not every file system has such files.
            if let Ok(fd) = rustix::fs::openat(&self.fd, ".", flags, mode) {
                return Ok(fd.into());
            }
        }
        let (_, name) = self.temporary(mode)?;
        let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(&self.fd, &name, flags, Mode::empty());
        self.remove(&name)?;
        Ok(opened.map_err(|e| self.io(&name, e))?.into())
    }

    /// Gives a file here another name, replacing what bore it.
    pub fn rename(&self, from: &str, to: &str) -> Result<(), Error> {
        rustix::fs::renameat(&self.fd, from, &self.fd, to).map_err(|e| self.io(to, e))
    }

    /// Moves a file into another directory.
    pub fn move_to(&self, from: &str, other: &Dir, to: &str) -> Result<(), Error> {
        rustix::fs::renameat(&self.fd, from, &other.fd, to).map_err(|e| self.io(from, e))
    }

    /// Removes a file, which may be gone already.
    pub fn remove(&self, name: &str) -> Result<(), Error> {
        match rustix::fs::unlinkat(&self.fd, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(errno) => Err(self.io(name, errno)),
        }
    }

    /// Makes the names in this directory durable.
    pub fn sync(&self) -> Result<(), Error> {
        rustix::fs::fsync(&self.fd).map_err(|e| self.io("", e))
    }
}
