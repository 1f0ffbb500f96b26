//! The rows of a batch: what the state needs of each event, packed.
//!
//! A row is a head of a fixed size and a run of text: the event's name, its parents, its node and what it writes there.
//! So is the usual event; what others do is kept as it was read. A world holds a row for every event that it ever read,
//! and walks through them tile by tile: so they are small, stand in the order in which they are walked through, and lead
//! nowhere else.

use super::filter::Withheld;
use super::intern::Interner;
use crate::event::{Packed, Payload, Sets, Texts, pack, pack_set};
use crate::id::{Lane, Time};
use crate::order::Entry;
use bumpalo::Bump;
use bumpalo::collections::{String as BumpString, Vec as BumpVec};
use std::ops::Range;

/// An event as stage 1 keeps it.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    pub id: &'a str,
    /// The line as it was read, without its line end. It is where the input is held; the rest is a copy.
    pub line: &'a [u8],
    pub parents: Texts<'a>,
    pub payload: Payload<'a>,
    pub time: Time,
    pub lane: Lane,
    /// The line's number in its batch, from 1.
    pub(super) number: u32,
    pub(super) withheld: Withheld,
}

/// The rows of a batch, place by place.
#[derive(Default)]
pub(super) struct Rows<'a> {
    heads: &'a [Head],
    /// What was packed of all rows, in their order.
    text: &'a str,
    /// What the unusual ones do.
    unusual: &'a [Payload<'a>],
    pub lines: Vec<&'a [u8]>,
}

/// What is of a fixed size in a row.
#[derive(Clone, Copy)]
struct Head {
    time: Time,
    number: u32,
    /// Where its text begins; it ends where that of the next row does.
    text: u32,
    /// Of an unusual event where what it does is kept.
    unusual: u32,
    parents: u8,
    lane: Lane,
    /// In four bits each.
    withheld_does: u8,
}

/// What kind of payload a row has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Does {
    Create,
    Set,
    Delete,
    Unusual,
    /// What is unusual, and deletes a node besides.
    UnusualDelete,
}

impl Does {
    const ALL: [Does; 5] = [Does::Create, Does::Set, Does::Delete, Does::Unusual, Does::UnusualDelete];

    fn of(payload: &Payload<'_>) -> Does {
        let is_delete = |payload: &Payload<'_>| matches!(payload, Payload::Delete { .. });
        match payload {
            Payload::Create { .. } => Does::Create,
            Payload::Set { .. } => Does::Set,
            Payload::Delete { .. } => Does::Delete,
            payload if payload.expansion().iter().any(|p| is_delete(&p.payload)) => Does::UnusualDelete,
            _ => Does::Unusual,
        }
    }
}

impl Head {
    fn does(self) -> Does {
        Does::ALL[usize::from(self.withheld_does & 15)]
    }

    fn withheld(self) -> Withheld {
        Withheld::ALL[usize::from(self.withheld_does >> 4)]
    }
}

impl<'a> Rows<'a> {
    pub fn len(&self) -> usize {
        self.heads.len()
    }

    /// A row's lane.
    pub fn lane(&self, i: u32) -> Lane {
        self.heads[i as usize].lane
    }

    /// Whether an event, or a primitive of its macro, deletes a node.
    pub fn deletes(&self, i: u32) -> bool {
        matches!(self.heads[i as usize].does(), Does::Delete | Does::UnusualDelete)
    }

    /// What the order needs of a row.
    #[inline]
    pub fn entry(&self, i: u32) -> Entry<'a> {
        let (head, mut packed) = self.packed(i);
        let id = packed.text();
        let parents = Texts::Packed(usize::from(head.parents), packed);
        Entry { id, time: head.time, lane: head.lane, parents }
    }

    #[inline]
    fn packed(&self, i: u32) -> (Head, Packed<'a>) {
        let head = self.heads[i as usize];
        let end = self.heads.get(i as usize + 1).map_or(self.text.len(), |next| next.text as usize);
        (head, Packed(&self.text[head.text as usize..end]))
    }

    /// A row as it was before it was packed.
    #[inline(always)]
    pub fn get(&self, i: u32) -> Row<'a> {
        let (head, mut packed) = self.packed(i);
        let id = packed.text();
        let parents = Texts::Packed(usize::from(head.parents), packed);
        for _ in 0..head.parents {
            packed.text();
        }
        Row {
            id,
            line: self.lines[i as usize],
            parents,
            payload: self.payload(head, packed),
            time: head.time,
            lane: head.lane,
            number: head.number,
            withheld: head.withheld(),
        }
    }

    #[inline(always)]
    fn payload(&self, head: Head, mut packed: Packed<'a>) -> Payload<'a> {
        let mut node = || packed.text();
        match head.does() {
            Does::Create => Payload::Create { node: node(), sets: Sets::Packed(packed) },
            Does::Set => Payload::Set { node: node(), sets: Sets::Packed(packed) },
            Does::Delete => Payload::Delete { node: node() },
            Does::Unusual | Does::UnusualDelete => self.unusual[head.unusual as usize],
        }
    }
}

