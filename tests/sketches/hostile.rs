//! Documents that mean harm, or nothing: refused whole or in part, never more.

use super::{FORMATS, codes, events, import, is_taken};
use crate::reference::generate::Rng;
use serde_json::{Value, json};

const OCIF: &str = "https://canvasprotocol.org/ocif/v0.7.0";

/// A document of each format around a list of what it draws.
fn document(format: &str, things: &str) -> String {
    match format {
        "excalidraw" => format!("{{\"elements\":[{things}]}}"),
        "ocif" => format!("{{\"ocif\":\"{OCIF}\",\"nodes\":[{things}]}}"),
        _ => format!("{{\"nodes\":[{things}]}}"),
    }
}

/// A thing that each format draws, with its id and its x as they are written.
fn thing(format: &str, id: &str, x: &str) -> String {
    match format {
        "canvas" => {
            format!(
                "{{\"id\":{id},\"type\":\"text\",\"text\":\"t\",\"x\":{x},\"y\":0,\"width\":1,\"height\":1}}"
            )
        }
        "excalidraw" => {
            format!("{{\"id\":{id},\"type\":\"rectangle\",\"x\":{x},\"y\":0,\"width\":1,\"height\":1}}")
        }
        _ => format!("{{\"id\":{id},\"position\":[{x},0],\"data\":[{{\"type\":\"@ocif/rect\"}}]}}"),
    }
}

#[test]
fn what_is_no_document_is_refused_whole() {
    for (format, _) in FORMATS {
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        for bad in [
            "not JSON".to_owned(),
            "[]".to_owned(),
            "{\"nodes\":7,\"elements\":7,\"ocif\":\"x\"}".to_owned(),
            document(format, &thing(format, "\"a\"", "1e400")),
            document(format, &thing(format, "\"a\"", "NaN")),
            document(format, &deep),
            document(format, "{\"a\":1,\"a\":2}"),
            document(format, "\"\\ud800\""),
            document(format, "")[1..].to_owned(),
        ] {
            let output = import(format, &[], &bad);
            assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{format}: {bad}");
            assert_eq!(codes(&output), json!({"import.document": 1}), "{format}: {bad}");
        }
        let output = import(format, &[], b"{\"nodes\":[\"\xff\"]}");
        assert_eq!(codes(&output), json!({"import.document": 1}), "{format}");
    }
}

#[test]
fn ids_of_every_kind_become_names() {
    for (format, _) in FORMATS {
        let long = "x".repeat(300);
        let ids = ["", "@space", "a\nb", "ü/🙂", "evt-1#2", "__proto__", long.as_str()];
        let things: Vec<String> = ids.iter().map(|id| thing(format, &json!(id).to_string(), "1")).collect();
        let numbers = ["7", "[]", "{}", "true"].map(|id| thing(format, id, "1"));
        let all = [things, numbers.to_vec()].concat().join(",");
        let output = import(format, &["--time", super::TIME], document(format, &all));
        is_taken(&output.stdout);
        assert_eq!(super::lines(&output.stdout).len(), 1 + ids.len(), "{format}");
        assert_eq!(codes(&output)["import.id"], 4, "{format}");
    }
}

#[test]
fn numbers_that_no_event_may_hold_are_refused() {
    for (format, _) in FORMATS {
        let things = ["1e300", "-1e300", "123456789012345678901234567890", "\"1\"", "null", "[1]"];
        let all: Vec<String> =
            things.iter().enumerate().map(|(i, x)| thing(format, &format!("\"n{i}\""), x)).collect();
        let output = import(format, &["--time", super::TIME], document(format, &all.join(",")));
        assert_eq!(super::lines(&output.stdout).len(), 1, "{format}");
        assert_eq!(output.status.code(), Some(1), "{format}");
    }
}

