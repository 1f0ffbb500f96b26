//! Against vectors that independent implementations computed.

use super::super::{Desk, codes, lines, text, texts};
use crate::run;
use serde_json::Value;
use ulp_core::id::Time;
use ulp_core::json::{self, Tape};
use ulp_core::scope::Scope;
use ulp_peer::graph::{Bounds, Gate, Graph, Heard, Place};

fn vectors(name: &str) -> Option<Value> {
    let Some(shared) = run::shared() else {
        run::skipped(&format!("vectors of {name}: no ../shared/fixtures/peer"));
        return None;
    };
    let text = std::fs::read_to_string(shared.join(format!("fixtures/peer/{name}.json"))).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

#[test]
fn statements_are_heard_as_the_vectors_say() {
    let Some(vectors) = vectors("statements") else { return };
    let desk = Desk::new();
    let clock = vectors["clock"].to_string();
    let run = |line: &str| desk.run("ulp-gossip", &["--now", &clock], &lines([line]));
    for case in vectors["ok"].as_array().unwrap() {
        let line = text(case, "/line");
        let relayed = if case["signed_bytes"].is_string() { lines([line]) } else { String::new() };
        let done = run(line);
        assert!(done.status.success() && codes(&done).is_empty(), "{line}");
        assert_eq!(String::from_utf8(done.stdout).unwrap(), relayed);
    }
    for case in vectors["refused"].as_array().unwrap() {
        let done = run(text(case, "/line"));
        assert_eq!((done.status.code(), codes(&done)), (Some(1), vec![text(case, "/code").to_owned()]));
    }
    assert_eq!(desk.gossip(&[], &lines([text(&vectors, "/an event all the same")])).1, ["line.kind"]);
}

/// The file that comes of some lines.
fn joined(input: &[&str], listed: &str, bounds: Bounds) -> String {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(".ulp-root"), listed).unwrap();
    let mut gate = Gate::new([&Scope::discover(dir.path()).unwrap()]);
    let mut graph = Graph::new(bounds);
    for (at, line) in (0..).zip(input) {
        let mut tape = Tape::new();
        let object = json::parse_text(&mut tape, line).unwrap();
        let heard = Heard::read(object).unwrap().unwrap();
        let share = gate.share(object, &heard, Time(i64::MAX)).unwrap();
        graph.take(&heard.said(share), heard.paths(), Place { at, length: 1 });
    }
    lines(graph.lines().iter().map(|line| input[usize::try_from(line.place.at).unwrap()]))
}

#[test]
fn graphs_are_the_bytes_that_the_vectors_say() {
    let Some(vectors) = vectors("graph") else { return };
    let desk = Desk::new();
    std::fs::create_dir(desk.path().join("rules")).unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    assert!(cases.len() >= 6);
    for case in cases {
        let number = |name: &str| usize::try_from(case[name].as_u64().unwrap()).unwrap();
        let bounds = Bounds { rows: number("rows"), peer_rows: number("peer_rows") };
        let listed = format!("version: 1\nfederation: {{peers: {}}}\n", case["listed"]);
        let forward = texts(case, "/input");
        let backward: Vec<&str> = forward.iter().rev().copied().collect();
        for input in [forward.clone(), backward.clone(), [forward, backward].concat()] {
            assert_eq!(joined(&input, &listed, bounds), text(case, "/graph"));
            if bounds.peer_rows == Bounds::default().peer_rows {
                desk.write("rules/.ulp-root", &listed);
                let rows = bounds.rows.to_string();
                desk.gossip(&["--graph", "g", "--rows", &rows, "--scope", "rules"], &lines(input));
                assert_eq!(desk.read("g"), text(case, "/graph"));
                std::fs::remove_file(desk.path().join("g")).unwrap();
            }
        }
    }
}

#[test]
fn a_line_with_a_proof_is_as_good_as_signed() {
    let Some(vectors) = vectors("frames") else { return };
    let decoded = vectors["decoded"].as_array().unwrap();
    let line = lines([text(&decoded[0], "/line")]);
    let desk = Desk::new();
    assert_eq!(desk.gossip(&["--graph", "g"], &line), (line.clone(), Vec::new()));
    assert_eq!(desk.read("g"), line);
    assert_eq!(desk.good("um-sign", &["--verify"], &line), line);
    for (from, to, code) in [
        ("\"events\":4", "\"events\":5", "statement.proof"),
        ("\"seq\":1795167000", "\"seq\":1795167001", "statement.proof"),
        ("\"ttl\":86400", "\"ttl\":86401", "statement.proof"),
        ("14e0bc4b178d", "14e0bc4b178e", "statement.proof"),
        ("demo", "dema", "statement.proof"),
        ("oYEBo5", "oYEAo5", "statement.proof"),
        ("1w8\"", "1w9\"", "statement.proof"),
        (&super::did(2), &super::did(1), "statement.proof"),
    ] {
        let changed = line.replace(from, to);
        assert_ne!(changed, line);
        assert_eq!(desk.gossip(&[], &changed).1, [code], "{to}");
    }
    // The bytes of another signature: the line is its decoding, but nobody signed it.
    let forged = line.replace("VHS_R", "VHS_S");
    assert_eq!(desk.gossip(&[], &forged).1, ["signature.actor"]);
}
