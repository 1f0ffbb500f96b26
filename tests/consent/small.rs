//! The rules of consent, each as small as it can be.

use super::{holds, written};
use serde_json::Value;

/// A line of an event at a second.
fn event(second: u32, members: &str) -> String {
    format!(r#"{{"event_id":"e{second}","timestamp":{second},"actor_id":"w",{members}}}"#)
}

fn person(second: u32, consents: &str) -> String {
    event(
        second,
        &format!(r#""operation":"create_node","node_id":"p","kind":"person","properties":{{{consents}}}"#),
    )
}

fn recording(second: u32, sensor: &str) -> String {
    let members = format!(
        r#""operation":"create_node","node_id":"r","kind":"thing","geometry":{{"kind":"rect","width":2,"height":1,"note":"SECRET"}},"media":{{"ref":"sha256:{:064}","mime":"SECRET"}},"properties":{{"sensor":"{sensor}","of":"p","label":"SECRET","fill":"red"}}"#,
        0
    );
    event(second, &members)
}

fn says(second: u32, word: &str) -> String {
    let set = r#""operation":"set_properties","node_id":"p","properties""#;
    event(second, &format!(r#"{set}:{{"consent.hand-tracking":"{word}"}}"#))
}

/// The record of a node, if there is one.
fn record(lines: &[String], at: &[&str], node: &str) -> Option<Value> {
    let bytes = written("projector-2d -f jsonl", at, &lines.join("\n"));
    let text = String::from_utf8(bytes).unwrap();
    let mut records = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    records.find(|record| record["node_id"] == node)
}

#[test]
fn a_recording_is_shown_as_far_as_its_person_allows() {
    for (consents, sensor, shown) in [
        (r#""consent.hand-tracking":"granted""#, "hand-tracking", true),
        (r#""consent.hand-tracking":"denied""#, "hand-tracking", false),
        (r#""consent.hand-tracking":"yes""#, "hand-tracking", false),
        (r#""consent.hand-tracking":true"#, "hand-tracking", false),
        (r#""consent.hand-tracking":"occluder-only""#, "hand-tracking", false),
        (r#""consent.microphone":"post-server-mix""#, "microphone", false),
        (r#""consent.pulse":"granted""#, "pulse", false),
        ("", "hand-tracking", false),
    ] {
        let lines = [person(1, consents), recording(2, sensor)];
        assert_eq!(record(&lines, &[], "r").is_some(), shown, "{consents}");
        assert_eq!(record(&lines[1..], &[], "r"), None, "without a person nothing is allowed");
    }
}

#[test]
fn of_an_occluder_the_shape_is_shown_in_grey() {
    let lines = [person(1, r#""consent.room-geometry":"occluder-only""#), recording(2, "room-geometry")];
    let record = record(&lines, &[], "r").unwrap();
    assert_eq!(record["geometry"], serde_json::json!({"kind": "rect", "width": 2, "height": 1}));
    for member in ["properties", "media", "kind"] {
        assert_eq!(record.get(member), None, "{member}");
    }
    for command in crate::views::FORMATS {
        let bytes = written(command, &[], &lines.join("\n"));
        assert!(!holds(&bytes, "SECRET"), "{command}");
        // A chart shows no node.
        let is_drawing = !command.starts_with("projector-dashboard");
        let is_drawn = is_drawing && (command.contains("svg") || command.contains("html"));
        assert!(!is_drawn || holds(&bytes, "#808080"), "{command}");
    }
}

#[test]
fn a_consent_that_is_withdrawn_takes_the_past_away() {
    let granted = r#""consent.hand-tracking":"granted""#;
    let lines = [person(1, granted), recording(2, "hand-tracking"), says(5, "denied")];
    assert_eq!(record(&lines, &["--at", "3"], "r"), None);
    assert!(record(&lines[..2], &["--at", "3"], "r").is_some());
    for command in crate::views::FORMATS {
        assert!(!holds(&written(command, &[], &lines.join("\n")), "SECRET"), "{command}");
    }
    let leaves = event(5, r#""operation":"delete_node","node_id":"p""#);
    let lines = [person(1, granted), recording(2, "hand-tracking"), leaves];
    assert_eq!(record(&lines, &["--at", "3"], "r"), None, "a person who left consents to nothing");
}

#[test]
fn what_was_not_allowed_then_is_not_shown_of_then() {
    let lines = [person(1, ""), recording(2, "hand-tracking"), says(5, "granted")];
    assert_eq!(record(&lines, &["--at", "3"], "r"), None);
    assert!(record(&lines, &[], "r").is_some());
    let page = written("projector-2d -f html", &["--at", "3"], &lines.join("\n"));
    assert!(!holds(&page, "SECRET"));
}

#[test]
fn what_is_found_to_be_a_recording_counts_as_one_all_along() {
    let made = event(2, r#""operation":"create_node","node_id":"r","properties":{"label":"SECRET"}"#);
    let marks =
        r#""operation":"set_properties","node_id":"r","properties":{"sensor":"hand-tracking","of":"p"}"#;
    let lines = [person(1, ""), made, event(4, marks)];
    assert_eq!(record(&lines, &["--at", "3"], "r"), None);
    assert!(!holds(&written("projector-3d -f html", &[], &lines.join("\n")), "SECRET"));
}

#[test]
fn what_hangs_below_a_recording_is_shown_no_further() {
    let below = event(
        3,
        r#""operation":"create_node","node_id":"c","transform":{"parent":"r"},"properties":{"label":"SECRET"}"#,
    );
    let lines = [person(1, ""), recording(2, "hand-tracking"), below];
    assert_eq!(record(&lines, &[], "c"), None);
}

#[test]
fn a_withheld_node_is_noted_once() {
    let lines = [person(1, ""), recording(2, "hand-tracking")];
    let program = crate::run::bin().join("projector-2d");
    let output = crate::run::feed(program.to_str().unwrap(), &["-f", "html", "--log-all"], lines.join("\n"));
    let log = String::from_utf8(output.stderr).unwrap();
    let noted: Vec<&str> = log.lines().filter(|line| line.contains(r#""code":"consent.denied""#)).collect();
    assert_eq!(noted.len(), 1, "{log}");
    assert!(noted[0].contains(r#""action":"noted""#) && noted[0].contains(r#""detail":"r""#), "{log}");
}

#[test]
fn a_person_reads_what_it_is_said_to_be() {
    for (properties, reads, called) in [
        (r#""entity_type":"human","entity_verified":true"#, "human", "human"),
        (r#""entity_type":"human","entity_verified":"true""#, "human, unverified", "human, unverified"),
        (r#""entity_type":"ai_agent","label":"Bo""#, "ai_agent, unverified", "Bo (ai_agent, unverified)"),
        (r#""entity_verified":true"#, "unverified", "unverified"),
    ] {
        let lines = [person(1, properties)];
        assert_eq!(record(&lines, &[], "p").unwrap()["reads"], reads);
        let svg = written("projector-2d -f svg", &[], &lines.join("\n"));
        assert!(holds(&svg, &format!(">{called}<")), "{}", String::from_utf8_lossy(&svg));
    }
}

#[test]
fn an_alert_that_is_a_recording_is_told_while_its_person_allows() {
    let alert = r#""operation":"create_node","node_id":"a","kind":"alert","transform":{"position":[0,0]},"properties":{"event":"Fall","urgency":"Immediate","severity":"Severe","certainty":"Observed","sensor":"hand-tracking","of":"p"}"#;
    let granted = person(1, r#""consent.hand-tracking":"granted""#);
    let update =
        event(3, r#""operation":"set_properties","node_id":"a","properties":{"severity":"Extreme"}"#);
    let lines = [granted, event(2, alert), update, says(5, "denied")];
    for command in ["projector-alert --origin 52,-2", "projector-alert --origin 52,-2 -f cap"] {
        let told = |lines: &[String]| written(command, &[], &lines.join("\n"));
        let none = told(&lines[..1]);
        assert!(holds(&told(&lines[..3]), "Extreme"), "{command}");
        assert_eq!(told(&lines), none, "{command}: what was withdrawn");
        assert_eq!(told(&lines[1..3]), none, "{command}: nobody allows it");
    }
}
