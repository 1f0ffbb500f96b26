//! The formats that other programs open.

use super::{feed, flood, hostile, text, trace};
use serde_json::{Value, json};
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
                "link" => assert!(node["url"].as_str().unwrap().starts_with("http")),
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

/// The corners of a card, or of a group.
fn corners(node: &Value) -> [i64; 4] {
    let [x, y, width, height] = ["x", "y", "width", "height"].map(|member| node[member].as_i64().unwrap());
    [x, y, x + width, y + height]
}

/// How many cards share more than a border with another; groups are what cards lie in.
fn crowded(canvas: &Value) -> usize {
    let mut cards: Vec<[i64; 4]> =
        list(canvas, "nodes").iter().filter(|node| node["type"] != "group").map(corners).collect();
    cards.sort_unstable();
    let meet = |a: &[i64; 4], b: &[i64; 4]| a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
    let is_crowded = |(i, card): &(usize, &[i64; 4])| {
        cards[i + 1..].iter().take_while(|other| other[0] < card[2]).any(|other| meet(card, other))
    };
    cards.iter().enumerate().filter(is_crowded).count()
}

#[test]
fn cards_are_of_a_readable_size_and_lie_side_by_side() {
    for input in [flood(), hostile()] {
        let canvas = parsed(&["-f", "canvas"], &input);
        assert_eq!(crowded(&canvas), 0);
        let cards = list(&canvas, "nodes").iter().filter(|node| node["type"] == "text");
        assert!(
            cards.map(corners).all(|[left, top, right, bottom]| right - left >= 50 && bottom - top >= 60)
        );
    }
}

