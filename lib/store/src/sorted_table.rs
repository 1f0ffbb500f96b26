//! Tables of the cache: sorted entries of fixed size, mapped, and believed a page at a time.
//!
//! ```text
//! page 0         "ulptab01", count u64, note: 128 bytes, zeros, checksum
//! page 1…        170 entries of 24 bytes, or 127 of 32, zeros behind the last, checksum
//! ```
//!
//! A page has 4,096 bytes, the last 16 of which are the start of the BLAKE3 of its number and all before them.
//! Integers are little-endian. Entries are sorted as bytes, each a key and what is known of it; a page is checked
//! when it is first looked at. What is damaged is as good as missing: the caller goes to the events themselves.

use super::object::Bytes;
use std::sync::atomic::{AtomicBool, Ordering};

/// Bytes of an entry.
pub const ENTRY: usize = 24;
/// Bytes of what a table says of itself.
pub const NOTE: usize = 128;
const PAGE: usize = 4096;
const CHECKSUM: usize = 16;
/// How many entries of so many bytes a page holds.
const fn per_page(entry: usize) -> usize {
    (PAGE - CHECKSUM) / entry
}
/// How often the place of a key is guessed before what is left is halved.
const GUESSES: usize = 6;
const MAGIC: &[u8; 8] = b"ulptab01";

/// One entry: its key, and then what is known of it.
pub type Row = [u8; ENTRY];
/// What a table says of itself.
pub type Note = [u8; NOTE];

/// The table is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damaged;

/// An open table of entries of `N` bytes.
#[derive(Debug)]
pub struct SortedTable<const N: usize = ENTRY> {
    bytes: Bytes,
    count: usize,
    note: Note,
    checked: Vec<AtomicBool>,
}

impl<const N: usize> SortedTable<N> {
    /// Opens a table: its length and its first page must be right.
    pub fn open(bytes: Bytes) -> Result<SortedTable<N>, Damaged> {
        let head = bytes.get(..PAGE).ok_or(Damaged)?;
        if &head[..8] != MAGIC || checksum(0, head) != head[PAGE - CHECKSUM..] {
            return Err(Damaged);
        }
        let count = u64::from_le_bytes(head[8..16].try_into().map_err(|_| Damaged)?);
        let count = usize::try_from(count).map_err(|_| Damaged)?;
        let pages = count.div_ceil(per_page(N));
        if bytes.len() != pages.checked_add(1).and_then(|n| n.checked_mul(PAGE)).ok_or(Damaged)? {
            return Err(Damaged);
        }
        let note = head[16..16 + NOTE].try_into().map_err(|_| Damaged)?;
        let checked = (0..pages).map(|_| AtomicBool::new(false)).collect();
        Ok(SortedTable { bytes, count, note, checked })
    }

    pub fn note(&self) -> &Note {
        &self.note
    }

