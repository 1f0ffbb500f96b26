//! The records, to the byte.

use super::{BIN, FLOOD, MATERIALIZE, create, feed, flood, project, trace};

#[test]
fn a_node_stands_in_its_parent() {
    let input = trace(&[
        create("house", r#","kind":"building","layer_id":"town","transform":{"position":[10,20],"rotation":90,"scale":2},"geometry":{"kind":"box","size":[1,2,3]},"properties":{"name":"Mill","color":"red"}"#),
        create("door", r#","layer_id":"town","transform":{"parent":"house","position":[1,0,0.5]},"physics":{"body":"static"}"#),
        r#"{"operation":"link_nodes","from_node":"door","to_node":"house","relation":"of","properties":{"w":1}}"#.into(),
        r#"{"operation":"sensor_reading","sensor":"bell","value":true,"node_id":"door"}"#.into(),
    ]);
    let expected = [
        r#"{"event_id":"e1","extras":{"physics":{"body":"static"}},"layer":"town","node_id":"door","parent":"house","rotation":[0,0,0,1],"scale":[1,1,1],"translation":[1,0,0.5],"type":"node"}"#,
        r#"{"event_id":"e0","extras":{"properties":{"color":"red","name":"Mill"}},"kind":"building","layer":"town","mesh":{"kind":"box","size":[1,2,3]},"name":"Mill","node_id":"house","rotation":[0,0,0.707106781,0.707106781],"scale":[2,2,2],"translation":[10,20,0],"type":"node"}"#,
        r#"{"event_id":"e2","from_node":"door","points":[[10,22,1],[10,20,0]],"properties":{"w":1},"relation":"of","to_node":"house","type":"link"}"#,
        r#"{"actor_id":"a","event_id":"e3","node_id":"door","position":[10,22,1],"sensor":"bell","timestamp":1003,"type":"sensor","value":true}"#,
    ];
    assert_eq!(String::from_utf8(project(&[], &input)).unwrap(), expected.map(|l| format!("{l}\n")).concat());
}

#[test]
fn provenance_names_the_key_behind_each_value() {
    let input = trace(&[create("a", r#","kind":"k""#)]);
    let out = String::from_utf8(project(&["--provenance"], &input)).unwrap();
    let expected = r#""extras":{"clock":{"authority":"1000/e0","boundary":"1000/e0","kind":"1000/e0","layer":"1000/e0"}}"#;
    assert!(out.contains(expected), "{out}");
}

#[test]
fn several_spaces_are_told_apart() {
    let input = trace(&[create("a", r#","space_id":"x""#), create("a", r#","space_id":"y""#)]);
    let out = String::from_utf8(project(&[], &input)).unwrap();
    assert!(out.contains(r#""space_id":"x""#) && out.contains(r#""space_id":"y""#), "{out}");
    let one = String::from_utf8(project(&["--space", "x"], &input)).unwrap();
    assert!(!one.contains("space_id") && one.lines().count() == 1, "{one}");
}

#[test]
fn what_is_not_for_everyone_is_not_shown() {
    let input = trace(&[create("open", ""), create("shut", r#","scope":{"policy":"private"}"#)]);
    let out = String::from_utf8(project(&[], &input)).unwrap();
    assert!(out.contains("open") && !out.contains("shut"), "{out}");
}

#[test]
fn the_bytes_are_the_same_however_the_trace_came() {
    let flood = flood();
    let state = String::from_utf8(feed(MATERIALIZE, &[], &flood).stdout).unwrap();
    let turned: String = flood.lines().rev().map(|l| format!("{l}\n")).collect();
    for format in ["jsonl", "glb", "gltf"] {
        let expected = project(&["-f", format, "-j", "1"], &flood);
        assert!(expected == project(&["-f", format, "-j", "2", FLOOD], ""), "{format}: two jobs");
        assert!(expected == project(&["-f", format], &turned), "{format}: turned round");
        assert!(expected == project(&["-f", format], &state), "{format}: from the state");
    }
}

#[test]
fn an_animation_is_not_of_records() {
    let output = feed(BIN, &["--replay"], "");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn following_takes_away_what_is_gone() {
    let created = trace(&[create("a", "")]);
    let deleted =
        r#"{"operation":"delete_node","node_id":"a","event_id":"z","timestamp":2000,"actor_id":"a"}"#;
    let script = format!("(printf '%s' '{created}'; sleep 1; echo '{deleted}') | {BIN} --follow 2>/dev/null");
    let out = feed("/bin/sh", &["-c", &script], "").stdout;
    let lines: Vec<&str> = std::str::from_utf8(&out).unwrap().lines().collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[1], r#"{"gone":true,"node_id":"a","type":"node"}"#);
}