#[test]
fn what_lies_in_one_place_is_spread_out() {
    let node = |i: u32| {
        format!(r#"create_node "node_id":"n{i}","kind":"x","transform":{{"position":[{},0]}}"#, i % 3)
    };
    let nodes: Vec<String> = (0..300).map(node).collect();
    let canvas = parsed(&["-f", "canvas"], &trace(&nodes.iter().map(String::as_str).collect::<Vec<_>>()));
    assert_eq!((crowded(&canvas), list(&canvas, "nodes").len()), (0, 301));
}

#[test]
fn groups_links_and_files_are_such_cards() {
    let canvas = parsed(
        &["-f", "canvas"],
        &trace(&[
            r##"create_node "node_id":"g","kind":"group","geometry":{"kind":"rect","width":900,"height":500},"properties":{"label":"Plan","stroke":"#8a8f98","fill":"none","background":"img/a.png","backgroundStyle":"cover"},"transform":{"position":[450,-250]}"##,
            r##"create_node "node_id":"t","kind":"text","geometry":{"kind":"rect","width":201,"height":61},"properties":{"label":"**Bold** # no heading","fill":"#44cf6e"},"transform":{"position":[120.5,-70.5]}"##,
            r##"create_node "node_id":"l","kind":"link","geometry":{"kind":"rect","width":200,"height":60},"properties":{"url":"https://example.org/a?b=c"},"transform":{"position":[400,-70]}"##,
            r##"create_node "node_id":"f","kind":"file","geometry":{"kind":"rect","width":200,"height":60},"properties":{"file":"notes/plan.md","subpath":"#two"},"transform":{"position":[700,-70]}"##,
            r##"create_node "node_id":"j","kind":"link","properties":{"url":"javascript:alert(1)"}"##,
            r##"create_node "node_id":"e","kind":"file","properties":{"file":"../../etc/passwd"}"##,
            r##"create_node "node_id":"p","kind":"group","properties":{"label":"Round"},"transform":{"position":[2000,0]}"##,
            r##"create_node "node_id":"q","transform":{"position":[50,0],"parent":"p"}"##,
            r##"create_node "node_id":"m","media":{"ref":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","mime":"image/jpeg"},"transform":{"position":[0,-3000]}"##,
        ]),
    );
    let card = |id: &str| list(&canvas, "nodes").iter().find(|node| node["id"] == id).unwrap();
    let kinds = ["g", "t", "l", "f", "j", "e", "p", "q", "m"].map(|id| card(id)["type"].as_str().unwrap());
    assert_eq!(kinds, ["group", "text", "link", "file", "text", "text", "group", "text", "file"]);
    assert_eq!(corners(card("g")), [0, 0, 900, 500]);
    assert_eq!(corners(card("t")), [20, 40, 221, 101]);
    assert_eq!(
        (&card("t")["text"], &card("t")["color"]),
        (&json!("\\*\\*Bold\\*\\* # no heading"), &json!("4"))
    );
    assert_eq!((&card("g")["label"], &card("g")["color"]), (&json!("Plan"), &Value::Null));
    assert_eq!(
        (&card("g")["background"], &card("g")["backgroundStyle"]),
        (&json!("img/a.png"), &json!("cover"))
    );
    assert_eq!(card("l")["url"], "https://example.org/a?b=c");
    assert_eq!((&card("f")["file"], &card("f")["subpath"]), (&json!("notes/plan.md"), &json!("#two")));
    let (outer, inner) = (corners(card("p")), corners(card("q")));
    assert!(outer[0] < inner[0] && outer[1] < inner[1] && outer[2] > inner[2] && outer[3] > inner[3]);
    assert_eq!(card("m")["file"], format!("objects/{}.jpg", "a".repeat(64)));
}

/// Angles are clockwise, as the format has them, wherever y runs.
#[test]
fn angles_are_clockwise() {
    for (y, sign) in [("up", -1.0), ("down", 1.0)] {
        let file = parsed(
            &["-f", "ocif"],
            &trace(&[
                &format!(r#"set_properties "node_id":"@space","properties":{{"y":"{y}"}}"#),
                r#"create_node "node_id":"a","geometry":{"kind":"rect","width":200,"height":80},"transform":{"rotation":30}"#,
            ]),
        );
        let a = list(&file, "nodes").iter().find(|node| node["id"] == "a").unwrap();
        assert_eq!(a["rotation"].as_f64().unwrap(), 30.0 * sign);
    }
}

#[test]
fn readings_and_layers_stand_as_given_and_parents_are_survivors() {
    let file = parsed(
        &["-f", "ocif"],
        &trace(&[
            r#"set_properties "node_id":"@layer:rivers","properties":{"note":"kept","order":3}"#,
            r#"create_node "node_id":"kid","transform":{"position":[5,5],"parent":"old"}"#,
            r#"create_node "node_id":"old""#,
            r#"create_node "node_id":"new","transform":{"position":[1,1]}"#,
            r#"merge "node_id":"new","absorbs":["old"],"previous_events":["e2","e3"]"#,
            r#"create_node "node_id":"x","transform":{"parent":"y"}"#,
            r#"create_node "node_id":"y","transform":{"parent":"x"}"#,
            r#"create_node "node_id":"z","transform":{"parent":"nobody knows"}"#,
            r#"sensor_reading "sensor":"s","value":1,"node_id":"kid","layer_id":"rivers","tile":"z3/x1/y2""#,
            r#"sensor_reading "sensor":"t","value":null,"position":[1,2,3]"#,
        ]),
    );
    let known = |id: &str, kind: &str| {
        let node = list(&file, "nodes").iter().find(|node| node["id"] == id).unwrap();
        list(node, "data").iter().find(|known| known["type"] == kind).unwrap().clone()
    };
    let parent = |id: &str| known(id, "@ulp/node")["transform"]["parent"].clone();
    assert_eq!(
        ["kid", "x", "y", "z"].map(parent),
        [json!("new"), Value::Null, Value::Null, json!("nobody knows")]
    );
    assert_eq!(known("layer:rivers", "@ulp/layer")["properties"], json!({"note": "kept", "order": 3}));
    assert_eq!(known("layer:default", "@ulp/layer")["properties"], json!({}));
    let readings = known("space:default", "@ulp/space")["sensors"].clone();
    assert_eq!(readings[0]["tile"], "z3/x1/y2");
    assert_eq!((&readings[0]["layer_id"], &readings[0]["position"]), (&json!("rivers"), &Value::Null));
    assert_eq!(readings[1]["position"], json!([1, 2, 3]));
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
