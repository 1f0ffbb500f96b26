//! The manifest of a lane: which segments it has, in the order in which their events were accepted.
//!
//! ```text
//! {"previous":{"events":9000,"hash":"sha256:…"},"segments":[{"bytes":812,"events":2,"from_event":"evt-1",
//!  "hash":"sha256:…","to_event":"evt-2"}],"tile_id":"z0/x0/y0","v":1}
//! ```
//!
//! One line of canonical JSON and a line end. An entry of [`SEALED`] bytes or more, and any before such a one, is
//! *sealed* and never changes. A page has the same form and is an object; `previous` names it, with the number of
//! events that it and all before it hold.

use super::Error;
use std::path::Path;
use ulp_core::hash::Sha256;
use ulp_core::id::{Tile, is_event_id};
use ulp_core::json::write::{Items, Members};
use ulp_core::json::{self, Tape, Value};

/// The version of manifests that this version writes and reads.
pub const VERSION: i64 = 1;
/// From this many bytes on an entry is sealed.
pub const SEALED: u64 = 64 << 10;
/// At this many sealed entries some move into a page.
pub const FULL: usize = 256;
/// How many entries a page holds.
pub const PAGE: usize = 128;
/// Deepest nesting of the store's own JSON files.
const DEPTH: usize = 8;

/// One segment in a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub hash: Sha256,
    /// The first and the last event.
    pub from: String,
    pub to: String,
    pub events: u64,
    pub bytes: u64,
    pub absent: Absent,
}

/// Whether the segment of an entry is known not to be here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    No,
    /// It was damaged, and `check --repair` took it away.
    Lost,
    /// A pack left it out.
    Elsewhere,
}

/// A page of older entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Previous {
    pub hash: Sha256,
    /// Events in this page and all before it.
    pub events: u64,
}

impl Previous {
    fn read(value: Value<'_, '_>) -> Option<Previous> {
        knows(value, &["events", "hash"])?;
        Some(Previous { hash: hash(value, "hash")?, events: count(value, "events").filter(|n| *n > 0)? })
    }
}

/// A manifest or a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    pub tile: Tile,
    pub segments: Vec<Entry>,
    pub previous: Option<Previous>,
}

impl Manifest {
    pub fn new(tile: Tile) -> Manifest {
        Manifest { tile, segments: Vec::new(), previous: None }
    }

    /// How many events the lane has, pages included.
    pub fn events(&self) -> u64 {
        self.before() + self.segments.iter().map(|e| e.events).sum::<u64>()
    }

    /// How many events stand in pages.
    pub fn before(&self) -> u64 {
        self.previous.map_or(0, |p| p.events)
    }

    /// How many entries, from the oldest on, are sealed.
    pub fn sealed(&self) -> usize {
        self.segments.iter().rposition(|e| e.bytes >= SEALED).map_or(0, |at| at + 1)
    }

    /// How many of the newest entries a commit of that many bytes takes into its own segment: it walks back while
    /// an entry is not sealed and no larger than twice the bytes gathered so far.
    pub fn merges(&self, bytes: u64) -> usize {
        let mut gathered = bytes;
        let open = &self.segments[self.sealed()..];
        let takes = |entry: &&Entry| {
            let small = entry.absent == Absent::No && entry.bytes <= gathered.saturating_mul(2);
            if small {
                gathered += entry.bytes;
            }
            small
        };
        open.iter().rev().take_while(takes).count()
    }

    /// Moves the oldest entries into a page, where there are so many; the page is then to be stored under its hash.
    pub fn turn_page(&mut self) -> Option<Vec<u8>> {
        if self.sealed() < FULL {
            return None;
        }
        let rest = self.segments.split_off(PAGE);
        let page = Manifest {
            tile: self.tile,
            segments: std::mem::replace(&mut self.segments, rest),
            previous: self.previous,
        };
        let bytes = page.print();
        self.previous = Some(Previous { hash: Sha256::of(&bytes), events: page.events() });
        Some(bytes)
    }

