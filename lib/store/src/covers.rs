//! What derived data rests on: a lane's entries, and the events behind them, bound by a digest each.
//!
//! ```text
//! {"entries":"blake3:…","sealed":2,"tail":"blake3:…"}
//! ```
//!
//! `entries` is the BLAKE3 of a line `<hash> <events>` for each of the lane's first `sealed` entries, those of pages
//! too, which were all that were sealed; `tail` is that of the lines of the covered events behind them, wherever later
//! commits gathered these. So a count alone is never believed: where a lane does not hold what its covers say, what was
//! derived is of another history, and as good as missing. What is lost or elsewhere keeps its line.

use super::manifest::{Absent, Entry, Manifest};
use super::{Error, LaneId, Store};
use std::collections::BTreeMap;
use std::io::Write as _;
use ulp_core::hash::Blake3;
use ulp_core::id::Lane;
use ulp_core::json::write::Members;
use ulp_core::json::{Kind, Value};

/// What binds derived data to the history of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Covers {
    /// How many entries, from the lane's first one on.
    pub sealed: u64,
    pub entries: Blake3,
    pub tail: Blake3,
}

/// Whether a lane holds what covers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Held {
    Yes,
    /// As far as can be told: some of it is not here.
    Lost,
    No,
}

/// The first entries of a lane, whose digest grows with them.
#[derive(Clone, Debug, Default)]
pub struct Prefix {
    hasher: blake3::Hasher,
    entries: u64,
    events: u64,
}

impl Prefix {
    /// The first entries of a lane.
    pub fn of(entries: &[Entry]) -> Prefix {
        let mut prefix = Prefix::default();
        entries.iter().for_each(|entry| prefix.push(entry));
        prefix
    }

    /// Takes in the next entry.
    pub fn push(&mut self, entry: &Entry) {
        // Writing to a hasher cannot fail.
        let _ = writeln!(self.hasher, "{} {}", entry.hash, entry.events);
        self.entries += 1;
        self.events += entry.events;
    }

    /// Goes on to so many of a lane's entries; not, where there are fewer, or it went further before.
    pub fn reach(&mut self, all: &[Entry], entries: u64) -> bool {
        let place = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        let next = all.get(place(self.entries)..place(entries));
        next.into_iter().flatten().for_each(|entry| self.push(entry));
        next.is_some()
    }

    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// How many events they hold.
    pub fn events(&self) -> u64 {
        self.events
    }

    pub fn digest(&self) -> Blake3 {
        Blake3(*self.hasher.finalize().as_bytes())
    }
}

impl Covers {
    /// What covers a lane as it is, all `entries` of it; nothing where one behind the sealed ones is not here and whole.
    pub fn of_lane(store: &Store, manifest: &Manifest, entries: &[Entry]) -> Result<Option<Covers>, Error> {
        let (sealed, open) = entries.split_at(entries.len() - (manifest.segments.len() - manifest.sealed()));
        let mut tail = blake3::Hasher::new();
        let walked = each_segment(store, open, |lines, _| {
            tail.update(lines);
            true
        })?;
        let covers = Covers {
            sealed: sealed.len() as u64,
            entries: Prefix::of(sealed).digest(),
            tail: Blake3(*tail.finalize().as_bytes()),
        };
        Ok((walked == Walk::End).then_some(covers))
    }

    /// Whether a lane whose entries these are still begins with the events that this covers, of which there are so many.
    pub fn held(&self, store: &Store, entries: &[Entry], events: u64) -> Result<Held, Error> {
        let Some((before, rest)) = self.behind_sealed(entries, events) else { return Ok(Held::No) };
        let (mut tail, mut left) = (blake3::Hasher::new(), events - before);
        let walked = if left == 0 {
            Walk::Enough
        } else {
            each_segment(store, rest, |lines, events| {
                tail.update(first_lines(lines, left.min(events)));
                left -= left.min(events);
                left > 0
            })?
        };
        let is_said = walked == Walk::Elsewhere && store.came_from_elsewhere();
        Ok(match walked {
            Walk::Lost => Held::Lost,
            Walk::Enough if Blake3(*tail.finalize().as_bytes()) == self.tail => self.held_sealed(entries),
            _ if is_said => self.held_sealed(entries),
            _ => Held::No,
        })
    }

