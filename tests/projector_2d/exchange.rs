//! The formats that other programs open.

use super::{flood, hostile, run, text, trace};
use serde_json::Value;
use std::collections::BTreeSet;

fn parsed(args: &[&str], input: &str) -> Value {
    serde_json::from_str(&text(args, input)).unwrap()
}

fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value[name].as_array().unwrap()
}

#[test]
fn a_canvas_holds_to_its_rules() {
    for input in [flood(), hostile(), String::new()] {
        let canvas = parsed(&["-f", "canvas"], &input);
        let mut ids = BTreeSet::new();
        for node in list(&canvas, "nodes") {
            let id = node["id"].as_str().unwrap();
            assert!(ids.insert(id), "{id} twice");
            assert!(["x", "y", "width", "height"].iter().all(|m| node[m].is_i64()), "{node}");
            match node["type"].as_str().unwrap() {
                "text" => assert!(node["text"].is_string()),
                "file" => assert!(node["file"].is_string()),
                "group" => {}
                other => panic!("{other}"),
            }
        }
        for edge in list(&canvas, "edges") {
            let end = |name: &str| ids.contains(edge[name].as_str().unwrap());
            assert!(end("fromNode") && end("toNode"), "{edge}");
        }
    }
}

#[test]
fn a_box_keeps_its_place_in_a_canvas() {
    let trace = trace(&[
        r#"create_node "node_id":"a","geometry":{"kind":"rect","width":200,"height":80},"properties":{"label":"x"},"transform":{"position":[300,100]}"#,
        r#"create_node "node_id":"b","geometry":{"kind":"rect","width":400,"height":80},"transform":{"position":[0,0],"rotation":30}"#,
    ]);
    let output = run(super::BIN, &["-f", "canvas"], trace.as_bytes());
    let canvas: Value = serde_json::from_slice(&output.stdout).unwrap();
    let a = list(&canvas, "nodes").iter().find(|n| n["id"] == "a").unwrap();
    assert_eq!([&a["x"], &a["y"], &a["width"], &a["height"]], [200, -140, 200, 80]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("\"export.dropped\":1"));
}

#[test]
fn an_exchange_file_loses_nothing() {
    let flood = flood();
    let file = parsed(&["-f", "ocif"], &flood);
    assert_eq!(file["ocif"], "https://canvasprotocol.org/ocif/v0.7.0");
    let nodes = list(&file, "nodes");
    let ids: BTreeSet<&str> = nodes.iter().map(|n| n["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), nodes.len());
    let extension = |node: &'_ Value, kind: &str| {
        node["data"].as_array().unwrap().iter().find(|e| e["type"] == kind).cloned()
    };
    let records = text(&[], &flood);
    for record in records.lines().map(|l| serde_json::from_str::<Value>(l).unwrap()) {
        if record["type"] == "node" {
            let node = nodes.iter().find(|n| n["id"] == record["node_id"]).unwrap();
            let known = extension(node, "@ulp/node").unwrap();
            for member in ["kind", "layer", "geometry", "properties", "media", "tile", "space_id"] {
                assert_eq!(known.get(member), record.get(member));
            }
        }
    }
    for node in nodes {
        if let Some(edge) = extension(node, "@ocif/edge") {
            assert!(
                ids.contains(edge["start"].as_str().unwrap()) && ids.contains(edge["end"].as_str().unwrap())
            );
        }
    }
    parsed(&["-f", "ocif", "--provenance"], &hostile());
}
