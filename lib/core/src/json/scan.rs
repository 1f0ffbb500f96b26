//! The pass: one loop over the bytes of a text, without recursion.

use super::keys::{self, Siblings};
use super::node::{CANONICAL, ESCAPED, Node, PLAIN};
use super::tape::{Rules, Tape};
use super::{Error, Fault, Kind, number, text};
use std::cmp::Ordering;

/// A container whose end was not read yet.
#[derive(Clone, Copy)]
pub(super) struct Open {
    /// Its node.
    node: u32,
    /// How many members or items were begun.
    count: u32,
    /// The newest key's node.
    key: u32,
    object: bool,
    /// The keys ascend so far.
    ascends: bool,
    /// All that was read of it is canonical.
    pub canonical: bool,
}

/// Where there is no container.
const OUTSIDE: Open = Open { node: 0, count: 0, key: 0, object: false, ascends: true, canonical: true };

pub(super) struct Scan<'t, 'a> {
    pub tape: &'t mut Tape,
    pub text: &'a str,
    pub at: usize,
    /// The innermost open container; those around it are in `tape.open`.
    pub here: Open,
    depth: usize,
    /// How many containers stay open after a value.
    pub floor: usize,
    rules: Rules,
}

impl<'t, 'a> Scan<'t, 'a> {
    pub fn new(tape: &'t mut Tape, text: &'a str, rules: Rules) -> Scan<'t, 'a> {
        Scan { tape, text, at: 0, here: OUTSIDE, depth: 0, floor: 0, rules }
    }

    /// Reads the whole text as one document.
    pub fn document(mut self) -> Result<(), Error> {
        self.space();
        if self.rules.object && self.peek() != b'{' {
            return self.fail(Fault::Syntax);
        }
        self.value()?;
        self.space();
        if self.at < self.text.len() { self.fail(Fault::Syntax) } else { Ok(()) }
    }

    /// Reads a value and, where it opens containers, all they hold.
    pub fn value(&mut self) -> Result<(), Error> {
        loop {
            match self.peek() {
                b'"' => {
                    self.string()?;
                }
                b'{' => {
                    self.open(Kind::Object)?;
                    if self.peek() != b'}' {
                        self.key()?;
                        continue;
                    }
                    self.close();
                }
                b'[' => {
                    self.open(Kind::Array)?;
                    if self.peek() != b']' {
                        self.here.count += 1;
                        continue;
                    }
                    self.close();
                }
                b'-' | b'0'..=b'9' => self.number()?,
                b't' => self.word("true", Kind::Bool)?,
                b'f' => self.word("false", Kind::Bool)?,
                b'n' => self.word("null", Kind::Null)?,
                _ => return self.fail(Fault::Syntax),
            }
            if !self.another()? {
                return Ok(());
            }
        }
    }

    /// After a value: closes what ends here, and says whether another value is to be read.
    #[inline(always)]
    fn another(&mut self) -> Result<bool, Error> {
        while self.depth > self.floor {
            self.space();
            match self.peek() {
                b',' => {
                    self.at += 1;
                    self.space();
                    if self.here.object {
                        self.key()?;
                    } else {
                        self.here.count += 1;
                    }
                    return Ok(true);
                }
                b'}' if self.here.object => self.close(),
                b']' if !self.here.object => self.close(),
                _ => return self.fail(Fault::Syntax),
            }
        }
        Ok(false)
    }

    #[inline(always)]
    pub fn open(&mut self, kind: Kind) -> Result<(), Error> {
        if self.depth >= self.rules.mark {
            self.deep()?;
        }
        self.depth += 1;
        self.tape.open.push(self.here);
        let node = self.push(kind, 0, self.at, 0);
        self.here = Open { node, object: kind == Kind::Object, ..OUTSIDE };
        self.at += 1;
        self.space();
        Ok(())
    }

    #[cold]
    fn deep(&mut self) -> Result<(), Error> {
        self.tape.beyond.get_or_insert(self.at);
        if self.depth >= self.rules.max_depth { self.fail(Fault::Depth) } else { Ok(()) }
    }

    #[inline(always)]
    pub fn close(&mut self) {
        self.at += 1;
        self.depth -= 1;
        let here = self.here;
        let next = self.tape.nodes.len();
        let canonical = here.canonical && here.ascends;
        let flags = if canonical { CANONICAL } else { 0 } | if here.ascends { PLAIN } else { 0 };
        self.tape.nodes[here.node as usize].close(flags, here.count, self.at, next);
        self.here = self.tape.open.pop().unwrap_or(OUTSIDE);
        self.here.canonical &= canonical;
    }

