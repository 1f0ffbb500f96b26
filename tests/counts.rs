//! What the witness counts: every line that was read met one of four fates, whatever tool reads it with which option,
//! and none is counted twice.

use crate::run;
use serde_json::Value;
use std::path::Path;

const EVENT: &str = r#""timestamp":1730000000,"actor_id":"u","operation":"create_node""#;

/// Lines of every fate, each of which counts once; and blank ones, which do not.
fn lines() -> Vec<String> {
    let event = |n: usize, rest: &str| format!(r#"{{"event_id":"e{n}","node_id":"n{n}",{EVENT}{rest}}}"#);
    let mut lines: Vec<String> = (0..40).map(|n| event(n, "")).collect();
    lines.push(lines[3].clone());
    lines.push(lines[4].replace("\"event_id\":\"e4\",", "").replace('}', ",\"event_id\":\"e4\"}"));
    let scopes = [
        r#"{"policy":"private"}"#,
        r#"{"policy":"redacted"}"#,
        r#"{"realm":"personal"}"#,
        r#"{"realm":"public"}"#,
    ];
    for (n, scope) in (50..).zip(scopes) {
        lines.push(event(n, &format!(",\"scope\":{scope}")));
        lines.push(event(n, &format!(",\"scope\":{scope}")));
    }
    lines.push(event(60, r#","space_id":"other""#));
    lines.push(event(61, r#","layer_id":"ink""#));
    lines.push(event(62, r#","tile":"z3/x1/y2""#));
    lines.push(event(63, r#","scope":{"authority":"derived","boundary":"exterior"}"#));
    lines.push(event(64, r#","previous_events":["nobody","e64"]"#));
    lines.push(event(3, r#","kind":"another""#));
    lines.push(event(65, "").replace("create_node", "paint_sky"));
    lines.push(event(66, "").replace("create_node", "delete_node").replace("n66", "n5"));
    lines.push(event(67, "").replace("1730000000", "1730009999"));
    let refused = ["{}", "no", "[1]", r#"{"a":1,"a":2}"#, r#"{"operation":"create_node"}"#, "\u{feff}{}"];
    lines.extend(refused.map(str::to_owned));
    lines.push(r#"{"packet":1}"#.to_owned());
    lines.push(r#"{"log":"witness"}"#.to_owned());
    lines.push(r#"{"manifestVersion":1}"#.to_owned());
    let place = r#""scope":{"realm":"team","policy":"public"},"space_id":"default","tile":"z0/x0/y0""#;
    for key in ["5/s", "1730009999/s"] {
        lines.push(format!(r#"{{"operation":"tile_state","recent":["{key}"],{place}}}"#));
    }
    lines.push(format!(r#"{{"operation":"node_state","node_id":7,{place}}}"#));
    lines
}

/// The counts of the witness line: read, applied, rejected, withheld, duplicate.
#[track_caller]
fn counts(command: &str, dir: &Path) -> [u64; 5] {
    let said = run::shell(command, dir);
    let log = String::from_utf8(said.stderr).unwrap();
    let witness = log.lines().rfind(|line| line.contains(r#""log":"witness""#));
    let witness = witness.unwrap_or_else(|| panic!("{command}: no witness: {:?} {log}", said.status));
    let witness: Value = serde_json::from_str(witness).unwrap();
    ["read", "applied", "rejected", "withheld", "duplicate"].map(|name| witness[name].as_u64().unwrap())
}

#[track_caller]
fn check(command: &str, read: Option<u64>, dir: &Path) -> u64 {
    let [found, applied, rejected, withheld, duplicate] = counts(command, dir);
    assert_eq!(found, applied + rejected + withheld + duplicate, "{command}");
    assert!(read.is_none_or(|read| read == found), "{command}: {found} instead of {read:?}");
    found
}

/// What everyone who reads a stream can be told.
const VIEW: [&str; 12] = [
    "",
    "-j 1",
    "--log-all",
    "--space default",
    "--tile z3",
    "--realm personal --policy private",
    "--policy redacted --policy public",
    "--authority source",
    "--boundary interior",
    "--verify",
    "--at 1730000001",
    "--layer ink",
];

#[test]
fn every_line_that_is_read_is_counted_once() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    let lines = lines();
    let read = Some(lines.len() as u64);
    std::fs::write(at.join("in"), lines.join("\n\n") + "\n \n").unwrap();
    run::sh(
        "um-key generate -o key.pem; ulp-store init empty; ulp-store init w; ulp-append --store w in > accepted || true",
        at,
    );
    let mut tried = 0;
    let views = [
        "projector-2d",
        "projector-3d",
        "projector-audio",
        "projector-dashboard",
        "projector-map --origin 52.6,-2",
        "projector-ar --origin 52.6,-2",
        "projector-2d --follow",
        "projector-audio --follow",
        "projector-dashboard --follow",
        "projector-alert",
        "projector-alert -f cap",
        "projector-alert --follow",
        "projector-3d -f glb",
        "ulp-materialize",
        "ulp-materialize --view",
        "ulp-materialize --events",
        "ulp-materialize --root",
        "ulp-materialize --blame n1",
    ];
    for tool in views {
        for option in VIEW {
            check(&format!("cat in | {tool} {option} > out"), read, at);
            check(&format!("{tool} {option} in > out"), read, at);
            tried += 2;
        }
    }
    let writers = [
        "",
        "-j 1",
        "--log-all",
        "--verify",
        "--timestamps ms",
        "--key key.pem",
        "--now 1730000005",
        "--rejects refused",
        "--store w",
        "--store empty",
        "--store empty",
    ];
    for option in writers {
        check(&format!("ulp-append {option} in > out"), read, at);
        tried += 1;
    }
    let packs = [
        "",
        "--log-all",
        "--space other",
        "--tile z3",
        "--realm personal",
        "--policy private --policy public",
        "--budget 40K",
        "--volume-size 40K",
        "--volume-size 1M",
        "--volume-size 40K --budget 41K",
    ];
    for option in packs {
        for format in ["tar", "tar.zst"] {
            if option.contains("1500") || option.contains("1K") {
                // There is no room for manifests.
                continue;
            }
            check(&format!("tile-pack {option} -f {format} -o pack in"), read, at);
            tried += 1;
        }
    }
    let of_store: Vec<u64> = [
        "",
        "--volume-size 40K",
        "--volume-size 60K",
        "--budget 40K",
        "--budget 60K",
        "--volume-size 40K --budget 41K",
    ]
    .iter()
    .map(|option| check(&format!("tile-pack --store w {option} -f tar -o pack"), None, at))
    .collect();
    assert!(of_store.iter().all(|read| *read == of_store[0] && *read > 40), "{of_store:?}");
    run::sh(
        "tile-pack --store w --policy private --policy public --realm personal --realm team --realm public -f tar -o all.tar 2> log",
        at,
    );
    for command in [
        "tile-unpack --test all.tar",
        "tile-unpack --store empty all.tar > out",
        "tile-unpack --store empty all.tar all.tar > out",
        "um-sign --key key.pem in > out",
        "um-sign in > out",
    ] {
        check(command, None, at);
        tried += 1;
    }
    run::say(&format!("counts: {} runs", tried + of_store.len()));
}