#[test]
fn groups_that_hold_each_other_end() {
    let group = |id: &str, members: &[&str]| {
        json!({"id": id, "data": [{"type": "@ocif/group", "members": members}]}).to_string()
    };
    let rect = thing("ocif", "\"n\"", "0");
    let all = [group("a", &["b", "n", "n"]), group("b", &["a", "b", "n"]), rect].join(",");
    let output = import("ocif", &["--time", super::TIME], document("ocif", &all));
    let events = super::lines(&output.stdout);
    assert_eq!(events[1]["properties"]["groups"], json!(["a", "b"]));
    assert_eq!(codes(&output), json!({"import.group": 2}));
}

#[test]
fn arrows_to_what_is_not_there_are_lines() {
    let arrow = |start: Value, end: Value| {
        json!({"id": "a", "type": "arrow", "x": 0, "y": 0, "points": [[0, 0], [9, 9]],
            "startBinding": start, "endBinding": end})
        .to_string()
    };
    let rect = thing("excalidraw", "\"r\"", "0");
    let bound = json!({"elementId": "r"});
    for end in [json!(null), json!({"elementId": "gone"}), json!({"elementId": "a"}), json!(7), json!({})] {
        let events = events(
            "excalidraw",
            &[],
            document("excalidraw", &format!("{rect},{}", arrow(bound.clone(), end))),
        );
        assert_eq!((events.len(), &events[2]["geometry"]["kind"]), (3, &json!("polyline")));
    }
    let events =
        events("excalidraw", &[], document("excalidraw", &format!("{rect},{}", arrow(bound.clone(), bound))));
    assert_eq!(events[2]["operation"], "link_nodes");
}

#[test]
fn pictures_that_are_none_are_noted() {
    for (address, is_picture) in [
        ("data:image/png;base64,AAAA", true),
        ("data:image/png;base64,AAA", false),
        ("data:image/png;base64,A A=", false),
        ("data:image/png,AAAA", false),
        ("https://example.org/x.png", false),
        ("", false),
    ] {
        let drawing = json!({"elements": [{"id": "i", "type": "image", "x": 0, "y": 0, "width": 9, "height": 9, "fileId": "F"}],
            "files": {"F": {"mimeType": "image/png", "dataURL": address}}});
        let output = import("excalidraw", &["--time", super::TIME], drawing.to_string());
        let events = super::lines(&output.stdout);
        assert_eq!(events[1]["media"].is_object(), is_picture, "{address}");
        assert_eq!(codes(&output)["import.blob"].is_number(), !is_picture, "{address}");
    }
}

/// Extensions of ours that somebody else wrote are held to the rules of events.
#[test]
fn our_own_extensions_are_not_believed() {
    let own = |known: Value| json!({"id": "n", "data": [known]}).to_string();
    for known in [
        json!({"type": "@ulp/node"}),
        json!({"type": "@ulp/node", "node_id": "a", "space_id": "a/b"}),
        json!({"type": "@ulp/node", "node_id": "a", "tile": "z99/x0/y0"}),
        json!({"type": "@ulp/node", "node_id": "a", "transform": {"position": ["a"]}}),
        json!({"type": "@ulp/node", "node_id": "a", "transform": {"scale": [1, 2]}}),
        json!({"type": "@ulp/node", "node_id": "a", "transform": 7}),
        json!({"type": "@ulp/node", "node_id": "a", "geometry": []}),
        json!({"type": "@ulp/node", "node_id": "a", "authority": "king"}),
        json!({"type": "@ulp/node", "node_id": "a", "media": {"thumb": {"ref": "http://x"}}}),
        json!({"type": "@ulp/node", "node_id": "a", "physics": {"body": "soft"}}),
        json!({"type": "@ulp/link", "from_node": "a"}),
        json!({"type": "@ulp/layer", "layer": "a/b"}),
        json!({"type": "@ulp/space", "sensors": [{"sensor": "s", "value": 1}]}),
        json!({"type": "@ulp/space", "sensors": [{"actor_id": "a", "sensor": "s", "value": [1], "timestamp": 1}]}),
        json!({"type": "@ulp/space", "sensors": [{"actor_id": "a", "sensor": "s", "value": 1, "timestamp": "soon"}]}),
        json!({"type": "@ulp/space", "sensors": [7]}),
    ] {
        let output = import("ocif", &["--time", super::TIME], document("ocif", &own(known.clone())));
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{known}");
    }
    let mixed =
        format!("{},{}", own(json!({"type": "@ulp/node", "node_id": "a"})), thing("ocif", "\"b\"", "0"));
    assert_eq!(codes(&import("ocif", &[], document("ocif", &mixed))), json!({"import.foreign": 1}));
}

