//! Sessions that an independent implementation wrote down, to the byte.

use super::super::line::{Line, Mode};
use super::super::session::Role;
use super::super::verdict::Verdict;
use super::memory::Memory;
use super::{CLIENT, SERVER, meet, terms};
use serde_json::Value;
use std::path::Path;

fn vectors() -> Option<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures/peer/sync.json");
    let text = std::fs::read_to_string(path).ok()?;
    Some(serde_json::from_str(&text).unwrap())
}

/// Gives a store what the vectors say of it: its state roots, its attestations.
fn teach(store: &mut Memory, session: &Value, from: &str) {
    for turn in session["turns"].as_array().unwrap().iter().filter(|turn| turn["from"] == from) {
        for line in turn["bytes"].as_str().unwrap().lines().filter(|line| !line.contains("\"operation\"")) {
            match Line::parse(line.as_bytes()).unwrap() {
                Line::Attest(attestation) => {
                    let nonce = if from == "C" { SERVER } else { CLIENT };
                    store.attestations.insert(nonce, attestation);
                }
                Line::Row(row) => {
                    if let Some(super::super::line::State::Root(root)) = row.state {
                        store.state_roots.insert(row.head.unwrap(), root);
                    }
                }
                _ => {}
            }
        }
    }
}

fn play(session: &Value, one: &mut Memory, other: &mut Memory) {
    let name = session["name"].as_str().unwrap();
    (one.attestations, other.attestations) = Default::default();
    teach(one, session, "C");
    teach(other, session, "S");
    let both = [terms(Role::Client, Mode::Both, 4 << 20), terms(Role::Server, Mode::Both, 4 << 20)];
    let said = meet([one, other], both, |_, said| said);
    let expected: Vec<&str> =
        session["turns"].as_array().unwrap().iter().map(|turn| turn["bytes"].as_str().unwrap()).collect();
    for (n, (turn, expected)) in said.turns.iter().zip(&expected).enumerate() {
        assert_eq!(std::str::from_utf8(turn).unwrap(), *expected, "{name}: turn {}", n + 1);
    }
    assert_eq!(said.turns.len(), expected.len(), "{name}");
    for end in said.ends {
        let summary = end.unwrap();
        assert_eq!(summary.agrees, session["agrees"].as_bool().unwrap(), "{name}");
        let is_explained = |verdict: &Verdict| !matches!(verdict, Verdict::Unexplained(_));
        assert!(summary.spaces.iter().all(|space| is_explained(&space.verdict)), "{name}: {summary:?}");
    }
}

#[test]
fn four_sessions_are_said_to_the_byte() {
    let Some(vectors) = vectors() else { return };
    let lines = |name: &str| -> Vec<String> {
        vectors[name].as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned()).collect()
    };
    let sessions = vectors["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 4);
    for pair in sessions.chunks(2) {
        let (mut one, mut other) = (Memory::of(&lines("a")), Memory::of(&lines("b")));
        if pair[0]["refused"].is_object() {
            other.refuses.push("update_transform".to_owned());
        }
        play(&pair[0], &mut one, &mut other);
        play(&pair[1], &mut one, &mut other);
    }
}
