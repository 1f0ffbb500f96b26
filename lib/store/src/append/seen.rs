//! A lane's list of segments that came in by a pack and of which nothing was refused.
//!
//! ```text
//! {"check":"blake3:…","covers":{"team.public":{"entries":"blake3:…","sealed":2,"tail":"blake3:…"}},"v":1}
//! sha256:0123…        a line a segment, in the order in which they came; at most 16,384, the oldest go
//! ```
//!
//! The first line binds the list to the events that the lane had when it was written, all of them; its `check` is the
//! BLAKE3 of the line without it. Where the lane does not begin with those events, nothing was seen.

use crate::commit::Draft;
use crate::covers::{self, Covers, Held};
use crate::{Error, LaneId, SEEN, Store};
use foldhash::HashSet;
use std::collections::BTreeMap;
use ulp_core::hash::{Blake3, Sha256};
use ulp_core::id::Lane;
use ulp_core::json::write::Members;
use ulp_core::json::{self, Tape, Value};

/// Most lines of a list, of about a MiB: the oldest go.
const MOST: usize = 16 << 10;
/// The version of lists that this version writes and reads.
const VERSION: i64 = 1;
/// How many members the first line has.
const MEMBERS: usize = 3;

/// The segments that a lane has seen; none where there is no list that is bound to what it holds.
pub fn seen(store: &Store, lane: &LaneId) -> Vec<Sha256> {
    read(store, lane).ok().flatten().unwrap_or_default()
}

/// Adds segments to the list of a lane whose events are all committed, if it can be written: it is never needed.
pub(super) fn add(store: &Store, lane: &LaneId, new: impl Iterator<Item = Sha256>) -> Result<(), Error> {
    let mut list = seen(store, lane);
    let before = list.len();
    let known: HashSet<Sha256> = list.iter().copied().collect();
    list.extend(new.filter(|hash| !known.contains(hash)));
    if list.len() == before {
        return Ok(());
    }
    let Some(covers) = store.covers(lane)? else { return Ok(()) };
    let bytes = print(lane.lane, covers, &list[list.len().saturating_sub(MOST)..]);
    store.hint(&Draft { dir: lane.dir(), name: SEEN.to_owned(), bytes })
}

fn read(store: &Store, lane: &LaneId) -> Result<Option<Vec<Sha256>>, Error> {
    let Some(dir) = store.root().at(&lane.dir())? else { return Ok(None) };
    let text = dir.read(SEEN)?.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
    let Some((covers, list)) = parse(lane.lane, &text) else { return Ok(None) };
    let Some((manifest, _)) = store.manifest(lane)? else { return Ok(None) };
    let held = covers.held_anywhere(store, &store.entries(&manifest, None)?)?;
    Ok((held == Held::Yes).then_some(list))
}

fn print(lane: Lane, covers: Covers, list: &[Sha256]) -> Vec<u8> {
    let check = Blake3::of(&first_line(lane, covers, None));
    let hashes: String = list.iter().map(|hash| format!("{hash}\n")).collect();
    [&first_line(lane, covers, Some(check))[..], b"\n", hashes.as_bytes()].concat()
}

fn first_line(lane: Lane, covers: Covers, check: Option<Blake3>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut line = Members::open(&mut out);
    if let Some(check) = check {
        line.word("check", check, &mut out);
    }
    covers::print(&BTreeMap::from([(lane, covers)]), &mut line, &mut out);
    line.integer("v", VERSION, &mut out);
    line.close(&mut out);
    out
}

fn parse(lane: Lane, text: &str) -> Option<(Covers, Vec<Sha256>)> {
    let (first, rest) = text.split_once('\n')?;
    let mut tape = Tape::new();
    let top = json::parse_line(&mut tape, first.as_bytes()).ok()?;
    let covers = covers::read(top)?;
    let covers = *covers.get(&lane).filter(|_| covers.len() == 1)?;
    let check = Blake3::of(&first_line(lane, covers, None)).to_string();
    let is_bound = top.get("check").and_then(Value::as_text) == Some(check) && top.len() == MEMBERS;
    let is_ours = top.get("v").and_then(Value::as_i64) == Some(VERSION);
    let list = rest.lines().filter_map(|line| line.parse().ok()).collect();
    (is_bound && is_ours).then_some((covers, list))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_reads_as_it_prints_where_it_is_bound() {
        let lane: Lane = "team.public".parse().unwrap();
        let covers = Covers { sealed: 3, entries: Blake3::of(b"e"), tail: Blake3::of(b"t") };
        let list = [Sha256::of(b"1"), Sha256::of(b"2")];
        let text = String::from_utf8(print(lane, covers, &list)).unwrap();
        assert_eq!(parse(lane, &text), Some((covers, list.to_vec())));
        assert_eq!(parse("public.public".parse().unwrap(), &text), None);
        let first = text.find('\n').unwrap();
        for at in 0..first {
            let mut bad = text.clone().into_bytes();
            bad[at] ^= 1;
            assert_eq!(String::from_utf8(bad).ok().and_then(|bad| parse(lane, &bad)), None, "byte {at}");
        }
        assert_eq!(parse(lane, &text[first + 1..]), None, "a list without its first line");
    }
}
