//! The members of a tar, one after the other: each is held to the layout on its header, before a byte of its body.
//!
//! - All lie in one directory, whatever it is called, or, where somebody packed from inside of it, in none.
//! - What is damaged costs itself: after a gap, or a header that does not hold, the reader looks block by block for the
//!   next header that does, with a path of the layout.

use super::super::Error;
use super::super::frames::{Got, Unzip};
use super::super::header::{self, Extended, Header, Sort};
use super::super::layout::{self, Member};
use super::super::tar::{self, BLOCK};
use foldhash::{HashSet, HashSetExt as _};
use std::io::Read;

/// Most members of a tar.
const MOST_MEMBERS: u64 = 4 << 20;
/// Bytes of a body that are read at once.
const CHUNK: usize = 128 << 10;
/// Most bytes of the name of a directory, on any file system.
const MOST_NAME: usize = 255;

/// What a tar has next.
pub enum Next {
    Member(Member, u64),
    Damaged(&'static str),
    End,
}

/// A tar that is read.
pub struct Members<R> {
    unzip: Unzip<R>,
    max_bytes: u64,
    bytes: u64,
    members: u64,
    /// A hash of each file's path so far, below the bag's directory.
    seen: HashSet<[u8; 16]>,
    /// The name of the bag's directory; empty where there is none.
    name: Option<String>,
    /// What bag-info.txt says of the payload, and how much of it there was.
    oxum: Option<(u64, u64)>,
    payload: (u64, u64),
    /// What is left of the member's body, and of the zeros behind it.
    left: u64,
    padding: u64,
    /// What was said of the next member.
    extended: Extended,
    /// Whether the reader looks for the next header that holds.
    searching: bool,
    ended: bool,
}

/// A block, or why there is none.
enum Block {
    Read(Box<[u8; BLOCK]>),
    Gap,
    /// The end, in the midst of a block or not.
    End,
}

/// The body of a header that speaks of what follows, or why there is none.
enum Said {
    Read(Vec<u8>),
    Damaged(Next),
}

impl<R: Read> Members<R> {
    pub fn new(source: R, max_bytes: u64) -> Members<R> {
        Members {
            unzip: Unzip::new(source),
            // So that no sum of lengths overflows.
            max_bytes: max_bytes.min(1 << 62),
            bytes: 0,
            members: 0,
            seen: HashSet::new(),
            name: None,
            oxum: None,
            payload: (0, 0),
            left: 0,
            padding: 0,
            extended: Extended::default(),
            searching: false,
            ended: false,
        }
    }

    pub fn source(&mut self) -> &mut R {
        self.unzip.source()
    }

    /// Whether a member has come, whole or not.
    pub fn has_come(&self, member: &Member) -> bool {
        self.seen.contains(&short(&member.path()))
    }

    /// Says how much the payload may be; from here on it is held to that.
    ///
    /// # Errors
    /// More has come already.
    pub fn set_oxum(&mut self, oxum: Option<(u64, u64)>) -> Result<(), Error> {
        self.oxum = oxum;
        self.hold_to_oxum(&Member::Info)
    }

