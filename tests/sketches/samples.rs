//! Drawings with what the programs themselves write: own ones, of the same features as those that people share.

use super::{codes, events, import, is_taken, lines};
use crate::run;
use serde_json::{Value, json};

/// The fixtures of these formats, to the byte, with their codes and statuses.
#[test]
fn fixtures_come_out_to_the_byte() {
    let Some(shared) = run::shared() else { return run::skipped("drawings: no ../shared/fixtures/import") };
    let dir = shared.join("fixtures/import");
    let cases = std::fs::read_to_string(dir.join("cases.tsv")).unwrap();
    let mut count = 0;
    for case in cases.lines().skip(1) {
        let [name, input, options, status, expected] = case.split('\t').collect::<Vec<_>>()[..] else {
            continue;
        };
        if !["canvas", "ocif", "excalidraw"].iter().any(|format| options.starts_with(&format!("-f {format}")))
        {
            continue;
        }
        let options: Vec<&str> = options.split(' ').collect();
        let output = import(options[1], &options[2..], std::fs::read(dir.join(input)).unwrap());
        let events = std::fs::read_to_string(dir.join(format!("{name}.events.jsonl"))).unwrap();
        assert_eq!(String::from_utf8(output.stdout.clone()).unwrap(), events, "{name}");
        assert_eq!(output.status.code(), status.parse().ok(), "{name}");
        assert_eq!(codes(&output), serde_json::from_str::<Value>(expected).unwrap(), "{name}");
        count += 1;
    }
    assert_eq!(count, 10);
}

/// A canvas as Obsidian writes it: tabs, presets, sides, ends, a group with a picture behind it.
#[test]
fn a_canvas_of_obsidian() {
    let canvas = "{\n\t\"nodes\":[\n\t\t{\"id\":\"754a8ef995f366bc\",\"type\":\"group\",\"x\":-300,\"y\":-460,\"width\":610,\"height\":200,\"label\":\"Search\",\"background\":\"img/map.png\",\"backgroundStyle\":\"ratio\"},\n\t\t{\"id\":\"8132d4d894c80022\",\"type\":\"file\",\"file\":\"notes/teams.md\",\"subpath\":\"#Team 2\",\"x\":-280,\"y\":-200,\"width\":570,\"height\":560,\"color\":\"6\"},\n\t\t{\"id\":\"59e896bc8da20699\",\"type\":\"text\",\"text\":\"Learn more:\\n\\n- [Apps](/docs/apps.md)\\n- 2 \\\\* 3\",\"x\":40,\"y\":-440,\"width\":250,\"height\":160,\"styleAttributes\":{}}\n\t],\n\t\"edges\":[\n\t\t{\"id\":\"6fa11ab87f90b8af\",\"fromNode\":\"8132d4d894c80022\",\"fromSide\":\"right\",\"toNode\":\"59e896bc8da20699\",\"toSide\":\"left\",\"fromEnd\":\"arrow\",\"color\":\"#123456\"}\n\t]\n}";
    let output = import("canvas", &["--time", super::TIME, "--flip"], canvas);
    assert!(output.status.success());
    is_taken(&output.stdout);
    let events = lines(&output.stdout);
    assert_eq!(events.len(), 4);
    assert_eq!(events[0]["transform"]["position"], json!([5, 360]));
    assert_eq!(events[0]["properties"]["background"], "img/map.png");
    assert_eq!(events[1]["properties"]["label"], "teams.md");
    assert_eq!(events[2]["properties"]["label"], "Learn more:\n\n- [Apps](/docs/apps.md)\n- 2 * 3");
    assert_eq!(
        (&events[3]["from_node"], &events[3]["properties"]),
        (&json!("8132d4d894c80022"), &json!({"stroke": "#123456"}))
    );
}

