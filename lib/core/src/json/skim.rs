//! A walk over the members of a line, for a reader that knows what to expect of them.
//!
//! Most values of an envelope are needed once and at once: they are taken from the text as it is passed. What is not
//! put on the tape is not looked at twice. The walk accepts less than the plain way through
//! [`parse_text`](super::parse_text), and nothing that it refuses: wherever a step answers `None` the line is to be
//! read the plain way, which says what is wrong, if anything is.

use super::line::{RULES, without_end};
use super::passed::{Passed, Source};
use super::scan::Scan;
use super::tape::Tape;
use super::{EVENT_BYTES, Kind, Value, keys, number, text};

/// The members of a line's outer object, from the first to the last.
pub struct Skim<'t, 'a> {
    scan: Scan<'t, 'a>,
    /// What the canonical form is made of, where it is wanted.
    passed: Option<&'t mut Passed>,
    /// The newest key, where it begins, and where its value does.
    key: Key,
    start: usize,
    value: usize,
    source: Of<'a>,
}

/// What a key is, wherever it stands.
#[derive(Clone, Copy, Default)]
struct Key {
    /// Its first eight bytes.
    head: u64,
    /// Its length with its quotes.
    length: u32,
    /// Whether its colon and its value follow without space.
    is_plain: bool,
}

/// A key with its quotes, its colon and the space about it.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    raw: &'a str,
    key: Key,
}

/// What the newest value is written from, should it not be canonical.
#[derive(Clone, Copy)]
enum Of<'a> {
    Line,
    /// The node of the tape at which it stands.
    Node(u32),
    Canonical(&'a str),
}

impl<'t, 'a> Skim<'t, 'a> {
    /// Begins with a line that is no longer than an event may be. What its canonical form is made of goes into `passed`.
    #[inline]
    pub fn new(
        tape: &'t mut Tape,
        line: &'a str,
        mut passed: Option<&'t mut Passed>,
    ) -> Option<Skim<'t, 'a>> {
        let line = without_end(line);
        if line.len() > EVENT_BYTES || !line.starts_with('{') {
            return None;
        }
        tape.clear();
        if let Some(passed) = &mut passed {
            passed.begin();
        }
        let mut scan = Scan::new(tape, line, RULES);
        scan.open(Kind::Object).ok()?;
        // Values are read up to the outer object, whose end is for the walk to find.
        scan.floor = 1;
        Some(Skim { scan, passed, key: Key::default(), start: 0, value: 0, source: Of::Line })
    }

    /// Passes the next key if it, its colon and the space about it are those of a key that was known once.
    #[inline]
    pub fn same_key(&mut self, known: &Known<'_>) -> bool {
        self.start = self.scan.at;
        let same = self.same(known.raw);
        if same {
            self.begin_value(known.key);
        }
        same
    }

    /// The key that was passed last.
    #[inline]
    pub fn known_key(&self) -> Option<Known<'a>> {
        let raw = self.scan.text.get(self.start..self.value)?;
        Some(Known { raw, key: self.key })
    }

    /// The next key, if it has no escape. Its value must be taken by one of the methods below.
    #[inline]
    pub fn key(&mut self) -> Option<&'a str> {
        self.start = self.scan.at;
        let key = self.text()?;
        let end = self.scan.at;
        self.scan.space();
        if self.scan.peek() != b':' {
            return None;
        }
        self.scan.at += 1;
        self.scan.space();
        let head = keys::plain_head(self.scan.text, (self.start + 1, end - 1));
        let is_plain = self.scan.at == end + 1;
        self.begin_value(Key { head, length: (end - self.start) as u32, is_plain });
        Some(key)
    }

    #[inline]
    fn begin_value(&mut self, key: Key) {
        (self.key, self.source) = (key, Of::Line);
        self.scan.here.canonical = key.is_plain;
        // Another writer may put space where there was none.
        self.scan.space();
        self.value = self.scan.at;
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
        self.scan.here.canonical &= literal.canonical;
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

    /// Says what the canonical form of the value is that was taken last, where it is not how the value stands.
    #[inline]
    pub fn is_otherwise(&mut self, canonical: &'a str) {
        self.scan.here.canonical = false;
        self.source = Of::Canonical(canonical);
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
        self.scan.passed_key(self.start, self.start + self.key.length as usize).ok()?;
        self.source = Of::Node(self.scan.tape.nodes.len() as u32);
        self.scan.value().ok()
    }

    /// After a value: whether there is another member. Otherwise the line is at its end.
    #[inline]
    pub fn more(&mut self) -> Option<bool> {
        self.pass();
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

    /// Takes the newest member into the canonical form.
    #[inline]
    fn pass(&mut self) {
        let Skim { scan, passed: Some(passed), key, start, .. } = self else { return };
        if scan.here.canonical {
            return passed.push(scan.text, key.head, *start, scan.at);
        }
        let name = &scan.text[*start..*start + key.length as usize];
        let value = match self.source {
            Of::Line => Source::Line(&scan.text[self.value..scan.at]),
            Of::Node(at) => Source::Tape(Value::new(&scan.tape.nodes, scan.text, at)),
            Of::Canonical(text) => Source::Known(text),
        };
        passed.rewrite(key.head, name, value);
    }

    /// The object of those members that were put on the tape, once there are no more.
    #[inline]
    pub fn finish(self) -> Value<'t, 'a> {
        let Scan { tape, text, .. } = self.scan;
        tape.root(text)
    }
}
