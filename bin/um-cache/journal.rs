//! journal.jsonl: appended to, and never changed but by `--forget`.
//!
//! A line that was cut, as the last one may be where the power went, was never synced and nothing rests on it: it is
//! dropped, and said so.

use std::collections::HashMap;
use std::io::Write as _;
use std::ops::Range;

use ulp_cli::{Failure, Log};
use ulp_core::json::Tape;
use ulp_core::kind::Kind;
use ulp_core::report::{Diagnostic, Outcome};
use ulp_store::dir::MUTABLE;
use ulp_um::cache::Line;

use crate::cache::Cache;

/// The name of the file, in the cache.
pub const NAME: &str = "journal.jsonl";

/// What the file holds: whole lines.
pub struct Journal {
    bytes: Vec<u8>,
    is_torn: bool,
}

/// Where the lines of a subject stand.
pub type Index = HashMap<String, Vec<Range<usize>>>;

impl Journal {
    /// Reads the file of a cache; where there is none, nothing has happened yet.
    pub fn read(cache: &Cache, log: &mut Log) -> Result<Journal, Failure> {
        let mut bytes = cache.dir.read(NAME)?.unwrap_or_default();
        let end = memchr::memrchr(b'\n', &bytes).map_or(0, |end| end + 1);
        let is_torn = end < bytes.len();
        bytes.truncate(end);
        if is_torn {
            log.warn(&Diagnostic {
                position: None,
                outcome: Outcome::Noted,
                code: "journal.torn".into(),
                shared: true,
                event_id: None,
                detail: format!("{NAME}: its last line was cut, and is dropped"),
            })?;
        }
        Ok(Journal { bytes, is_torn })
    }

    /// Every line in order, with where it stands.
    pub fn lines(&self) -> impl Iterator<Item = Result<(Range<usize>, Line), Failure>> {
        let mut tape = Tape::new();
        self.ranges()
            .enumerate()
            .map(move |(number, range)| Ok((range.clone(), self.line(range, number + 1, &mut tape)?)))
    }

    fn ranges(&self) -> impl Iterator<Item = Range<usize>> {
        let mut start = 0;
        memchr::memchr_iter(b'\n', &self.bytes).map(move |end| std::mem::replace(&mut start, end + 1)..end)
    }

    fn line(&self, range: Range<usize>, number: usize, tape: &mut Tape) -> Result<Line, Failure> {
        let damaged = |reason: &dyn std::fmt::Display| {
            Failure::new(Kind::Corrupt, format_args!("{NAME}: line {number}"), reason)
        };
        let text = std::str::from_utf8(&self.bytes[range]).map_err(|error| damaged(&error))?;
        Line::parse(text, tape).map_err(|refusal| damaged(&refusal))
    }

    /// Where each subject's lines stand.
    pub fn index(&self) -> Result<Index, Failure> {
        let mut index = Index::new();
        for line in self.lines() {
            let (range, line) = line?;
            index.entry(line.subject).or_default().push(range);
        }
        Ok(index)
    }

    /// The lines that stand there, which were read before.
    pub fn at(&self, ranges: &[Range<usize>]) -> Result<Vec<Line>, Failure> {
        let mut tape = Tape::new();
        ranges.iter().map(|range| self.line(range.clone(), 0, &mut tape)).collect()
    }

    /// The lines of one subject, without a look at those that do not name it.
    pub fn of(&self, subject: &str) -> Result<Vec<Line>, Failure> {
        // Another spelling than this a line may have that other hands wrote.
        let is_plain =
            subject.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b'/'));
        let named = memchr::memmem::Finder::new(subject.as_bytes());
        let mut tape = Tape::new();
        let mut lines = Vec::new();
        for (number, range) in self.ranges().enumerate() {
            if is_plain && named.find(&self.bytes[range.clone()]).is_none() {
                continue;
            }
            let line = self.line(range, number + 1, &mut tape)?;
            lines.extend((line.subject == subject).then_some(line));
        }
        Ok(lines)
    }

    /// Appends lines, whole and durable. A line that was cut before makes way.
    pub fn append(&self, cache: &Cache, lines: &[u8]) -> Result<(), Failure> {
        let path = cache.dir.path().join(NAME);
        let io = |error| Failure::io(path.display(), error);
        let (mut file, was_there) = cache.dir.growing(NAME)?;
        let end = self.bytes.len() as u64;
        if self.is_torn {
            file.set_len(end).map_err(io)?;
        }
        if let Err(error) = file.write_all(lines).and_then(|()| file.sync_data()) {
            // What nobody rests on is better not there; where even this fails, it is a line that was cut.
            let _ = file.set_len(end);
            return Err(io(error));
        }
        if !was_there {
            cache.dir.sync()?;
        }
        Ok(())
    }

    /// Puts the lines that stand there, and one more, into the place of all.
    pub fn replace(&self, cache: &Cache, ranges: &[Range<usize>], more: &Line) -> Result<(), Failure> {
        let (mut file, temporary) = cache.dir.temporary(MUTABLE)?;
        let mut lines = Vec::new();
        for range in ranges {
            lines.extend_from_slice(&self.bytes[range.start..=range.end]);
        }
        more.print(&mut lines);
        if let Err(error) = file.write_all(&lines).and_then(|()| file.sync_all()) {
            cache.dir.remove(&temporary)?;
            return Err(Failure::io(cache.dir.path().join(temporary).display(), error));
        }
        cache.dir.rename(&temporary, NAME)?;
        Ok(cache.dir.sync()?)
    }
}
