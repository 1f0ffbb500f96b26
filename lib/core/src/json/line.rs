//! One line of a stream, under all of page 1's rules for it.

use super::tape::Rules;
use super::{EVENT_DEPTH, Error, Fault, STATE_DEPTH, Tape, Value};
use crate::line::{Kind, STATE_TAIL};

/// No line is longer.
const STATE_BYTES: usize = Kind::State.most_bytes();
/// Longest line of any other kind.
const EVENT_BYTES: usize = Kind::Event.most_bytes();
/// A line is read as a state line, with a mark where an event would have ended.
pub(super) const RULES: Rules =
    Rules { object: true, wide: false, mark: EVENT_DEPTH, max_depth: STATE_DEPTH };

/// Parses a line of a stream: an object within the limits of its kind. A line end is no part of it.
///
/// Errors, the first of: [`Fault::TooLong`] (a state line over 64 MiB, any other over 1 MiB), [`Fault::Utf8`]
/// (invalid UTF-8, or a lone surrogate escape anywhere), then the first fault in reading order. A line that breaks
/// before its `operation` was read counts as no state line.
pub fn parse_line<'t, 'a>(tape: &'t mut Tape, line: &'a [u8]) -> Result<Value<'t, 'a>, Error> {
    match simdutf8::basic::from_utf8(line) {
        Ok(text) => parse_text(tape, text),
        Err(_) => Err(invalid(tape, line)),
    }
}

/// [`parse_line`] for a line that is known to be UTF-8.
pub fn parse_text<'t, 'a>(tape: &'t mut Tape, line: &'a str) -> Result<Value<'t, 'a>, Error> {
    let line = without_end(line);
    if line.len() > STATE_BYTES {
        return Err(Error { fault: Fault::TooLong, offset: STATE_BYTES });
    }
    let read = tape.read(line, RULES);
    if (read.is_err() || line.len() > EVENT_BYTES || tape.beyond.is_some()) && !is_state(tape, line) {
        as_event(tape, line, read)?;
    }
    read.map(|()| tape.root(line))
}

/// Holds a line that is no state line to the limits of an event.
fn as_event(tape: &Tape, line: &str, read: Result<(), Error>) -> Result<(), Error> {
    if line.len() > EVENT_BYTES {
        return Err(Error { fault: Fault::TooLong, offset: EVENT_BYTES });
    }
    let broken = read.err().map(|error| error.fault);
    match tape.beyond {
        Some(offset) if broken != Some(Fault::Utf8) => Err(Error { fault: Fault::Depth, offset }),
        _ => read,
    }
}

/// The fault of a line that is not UTF-8.
#[cold]
fn invalid(tape: &mut Tape, line: &[u8]) -> Error {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let Err(error) = simdutf8::compat::from_utf8(line) else {
        return Error { fault: Fault::Utf8, offset: 0 };
    };
    let offset = error.valid_up_to();
    if line.len() > EVENT_BYTES {
        let valid =
            line.get(..offset.min(STATE_BYTES)).map_or("", |head| std::str::from_utf8(head).unwrap_or(""));
        let _broken = tape.read(valid, RULES);
        if line.len() > STATE_BYTES || !is_state(tape, valid) {
            return Error { fault: Fault::TooLong, offset: EVENT_BYTES };
        }
    }
    Error { fault: Fault::Utf8, offset }
}

/// Whether what was read of the line has an `operation` that ends in `_state`.
fn is_state(tape: &Tape, line: &str) -> bool {
    let mut key = 1;
    while let (Some(name), Some(held)) = (tape.nodes.get(key), tape.nodes.get(key + 1)) {
        let value = tape.root(line).at(key as u32 + 1);
        if value.at(key as u32).is_str("operation") {
            return value.str_ends_with(STATE_TAIL);
        }
        // A container that was not closed has no next.
        if held.end == 0 || name.end == 0 {
            return false;
        }
        key = held.next as usize;
    }
    false
}

/// A line without its line end, which is no part of it.
pub fn without_end(line: &str) -> &str {
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_suffix('\r').unwrap_or(line)
}