    /// Reads a key and its colon.
    #[inline(always)]
    pub fn key(&mut self) -> Result<(), Error> {
        if self.peek() != b'"' {
            return self.fail(Fault::Syntax);
        }
        let start = self.at;
        let key = self.string()?;
        self.begin_member(key, start)?;
        self.space();
        if self.peek() != b':' {
            return self.fail(Fault::Syntax);
        }
        self.at += 1;
        self.space();
        Ok(())
    }

    /// Takes a key that was read before, from one place to another and without escapes.
    #[inline(always)]
    pub fn passed_key(&mut self, start: usize, end: usize) -> Result<(), Error> {
        let key = self.push(Kind::String, CANONICAL, start, end);
        self.begin_member(key, start)
    }

    #[inline(always)]
    fn begin_member(&mut self, key: u32, start: usize) -> Result<(), Error> {
        if !self.is_new(key) {
            return Err(Error { fault: Fault::DuplicateKey, offset: start });
        }
        self.here.key = key;
        self.here.count += 1;
        Ok(())
    }

    /// Whether the key differs from those before it in its object.
    #[inline(always)]
    fn is_new(&mut self, key: u32) -> bool {
        let Open { node, count, key: last, .. } = self.here;
        if self.here.ascends && (count == 0 || self.order(last, key) == Ordering::Less) {
            return true;
        }
        let Tape { keys, nodes, .. } = &mut *self.tape;
        let members = Siblings { text: self.text, nodes, level: self.depth, object: node, count, key };
        if self.here.ascends {
            self.here.ascends = false;
            keys.catch_up(members);
        }
        keys.insert(members)
    }

    #[inline(always)]
    fn order(&self, a: u32, b: u32) -> Ordering {
        keys::order(self.text, &self.tape.nodes[a as usize], &self.tape.nodes[b as usize])
    }

    /// Reads a string onto the tape.
    #[inline(always)]
    fn string(&mut self) -> Result<u32, Error> {
        let start = self.at;
        let end = text::stop(self.text.as_bytes(), start + 1);
        if self.text.as_bytes().get(end) != Some(&b'"') {
            return self.unusual_string(end);
        }
        self.at = end + 1;
        Ok(self.push(Kind::String, CANONICAL, start, end + 1))
    }

    /// Reads the rest of a string from the first byte that is not its text.
    #[cold]
    fn unusual_string(&mut self, mut end: usize) -> Result<u32, Error> {
        let bytes = self.text.as_bytes();
        let (start, mut flags) = (self.at, CANONICAL);
        while bytes.get(end) == Some(&b'\\') {
            let (c, after) = text::escape(bytes, end).map_err(|fault| Error { fault, offset: end })?;
            if !text::is_canonical_escape(&bytes[end..after], c) {
                flags = 0;
            }
            end = text::stop(bytes, after);
        }
        self.at = end;
        if self.peek() != b'"' {
            return self.fail(Fault::Syntax);
        }
        self.at += 1;
        self.here.canonical &= flags == CANONICAL;
        Ok(self.push(Kind::String, flags | ESCAPED, start, end + 1))
    }

    #[inline(always)]
    fn number(&mut self) -> Result<(), Error> {
        let start = self.at;
        let literal = number::scan(self.text.as_bytes(), start, self.rules.wide)?;
        let flags = if literal.canonical { CANONICAL } else { 0 } | if literal.integer { PLAIN } else { 0 };
        self.here.canonical &= literal.canonical;
        self.at = literal.end;
        self.push(Kind::Number, flags, start, literal.end);
        Ok(())
    }

    fn word(&mut self, word: &str, kind: Kind) -> Result<(), Error> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return self.fail(Fault::Syntax);
        }
        let start = self.at;
        self.at += word.len();
        self.push(kind, CANONICAL, start, self.at);
        Ok(())
    }

    #[inline(always)]
    fn push(&mut self, kind: Kind, flags: u32, start: usize, end: usize) -> u32 {
        let node = self.tape.nodes.len();
        self.tape.nodes.push(Node::new(kind, flags, start, end, node + 1));
        node as u32
    }

    /// The next byte, or NUL, which is no JSON, at the end.
    #[inline(always)]
    pub fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    #[inline(always)]
    pub fn space(&mut self) {
        if self.peek() <= b' ' {
            self.skip_space();
        }
    }

    #[cold]
    fn skip_space(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
            self.here.canonical = false;
        }
    }

    #[cold]
    fn fail<T>(&self, fault: Fault) -> Result<T, Error> {
        Err(Error { fault, offset: self.at })
    }
}
