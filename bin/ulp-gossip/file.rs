//! The graph's file: lines that are appended as they come, and written anew in order.
//!
//! Whoever changes it holds a lock on it, which is on the file that bears the name: after it was written anew that is
//! another one. A run that finds another's lines in it reads all of them again, so that the last to write loses
//! nothing that was there. Without a name it is a file that nobody else sees.

use rustix::fs::FlockOperation;
use rustix::io::Errno;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
use ulp_cli::{Failure, Output};
use ulp_core::statement::LONGEST;
use ulp_peer::graph::Place;

/// What is appended is gathered up to here.
const BLOCK: usize = 64 << 10;
/// A file below this is not written anew before the end.
const SMALL: u64 = 1 << 20;
/// How long another run is waited for that holds the lock.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);

/// The file of a graph.
pub struct GraphFile {
    path: Option<PathBuf>,
    file: Option<File>,
    is_locked: bool,
    /// Where the last whole line ends that was read or appended.
    end: u64,
    /// What is to be appended there.
    waiting: Vec<u8>,
    /// How long it was when it was written anew.
    whole: u64,
}

impl GraphFile {
    /// Opens the file, if it is there; makes one where it needs no name.
    pub fn open(path: Option<&Path>) -> Result<GraphFile, Failure> {
        let file = match path {
            None => Some(tempfile::tempfile().map_err(|e| Failure::io("temporary file", e))?),
            Some(path) => open(path)?,
        };
        Ok(GraphFile {
            path: path.map(Path::to_owned),
            is_locked: path.is_none(),
            file,
            end: 0,
            waiting: Vec::new(),
            whole: 0,
        })
    }

    /// Gives each whole line with its place. A torn last one is passed over, as is one that no statement is as long as.
    pub fn each(&mut self, mut each: impl FnMut(&[u8], Place) -> Result<(), Failure>) -> Result<(), Failure> {
        let Some(file) = &self.file else { return Ok(()) };
        let mut reader = BufReader::with_capacity(BLOCK, Positioned { file, at: 0 });
        let (mut at, mut line, limit) = (0, Vec::new(), LONGEST as u64 + 1);
        loop {
            line.clear();
            let read = reader.by_ref().take(limit).read_until(b'\n', &mut line).map_err(|e| self.fail(e))?;
            let mut length = read as u64;
            if line.last() != Some(&b'\n') {
                let rest = skip(&mut reader).map_err(|e| self.fail(e))?;
                let Some(rest) = rest.filter(|_| length == limit) else { break };
                length += rest;
            } else {
                let place = Place { at, length: read as u32 };
                each(line.trim_ascii_end(), place)?;
            }
            at += length;
        }
        (self.end, self.whole) = (at, at);
        Ok(())
    }

    /// Sees to it that nobody else changes the file. Answers whether it is another than was read, so that it must be
    /// read again.
    pub fn lock(&mut self) -> Result<bool, Failure> {
        if self.is_locked {
            return Ok(false);
        }
        let Some(path) = self.path.clone() else { return Ok(false) };
        let before = self.file.as_ref().map(seen).transpose().map_err(|e| self.fail(e))?;
        let file = locked(&path)?;
        let (now, length) = seen(&file).map_err(|e| self.fail(e))?;
        (self.file, self.is_locked) = (Some(file), true);
        // Others may have appended to the very file that was read: what counts is how far it was read.
        let is_same = before.is_none_or(|(before, _)| before == now);
        Ok(!is_same || length != self.end)
    }

    /// Where the next line will lie.
    pub fn next(&self, length: usize) -> Place {
        Place { at: self.end + self.waiting.len() as u64, length: length as u32 + 1 }
    }

    /// Appends a line.
    pub fn append(&mut self, line: &[u8]) -> Result<(), Failure> {
        self.waiting.extend_from_slice(line);
        self.waiting.push(b'\n');
        if self.waiting.len() >= BLOCK { self.flush() } else { Ok(()) }
    }

