//! A walk over the members of a line, for a reader that knows what to expect of them.
//!
//! Most values of an envelope are needed once and at once: they are taken from the text as it is passed. What is not
//! put on the tape is not looked at twice. The walk accepts less than the plain way through
//! [`parse_text`](super::parse_text), and nothing that it refuses: wherever a step answers `None` the line is to be
//! read the plain way, which says what is wrong, if anything is.

use super::line::{RULES, trim_end};
use super::scan::Scan;
use super::tape::Tape;
use super::{EVENT_BYTES, Kind, Value, number, text};

/// The members of a line's outer object, from the first to the last.
pub struct Skim<'t, 'a> {
    scan: Scan<'t, 'a>,
    /// Where the newest key begins.
    key: usize,
}

impl<'t, 'a> Skim<'t, 'a> {
    /// Begins with a line that is no longer than an event may be.
    #[inline]
    pub fn new(tape: &'t mut Tape, line: &'a str) -> Option<Skim<'t, 'a>> {
        let line = trim_end(line);
        if line.len() > EVENT_BYTES || !line.starts_with('{') {
            return None;
        }
        tape.clear();
        let mut scan = Scan::new(tape, line, RULES);
        scan.open(Kind::Object).ok()?;
        // Values are read up to the outer object, whose end is for the walk to find.
        scan.floor = 1;
        Some(Skim { scan, key: 0 })
    }

    /// Passes the next key if it, its colon and the space about it are this text, as [`Skim::raw_key`] gave it once.
    #[inline]
    pub fn same_key(&mut self, raw: &str) -> bool {
        self.key = self.scan.at;
        let same = self.same(raw);
        if same {
            // Another writer may put space where there was none.
            self.scan.space();
        }
        same
    }

    /// The key that was passed last, with its quotes, its colon and the space about it.
    #[inline]
    pub fn raw_key(&self) -> Option<&'a str> {
        self.scan.text.get(self.key..self.scan.at)
    }

    /// The next key, if it has no escape. Its value must be taken by one of the methods below.
    #[inline]
    pub fn key(&mut self) -> Option<&'a str> {
        self.key = self.scan.at;
        let key = self.text()?;
        self.scan.space();
        if self.scan.peek() != b':' {
            return None;
        }
        self.scan.at += 1;
        self.scan.space();
        Some(key)
    }

    /// Takes a string without escapes.
    #[inline]
    pub fn text(&mut self) -> Option<&'a str> {
        let (line, start) = (self.scan.text, self.scan.at + 1);
        if self.scan.peek() != b'"' {
            return None;
        }
        let end = text::stop(line.as_bytes(), start);
        if line.as_bytes().get(end) != Some(&b'"') {
            return None;
        }
        self.scan.at = end + 1;
        // Both ends are quotes, so this always is a text of its own.
        line.get(start..end)
    }

    /// Takes a number, as it stands in the line.
    #[inline]
    pub fn number(&mut self) -> Option<&'a str> {
        let start = self.scan.at;
        let literal = number::scan(self.scan.text.as_bytes(), start, false).ok()?;
        self.scan.at = literal.end;
        self.scan.text.get(start..literal.end)
    }

    /// Takes an array of strings without escapes.
    #[inline]
    pub fn texts(&mut self, mut each: impl FnMut(&'a str) -> Option<()>) -> Option<()> {
        if self.scan.peek() != b'[' {
            return None;
        }
        self.scan.at += 1;
        self.scan.space();
        if self.scan.peek() != b']' {
            loop {
                each(self.text()?)?;
                self.scan.space();
                match self.scan.peek() {
                    b',' => self.scan.at += 1,
                    b']' => break,
                    _ => return None,
                }
                self.scan.space();
            }
        }
        self.scan.at += 1;
        Some(())
    }

    /// Takes the value if it is this text, which was a valid string, array or object once: what such a text means,
    /// and where it ends, is the same wherever it stands at this depth.
    #[inline]
    pub fn same(&mut self, raw: &str) -> bool {
        let same = self.scan.text.as_bytes()[self.scan.at..].starts_with(raw.as_bytes());
        if same {
            self.scan.at += raw.len();
        }
        same
    }

    /// Takes any value, and lends it out for as long as it is on the tape.
    pub fn aside<T>(&mut self, read: impl FnOnce(Value<'_, 'a>) -> Option<T>) -> Option<T> {
        let index = self.scan.tape.nodes.len();
        self.scan.value().ok()?;
        let result = read(Value::new(&self.scan.tape.nodes, self.scan.text, u32::try_from(index).ok()?))?;
        self.scan.tape.nodes.truncate(index);
        // Objects of many members are known by their nodes, which will be others' now.
        self.scan.tape.keys.is_empty().then_some(result)
    }

    /// Puts the newest key and its value on the tape, as a member of what [`Skim::finish`] gives.
    #[inline]
    pub fn keep(&mut self) -> Option<()> {
        self.scan.at = self.key;
        self.scan.key().ok()?;
        self.scan.value().ok()
    }

    /// After a value: whether there is another member. Otherwise the line is at its end.
    #[inline]
    pub fn more(&mut self) -> Option<bool> {
        self.scan.space();
        match self.scan.peek() {
            b',' => {
                self.scan.at += 1;
                self.scan.space();
                Some(true)
            }
            b'}' => {
                // Not all of its members are on the tape: nobody shall take the object for canonical.
                self.scan.here.canonical = false;
                self.scan.close();
                self.scan.space();
                (self.scan.at == self.scan.text.len() && self.scan.tape.beyond.is_none()).then_some(false)
            }
            _ => None,
        }
    }

    /// The object of those members that were put on the tape, once there are no more.
    #[inline]
    pub fn finish(self) -> Value<'t, 'a> {
        let Scan { tape, text, .. } = self.scan;
        tape.root(text)
    }
}
