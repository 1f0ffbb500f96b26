//! What an append, a snapshot and a cold start cost does not depend on how long the history is, and what a snapshot costs
//! follows from the news: counted in files that are opened, lines that are parsed, bytes of objects that are read and
//! written, and syncs, not in seconds.

use super::{append, fast_dir, files, init};
use crate::run;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

const NODES: usize = 40;
const TILES: usize = 3;
/// Events that arrive at once, so that segments are as small as they may stay.
const BATCH: usize = 300;

/// An event on one of few nodes, so that the state is the same however long the history.
fn event(n: usize) -> String {
    event_of(n, TILES, NODES)
}

/// The same in so many tiles, with so many nodes in each.
fn event_of(n: usize, tiles: usize, nodes: usize) -> String {
    let (tile, node) = (n % tiles, n % (nodes * tiles));
    let (x, y) = (tile % 8, tile / 8);
    let operation = if n < nodes * tiles { "create_node" } else { "set_properties" };
    let parents = if n < tiles { String::new() } else { format!("\"evt-{}\"", n - tiles) };
    format!(
        r#"{{"actor_id":"user:a","event_id":"evt-{n}","layer_id":"l","node_id":"n{node}","operation":"{operation}","preserves_invariants":["adjacency","exclusion","consistency","boundary_discipline"],"previous_events":[{parents}],"properties":{{"rev":{n}}},"scope":{{"authority":"source","boundary":"interior","policy":"public","realm":"team"}},"space_id":"s","tile":"z0/x{x}/y{y}","timestamp":{}}}"#,
        1_730_000_000 + n
    )
}

/// What a command did.
#[derive(Debug)]
struct Work {
    /// Files and directories opened.
    opened: usize,
    objects: usize,
    /// Bytes of those objects.
    bytes: u64,
    /// Bytes of objects that were not there before, and how many they are.
    written: u64,
    new: usize,
    syncs: usize,
    /// Lines that were parsed, as the witness says.
    lines: u64,
}

/// Runs a command in `dir`, in which the store is `w`, and counts.
fn work(dir: &Path, command: &str) -> Work {
    let trace = dir.join("trace");
    let before: BTreeSet<_> = files(&dir.join("w/objects")).into_iter().collect();
    let script = format!(
        "strace -f -qq -y -o trace -e trace=openat,openat2,fsync,fdatasync,syncfs {command} > out 2> err"
    );
    run::sh(&script, dir);
    let text = std::fs::read_to_string(trace).unwrap();
    let (mut opened, mut syncs, mut objects) = (0, 0, BTreeSet::new());
    for line in text.lines().filter(|line| !line.contains(" = -1 ")) {
        syncs += usize::from(line.contains("sync(") || line.contains("syncfs("));
        let Some(path) = line.rsplit_once(" = ").and_then(|(_, fd)| fd.split('<').nth(1)) else { continue };
        let path = path.trim_end_matches('>');
        opened +=
            usize::from((line.contains("openat(") || line.contains("openat2(")) && path.contains("/w/"));
        if path.contains("/w/objects/") && Path::new(path).is_file() {
            objects.insert(path.to_owned());
        }
    }
    let size = |path: &Path| std::fs::metadata(path).map_or(0, |of| of.len());
    let bytes = objects.iter().map(|path| size(Path::new(path))).sum();
    let new: Vec<_> =
        files(&dir.join("w/objects")).into_iter().filter(|path| !before.contains(path)).collect();
    let written = new.iter().map(|path| size(path)).sum();
    Work { opened, objects: objects.len(), bytes, written, new: new.len(), syncs, lines: lines_read(dir) }
}

/// How many lines the witness in `err` says were read.
fn lines_read(dir: &Path) -> u64 {
    let log = std::fs::read_to_string(dir.join("err")).unwrap();
    let witness: Value = serde_json::from_str(log.lines().next_back().unwrap()).unwrap();
    witness["read"].as_u64().unwrap()
}

