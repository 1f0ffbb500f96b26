//! One pass over a mapped file, block by block, through buffers that are used again.
//!
//! Work that keeps nothing of the text is fastest on a buffer that stays in the processor's cache, and a mapping
//! that nobody touches takes no memory: it is there for the few lines that are asked for again. A block is a
//! subtree of BLAKE3, so that it is hashed while it is at hand, whoever reads it.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::sync::{Mutex, PoisonError};

use blake3::hazmat::{ChainingValue, HasherExt as _, Mode, merge_subtrees_non_root, merge_subtrees_root};

use super::blocks::without_bom;
use ulp_core::hash::Blake3;
use ulp_core::json::STATE_BYTES;

/// Bytes of a block: a power of two, as the tree of hashes wants it.
const BLOCK: usize = 1 << 20;
/// How far beyond its block the end of the last line is looked for at first.
const TAIL: usize = 4 << 10;
/// A buffer that grew beyond this is not used again.
const KEEP: usize = 4 * BLOCK;

/// A file, its bytes from where it is to be read on, and where that is.
pub(super) struct BlockReader<'a> {
    file: &'a File,
    bytes: &'a [u8],
    from: u64,
    spare: Mutex<Vec<Vec<u8>>>,
}

impl<'a> BlockReader<'a> {
    pub(super) fn new(file: &'a File, bytes: &'a [u8], from: u64) -> BlockReader<'a> {
        BlockReader { file, bytes, from, spare: Mutex::default() }
    }

    /// How many blocks there are.
    pub(super) fn len(&self) -> usize {
        self.bytes.len().div_ceil(BLOCK)
    }

    /// Reads a block, and gives `work` the lines that begin in it: as they were read, and where they stay. Answers
    /// the block's part of the hash too.
    ///
    /// # Errors
    /// The system's; a file that has become shorter is one.
    pub(super) fn block<T>(
        &self,
        block: usize,
        work: impl FnOnce(&[u8], &'a [u8]) -> T,
    ) -> io::Result<(ChainingValue, T)> {
        let mut buffer = self.spare().pop().unwrap_or_default();
        let start = block * BLOCK;
        let own = start..self.bytes.len().min(start + BLOCK);
        // The byte before the block says whether a line begins with it.
        let base = start.saturating_sub(1);
        self.read(&mut buffer, base..self.bytes.len().min(own.end + TAIL))?;
        let mut hasher = blake3::Hasher::new();
        hasher.set_input_offset(start as u64).update(&buffer[start - base..own.end - base]);
        let hash = hasher.finalize_non_root();
        let lines = match self.first_line(&buffer, base, &own) {
            Some(first) => first..self.end_of_lines(&mut buffer, base, own.end)?,
            None => 0..0,
        };
        let result = work(&buffer[lines.clone()], &self.bytes[base + lines.start..base + lines.end]);
        if buffer.capacity() <= KEEP {
            self.spare().push(buffer);
        }
        Ok((hash, result))
    }

    /// The hash of the whole, from the parts of all blocks.
    pub(super) fn hash(&self, parts: &[ChainingValue]) -> Blake3 {
        match parts {
            // A tree of one block has no parts.
            [] | [_] => Blake3::of(self.bytes),
            _ => {
                let (left, right) = parts.split_at(left_parts(parts));
                merge_subtrees_root(&subtree(left), &subtree(right), Mode::Hash).into()
            }
        }
    }

    fn spare(&self) -> std::sync::MutexGuard<'_, Vec<Vec<u8>>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, buffer: &mut Vec<u8>, range: Range<usize>) -> io::Result<()> {
        buffer.resize(range.len(), 0);
        self.file.read_exact_at(buffer, self.from + range.start as u64)
    }

    /// Where in the buffer the first line stands that begins in the block, if there is one.
    fn first_line(&self, buffer: &[u8], base: usize, own: &Range<usize>) -> Option<usize> {
        if own.start == 0 {
            return Some(buffer.len() - without_bom(buffer).len());
        }
        memchr::memchr(b'\n', &buffer[..own.end - 1 - base]).map(|at| at + 1)
    }

    /// Where in the buffer the last line ends that begins before `end`, reading on as far as need be: to the file's
    /// end, or until the line is longer than any may be.
    fn end_of_lines(&self, buffer: &mut Vec<u8>, base: usize, end: usize) -> io::Result<usize> {
        let mut looked = end - 1 - base;
        loop {
            if let Some(at) = memchr::memchr(b'\n', &buffer[looked..]) {
                return Ok(looked + at + 1);
            }
            looked = buffer.len();
            if base + looked == self.bytes.len() || looked > end - base + STATE_BYTES + TAIL {
                return Ok(looked);
            }
            let more = self.bytes.len().min(base + 2 * looked);
            buffer.resize(more - base, 0);
            self.file.read_exact_at(&mut buffer[looked..], self.from + (base + looked) as u64)?;
        }
    }
}

/// How many of some blocks are in the left half of their tree: as many as a whole tree holds.
fn left_parts(parts: &[ChainingValue]) -> usize {
    parts.len().next_power_of_two() / 2
}

fn subtree(parts: &[ChainingValue]) -> ChainingValue {
    if let [part] = parts {
        return *part;
    }
    let (left, right) = parts.split_at(left_parts(parts));
    merge_subtrees_non_root(&subtree(left), &subtree(right), Mode::Hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::Lines;
    use std::io::Write as _;

    /// Reads `bytes` from `from` on in blocks, and holds the lines and the hash to the plain way.
    fn check(bytes: &[u8], from: usize) {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        let rest = &bytes[from..];
        let pass = BlockReader::new(&file, rest, from as u64);
        let mut lines = Vec::new();
        let blocks = (0..pass.len()).map(|i| {
            let work = |text: &[u8], stays: &[u8]| {
                assert!(text == stays);
                lines.extend(Lines::new(text, STATE_BYTES, false).map(|(_, line)| line.map(<[u8]>::to_vec)));
            };
            pass.block(i, work).unwrap().0
        });
        let parts: Vec<_> = blocks.collect();
        assert_eq!(pass.hash(&parts), Blake3::of(rest));
        let plain = Lines::new(without_bom(rest), STATE_BYTES, false);
        assert!(plain.map(|(_, line)| line.map(<[u8]>::to_vec)).eq(lines));
    }

    #[test]
    fn blocks_give_every_line_once_and_one_hash() {
        let line = |length: usize| [vec![b'x'; length], vec![b'\n']].concat();
        let even = line(BLOCK / 4 - 1).repeat(9);
        check(&even, 0);
        check(&even, 5);
        check(&even[..even.len() - 1], 0);
        for off in 0..3 {
            check(
                &[line(BLOCK - 2 + off), line(3 * BLOCK - 2 + off), line(0), line(7), line(BLOCK)].concat(),
                0,
            );
        }
        check(b"\xef\xbb\xbfa\nb", 0);
        check(b"a\nb\n", 4);
    }

    #[test]
    fn a_line_beyond_the_limit_is_passed_over() {
        check(&[vec![b'x'; STATE_BYTES + 3 * BLOCK], b"\nafter\n".to_vec()].concat(), 0);
        check(&[b"a\n".to_vec(), vec![b'x'; STATE_BYTES], b"\nafter\n".to_vec()].concat(), 0);
    }

    #[test]
    fn a_file_that_became_shorter_is_an_error() {
        let file = tempfile::tempfile().unwrap();
        assert!(BlockReader::new(&file, b"there was more", 0).block(0, |_, _| ()).is_err());
    }
}
