//! Where one document ends and the next begins: one a line, or one a source, over as many lines as it likes.
//!
//! A source whose first line leaves a bracket open holds one document, unless one of its other lines is an object by
//! itself: then it is a stream of lines, of which the first is broken. Only a document of 1 MiB is ever held.

use super::{Chunk, Failure};
use ulp_core::json::{EVENT_BYTES, Fault};

/// A document: where it begins, and its text where it is not too long.
pub struct Document<'a> {
    /// The line on which it begins, from 1, counted from the beginning of its batch.
    pub line: u64,
    pub text: Result<&'a [u8], Fault>,
    /// Whether it may have line ends in it.
    pub spread: bool,
}

/// Takes the documents of some whole lines, and how many lines these are.
pub type Take<'t> = dyn FnMut(&Chunk<'_>, &[Document<'_>], u64) -> Result<(), Failure> + 't;

/// What is known of the source that is being read.
#[derive(Default)]
enum Mode {
    /// Nothing but blank lines so far.
    #[default]
    Unknown,
    /// One document a line.
    Lines,
    /// One document, or so it seems; its lines so far.
    Gathering(Vec<u8>),
    /// The rest of a document that was too long.
    Skipping,
}

/// Cuts the chunks of all sources into documents.
#[derive(Default)]
pub struct Framing {
    source: u32,
    mode: Mode,
}

impl Framing {
    /// Takes the next chunk. A chunk of the next source ends the one before it.
    pub fn take(&mut self, chunk: Chunk<'_>, take: &mut Take<'_>) -> Result<(), Failure> {
        if chunk.source != self.source {
            self.end(take)?;
            self.source = chunk.source;
        }
        if let Mode::Unknown = self.mode {
            self.mode = match chunk.lines().next() {
                None => Mode::Unknown,
                Some((_, Ok(line))) if leaves_open(line) => Mode::Gathering(Vec::new()),
                Some(_) => Mode::Lines,
            };
        }
        match &mut self.mode {
            Mode::Unknown | Mode::Lines => by_line(&chunk, take),
            Mode::Skipping => by_nothing(&chunk, take),
            Mode::Gathering(held) => {
                held.extend_from_slice(chunk.bytes);
                let too_long = chunk.too_long || held.len() > EVENT_BYTES;
                if too_long { self.give_up(&chunk, take) } else { Ok(()) }
            }
        }
    }

    /// Ends the source that was read last.
    pub fn end(&mut self, take: &mut Take<'_>) -> Result<(), Failure> {
        let Mode::Gathering(held) = std::mem::take(&mut self.mode) else { return Ok(()) };
        let chunk = whole(self.source, &held, EVENT_BYTES);
        if !ends_where_it_closes(&held) && has_object_line(&chunk) {
            return by_line(&chunk, take);
        }
        one(&chunk, Ok(held.trim_ascii_end()), take)
    }

    /// What was held is too long for one document.
    fn give_up(&mut self, last: &Chunk<'_>, take: &mut Take<'_>) -> Result<(), Failure> {
        let Mode::Gathering(held) = std::mem::take(&mut self.mode) else { return Ok(()) };
        let chunk = whole(self.source, &held, last.limit);
        if !has_object_line(&chunk) {
            self.mode = Mode::Skipping;
            one(&chunk, Err(Fault::TooLong), take)?;
            return if last.too_long { by_nothing(last, take) } else { Ok(()) };
        }
        self.mode = Mode::Lines;
        by_line(&chunk, take)?;
        if last.too_long { by_line(last, take) } else { Ok(()) }
    }
}

fn whole(source: u32, bytes: &[u8], limit: usize) -> Chunk<'_> {
    Chunk { source, bytes, too_long: false, limit }
}

fn by_line(chunk: &Chunk<'_>, take: &mut Take<'_>) -> Result<(), Failure> {
    let mut lines = chunk.lines();
    let documents: Vec<Document<'_>> =
        lines.by_ref().map(|(line, text)| Document { line, text, spread: false }).collect();
    take(chunk, &documents, lines.number())
}

/// All lines of a chunk as one document.
fn one(chunk: &Chunk<'_>, text: Result<&[u8], Fault>, take: &mut Take<'_>) -> Result<(), Failure> {
    let mut lines = chunk.lines();
    let line = lines.next().map_or(1, |(line, _)| line);
    lines.by_ref().for_each(drop);
    take(chunk, &[Document { line, text, spread: true }], lines.number())
}

/// Lines that belong to a document of which enough was said.
fn by_nothing(chunk: &Chunk<'_>, take: &mut Take<'_>) -> Result<(), Failure> {
    let mut lines = chunk.lines();
    lines.by_ref().for_each(drop);
    take(chunk, &[], lines.number())
}

fn leaves_open(line: &[u8]) -> bool {
    line.trim_ascii_start().starts_with(b"{") && closes_at(line).is_none()
}

/// Whether a line after the first is an object by itself.
fn has_object_line(chunk: &Chunk<'_>) -> bool {
    chunk.lines().skip(1).filter_map(|(_, line)| line.ok()).any(is_object)
}

fn is_object(line: &[u8]) -> bool {
    line.trim_ascii_start().starts_with(b"{") && ends_where_it_closes(line)
}

fn ends_where_it_closes(text: &[u8]) -> bool {
    closes_at(text) == Some(text.trim_ascii_end().len())
}

/// The place behind the bracket that closes the first one, strings aside. No more than that is asked of the text:
/// what is wrong with it is for the parser to say.
fn closes_at(text: &[u8]) -> Option<usize> {
    let (mut depth, mut at, mut inside) = (0usize, 0, false);
    while let Some(&byte) = text.get(at) {
        at += 1;
        match byte {
            b'\\' if inside => at += 1,
            b'"' => inside = !inside,
            b'{' | b'[' if !inside => depth += 1,
            b'}' | b']' if !inside => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// Appends a JSON text without the white space between its tokens.
pub fn push_dense(text: &[u8], out: &mut Vec<u8>) {
    let (mut inside, mut escaped) = (false, false);
    for &byte in text {
        if inside || !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
            out.push(byte);
        }
        inside ^= byte == b'"' && !escaped;
        escaped = inside && byte == b'\\' && !escaped;
    }
}
