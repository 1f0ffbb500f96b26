//! Finding the dotfiles below a directory: all of them, once, at the start.
//!
//! The walk knows every directory in which a dotfile may stand and goes into no other. It follows no symlink below
//! the directory it was given, and refuses what is no regular file where a dotfile should be, what is no directory
//! where one should be, and a directory whose name is no proper encoding: a rule that is not understood is not
//! skipped.

use crate::id::{Tile, TilePrefix, is_place};
use crate::kind::Kind;
use crate::names;
use crate::yaml::Mark;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

/// The largest dotfile, in bytes.
pub const MAX_DOTFILE: u64 = 1 << 20;

pub const ROOT: &str = ".ulp-root";
pub const SCOPE: &str = ".ulp-scope";
pub const IGNORE: &str = ".ulp-ignore";

/// Why the rules of a directory are not known. Nothing is read under rules that are not known.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something in a dotfile is not understood.
    #[error("{}:{}:{}: {reason}", path.display(), at.line, at.column)]
    NotUnderstood { path: PathBuf, at: Mark, reason: String },
    /// A dotfile or a directory that may hold one could not be read.
    #[error("{}: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    /// A name or a place that is wrong, whatever the contents.
    #[error("{}: {reason}", path.display())]
    Misplaced { path: PathBuf, reason: &'static str },
    /// A symlink, a pipe, a socket or a device where a regular file or a directory is wanted.
    #[error("{}: {what}", path.display())]
    Unsafe { path: PathBuf, what: &'static str },
}

impl Error {
    /// Rules that are not understood are wrong usage, whatever the reason.
    pub fn kind(&self) -> Kind {
        let system = [Errno::MFILE, Errno::NFILE, Errno::NOMEM].map(|errno| Some(errno.raw_os_error()));
        match self {
            Error::Unreadable { source, .. } if system.contains(&source.raw_os_error()) => Kind::System,
            _ => Kind::Usage,
        }
    }

    /// Whether something was planted that a store may not hold: `store.unsafe` there.
    pub fn is_unsafe(&self) -> bool {
        matches!(self, Error::Unsafe { .. })
    }
}

/// A directory in which a dotfile may stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Root,
    Spaces,
    Space(String),
    Layers(String),
    Layer(String, String),
    Tiles(String),
    Tile(String, TilePrefix),
    Nodes(String),
}

/// What a walk makes of a directory.
enum Step {
    Into(Place),
    Past,
    Wrong(&'static str),
}

impl Place {
    /// Whether a `.ulp-scope` may stand here.
    fn has_rules(&self) -> bool {
        matches!(self, Place::Space(_) | Place::Layer(..) | Place::Tile(..))
    }

    /// What a directory of that name in this one is.
    fn child(&self, name: &str) -> Step {
        let place = |name: &str| names::decode(name).filter(|id| is_place(id));
        let no_tile = Step::Wrong("no proper part of a tile's path z<0–30>/x<int>/y<int>");
        match self {
            Place::Root if name == "spaces" => Step::Into(Place::Spaces),
            // Whatever else stands beside the spaces is not about places.
            Place::Root => Step::Past,
            Place::Spaces => place(name)
                .map_or(Step::Wrong("no proper encoding of a space_id"), |id| Step::Into(Place::Space(id))),
            Place::Space(space) => match name {
                "layers" => Step::Into(Place::Layers(space.clone())),
                "tiles" => Step::Into(Place::Tiles(space.clone())),
                "nodes" => Step::Into(Place::Nodes(space.clone())),
                _ => Step::Wrong("a space has layers, tiles and nodes alone"),
            },
            Place::Layers(space) => place(name)
                .map_or(Step::Wrong("no proper encoding of a layer_id"), |id| {
                    Step::Into(Place::Layer(space.clone(), id))
                }),
            Place::Layer(..) => Step::Wrong("a layer has no directories"),
            Place::Nodes(_) => Step::Wrong("nodes are files"),
            Place::Tiles(space) => match Tile::parse(&format!("{name}/x0/y0")) {
                Some(Tile { z, .. }) if !name.contains('/') => {
                    Step::Into(Place::Tile(space.clone(), TilePrefix { z, x: None, y: None }))
                }
                _ => no_tile,
            },
            Place::Tile(space, TilePrefix { z, x: None, .. }) => {
                match Tile::parse(&format!("z{z}/{name}/y0")) {
                    Some(Tile { z, x, .. }) => {
                        Step::Into(Place::Tile(space.clone(), TilePrefix { z, x: Some(x), y: None }))
                    }
                    None => no_tile,
                }
            }
            Place::Tile(space, TilePrefix { z, x: Some(x), y: None }) => {
                match Tile::parse(&format!("z{z}/x{x}/{name}")) {
                    Some(tile) => Step::Into(Place::Tile(space.clone(), tile.into())),
                    None => no_tile,
                }
            }
            // Below a tile are its lanes.
            Place::Tile(..) => Step::Past,
        }
    }
}

/// Which of the three a dotfile is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    Root,
    Scope,
    Ignore,
}

