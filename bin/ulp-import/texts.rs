//! JSON in its three frames: a document a source, a text a line, or a sequence of texts (RFC 8142, RFC 7464).
//!
//! A source that begins with a record separator is a sequence. One whose first line is no whole value is a document,
//! and so is one that is nothing but its first line, where that is a document of its format or no JSON. Anything else
//! is lines: of these, and of a sequence, no more than a text is held.

use memchr::{memchr, memrchr};
use ulp_cli::{Chunk, Failure};
use ulp_core::json::{self, Tape};
use ulp_core::report::Refusal;

use crate::desk::Desk;
use crate::pipe::Pipe;
use crate::record::Record;
use crate::split::{end_of_value, is_one_value, lines, skip_blank};

/// What begins each text of a sequence.
const SEPARATOR: u8 = 0x1e;
/// About how much is read by one job, in bytes.
const PART: usize = 64 << 10;

/// What a format makes of JSON.
#[derive(Clone, Copy)]
pub struct Reading {
    /// Whether a line is rather a document, by its value.
    pub is_document: fn(json::Value<'_, '_>) -> bool,
    /// The records of a text that stands among others, all with one number.
    pub text: fn(u64, &str, &Desk, &mut Tape) -> Vec<Record>,
    /// Reads a document.
    pub document: fn(u32, &[u8], &Desk, &mut Pipe<'_>) -> Result<(), Failure>,
}

#[derive(Default)]
enum Mode {
    /// Nothing but white space so far.
    #[default]
    Unknown,
    Lines,
    Sequence,
    /// A document, or so it seems.
    Document,
}

pub struct Texts {
    reading: Reading,
    mode: Mode,
    /// The document, or the text of a sequence whose end has not come.
    held: Vec<u8>,
    /// The number of the line with which what is held begins, or that comes next.
    line: u64,
}

/// Texts that are read together: their lines, or one after the other in a sequence.
struct Part<'p> {
    text: &'p [u8],
    line: u64,
}

impl Texts {
    pub fn new(reading: Reading) -> Texts {
        Texts { reading, mode: Mode::Unknown, held: Vec::new(), line: 1 }
    }

    /// Takes the next lines of a source.
    ///
    /// # Errors
    /// What whoever takes the records fails with.
    pub fn take(&mut self, chunk: Chunk<'_>, desk: &Desk, pipe: &mut Pipe<'_>) -> Result<(), Failure> {
        if chunk.too_long {
            pipe.put(chunk.source, vec![too_long(self.line)]);
            self.line += 1;
            return Ok(());
        }
        if let Mode::Unknown = self.mode {
            self.mode = self.mode_of(chunk.bytes);
        }
        match self.mode {
            Mode::Unknown => {
                self.line += lines(chunk.bytes);
                Ok(())
            }
            Mode::Lines => self.lines(chunk.source, chunk.bytes, desk, pipe),
            Mode::Sequence => self.sequence(chunk.source, chunk.bytes, desk, pipe),
            Mode::Document => {
                self.held.extend_from_slice(chunk.bytes);
                Ok(())
            }
        }
    }

    /// Takes the end of a source.
    ///
    /// # Errors
    /// As [`Texts::take`].
    pub fn end(&mut self, source: u32, desk: &Desk, pipe: &mut Pipe<'_>) -> Result<(), Failure> {
        let mut ended = std::mem::replace(self, Texts::new(self.reading));
        let held = std::mem::take(&mut ended.held);
        match ended.mode {
            Mode::Document if is_document(&held) => (self.reading.document)(source, &held, desk, pipe),
            Mode::Document => ended.lines(source, &held, desk, pipe),
            Mode::Sequence => {
                let mut parts = Vec::new();
                ended.part(held.strip_prefix(&[SEPARATOR]).unwrap_or(&held), &mut parts);
                ended.read(source, parts, desk, pipe)
            }
            _ => Ok(()),
        }
    }

    /// The frame of a source that begins with these lines.
    fn mode_of(&self, text: &[u8]) -> Mode {
        let rest = text.trim_ascii_start();
        let Some(first) = rest.first() else { return Mode::Unknown };
        if *first == SEPARATOR {
            return Mode::Sequence;
        }
        let (line, after) = rest.split_at(memchr(b'\n', rest).unwrap_or(rest.len()));
        let begins = matches!(first, b'{' | b'[');
        if begins && !is_one_value(line) {
            return Mode::Document;
        }
        let mut tape = Tape::new();
        let text = std::str::from_utf8(line).unwrap_or_default();
        let is_document = match tape.parse_any(json::without_end(text), json::STATE_DEPTH) {
            Ok(value) => (self.reading.is_document)(value),
            Err(_) => begins && after.trim_ascii().is_empty(),
        };
        if is_document { Mode::Document } else { Mode::Lines }
    }