    /// The manifest as it stands on disk.
    pub fn print(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut line = Members::open(&mut out);
        if let Some(previous) = &self.previous {
            line.name("previous", &mut out);
            let mut object = Members::open(&mut out);
            object.integer("events", previous.events, &mut out);
            object.word("hash", previous.hash, &mut out);
            object.close(&mut out);
        }
        line.name("segments", &mut out);
        let mut segments = Items::open(&mut out);
        for entry in &self.segments {
            segments.next(&mut out);
            entry.print(&mut out);
        }
        segments.close(&mut out);
        line.word("tile_id", self.tile, &mut out);
        line.integer("v", VERSION, &mut out);
        line.end_line(&mut out);
        out
    }

    /// Reads a manifest or a page; `path` is for what is said of a wrong one.
    pub fn parse(bytes: &[u8], path: &Path) -> Result<Manifest, Error> {
        read(bytes, path, |top| {
            knows(top, &["previous", "segments", "tile_id", "v"])?;
            let tile = top.get("tile_id")?.as_plain_str().and_then(Tile::parse)?;
            let previous = match top.get("previous") {
                None => None,
                Some(value) => Some(Previous::read(value)?),
            };
            let list = top.get("segments").filter(|v| v.kind() == json::Kind::Array)?;
            let segments: Option<Vec<Entry>> = list.items().map(Entry::read).collect();
            let manifest = Manifest { tile, segments: segments?, previous };
            // Sums of what strangers wrote must not overflow.
            let mut sum = manifest.before();
            for entry in &manifest.segments {
                sum = sum.checked_add(entry.events).filter(|n| *n <= u64::from(u32::MAX))?;
            }
            Some(manifest)
        })
    }
}

impl Entry {
    fn print(&self, out: &mut Vec<u8>) {
        let mut object = Members::open(out);
        object.integer("bytes", self.bytes, out);
        if self.absent == Absent::Elsewhere {
            object.boolean("elsewhere", true, out);
        }
        object.integer("events", self.events, out);
        object.text("from_event", &self.from, out);
        object.word("hash", self.hash, out);
        if self.absent == Absent::Lost {
            object.boolean("lost", true, out);
        }
        object.text("to_event", &self.to, out);
        object.close(out);
    }

    fn read(value: Value<'_, '_>) -> Option<Entry> {
        knows(value, &["bytes", "elsewhere", "events", "from_event", "hash", "lost", "to_event"])?;
        let name = |key| value.get(key).and_then(Value::as_text).filter(|s| is_event_id(s));
        let is = |key| value.get(key).map_or(Some(false), Value::as_bool);
        Some(Entry {
            hash: hash(value, "hash")?,
            from: name("from_event")?,
            to: name("to_event")?,
            events: count(value, "events").filter(|n| *n > 0)?,
            bytes: count(value, "bytes").filter(|n| *n > 0)?,
            absent: match (is("lost")?, is("elsewhere")?) {
                (true, _) => Absent::Lost,
                (_, true) => Absent::Elsewhere,
                _ => Absent::No,
            },
        })
    }
}

/// Reads one of the store's JSON files, whose `v` must be known.
pub(super) fn read<T>(
    bytes: &[u8],
    path: &Path,
    parse: impl FnOnce(Value<'_, '_>) -> Option<T>,
) -> Result<T, Error> {
    let wrong = |detail: &str| Error::damaged(path, "store.manifest", detail);
    let text = std::str::from_utf8(bytes).map_err(|_| wrong("not UTF-8"))?;
    let mut tape = Tape::new();
    let top = tape.parse(text.trim_end_matches('\n'), DEPTH).map_err(|e| wrong(&e.to_string()))?;
    match top.get("v").and_then(Value::as_i64) {
        Some(VERSION) => {}
        Some(v) if v > VERSION => return Err(Error::Newer(path.to_owned())),
        _ => return Err(wrong("it has no version v")),
    }
    parse(top).ok_or_else(|| wrong("a member is missing, malformed or not known"))
}

/// Whether every member has a name that is known. A name that was known and is not any more is damage: what it said
/// would be passed over in silence.
fn knows(value: Value<'_, '_>, names: &[&str]) -> Option<()> {
    let is_known = |(name, _): (Value<'_, '_>, Value<'_, '_>)| {
        name.as_plain_str().is_some_and(|name| names.contains(&name))
    };
    value.members().all(is_known).then_some(())
}

pub(super) fn hash(value: Value<'_, '_>, key: &str) -> Option<Sha256> {
    value.get(key)?.as_text()?.parse().ok()
}