/// What Excalidraw writes beside the fixtures: frames, round corners of all types, elbows, old spellings, no ids.
#[test]
fn a_drawing_of_excalidraw() {
    let common = |more: Value| {
        let mut element = json!({"x": 0, "y": 0, "width": 200, "height": 100, "angle": 0, "strokeColor": "#1971c2",
            "backgroundColor": "#a5d8ff", "fillStyle": "hachure", "strokeWidth": 4, "strokeStyle": "dotted", "roughness": 2,
            "opacity": 80, "seed": 2_086_740_537, "version": 12, "versionNonce": 1_150_084_233, "isDeleted": false,
            "groupIds": [], "frameId": "f", "index": "a1V", "updated": 1_726_000_000_000_u64, "link": null, "locked": false,
            "boundElements": [], "customData": {"n": 1e300}});
        element.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        element
    };
    let drawing = json!({"type": "excalidraw", "version": 2, "source": "https://excalidraw.com", "elements": [
        common(json!({"id": "f", "type": "frame", "frameId": null, "name": "Sector 3", "width": 900, "height": 500})),
        common(json!({"id": "r1", "type": "rectangle", "roundness": {"type": 1}})),
        common(json!({"id": "r3", "type": "rectangle", "roundness": {"type": 3, "value": 12}, "height": 400})),
        common(json!({"id": "old", "type": "rectangle", "strokeSharpness": "round"})),
        common(json!({"id": "d", "type": "diamond", "roundness": {"type": 2}, "angle": 0.5})),
        common(json!({"id": "e", "type": "embeddable", "link": "https://example.org/"})),
        common(json!({"type": "ellipse", "strokeColor": "transparent"})),
        common(json!({"id": "hand", "type": "draw", "points": [[0, 0], [1.000_000_4, 2]], "x": 0.5})),
        common(json!({"id": "both", "type": "arrow", "points": [[0, 0], [5, 0], [5, 9]], "elbowed": true,
            "startBinding": {"elementId": "r1", "fixedPoint": [1, 0.5]}, "endBinding": {"elementId": "d"},
            "startArrowhead": "triangle", "endArrowhead": null})),
        common(json!({"id": "both label", "type": "text", "containerId": "both", "text": "to\nhere", "fontSize": 16})),
        common(json!({"id": "t2", "type": "text", "containerId": "both", "text": "again", "fontSize": 16})),
    ], "appState": {"viewBackgroundColor": "transparent", "gridSize": null}, "files": {}});
    let output = import("excalidraw", &["--time", super::TIME], drawing.to_string());
    is_taken(&output.stdout);
    assert_eq!(codes(&output), json!({"import.curve": 1}));
    let events = lines(&output.stdout);
    let node = |id: &str| events.iter().find(|event| event["node_id"] == id).unwrap();
    assert_eq!(node("@space")["properties"], json!({"y": "down"}));
    assert_eq!(
        ["r1", "r3", "old"].map(|id| node(id)["geometry"]["radius"].as_f64()),
        [Some(25.0), Some(12.0), Some(25.0)]
    );
    assert_eq!(node("d")["transform"]["rotation"], json!(28.647_89));
    assert_eq!(node("e")["properties"]["url"], "https://example.org/");
    assert_eq!(
        node("f")["properties"],
        json!({"fill": "#a5d8ff", "label": "Sector 3", "opacity": 0.8, "stroke": "#1971c2", "stroke_style": "dotted", "stroke_width": 4})
    );
    assert_eq!(node("hand")["geometry"]["points"], json!([[-0.5, -1], [0.5, 1]]));
    assert_eq!(node("t2")["geometry"]["text"], "again");
    let unnamed = events.iter().find(|event| event["kind"] == "ellipse").unwrap();
    assert!(
        unnamed["node_id"].as_str().unwrap().starts_with("e-") && unnamed["properties"]["stroke"] == "none"
    );
    let link = events.last().unwrap();
    assert_eq!(
        (&link["from_node"], &link["to_node"], &link["properties"]["label"]),
        (&json!("d"), &json!("r1"), &json!("to\nhere"))
    );
}

