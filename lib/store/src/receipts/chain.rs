//! A chain of receipts as it lies in the store.

use super::events::{Found, each_line};
use super::{RECEIPTS, file_of, is_of_one_commit};
use crate::object::Bytes;
use crate::{Error, LaneId, Store};
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use ulp_core::hash::Blake3;
use ulp_core::json::{self, Tape, Value};
use ulp_core::statement::receipt::VERSION;
use ulp_core::statement::{Range, Receipt};

/// How much is read at a time to find the beginning of the last line.
const BLOCK: u64 = 4 << 10;

/// The bytes of a chain.
#[derive(Debug)]
pub struct ChainFile {
    bytes: Bytes,
    path: PathBuf,
}

impl ChainFile {
    /// The chain of a peer, if there is one.
    ///
    /// # Errors
    /// What the store says.
    pub fn open(store: &Store, peer: &str) -> Result<Option<ChainFile>, Error> {
        let Some(dir) = store.root.at(RECEIPTS)? else { return Ok(None) };
        let name = file_of(peer);
        let Some(file) = dir.file(&name)? else { return Ok(None) };
        let path = dir.path().join(&name);
        let length = file.metadata().map_err(|e| Error::io(&path, e))?.len();
        let bytes = store.take_in(file, length).map_err(|e| Error::io(&path, e))?;
        Ok(Some(ChainFile { bytes, path }))
    }

    /// Its lines, without their ends; a last one that is torn is none.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        let whole = memchr::memrchr(b'\n', &self.bytes).map_or(0, |at| at + 1);
        let lines = self.bytes[..whole].split_inclusive(|b| *b == b'\n');
        lines.map(|line| &line[..line.len() - 1])
    }

    pub fn path(&self) -> &PathBuf {
        &self.path
    }
}

/// The lines of the store's own chain that count: without those at its end that are torn, or that speak of events which
/// no manifest holds, as the commit did not come to its end.
///
/// # Errors
/// What the store says; receipts of a newer version.
pub fn own_chain(store: &Store, peer: &str) -> Result<Vec<Vec<u8>>, Error> {
    let Some(file) = ChainFile::open(store, peer)? else { return Ok(Vec::new()) };
    let mut lines: Vec<Vec<u8>> = file.lines().map(<[u8]>::to_vec).collect();
    let mut last: Option<Receipt> = None;
    // What cannot be read is damage, for who verifies to name.
    while let Some(receipt) = lines.last().map_or(Ok(None), |line| parse(line, &file.path))? {
        let belongs = last.as_ref().is_none_or(|last| is_of_one_commit(last, &receipt));
        if !belongs || counts(store, &receipt)? {
            break;
        }
        lines.pop();
        last = Some(receipt);
    }
    Ok(lines)
}

/// Whether the lanes have as many events as a receipt speaks of.
fn counts(store: &Store, receipt: &Receipt) -> Result<bool, Error> {
    for range in &receipt.ranges {
        let id = LaneId { space: range.space.clone(), tile: range.tile, lane: range.lane };
        if store.manifest(&id)?.is_none_or(|(manifest, _)| manifest.events() < range.end()) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Reads a receipt's line; nothing where it is none.
pub(super) fn parse(line: &[u8], path: &std::path::Path) -> Result<Option<Receipt>, Error> {
    let mut tape = Tape::new();
    let Ok(object) = json::parse_line(&mut tape, line) else { return Ok(None) };
    if object
        .get("receipt")
        .and_then(Value::as_i64)
        .is_some_and(|v| u64::try_from(v).is_ok_and(|v| v > VERSION))
    {
        return Err(Error::Newer(path.to_owned()));
    }
    Ok(Receipt::parse(object, line).ok())
}

/// The ranges of a receipt that the manifests hold, event by event. Of one whose events are lost nobody can say that it was another.
pub(super) fn held(store: &Store, receipt: &Receipt) -> Result<Vec<Range>, Error> {
    let mut held = Vec::new();
    for range in &receipt.ranges {
        let id = LaneId { space: range.space.clone(), tile: range.tile, lane: range.lane };
        let Some((manifest, _)) = store.manifest(&id)? else { continue };
        let mut hasher = blake3::Hasher::new();
        let found = each_line(store, &manifest, range.from..range.end(), |line| {
            hasher.update(line);
            Ok(())
        })?;
        let is_same = || Blake3::from(hasher.finalize()) == range.lines;
        if found == Found::Lost || found == Found::All && is_same() {
            held.push(range.clone());
        }
    }
    Ok(held)
}

/// The end of a chain that is about to grow: where its last line begins and ends, if it has one; what stands behind is
/// torn.
pub(super) fn last_line(file: &File, length: u64) -> std::io::Result<Option<(u64, Vec<u8>)>> {
    let (mut tail, mut start) = (Vec::new(), length);
    loop {
        // The line end that closes the last line, and the one that closes the line before it.
        let end = memchr::memrchr(b'\n', &tail);
        let before = end.and_then(|end| memchr::memrchr(b'\n', &tail[..end]));
        if let Some(end) = end.filter(|_| before.is_some() || start == 0) {
            let begin = before.map_or(0, |at| at + 1);
            return Ok(Some((start + begin as u64, tail[begin..end].to_vec())));
        }
        if start == 0 {
            return Ok(None);
        }
        let from = start.saturating_sub(BLOCK.max(tail.len() as u64));
        let mut block = vec![0; usize::try_from(start - from).unwrap_or(usize::MAX)];
        file.read_exact_at(&mut block, from)?;
        block.append(&mut tail);
        (tail, start) = (block, from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn the_last_line_is_found_whatever_its_length() {
        for (text, found) in [
            (String::new(), None),
            ("torn".to_owned(), None),
            ("one\n".to_owned(), Some((0, "one".to_owned()))),
            ("one\ntwo\n".to_owned(), Some((4, "two".to_owned()))),
            ("one\ntwo\ntorn".to_owned(), Some((4, "two".to_owned()))),
            (format!("one\n{}\n", "x".repeat(9000)), Some((4, "x".repeat(9000)))),
            (format!("{}\ntwo\n{}", "y".repeat(5000), "z".repeat(9000)), Some((5001, "two".to_owned()))),
        ] {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(text.as_bytes()).unwrap();
            let last = last_line(&file, text.len() as u64).unwrap();
            assert_eq!(last.map(|(at, line)| (at, String::from_utf8(line).unwrap())), found);
        }
    }
}