    fn lines(&mut self, source: u32, text: &[u8], desk: &Desk, pipe: &mut Pipe<'_>) -> Result<(), Failure> {
        let (mut parts, mut rest) = (Vec::new(), text);
        while !rest.is_empty() {
            let from = PART.min(rest.len());
            let end = memchr(b'\n', &rest[from..]).map_or(rest.len(), |at| from + at + 1);
            let (part, after) = rest.split_at(end);
            parts.push(Part { text: part, line: self.line });
            self.line += lines(part);
            rest = after;
        }
        let text_of = self.reading.text;
        pipe.parts(source, &parts, |part| {
            let mut tape = Tape::new();
            let lines = part.text.split(|b| *b == b'\n').map(<[u8]>::trim_ascii);
            let texts = (part.line..).zip(lines).filter(|(_, line)| !line.is_empty());
            texts.flat_map(|(line, text)| one(line, text, text_of, desk, &mut tape)).collect()
        })
    }

    fn sequence(
        &mut self,
        source: u32,
        text: &[u8],
        desk: &Desk,
        pipe: &mut Pipe<'_>,
    ) -> Result<(), Failure> {
        // What is held already has no separator but the one that it begins with.
        let begins = usize::from(self.held.first() == Some(&SEPARATOR));
        let last = memrchr(SEPARATOR, text).map_or(begins, |at| self.held.len() + at + 1);
        self.held.extend_from_slice(text);
        // Of one that is long the end is not looked for again and again: nobody waits for it.
        let open = &self.held[last..];
        let whole = if open.len() <= LIVE { ends(open).last().unwrap_or(0) } else { 0 };
        let end = if whole == 0 { last.saturating_sub(1) } else { last + whole };
        if end == 0 {
            return Ok(());
        }
        let rest = self.held.split_off(end);
        let whole = std::mem::replace(&mut self.held, rest);
        let mut parts = Vec::new();
        for between in whole.split(|b| *b == SEPARATOR) {
            self.part(between, &mut parts);
        }
        self.read(source, parts, desk, pipe)
    }

    /// Adds the texts of what stands between two separators.
    fn part<'p>(&mut self, between: &'p [u8], parts: &mut Vec<Part<'p>>) {
        let mut start = 0;
        for end in ends(between).chain([between.len()]).filter(|end| *end > 0) {
            let text = &between[start..end];
            parts.push(Part { text, line: self.line });
            self.line += lines(text);
            start = end;
        }
    }

    /// Reads the texts of a sequence.
    fn read(
        &self,
        source: u32,
        parts: Vec<Part<'_>>,
        desk: &Desk,
        pipe: &mut Pipe<'_>,
    ) -> Result<(), Failure> {
        let text_of = self.reading.text;
        let full: Vec<Part<'_>> =
            parts.into_iter().filter(|part| !part.text.trim_ascii().is_empty()).collect();
        pipe.parts(source, &full.chunks(TOGETHER).collect::<Vec<_>>(), |parts| {
            let mut tape = Tape::new();
            let texts = parts.iter().map(|part| (part.line, part.text));
            texts.flat_map(|(line, text)| one(line, text.trim_ascii(), text_of, desk, &mut tape)).collect()
        })
    }
}

/// The longest text that is taken before the next one begins, in bytes.
const LIVE: usize = 1 << 20;
/// How many texts of a sequence are read together.
const TOGETHER: usize = 256;

/// Where the texts end of what stands between two separators, but for what is open: with the line on which their value
/// does. So it is wherever the input is cut into pieces. A value with more behind it on its line is open.
fn ends(between: &[u8]) -> impl Iterator<Item = usize> {
    let end_of_text = |from: &usize| {
        let end = end_of_value(between, skip_blank(between, *from))?;
        let line = end + memchr(b'\n', &between[end..])? + 1;
        (skip_blank(&between[..line], end) == line).then_some(line)
    };
    std::iter::successors(end_of_text(&0), end_of_text)
}

/// Whether what was held is a document: one value, or so broken that it is no lines either.
fn is_document(held: &[u8]) -> bool {
    let line = held.trim_ascii_start();
    let first = &line[..memchr(b'\n', line).unwrap_or(line.len())];
    is_one_value(held) || !is_one_value(first)
}

fn one(
    line: u64,
    text: &[u8],
    read: fn(u64, &str, &Desk, &mut Tape) -> Vec<Record>,
    desk: &Desk,
    tape: &mut Tape,
) -> Vec<Record> {
    match simdutf8::basic::from_utf8(text) {
        Ok(text) => read(line, text, desk, tape),
        Err(_) => vec![Record::refused(line, Refusal::new("json.utf8", json::Fault::Utf8.to_string()))],
    }
}

fn too_long(line: u64) -> Record {
    Record::refused(line, Refusal::new("import.too_long", "a line longer than 2 GiB"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_a_sequence_ends_with_the_line_of_its_value() {
        for (between, expected) in [
            ("{}\n", vec![3]),
            ("{}\nt\n", vec![3, 5]),
            ("\n[1,\n2] \nx", vec![9]),
            ("{} {}\n[]\n", vec![]),
            ("{}", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(ends(between.as_bytes()).collect::<Vec<usize>>(), expected, "{between:?}");
        }
    }
}
