//! Files mapped into memory: the only unsafe code of the project.

use std::fs::File;
use std::io;

use memmap2::Mmap;

/// Maps the whole of a regular file for reading, as long as it is now.
///
/// Errors are the system's: under an address-space limit, or on a file system that cannot map, the caller reads
/// the file instead.
#[allow(unsafe_code)]
pub fn map(file: &File) -> io::Result<Mmap> {
    // SAFETY: The mapping is private and read-only, and its bytes are borrowed from the `Mmap` that owns it, so
    // they cannot outlive it and nothing in this process writes to them. What remains is another process:
    //
    // - Objects of a store are written under another name, synced, made read-only and renamed; whoever follows
    //   the store's protocol never changes or shortens one, and deletes it by name alone, which leaves mappings be.
    // - A stream that is mapped is a trace, and traces are appended to. Bytes past the length at the time of
    //   mapping are not seen.
    // - Somebody who shortens a mapped file stops this process with SIGBUS, as a reader of any mapped file; no
    //   wrong byte is read, and no output appears, as that is renamed into place at the very end.
    // - Somebody who overwrites bytes in place while they are read breaks what Rust assumes of a shared slice. No
    //   interface of the system can rule this out. The tools ask for files at rest and the manual says so; a file
    //   that must be read while it is rewritten can be piped in, which copies.
    unsafe { Mmap::map(file) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_map_holds_the_bytes_of_the_file_and_outlives_its_handle_and_name() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"one\ntwo\n").unwrap();
        let map = map(file.as_file()).unwrap();
        drop(file);
        assert_eq!(&map[..], b"one\ntwo\n");
    }

    #[test]
    fn an_empty_file_maps_to_nothing() {
        let file = tempfile::tempfile().unwrap();
        assert!(map(&file).unwrap().is_empty());
    }
}
