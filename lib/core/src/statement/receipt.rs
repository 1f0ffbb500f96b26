//! Receipts: how a store came by what it holds, a line a commit, each naming the one before it.
//!
//! ```text
//! {"grants":[],"height":1,"joined":[],"peer":"did:key:z6Mk…","previous":null,"ranges":[{"events":2,"from":0,
//!  "lines":"blake3:…","path":"m/world/demo/tiles/z0/x0/y0/team.public"}],"receipt":1,"scope":"blake3:…",
//!  "timestamp":1795167000,"tool":"ulp-append 0.2.0"}
//! ```
//!
//! A line of canonical JSON of exactly these members; its name is the BLAKE3 of it. It is not signed: what attests to
//! it is the next attestation, which names the last receipt, and so all before it.

use super::values::{count, digest, text};
use super::wrong;
use crate::event::time_number;
use crate::hash::Blake3;
use crate::id::{Lane, MAX_TIME, MIN_TIME, Tile, Time};
use crate::json::write::{Items, Members};
use crate::json::{Kind, Value, write_string};
use crate::path::{Path, Space};
use crate::report::Refusal;
use crate::trust::Did;

/// The version of receipts that this version writes and judges.
pub const VERSION: u64 = 1;
/// The longest name of a tool, in bytes.
const LONGEST_TOOL: usize = 128;

/// A receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The identity of the store.
    pub peer: Did,
    pub version: u64,
    /// Its place in the chain, from 1.
    pub height: u64,
    /// The name of the receipt before it; the first has none.
    pub previous: Option<Blake3>,
    /// The last receipts that synced peers attested, sorted.
    pub joined: Vec<Blake3>,
    pub timestamp: Time,
    pub tool: String,
    /// What came in, sorted by path.
    pub ranges: Vec<Range>,
    /// The digest of the dotfiles.
    pub scope: Blake3,
    /// The grants that let it in, sorted.
    pub grants: Vec<Blake3>,
}

/// Some events of one lane, one after the other in its order of acceptance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    pub space: String,
    pub tile: Tile,
    pub lane: Lane,
    /// How many events of the lane stand before them.
    pub from: u64,
    pub events: u64,
    /// Of their lines, each with its end.
    pub lines: Blake3,
}

impl Range {
    /// The path of the lane.
    pub fn path(&self) -> String {
        Path::Lane(Space::Named(self.space.clone()), self.tile, self.lane, None).to_string()
    }

    /// How many events of the lane there are up to its end.
    pub fn end(&self) -> u64 {
        self.from + self.events
    }
}

impl Receipt {
    /// Its line, without the end.
    pub fn print(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let hashes = |hashes: &[Blake3]| -> Vec<String> { hashes.iter().map(Blake3::to_string).collect() };
        let texts = |name: &str, all: &[Blake3], line: &mut Members, out: &mut Vec<u8>| {
            line.texts(name, hashes(all).iter().map(String::as_str), out);
        };
        let mut line = Members::open(&mut out);
        texts("grants", &self.grants, &mut line, &mut out);
        line.integer("height", self.height, &mut out);
        texts("joined", &self.joined, &mut line, &mut out);
        line.word("peer", self.peer, &mut out);
        line.name("previous", &mut out);
        match &self.previous {
            Some(previous) => write_string(&previous.to_string(), &mut out),
            None => out.extend_from_slice(b"null"),
        }
        line.name("ranges", &mut out);
        let mut ranges = Items::open(&mut out);
        for range in &self.ranges {
            ranges.next(&mut out);
            range.print(&mut out);
        }
        ranges.close(&mut out);
        line.integer("receipt", self.version, &mut out);
        line.word("scope", self.scope, &mut out);
        line.integer("timestamp", time_number(self.timestamp), &mut out);
        line.text("tool", &self.tool, &mut out);
        line.close(&mut out);
        out
    }

    /// Its name.
    pub fn hash(&self) -> Blake3 {
        Blake3::of(&self.print())
    }

    /// Reads a receipt's line, which has one spelling.
    ///
    /// # Errors
    /// `receipt.fields`.
    pub fn parse(object: Value<'_, '_>, line: &[u8]) -> Result<Receipt, Refusal> {
        let refusal = |detail: &str| wrong("receipt.fields", detail);
        let read = Receipt::read(object);
        let receipt = read.ok_or_else(|| refusal("a member is missing, malformed or none of a receipt's"))?;
        if receipt.print() != line {
            return Err(refusal("not in its one spelling, or with a member more"));
        }
        Ok(receipt)
    }

    fn read(object: Value<'_, '_>) -> Option<Receipt> {
        Some(Receipt {
            peer: object.get("peer")?.as_plain_str()?.parse().ok()?,
            version: count(object.get("receipt")?).filter(|n| *n > 0)?,
            height: height(object.get("height")?)?,
            previous: previous(object.get("previous")?)?,
            joined: hashes(object.get("joined")?)?,
            timestamp: timestamp(object.get("timestamp")?)?,
            tool: tool(object.get("tool")?)?,
            ranges: ranges(object.get("ranges")?)?,
            scope: digest(object.get("scope")?)?,
            grants: hashes(object.get("grants")?)?,
        })
    }
}

