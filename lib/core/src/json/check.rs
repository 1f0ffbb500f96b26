//! Whether a text is canonical JSON already, without a tape and without allocation.

use super::tape::{Rules, Tape};
use super::{Canonical, Value, number, text};
use std::cmp::Ordering;

/// Containers open at once that the check has room for; what goes deeper is written anew and compared.
const LEVELS: usize = 72;

/// Whether a valid JSON text is its own canonical form; `false` for what is no JSON.
///
/// It takes integers of any size, since canonical JSON writes doubles up to 10^21 as such.
pub fn is_canonical(raw: &str) -> bool {
    Check { text: raw, at: 0, open: [Level::default(); LEVELS], depth: 0 }
        .document()
        .unwrap_or_else(|| is_same(raw))
}

impl Value<'_, '_> {
    /// Whether it stands in the line as its own canonical form.
    #[inline]
    pub fn is_canonical(self) -> bool {
        self.is_evidently_canonical() || is_canonical(self.raw())
    }
}

/// The long way round.
#[cold]
fn is_same(raw: &str) -> bool {
    let mut tape = Tape::new();
    let mut out = Vec::with_capacity(raw.len());
    let read = tape.read(raw, Rules::lenient());
    read.is_ok() && {
        Canonical::new().write(tape.root(raw), &mut out);
        out == raw.as_bytes()
    }
}

/// An open container and the newest key in it.
#[derive(Clone, Copy, Default)]
struct Level<'a> {
    object: bool,
    key: Option<&'a str>,
    escaped: bool,
}

struct Check<'a> {
    text: &'a str,
    at: usize,
    open: [Level<'a>; LEVELS],
    depth: usize,
}

impl<'a> Check<'a> {
    /// `None` for what is too deep to say.
    fn document(mut self) -> Option<bool> {
        loop {
            let fine = match self.peek() {
                b'{' | b'[' if self.depth == LEVELS => return None,
                b'{' => {
                    self.enter(true);
                    if self.peek() != b'}' {
                        if self.key() {
                            continue;
                        }
                        return Some(false);
                    }
                    true
                }
                b'[' => {
                    self.enter(false);
                    if self.peek() != b']' {
                        continue;
                    }
                    true
                }
                b'"' => self.string().is_some(),
                b'-' | b'0'..=b'9' => self.number(),
                b't' => self.word("true"),
                b'f' => self.word("false"),
                b'n' => self.word("null"),
                _ => false,
            };
            match self.another() {
                Some(true) if fine => {}
                end => return Some(fine && end == Some(false)),
            }
        }
    }

    /// After a value: whether another one is to be read; `None` where the text is not canonical.
    fn another(&mut self) -> Option<bool> {
        while self.depth > 0 {
            let object = self.open[self.depth - 1].object;
            match self.peek() {
                b',' => {
                    self.at += 1;
                    return (!object || self.key()).then_some(true);
                }
                b'}' if object => self.depth -= 1,
                b']' if !object => self.depth -= 1,
                _ => return None,
            }
            self.at += 1;
        }
        (self.at == self.text.len()).then_some(false)
    }

    fn enter(&mut self, object: bool) {
        self.at += 1;
        self.open[self.depth] = Level { object, ..Level::default() };
        self.depth += 1;
    }

    /// Passes a key, which must come after the one before it, and its colon.
    fn key(&mut self) -> bool {
        if self.peek() != b'"' {
            return false;
        }
        let Some((key, escaped)) = self.string() else { return false };
        let level = &mut self.open[self.depth - 1];
        let ascends = level.key.is_none_or(|last| {
            let order = if level.escaped || escaped {
                text::escaped_order(last, key)
            } else {
                text::utf16_order(last.as_bytes(), key.as_bytes())
            };
            order == Ordering::Less
        });
        (level.key, level.escaped) = (Some(key), escaped);
        let colon = self.peek() == b':';
        self.at += 1;
        ascends && colon
    }

    /// Passes a string: what stands between the quotes, and whether it has escapes.
    fn string(&mut self) -> Option<(&'a str, bool)> {
        let bytes = self.text.as_bytes();
        let start = self.at + 1;
        let (mut end, mut escaped) = (text::stop(bytes, start), false);
        while bytes.get(end) == Some(&b'\\') {
            let (c, after) = text::escape(bytes, end).ok()?;
            if !text::is_canonical_escape(&bytes[end..after], c) {
                return None;
            }
            (end, escaped) = (text::stop(bytes, after), true);
        }
        self.at = end + 1;
        (bytes.get(end) == Some(&b'"')).then(|| (&self.text[start..end], escaped))
    }

    fn number(&mut self) -> bool {
        let start = self.at;
        let Ok(literal) = number::scan(self.text.as_bytes(), start, true) else { return false };
        self.at = literal.end;
        literal.canonical || is_printed_so(&self.text[start..literal.end])
    }

    fn word(&mut self, word: &str) -> bool {
        let there = self.text.as_bytes()[self.at..].starts_with(word.as_bytes());
        self.at += word.len();
        there
    }

    /// The next byte, or NUL, which is no JSON, at the end.
    fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }
}

fn is_printed_so(literal: &str) -> bool {
    let value = number::value(literal.as_bytes()).filter(|n| n.is_finite());
    value.is_some_and(|n| ryu_js::Buffer::new().format_finite(n) == literal)
}