/// A dotfile that was found.
pub struct Found {
    /// Its path below the directory.
    pub path: String,
    pub place: Place,
    pub sort: Sort,
    pub text: String,
}

/// Every dotfile below `dir`, in the order of their paths as bytes.
///
/// # Errors
/// Whatever cannot be read, is no text, or stands where nothing of its kind belongs.
pub fn walk(dir: &Path) -> Result<Vec<Found>, Error> {
    let root = open(dir)?;
    let mut walk = Walk { dir, found: Vec::new(), faults: None };
    walk.visit(&root, "", &Place::Root)?;
    walk.found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(walk.found)
}

/// Every dotfile below `dir`, and everything at which [`walk`] would end.
///
/// # Errors
/// Where `dir` itself cannot be opened.
pub fn walk_on(dir: &Path) -> Result<(Vec<Found>, Vec<Error>), Error> {
    let root = open(dir)?;
    let mut walk = Walk { dir, found: Vec::new(), faults: Some(Vec::new()) };
    walk.visit(&root, "", &Place::Root)?;
    Ok((walk.found, walk.faults.unwrap_or_default()))
}

fn open(dir: &Path) -> Result<OwnedFd, Error> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::open(dir, flags, Mode::empty()).map_err(|e| unreadable(dir, e))
}

/// An entry: the directory that it stands in, its name, and what it is.
type Entry<'e> = (&'e OwnedFd, &'e str, FileType);

struct Walk<'d> {
    dir: &'d Path,
    found: Vec<Found>,
    /// Where the walk goes on: what it would have ended at.
    faults: Option<Vec<Error>>,
}

