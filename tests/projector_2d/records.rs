//! JSON lines, to the byte.

use super::{flood, text, trace};

#[test]
fn a_record_has_what_the_page_says() {
    let trace = trace(&[
        r#"create_node "node_id":"base","transform":{"position":[100,200],"rotation":90,"scale":2}"#,
        r#"create_node "node_id":"gauge","kind":"gauge","layer_id":"rivers","geometry":{"kind":"rect","width":20,"height":10},"properties":{"b":1.50,"a":"x"},"transform":{"position":[10,0,5],"parent":"base"},"media":{"ref":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","mime":"image/png"}"#,
        r#"link_nodes "from_node":"base","to_node":"gauge","relation":"holds","properties":{"w":2}"#,
        r#"sensor_reading "sensor":"level","value":1.42,"unit":"m","node_id":"gauge""#,
        r#"sensor_reading "sensor":"rain","value":null,"position":[1,2]"#,
    ]);
    let expected = [
        r#"{"bounds":[100,200,100,200],"event_id":"e0","layer":"default","node_id":"base","position":[100,200],"rotation":90,"scale":[2,2],"space_id":"default","tile":"z0/x0/y0","type":"node"}"#,
        r#"{"bounds":[90,200,110,240],"event_id":"e1","geometry":{"height":10,"kind":"rect","width":20},"kind":"gauge","layer":"rivers","media":{"media":{"mime":"image/png","ref":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}},"node_id":"gauge","position":[100,220],"properties":{"a":"x","b":1.5},"rotation":90,"scale":[2,2],"space_id":"default","tile":"z0/x0/y0","type":"node"}"#,
        r#"{"event_id":"e2","from_node":"base","points":[[100,200],[100,220]],"properties":{"w":2},"relation":"holds","to_node":"gauge","type":"link"}"#,
        r#"{"actor_id":"a","event_id":"e3","node_id":"gauge","position":[100,220],"sensor":"level","timestamp":1003,"type":"sensor","unit":"m","value":1.42}"#,
        r#"{"actor_id":"a","event_id":"e4","position":[1,2],"sensor":"rain","timestamp":1004,"type":"sensor","value":null}"#,
    ];
    let got = text(&[], &trace);
    assert_eq!(got.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn paint_order_is_layer_then_height_then_creation() {
    let trace = trace(&[
        r#"create_node "node_id":"late","layer_id":"top""#,
        r#"create_node "node_id":"high","transform":{"position":[0,0,9]}"#,
        r#"create_node "node_id":"a""#,
        r#"create_node "node_id":"0""#,
        r#"set_properties "node_id":"@layer:top","properties":{"order":1}"#,
    ]);
    let ids: Vec<String> = text(&[], &trace).lines().map(|l| member(l, "node_id")).collect();
    assert_eq!(ids, ["a", "0", "high", "late"]);
}

#[test]
fn links_meet_borders() {
    let trace = trace(&[
        r#"create_node "node_id":"a","geometry":{"kind":"cylinder","radius":3,"height":1}"#,
        r#"create_node "node_id":"b","geometry":{"kind":"box","size":[4,4,4]},"transform":{"position":[20,0]}"#,
        r#"link_nodes "from_node":"a","to_node":"b""#,
    ]);
    assert!(text(&[], &trace).contains(r#""points":[[3,0],[18,0]]"#));
}

#[test]
fn provenance_names_the_key_behind_each_value() {
    let trace = trace(&[
        r#"create_node "node_id":"a","kind":"k""#,
        r#"update_transform "node_id":"a","transform":{"position":[1,2]}"#,
        r#"sensor_reading "sensor":"s","value":1"#,
    ]);
    let got = text(&["--provenance"], &trace);
    let clock = r#""clock":{"authority":"1000/e0","boundary":"1000/e0","created":"1000/e0","kind":"1000/e0","layer":"1000/e0","position":"1001/e1"}"#;
    assert!(got.contains(clock), "{got}");
    assert!(got.contains(r#""key":"1002/e2""#), "{got}");
}

#[test]
fn the_past_is_drawn_as_it_was() {
    let flood = flood();
    let now = text(&[], &flood).lines().count();
    let then = text(&["--at", "2020-01-01T00:00:00Z"], &flood).lines().count();
    assert!(then > 3000 && then < now, "{then} of {now}");
}

#[test]
fn what_is_not_for_everyone_is_not_shown_unless_told() {
    let trace = concat!(
        r#"{"event_id":"a","timestamp":1,"actor_id":"a","operation":"create_node","node_id":"open"}"#,
        "\n",
        r#"{"event_id":"b","timestamp":1,"actor_id":"a","operation":"create_node","node_id":"lurking","kind":"secret","transform":{"position":[1,1]},"scope":{"policy":"redacted"}}"#,
        "\n",
        r#"{"event_id":"c","timestamp":1,"actor_id":"a","operation":"sensor_reading","sensor":"x","value":"secret","scope":{"policy":"redacted"}}"#,
        "\n",
    );
    for format in super::FORMATS.into_iter().filter(|f| *f != "png") {
        let seen = text(&["-f", format], trace);
        assert!(!seen.contains("lurking") && !seen.contains("secret"), "{format}");
        let redacted = text(&["-f", format, "--policy", "public", "--policy", "redacted"], trace);
        assert!(redacted.contains("lurking") && !redacted.contains("secret"), "{format}");
    }
}

/// The text of a member, where it has no escapes.
fn member(line: &str, name: &str) -> String {
    let start = line.find(&format!("\"{name}\":\"")).unwrap() + name.len() + 4;
    line[start..].split('"').next().unwrap().to_owned()
}
