//! A fact does not walk past its own gate in another form: what is refused as an event is refused as the state that
//! somebody derived from it, by every tool that takes state lines.

use super::{said, write};
use crate::run;
use std::path::Path;
use ulp_core::trust::SecretKey;

/// A node, a link, a reading: what derives to a state line of each kind.
const EVENTS: &str = r#"{"event_id":"a","timestamp":1,"space_id":"s","layer_id":"l","actor_id":"node:b","operation":"create_node","node_id":"n"}
{"event_id":"b","timestamp":2,"space_id":"s","layer_id":"l","actor_id":"node:b","operation":"link_nodes","from_node":"n","to_node":"m"}
{"event_id":"c","timestamp":3,"space_id":"s","layer_id":"l","actor_id":"node:b","operation":"sensor_reading","sensor":"t","value":7,"node_id":"n"}
"#;
const LINES: usize = 4;

const DOORS: [&str; 6] = [
    "ulp-materialize",
    "projector-2d -f jsonl",
    "projector-2d -f jsonl --follow",
    "projector-3d -f jsonl",
    "projector-audio -f jsonl",
    "projector-alert -f jsonl",
];

/// The rules that ask, where they stand, and what they say.
fn rules() -> Vec<(&'static str, String, &'static str)> {
    let did = SecretKey::from_seed(&[7; 32]).did();
    vec![
        (".ulp-root", format!("keys: {{\"node:*\": [{{did: \"{did}\"}}]}}\n"), "signature.missing"),
        (".ulp-root", "federation: {grants: []}\n".to_owned(), "signature.missing"),
        (".ulp-root", "signature: required\n".to_owned(), "signature.missing"),
        ("spaces/s/layers/any/.ulp-scope", "signature: required\n".to_owned(), "signature.missing"),
        ("spaces/s/.ulp-scope", "operations: [delete_node]\n".to_owned(), "scope.operation"),
        ("spaces/s/tiles/z0/x0/.ulp-scope", "actors: [\"user:*\"]\n".to_owned(), "scope.actor"),
    ]
}

/// The codes of what is rejected, and what the state that passed derives to.
fn held(door: &str, file: &str, dir: &Path) -> (i32, Vec<String>, String) {
    let run = said(&format!("{door} --scope rules --log-all {file}"), dir);
    (run.status, run.codes("rejected").into_iter().map(str::to_owned).collect(), run.out)
}

#[test]
fn what_is_refused_as_an_event_is_refused_as_a_state_line() {
    let dir = run::checkout();
    let dir = dir.path();
    write(dir, "events.jsonl", EVENTS);
    run::sh("ulp-materialize events.jsonl > state.jsonl", dir);
    assert_eq!(super::read(dir, "state.jsonl").lines().count(), LINES);
    for (place, text, code) in rules() {
        run::sh("rm -rf rules", dir);
        write(dir, &format!("rules/{place}"), &text);
        for door in DOORS {
            let (status, codes, out) = held(door, "state.jsonl", dir);
            assert_eq!((status, codes), (1, vec![code.to_owned(); LINES]), "{door}: {place}: {text}");
            assert!(!out.contains("\"n\""), "{door}: {place}: {out}");
        }
        if !place.contains("layers") {
            let (status, codes, _) = held(DOORS[0], "events.jsonl", dir);
            assert_eq!((status, codes), (1, vec![code.to_owned(); 3]), "{place}: {text}");
        }
    }
}

#[test]
fn a_rule_that_lets_anybody_in_asks_nobody() {
    let dir = run::checkout();
    let dir = dir.path();
    write(dir, "events.jsonl", EVENTS);
    write(dir, "rules/.ulp-root", "operations: [\"*\"]\nactors: [\"user:*\", \"*\"]\nrealm: team\n");
    write(dir, "rules/spaces/t/.ulp-scope", "signature: required\n");
    run::sh("ulp-materialize events.jsonl > state.jsonl", dir);
    run::sh("ulp-materialize --scope rules state.jsonl | cmp - state.jsonl", dir);
}

#[test]
fn the_snapshots_of_a_store_were_derived_from_what_passed() {
    let dir = run::checkout();
    let dir = dir.path();
    write(dir, "events.jsonl", EVENTS);
    write(
        dir,
        "w/.ulp-root",
        "actors: [\"node:*\"]\noperations: [\"*_node\", \"*_nodes\", sensor_reading]\n",
    );
    let script =
        "ulp-append --store w events.jsonl > /dev/null; ulp-materialize --store w --snapshot > /dev/null
                  ls w/spaces/s/tiles/z0/x0/y0/team.public/snapshots | wc -l
                  ulp-materialize --store w > one; ulp-materialize events.jsonl | cmp - one
                  ulp-materialize --scope w one > two || echo $?; wc -c < two";
    assert_eq!(run::sh(script, dir), "1\n1\n0\n");
}