pub(super) fn count(value: Value<'_, '_>, key: &str) -> Option<u64> {
    u64::try_from(value.get(key)?.as_i64()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(bytes: u64) -> Entry {
        let name = || "evt-1".to_owned();
        Entry {
            hash: Sha256::of(&bytes.to_le_bytes()),
            from: name(),
            to: name(),
            events: 1,
            bytes,
            absent: Absent::No,
        }
    }

    fn manifest(bytes: &[u64]) -> Manifest {
        Manifest { segments: bytes.iter().map(|b| entry(*b)).collect(), ..Manifest::new(Tile::ORIGIN) }
    }

    #[test]
    fn a_manifest_prints_as_it_parses() {
        let mut whole = manifest(&[1 << 20, 5]);
        whole.segments[0].absent = Absent::Lost;
        whole.segments[1].from = "a\"\u{1f600}".to_owned();
        whole.previous = Some(Previous { hash: Sha256::of(b"page"), events: 7 });
        let text = whole.print();
        assert_eq!(Manifest::parse(&text, Path::new("m")).unwrap(), whole);
        assert!(json::is_canonical(std::str::from_utf8(&text).unwrap().trim_end()));
        assert_eq!(whole.events(), 9);
    }

    #[test]
    fn a_newer_manifest_is_not_touched() {
        let text = br#"{"segments":[],"tile_id":"z0/x0/y0","v":2}"#;
        assert!(matches!(Manifest::parse(text, Path::new("m")), Err(Error::Newer(_))));
        assert!(matches!(Manifest::parse(b"{}", Path::new("m")), Err(Error::Damaged { .. })));
    }

    #[test]
    fn a_member_that_is_not_known_or_comes_twice_is_damage() {
        let mut whole = manifest(&[1 << 20]);
        whole.previous = Some(Previous { hash: Sha256::of(b"page"), events: 7 });
        let text = String::from_utf8(whole.print()).unwrap();
        for member in
            [r#""previous":"#, r#""events":7"#, r#""hash":"#, r#""bytes":"#, r#""to_event":"#, r#""v":"#]
        {
            let other = text.replacen(member, &member.replacen('"', "\"x", 1), 1);
            assert!(Manifest::parse(other.as_bytes(), Path::new("m")).is_err(), "{other}");
            let more = text.replacen(member, &format!("\"x\":1,{member}"), 1);
            assert!(Manifest::parse(more.as_bytes(), Path::new("m")).is_err(), "{more}");
        }
        let twice = text.replacen(r#""v":1"#, r#""v":1,"v":1"#, 1);
        assert!(Manifest::parse(twice.as_bytes(), Path::new("m")).is_err());
        let odd = text.replacen(r#""bytes":"#, r#""lost":1,"bytes":"#, 1);
        assert!(Manifest::parse(odd.as_bytes(), Path::new("m")).is_err());
        assert!(Manifest::parse(text.as_bytes(), Path::new("m")).is_ok());
    }

    #[test]
    fn a_commit_takes_small_entries_with_it() {
        assert_eq!(manifest(&[70_000, 400, 200]).merges(100), 2);
        assert_eq!(manifest(&[70_000, 900, 200]).merges(100), 1);
        assert_eq!(manifest(&[70_000, 900, 201]).merges(100), 0);
        assert_eq!(manifest(&[10, 70_000]).merges(1 << 20), 0);
        assert_eq!(manifest(&[10, 70_000, 65_000]).merges(40_000), 1);
    }

    #[test]
    fn a_lane_has_few_small_entries_however_often_it_is_written() {
        let mut lane = manifest(&[]);
        let mut pages = 0;
        for _ in 0..100_000 {
            let taken = lane.merges(440);
            let rest = lane.segments.len() - taken;
            let bytes = 440 + lane.segments.drain(rest..).map(|e| e.bytes).sum::<u64>();
            lane.segments.push(entry(bytes));
            pages += usize::from(lane.turn_page().is_some());
            assert!(lane.segments.len() - lane.sealed() <= 9 && lane.sealed() < FULL);
        }
        assert!(pages >= 2 && Manifest::parse(&lane.print(), Path::new("m")).unwrap() == lane);
    }
}