impl Walk<'_> {
    fn visit(&mut self, fd: &OwnedFd, path: &str, place: &Place) -> Result<(), Error> {
        for (name, file_type) in self.entries(fd, path)? {
            let below = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
            let looked = self.look((fd, &name, file_type), below, place);
            match (looked, &mut self.faults) {
                (Err(error), Some(faults)) => faults.push(error),
                (looked, _) => looked?,
            }
        }
        Ok(())
    }

    fn look(&mut self, entry: Entry<'_>, path: String, place: &Place) -> Result<(), Error> {
        match entry.1 {
            ROOT if *place == Place::Root => self.take(entry, path, place, Sort::Root),
            ROOT => Err(self.misplaced(&path, "it belongs into the directory that holds spaces/")),
            SCOPE if place.has_rules() => self.take(entry, path, place, Sort::Scope),
            SCOPE => Err(self.misplaced(&path, "it belongs to a space, a layer or a tile")),
            IGNORE => self.take(entry, path, place, Sort::Ignore),
            _ => self.descend(entry, path, place),
        }
    }

    /// The entries of a directory, by name. A name that is no text belongs to nothing of ours; as a directory's it
    /// is replaced by one that no place has.
    fn entries(&self, fd: &OwnedFd, path: &str) -> Result<Vec<(String, FileType)>, Error> {
        let failed = |e: Errno| unreadable(&self.dir.join(path), e);
        let mut entries = Vec::new();
        for entry in Dir::read_from(fd).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let file_type = match entry.file_type() {
                FileType::Unknown => rustix::fs::statat(fd, name, AtFlags::SYMLINK_NOFOLLOW)
                    .map(|stat| FileType::from_raw_mode(stat.st_mode)),
                known => Ok(known),
            };
            match file_type {
                Ok(file_type) => entries.push((name.to_string_lossy().into_owned(), file_type)),
                // It is gone already.
                Err(Errno::NOENT) => {}
                Err(error) => return Err(failed(error)),
            }
        }
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(entries)
    }

    fn descend(
        &mut self,
        (fd, name, file_type): Entry<'_>,
        path: String,
        place: &Place,
    ) -> Result<(), Error> {
        let step = match place.child(name) {
            // Ordinary files are nobody's rules: a README is welcome everywhere.
            _ if file_type == FileType::RegularFile => return Ok(()),
            Step::Past => return Ok(()),
            step => step,
        };
        if file_type != FileType::Directory {
            return Err(Error::Unsafe {
                path: self.dir.join(path),
                what: "neither a directory nor a regular file",
            });
        }
        match step {
            Step::Into(inner) => {
                let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                let opened = rustix::fs::openat(fd, name, flags, Mode::empty());
                let inner_fd = opened.map_err(|e| unreadable(&self.dir.join(&path), e))?;
                self.visit(&inner_fd, &path, &inner)
            }
            Step::Wrong(reason) => Err(self.misplaced(&path, reason)),
            Step::Past => Ok(()),
        }
    }

    fn take(
        &mut self,
        (fd, name, file_type): Entry<'_>,
        path: String,
        place: &Place,
        sort: Sort,
    ) -> Result<(), Error> {
        // Opening a device can have effects of its own, so what is known to be none of ours is not opened.
        self.is_regular(file_type, &path)?;
        let text = self.read(fd, name, &path)?;
        self.found.push(Found { path, place: place.clone(), sort, text });
        Ok(())
    }

    fn is_regular(&self, file_type: FileType, path: &str) -> Result<(), Error> {
        match file_type {
            FileType::RegularFile => Ok(()),
            FileType::Directory => Err(self.misplaced(path, "a directory")),
            _ => Err(Error::Unsafe { path: self.dir.join(path), what: "not a regular file" }),
        }
    }

    fn read(&self, fd: &OwnedFd, name: &str, path: &str) -> Result<String, Error> {
        let full = || self.dir.join(path);
        // A pipe is opened without waiting for a writer, and then seen to be one.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = match rustix::fs::openat(fd.as_fd(), name, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            // What opening a symlink without following it, or a socket, gives.
            Err(Errno::LOOP | Errno::NXIO) => {
                return Err(Error::Unsafe { path: full(), what: "not a regular file" });
            }
            Err(error) => return Err(unreadable(&full(), error)),
        };
        let unreadable = |source| Error::Unreadable { path: full(), source };
        // It may have been replaced since it was listed.
        let stat = rustix::fs::fstat(&file).map_err(|e| unreadable(e.into()))?;
        self.is_regular(FileType::from_raw_mode(stat.st_mode), path)?;
        let mut bytes = Vec::new();
        file.take(MAX_DOTFILE + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() as u64 > MAX_DOTFILE {
            return Err(self.misplaced(path, "larger than 1 MiB"));
        }
        String::from_utf8(bytes).map_err(|error| {
            let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            Error::NotUnderstood { path: full(), at: end_of(valid), reason: "not UTF-8".to_owned() }
        })
    }

    fn misplaced(&self, path: &str, reason: &'static str) -> Error {
        Error::Misplaced { path: self.dir.join(path), reason }
    }
}

fn unreadable(path: &Path, errno: Errno) -> Error {
    Error::Unreadable { path: path.to_owned(), source: errno.into() }
}

/// The place after some text.
fn end_of(valid: &[u8]) -> Mark {
    let text = String::from_utf8_lossy(valid);
    let last = text.rsplit('\n').next().unwrap_or_default();
    Mark { line: text.matches('\n').count() + 1, column: last.chars().count() + 1 }
}
