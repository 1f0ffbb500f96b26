//! Bodies that came before anybody knew what they are: they wait in a file that has no name, and are gone with it.

use super::super::Error;
use crate::dir::Dir;
use foldhash::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use ulp_core::hash::Sha256;

/// Objects that wait.
pub struct Spill {
    /// Where the file is made, once there is something to put into it.
    dir: PathBuf,
    file: Option<File>,
    end: u64,
    objects: HashMap<Sha256, Place>,
}

/// Where a body lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub at: u64,
    pub bytes: u64,
}

impl Spill {
    pub fn new(dir: PathBuf) -> Spill {
        Spill { dir, file: None, end: 0, objects: HashMap::default() }
    }

    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    pub fn get(&self, hash: &Sha256) -> Option<Place> {
        self.objects.get(hash).copied()
    }

    /// All that wait, by hash.
    pub fn hashes(&self) -> Vec<Sha256> {
        let mut all: Vec<Sha256> = self.objects.keys().copied().collect();
        all.sort();
        all
    }

    /// Appends a part of the body that is to be kept next.
    ///
    /// # Errors
    /// `pack.limit` where the disk has no room.
    pub fn write(&mut self, done: u64, part: &[u8]) -> Result<(), Error> {
        let at = self.end + done;
        self.file()?.write_all_at(part, at).map_err(failed)
    }

    /// Keeps the body of that many bytes that was written. One that is not kept is written over.
    pub fn keep(&mut self, hash: Sha256, bytes: u64) {
        self.objects.insert(hash, Place { at: self.end, bytes });
        self.end += bytes;
    }

    /// Reads a part of what waits.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(&mut self, at: u64, part: &mut [u8]) -> Result<(), Error> {
        self.file()?.read_exact_at(part, at).map_err(failed)
    }

    fn file(&mut self) -> Result<&File, Error> {
        if self.file.is_none() {
            self.file = Some(Dir::root(&self.dir)?.nameless()?);
        }
        Ok(self.file.as_ref().expect("because it was just made"))
    }
}

fn failed(error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::StorageFull {
        return Error::limit("temporary file", "the disk has no room for what came out of order");
    }
    Error::io("temporary file", error)
}
