//! zstd frames: made on all cores, read past damage.
//!
//! A pack is compressed frame by frame, each with its length and checksum. A reader that meets a frame that does not
//! hold looks for the next one from the byte after the broken one's first, and goes on there: a [`Got::Gap`].

use super::Error;
use std::io::{self, Read};
use zstd::stream::raw::{CParameter, DParameter, Decoder, InBuffer, Operation as _, OutBuffer};

/// What a frame begins with.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// What else a file may be, by some bytes and where they stand, and what opens it.
const FOREIGN: [(usize, &[u8], &str, &str); 7] = [
    (0, b"\x1f\x8b", "compressed with gzip", "gzip -dc FILE | tile-unpack"),
    (0, b"\xfd7zXZ\0", "compressed with xz", "xz -dc FILE | tile-unpack"),
    (4, b"1AY&SY", "compressed with bzip2", "bzip2 -dc FILE | tile-unpack"),
    (0, b"\x04\x22\x4d\x18", "compressed with lz4", "lz4 -dc FILE | tile-unpack"),
    (0, b"PK\x03\x04", "a zip archive", "unzip FILE -d DIR, and tile-unpack takes the bag in DIR"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", "7z x FILE, and tile-unpack takes the bag's directory"),
    (0, b"age-encryption.org/", "encrypted with age", "age -d -i KEY FILE | tile-unpack"),
];
/// So many bytes say what a file is.
const MOST_MAGIC: usize = 32;
/// The level that packs are compressed with; with the length of a frame it settles everything else.
const LEVEL: i32 = 1;
/// The largest window that is read: 2 to this power, 8 MiB.
const WINDOW: u32 = 23;
/// Bytes that are read at once.
const READ: usize = 128 << 10;
/// So much of a frame is kept, to look for the next one where it turns out to be broken.
const KEPT: usize = 16 << 20;
/// So often a reader looks for another frame.
const MOST_GAPS: usize = 1000;

/// What compresses frames; one a thread.
pub struct Compressor(zstd::bulk::Compressor<'static>);

impl Compressor {
    pub fn new() -> io::Result<Compressor> {
        let mut compressor = zstd::bulk::Compressor::new(LEVEL)?;
        compressor.set_parameter(CParameter::ChecksumFlag(true))?;
        compressor.set_parameter(CParameter::ContentSizeFlag(true))?;
        Ok(Compressor(compressor))
    }

    /// One frame.
    pub fn frame(&mut self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        self.0.compress(bytes)
    }
}

/// What a read gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Got {
    Bytes(usize),
    /// What follows does not follow what went before.
    Gap,
    End,
}

/// The bytes of a tar, compressed or not.
pub struct Unzip<R> {
    source: R,
    kind: Kind,
    /// What was read of the source: from the start of a frame, as long as that is kept.
    held: Vec<u8>,
    /// What of it was used.
    used: usize,
    gaps: usize,
    ended: bool,
}

enum Kind {
    Unknown,
    Plain,
    Frames {
        decoder: Box<Decoder<'static>>,
        /// Whether the next byte begins a frame.
        between: bool,
        /// Whether this is the first frame.
        first: bool,
    },
}

impl<R: Read> Unzip<R> {
    pub fn new(source: R) -> Unzip<R> {
        Unzip { source, kind: Kind::Unknown, held: Vec::new(), used: 0, gaps: 0, ended: false }
    }

    /// The source, which the caller may have wrapped something into.
    pub fn source(&mut self) -> &mut R {
        &mut self.source
    }

    /// Some bytes, at least one unless there are none.
    ///
    /// # Errors
    /// Where the source cannot be read; a window over 8 MiB.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<Got, Error> {
        if self.ended {
            return Ok(Got::End);
        }
        loop {
            match &self.kind {
                Kind::Unknown => self.look()?,
                Kind::Plain => return self.read_plain(buffer),
                Kind::Frames { .. } => {
                    if let Some(got) = self.read_frames(buffer)? {
                        return Ok(got);
                    }
                }
            }
        }
    }

    /// Sees by the first bytes whether there are frames.
    fn look(&mut self) -> Result<(), Error> {
        while self.held.len() < MOST_MAGIC && self.fill()? > 0 {}
        let is_here =
            |at: usize, magic: &[u8]| self.held.get(at..).is_some_and(|held| held.starts_with(magic));
        if let Some((.., what, command)) = FOREIGN.iter().find(|(at, magic, ..)| is_here(*at, magic)) {
            return Err(Error::Foreign { what, command });
        }
        let skippable =
            self.held.get(..4).is_some_and(|b| b[0] & 0xf0 == 0x50 && b[1..] == [0x2a, 0x4d, 0x18]);
        self.kind = if self.held.starts_with(&MAGIC) || skippable {
            Kind::Frames { decoder: Box::new(decoder()?), between: true, first: true }
        } else {
            Kind::Plain
        };
        Ok(())
    }

    /// Reads more of the source; 0 at its end.
    fn fill(&mut self) -> Result<usize, Error> {
        let old = self.held.len();
        self.held.resize(old + READ, 0);
        let read = loop {
            match self.source.read(&mut self.held[old..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                done => break done,
            }
        };
        self.held.truncate(old + *read.as_ref().unwrap_or(&0));
        read.map_err(Error::Passed)
    }

    fn read_plain(&mut self, buffer: &mut [u8]) -> Result<Got, Error> {
        if self.used == self.held.len() {
            self.forget(self.used);
            if self.fill()? == 0 {
                self.ended = true;
                return Ok(Got::End);
            }
        }
        let take = buffer.len().min(self.held.len() - self.used);
        buffer[..take].copy_from_slice(&self.held[self.used..self.used + take]);
        self.used += take;
        Ok(Got::Bytes(take))
    }

    fn forget(&mut self, bytes: usize) {
        self.held.drain(..bytes);
        self.used -= bytes;
    }

    /// Decompresses once; nothing where that gave no bytes and the source has more.
    fn read_frames(&mut self, buffer: &mut [u8]) -> Result<Option<Got>, Error> {
        let Kind::Frames { between, .. } = &self.kind else { return Ok(None) };
        let between = *between;
        if self.used == self.held.len() {
            // Of a frame that is this long only what is to come is looked through.
            if between || self.held.len() > KEPT {
                self.forget(self.used);
            }
            if self.fill()? == 0 {
                if between {
                    self.ended = true;
                    return Ok(Some(Got::End));
                }
                return self.find_frame().map(Some);
            }
        }
        let Kind::Frames { decoder, between, first } = &mut self.kind else { return Ok(None) };
        let mut input = InBuffer::around(&self.held[self.used..]);
        let mut output = OutBuffer::around(buffer);
        let outcome = decoder.run(&mut input, &mut output);
        let (read, written) = (input.pos(), output.pos());
        match outcome {
            Ok(hint) => {
                self.used += read;
                *between = hint == 0;
                if hint == 0 {
                    *first = false;
                    self.forget(self.used);
                }
                Ok((written > 0).then_some(Got::Bytes(written)))
            }
            Err(error) if *first && error.to_string().contains("too much memory") => {
                Err(Error::unsafe_member("zstd", "a window over 8 MiB"))
            }
            Err(_) => self.find_frame().map(Some),
        }
    }

    /// Goes to the next place where a frame may begin.
    fn find_frame(&mut self) -> Result<Got, Error> {
        self.gaps += 1;
        if self.gaps > MOST_GAPS {
            self.ended = true;
            return Ok(Got::Gap);
        }
        let mut from = 1;
        loop {
            let rest = self.held.get(from..).unwrap_or_default();
            if let Some(at) = memchr::memmem::find(rest, &MAGIC) {
                self.used = from + at;
                self.forget(self.used);
                self.kind = Kind::Frames { decoder: Box::new(decoder()?), between: false, first: false };
                return Ok(Got::Gap);
            }
            // The beginning of a frame may be cut in two.
            self.used = self.held.len().saturating_sub(MAGIC.len() - 1).max(from.min(self.held.len()));
            self.forget(self.used);
            from = 0;
            if self.fill()? == 0 {
                self.ended = true;
                return Ok(Got::Gap);
            }
        }
    }
}

fn decoder() -> Result<Decoder<'static>, Error> {
    let made = Decoder::new().and_then(|mut decoder| {
        decoder.set_parameter(DParameter::WindowLogMax(WINDOW))?;
        Ok(decoder)
    });
    made.map_err(|e| Error::io("zstd", e))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(i: usize) -> Vec<u8> {
        (0..3000).flat_map(|n| format!("frame {i} line {}\n", n * i).into_bytes()).collect()
    }

    fn frames(count: usize) -> Vec<Vec<u8>> {
        let mut compressor = Compressor::new().unwrap();
        (0..count).map(|i| compressor.frame(&text(i)).unwrap()).collect()
    }

    /// What is read, as runs of bytes between gaps.
    fn read(bytes: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
        let mut unzip = Unzip::new(bytes);
        let (mut runs, mut buffer) = (vec![Vec::new()], [0; 5000]);
        loop {
            match unzip.read(&mut buffer)? {
                Got::Bytes(n) => runs.last_mut().unwrap().extend(&buffer[..n]),
                Got::Gap => runs.push(Vec::new()),
                Got::End => return Ok(runs),
            }
        }
    }

    #[test]
    fn frames_read_as_one_stream() {
        let whole: Vec<u8> = (0..5).flat_map(text).collect();
        assert_eq!(read(&frames(5).concat()).unwrap(), std::slice::from_ref(&whole));
        assert_eq!(read(&whole).unwrap(), [whole]);
        assert_eq!(read(b"").unwrap(), [b""]);
    }

    #[test]
    fn a_broken_frame_costs_itself_alone() {
        let frames = frames(4);
        let start = frames[0].len();
        for at in [0, 1, 3, 4, 5, 6, 9, 12, frames[1].len() / 2, frames[1].len() - 1] {
            let mut bytes = frames.concat();
            bytes[start + at] ^= 0x10;
            let runs = read(&bytes).unwrap();
            assert!(runs[0].starts_with(&text(0)), "byte {at}");
            // One bit of a frame's header means nothing, and costs nothing.
            assert!(runs.last().unwrap().ends_with(&[text(2), text(3)].concat()), "byte {at}");
            assert!(runs.len() > 1 || at == 4, "byte {at}");
        }
    }

    #[test]
    fn what_is_cut_off_ends_with_a_gap() {
        let bytes = frames(2).concat();
        let runs = read(&bytes[..bytes.len() - 7]).unwrap();
        assert!(runs.len() >= 2 && runs[0].starts_with(&text(0)));
    }

    #[test]
    fn other_formats_are_called_by_their_names() {
        for (start, name) in [
            (&b"\x1f\x8b\x08\0"[..], "gzip"),
            (b"\xfd7zXZ\0\0\x04", "xz"),
            (b"BZh91AY&SY", "bzip2"),
            (b"\x04\x22\x4d\x18\x64", "lz4"),
            (b"PK\x03\x04\x14", "zip"),
            (b"7z\xbc\xaf\x27\x1c\0", "7z"),
            (b"age-encryption.org/v1\n-> X25519", "age"),
        ] {
            let error = read(start).unwrap_err();
            assert_eq!(error.code(), Some("pack.unsafe"));
            assert!(error.to_string().contains(name), "{error}");
        }
        assert!(read(b"BZh9 is what a bag may be called").is_ok());
    }

    #[test]
    fn a_large_window_is_refused() {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(27).unwrap();
        io::Write::write_all(&mut encoder, b"x").unwrap();
        let frame = encoder.finish().unwrap();
        assert_eq!(read(&frame).unwrap_err().code(), Some("pack.unsafe"));
    }
}
