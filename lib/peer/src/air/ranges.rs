//! Ranges of keys, by which two tables find what they lack of each other.

use super::row::{Row, Tip, head, tile};
use super::table::{GREATEST, Table};
use sha2::{Digest as _, Sha256};
use ulp_core::frame::{Range, Tag};

/// The newest rows, which an introduction tells apart from the others.
const NEWEST: usize = 8;
/// So many rows are sent to one who has none.
const TO_NEWCOMERS: usize = 16;

/// Among so many rows it is tried which ones another lacks.
const MOST_TRIED: usize = 16;

/// What is to be said to someone whose range differs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// In order of their frames.
    pub rows: Vec<Row>,
    pub ranges: Vec<Range>,
}

/// The rows of a space whose keys lie between two.
pub fn rows(table: &Table, space: Tag, from: u64, to: u64) -> impl Iterator<Item = &Row> {
    let inside = move |row: &&Row| row.key() >= from && (to == 0 || row.key() < to);
    table.rows(space).iter().filter(inside)
}

/// What stands for a range: how many rows, and what they are.
pub fn measure(table: &Table, space: Tag, from: u64, to: u64) -> Range {
    let mut count = 0;
    let counted = rows(table, space, from, to).inspect(|_| count += 1);
    let digest = digest(space, counted);
    Range { from, to, rows: u16::try_from(count).unwrap_or(u16::MAX), digest }
}

/// The first bytes of the hash over the frames of some rows.
fn digest<'r>(space: Tag, rows: impl Iterator<Item = &'r Row>) -> [u8; 4] {
    let mut hasher = Sha256::new();
    rows.for_each(|row| hasher.update(row.frame(space)));
    let [a, b, c, d, ..]: [u8; 32] = hasher.finalize().into();
    [a, b, c, d]
}

/// What a node says of a space unasked.
pub fn introduction(table: &Table, space: Tag) -> Vec<Range> {
    let floor = table.floor();
    let mut keys: Vec<u64> = rows(table, space, floor, 0).map(Row::key).collect();
    let bounds = match keys.len().checked_sub(NEWEST) {
        None => vec![(floor, 0)],
        Some(at) => match *keys.select_nth_unstable(at).1 {
            eighth if eighth <= floor => vec![(floor, 0)],
            eighth => vec![(eighth, 0), (floor, eighth)],
        },
    };
    bounds.into_iter().map(|(from, to)| measure(table, space, from, to)).collect()
}

/// Whether the ranges of a frame speak of a whole space.
pub fn is_introduction(ranges: &[Range]) -> bool {
    match ranges {
        [all] => (all.from, all.to) == (0, 0),
        [newest, older] => newest.to == 0 && older.to == newest.from,
        _ => false,
    }
}

/// The part of another's range of which something can be said, where rows went for want of room.
pub fn above_floor(table: &Table, mut range: Range) -> Option<Range> {
    let backwards = range.to != 0 && range.to <= range.from;
    if backwards || range.from < table.floor() && range.rows > 0 {
        return None;
    }
    range.from = range.from.max(table.floor());
    (range.to == 0 || range.from < range.to).then_some(range)
}

/// What to say to a range, by the rows that are here now.
pub fn reply(table: &Table, space: Tag, theirs: Range) -> Reply {
    let (from, to) = (theirs.from, theirs.to);
    let ours = measure(table, space, from, to);
    let one_key = to == from + 1 || from == GREATEST;
    let most = usize::from(ours.rows.max(theirs.rows));
    let all = || rows(table, space, from, to).cloned().collect();
    let ask = |ranges| Reply { rows: Vec::new(), ranges };
    let tell = |rows, ranges| Reply { rows, ranges };
    if ours == theirs {
        return Reply::default();
    }
    if let Some(rows) = lacked(table, space, theirs) {
        return tell(rows, Vec::new());
    }
    match (ours.rows, theirs.rows) {
        (_, 0) => tell(newest(table, space, from, to), Vec::new()),
        (0, _) => ask(vec![ours]),
        (n, m) if one_key => tell(all(), if n > m { Vec::new() } else { vec![ours] }),
        _ if most > NEWEST => ask(halves(table, space, from, to)),
        (n, m) if n > m => tell(all(), Vec::new()),
        (n, m) if n < m => ask(vec![ours]),
        _ => tell(all(), vec![ours]),
    }
}

/// The one or two rows that another lacks of a range, if its digest shows that it has all others.
fn lacked(table: &Table, space: Tag, theirs: Range) -> Option<Vec<Row>> {
    let rows: Vec<&Row> = rows(table, space, theirs.from, theirs.to).take(MOST_TRIED + 1).collect();
    let without = |lacked: &[usize]| {
        let left = rows.iter().enumerate().filter(|(n, _)| !lacked.contains(n));
        digest(space, left.map(|(_, row)| *row)) == theirs.digest
    };
    let taken = |lacked: &[usize]| lacked.iter().map(|n| rows[*n].clone()).collect();
    let count = rows.len();
    let lacks = |most| count <= MOST_TRIED && count == usize::from(theirs.rows) + most;
    if lacks(1) {
        return (0..count).map(|n| [n]).find(|one| without(one)).map(|one| taken(&one));
    }
    let pairs = (0..count).flat_map(|n| (n + 1..count).map(move |m| [n, m]));
    if lacks(2) { pairs.into_iter().find(|two| without(two)).map(|two| taken(&two)) } else { None }
}

/// What is told of a tile, but for what who asks has itself.
pub fn holders(table: &Table, space: Tag, want: &Tip) -> Vec<Row> {
    let rows = table.rows(space).iter();
    rows.filter(|row| row.tile() == tile(want) && row.head() != head(want)).cloned().collect()
}

/// The rows of the greatest keys, in order of their frames.
fn newest(table: &Table, space: Tag, from: u64, to: u64) -> Vec<Row> {
    let mut found: Vec<&Row> = rows(table, space, from, to).collect();
    found.sort_by_key(|row| std::cmp::Reverse((row.key(), row.place())));
    found.truncate(TO_NEWCOMERS);
    found.sort_by_key(|row| row.place());
    found.into_iter().cloned().collect()
}

/// A range cut in two at the middle of the rows that are here.
fn halves(table: &Table, space: Tag, from: u64, to: u64) -> Vec<Range> {
    let mut keys: Vec<u64> = rows(table, space, from, to).map(Row::key).collect();
    keys.sort_unstable();
    let middle = keys[keys.len() / 2..].iter().find(|key| **key > from);
    let cut = middle.copied().unwrap_or(from + 1);
    [(from, cut), (cut, to)].map(|(from, to)| measure(table, space, from, to)).into()
}
