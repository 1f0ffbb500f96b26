//! The canonical form of a line that is skimmed: its members as they were passed, sorted where they did not ascend, and
//! only those written anew of which some part was not canonical as it stood.

use super::canonical::Canonical;
use super::{Value, keys, text, write_canonical};
use bumpalo::Bump;
use bumpalo::collections::Vec as BumpVec;

/// The members of a line's outer object, in the order in which they were passed. Meant to be reused.
#[derive(Default)]
pub struct Passed {
    members: Vec<Member>,
    /// The members that were written anew, one after the other.
    anew: Vec<u8>,
    canonical: Canonical,
    /// All members stand one right after the other, ascend, and are canonical as they stand.
    in_place: bool,
    /// Where the newest one ends.
    end: usize,
}

/// A member: its key, a colon, its value.
#[derive(Clone, Copy)]
struct Member {
    /// The key's first eight bytes, by which most keys are told apart.
    head: u64,
    start: u32,
    end: u32,
    /// Whether it stands in `anew`, rather than in the line.
    anew: bool,
}

/// Where a member's value is read from, if it is written anew.
#[derive(Clone, Copy)]
pub(super) enum Source<'v, 'a> {
    /// What stands in the line, any JSON.
    Line(&'a str),
    Tape(Value<'v, 'a>),
    /// Its canonical form, which is known.
    Known(&'a str),
}

/// A canonical object from which one member was left out.
#[derive(Clone, Copy, Debug)]
pub struct Without<'a> {
    pub text: &'a [u8],
    /// Where the member would stand, behind another.
    pub at: usize,
}

impl Passed {
    /// Begins with a line.
    pub(super) fn begin(&mut self) {
        self.members.clear();
        self.anew.clear();
        (self.in_place, self.end) = (true, 0);
    }

    /// Takes a member that is canonical as it stands in the line.
    #[inline(always)]
    pub(super) fn push(&mut self, line: &str, head: u64, start: usize, end: usize) {
        if self.in_place {
            let follows = start == self.end + 1;
            self.in_place = follows && self.members.last().is_none_or(|last| last.head < head);
            if !self.in_place && follows {
                // Keys that begin alike.
                self.in_place = self.members.last().is_some_and(|last| {
                    let keys = (key(line.as_bytes(), last.start), key(line.as_bytes(), start as u32));
                    last.head == head && text::utf16_order(keys.0, keys.1).is_lt()
                });
            }
            self.end = end;
        }
        self.members.push(Member { head, start: start as u32, end: end as u32, anew: false });
    }

    /// Takes a member of which something is not canonical as it stands. `name` is its key with the quotes.
    #[cold]
    pub(super) fn rewrite(&mut self, head: u64, name: &str, value: Source<'_, '_>) {
        self.in_place = false;
        let start = self.anew.len() as u32;
        self.anew.extend_from_slice(name.as_bytes());
        self.anew.push(b':');
        match value {
            Source::Line(raw) => write_canonical(raw, &mut self.anew),
            Source::Tape(value) => self.canonical.write(value, &mut self.anew),
            Source::Known(known) => self.anew.extend_from_slice(known.as_bytes()),
        }
        self.members.push(Member { head, start, end: self.anew.len() as u32, anew: true });
    }

    /// The canonical form of the line, whose members were all passed: itself, or what is put into `arena`.
    pub fn canonical<'a>(&mut self, line: &'a str, arena: &'a Bump) -> &'a [u8] {
        if self.is_canonical(line) { line.as_bytes() } else { self.write(line, "", arena).text }
    }

    fn is_canonical(&self, line: &str) -> bool {
        self.in_place && self.end + 1 == line.len()
    }

    /// The canonical form of the line, which lacks a member of that name.
    pub fn without<'a>(&mut self, line: &'a str, name: &str, arena: &'a Bump) -> Without<'a> {
        if !self.is_canonical(line) {
            return self.write(line, name, arena);
        }
        let head = keys::plain_head(name, (0, name.len()));
        let before = self.members.iter().take_while(|member| member.precedes((name, head), line, &self.anew));
        Without { text: line.as_bytes(), at: before.last().map_or(1, |member| member.end as usize) }
    }

    fn write<'a>(&mut self, line: &str, name: &str, arena: &'a Bump) -> Without<'a> {
        let Passed { members, anew, .. } = self;
        members.sort_unstable_by(|a, b| {
            let by_key = || text::utf16_order(a.key(line, anew), b.key(line, anew));
            a.head.cmp(&b.head).then_with(by_key)
        });
        let head = keys::plain_head(name, (0, name.len()));
        let mut text = BumpVec::with_capacity_in(line.len() + anew.len() + 2, arena);
        let mut at = 1;
        for (number, member) in members.iter().enumerate() {
            text.push(if number == 0 { b'{' } else { b',' });
            text.extend_from_slice_copy(member.text(line, anew));
            if member.precedes((name, head), line, anew) {
                at = text.len();
            }
        }
        text.extend_from_slice_copy(if members.is_empty() { b"{}" } else { b"}" });
        Without { text: text.into_bump_slice(), at }
    }
}

impl Member {
    #[inline]
    fn text<'t>(&self, line: &'t str, anew: &'t [u8]) -> &'t [u8] {
        let text = if self.anew { anew } else { line.as_bytes() };
        &text[self.start as usize..self.end as usize]
    }

    /// Whether it comes before a member of another name, whose head is known.
    #[inline]
    fn precedes(&self, (name, head): (&str, u64), line: &str, anew: &[u8]) -> bool {
        let is_less = || text::utf16_order(self.key(line, anew), name.as_bytes()).is_lt();
        self.head < head || self.head == head && is_less()
    }

    #[inline]
    fn key<'t>(&self, line: &'t str, anew: &'t [u8]) -> &'t [u8] {
        key(if self.anew { anew } else { line.as_bytes() }, self.start)
    }
}

/// The key whose quote stands at `start`, without escapes.
fn key(text: &[u8], start: u32) -> &[u8] {
    let start = start as usize + 1;
    &text[start..text::stop(text, start)]
}