    pub fn len(&self) -> usize {
        self.count
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The first entry that begins with `key`.
    pub fn find(&self, key: &[u8]) -> Result<Option<[u8; N]>, Damaged> {
        let at = self.lower_bound(key)?;
        let row = if at < self.count { Some(self.row(at)?) } else { None };
        Ok(row.filter(|row| row[..key.len()] == *key))
    }

    /// Calls `each` for every entry that begins with `key`.
    pub fn each(&self, key: &[u8], each: &mut impl FnMut([u8; N])) -> Result<(), Damaged> {
        for at in self.lower_bound(key)?..self.count {
            let row = self.row(at)?;
            if row[..key.len()] != *key {
                break;
            }
            each(row);
        }
        Ok(())
    }

    /// Where the first entry stands that is not less than `key`. Keys are hashes, and so about as far in as their
    /// first bytes say: a few guesses by those find the page, where halving would look at many.
    pub fn lower_bound(&self, key: &[u8]) -> Result<usize, Damaged> {
        let (mut low, mut high) = (0, self.count);
        let (mut least, mut most) = (0, u64::MAX);
        let wanted = leading(key);
        for step in 0.. {
            if low == high {
                break;
            }
            let middle = if step < GUESSES && high - low > 1 {
                let share = u128::from(wanted.saturating_sub(least)) * (high - low) as u128;
                let share = share / (u128::from(most - least) + 1);
                (low + usize::try_from(share).unwrap_or(0)).min(high - 1)
            } else {
                low + (high - low) / 2
            };
            let row = self.row(middle)?;
            if &row[..key.len()] < key {
                (low, least) = (middle + 1, leading(&row));
            } else {
                (high, most) = (middle, leading(&row));
            }
        }
        Ok(low)
    }

    /// Every entry in order, all of them checked.
    pub fn rows(&self) -> Result<Vec<[u8; N]>, Damaged> {
        (0..self.count).map(|at| self.row(at)).collect()
    }

    /// Looks at every page, so that no row can be found to be damaged later.
    pub fn check(&self) -> Result<(), Damaged> {
        (0..self.count).step_by(per_page(N)).try_for_each(|at| self.row(at).map(drop))
    }

    /// An entry by its place.
    pub fn row(&self, at: usize) -> Result<[u8; N], Damaged> {
        let (page, place) = (at / per_page(N), at % per_page(N));
        let start = (page + 1) * PAGE;
        let bytes = &self.bytes[start..start + PAGE];
        if !self.checked[page].load(Ordering::Relaxed) {
            if checksum(page + 1, bytes) != bytes[PAGE - CHECKSUM..] {
                return Err(Damaged);
            }
            self.checked[page].store(true, Ordering::Relaxed);
        }
        bytes[place * N..(place + 1) * N].try_into().map_err(|_| Damaged)
    }
}

/// The first bytes of a key as a number.
fn leading(key: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let count = key.len().min(8);
    bytes[..count].copy_from_slice(&key[..count]);
    u64::from_be_bytes(bytes)
}

/// A table of sorted entries.
pub fn print<const N: usize>(note: &Note, rows: &[[u8; N]]) -> Vec<u8> {
    let mut out = Vec::with_capacity((rows.len() / per_page(N) + 2) * PAGE);
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&(rows.len() as u64).to_le_bytes());
    out.extend_from_slice(note);
    close(0, &mut out);
    for (number, page) in (1..).zip(rows.chunks(per_page(N))) {
        page.iter().for_each(|row| out.extend_from_slice(row));
        close(number, &mut out);
    }
    out
}

/// Fills a page up and writes its checksum.
fn close(number: usize, out: &mut Vec<u8>) {
    out.resize(number * PAGE + PAGE - CHECKSUM, 0);
    let sum = checksum(number, &out[number * PAGE..]);
    out.extend_from_slice(&sum);
}

fn checksum(number: usize, page: &[u8]) -> [u8; CHECKSUM] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(number as u64).to_le_bytes());
    hasher.update(&page[..PAGE - CHECKSUM]);
    let mut sum = [0; CHECKSUM];
    sum.copy_from_slice(&hasher.finalize().as_bytes()[..CHECKSUM]);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(n: u64) -> Row {
        let mut row = [0; ENTRY];
        row[..8].copy_from_slice(&n.to_be_bytes());
        row[16..].copy_from_slice(&n.to_le_bytes());
        row
    }

    #[test]
    fn what_was_put_in_is_found_and_nothing_else() {
        for count in [0, 1, 169, 170, 171, 1000] {
            let rows: Vec<Row> = (0..count).map(|n| row(n * 2)).collect();
            let table: SortedTable = SortedTable::open(Bytes::Read(print(&[7; NOTE], &rows))).unwrap();
            assert_eq!((table.len(), table.note()), (rows.len(), &[7; NOTE]));
            for n in 0..count * 2 + 1 {
                let found = table.find(&n.to_be_bytes()).unwrap();
                assert_eq!(found, (n % 2 == 0 && n < count * 2).then(|| row(n)));
            }
            assert_eq!(table.rows().unwrap(), rows);
        }
    }

    #[test]
    fn every_damaged_byte_is_found_or_never_looked_at() {
        let rows: Vec<Row> = (0..200).map(row).collect();
        let good = print(&[0; NOTE], &rows);
        for at in (0..good.len()).step_by(13) {
            let mut bad = good.clone();
            bad[at] ^= 1;
            let read = SortedTable::<ENTRY>::open(Bytes::Read(bad)).and_then(|t| t.rows());
            assert_eq!(read, Err(Damaged), "{at}");
        }
        assert!(SortedTable::<ENTRY>::open(Bytes::Read(good[..good.len() - 1].to_vec())).is_err());
    }
}