impl Range {
    fn print(&self, out: &mut Vec<u8>) {
        let mut object = Members::open(out);
        object.integer("events", self.events, out);
        object.integer("from", self.from, out);
        object.word("lines", self.lines, out);
        object.word("path", self.path(), out);
        object.close(out);
    }

    fn read(value: Value<'_, '_>) -> Option<Range> {
        let path: Path = value.get("path")?.as_plain_str()?.parse().ok()?;
        let Path::Lane(Space::Named(space), tile, lane, None) = path else { return None };
        let (from, events) = (count(value.get("from")?)?, count(value.get("events")?).filter(|n| *n > 0)?);
        let lines = digest(value.get("lines")?)?;
        // Sums of what strangers wrote must not overflow; a manifest does not count further than 32 bits either.
        from.checked_add(events).filter(|end| u32::try_from(*end).is_ok())?;
        let is_shared = lane.is_shared() && value.len() == 4;
        is_shared.then_some(Range { space, tile, lane, from, events, lines })
    }
}

pub(super) fn height(value: Value<'_, '_>) -> Option<u64> {
    count(value).filter(|height| *height > 0)
}

pub(super) fn previous(value: Value<'_, '_>) -> Option<Option<Blake3>> {
    if value.is_null() { Some(None) } else { digest(value).map(Some) }
}

/// A sorted list of hashes, each once.
pub(super) fn hashes(value: Value<'_, '_>) -> Option<Vec<Blake3>> {
    let list = Some(value).filter(|value| value.kind() == Kind::Array)?;
    let hashes: Vec<Blake3> = list.items().map(digest).collect::<Option<_>>()?;
    hashes.is_sorted_by(|a, b| a < b).then_some(hashes)
}

pub(super) fn timestamp(value: Value<'_, '_>) -> Option<Time> {
    Time::from_seconds(value.as_f64()?).filter(|time| (MIN_TIME..=MAX_TIME).contains(&time.0))
}

pub(super) fn tool(value: Value<'_, '_>) -> Option<String> {
    text(value).filter(|tool| tool.len() <= LONGEST_TOOL)
}

/// At least one range, sorted by paths and then by where they begin.
pub(super) fn ranges(value: Value<'_, '_>) -> Option<Vec<Range>> {
    let list = Some(value).filter(|value| value.kind() == Kind::Array && !value.is_empty())?;
    let ranges: Vec<Range> = list.items().map(Range::read).collect::<Option<_>>()?;
    let keys: Vec<(String, u64)> = ranges.iter().map(|range| (range.path(), range.from)).collect();
    keys.is_sorted_by(|a, b| a < b).then_some(ranges)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Tape;
    use crate::trust::SecretKey;

    fn receipt() -> Receipt {
        let range = |space: &str, from| Range {
            space: space.to_owned(),
            tile: Tile::ORIGIN,
            lane: "team.public".parse().unwrap(),
            from,
            events: 2,
            lines: Blake3::of(b"lines"),
        };
        Receipt {
            peer: SecretKey::from_seed(&[1; 32]).did(),
            version: VERSION,
            height: 2,
            previous: Some(Blake3::of(b"1")),
            joined: Vec::new(),
            timestamp: Time(1_795_167_001_500_000_000),
            tool: "ulp-append 0.1.0".to_owned(),
            ranges: vec![range("a b", 0), range("a b", 7), range("Demo", 3)],
            scope: Blake3::of(b"version: 1\n"),
            grants: vec![Blake3::of(b"grant")],
        }
    }

    fn parse(line: &str) -> Result<Receipt, String> {
        let mut tape = Tape::new();
        let object = tape.parse(line, 64).map_err(|_| "json".to_owned())?;
        Receipt::parse(object, line.as_bytes()).map_err(|refusal| refusal.code.into_owned())
    }

    fn text_of(receipt: &Receipt) -> String {
        String::from_utf8(receipt.print()).unwrap_or_default()
    }

    #[test]
    fn a_receipt_reads_as_it_prints_and_has_one_spelling() {
        let mut receipt = receipt();
        receipt.ranges.sort_by_key(Range::path);
        let line = text_of(&receipt);
        assert!(crate::json::is_canonical(&line));
        assert_eq!(parse(&line).as_ref(), Ok(&receipt));
        let none = |from: &str, to: &str| {
            assert_eq!(parse(&line.replace(from, to)), Err("receipt.fields".to_owned()), "{to}")
        };
        none("\"height\":2", "\"height\": 2");
        none("\"height\":2", "\"height\":0");
        none("\"height\":2", "\"height\":2,\"hight\":2");
        none("\"receipt\":1,", "");
        none("1795167001.5", "1795167001.50");
        none("team.public", "team.private");
        none("team.public\"", "team.public/head\"");
        none("\"from\":7", "\"from\":4294967295");
        none("\"events\":2", "\"events\":0");
        none("did:key:z", "did:web:z");
        none("\"joined\":[]", &format!("\"joined\":[\"{0}\",\"{0}\"]", Blake3::of(b"x")));
    }

    #[test]
    fn ranges_are_sorted() {
        let mut receipt = receipt();
        assert_eq!(parse(&text_of(&receipt)).as_ref(), Ok(&receipt), "a~20b stands before ~44emo");
        receipt.ranges.reverse();
        assert_eq!(parse(&text_of(&receipt)), Err("receipt.fields".to_owned()));
    }
}
