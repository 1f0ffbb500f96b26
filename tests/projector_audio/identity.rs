//! Two events of one name and time in two tiles, lanes or with two values are two events, and what is told of them by
//! state lines is told once.

use super::sound;
use crate::run;
use serde_json::Value;
use std::path::Path;

fn event(id: &str, time: u8, actor: &str, members: &str) -> String {
    format!(r#"{{"event_id":"{id}","timestamp":{time},"actor_id":"{actor}",{members}}}"#)
}

fn score(lines: &[String], options: &str, dir: &Path) -> Vec<Value> {
    std::fs::write(dir.join("in.jsonl"), lines.join("\n")).unwrap();
    let score = sound(&format!("projector-audio {options} in.jsonl"), dir);
    String::from_utf8(score).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn labels(score: &[Value]) -> Vec<&str> {
    score.iter().map(|note| note["label"].as_str().unwrap()).collect()
}

#[test]
fn a_name_is_that_of_the_greater_value_whatever_the_order_of_lines() {
    let dir = run::checkout();
    let create = event("c", 1, "u", r#""operation":"create_node","node_id":"n""#);
    let name = |label: &str| {
        event(
            "e",
            2,
            "u",
            &format!(r#""operation":"set_properties","node_id":"n","properties":{{"label":"{label}"}}"#),
        )
    };
    let delete = event("f", 9, "u", r#""operation":"delete_node","node_id":"n""#);
    let [low, high] = ["ash", "oak"].map(name);
    let heard = [[&create, &low, &high, &delete], [&delete, &high, &low, &create]]
        .map(|lines| score(&lines.map(String::clone), "", dir.path()));
    assert_eq!(heard[0], heard[1]);
    assert!(labels(&heard[0]).contains(&"oak disappears"), "{:?}", labels(&heard[0]));
    // In two tiles too: the later tile wrote the lesser value.
    let low = low.replace("}}", "},\"tile\":\"z0/x1/y0\"}");
    let moved = score(&[create, low, high, delete], "", dir.path());
    assert!(labels(&moved).contains(&"oak disappears"), "{:?}", labels(&moved));
}

#[test]
fn a_state_line_is_silent_for_events_of_its_lane_alone() {
    let dir = run::checkout();
    let create = |tile: &str, scope: &str| {
        event(
            "e",
            1,
            "u",
            &format!(r#""operation":"create_node","node_id":"n{}","tile":"{tile}"{scope}"#, &tile[4..5]),
        )
    };
    let here = create("z0/x0/y0", "");
    std::fs::write(dir.path().join("one.jsonl"), format!("{here}\n")).unwrap();
    let state: Vec<String> =
        run::sh("ulp-materialize one.jsonl", dir.path()).lines().map(str::to_owned).collect();
    let with = |more: &[String]| {
        let score = score(&[&state[..], more].concat(), "", dir.path());
        let mut labels = labels(&score);
        labels.sort_unstable();
        labels.join(", ")
    };
    assert_eq!(with(&[]), "n0 appears");
    assert_eq!(with(&[here]), "n0 appears");
    // One of the same name and time elsewhere is another one.
    assert_eq!(with(&[create("z0/x1/y0", "")]), "n0 appears, n1 appears");
    assert_eq!(with(&[create("z0/x0/y0", r#","scope":{"policy":"private"}"#)]), "n0 appears");
}

#[test]
fn a_layer_keeps_its_sensors_from_the_stream_from_state_lines_and_from_a_store() {
    let dir = run::checkout();
    let read = |id: &str, layer: &str| {
        event(
            id,
            1,
            "u",
            &format!(r#""operation":"sensor_reading","sensor":"{id}","value":1,"layer_id":"{layer}""#),
        )
    };
    let create = |id: &str, layer: &str| {
        event(id, 1, "u", &format!(r#""operation":"create_node","node_id":"{id}","layer_id":"{layer}""#))
    };
    let lines =
        [read("high", "rivers"), read("low", "roads"), create("river", "rivers"), create("road", "roads")];
    std::fs::write(dir.path().join("in.jsonl"), lines.join("\n") + "\n").unwrap();
    run::sh(
        "ulp-store init w; ulp-append --store w < in.jsonl > /dev/null; ulp-materialize in.jsonl > state.jsonl",
        dir.path(),
    );
    let heard = |layer: &str| {
        ["in.jsonl", "state.jsonl", "--store w"].map(|from| {
            String::from_utf8(sound(
                &format!("projector-audio --layer {layer} {from} 2> /dev/null"),
                dir.path(),
            ))
            .unwrap()
        })
    };
    for (layer, [here, there]) in [("rivers", ["high", "river"]), ("roads", ["low", "road"])] {
        let [stream, state, store] = heard(layer);
        assert!(stream == state && stream == store, "{stream}\n{state}\n{store}");
        let events =
            stream.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["event_id"].clone());
        let mut events: Vec<String> = events.map(|id| id.as_str().unwrap().to_owned()).collect();
        events.sort();
        events.dedup();
        assert_eq!(events, [here, there]);
    }
    assert!(heard("none").iter().all(String::is_empty));
}
