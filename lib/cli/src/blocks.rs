//! Reading one source that is not mapped: blocks of whole lines, with the rest carried over.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::time::{Duration, Instant};

use super::Failure;
use super::chunk::{DENSE, is_dense};
use super::stdio::Patient;
use ulp_core::kind::Kind;

/// The mark that some editors put at the start of a file.
const BOM: &[u8] = b"\xef\xbb\xbf";
/// How much is read at once while an over-long line is skipped, in bytes.
const SKIP: usize = 256 << 10;

/// The bytes without a mark at their start.
pub(super) fn without_bom(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(BOM).unwrap_or(bytes)
}

/// What is left to be read of a source.
#[derive(Debug)]
pub(super) struct BlockSource {
    name: String,
    from: From,
    /// The start of a line whose end has not been read.
    carry: Vec<u8>,
    /// A buffer that was given back.
    spare: Vec<u8>,
    /// The longest line that is kept, in bytes without its end.
    limit: usize,
    at_start: bool,
}

#[derive(Debug)]
enum From {
    Later(OsString),
    Open(Patient),
    Ended,
}

/// Up to where lines are read before they are given on.
#[derive(Debug)]
pub(super) enum Until {
    /// Up to the size that is asked for, however long that takes.
    Full,
    /// As far as can be read without waiting for more than one line.
    Ready,
    /// Up to where nothing comes for a moment, or, of what does not lie in a file, up to a time.
    Pause {
        moment: Duration,
        latest: Instant,
        /// Told afterwards: when there was a line,
        since: Option<Instant>,
        /// and whether nothing came for a moment.
        paused: bool,
    },
}

/// A part of a source.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Whole lines; the last of a source may lack its end.
    Lines(Vec<u8>),
    /// A line beyond the limit, which was not kept.
    TooLong,
}

impl BlockSource {
    /// Reads a file that is open.
    pub(super) fn new(name: &str, file: File, limit: usize) -> BlockSource {
        BlockSource::of(name, From::Open(Patient(file)), limit)
    }

    /// Opens a file when its turn comes: opening a named pipe waits for its writer. A directory is refused now.
    pub(super) fn later(name: &str, path: &OsStr, limit: usize) -> Result<BlockSource, Failure> {
        let there = fs::metadata(path).map_err(|e| Failure::io(name, e))?;
        if there.is_dir() {
            return Err(Failure::new(Kind::System, name, "Is a directory"));
        }
        Ok(BlockSource::of(name, From::Later(path.to_owned()), limit))
    }

    fn of(name: &str, from: From, limit: usize) -> BlockSource {
        BlockSource {
            name: name.to_owned(),
            from,
            carry: Vec::new(),
            spare: Vec::new(),
            limit,
            at_start: true,
        }
    }

    /// A block of at least `size` bytes, or all that is left; nothing at the end. Every byte goes into `hasher`.
    pub(super) fn next_block(
        &mut self,
        size: usize,
        hasher: &mut blake3::Hasher,
    ) -> Result<Option<Piece>, Failure> {
        self.next(size, &mut Until::Full, hasher)
    }

    /// Takes a buffer back, to be filled again.
    pub(super) fn give_back(&mut self, mut buffer: Vec<u8>) {
        buffer.clear();
        self.spare = buffer;
    }

    /// Whether the next read could wait for a writer for longer than that.
    pub(super) fn would_block(&self, longer: Duration) -> bool {
        match &self.from {
            From::Open(file) => !file.is_ready(longer),
            From::Later(_) => true,
            From::Ended => false,
        }
    }

    /// Whether all that comes lies in a file, so that there is nobody to be waited for.
    pub(super) fn is_all_there(&self) -> bool {
        matches!(&self.from, From::Open(file) if file.is_regular())
    }

    /// Whole lines; nothing at the end. More than `size` bytes of them are not waited for.
    pub(super) fn next(
        &mut self,
        size: usize,
        until: &mut Until,
        hasher: &mut blake3::Hasher,
    ) -> Result<Option<Piece>, Failure> {
        let mut buffer = std::mem::take(&mut self.carry);
        let (mut searched, mut last_end) = (0, None);
        loop {
            if let Some(at) = memchr::memrchr(b'\n', &buffer[searched..]) {
                last_end = Some(searched + at + 1);
            }
            searched = buffer.len();
            match last_end {
                Some(end) if buffer.len() >= size || self.is_enough(&buffer, until) => {
                    return self.cut(buffer, end, size).map(Some);
                }
                None if buffer.len() >= self.longest() => return self.skip(buffer, hasher).map(Some),
                _ => {}
            }
            if self.read(&mut buffer, size, hasher)? == 0 {
                return Ok(self.last(buffer));
            }
        }
    }

    /// Whether lines that are there are to be given on, however few they are.
    fn is_enough(&self, buffer: &[u8], until: &mut Until) -> bool {
        match until {
            Until::Full => false,
            Until::Ready => true,
            Until::Pause { moment, latest, since, paused } => {
                since.get_or_insert_with(Instant::now);
                *paused = self.would_block(*moment);
                // Of what is refused line by line more is said than came.
                let much = buffer.len() >= DENSE && is_dense(buffer);
                *paused || much || Instant::now() >= *latest && !self.is_all_there()
            }
        }
    }

    /// A buffer this long without a line end is a line beyond the limit, even if a mark stands before it and it
    /// ends in CR.
    fn longest(&self) -> usize {
        self.limit + 2 + if self.at_start { BOM.len() } else { 0 }
    }

