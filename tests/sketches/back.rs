//! What comes back: an exchange file of ours is the same world, a canvas the same cards, and twice is once.

use super::{FORMATS, TIME, codes, events, feed, import, is_taken, lines};
use crate::reference::generate;
use crate::{run, sample};
use serde_json::{Value, json};

/// The records of a trace, but for the names of the events behind them.
fn records(trace: &[u8]) -> Vec<Value> {
    let mut records = lines(&feed("projector-2d", &[], trace).stdout);
    for record in records.iter_mut().filter_map(Value::as_object_mut) {
        record.remove("event_id");
    }
    records
}

#[track_caller]
fn comes_back(trace: &[u8], what: &str) {
    let file = feed("projector-2d", &["-f", "ocif"], trace).stdout;
    let drafts = import("ocif", &["--time", TIME], file);
    assert!(drafts.status.success(), "{what}: {}", String::from_utf8_lossy(&drafts.stderr));
    let (before, after) = (records(trace), records(&drafts.stdout));
    for (i, (before, after)) in before.iter().zip(&after).enumerate() {
        assert_eq!(before, after, "{what}: record {i}");
    }
    assert_eq!(before.len(), after.len(), "{what}");
}

#[test]
fn the_flood_comes_back_from_its_exchange_file() {
    let trace = std::fs::read(run::root().join("examples/flood/trace.jsonl")).unwrap();
    comes_back(&trace, "flood");
}

const HISTORIES: u64 = 500;

#[test]
fn random_histories_come_back() {
    let seeds: Vec<u64> = sample::of(0..HISTORIES, 20).collect();
    sample::each(&seeds, |_, seed| {
        let lines = generate::history(*seed, 5 + (*seed % 76) as usize);
        comes_back((lines.join("\n") + "\n").as_bytes(), &format!("seed {seed}"));
    });
}