    /// As [`Covers::held`], where it was not said how many events there were.
    pub fn held_anywhere(&self, store: &Store, entries: &[Entry]) -> Result<Held, Error> {
        let Some((_, rest)) = self.behind_sealed(entries, u64::MAX) else { return Ok(Held::No) };
        let mut tail = blake3::Hasher::new();
        let is_tail = |tail: &blake3::Hasher| Blake3(*tail.finalize().as_bytes()) == self.tail;
        let walked = if is_tail(&tail) {
            Walk::Enough
        } else {
            each_segment(store, rest, |lines, _| {
                lines.split_inclusive(|b| *b == b'\n').all(|line| {
                    tail.update(line);
                    !is_tail(&tail)
                })
            })?
        };
        Ok(match walked {
            Walk::Enough => self.held_sealed(entries),
            Walk::Lost => Held::Lost,
            _ => Held::No,
        })
    }

    /// How many events the sealed entries hold, and the entries behind them; nothing where those are other ones.
    fn behind_sealed<'e>(&self, entries: &'e [Entry], events: u64) -> Option<(u64, &'e [Entry])> {
        let (sealed, rest) = entries.split_at_checked(usize::try_from(self.sealed).ok()?)?;
        let prefix = Prefix::of(sealed);
        (prefix.digest() == self.entries && prefix.events() <= events).then_some((prefix.events(), rest))
    }

    /// Of entries that are those which were sealed, whether all are still here.
    fn held_sealed(&self, entries: &[Entry]) -> Held {
        let sealed = usize::try_from(self.sealed).unwrap_or(usize::MAX);
        let is_lost = entries.iter().take(sealed).any(|entry| entry.absent == Absent::Lost);
        if is_lost { Held::Lost } else { Held::Yes }
    }

    fn print(&self, out: &mut Vec<u8>) {
        let mut object = Members::open(out);
        object.word("entries", self.entries, out);
        object.integer("sealed", self.sealed, out);
        object.word("tail", self.tail, out);
        object.close(out);
    }

    fn read(value: Value<'_, '_>) -> Option<Covers> {
        let digest = |key| value.get(key)?.as_text()?.parse().ok();
        let sealed = u64::try_from(value.get("sealed")?.as_i64()?).ok()?;
        (value.len() == 3).then_some(Covers { sealed, entries: digest("entries")?, tail: digest("tail")? })
    }
}

/// Appends what covers some lanes as a member `covers`.
pub fn print(covers: &BTreeMap<Lane, Covers>, line: &mut Members, out: &mut Vec<u8>) {
    line.name("covers", out);
    let mut object = Members::open(out);
    for (lane, covers) in covers {
        object.name(&lane.to_string(), out);
        covers.print(out);
    }
    object.close(out);
}

/// Reads the member `covers`.
pub fn read(top: Value<'_, '_>) -> Option<BTreeMap<Lane, Covers>> {
    let lanes = top.get("covers").filter(|value| value.kind() == Kind::Object)?;
    let one = |(lane, covers): (Value<'_, '_>, Value<'_, '_>)| {
        Some((lane.as_text()?.parse().ok()?, Covers::read(covers)?))
    };
    lanes.members().map(one).collect()
}

/// How a walk over events ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Walk {
    /// There was as much as was wanted.
    Enough,
    /// There was no more.
    End,
    /// An entry says that it is not here, or it is not.
    Lost,
    Elsewhere,
    /// An entry says of its segment what is not so.
    Lies,
}

/// So many lines of a text, from its first on.
fn first_lines(text: &[u8], lines: u64) -> &[u8] {
    let last = usize::try_from(lines).unwrap_or(usize::MAX).checked_sub(1);
    let end = last.map_or(Some(0), |last| Some(memchr::memchr_iter(b'\n', text).nth(last)? + 1));
    &text[..end.unwrap_or(text.len())]
}

/// Gives the lines of each entry's events, and how many they are, to `each`, as long as that goes on.
fn each_segment(
    store: &Store,
    entries: &[Entry],
    mut each: impl FnMut(&[u8], u64) -> bool,
) -> Result<Walk, Error> {
    for entry in entries {
        if entry.absent == Absent::Elsewhere {
            return Ok(Walk::Elsewhere);
        }
        let Some(bytes) = store.segment(entry)? else { return Ok(Walk::Lost) };
        let lines = memchr::memchr_iter(b'\n', &bytes).count() as u64;
        if lines != entry.events || !bytes.ends_with(b"\n") {
            return Ok(Walk::Lies);
        }
        if !each(&bytes, lines) {
            return Ok(Walk::Enough);
        }
    }
    Ok(Walk::End)
}

impl Store {
    /// What covers a lane as it is; nothing where it has no manifest, or not all of it can be read.
    pub fn covers(&self, lane: &LaneId) -> Result<Option<Covers>, Error> {
        let Some((manifest, _)) = self.manifest(lane)? else { return Ok(None) };
        Covers::of_lane(self, &manifest, &self.entries(&manifest, None)?)
    }
}
