//! Objects: `objects/sha256/ab/cdef…`, immutable, each under the SHA-256 of its bytes.

use super::dir::{Dir, Sort};
use super::{Error, Store, map};
use memmap2::Mmap;
use std::fs::File;
use std::io::Read as _;
use std::ops::Deref;
use std::path::PathBuf;
use ulp_core::hash::Sha256;

/// Where objects lie, below the store.
pub const OBJECTS: &str = "objects/sha256";

/// The bytes of an object: mapped where its file system keeps what is mapped, else read.
#[derive(Debug)]
pub enum Bytes {
    Mapped(Mmap),
    Read(Vec<u8>),
}

impl Deref for Bytes {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        match self {
            Bytes::Mapped(map) => map,
            Bytes::Read(bytes) => bytes,
        }
    }
}

/// What became of an object that something names.
#[derive(Debug)]
pub enum Found {
    Here(Bytes),
    Missing,
    /// It has that many bytes, and should have others.
    Wrong(u64),
}

/// The directory of an object below [`OBJECTS`], and its name in there.
pub fn place(hash: &Sha256) -> (String, String) {
    let mut directory = hash.hex();
    let name = directory.split_off(2);
    (directory, name)
}

/// The directory of an object, as a path below the store.
pub fn directory(hash: &Sha256) -> String {
    format!("{OBJECTS}/{}", place(hash).0)
}

impl Store {
    /// Opens an object that is said to have so many bytes. Its hash is not looked at: `check` does that.
    pub fn object(&self, hash: &Sha256, bytes: Option<u64>) -> Result<Found, Error> {
        let Some((file, path)) = self.object_file(hash)? else { return Ok(Found::Missing) };
        let there = file.metadata().map_err(|e| Error::io(&path, e))?.len();
        if bytes.is_some_and(|bytes| bytes != there) {
            return Ok(Found::Wrong(there));
        }
        let found = self.take_in(file, there).map_err(|e| Error::io(&path, e))?;
        let length = found.len() as u64;
        Ok(if length == there { Found::Here(found) } else { Found::Wrong(length) })
    }

    /// Whether an object is here in its full length.
    pub fn has_object(&self, hash: &Sha256, bytes: u64) -> Result<bool, Error> {
        let Some((file, path)) = self.object_file(hash)? else { return Ok(false) };
        Ok(file.metadata().map_err(|e| Error::io(path, e))?.len() == bytes)
    }

    /// Whether there is an object of that name, whatever it holds.
    pub fn has_name(&self, hash: &Sha256) -> Result<bool, Error> {
        let (directory, name) = place(hash);
        let dir = self.root.at(&format!("{OBJECTS}/{directory}"))?;
        Ok(dir.map_or(Ok(None), |dir| dir.sort(&name))?.is_some())
    }

    /// Which of some objects of one directory have bytes that are not those of their names. They are read through
    /// `buffer`: threads that map and unmap wait for each other.
    pub fn damaged_of(&self, hashes: &[Sha256], buffer: &mut [u8]) -> Result<Vec<Sha256>, Error> {
        let directory = hashes.first().map(directory).unwrap_or_default();
        let Some(dir) = self.root.at(&directory)? else { return Ok(Vec::new()) };
        let mut damaged = Vec::new();
        for hash in hashes {
            let name = place(hash).1;
            if let Some(file) = dir.file(&name)? {
                let found =
                    Sha256::of_reader(file, buffer).map_err(|e| Error::io(dir.path().join(&name), e))?;
                damaged.extend((found != *hash).then_some(*hash));
            }
        }
        Ok(damaged)
    }

    /// An object's file, and its path, if it is here.
    fn object_file(&self, hash: &Sha256) -> Result<Option<(File, PathBuf)>, Error> {
        let (directory, name) = place(hash);
        let Some(objects) = self.objects()? else { return Ok(None) };
        let Some(dir) = objects.at(&directory)? else { return Ok(None) };
        Ok(dir.file(&name)?.map(|file| (file, dir.path().join(&name))))
    }

    fn objects(&self) -> Result<Option<Dir>, Error> {
        self.root.at(OBJECTS)
    }

    /// Maps a file, or reads it where that is safer or the system will not map.
    pub(super) fn take_in(&self, mut file: File, bytes: u64) -> std::io::Result<Bytes> {
        if self.maps
            && bytes > 0
            && let Ok(map) = map::map(&file)
        {
            return Ok(Bytes::Mapped(map));
        }
        let mut read = Vec::new();
        file.read_to_end(&mut read)?;
        Ok(Bytes::Read(read))
    }

    /// Every object, with the directory it is in; and what else lies among them.
    pub fn all_objects(&self) -> Result<Listing, Error> {
        let mut listing = Listing::default();
        let Some(objects) = self.objects()? else { return Ok(listing) };
        for (directory, sort) in objects.list_all()? {
            let path = format!("{OBJECTS}/{directory}");
            if sort != Sort::Directory || directory.len() != 2 {
                listing.strangers.push((path, sort));
                continue;
            }
            let Some(dir) = objects.at(&directory)? else { continue };
            for (name, sort) in dir.list_all()? {
                match Sha256::from_hex(&format!("{directory}{name}")) {
                    Some(hash) if sort == Sort::File => listing.objects.push(hash),
                    _ => listing.strangers.push((format!("{path}/{name}"), sort)),
                }
            }
        }
        Ok(listing)
    }
}

/// What lies under `objects/`.
#[derive(Debug, Default)]
pub struct Listing {
    pub objects: Vec<Sha256>,
    /// Paths of what is no object: temporary files that were left behind, and what does not belong here.
    pub strangers: Vec<(String, Sort)>,
}
