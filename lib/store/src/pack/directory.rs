//! The directory of a bag, read as the tar that `tile-pack` makes of one: whatever holds for that holds for it.
//!
//! What the layout does not know is passed over, dotfiles included: a stick that was looked at with a file manager is
//! a bag still. Nothing but regular files and directories may lie in it, and no symlink is followed below it.

use super::layout::{self, Member};
use super::read::MOST_MANIFEST;
use super::{Error, tar};
use crate::dir::{Dir, Sort};
use crate::manifest::{Absent, Manifest};
use std::collections::{BTreeSet, VecDeque};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use ulp_core::hash::Sha256;

/// What the bag is called in its tar.
const NAME: &str = "bag";

/// A bag in a directory.
pub struct Directory {
    root: Dir,
    /// What is to come, in the order of a pack.
    members: VecDeque<Member>,
    /// Bytes that come next: a header, zeros behind a body, the end.
    next: Vec<u8>,
    used: usize,
    /// The body that is being read, what is left of it, and how long it is.
    body: Option<(File, u64, u64)>,
    ended: bool,
}

impl Directory {
    /// Whether a directory is that of a bag.
    pub fn is_bag(path: &Path) -> bool {
        path.join(Member::Bagit.path()).symlink_metadata().is_ok()
    }

    /// Looks what is there.
    ///
    /// # Errors
    /// `pack.unsafe` for anything but regular files and directories; where a directory cannot be read.
    pub fn open(path: &Path) -> Result<Directory, Error> {
        let root = Dir::root(path)?;
        let mut found = Vec::new();
        walk(&root, "", &mut found)?;
        let members = in_order(&root, found)?;
        Ok(Directory { root, members, next: Vec::new(), used: 0, body: None, ended: false })
    }

    /// Goes on to the next member; whether there was something.
    fn advance(&mut self) -> io::Result<bool> {
        (self.used, self.next) = (0, Vec::new());
        if let Some((.., bytes)) = self.body.take() {
            self.next.extend_from_slice(&tar::END[..tar::padding(bytes)]);
            return Ok(true);
        }
        let Some(member) = self.members.pop_front() else {
            let was_ended = std::mem::replace(&mut self.ended, true);
            self.next.extend_from_slice(&tar::END);
            return Ok(!was_ended);
        };
        let path = member.path();
        // What is gone by now is missing, and said to be.
        if let Some(file) = open(&self.root, &path).map_err(io::Error::other)? {
            let bytes = file.metadata()?.len();
            tar::write_header(&format!("{NAME}/{path}"), bytes, 0o644, 0, &mut self.next);
            self.body = Some((file, bytes, bytes));
        }
        Ok(true)
    }
}

impl Read for Directory {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.used < self.next.len() {
                let take = buffer.len().min(self.next.len() - self.used);
                buffer[..take].copy_from_slice(&self.next[self.used..self.used + take]);
                self.used += take;
                return Ok(take);
            }
            if let Some((file, left, _)) = self.body.as_mut().filter(|(_, left, _)| *left > 0) {
                let most = usize::try_from(*left).unwrap_or(usize::MAX).min(buffer.len());
                let read = file.read(&mut buffer[..most])?;
                if read == 0 && most > 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                *left -= read as u64;
                return Ok(read);
            }
            if !self.advance()? {
                return Ok(0);
            }
        }
    }
}

/// Gathers every file of the layout.
fn walk(dir: &Dir, path: &str, found: &mut Vec<Member>) -> Result<(), Error> {
    for (name, sort) in dir.list()? {
        let below = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
        match sort {
            Sort::File => found.extend(Member::parse(&below)),
            Sort::Directory if layout::is_directory(&below) => {
                if let Some(inner) = dir.at(&name)? {
                    walk(&inner, &below, found)?;
                }
            }
            Sort::Directory => {}
            Sort::Other => {
                return Err(Error::unsafe_member(below, "neither a regular file nor a directory"));
            }
        }
    }
    Ok(())
}

fn open(root: &Dir, path: &str) -> Result<Option<File>, crate::Error> {
    let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
    match if above.is_empty() { None } else { Some(root.at(above)?) } {
        None => root.file(name),
        Some(None) => Ok(None),
        Some(Some(dir)) => dir.file(name),
    }
}

/// Tag files, the dotfile, manifests; each lane's segments; pages, then records and whatever else there is.
fn in_order(root: &Dir, found: Vec<Member>) -> Result<VecDeque<Member>, Error> {
    let mut objects: BTreeSet<Sha256> = BTreeSet::new();
    let (mut first, mut records) = (Vec::new(), Vec::new());
    for member in found {
        match member {
            Member::Object(hash) => drop(objects.insert(hash)),
            Member::Record(..) => records.push(member),
            other => first.push(other),
        }
    }
    first
        .sort_by_cached_key(|member| (member.is_payload(), matches!(member, Member::Lane(_)), member.path()));
    let (mut segments, mut pages) = (Vec::new(), BTreeSet::new());
    for member in first.iter().filter(|member| matches!(member, Member::Lane(_))) {
        chain(root, member, &mut pages, &mut segments)?;
    }
    let mut take = |hash: Sha256| objects.remove(&hash).then_some(Member::Object(hash));
    let segments: Vec<Member> = segments.into_iter().filter_map(&mut take).collect();
    let pages: Vec<Member> = pages.into_iter().filter_map(&mut take).collect();
    let rest = objects.into_iter().map(Member::Object);
    Ok(first.into_iter().chain(segments).chain(pages).chain(records).chain(rest).collect())
}

/// The segments of a lane from the oldest on, and its pages.
fn chain(
    root: &Dir,
    lane: &Member,
    pages: &mut BTreeSet<Sha256>,
    segments: &mut Vec<Sha256>,
) -> Result<(), Error> {
    let mut links = Vec::new();
    let mut next = Some(lane.clone());
    while let Some(manifest) = next.take().map(|member| manifest(root, &member)).transpose()?.flatten() {
        // A page that was met before ends a circle.
        next = manifest.previous.map(|p| p.hash).filter(|hash| pages.insert(*hash)).map(Member::Object);
        links.push(manifest);
    }
    let here = links.iter().rev().flat_map(|link| &link.segments).filter(|e| e.absent == Absent::No);
    segments.extend(here.map(|entry| entry.hash));
    Ok(())
}

/// A manifest or a page; nothing where there is none, or one that whoever reads the tar will not understand either.
fn manifest(root: &Dir, member: &Member) -> Result<Option<Manifest>, Error> {
    let path = member.path();
    let Some(file) = open(root, &path)? else { return Ok(None) };
    let mut bytes = Vec::new();
    file.take(MOST_MANIFEST + 1).read_to_end(&mut bytes).map_err(|e| Error::io(path.as_str(), e))?;
    Ok(Manifest::parse(&bytes, Path::new(&path)).ok())
}
