//! The store: whatever is appended, in whatever parts, with snapshots at any time between, it reads back as the
//! replay of everything.

mod damage;
mod facts;
mod faults;
mod flat;
mod flips;
mod heads;
mod held;
mod histories;
mod litter;
mod numbers;
mod planted;
mod snapshots;
mod swaps;
mod together;
mod work;

use std::path::Path;
use ulp_core::event::{Defaults, Line, Reader};
use ulp_core::json::Tape;
use ulp_core::root;
use ulp_core::world::Filter;
use ulp_store::read::{Place, Wanted};
use ulp_store::snapshot::make::make;
use ulp_store::{Appender, Error, LaneId, Offer, Store, digest};

/// A new store.
pub fn init(path: &Path) -> Store {
    Store::init(path, false, b"version: 1\n").unwrap()
}

/// Appends whole lines in one commit, and answers how many were not there yet.
pub fn append(store: &Store, lines: &[String]) -> usize {
    try_append(store, lines).unwrap()
}

/// As [`append`], where the store may be damaged.
pub fn try_append(store: &Store, lines: &[String]) -> Result<usize, Error> {
    let mut appender = Appender::new(store);
    let defaults = Defaults::default();
    let mut taken = 0;
    for line in lines {
        let arena = bumpalo::Bump::new();
        let Ok(Line::Event(event)) = Reader::new(&arena, &defaults).read(line) else { panic!("{line}") };
        let mut text = Vec::new();
        event.write_canonical(&mut Tape::new(), &mut text);
        let id = LaneId { space: event.space.to_owned(), tile: event.tile, lane: event.lane() };
        let lane = appender.lane(&id)?;
        taken += usize::from(matches!(appender.offer(lane, digest(&text), &text)?, Offer::Taken(_)));
    }
    let doubles = appender.commit()?;
    appender.settle()?;
    Ok(taken - doubles.len())
}

/// The state of a store, and of how many lanes it came from a snapshot with or without events after it.
pub fn state(store: &Store, snapshots: bool) -> (Vec<u8>, [usize; 2]) {
    let (mut text, mut used) = (Vec::new(), [0; 2]);
    for place in store.tiles().unwrap() {
        each(store, &place, snapshots, |replay| {
            assert!(replay.damage.is_empty(), "{:?}", replay.damage);
            for part in replay.parts.iter().filter(|p| p.base.is_some()) {
                used[usize::from(part.has_news())] += 1;
            }
            replay.states(&Filter::default(), false, |_, lines| text.extend_from_slice(lines));
        });
    }
    (text, used)
}

/// The state of a store whose tiles are read all at once, as views do.
pub fn state_together(store: &Store) -> Vec<u8> {
    let filter = Filter::default();
    let places = store.tiles().unwrap();
    let derived = store.replay_together(&places, Wanted::new(&filter, true), false, |read| {
        let mut text = Vec::new();
        for tile in 0..read.world.len() {
            let arena = bumpalo::Bump::new();
            root::write_tile(&read.world.derive(tile, &filter, &arena, false), &mut text);
        }
        text
    });
    derived.unwrap()
}

fn each(store: &Store, place: &Place, snapshots: bool, work: impl FnOnce(&ulp_store::read::Replay<'_, '_>)) {
    let filter = Filter::default();
    store.replay(place, Wanted::new(&filter, snapshots), false, |replay| work(&replay)).unwrap();
}

/// Keeps a snapshot of every lane.
pub fn snapshot(store: &Store) {
    for place in store.tiles().unwrap() {
        let mut shots = Vec::new();
        each(store, &place, true, |replay| {
            replay.states(&Filter::default(), false, |part, lines| {
                shots.extend(make(replay, part, lines).unwrap());
            });
        });
        store.keep(&shots).unwrap();
    }
}

/// In memory where there is such a place: for what is not about the disk.
pub fn fast_dir() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// An event that makes a node.
pub fn event(n: usize, tile: &str, realm: &str) -> String {
    format!(
        r#"{{"actor_id":"user:a","event_id":"evt-{n}","layer_id":"l","node_id":"n{n}","operation":"create_node","preserves_invariants":[],"previous_events":[],"scope":{{"authority":"source","boundary":"interior","policy":"public","realm":"{realm}"}},"space_id":"s","tile":"{tile}","timestamp":{}}}"#,
        1_730_000_000 + n
    )
}

/// A store of one lane with a page: sealed entries of one event each, more than a manifest holds, then three events in
/// three entries that are not sealed. Nobody waits for sixteen megabytes to be sealed one by one.
pub fn with_page(path: &Path) -> (Store, Vec<String>) {
    use ulp_store::manifest::{FULL, Manifest, SEALED};
    let store = init(path);
    let lane: LaneId = LaneId {
        space: "s".to_owned(),
        tile: ulp_core::id::Tile::ORIGIN,
        lane: ulp_core::id::Scope::default().into(),
    };
    let mut lines: Vec<String> = (0..FULL).map(|n| event(n, "z0/x0/y0", "team")).collect();
    let pad = "x".repeat(usize::try_from(SEALED).unwrap());
    lines[FULL - 1] =
        lines[FULL - 1].replace(r#""scope""#, &format!(r#""properties":{{"pad":"{pad}"}},"scope""#));
    let segments: Vec<Vec<u8>> = lines.iter().map(|line| format!("{line}\n").into_bytes()).collect();
    let entry =
        |segment: &Vec<u8>| ulp_store::segment::entry_of(ulp_core::hash::Sha256::of(segment), segment);
    let manifest = Manifest { segments: segments.iter().map(entry).collect(), ..Manifest::new(lane.tile) };
    let blobs: Vec<_> =
        manifest.segments.iter().zip(&segments).map(|(e, bytes)| (e.hash, &bytes[..])).collect();
    let mut commit = store.commit().unwrap();
    commit.put(&blobs).unwrap();
    let (dir, name) = (lane.dir(), ulp_store::MANIFEST.to_owned());
    commit.publish(vec![ulp_store::commit::Draft { dir, name, bytes: manifest.print() }]).unwrap();
    commit.release().unwrap();
    for n in [FULL, FULL + 1, FULL + 3] {
        // Each larger than twice the next, so that none is taken into another.
        let more: Vec<String> = (n..=n + (FULL + 3 - n) * 2).map(|n| event(n, "z0/x0/y0", "team")).collect();
        let new: Vec<String> = more.into_iter().filter(|line| !lines.contains(line)).collect();
        append(&store, &new);
        lines.extend(new);
    }
    assert!(store.manifest(&lane).unwrap().unwrap().0.previous.is_some());
    (store, lines)
}

/// Every regular file below a directory.
pub fn files(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                open.push(entry.path())
            } else {
                found.push(entry.path())
            }
        }
    }
    found.sort();
    found
}