    fn hold_to_oxum(&self, member: &Member) -> Result<(), Error> {
        match self.oxum {
            Some((bytes, files)) if self.payload.0 > bytes || self.payload.1 > files => {
                Err(Error::limit(member.path(), "more than Payload-Oxum says"))
            }
            _ => Ok(()),
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<Got, Error> {
        let got = self.unzip.read(buffer)?;
        if let Got::Bytes(n) = got {
            self.bytes += n as u64;
            if self.bytes > self.max_bytes {
                return Err(Error::limit("tar", format!("more than {} bytes", self.max_bytes)));
            }
        }
        Ok(got)
    }

    fn block(&mut self) -> Result<Block, Error> {
        let mut block = Box::new([0; BLOCK]);
        let mut filled = 0;
        while filled < BLOCK {
            match self.read(&mut block[filled..])? {
                Got::Bytes(n) => filled += n,
                Got::Gap => return Ok(Block::Gap),
                Got::End => return Ok(Block::End),
            }
        }
        Ok(Block::Read(block))
    }

    /// From here on only a header that holds, with a path of the layout, counts.
    fn search(&mut self) {
        (self.searching, self.left, self.padding) = (true, 0, 0);
        self.extended = Extended::default();
    }

    fn gap(&mut self) -> Next {
        self.search();
        Next::Damaged("a part of it cannot be read")
    }

    fn cut_off(&mut self) -> Next {
        self.ended = true;
        Next::Damaged("it is cut off")
    }

    /// The next member, its body unread.
    ///
    /// # Errors
    /// What is unsafe or beyond a limit; where the source cannot be read.
    pub fn next(&mut self) -> Result<Next, Error> {
        if !self.each(&mut |_| Ok(()))? && !self.ended {
            return Ok(Next::Damaged("a part of it cannot be read"));
        }
        loop {
            if self.ended {
                return Ok(Next::End);
            }
            let block = match self.block()? {
                Block::Read(block) => block,
                Block::Gap => return Ok(self.gap()),
                Block::End => return Ok(self.cut_off()),
            };
            if block.iter().all(|b| *b == 0) {
                if self.searching {
                    continue;
                }
                return self.end();
            }
            if !header::is_header(&block) {
                if self.searching {
                    continue;
                }
                self.search();
                return Ok(Next::Damaged("a header cannot be read"));
            }
            if let Some(next) = self.header(&block)? {
                return Ok(next);
            }
        }
    }

    /// A header that holds. While searching, one that is refused may be a part of some body.
    fn header(&mut self, block: &[u8; BLOCK]) -> Result<Option<Next>, Error> {
        let taken = header::read_header(block).and_then(|header| self.take(header));
        match taken {
            Err(Error::Unsafe { .. }) if self.searching => {
                self.extended = Extended::default();
                Ok(None)
            }
            other => other,
        }
    }

    fn take(&mut self, header: Header) -> Result<Option<Next>, Error> {
        match header.sort {
            Sort::Pax => self.said(header.size, header::MOST_PAX, |next, body| next.pax(body)),
            Sort::LongName => self.said(header.size, header::MOST_NAME, |next, body| next.long_name(body)),
            // What is said of all members is said of none; but it may not name anything.
            Sort::Global => self.said(header.size, header::MOST_PAX, |_, body| {
                let mut all = Extended::default();
                all.pax(body)?;
                if all == Extended::default() {
                    return Ok(());
                }
                Err(Error::unsafe_member("pax header", "a path or a size of all members"))
            }),
            Sort::File | Sort::Directory => self.member(header),
        }
    }

    fn member(&mut self, header: Header) -> Result<Option<Next>, Error> {
        let extended = std::mem::take(&mut self.extended);
        let (path, size) = (extended.path.unwrap_or(header.path), extended.size.unwrap_or(header.size));
        let path = String::from_utf8(path).map_err(|error| {
            let path = String::from_utf8_lossy(error.as_bytes());
            Error::unsafe_member(path, "a path that is not UTF-8")
        })?;
        let is_directory = header.sort == Sort::Directory;
        let refuse = |reason: &str| Err(Error::unsafe_member(path.clone(), reason));
        let Some(below) = self.below(&path, is_directory) else {
            return refuse("a name outside the layout");
        };
        if is_directory && size > 0 {
            return refuse("a directory with a body");
        }
        // A directory is nothing of its own, and may stand there twice.
        if !is_directory && !self.seen.insert(short(&below)) {
            return refuse("a duplicate");
        }
        self.members += 1;
        if self.members > MOST_MEMBERS {
            return Err(Error::limit(path, format!("more than {MOST_MEMBERS} members")));
        }
        let Some(member) = Member::parse(&below).filter(|_| !is_directory) else { return Ok(None) };
        self.count(&member, size)?;
        (self.left, self.padding, self.searching) = (size, tar::padding(size) as u64, false);
        Ok(Some(Next::Member(member, size)))
    }

    /// The path of a member below the bag's directory, where it lies in the layout. The first member whose path can
    /// only be meant in one way says what the directory is called.
    fn below(&mut self, path: &str, is_directory: bool) -> Option<String> {
        let mut path = path;
        while let Some(rest) = path.strip_prefix("./") {
            path = rest;
        }
        if is_directory {
            path = path.strip_suffix('/').unwrap_or(path);
            path = if path == "." { "" } else { path };
        }
        let fits = |rest: &str| {
            if is_directory { layout::is_directory(rest) } else { Member::parse(rest).is_some() }
        };
        let (first, rest) = path.split_once('/').unwrap_or((path, ""));
        let in_one = is_name(first) && fits(rest);
        let in_none = fits(path);
        match &self.name {
            Some(name) if name.is_empty() => in_none.then(|| path.to_owned()),
            // A directory above the bag's own is that from which it was packed.
            Some(name) => {
                let is_own = in_one && first == name;
                if is_own {
                    Some(rest.to_owned())
                } else {
                    (path.is_empty() && is_directory).then(String::new)
                }
            }
            None if in_one && in_none => Some(path.to_owned()),
            None if in_one => {
                self.name = Some(first.to_owned());
                Some(rest.to_owned())
            }
            None => {
                if in_none && !path.is_empty() {
                    self.name = Some(String::new());
                }
                in_none.then(|| path.to_owned())
            }
        }
    }

    /// Holds the payload to what bag-info.txt says of it, on the header.
    fn count(&mut self, member: &Member, size: u64) -> Result<(), Error> {
        if size > self.max_bytes.saturating_sub(self.bytes) {
            return Err(Error::limit(member.path(), format!("more than {} bytes", self.max_bytes)));
        }
        if member.is_payload() {
            self.payload = (self.payload.0.saturating_add(size), self.payload.1 + 1);
        }
        self.hold_to_oxum(member)
    }

    /// Reads a body that speaks of the next member.
    fn said(
        &mut self,
        size: u64,
        most: u64,
        heed: impl FnOnce(&mut Extended, &[u8]) -> Result<(), Error>,
    ) -> Result<Option<Next>, Error> {
        if size > most {
            return Err(Error::unsafe_member("pax header", format!("more than {most} bytes")));
        }
        match self.blocks(size)? {
            Said::Read(body) => heed(&mut self.extended, &body).map(|()| None),
            Said::Damaged(next) => Ok(Some(next)),
        }
    }

    fn blocks(&mut self, size: u64) -> Result<Said, Error> {
        let mut body = Vec::new();
        while (body.len() as u64) < size {
            match self.block()? {
                Block::Read(block) => body.extend_from_slice(&block[..]),
                Block::Gap => return Ok(Said::Damaged(self.gap())),
                Block::End => return Ok(Said::Damaged(self.cut_off())),
            }
        }
        // Not longer than a few blocks.
        body.truncate(usize::try_from(size).unwrap_or(usize::MAX));
        Ok(Said::Read(body))
    }

    /// After a block of zeros: another one, and nothing but zeros.
    fn end(&mut self) -> Result<Next, Error> {
        let mut blocks = 1;
        loop {
            match self.block()? {
                Block::Read(block) if block.iter().all(|b| *b == 0) => blocks += 1,
                Block::End if blocks > 1 => {
                    self.ended = true;
                    return Ok(Next::End);
                }
                Block::End => return Ok(self.cut_off()),
                Block::Read(_) | Block::Gap => {
                    self.search();
                    return Ok(Next::Damaged("something follows its end"));
                }
            }
        }
    }

    /// Gives what is left of a body, bit by bit; whether it was all there.
    ///
    /// # Errors
    /// What `take` answers; where the source cannot be read.
    pub fn each(&mut self, take: &mut dyn FnMut(&[u8]) -> Result<(), Error>) -> Result<bool, Error> {
        let mut buffer = vec![0; if self.left + self.padding > 0 { CHUNK } else { 0 }];
        while self.left + self.padding > 0 {
            let of_body = self.left > 0;
            let left = if of_body { self.left } else { self.padding };
            let most = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
            match self.read(&mut buffer[..most])? {
                Got::Bytes(n) if of_body => {
                    self.left -= n as u64;
                    take(&buffer[..n])?;
                }
                Got::Bytes(n) => self.padding -= n as u64,
                Got::Gap | Got::End => {
                    let whole = self.left == 0;
                    self.search();
                    return Ok(whole);
                }
            }
        }
        Ok(true)
    }

    /// The whole of a body of at most `most` bytes; nothing where it is cut off.
    ///
    /// # Errors
    /// A longer one; where the source cannot be read.
    pub fn body(&mut self, member: &Member, size: u64, most: u64) -> Result<Option<Vec<u8>>, Error> {
        if size > most {
            return Err(Error::limit(member.path(), format!("{size} bytes are more than {most}")));
        }
        // It grows as bytes come, whatever the header says.
        let mut body = Vec::new();
        let whole = self.each(&mut |bytes| {
            body.extend_from_slice(bytes);
            Ok(())
        })?;
        Ok(whole.then_some(body))
    }
}

/// Whether a bag's directory may be called so. Nothing is ever made under that name.
fn is_name(name: &str) -> bool {
    !matches!(name, "" | "." | "..")
        && name.len() <= MOST_NAME
        && !name.chars().any(|c| c.is_control() || c == '\\')
}

fn short(path: &str) -> [u8; 16] {
    let mut short = [0; 16];
    short.copy_from_slice(&blake3::hash(path.as_bytes()).as_bytes()[..16]);
    short
}
