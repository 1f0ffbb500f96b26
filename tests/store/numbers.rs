//! What a manifest says is held to what is there: a number or a name in it that is changed is found by whoever rests on
//! it, and a repair mends it from the objects.

use super::{fast_dir, with_page};
use crate::{run, sample};
use serde_json::{Value, json};
use std::path::Path;

const LANE: &str = "w/spaces/s/tiles/z0/x0/y0/team.public";

/// What changes a manifest.
type Change = (&'static str, fn(&mut Value));

/// The first and the last entry of the manifest; of those that are sealed a snapshot may cover one.
const CHANGES: [Change; 15] = [
    ("events of the first", |m| m["segments"][0]["events"] = json!(2)),
    ("events of the last", |m| last(m)["events"] = json!(9)),
    ("bytes of the first", |m| m["segments"][0]["bytes"] = json!(100)),
    ("bytes of the last", |m| last(m)["bytes"] = json!(70_000)),
    ("first event", |m| m["segments"][0]["from_event"] = json!("evt-x")),
    ("last event", |m| last(m)["to_event"] = json!("evt-x")),
    ("hash", |m| flip(&mut last(m)["hash"])),
    ("tile", |m| m["tile_id"] = json!("z0/x0/y1")),
    ("events of the page", |m| m["previous"]["events"] = json!(127)),
    ("hash of the page", |m| flip(&mut m["previous"]["hash"])),
    ("name of the page", |m| {
        let previous = m.as_object_mut().unwrap().remove("previous").unwrap();
        m["prevjous"] = previous;
    }),
    ("a member more", |m| m["more"] = json!(1)),
    ("a member more in an entry", |m| last(m)["more"] = json!(1)),
    ("a member more in the page", |m| m["previous"]["more"] = json!(1)),
    ("no entries", |m| m["segments"] = json!({})),
];

fn last(manifest: &mut Value) -> &mut Value {
    manifest["segments"].as_array_mut().unwrap().last_mut().unwrap()
}

fn flip(hash: &mut Value) {
    let text = hash.as_str().unwrap();
    let digit = if text.ends_with('0') { '1' } else { '0' };
    *hash = json!(format!("{}{digit}", &text[..text.len() - 1]));
}

/// Everything that rests on a manifest, and what it prints.
const READERS: [&str; 8] = [
    "ulp-materialize --store w",
    "ulp-materialize --store w --events",
    "ulp-materialize --store w --snapshot",
    "ulp-store stat --store w | jq -c 'del(.snapshots)'",
    "ulp-store heads --store w",
    "tile-pack --store w | tile-unpack --list",
    "tile-unpack --list w",
    "ulp-append --store w all.jsonl",
];

fn ask(reader: &str, dir: &Path) -> (i32, Vec<u8>) {
    let done = run::shell(&format!("{reader} 2> log"), dir);
    (done.status.code().unwrap(), done.stdout)
}

/// Asks a copy of the store, so that nothing that is tried is left over.
fn ask_anew(reader: &str, dir: &Path) -> (i32, Vec<u8>) {
    run::sh("rm -rf w; cp -a start w", dir);
    ask(reader, dir)
}

#[test]
fn a_number_that_is_changed_is_found_by_whoever_rests_on_it_and_mended() {
    let dir = fast_dir();
    let dir = dir.path();
    let (_, lines) = with_page(&dir.join("good"));
    std::fs::write(dir.join("all.jsonl"), lines.join("\n") + "\n").unwrap();
    // Every change is tried on a lane that is read from a snapshot too.
    run::sh("cp -a good cached; ulp-materialize --store cached --snapshot > out 2> log", dir);
    let mut tried = 0;
    for source in ["good", "cached"] {
        run::sh(&format!("rm -rf start; cp -a {source} start"), dir);
        let good: Vec<_> = READERS.iter().map(|reader| ask_anew(reader, dir)).collect();
        for (name, change) in sample::of(CHANGES, 3) {
            let damage = || {
                run::sh("rm -rf w; cp -a start w", dir);
                let path = dir.join(LANE).join("manifest.json");
                let mut manifest: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
                change(&mut manifest);
                std::fs::write(&path, manifest.to_string() + "\n").unwrap();
            };
            for (reader, good) in READERS.iter().zip(&good) {
                damage();
                let (status, out) = ask(reader, dir);
                // A segment that is not there counts as lost, and its events come back.
                let comes_back = name == "hash" && reader.starts_with("ulp-append");
                assert!(
                    status == 3 || (status, &out) == (good.0, &good.1) || comes_back,
                    "{source}, {name}, {reader}: {status}"
                );
                tried += 1;
            }
            damage();
            let (status, found) = ask("ulp-store check --store w", dir);
            assert_eq!(status, 3, "{source}, {name}: {}", String::from_utf8_lossy(&found));
            let prune = "ulp-store prune --store w --older-than 0s";
            ask(prune, dir);
            ask(prune, dir);
            let (status, found) = ask("ulp-store check --repair --store w", dir);
            assert_eq!(status, 0, "{source}, {name}: {}", String::from_utf8_lossy(&found));
            for (at, reader) in READERS.iter().enumerate().filter(|(_, r)| !r.contains("snapshot")) {
                let now = ask(reader, dir);
                let is_same = [0, 3, 4, 7].contains(&at);
                assert!(
                    now.0 == good[at].0 && (!is_same || now == good[at]),
                    "{source}, {name}, {reader}: {now:?}"
                );
            }
        }
    }
    run::say(&format!("questions asked of manifests that were changed {tried}"));
}

#[test]
fn nothing_is_pruned_while_a_name_may_be_wrong() {
    let dir = fast_dir();
    let dir = dir.path();
    let (_, lines) = with_page(&dir.join("w"));
    std::fs::write(dir.join("all.jsonl"), lines.join("\n") + "\n").unwrap();
    run::sh("find w/objects -type f | sort > before", dir);
    let manifest = dir.join(LANE).join("manifest.json");
    let text = std::fs::read(&manifest).unwrap();
    let ways: [fn(&Path); 3] = [
        |manifest| {
            let text = std::fs::read_to_string(manifest).unwrap();
            std::fs::write(manifest, text.replace("\"previous\"", "\"prevjous\"")).unwrap();
        },
        |manifest| {
            let text = std::fs::read_to_string(manifest).unwrap();
            let at = text.rfind("sha256:").unwrap() + 10;
            let digit = if &text[at..=at] == "0" { "1" } else { "0" };
            std::fs::write(manifest, format!("{}{digit}{}", &text[..at], &text[at + 1..])).unwrap();
        },
        |manifest| std::fs::remove_file(manifest).unwrap(),
    ];
    for way in ways {
        way(&manifest);
        let prune = "ulp-store prune --store w --older-than 0s > out 2> log";
        assert_eq!(run::shell(&format!("{prune}; {prune}"), dir).status.code(), Some(3));
        run::sh("find w/objects -type f | sort | cmp - before", dir);
        assert_eq!(run::shell("ulp-materialize --store w > out 2> log", dir).status.code(), Some(3));
        assert_eq!(
            run::shell("ulp-store check --objects --store w > out 2> log", dir).status.code(),
            Some(3)
        );
        std::fs::write(&manifest, &text).unwrap();
        run::sh("ulp-store check --objects --store w > out 2> log", dir);
    }
}
