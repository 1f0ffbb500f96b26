//! Canonical JSON: RFC 8785 (JCS).
//!
//! Whatever the tape already knows to be canonical is copied as it stands; members are sorted as nodes, and only
//! strings and numbers that are written otherwise are written anew.

use super::node::{CANONICAL, PLAIN};
use super::tape::{Rules, Tape};
use super::{Kind, Value, keys, number, text};
use bumpalo::Bump;
use std::cmp::Ordering;

/// Writes canonical forms. It holds the order of members while it writes, and is meant to be reused.
#[derive(Default)]
pub struct Canonical {
    /// What the open containers hold, in the order of writing, innermost last.
    queue: Vec<Entry>,
    open: Vec<Frame>,
}

/// An item, or a key with its value behind it.
#[derive(Clone, Copy)]
struct Entry {
    /// The key's first eight bytes; most keys are told apart by them.
    head: u64,
    node: u32,
}

/// A container that is being written.
struct Frame {
    object: bool,
    /// Its part of the queue, and what is next in it.
    base: usize,
    next: usize,
    end: usize,
}

impl Canonical {
    pub fn new() -> Canonical {
        Canonical::default()
    }

    /// Appends the canonical form of a value.
    pub fn write(&mut self, value: Value<'_, '_>, out: &mut Vec<u8>) {
        self.queue.clear();
        self.open.clear();
        self.begin(value, out);
        self.finish(value, out);
    }

    /// Appends the canonical form of an object without its member of that (unescaped) name, as signatures are made
    /// over it.
    pub fn write_without(&mut self, object: Value<'_, '_>, name: &str, out: &mut Vec<u8>) {
        self.write_without_any(object, &[name], out);
    }

    /// Appends the canonical form of an object without its members of those (unescaped) names.
    pub fn write_without_any(&mut self, object: Value<'_, '_>, names: &[&str], out: &mut Vec<u8>) {
        let is_left_out = |key: Value<'_, '_>| names.iter().any(|name| key.is_str(name));
        if !object.members().any(|(key, _)| is_left_out(key)) {
            return self.write(object, out);
        }
        self.queue.clear();
        self.open.clear();
        out.push(b'{');
        let rest = object.members().map(|(key, _)| key).filter(|key| !is_left_out(*key));
        self.queue.extend(rest.map(|key| Entry { head: 0, node: key.index() }));
        if !object.node().has(PLAIN) {
            sort(&mut self.queue, object);
        }
        self.open.push(Frame { object: true, base: 0, next: 0, end: self.queue.len() });
        self.finish(object, out);
    }

    /// Writes what is left of the open containers, which are `value` and parts of it.
    fn finish(&mut self, value: Value<'_, '_>, out: &mut Vec<u8>) {
        while let Some(frame) = self.open.last_mut() {
            if frame.next == frame.end {
                out.push(if frame.object { b'}' } else { b']' });
                self.queue.truncate(frame.base);
                self.open.pop();
                continue;
            }
            if frame.next > frame.base {
                out.push(b',');
            }
            let entry = value.at(self.queue[frame.next].node);
            frame.next += 1;
            if frame.object { self.member(entry, out) } else { self.begin(entry, out) }
        }
    }

    #[inline]
    fn member(&mut self, key: Value<'_, '_>, out: &mut Vec<u8>) {
        let value = key.at(key.node().next);
        let (name, held) = (key.node(), value.node());
        if name.has(CANONICAL) && held.has(CANONICAL) && held.start == name.end + 1 {
            return out.extend_from_slice(&key.text().as_bytes()[name.start as usize..held.end as usize]);
        }
        write_text(key, out);
        out.push(b':');
        self.begin(value, out);
    }

    /// Writes a scalar, or what is known to be canonical, or the opening bracket of a container.
    fn begin(&mut self, value: Value<'_, '_>, out: &mut Vec<u8>) {
        if value.node().has(CANONICAL) {
            return out.extend_from_slice(value.raw().as_bytes());
        }
        let base = self.queue.len();
        match value.kind() {
            Kind::String => return write_text(value, out),
            Kind::Number => return write_literal(value, out),
            Kind::Array => {
                out.push(b'[');
                self.queue.extend(value.items().map(|item| Entry { head: 0, node: item.index() }));
            }
            Kind::Object => {
                out.push(b'{');
                self.queue.extend(value.members().map(|(key, _)| Entry { head: 0, node: key.index() }));
                if !value.node().has(PLAIN) {
                    sort(&mut self.queue[base..], value);
                }
            }
            Kind::Null | Kind::Bool => return,
        }
        self.open.push(Frame {
            object: value.kind() == Kind::Object,
            base,
            next: base,
            end: self.queue.len(),
        });
    }
}