/// A document of thirty megabytes, most of it one picture, is read as any other.
#[test]
fn large_documents_are_read() {
    let picture = format!("data:image/png;base64,{}", "AAAA".repeat(crate::sample::size(7 << 20, 1 << 20)));
    let drawing = json!({"elements": [{"id": "i", "type": "image", "x": 0, "y": 0, "width": 9, "height": 9, "fileId": "F"}],
        "files": {"F": {"dataURL": picture}}});
    let events = events("excalidraw", &[], drawing.to_string());
    assert_eq!(events[1]["media"]["bytes"].as_u64(), Some(crate::sample::size(21 << 20, 3 << 20)));
    let many: Vec<String> = (0..crate::sample::size(200_000, 20_000))
        .map(|i| thing("canvas", &format!("\"n{i}\""), "5"))
        .collect();
    let output = import("canvas", &["--time", super::TIME], document("canvas", &many.join(",")));
    assert!(output.status.success());
    assert_eq!(output.stdout.iter().filter(|b| **b == b'\n').count(), many.len() + 1);
}

/// Documents with bytes changed, cut out or doubled are refused or read, and what is read is an event.
#[test]
fn broken_documents_break_nothing() {
    let seeds: Vec<u64> = crate::sample::of(0..2_000, 40).collect();
    let bases = [
        ("canvas", document("canvas", &thing("canvas", "\"a\"", "1.5"))),
        (
            "excalidraw",
            std::fs::read_to_string(crate::run::root().join("examples/sketch/sketch.excalidraw")).unwrap(),
        ),
        ("ocif", exchanged()),
    ];
    crate::sample::each(&seeds, |_, seed| {
        let mut rng = Rng::new(*seed);
        for (format, base) in &bases {
            let broken = broken(base.as_bytes(), &mut rng);
            let output = import(format, &["--time", super::TIME], &broken);
            assert!(matches!(output.status.code(), Some(0 | 1)), "{format}, seed {seed}");
            is_taken(&output.stdout);
        }
    });
}

/// An exchange file of ours.
fn exchanged() -> String {
    let trace = r#"{"timestamp":1,"actor_id":"a","operation":"create_node","node_id":"n","geometry":{"kind":"rect","width":2,"height":1},"media":{"ref":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","mime":"image/png"},"physics":{"body":"static"},"transform":{"position":[1,2,3],"scale":2},"properties":{"label":"x"}}
{"timestamp":2,"actor_id":"a","operation":"link_nodes","from_node":"n","to_node":"n","properties":{"label":"y"}}
{"timestamp":3,"actor_id":"a","operation":"sensor_reading","sensor":"s","value":1.5,"node_id":"n"}
{"timestamp":4,"actor_id":"a","operation":"set_properties","node_id":"@layer:default","properties":{"order":3}}
"#;
    String::from_utf8(super::feed("projector-2d", &["-f", "ocif"], trace).stdout).unwrap()
}

/// A text with some of its bytes changed, left out or written again.
fn broken(base: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut bytes = base.to_vec();
    for _ in 0..1 + rng.below(4) {
        let at = rng.below(bytes.len().max(1));
        let end = (at + 1 + rng.below(40)).min(bytes.len());
        match rng.below(5) {
            0 => bytes[at] = rng.below(256) as u8,
            1 => drop(bytes.drain(at..end)),
            2 => bytes
                .splice(at..at, base[at.min(base.len())..end.min(base.len())].iter().copied())
                .for_each(drop),
            3 => drop(
                bytes.splice(at..end, rng.pick(&["null", "-1e999", "\"\"", "{}", "[[]]", "1e15"]).bytes()),
            ),
            _ => bytes[at..end].reverse(),
        }
        if bytes.is_empty() {
            break;
        }
    }
    bytes
}