/// The work of a few commands on a store with so many events.
fn works(events: usize) -> Vec<(&'static str, Work)> {
    let dir = fast_dir();
    let store = init(&dir.path().join("w"));
    let lines: Vec<String> = (0..events + 60).map(event).collect();
    for batch in lines[..events].chunks(BATCH) {
        append(&store, batch);
    }
    let write = |name: &str, lines: &[String]| std::fs::write(dir.path().join(name), lines.concat()).unwrap();
    let ended: Vec<String> = lines.iter().map(|line| format!("{line}\n")).collect();
    let (first, rest) = ended[events..].split_at(TILES);
    write("first", first);
    write("one", &rest[..1]);
    write("some", &rest[1..]);
    let draft = r#"{"space_id":"s","layer_id":"l","actor_id":"user:a","operation":"set_properties","node_id":"n1","properties":{"rev":1},"preserves_invariants":["exclusion"]}"#;
    write("draft", &[format!("{draft}\n")]);
    let at = |command| work(dir.path(), command);
    // The first question to a tile is answered from all its events, and what it finds is kept.
    at("ulp-append -j 1 --store w first");
    let append_one = at("ulp-append -j 1 --store w one");
    at("ulp-append -j 1 --now 1740000000 --store w draft");
    let append_draft = at("ulp-append -j 1 --now 1740000001 --store w draft");
    at("ulp-materialize -j 1 --store w --snapshot");
    run::sh(
        "ulp-append -j 1 --store w some > out 2> err; ulp-materialize -j 1 --store w > state 2> err",
        dir.path(),
    );
    let read = at("ulp-materialize -j 1 --store w");
    let snapshot = at("ulp-materialize -j 1 --store w --snapshot");
    vec![("append", append_one), ("draft", append_draft), ("materialize", read), ("snapshot", snapshot)]
}

fn has_strace() -> bool {
    let has = std::process::Command::new("strace").arg("-V").output().is_ok_and(|o| o.status.success());
    if !has {
        run::skipped("strace counts what is opened, and is missing");
    }
    has
}

#[test]
fn work_does_not_grow_with_history() {
    if !has_strace() {
        return;
    }
    let (short, long) = (works(3_000), works(30_000));
    for ((what, before), (_, after)) in short.iter().zip(&long) {
        run::say(&format!("{what} after 3,000 events: {before:?}, after 30,000: {after:?}"));
        // Ten times the history is a few tables of the cache more, and no more of the events themselves.
        assert!(after.opened <= before.opened + 60, "{what}: {before:?} then {after:?}");
        assert!(after.objects <= before.objects + 12, "{what}: {before:?} then {after:?}");
        assert!(after.bytes <= before.bytes + (512 << 10), "{what}: {before:?} then {after:?}");
        assert_eq!(after.lines, before.lines, "{what}");
    }
    let append = &long[0].1;
    assert!(append.syncs <= 5, "{append:?}");
}

/// Tiles and nodes of a store whose state is worth keeping.
const MANY: usize = 64;
const EACH: usize = 50;

#[test]
fn what_a_snapshot_costs_follows_from_the_news() {
    if !has_strace() {
        return;
    }
    let dir = fast_dir();
    let store = init(&dir.path().join("w"));
    let event = |n| event_of(n, MANY, EACH);
    let all = MANY * EACH;
    append(&store, &(0..all).map(event).collect::<Vec<_>>());
    let snapshot = || work(dir.path(), "ulp-materialize -j 1 --store w --snapshot");
    let materialize = || work(dir.path(), "ulp-materialize -j 1 --store w");
    let first = snapshot();
    assert_eq!((first.lines, first.new), (all as u64, MANY), "{first:?}");
    // The state comes from the snapshots: one object a tile, and no line but those that bind it to its events, which are
    // hashed and not parsed.
    let read = materialize();
    assert_eq!((read.lines, read.objects), (0, 2 * MANY), "{read:?}");
    let again = snapshot();
    assert_eq!((again.lines, again.new, again.syncs), (0, 0, 0), "{again:?}");
    // An event in every tile: it, its node's line and the tile's are read, and the last two are written.
    append(&store, &(all..all + MANY).map(event).collect::<Vec<_>>());
    let some = snapshot();
    assert_eq!((some.lines, some.new), (3 * MANY as u64, MANY), "{some:?}");
    assert!(some.written * 8 <= first.written, "{some:?} after {first:?}");
    let read = materialize();
    // What changed is joined with what it changed; the tail is two segments now.
    assert_eq!((read.lines, read.objects), (4 * MANY as u64, 4 * MANY), "{read:?}");
    // Events in one tile: the others are looked at, and left alone.
    let next = all + MANY;
    append(&store, &(next..next + 5 * MANY).step_by(MANY).map(event).collect::<Vec<_>>());
    let one = snapshot();
    assert!(one.lines <= 20 && one.new == 1, "{one:?}");
    assert!(one.written * 20 <= some.written, "{one:?} after {some:?}");
    assert!(one.syncs <= 8, "{one:?}");
    run::say(&format!(
        "snapshots of {MANY} tiles: {first:?}, after an event in each {some:?}, after five in one {one:?}"
    ));
}
