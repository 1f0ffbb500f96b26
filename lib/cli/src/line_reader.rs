//! Reading for tools that hold no more than a few lines.

use super::blocks::{BlockSource, Piece};
use super::chunk::{CHUNK, Chunk, STDIN};
use super::progress::Progress;
use super::stdio::Std;
use super::{Failure, Files};
use std::time::Duration;
use ulp_core::hash::Blake3;

/// The operands of a tool that holds no more than it needs: lines as they come.
#[derive(Debug)]
pub struct LineReader {
    names: Vec<String>,
    feeds: Vec<BlockSource>,
    at: usize,
    block: Vec<u8>,
    limit: usize,
    hasher: blake3::Hasher,
    progress: Progress,
}

impl LineReader {
    pub(super) fn open(files: &Files, limit: usize, progress: &Progress) -> Result<LineReader, Failure> {
        let operands = files.operands();
        let names: Vec<String> = operands.iter().map(|o| o.to_string_lossy().into_owned()).collect();
        let feeds = names.iter().zip(operands).map(|(name, operand)| {
            if name != STDIN {
                return BlockSource::later(name, operand, limit);
            }
            let file = Std::In.open().map_err(|e| Failure::io("stdin", e))?;
            Ok(BlockSource::new(name, file, limit))
        });
        let feeds = feeds.collect::<Result<Vec<BlockSource>, Failure>>()?;
        Ok(LineReader {
            names,
            feeds,
            at: 0,
            block: Vec::new(),
            limit,
            hasher: blake3::Hasher::new(),
            progress: progress.clone(),
        })
    }

    /// The names of the sources, as the log has them.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The whole lines that are there, at most about [`CHUNK`] bytes of them; waits only where there is none.
    /// Nothing at the end of the last source.
    pub fn next_chunk(&mut self) -> Result<Option<Chunk<'_>>, Failure> {
        while let Some(feed) = self.feeds.get_mut(self.at) {
            feed.give_back(std::mem::take(&mut self.block));
            let Some(piece) = feed.next_ready(CHUNK, &mut self.hasher)? else {
                self.at += 1;
                continue;
            };
            let too_long = matches!(piece, Piece::TooLong);
            if let Piece::Lines(bytes) = piece {
                self.progress.advance(bytes.len() as u64);
                self.block = bytes;
            }
            let source = u32::try_from(self.at).unwrap_or(u32::MAX);
            return Ok(Some(Chunk { source, bytes: &self.block, too_long, limit: self.limit }));
        }
        Ok(None)
    }

    /// Whether the next chunk may have to be waited for: the time to flush what is buffered for output.
    pub fn would_block(&self) -> bool {
        self.waits(Duration::ZERO)
    }

    /// Whether the next chunk may have to be waited for longer than that.
    pub fn waits(&self, longer: Duration) -> bool {
        self.feeds.get(self.at).is_some_and(|feed| feed.would_block(longer))
    }

    /// The digest of all bytes read so far, operands in order.
    pub fn digest(&self) -> Blake3 {
        self.hasher.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;

    #[test]
    fn operands_are_read_one_after_the_other() {
        let dir = tempfile::tempdir().unwrap();
        let paths: Vec<OsString> = ["a\nb", "", "c\n"]
            .iter()
            .enumerate()
            .map(|(i, text)| {
                let path = dir.path().join(i.to_string());
                std::fs::write(&path, text).unwrap();
                path.into_os_string()
            })
            .collect();
        let mut reader = LineReader::open(&Files { files: paths }, 10, &Progress::default()).unwrap();
        let mut got = Vec::new();
        while let Some(chunk) = reader.next_chunk().unwrap() {
            got.extend(chunk.lines().map(|(_, line)| (chunk.source, line.unwrap().to_vec())));
        }
        assert_eq!(got, [(0, b"a".to_vec()), (0, b"b".to_vec()), (2, b"c".to_vec())]);
        assert_eq!(reader.digest(), Blake3::of(b"a\nbc\n"));
        assert!(!reader.would_block());
    }
}
