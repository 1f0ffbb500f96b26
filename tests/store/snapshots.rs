//! The records of snapshots, held against the page by other means: what binds them, what they miss, what changed.

use super::{append, event, fast_dir, files, held, init, snapshot, state, state_together};
use crate::reference::generate::{self, Rng};
use crate::reference::{self};
use crate::sample;
use crate::state::derive;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use ulp_core::id::{Lane, Time};

/// The newest record of a lane's directory, with the name of its file.
fn newest(dir: &Path) -> Option<(String, Value)> {
    let snapshots = dir.join("snapshots");
    let all = if snapshots.is_dir() { files(&snapshots) } else { Vec::new() };
    let read = |file: &std::path::PathBuf| {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        (name, serde_json::from_slice::<Value>(&fs::read(file).unwrap()).unwrap())
    };
    let seen = |record: &Value| {
        record["events"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum::<u64>()
    };
    all.iter().map(read).max_by_key(|(_, record)| seen(record))
}

/// What the events of some lanes name and no lane as loose as theirs holds, with the least times.
fn missing(lanes: &[(Lane, Vec<String>)], times: &BTreeMap<String, Time>) -> Vec<(String, Time)> {
    let mut found: BTreeMap<String, Time> = BTreeMap::new();
    let name =
        |line: &str| serde_json::from_str::<Value>(line).unwrap()["event_id"].as_str().unwrap().to_owned();
    for (lane, events) in lanes {
        let within = lanes.iter().filter(|(of, _)| of.is_no_stricter_than(*lane));
        let known: BTreeSet<String> = within.flat_map(|(_, events)| events).map(|line| name(line)).collect();
        for line in events {
            let event: Value = serde_json::from_str(line).unwrap();
            for parent in event["previous_events"].as_array().unwrap() {
                let parent = parent.as_str().unwrap();
                if !known.contains(parent) {
                    let least = found.entry(parent.to_owned()).or_insert(times[line]);
                    *least = times[line].min(*least);
                }
            }
        }
    }
    found.into_iter().collect()
}

fn text(bytes: Vec<u8>) -> Vec<String> {
    String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
}

/// Holds the newest record of every lane to what it should say; answers how many had a delta, and how many missed names.
fn hold(store: &Path, seed: u64) -> [usize; 2] {
    let lanes = held::lanes(store);
    let all: Vec<String> = lanes.values().flat_map(|lane| lane.events().cloned()).collect();
    let key = |(event, key): (String, String)| (event, Time::parse(key.split_once('/').unwrap().0).unwrap());
    let times: BTreeMap<String, Time> = reference::order(&all).into_iter().map(key).collect();
    let mut counts = [0; 2];
    for lane in lanes.values().filter(|lane| !lane.entries.is_empty()) {
        let own: Lane = lane.place[2].parse().unwrap();
        let (name, mut record) = newest(&lane.dir).unwrap_or_else(|| panic!("seed {seed}: {:?}", lane.dir));
        let within: Vec<(Lane, &held::HeldLane)> = lanes
            .values()
            .filter(|of| of.place[..2] == lane.place[..2])
            .map(|of| (of.place[2].parse().unwrap(), of))
            .filter(|(of, _): &(Lane, _)| of.is_no_stricter_than(own))
            .collect();
        let check = record.as_object_mut().unwrap().remove("check").unwrap();
        assert_eq!(check, held::digest(reference::canonical(&record)), "seed {seed}: {record}");
        let by_lane = |what: &dyn Fn(&held::HeldLane) -> Value| -> Value {
            within
                .iter()
                .map(|(of, lane)| (of.to_string(), what(lane)))
                .collect::<serde_json::Map<_, _>>()
                .into()
        };
        assert_eq!(record["events"], by_lane(&|lane| lane.events().count().into()), "seed {seed}");
        assert_eq!(record["covers"], by_lane(&|lane| lane.covers()), "seed {seed}: {:?}", lane.dir);
        let events =
            within.iter().map(|(of, lane)| (*of, lane.events().cloned().collect())).collect::<Vec<_>>();
        let missed = missing(&events, &times);
        let listed: Vec<Value> = missed.iter().map(|(name, time)| json!([name, time.to_string()])).collect();
        assert_eq!(record["missing"], Value::from(listed), "seed {seed}");
        let base = text(held::object(store, &record["snapshot"]));
        let delta =
            if record["delta"].is_null() { Vec::new() } else { text(held::object(store, &record["delta"])) };
        let joined = derive(&[base.clone(), delta.clone()].concat()).0;
        assert_eq!(record["root"], held::digest(&joined), "seed {seed}");
        assert_eq!(record["root"], format!("blake3:{name}"));
        assert_eq!((&record["v"], &record["derivation"]), (&json!(2), &json!(1)));
        assert!(delta.iter().all(|line| !base.contains(line)), "seed {seed}: a line that did not change");
        counts[0] += usize::from(!delta.is_empty());
        counts[1] += usize::from(!missed.is_empty());
    }
    counts
}

const HISTORIES: u64 = 150;

#[test]
fn records_say_what_they_rest_on_and_miss() {
    let mut counts = [0; 2];
    for seed in sample::of(0..HISTORIES, 10) {
        let mut rng = Rng::new(seed);
        let mut lines = generate::history(seed, 40 + (seed % 60) as usize);
        generate::shuffle(&mut rng, &mut lines);
        let dir = fast_dir();
        let path = dir.path().join("w");
        let store = init(&path);
        for (n, part) in lines.chunks(lines.len().div_ceil(6)).enumerate() {
            append(&store, part);
            if rng.chance(30) {
                append(&store, &super::facts::weights(part, n));
            }
            snapshot(&store);
            let here = hold(&path, seed);
            counts = [counts[0] + here[0], counts[1] + here[1]];
        }
    }
    crate::run::say(&format!("records with a delta {}, with missing names {}", counts[0], counts[1]));
    let least = sample::size([20, 200], [2, 20]);
    assert!(counts[0] >= least[0] && counts[1] >= least[1], "{counts:?}");
}

/// An event that makes a node, at a time, after others.
fn after(name: &str, time: usize, parents: &[&str]) -> String {
    let line = event(0, "z0/x0/y0", "team").replace("\"evt-0\"", &json!(name).to_string());
    let line = line.replace("\"n0\"", &json!(format!("node-{name}")).to_string());
    line.replace("1730000000", &time.to_string())
        .replace("\"previous_events\":[]", &format!("\"previous_events\":{}", json!(parents)))
}

fn record(store: &Path) -> Value {
    newest(&store.join("spaces/s/tiles/z0/x0/y0/team.public")).unwrap().1
}

#[test]
fn a_missing_parent_moves_something_or_it_does_not() {
    let dir = fast_dir();
    let path = dir.path().join("w");
    let store = init(&path);
    let mut all: Vec<String> = (1..40).map(|n| after(&format!("e{n:02}"), n, &[])).collect();
    all.push(after("f", 100, &["early x", "late"]));
    append(&store, &all);
    snapshot(&store);
    let first = record(&path);
    assert_eq!(
        (&first["delta"], &first["missing"]),
        (&json!(null), &json!([["early x", "100"], ["late", "100"]]))
    );
    for (name, time, is_used, missing) in
        [("early x", 99, true, json!([["late", "100"]])), ("late", 100, false, json!([]))]
    {
        all.push(after(name, time, &[]));
        append(&store, &all);
        let (text, used) = state(&store, true);
        assert_eq!((text, used[1] == 1), (derive(&all).0, is_used), "{name}");
        assert_eq!(state_together(&store), derive(&all).0, "{name}");
        snapshot(&store);
        let record = record(&path);
        assert_eq!(record["missing"], missing, "{name}");
        assert_eq!(
            (record["snapshot"] == first["snapshot"], record["delta"].is_string()),
            (is_used, is_used),
            "{name}"
        );
    }
    hold(&path, 0);
}

#[test]
fn what_changed_is_written_until_it_is_a_quarter() {
    let dir = fast_dir();
    let path = dir.path().join("w");
    let store = init(&path);
    // More than the keys that a tile line holds, so that an event changes little of it.
    let mut all: Vec<String> = (1..400).map(|n| event(n, "z0/x0/y0", "team")).collect();
    append(&store, &all);
    snapshot(&store);
    let whole = record(&path);
    let (mut deltas, mut n) = (0, 400);
    loop {
        all.extend((n..n + 20).map(|n| event(n, "z0/x0/y0", "team")));
        n += 20;
        append(&store, &all);
        snapshot(&store);
        hold(&path, n as u64);
        let now = record(&path);
        if now["snapshot"] != whole["snapshot"] {
            assert!(now["delta"].is_null());
            break;
        }
        let (base, delta) = (held::object(&path, &now["snapshot"]), held::object(&path, &now["delta"]));
        assert!(delta.len() * 4 <= base.len());
        deltas += 1;
    }
    assert!((2..10).contains(&deltas), "{deltas}");
    assert_eq!(state(&store, true).0, derive(&all).0);
}

#[test]
fn many_missing_names_are_an_object_that_goes_with_the_snapshot() {
    let dir = fast_dir();
    let path = dir.path().join("w");
    let store = init(&path);
    let names: Vec<String> = (0..100).map(|n| format!("gone {n:03}")).collect();
    let parents: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut all: Vec<String> =
        parents.chunks(20).enumerate().map(|(n, p)| after(&format!("e{n}"), 50 + n, p)).collect();
    append(&store, &all);
    snapshot(&store);
    let said = record(&path)["missing"].clone();
    let lines = text(held::object(&path, &said["object"]));
    let expected: Vec<String> =
        names.iter().enumerate().map(|(n, name)| format!("{name} {}", 50 + n / 20)).collect();
    assert_eq!((said["names"].as_u64(), &lines), (Some(100), &expected));
    // It is referenced, and used: what moves nothing leaves the snapshot usable.
    let hex = said["object"].as_str().unwrap().strip_prefix("sha256:").unwrap().to_owned();
    let object = path.join("objects/sha256").join(&hex[..2]).join(&hex[2..]);
    let prune = ulp_store::prune::Prune {
        keep: 2,
        older_than: std::time::Duration::ZERO,
        blobs: true,
        dry_run: false,
        clock: std::time::Instant::now,
    };
    store.prune(&prune).unwrap();
    store.prune(&prune).unwrap();
    assert!(object.is_file());
    all.push(after("gone 007", 3, &[]));
    append(&store, &all);
    let (text, used) = state(&store, true);
    assert_eq!((text, used), (derive(&all).0, [0, 1]));
    // Without it the snapshot is as good as missing; and what no record names is pruned.
    let bytes = fs::read(&object).unwrap();
    fs::remove_file(&object).unwrap();
    assert_eq!(state(&store, true), (derive(&all).0, [0, 0]));
    fs::write(&object, bytes).unwrap();
    for _ in 0..3 {
        all.push(after(&format!("more {}", all.len()), 200 + all.len(), &[]));
        append(&store, &all);
        snapshot(&store);
    }
    store.prune(&prune).unwrap();
    store.prune(&prune).unwrap();
    assert!(!object.is_file());
    assert_eq!(state(&store, true).0, derive(&all).0);
}

#[test]
fn a_record_of_the_first_version_is_passed_over_and_pruned() {
    let dir = fast_dir();
    let path = dir.path().join("w");
    let store = init(&path);
    let all = [event(1, "z0/x0/y0", "team"), event(2, "z0/x0/y0", "team")];
    append(&store, &all[..1]);
    let lane = path.join("spaces/s/tiles/z0/x0/y0/team.public");
    fs::create_dir(lane.join("snapshots")).unwrap();
    let (name, digest) = ("0".repeat(64), format!("sha256:{}", "1".repeat(64)));
    let old = json!({"derivation": 1, "events": {"team.public": 1}, "missing": [], "root": format!("blake3:{name}"), "snapshot": digest, "v": 1});
    fs::write(lane.join(format!("snapshots/{name}.json")), old.to_string() + "\n").unwrap();
    append(&store, &all[1..]);
    assert_eq!(state(&store, true), (derive(&all).0, [0, 0]));
    let findings = store.check_lanes(true).unwrap();
    assert!(
        findings.iter().any(|f| f.code == "store.snapshot" && f.severity == ulp_store::check::Severity::Info)
    );
    assert!(findings.iter().all(|f| f.severity == ulp_store::check::Severity::Info));
}

#[test]
fn a_snapshot_of_what_is_lost_is_passed_over_and_kept() {
    let dir = fast_dir();
    let path = dir.path().join("w");
    let store = init(&path);
    // A segment each: the second is sealed by the weight in it.
    let first = vec![event(1, "z0/x0/y0", "team")];
    let all = [first.clone(), super::facts::weights(&first, 0)].concat();
    append(&store, &all);
    snapshot(&store);
    let good = state(&store, true);
    assert_eq!(good.1, [1, 0]);
    let lane = path.join("spaces/s/tiles/z0/x0/y0/team.public");
    let manifest = fs::read_to_string(lane.join("manifest.json")).unwrap();
    let lost = manifest.replace("\"to_event\"", "\"lost\":true,\"to_event\"");
    fs::write(lane.join("manifest.json"), lost).unwrap();
    assert_eq!(state(&store, true), (Vec::new(), [0, 0]));
    // None is made of what is not here; and the one that was is there still when the events come back.
    snapshot(&store);
    let prune = ulp_store::prune::Prune {
        keep: 2,
        older_than: std::time::Duration::ZERO,
        blobs: false,
        dry_run: false,
        clock: std::time::Instant::now,
    };
    store.prune(&prune).unwrap();
    store.prune(&prune).unwrap();
    assert!(store.check_lanes(false).unwrap().iter().all(|finding| finding.code != "store.snapshot"));
    assert_eq!(files(&lane.join("snapshots")).len(), 1);
    fs::write(lane.join("manifest.json"), manifest).unwrap();
    append(&store, &all);
    assert_eq!(state(&store, true).0, good.0);
}