/// Everything that a record shows, at its edges: parents that were absorbed, circles, readings of all sorts, layers
/// that hold nothing, names of all kinds, depth.
#[test]
fn a_world_of_edges_comes_back() {
    let deep = format!("{}1{}", "[".repeat(60), "]".repeat(60));
    let events = [
        r#""operation":"set_properties","node_id":"@space","properties":{"y":"down","title":"Ω","origin":{"lat":1,"lon":2}}"#.to_owned(),
        r#""operation":"set_properties","node_id":"@layer:empty","layer_id":"empty","properties":{"note":[1,{"a":null}],"order":-3.5}"#.to_owned(),
        r#""operation":"set_properties","node_id":"@layer:l","layer_id":"l","properties":{"visible":false,"order":9}"#.to_owned(),
        r#""operation":"create_node","node_id":"old","event_id":"e1","transform":{"position":[7,7],"rotation":12.5}"#.to_owned(),
        r#""operation":"create_node","node_id":"new","event_id":"e2","transform":{"position":[1,1,3],"scale":[2,-1,1]}"#.to_owned(),
        r#""operation":"merge","node_id":"new","absorbs":["old"],"previous_events":["e1","e2"]"#.to_owned(),
        r#""operation":"create_node","node_id":"kid","transform":{"position":[5,5],"parent":"old","rotation_quat":[0,0,0.6,0.8]}"#.to_owned(),
        r#""operation":"create_node","node_id":"x","transform":{"position":[1,2],"parent":"y"}"#.to_owned(),
        r#""operation":"create_node","node_id":"y","transform":{"position":[3,4],"parent":"x"}"#.to_owned(),
        r#""operation":"create_node","node_id":"z","transform":{"position":[3,4],"parent":"nobody"}"#.to_owned(),
        format!(r#""operation":"create_node","node_id":"deep","layer_id":"l","tile":"z3/x-1/y7","properties":{{"d":{deep},"text":"a\"\\b\u0001\u2028"}}"#),
        r#""operation":"set_media","node_id":"deep","role":"thumb","media":{"ref":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","mime":"image/png"}"#.to_owned(),
        r#""operation":"set_media","node_id":"deep","media":{"ref":"sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","mime":"image/png","meta":{"k":1e-7}}"#.to_owned(),
        r#""operation":"create_node","node_id":"long text","kind":"text","geometry":{"kind":"text","text":"two\nlines"},"physics":{"body":"dynamic","mass":2},"scope":{"authority":"derived","boundary":"exterior","realm":"public"}"#.to_owned(),
        r#""operation":"link_nodes","from_node":"old","to_node":"kid","relation":"is \"near\"","properties":{"label":"a"}"#.to_owned(),
        r#""operation":"link_nodes","from_node":"x","to_node":"x""#.to_owned(),
        r#""operation":"sensor_reading","sensor":"s","value":null,"node_id":"kid","layer_id":"l","tile":"z3/x1/y2""#.to_owned(),
        r#""operation":"sensor_reading","sensor":"t","value":"on","unit":"","position":[1,2,3]"#.to_owned(),
        r#""operation":"sensor_reading","sensor":"u","value":true,"node_id":"nobody""#.to_owned(),
        r#""operation":"create_node","node_id":"kid","space_id":"other","transform":{"position":[1,1]}"#.to_owned(),
        r#""operation":"link_nodes","from_node":"kid","to_node":"kid","space_id":"other""#.to_owned(),
    ];
    let line =
        |(i, event): (usize, &String)| format!("{{\"timestamp\":{},\"actor_id\":\"u\",{event}}}\n", 1000 + i);
    let trace: String = events.iter().enumerate().map(line).collect();
    comes_back(trace.as_bytes(), "edges");
    let file = feed("projector-2d", &["-f", "ocif"], &trace).stdout;
    let drafts = import("ocif", &["--time", TIME], file);
    is_taken(&drafts.stdout);
    let events = lines(&drafts.stdout);
    let of = |sensor: &str| events.iter().find(|event| event["sensor"] == sensor).unwrap();
    assert_eq!((&of("s")["tile"], &of("s")["layer_id"]), (&json!("z3/x1/y2"), &json!("l")));
    assert_eq!(of("t")["position"], json!([1, 2, 3]));
    let layer = events.iter().find(|event| event["node_id"] == "@layer:empty").unwrap();
    assert_eq!(layer["properties"], json!({"note": [1, {"a": null}], "order": -3.5}));
    assert!(!events.iter().any(|event| event["node_id"] == "@layer:default"), "nothing was given of it");
}

/// Every fixture that a store takes adds something once, and nothing when it comes again.
#[test]
fn twice_into_a_store_is_once() {
    let Some(shared) = run::shared() else {
        return run::skipped("drawings twice into a store: no ../shared");
    };
    for (format, ending) in FORMATS {
        for name in ["all", "boxes", "foreign", "old", "own", "small"] {
            let path = shared.join(format!("fixtures/import/{format}-{name}.{ending}"));
            let Ok(document) = std::fs::read(&path) else { continue };
            let drafts = import(format, &["--time", TIME], document).stdout;
            let dir = tempfile::tempdir().unwrap();
            std::fs::write(dir.path().join("drafts.jsonl"), &drafts).unwrap();
            run::sh(
                "ulp-store init w 2> /dev/null; ulp-append --store w drafts.jsonl 2> /dev/null > once",
                dir.path(),
            );
            run::sh("ulp-append --store w drafts.jsonl 2> log > twice", dir.path());
            let read = |name: &str| std::fs::read(dir.path().join(name)).unwrap();
            assert_eq!(
                (lines(&read("once")).len(), read("twice").len()),
                (lines(&drafts).len(), 0),
                "{format}-{name}"
            );
        }
    }
}

/// A canvas that came in goes out with the same cards, where they were, but for the group around its space.
#[test]
fn a_canvas_comes_back() {
    let cards = json!([
        {"id":"g","type":"group","x":0,"y":0,"width":500,"height":300,"label":"Plan"},
        {"id":"t","type":"text","x":20,"y":40,"width":201,"height":61,"text":"a \\* b\nwater_level","color":"4"},
        {"id":"u","type":"text","x":30,"y":50,"width":200,"height":60,"text":"on top of it"},
        {"id":"f","type":"file","x":260,"y":40,"width":200,"height":60,"file":"notes/plan.md","subpath":"#two"},
        {"id":"l","type":"link","x":20,"y":150,"width":200,"height":60,"url":"https://example.org/a?b=c","color":"#ff8800"},
    ]);
    let edges = json!([{"id":"e","fromNode":"t","toNode":"f","label":"see","color":"2"}]);
    let drafts = import("canvas", &["--time", TIME], json!({"nodes": cards, "edges": edges}).to_string());
    let canvas = feed("projector-2d", &["-f", "canvas"], drafts.stdout).stdout;
    let canvas: Value = serde_json::from_slice(&canvas).unwrap();
    let expected: Vec<Value> = cards
        .as_array()
        .unwrap()
        .iter()
        .map(|card| {
            let mut card = card.clone();
            if card["text"] == "a \\* b\nwater_level" {
                // A star between blanks is no markup.
                card["text"] = json!("a * b\nwater_level");
            }
            card
        })
        .collect();
    assert_eq!(canvas["nodes"].as_array().unwrap()[1..], expected);
    let edge = &canvas["edges"][0];
    assert_eq!(
        (&edge["fromNode"], &edge["toNode"], &edge["label"], &edge["color"]),
        (&json!("t"), &json!("f"), &json!("see"), &json!("2"))
    );
}

/// The canvas of a world, read back, has its title and its nodes.
#[test]
fn the_group_around_a_space_is_its_title() {
    let trace = r#"{"timestamp":1,"actor_id":"a","operation":"create_node","node_id":"n","kind":"x"}
{"timestamp":2,"actor_id":"a","operation":"set_properties","node_id":"@space","properties":{"title":"The plan"}}
"#;
    let canvas = feed("projector-2d", &["-f", "canvas"], trace).stdout;
    let events = events("canvas", &[], canvas);
    assert_eq!(events[0]["properties"], json!({"title": "The plan", "y": "down"}));
    assert_eq!((events.len(), &events[1]["node_id"]), (2, &json!("n")));
    assert_eq!(codes(&import("canvas", &[], "{}")), json!({}));
}
