//! Rows of fixed size sorted in bounded memory: what does not fit lies in files without a name.
//!
//! Rows are gathered in a buffer; a full one is sorted and written out as a run. Runs are merged into one file, which is
//! mapped. A row that comes twice stands once.

use super::dir::Dir;
use super::map;
use super::object::Bytes;
use super::{Error, Store};
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{BufWriter, Seek as _, Write as _};
use std::ops::Range;

/// Bytes of rows that are held in memory.
const BUFFER: usize = 8 << 20;
/// Bytes that are gathered before they are written.
const WRITE: usize = 256 << 10;

/// Rows that are being gathered.
#[derive(Debug)]
pub struct Sorter<const N: usize> {
    /// Where files without a name are made.
    dir: Dir,
    rows: Vec<[u8; N]>,
    /// Sorted runs, one after the other.
    runs: Vec<Range<usize>>,
    file: Option<File>,
}

/// Sorted rows, each once.
#[derive(Debug)]
pub struct Sorted<const N: usize>(Bytes);

impl<const N: usize> Default for Sorted<N> {
    fn default() -> Sorted<N> {
        Sorted(Bytes::Read(Vec::new()))
    }
}

impl<const N: usize> Sorted<N> {
    pub fn rows(&self) -> &[[u8; N]] {
        self.0.as_chunks().0
    }
}

impl<const N: usize> AsRef<[u8]> for Sorted<N> {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl<const N: usize> Sorter<N> {
    /// For a store: files lie in it where it can be written, else where the system has such.
    ///
    /// # Errors
    /// Where there is no place for files.
    pub fn new(store: &Store, elsewhere: &std::path::Path) -> Result<Sorter<N>, Error> {
        let dir = if store.is_writable() { Dir::root(store.path())? } else { Dir::root(elsewhere)? };
        Ok(Sorter { dir, rows: Vec::new(), runs: Vec::new(), file: None })
    }

    /// # Errors
    /// What the system says where a run is written.
    pub fn push(&mut self, row: [u8; N]) -> Result<(), Error> {
        self.rows.push(row);
        if self.rows.len() * N >= BUFFER { self.spill() } else { Ok(()) }
    }

    /// Whether nothing was gathered.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.runs.is_empty()
    }

    /// Writes what is held as a run.
    fn spill(&mut self) -> Result<(), Error> {
        sort(&mut self.rows);
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(self.dir.nameless()?),
        };
        let start = self.runs.last().map_or(0, |run| run.end);
        let bytes = self.rows.as_flattened();
        file.write_all(bytes).map_err(|e| Error::io(self.dir.path(), e))?;
        self.runs.push(start..start + bytes.len());
        self.rows.clear();
        Ok(())
    }

    /// All rows so far, sorted; more may come after.
    ///
    /// # Errors
    /// What the system says.
    pub fn sorted(&mut self) -> Result<Sorted<N>, Error> {
        let Some(file) = &self.file else {
            sort(&mut self.rows);
            return Ok(Sorted(Bytes::Read(self.rows.as_flattened().to_vec())));
        };
        let fail = |e| Error::io(self.dir.path(), e);
        let runs = map::map(file).map_err(fail)?;
        sort(&mut self.rows);
        let rows = |run: &Range<usize>| runs[run.clone()].as_chunks().0;
        let mut lists: Vec<&[[u8; N]]> = self.runs.iter().map(rows).collect();
        lists.push(&self.rows);
        let merged = self.dir.nameless()?;
        let mut out = BufWriter::with_capacity(WRITE, merged);
        merge(&lists, |row| out.write_all(row)).map_err(fail)?;
        let mut merged = out.into_inner().map_err(|e| fail(e.into_error()))?;
        merged.rewind().map_err(fail)?;
        Ok(Sorted(Bytes::Mapped(map::map(&merged).map_err(fail)?)))
    }
}

fn sort<const N: usize>(rows: &mut Vec<[u8; N]>) {
    rows.sort_unstable();
    rows.dedup();
}

/// The rows of sorted lists in order, each once.
fn merge<const N: usize, E>(
    lists: &[&[[u8; N]]],
    mut each: impl FnMut(&[u8; N]) -> Result<(), E>,
) -> Result<(), E> {
    let first =
        |(list, rows): (usize, &&[[u8; N]])| rows.first().map(|row| std::cmp::Reverse((*row, list, 0)));
    let mut heap: BinaryHeap<_> = lists.iter().enumerate().filter_map(first).collect();
    let mut last: Option<[u8; N]> = None;
    while let Some(std::cmp::Reverse((row, list, at))) = heap.pop() {
        if last != Some(row) {
            each(&row)?;
            last = Some(row);
        }
        heap.extend(lists[list].get(at + 1).map(|next| std::cmp::Reverse((*next, list, at + 1))));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_out_sorted_and_once_however_many_there_are() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::init(&dir.path().join("s"), false, b"version: 1\n").unwrap();
        for count in [0, 1, 1000, 3 * BUFFER as u64 / 16] {
            let mut sorter: Sorter<16> = Sorter::new(&store, dir.path()).unwrap();
            assert!(sorter.is_empty());
            // An odd factor goes through all numbers once.
            let row = |n: u64| u128::from(n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).to_be_bytes();
            for n in 0..count {
                sorter.push(row(n)).unwrap();
                if n % 3 == 0 {
                    sorter.push(row(n)).unwrap();
                }
            }
            for extra in 0..2 {
                let sorted = sorter.sorted().unwrap();
                assert_eq!(sorted.rows().len() as u64, count + extra);
                assert!(sorted.rows().windows(2).all(|pair| pair[0] < pair[1]));
                sorter.push([255; 16]).unwrap();
            }
        }
    }
}