    /// Writes what waits, in place of a torn line.
    pub fn flush(&mut self) -> Result<(), Failure> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let waiting = std::mem::take(&mut self.waiting);
        let file = self.file.as_ref().expect("because a line is appended under the lock");
        let written = file.set_len(self.end).and_then(|()| file.write_all_at(&waiting, self.end));
        written.map_err(|e| self.fail(e))?;
        self.end += waiting.len() as u64;
        Ok(())
    }

    /// A line, without its end.
    pub fn line(&self, place: Place) -> Result<Vec<u8>, Failure> {
        let mut line = vec![0; (place.length as usize).saturating_sub(1)];
        let file = self.file.as_ref().expect("because there are lines in it");
        file.read_exact_at(&mut line, place.at).map_err(|e| self.fail(e))?;
        Ok(line)
    }

    /// Whether it has doubled since it was written anew.
    pub fn has_doubled(&self) -> bool {
        self.end + self.waiting.len() as u64 > (2 * self.whole).max(SMALL)
    }

    /// Whether others may see it.
    pub fn has_name(&self) -> bool {
        self.path.is_some()
    }

    /// Whether these lines are all of it, in this order.
    pub fn is(&self, mut lines: impl Iterator<Item = Place>) -> bool {
        let mut end = 0;
        let is_next = |place: Place| {
            let is_next = place.at == end;
            end += u64::from(place.length);
            is_next
        };
        lines.all(is_next) && end == self.length() && self.waiting.is_empty()
    }

    fn length(&self) -> u64 {
        let length = self.file.as_ref().and_then(|file| file.metadata().ok()).map(|there| there.len());
        length.unwrap_or(u64::MAX)
    }

    /// Writes the file anew: it has these lines, or stays as it was.
    pub fn rewrite(&mut self, lines: impl Iterator<Item = Place>) -> Result<(), Failure> {
        self.flush()?;
        let fail = |e| self.fail(e);
        let mut length = 0;
        let Some(path) = &self.path else {
            let mut file = std::io::BufWriter::new(tempfile::tempfile().map_err(fail)?);
            for place in lines {
                length += u64::from(place.length);
                self.copy(place, &mut file)?;
            }
            self.file = Some(file.into_inner().map_err(|e| fail(e.into_error()))?);
            (self.end, self.whole) = (length, length);
            return Ok(());
        };
        let mut out = Output::file(path)?;
        for place in lines {
            length += u64::from(place.length);
            self.copy(place, &mut out)?;
        }
        out.seal()?;
        out.commit()?;
        // The lock was on the old file. Whoever took the new one meanwhile has read what was written.
        (self.end, self.whole) = (length, length);
        (self.is_locked, self.file) = (false, open(path)?);
        Ok(())
    }

    fn copy(&self, place: Place, out: &mut impl std::io::Write) -> Result<(), Failure> {
        let mut line = self.line(place)?;
        line.push(b'\n');
        out.write_all(&line).map_err(|e| self.fail(e))
    }

    fn fail(&self, error: std::io::Error) -> Failure {
        match &self.path {
            Some(path) => Failure::io(path.display(), error),
            None => Failure::io("temporary file", error),
        }
    }
}

/// A file that is read from its start, wherever others read it.
struct Positioned<'f> {
    file: &'f File,
    at: u64,
}

impl std::io::Read for Positioned<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read_at(buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// Passes over the rest of a line. Answers its length with its end; nothing where it has none.
fn skip(reader: &mut impl std::io::BufRead) -> std::io::Result<Option<u64>> {
    let mut skipped = 0;
    loop {
        let there = reader.fill_buf()?;
        if there.is_empty() {
            return Ok(None);
        }
        let end = memchr::memchr(b'\n', there).map(|at| at + 1);
        let length = end.unwrap_or(there.len());
        reader.consume(length);
        skipped += length as u64;
        if end.is_some() {
            return Ok(Some(skipped));
        }
    }
}

/// Opens a file that is there; anything but a regular one is refused.
fn open(path: &Path) -> Result<Option<File>, Failure> {
    let fail = |e| Failure::io(path.display(), e);
    match std::fs::metadata(path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(fail(e)),
        Ok(there) if !there.is_file() => Err(fail(std::io::Error::other("not a regular file"))),
        Ok(_) => File::open(path).map(Some).map_err(fail),
    }
}

/// Which file it is, and how long.
fn seen(file: &File) -> std::io::Result<(u64, u64)> {
    file.metadata().map(|there| (there.ino(), there.len()))
}

/// Opens and locks the file that bears a name, and makes it where there is none. Another run is waited for: the pauses
/// are counted, not the clock.
fn locked(path: &Path) -> Result<File, Failure> {
    let fail = |e| Failure::io(path.display(), e);
    let mut waited = Duration::ZERO;
    loop {
        drop(open(path)?);
        let file = File::options().read(true).write(true).create(true).truncate(false).open(path);
        let file = file.map_err(fail)?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {
                let there = std::fs::metadata(path).ok().map(|there| there.ino());
                if there == Some(seen(&file).map_err(fail)?.0) {
                    return Ok(file);
                }
            }
            Err(Errno::WOULDBLOCK | Errno::INTR) => std::thread::sleep(PAUSE),
            Err(errno) => return Err(fail(errno.into())),
        }
        waited += PAUSE;
        if waited >= PATIENCE {
            return Err(fail(std::io::Error::other("another run has had it locked for 60 s")));
        }
    }
}
