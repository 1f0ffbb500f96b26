//! Where packs come from: the operands, one after the other.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use ulp_cli::{Failure, STDIN};
use ulp_core::hash::Blake3;
use ulp_store::pack;
use ulp_store::pack::directory::Directory;
use ulp_store::pack::read::Pack;

/// A file, a stream or a directory that hashes what is read of it, and takes the digest on to the next.
pub struct Source {
    name: String,
    input: Input,
    hasher: blake3::Hasher,
}

enum Input {
    Stream(File),
    Bag(Directory),
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match &mut self.input {
            Input::Stream(file) => file.read(buffer),
            Input::Bag(bag) => bag.read(buffer),
        };
        let read = read.map_err(|e| io::Error::from(Failure::io(&self.name, e)))?;
        self.hasher.update(&buffer[..read]);
        Ok(read)
    }
}

/// What packs are opened by, one after the other.
pub struct Sources {
    hasher: blake3::Hasher,
    max_bytes: u64,
    /// Where what comes out of order waits.
    aside: PathBuf,
}

/// Why a pack was not read to its end, or not at all.
pub enum Ended {
    /// It was refused; what came before stands.
    Pack(pack::Error),
    Edge(Failure),
}

impl From<pack::Error> for Ended {
    fn from(error: pack::Error) -> Ended {
        if error.code().is_some() { Ended::Pack(error) } else { Ended::Edge(error.into()) }
    }
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Ended {
        Ended::Edge(failure)
    }
}

impl Sources {
    pub fn new(max_bytes: u64, aside: &Path) -> Sources {
        Sources { hasher: blake3::Hasher::new(), max_bytes, aside: aside.to_owned() }
    }

    /// Opens an operand as a pack. Whatever was hashed before it stays in the digest.
    pub fn open(&self, operand: &OsStr) -> Result<Pack<Source>, Ended> {
        let name = operand.to_string_lossy().into_owned();
        let path = Path::new(if name == STDIN { OsStr::new("/dev/stdin") } else { operand });
        let input = if path.is_dir() { Input::Bag(bag(path)?) } else { Input::Stream(file(path, &name)?) };
        let source = Source { name, input, hasher: self.hasher.clone() };
        Ok(Pack::new(source, self.max_bytes, &self.aside))
    }

    /// Takes in what was read of a pack, to its end or to where it was refused.
    pub fn close(&mut self, mut pack: Pack<Source>) {
        self.hasher.clone_from(&pack.source().hasher);
    }

    /// The digest of all that was read.
    pub fn digest(&self) -> Blake3 {
        self.hasher.finalize().into()
    }
}

fn file(path: &Path, name: &str) -> Result<File, Failure> {
    File::open(path).map_err(|e| Failure::io(name, e))
}

fn bag(path: &Path) -> Result<Directory, Ended> {
    if !Directory::is_bag(path) {
        let hint = "a directory without bagit.txt is no bag; a store is packed by tile-pack --store";
        return Err(Failure::usage(path.display(), hint).into());
    }
    Ok(Directory::open(path)?)
}