/// The rows of a part, place by place, before they are put beside those of others.
#[derive(Default)]
pub(super) struct Loose<'a> {
    heads: Box<[Head]>,
    text: Box<str>,
    unusual: Vec<Payload<'a>>,
    lines: Vec<&'a [u8]>,
}

impl Loose<'_> {
    fn text_of(&self, rows: &Range<usize>) -> Range<usize> {
        let start = |i: usize| self.heads.get(i).map_or(self.text.len(), |head| head.text as usize);
        start(rows.start)..start(rows.end)
    }
}

/// Some rows of a part.
pub(super) struct Run<'p, 'a> {
    pub part: &'p Loose<'a>,
    /// The place of the part among those that are put together,
    pub number: usize,
    /// and how many lines stand before its own.
    pub lines_before: u32,
    pub rows: Range<usize>,
}

/// Puts the rows of parts one behind the other, run by run, and keeps them in the arena.
pub(super) fn settle<'a>(parts: &[&Loose<'a>], runs: &[Run<'_, 'a>], arena: &'a Bump) -> Rows<'a> {
    let before = |number: usize| parts[..number].iter().map(|part| part.unusual.len()).sum::<usize>();
    let unusual_before: Vec<u32> = (0..parts.len()).map(|number| narrow(before(number))).collect();
    let unusual: Vec<Payload<'a>> = parts.iter().flat_map(|part| &part.unusual).copied().collect();
    let count = runs.iter().map(|run| run.rows.len()).sum();
    // What is largest comes last: a chunk of the arena is twice as large as the one before it, or as is asked for.
    let unusual = arena.alloc_slice_copy(&unusual);
    let mut heads = BumpVec::with_capacity_in(count, arena);
    let bytes = runs.iter().map(|run| run.part.text_of(&run.rows).len()).sum();
    let mut text = BumpString::with_capacity_in(bytes, arena);
    let mut lines = Vec::with_capacity(count);
    for Run { part, number, lines_before, rows } in runs {
        let (here, of_run) = (narrow(text.len()), part.text_of(rows));
        let moved = |head: &Head| Head {
            number: head.number + lines_before,
            text: here + (head.text - narrow(of_run.start)),
            unusual: unusual_before[*number] + head.unusual,
            ..*head
        };
        heads.extend(part.heads[rows.clone()].iter().map(moved));
        lines.extend_from_slice(&part.lines[rows.clone()]);
        text.push_str(&part.text[of_run.clone()]);
    }
    Rows { heads: heads.into_bump_slice(), text: text.into_bump_str(), unusual, lines }
}

/// Packs the rows of a part, place by place, in room that is used again.
#[derive(Default)]
pub(super) struct Packing {
    heads: Vec<Head>,
    text: String,
}

impl Packing {
    /// Packs rows that are given with their lines.
    pub fn pack<'r, 'a>(
        &mut self,
        rows: impl ExactSizeIterator<Item = (&'r Row<'r>, &'a [u8])>,
        interner: &mut Interner<'a>,
    ) -> Loose<'a> {
        self.heads.clear();
        self.text.clear();
        let mut lines = Vec::with_capacity(rows.len());
        let mut unusual = Vec::new();
        for (row, line) in rows {
            self.row(row, interner, &mut unusual);
            lines.push(line);
        }
        Loose { heads: self.heads[..].into(), text: self.text[..].into(), unusual, lines }
    }

    fn row<'a>(&mut self, row: &Row<'_>, interner: &mut Interner<'a>, unusual: &mut Vec<Payload<'a>>) {
        let (text, mut parents) = (&mut self.text, 0);
        let start = narrow(text.len());
        pack(row.id, text);
        for parent in row.parents.iter() {
            pack(parent, text);
            parents += 1;
        }
        let does = Does::of(&row.payload);
        self.heads.push(Head {
            time: row.time,
            number: row.number,
            text: start,
            unusual: narrow(unusual.len()),
            parents,
            lane: row.lane,
            withheld_does: (row.withheld as u8) << 4 | does as u8,
        });
        match row.payload {
            Payload::Create { node, sets } | Payload::Set { node, sets } => {
                pack(node, text);
                sets.give(|set| pack_set(set, text));
            }
            Payload::Delete { node } => pack(node, text),
            payload => unusual.push(interner.payload(&payload)),
        }
    }
}

fn narrow(i: usize) -> u32 {
    u32::try_from(i).expect("because a batch of lines is much less than 4 GiB")
}
