//! The text between two quotes: where it stops, what its escapes mean.

use super::Fault;
use std::cmp::Ordering;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Where the first quote, backslash or control character stands, from `at` on; the text's length if there is none.
///
/// Eight bytes at a time. Subtraction borrows into the bytes above a match only, so the lowest mark is exact.
#[inline(always)]
pub(super) fn stop(bytes: &[u8], mut at: usize) -> usize {
    while let Some(word) = bytes.get(at..at + 8) {
        let marks = marks(load(word));
        if marks != 0 {
            return at + (marks.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    last_stop(bytes, at)
}

/// [`stop`] in the last bytes, fewer than eight.
#[inline(always)]
fn last_stop(bytes: &[u8], mut at: usize) -> usize {
    let length = bytes.len();
    if length >= 8 && at < length {
        // The last eight bytes, shifted past those before `at`: the zeros that come in above are control characters,
        // so the first of them marks the end.
        let before = 8 - (length - at);
        let marks = marks(load(&bytes[length - 8..]) >> (8 * before));
        return at + (marks.trailing_zeros() / 8) as usize;
    }
    while at < length && !is_stop(bytes[at]) {
        at += 1;
    }
    at
}

/// The highest bit of each byte that is a quote, a backslash or a control character; bits above the lowest one
/// that is set may be wrong.
#[inline(always)]
fn marks(word: u64) -> u64 {
    let quote = word ^ (ONES * b'"' as u64);
    let slash = word ^ (ONES * b'\\' as u64);
    let marks = (quote.wrapping_sub(ONES) & !quote)
        | (slash.wrapping_sub(ONES) & !slash)
        | (word.wrapping_sub(ONES * 0x20) & !word);
    marks & HIGH
}

fn is_stop(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Eight bytes, the first one lowest.
#[inline(always)]
pub(super) fn load(bytes: &[u8]) -> u64 {
    bytes.try_into().map_or(0, u64::from_le_bytes)
}

/// Reads the escape that begins at `at`: its character and where it ends. A surrogate without its other half is
/// [`Fault::Utf8`], anything else that is no escape is [`Fault::Syntax`].
pub(super) fn escape(bytes: &[u8], at: usize) -> Result<(char, usize), Fault> {
    let short = match bytes.get(at + 1) {
        Some(b'u') => return unicode(bytes, at),
        Some(&byte @ (b'"' | b'\\' | b'/')) => byte as char,
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        _ => return Err(Fault::Syntax),
    };
    Ok((short, at + 2))
}

fn unicode(bytes: &[u8], at: usize) -> Result<(char, usize), Fault> {
    let first = unit(bytes, at).ok_or(Fault::Syntax)?;
    if let Some(c) = char::from_u32(first) {
        return Ok((c, at + 6));
    }
    let second = unit(bytes, at + 6).filter(|low| first < 0xdc00 && (0xdc00..0xe000).contains(low));
    let second = second.ok_or(Fault::Utf8)?;
    let c = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
    char::from_u32(c).map(|c| (c, at + 12)).ok_or(Fault::Utf8)
}

/// The code unit of a `\uXXXX` at `at`.
fn unit(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0, |n, &b| Some(n * 16 + (b as char).to_digit(16)?))
}

/// Whether an escape, as it stands in the text, is the one that canonical JSON writes for `c`.
pub(super) fn is_canonical_escape(escape: &[u8], c: char) -> bool {
    match escape {
        [_, b'u', _, _, _, last] => {
            c < '\u{20}' && !matches!(c, '\u{8}' | '\t' | '\n' | '\u{c}' | '\r') && !last.is_ascii_uppercase()
        }
        [_, short] => *short != b'/',
        _ => false,
    }
}

/// The first lone surrogate escape in any string of a line that may be broken: strings are what stands between
/// unescaped quotes, counted from the line's start.
pub(super) fn lone_surrogate(bytes: &[u8]) -> Option<usize> {
    let (mut at, mut inside) = (0, false);
    while let Some(&byte) = bytes.get(at) {
        if byte == b'"' {
            inside = !inside;
        } else if byte == b'\\' && inside {
            match escape(bytes, at) {
                Ok((_, end)) => at = end,
                Err(Fault::Utf8) => return Some(at),
                Err(_) => at += 2,
            }
            continue;
        }
        at += 1;
    }
    None
}

/// A part of a string: text as it is, and what the escape behind it stands for.
#[derive(Clone, Copy)]
pub(super) struct Piece<'a> {
    pub run: &'a str,
    pub escaped: Option<char>,
}

/// The pieces of the text between two quotes.
#[derive(Clone)]
pub(super) struct Pieces<'a> {
    rest: &'a str,
}

impl<'a> Pieces<'a> {
    pub fn new(inner: &'a str) -> Pieces<'a> {
        Pieces { rest: inner }
    }

    /// The unescaped characters.
    pub fn chars(self) -> impl Iterator<Item = char> + 'a {
        self.flat_map(|piece| piece.run.chars().chain(piece.escaped))
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let bytes = self.rest.as_bytes();
        let slash = bytes.iter().position(|&b| b == b'\\').unwrap_or(bytes.len());
        // A parsed string has whole escapes alone; in any other text the rest stands as it is.
        let (escaped, end) = match escape(bytes, slash) {
            Ok((c, end)) => (Some(c), end),
            Err(_) => (None, bytes.len()),
        };
        let run = &self.rest[..if escaped.is_some() { slash } else { end }];
        self.rest = &self.rest[end..];
        Some(Piece { run, escaped })
    }
}

/// Whether the text between two quotes, unescaped, is `s`.
pub(super) fn unescapes_to(inner: &str, s: &str) -> bool {
    let mut rest = s;
    for piece in Pieces::new(inner) {
        let after = rest.strip_prefix(piece.run).and_then(|after| match piece.escaped {
            Some(c) => after.strip_prefix(c),
            None => Some(after),
        });
        match after {
            Some(after) => rest = after,
            None => return false,
        }
    }
    rest.is_empty()
}

/// The order of two texts by UTF-16 code units.
///
/// It is the order of their bytes, but that U+E000 to U+FFFF come after all that needs a surrogate pair.
#[inline]
pub(super) fn utf16_order(a: &[u8], b: &[u8]) -> Ordering {
    match a.iter().zip(b).find(|(x, y)| x != y) {
        Some((&x, &y)) => rank(x).cmp(&rank(y)),
        None => a.len().cmp(&b.len()),
    }
}

/// A byte's place: the leads 0xee and 0xef (U+E000 to U+FFFF) go behind 0xf0 to 0xf4 (U+10000 on).
#[inline(always)]
pub(super) fn rank(byte: u8) -> u8 {
    match byte {
        0xee | 0xef => byte + 5,
        0xf0..=0xf4 => byte - 2,
        _ => byte,
    }
}

/// The same order for texts with escapes.
#[cold]
pub(super) fn escaped_order(a: &str, b: &str) -> Ordering {
    // U+E000 to U+FFFF go behind all other characters.
    let place =
        |c: char| if ('\u{e000}'..='\u{ffff}').contains(&c) { c as u32 + 0x11_0000 } else { c as u32 };
    Pieces::new(a).chars().map(place).cmp(Pieces::new(b).chars().map(place))
}