impl<'a> Value<'_, 'a> {
    /// Its canonical form: what stands in the line where that is it already, else written anew into `arena`.
    #[inline]
    pub fn canonical(self, arena: &'a Bump) -> &'a str {
        if self.is_evidently_canonical() { self.raw() } else { self.rewritten(arena) }
    }

    #[cold]
    fn rewritten(self, arena: &'a Bump) -> &'a str {
        let mut text = Vec::with_capacity(self.raw().len());
        Canonical::new().write(self, &mut text);
        match String::from_utf8(text).expect("canonical JSON is UTF-8") {
            same if same == self.raw() => self.raw(),
            text => arena.alloc_str(&text),
        }
    }
}

/// Sorts the keys of an object.
fn sort(entries: &mut [Entry], object: Value<'_, '_>) {
    for entry in entries.iter_mut() {
        entry.head = keys::head(object.text(), object.at(entry.node).node());
    }
    entries.sort_unstable_by(|a, b| if a.head == b.head { tie(object, a, b) } else { a.head.cmp(&b.head) });
}

/// The order of keys whose first bytes are the same.
#[cold]
fn tie(object: Value<'_, '_>, a: &Entry, b: &Entry) -> Ordering {
    keys::order(object.text(), &object.at(a.node).node(), &object.at(b.node).node())
}

/// Appends a string value.
fn write_text(value: Value<'_, '_>, out: &mut Vec<u8>) {
    let node = value.node();
    if node.has(CANONICAL) {
        return out.extend_from_slice(value.raw().as_bytes());
    }
    out.push(b'"');
    for piece in text::Pieces::new(node.inner(value.text())) {
        out.extend_from_slice(piece.run.as_bytes());
        if let Some(c) = piece.escaped {
            write_char(c, out);
        }
    }
    out.push(b'"');
}

fn write_literal(value: Value<'_, '_>, out: &mut Vec<u8>) {
    match value.as_f64() {
        Some(n) => write_number(n, out),
        None => out.extend_from_slice(value.raw().as_bytes()),
    }
}

/// Appends the canonical form of a valid JSON text. A text that is no JSON is appended as it is.
///
/// For texts that were parsed, [`Canonical::write`] spares the second look.
pub fn write_canonical(raw: &str, out: &mut Vec<u8>) {
    let length = out.len();
    if write_flat(raw, out) {
        return;
    }
    out.truncate(length);
    let mut tape = Tape::new();
    match tape.read(raw, Rules::lenient()) {
        Ok(()) => Canonical::new().write(tape.root(raw), out),
        Err(_) => out.extend_from_slice(raw.as_bytes()),
    }
}

/// The quick way for what most registers hold, a scalar or a list of scalars without spaces: no tape is needed to
/// say where those end. Answers `false`, with something appended, for all else.
fn write_flat(raw: &str, out: &mut Vec<u8>) -> bool {
    let bytes = raw.as_bytes();
    if bytes.first() != Some(&b'[') {
        return write_scalar(raw, 0, out) == Some(raw.len());
    }
    let mut at = 0;
    loop {
        // The bracket, or the comma.
        out.push(bytes[at]);
        let Some(end) = write_scalar(raw, at + 1, out) else { return false };
        match bytes.get(end) {
            Some(b',') => at = end,
            Some(b']') => {
                out.push(b']');
                return end + 1 == bytes.len();
            }
            _ => return false,
        }
    }
}

/// Appends the canonical form of the scalar that begins at `at`; answers where it ends, if it is one.
fn write_scalar(raw: &str, at: usize, out: &mut Vec<u8>) -> Option<usize> {
    let bytes = raw.as_bytes();
    let end = match bytes.get(at)? {
        b'"' => return write_inner(raw, at, out),
        b'-' | b'0'..=b'9' => {
            let literal = number::scan(bytes, at, true).ok()?;
            write_scanned(&raw[at..literal.end], &literal, out)?;
            return Some(literal.end);
        }
        _ => {
            let words: [&[u8]; 3] = [b"true", b"false", b"null"];
            at + words.iter().find(|w| bytes[at..].starts_with(w))?.len()
        }
    };
    out.extend_from_slice(&bytes[at..end]);
    Some(end)
}

/// Appends the canonical form of a number that was looked at.
fn write_scanned(text: &str, literal: &number::Literal, out: &mut Vec<u8>) -> Option<()> {
    if literal.canonical {
        out.extend_from_slice(text.as_bytes());
    } else {
        write_number(text.parse().ok()?, out);
    }
    Some(())
}

/// Appends the canonical form of a text that is a number, as a line may have it, and nothing else. Answers `false`,
/// with nothing appended, for any other text.
pub fn write_if_number(text: &str, out: &mut Vec<u8>) -> bool {
    let whole = number::scan(text.as_bytes(), 0, false).ok().filter(|literal| literal.end == text.len());
    whole.is_some_and(|literal| write_scanned(text, &literal, out).is_some())
}

/// Appends the canonical form of the string that begins at `at`; answers where it ends.
fn write_inner(raw: &str, at: usize, out: &mut Vec<u8>) -> Option<usize> {
    let bytes = raw.as_bytes();
    let (mut from, mut stop) = (at, text::stop(bytes, at + 1));
    while bytes.get(stop) == Some(&b'\\') {
        out.extend_from_slice(&bytes[from..stop]);
        let (c, end) = text::escape(bytes, stop).ok()?;
        write_char(c, out);
        (from, stop) = (end, text::stop(bytes, end));
    }
    if bytes.get(stop) != Some(&b'"') {
        return None;
    }
    out.extend_from_slice(&bytes[from..=stop]);
    Some(stop + 1)
}

/// Appends a string with its quotes.
pub fn write_string(s: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let (bytes, mut from) = (s.as_bytes(), 0);
    loop {
        let stop = text::stop(bytes, from);
        out.extend_from_slice(&bytes[from..stop]);
        let Some(&byte) = bytes.get(stop) else { break };
        write_char(byte as char, out);
        from = stop + 1;
    }
    out.push(b'"');
}

/// Appends a character of a string.
fn write_char(c: char, out: &mut Vec<u8>) {
    let short = match c {
        '"' | '\\' => c as u8,
        '\u{8}' => b'b',
        '\u{c}' => b'f',
        '\n' => b'n',
        '\r' => b'r',
        '\t' => b't',
        '\0'..='\u{1f}' => {
            let byte = c as usize;
            out.extend_from_slice(&[
                b'\\',
                b'u',
                b'0',
                b'0',
                b'0' + (byte >> 4) as u8,
                b"0123456789abcdef"[byte & 15],
            ]);
            return;
        }
        _ => return out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// Appends a finite number as ECMAScript prints it; what is not finite, which JSON cannot say, is `null`.
pub fn write_number(n: f64, out: &mut Vec<u8>) {
    if let Some(decimal) = number::decimal_of(n.abs()) {
        return write_decimal(n < 0.0, decimal, out);
    }
    let mut buffer = ryu_js::Buffer::new();
    let printed = if n.is_finite() { buffer.format_finite(n) } else { "null" };
    out.extend_from_slice(printed.as_bytes());
}

/// Appends a decimal, without zeros at the end of its fraction.
fn write_decimal(is_negative: bool, decimal: number::Decimal, out: &mut Vec<u8>) {
    let number::Decimal { mut whole, mut fraction, mut places } = decimal;
    // From the last digit to the first: at most nine behind the point, twenty before it, and a sign.
    let mut text = [0; 31];
    let mut at = text.len();
    if fraction > 0 {
        while fraction.is_multiple_of(10) {
            fraction /= 10;
            places -= 1;
        }
        for _ in 0..places {
            at -= 1;
            text[at] = b'0' + (fraction % 10) as u8;
            fraction /= 10;
        }
        at -= 1;
        text[at] = b'.';
    }
    loop {
        at -= 1;
        text[at] = b'0' + (whole % 10) as u8;
        whole /= 10;
        if whole == 0 {
            break;
        }
    }
    if is_negative {
        at -= 1;
        text[at] = b'-';
    }
    out.extend_from_slice(&text[at..]);
}

/// The order of members: by UTF-16 code units.
pub fn key_order(a: &str, b: &str) -> Ordering {
    text::utf16_order(a.as_bytes(), b.as_bytes())
}
