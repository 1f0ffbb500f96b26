//! Every byte of a small store is damaged in turn (in a sample, some): it is found, or it changes nothing.

use super::{append, event, fast_dir, files, init, snapshot, state};
use crate::sample;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use ulp_store::check::Finding;
use ulp_store::{Error, Store};

fn findings(store: &Store, replay: bool) -> Result<Vec<Finding>, Error> {
    let mut findings = store.check_objects()?;
    findings.extend(store.check_lanes(replay)?);
    Ok(findings)
}

/// What anybody can ask: the states, with and without the help of snapshots, and whether the events are known.
fn asked(store: &Store, events: &[String]) -> (Vec<u8>, Vec<u8>, usize) {
    (state(store, true).0, state(store, false).0, append(store, events))
}

#[test]
fn a_damaged_byte_is_found_or_harmless() {
    let dir = fast_dir();
    let path = dir.path().join("w");
    let store = init(&path);
    let realms = ["team", "team", "public", "team"];
    let events: Vec<String> = (1..).zip(realms).map(|(n, realm)| event(n, "z0/x0/y0", realm)).collect();
    append(&store, &events[..3]);
    snapshot(&store);
    append(&store, &events[3..]);
    let (good, clean) = (asked(&store, &events), findings(&store, true).unwrap());
    let (mut tried, mut found, mut by_replay, mut harmless) = (0, 0, 0, 0);
    for file in files(&path) {
        let below = file.strip_prefix(&path).unwrap().to_owned();
        // The rules are their writer's own text: nothing knows what they were to say.
        if below == Path::new(".ulp-root") {
            continue;
        }
        let bytes = std::fs::read(&file).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        // Objects and the cache's pages have a hash over all their bytes; of the rest each bit is another matter.
        let is_hashed = below.starts_with("objects") || below.starts_with("cache");
        let bits = (0..bytes.len()).flat_map(|at| (0..8).map(move |bit| (at, bit)));
        for (at, bit) in sample::of(bits.filter(|(at, bit)| !is_hashed || *bit == at % 8), 10) {
            let mut bad = bytes.clone();
            bad[at] ^= 1 << bit;
            std::fs::write(&file, &bad).unwrap();
            tried += 1;
            let is_clean = |replay| findings(&store, replay).is_ok_and(|now| now == clean);
            if !is_clean(false) {
                found += 1;
            } else if !is_clean(true) {
                by_replay += 1;
            } else {
                assert!(asked(&store, &events) == good, "{}, byte {at}, bit {bit}", below.display());
                harmless += 1;
            }
        }
        std::fs::write(&file, &bytes).unwrap();
    }
    assert!(asked(&store, &events) == good);
    crate::run::say(&format!(
        "bits damaged {tried}, found {found}, by a replay {by_replay}, harmless {harmless}"
    ));
    assert!(found > sample::size(10_000, 1_000));
}

#[test]
fn a_lost_segment_comes_back_with_its_events() {
    let dir = fast_dir();
    let path = dir.path().join("w");
    let store = init(&path);
    let events: Vec<String> = (0..5).map(|n| event(n, "z0/x0/y0", "team")).collect();
    append(&store, &events);
    let (good, object) = (state(&store, false).0, files(&path.join("objects")).remove(0));
    std::fs::set_permissions(&object, std::fs::Permissions::from_mode(0o644)).unwrap();
    std::fs::write(&object, b"{}\n").unwrap();
    store.repair().unwrap();
    assert!(findings(&store, false).unwrap().iter().all(|f| f.code != "store.object"));
    assert_eq!(append(&store, &events), 5);
    assert_eq!(state(&store, false).0, good);
    assert_eq!(append(&store, &events), 0);
}

#[test]
fn a_lost_manifest_is_found_again_from_the_segments() {
    let dir = fast_dir();
    let path = dir.path().join("w");
    let store = init(&path);
    for n in 0..20 {
        append(&store, &[event(n, "z0/x0/y0", if n % 2 == 0 { "team" } else { "public" })]);
        if n == 9 {
            snapshot(&store);
        }
    }
    let good = state(&store, false).0;
    std::fs::remove_file(path.join("spaces/s/tiles/z0/x0/y0/team.public/manifest.json")).unwrap();
    assert!(findings(&store, false).unwrap().iter().any(|f| f.code == "store.manifest"));
    store.repair().unwrap();
    assert_eq!(state(&store, true).0, good);
    let all: Vec<String> =
        (0..20).map(|n| event(n, "z0/x0/y0", if n % 2 == 0 { "team" } else { "public" })).collect();
    assert_eq!(append(&store, &all), 0);
}