/// Documents of the format's own cookbook, by their features: a note, a grid, edges of both spellings, text styles.
#[test]
fn an_exchange_file_of_another_program() {
    let file = json!({"ocif": "https://canvasprotocol.org/ocif/v0.6.1", "nodes": [
        {"id": "n", "position": [10, 10, 0], "size": [60, 20, 5], "scale": 2, "resource": "r", "data": [
            {"type": "@ocif/rect", "fillColor": "transparent", "strokeColor": "#123456", "strokeWidth": 0.5},
            {"type": "@ocif/textstyle", "fontSizePx": 24}, {"type": "@com/shadow", "blur": 4}]},
        {"id": "bare", "position": [5, 5]},
        {"id": "pic", "position": [0, 0], "resource": "p", "data": [{"type": "@ocif/node/oval"}]},
        {"id": "page", "position": [0, 0], "resource": "web"},
        {"id": "e", "data": [{"type": "@ocif/arrow", "start": [0, 0], "end": [1, 1], "strokeColor": "#ff0000"},
            {"type": "@ocif/edge", "start": "n", "end": "bare"}], "resource": "r"},
    ], "relations": [{"id": "h", "data": [{"type": "@ocif/rel/hyperedge"}]},
        {"id": "x", "data": [{"type": "@ocif/rel/edge", "start": "n", "end": "gone"}]}],
    "resources": [{"id": "r", "representations": [{"mimeType": "text/html", "content": "<b>Hi</b>"}, {"mimeType": "text/plain", "content": "Hi"}]},
        {"id": "p", "representations": [{"location": "data:image/gif;base64,R0lGODlhAQABAAAAACw=", "mimeType": "image/gif"}]},
        {"id": "web", "representations": [{"location": "https://example.org/", "mimeType": "text/html"}]}]});
    let output = import("ocif", &["--time", super::TIME], file.to_string());
    is_taken(&output.stdout);
    let noted = json!({"import.edge": 1, "import.extension": 1, "import.relation": 1, "import.resource": 1});
    assert_eq!(codes(&output), noted);
    let events = lines(&output.stdout);
    let node = |id: &str| events.iter().find(|event| event["node_id"] == id).unwrap();
    assert_eq!(node("n")["transform"], json!({"position": [70, 30, 0], "scale": [2, 2, 2]}));
    assert_eq!(
        node("n")["properties"],
        json!({"fill": "none", "font_size": 24, "label": "Hi", "stroke": "#123456", "stroke_width": 0.5})
    );
    assert_eq!((&node("bare")["kind"], &node("bare")["geometry"]["width"]), (&json!("node"), &json!(100)));
    assert_eq!(node("pic")["media"]["mime"], "image/gif");
    assert_eq!(events.last().unwrap()["properties"], json!({"label": "Hi", "stroke": "#ff0000"}));
}

/// Pictures are kept for a store, each once.
#[test]
fn pictures_are_written_for_a_store() {
    let dir = tempfile::tempdir().unwrap();
    let image =
        |id: &str| json!({"id": id, "type": "image", "x": 0, "y": 0, "width": 9, "height": 9, "fileId": "F"});
    let drawing = json!({"elements": [image("a"), image("b")], "files": {"F": {"dataURL": "data:image/gif;base64,R0lGODlhAQABAAAAACw="}}});
    let objects = dir.path().join("objects");
    let output = import("excalidraw", &["--objects", objects.to_str().unwrap()], drawing.to_string());
    let media = lines(&output.stdout)[1]["media"].clone();
    let names: Vec<_> =
        std::fs::read_dir(&objects).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 1);
    assert_eq!(media["ref"], format!("sha256:{}", names[0].to_str().unwrap()));
    assert_eq!(media["mime"], "image/gif");
    assert_eq!(events("excalidraw", &[], drawing.to_string())[2]["media"], media);
}

#[test]
fn the_sketch_of_the_example_joins_its_map() {
    let dir = run::checkout();
    let script = "for out in one two; do examples/sketch/run.sh $out; diff $out/story.txt examples/sketch/expected.txt; done
        for file in sketch.jsonl map.svg map.canvas map.ocif; do cmp one/$file two/$file; done";
    run::sh(script, dir.path());
}
