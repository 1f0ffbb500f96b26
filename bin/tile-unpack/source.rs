//! Where packs come from: the operands, one after the other.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use ulp_cli::{Failure, STDIN};
use ulp_core::hash::Blake3;
use ulp_store::pack::read::Pack;

/// A file or a stream that hashes what is read of it, and takes the digest on to the next.
pub struct Source {
    name: String,
    file: File,
    hasher: blake3::Hasher,
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer).map_err(|e| io::Error::from(Failure::io(&self.name, e)))?;
        self.hasher.update(&buffer[..read]);
        Ok(read)
    }
}

/// Opens an operand as a pack. Whatever was hashed before it stays in the digest.
pub fn open(operand: &OsStr, hasher: blake3::Hasher, max_bytes: u64) -> Result<Pack<Source>, Failure> {
    let name = operand.to_string_lossy().into_owned();
    let path = if name == STDIN { OsStr::new("/dev/stdin") } else { operand };
    let file = File::open(path).map_err(|e| Failure::io(&name, e))?;
    Ok(Pack::new(Source { name, file, hasher }, max_bytes))
}

/// The hasher after a pack, which was read to its end or to where it was refused.
pub fn hasher(mut pack: Pack<Source>) -> blake3::Hasher {
    pack.source().hasher.clone()
}

/// The digest of all that was read.
pub fn digest(hasher: &blake3::Hasher) -> Blake3 {
    hasher.finalize().into()
}