    /// Reads once into the room that the buffer has, of which it gets `size` at first and then as much as it holds;
    /// 0 at the end of the source.
    fn read(
        &mut self,
        buffer: &mut Vec<u8>,
        size: usize,
        hasher: &mut blake3::Hasher,
    ) -> Result<usize, Failure> {
        self.open()?;
        let From::Open(file) = &mut self.from else { return Ok(0) };
        if buffer.len() == buffer.capacity() {
            reserve(buffer, size.max(buffer.len())).map_err(|e| Failure::new(Kind::System, &self.name, e))?;
        }
        let old = buffer.len();
        let read = file.read_into(buffer).map_err(|e| Failure::io(&self.name, e))?;
        hasher.update(&buffer[old..]);
        Ok(read)
    }

    fn open(&mut self) -> Result<(), Failure> {
        if let From::Later(path) = &self.from {
            let file = File::open(path).map_err(|e| Failure::io(&self.name, e))?;
            self.from = From::Open(Patient(file));
        }
        Ok(())
    }

    /// Carries over what follows `end`. This is the one copy that a byte can go through.
    fn cut(&mut self, mut buffer: Vec<u8>, end: usize, size: usize) -> Result<Piece, Failure> {
        let mut carry = std::mem::take(&mut self.spare);
        let room = size.max(buffer.len() - end);
        reserve(&mut carry, room).map_err(|e| Failure::new(Kind::System, &self.name, e))?;
        carry.extend_from_slice(&buffer[end..]);
        buffer.truncate(end);
        self.carry = carry;
        Ok(self.lines(buffer))
    }

    fn last(&mut self, buffer: Vec<u8>) -> Option<Piece> {
        self.from = From::Ended;
        (!buffer.is_empty()).then(|| self.lines(buffer))
    }

    fn lines(&mut self, mut buffer: Vec<u8>) -> Piece {
        if std::mem::take(&mut self.at_start) && buffer.starts_with(BOM) {
            buffer.drain(..BOM.len());
        }
        Piece::Lines(buffer)
    }

    /// Drops an over-long line, reading on to its end in a small buffer.
    fn skip(&mut self, dropped: Vec<u8>, hasher: &mut blake3::Hasher) -> Result<Piece, Failure> {
        drop(dropped);
        self.at_start = false;
        let mut buffer = Vec::new();
        while self.read(&mut buffer, SKIP, hasher)? > 0 {
            if let Some(at) = memchr::memchr(b'\n', &buffer) {
                buffer.drain(..=at);
                self.carry = buffer;
                return Ok(Piece::TooLong);
            }
            buffer.clear();
        }
        self.from = From::Ended;
        Ok(Piece::TooLong)
    }
}

/// Makes room, or says that there is no memory: running out of it is a refusal, not an abort.
fn reserve(buffer: &mut Vec<u8>, more: usize) -> Result<(), &'static str> {
    buffer.try_reserve_exact(more).map_err(|_| "Cannot allocate memory")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    /// All pieces of a pipe that is written in parts, with what is read in blocks of `size` bytes.
    fn pieces(parts: Vec<Vec<u8>>, size: usize, limit: usize, ready: bool) -> Vec<Piece> {
        let (read, write) = std::io::pipe().unwrap();
        let whole = parts.concat();
        let writer = std::thread::spawn(move || {
            let mut write = write;
            parts.iter().for_each(|part| write.write_all(part).unwrap());
        });
        let mut feed = BlockSource::new("-", File::from(std::os::fd::OwnedFd::from(read)), limit);
        let mut hasher = blake3::Hasher::new();
        let mut pieces = Vec::new();
        let mut until = if ready { Until::Ready } else { Until::Full };
        while let Some(piece) = feed.next(size, &mut until, &mut hasher).unwrap() {
            pieces.push(piece);
        }
        writer.join().unwrap();
        assert_eq!(hasher.finalize(), blake3::hash(&whole));
        assert!(!feed.would_block(Duration::ZERO));
        assert!(feed.next(size, &mut until, &mut hasher).unwrap().is_none());
        pieces
    }

    /// The pieces as text, with over-long lines as `!`.
    fn text(pieces: &[Piece]) -> String {
        let one = |piece: &Piece| match piece {
            Piece::Lines(bytes) => String::from_utf8(bytes.clone()).unwrap(),
            Piece::TooLong => "!\n".to_owned(),
        };
        pieces.iter().map(one).collect()
    }

    #[test]
    fn lines_come_whole_whatever_the_size_of_blocks() {
        let whole = b"one\ntwo\n\nthree\r\nfour and more\nlast".to_vec();
        for size in 1..50 {
            for ready in [false, true] {
                let parts = whole.chunks(size).map(<[u8]>::to_vec).collect();
                let got = pieces(parts, size, 20, ready);
                assert_eq!(text(&got).as_bytes(), whole);
                let ends = |piece: &Piece| matches!(piece, Piece::Lines(bytes) if bytes.ends_with(b"\n"));
                assert!(got[..got.len() - 1].iter().all(ends));
            }
        }
    }

    #[test]
    fn over_long_lines_are_dropped_and_the_stream_goes_on() {
        let long = "x".repeat(100_000);
        let whole = format!("a\n{long}\nb\nc\n{long}\n{long}\r\nd\n{long}");
        for size in [1, 7, 64, 4096] {
            let got = pieces(vec![whole.clone().into_bytes()], size, 1000, false);
            assert_eq!(text(&got), "a\n!\nb\nc\n!\n!\nd\n!\n");
        }
    }

    #[test]
    fn a_line_at_the_limit_is_kept_with_its_mark_and_its_end() {
        let line = "x".repeat(1000);
        for (start, end) in [("", ""), ("", "\n"), ("", "\r\n"), ("\u{feff}", "\r\n"), ("\u{feff}", "\r")] {
            let got = pieces(vec![format!("{start}{line}{end}").into_bytes()], 64, 1000, true);
            assert_eq!(text(&got), format!("{line}{end}"));
        }
    }
}
