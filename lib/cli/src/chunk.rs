//! A chunk: some whole lines of one source, and the lines in it.

use crate::Failure;
use ulp_core::json::Fault;
use ulp_core::report::{Position, Refusal, Report};

/// About how much is given to one job, in bytes.
pub const CHUNK: usize = 1 << 20;
/// The same where lines are very short, of which each may come to more than it has bytes.
pub const DENSE: usize = 8 << 10;
/// How many bytes tell whether lines are short.
const SAMPLE: usize = 1 << 10;
/// How a source calls stdin, in operands and in the log.
pub const STDIN: &str = "-";

/// Some whole lines of one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk<'a> {
    /// The place of its source among the operands, from 0.
    pub source: u32,
    /// The lines, with their ends; the last one of a source may lack it.
    pub bytes: &'a [u8],
    /// Whether this stands for a single line beyond the limit, which was not kept: `bytes` is empty then.
    pub too_long: bool,
    /// The longest line that is taken, in bytes without its end.
    pub limit: usize,
}

impl<'a> Chunk<'a> {
    /// The lines that are not blank, with their numbers in this chunk; one that is too long is an error.
    pub fn lines(&self) -> Lines<'a> {
        self.lines_of(self.bytes)
    }

    /// Has `take` look at one line after the other, and counts and reports them; what a line is refused for is the inner
    /// error. Where the run is `strict`, the first refusal is the last line. Answers how many lines were passed.
    ///
    /// # Errors
    /// What `take` fails with.
    pub fn each_line(
        &self,
        report: &mut Report,
        strict: bool,
        mut take: impl FnMut(&[u8], Position, &mut Report) -> Result<Result<(), Refusal>, Failure>,
    ) -> Result<u64, Failure> {
        let mut lines = self.lines();
        for (number, line) in lines.by_ref() {
            let at = Position { source: self.source, line: number };
            report.tally.read += 1;
            let told = match line {
                Ok(line) => take(line, at, report)?,
                Err(fault) => Err(Refusal::new(fault.code(), fault.to_string())),
            };
            if let Err(refusal) = told {
                report.refuse(at, refusal);
                if strict {
                    break;
                }
            }
        }
        Ok(lines.number())
    }

    /// The lines of a copy of this chunk's bytes.
    pub fn lines_of<'t>(&self, text: &'t [u8]) -> Lines<'t> {
        Lines::new(text, self.limit, self.too_long)
    }
}

/// The lines of a chunk that are not blank.
#[derive(Clone, Debug)]
pub struct Lines<'a> {
    rest: &'a [u8],
    limit: usize,
    too_long: bool,
    number: u64,
}

impl<'a> Lines<'a> {
    pub(super) fn new(rest: &'a [u8], limit: usize, too_long: bool) -> Lines<'a> {
        Lines { rest, limit, too_long, number: 0 }
    }

    /// How many lines were passed, blank ones included: after the last, those of the chunk.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The next line, blank or not, without LF and one CR before it.
    fn cut(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', self.rest);
        let line = &self.rest[..end.unwrap_or(self.rest.len())];
        self.rest = end.map_or(&[], |end| &self.rest[end + 1..]);
        self.number += 1;
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }
}

/// The number of a line in its chunk, from 1, and the line without its end.
impl<'a> Iterator for Lines<'a> {
    type Item = (u64, Result<&'a [u8], Fault>);

    fn next(&mut self) -> Option<Self::Item> {
        if std::mem::take(&mut self.too_long) {
            self.number += 1;
            return Some((self.number, Err(Fault::TooLong)));
        }
        loop {
            let line = self.cut()?;
            if line.len() > self.limit {
                return Some((self.number, Err(Fault::TooLong)));
            }
            if !is_blank(line) {
                return Some((self.number, Ok(line)));
            }
        }
    }
}

/// Whether lines are so short that none of them can be an event.
pub fn is_dense(lines: &[u8]) -> bool {
    let sample = &lines[..SAMPLE.min(lines.len())];
    memchr::memchr_iter(b'\n', sample).count() > SAMPLE / 32
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|b| matches!(b, b' ' | b'\t' | b'\r'))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_are_counted_and_passed_over() {
        let bytes = b"one\r\n\n \t\r\ntwo \r\r\n\0\nlast\r";
        let mut lines = Lines::new(bytes, 100, false);
        let got: Vec<_> = lines.by_ref().map(|(number, line)| (number, line.unwrap())).collect();
        assert_eq!(got, [(1, &b"one"[..]), (4, b"two \r"), (5, b"\0"), (6, b"last")]);
        assert_eq!(lines.number(), 6);
        let mut blank = Lines::new(b"\n\r\n  ", 100, false);
        assert_eq!((blank.next(), blank.number()), (None, 3));
    }

    #[test]
    fn a_line_beyond_the_limit_is_an_error() {
        let mut lines = Lines::new(b"1234\r\n12345\n123456", 5, false);
        assert_eq!(lines.next(), Some((1, Ok(&b"1234"[..]))));
        assert_eq!(lines.next(), Some((2, Ok(&b"12345"[..]))));
        assert_eq!(lines.next(), Some((3, Err(Fault::TooLong))));
        assert_eq!(Lines::new(b"", 5, true).collect::<Vec<_>>(), [(1, Err(Fault::TooLong))]);
    }
}
