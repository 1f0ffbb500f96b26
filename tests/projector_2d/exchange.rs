//! The formats that other programs open.

use super::{feed, flood, hostile, text, trace};
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
    let output = feed(super::BIN, &["-f", "canvas"], trace.as_bytes());
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

/// Colours of a JSON Canvas are a preset from 1 to 6 or hexadecimal; sides and ends are words of a short list.
#[test]
fn a_canvas_uses_no_word_that_its_rules_do_not_know() {
    for input in [flood(), hostile()] {
        let canvas = parsed(&["-f", "canvas"], &input);
        assert!(canvas.as_object().unwrap().keys().all(|k| k == "nodes" || k == "edges"));
        let hex =
            |c: &str| c.strip_prefix('#').is_some_and(|h| h.len() == 6 && u32::from_str_radix(h, 16).is_ok());
        let one_of = |value: &Value, words: &[&str]| value.is_null() || words.iter().any(|w| value == w);
        let color = |thing: &Value| {
            one_of(&thing["color"], &["1", "2", "3", "4", "5", "6"])
                || thing["color"].as_str().is_some_and(hex)
        };
        assert!(list(&canvas, "nodes").iter().all(color));
        let mut ids = BTreeSet::new();
        for edge in list(&canvas, "edges") {
            assert!(ids.insert(edge["id"].as_str().unwrap()), "{edge}: twice");
            assert!(color(edge), "{edge}");
            for name in ["fromSide", "toSide"] {
                assert!(one_of(&edge[name], &["top", "right", "bottom", "left"]), "{edge}");
            }
            assert!(
                one_of(&edge["fromEnd"], &["none", "arrow"]) && one_of(&edge["toEnd"], &["none", "arrow"])
            );
            assert!(edge["label"].is_null() || edge["label"].is_string());
        }
    }
}

/// What the format's own schema asks for: members and their types, ids that are there, extensions with names.
#[test]
fn an_exchange_file_holds_to_its_rules() {
    let numbers = |value: &Value, counts: &[usize]| {
        value.is_null()
            || value.as_array().is_some_and(|l| counts.contains(&l.len()) && l.iter().all(Value::is_number))
    };
    for input in [flood(), hostile(), String::new()] {
        let file = parsed(&["-f", "ocif"], &input);
        let id = |thing: &Value| thing["id"].as_str().unwrap().to_owned();
        let nodes: BTreeSet<String> = list(&file, "nodes").iter().map(id).collect();
        let resources: BTreeSet<String> = list(&file, "resources").iter().map(id).collect();
        let own: BTreeSet<&str> =
            list(&file, "schemas").iter().map(|s| s["name"].as_str().unwrap()).collect();
        assert!(list(&file, "schemas").iter().all(|s| s["uri"].is_string()));
        assert!(own.iter().all(|name| name.starts_with('@')));
        assert_eq!(nodes.len(), list(&file, "nodes").len());
        for node in list(&file, "nodes") {
            let known = [
                "id",
                "position",
                "size",
                "rotation",
                "scale",
                "resource",
                "resourceFit",
                "data",
                "relation",
            ];
            assert!(node.as_object().unwrap().keys().all(|k| known.contains(&k.as_str())), "{node}");
            assert!(numbers(&node["position"], &[2, 3]) && numbers(&node["size"], &[2, 3]), "{node}");
            assert!(
                numbers(&node["scale"], &[2, 3])
                    && (node["rotation"].is_null() || node["rotation"].is_number())
            );
            assert!(node["resource"].as_str().is_none_or(|r| resources.contains(r)), "{node}");
            for extension in list(node, "data") {
                let kind = extension["type"].as_str().unwrap();
                assert!(kind.starts_with("@ocif/") || own.contains(kind), "{kind}");
                let members = extension["members"].as_array().map_or(&[][..], Vec::as_slice);
                assert!(members.iter().all(|m| nodes.contains(m.as_str().unwrap())), "{extension}");
            }
        }
        for resource in list(&file, "resources") {
            let representations = list(resource, "representations");
            assert!(!representations.is_empty());
            for each in representations {
                assert!(
                    each["mimeType"].is_string()
                        && (each["content"].is_string() || each["location"].is_string())
                );
            }
        }
    }
}
