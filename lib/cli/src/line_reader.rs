//! Reading for tools that hold no more than a few lines.

use super::blocks::{BlockSource, Piece, Until};
use super::chunk::{CHUNK, Chunk, STDIN};
use super::progress::Progress;
use super::stdio::Std;
use super::{Failure, Files};
use std::time::{Duration, Instant};
use ulp_core::hash::Blake3;

/// Lines that came together.
#[derive(Clone, Copy, Debug)]
pub struct Together<'a> {
    pub chunk: Chunk<'a>,
    /// When the first of them was there.
    pub since: Instant,
    /// Whether nothing more came for a moment.
    pub paused: bool,
}

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
        let there = self.advance(&mut Until::Ready)?;
        Ok(there.map(|too_long| self.chunk(too_long)))
    }

    /// The whole lines that come together, at most about [`CHUNK`] bytes of them: up to where nothing more comes for a
    /// `moment`, or it is `latest`.
    pub fn next_together(
        &mut self,
        moment: Duration,
        latest: Instant,
    ) -> Result<Option<Together<'_>>, Failure> {
        let mut until = Until::Pause { moment, latest, since: None, paused: false };
        let Some(too_long) = self.advance(&mut until)? else { return Ok(None) };
        let (since, paused) = match until {
            Until::Pause { since: Some(since), paused, .. } => (since, paused),
            _ => (Instant::now(), false),
        };
        Ok(Some(Together { chunk: self.chunk(too_long), since, paused }))
    }

    /// Reads on; answers whether what came is a line that is too long.
    fn advance(&mut self, until: &mut Until) -> Result<Option<bool>, Failure> {
        while let Some(feed) = self.feeds.get_mut(self.at) {
            feed.give_back(std::mem::take(&mut self.block));
            match feed.next(CHUNK, until, &mut self.hasher)? {
                None => self.at += 1,
                Some(Piece::TooLong) => return Ok(Some(true)),
                Some(Piece::Lines(bytes)) => {
                    self.progress.advance(bytes.len() as u64);
                    self.block = bytes;
                    return Ok(Some(false));
                }
            }
        }
        Ok(None)
    }

    /// What was read last.
    fn chunk(&self, too_long: bool) -> Chunk<'_> {
        let source = u32::try_from(self.at).unwrap_or(u32::MAX);
        Chunk { source, bytes: &self.block, too_long, limit: self.limit }
    }

    /// Whether the next chunk may have to be waited for: the time to flush what is buffered for output.
    pub fn would_block(&self) -> bool {
        self.waits(Duration::ZERO)
    }

    /// Whether the next chunk may have to be waited for longer than that.
    pub fn waits(&self, longer: Duration) -> bool {
        self.feeds.get(self.at).is_some_and(|feed| feed.would_block(longer))
    }

    /// Whether what comes next lies in a file, so that there are no pauses.
    pub fn is_all_there(&self) -> bool {
        self.feeds.get(self.at).is_some_and(BlockSource::is_all_there)
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
    use std::fs::File;
    use std::io::Write as _;

    #[test]
    fn lines_that_come_closely_come_together() {
        let (read, mut write) = std::io::pipe().unwrap();
        let file = File::from(std::os::fd::OwnedFd::from(read));
        let mut reader = LineReader::open(&Files { files: Vec::new() }, 10, &Progress::default()).unwrap();
        reader.feeds = vec![BlockSource::new("-", file, 10)];
        let writer = std::thread::spawn(move || {
            for part in ["a\nb", "\nc\n", "d"] {
                write.write_all(part.as_bytes()).unwrap();
            }
            // The end comes once what came was taken.
            std::thread::sleep(Duration::from_millis(500));
            write.write_all(b"e\n").unwrap();
        });
        let mut next = || {
            let far = Instant::now() + Duration::from_secs(60);
            let together = reader.next_together(Duration::from_millis(200), far).unwrap();
            together.map(|together| (together.chunk.bytes.to_vec(), together.paused))
        };
        assert_eq!(next(), Some((b"a\nb\nc\n".to_vec(), true)));
        assert_eq!(next(), Some((b"de\n".to_vec(), false)));
        assert_eq!(next(), None);
        writer.join().unwrap();
    }

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
