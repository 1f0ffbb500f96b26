//! Which options go together, what is in view, and what hides what.

use super::{BIN, NORTH, event, feed, ids, node, records, space};
use crate::run;
use serde_json::{Value, json};

#[test]
fn options_that_do_not_go_together_are_refused() {
    let lines = [space(json!({})), node(1, "a", json!([0, 9]), json!({}))];
    for (args, said) in [
        (&["-f", "geopose"][..], "needs --node"),
        (&["--node", "a"], "goes with -f geopose"),
        (&["-f", "svg"], "needs --viewer"),
        (&["-f", "html", "--viewer", NORTH], "-f jsonl and -f svg"),
        (&["-f", "geopose", "--node", "a", "--viewer", NORTH], "-f jsonl and -f svg"),
        (&["--ypr", "--viewer", NORTH], "goes with poses"),
        (&["--all"], "needs --viewer"),
        (&["--size", "9x9"], "needs --viewer"),
        (&["--fov", "9"], "needs --viewer"),
        (&["--fov", "9", "--viewer", NORTH], "says it already"),
        (&["--viewer", "1,2,3"], "not lat,lon,h"),
        (&["--viewer", "@/nowhere"], "/nowhere"),
        (&["--size", "0x9", "--viewer", NORTH], "WIDTHxHEIGHT"),
        (&["--viewer-node", "a", "--viewer", NORTH], "cannot be used with"),
    ] {
        let output = feed(args, &lines);
        let log = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(output.status.code(), Some(2 | 4)) && output.stdout.is_empty(), "{args:?}: {log}");
        assert!(log.contains(said), "{args:?}: {log}");
    }
    let placeless = feed(&[], &lines[1..]);
    assert_eq!(placeless.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&placeless.stderr).contains("--origin"));
    assert_eq!(records(&["--origin", "52.6,-2,100"], &lines[1..]), records(&[], &lines));
}

#[test]
fn a_node_of_several_spaces_is_asked_for_by_its_space() {
    let there = |name: &str, n: usize| {
        let mut line = node(n, "a", json!([0, 9 * n]), json!({}));
        line["space_id"] = json!(name);
        line
    };
    let lines = [there("one", 1), there("two", 2)];
    let base = ["--origin", "52.6,-2,100"];
    let with = |more: &[&'static str]| [&base[..], more].concat();
    let output = feed(&with(&["-f", "geopose", "--node", "a"]), &lines);
    assert!(output.status.code() == Some(2) && String::from_utf8_lossy(&output.stderr).contains("--space"));
    assert!(feed(&with(&["-f", "geopose", "--node", "a", "--space", "two"]), &lines).status.success());
    let seen = records(&with(&["--viewer", NORTH]), &lines);
    assert_eq!(seen.iter().map(|r| r["space_id"].as_str().unwrap()).collect::<Vec<_>>(), ["one", "two"]);
}

#[test]
fn hidden_layers_are_not_seen_and_do_not_hide() {
    let wall = json!({ "layer_id": "plans", "geometry": { "kind": "box", "size": [50, 1, 50] } });
    let lines = [
        space(json!({})),
        node(1, "tree", json!([0, 40, 1.6]), json!({})),
        node(2, "wall", json!([0, 20, 0]), wall),
    ];
    let seen = records(&["--viewer", NORTH], &lines);
    assert_eq!((ids(&seen), &seen[1]["occluded_by"]), (vec!["wall", "tree"], &json!("wall")));
    let hide =
        event(3, "set_properties", json!({ "node_id": "@layer:plans", "properties": { "visible": false } }));
    let lines: Vec<Value> = lines.into_iter().chain([hide]).collect();
    let seen = records(&["--viewer", NORTH], &lines);
    assert_eq!((ids(&seen), &seen[0]["occluded_by"]), (vec!["tree"], &Value::Null));
    assert_eq!(records(&[], &lines).len(), 2, "poses are told of every node");
}

#[test]
fn an_eye_inside_of_a_body_looks_through_it() {
    let shapes = [
        json!({ "kind": "box", "size": [8, 8, 8] }),
        json!({ "kind": "sphere", "radius": 5 }),
        json!({ "kind": "cylinder", "radius": 5, "height": 9 }),
        json!({ "kind": "rect", "width": 9, "height": 9, "radius": 1 }),
        json!({ "kind": "polygon", "points": [[-4, -4], [4, -4], [4, 4], [-4, 4]] }),
        json!({ "kind": "ellipse", "rx": 4, "ry": 6 }),
    ];
    for shape in shapes {
        let more = json!({ "geometry": shape, "properties": { "height": 5 } });
        let lines = [
            space(json!({})),
            node(1, "around", json!([0, 0, 0]), more.clone()),
            node(2, "wall", json!([0, 20, 0]), more),
            node(3, "tree", json!([0, 40, 1.6]), json!({})),
        ];
        let seen = records(&["--viewer", NORTH, "--all"], &lines);
        let of = |id: &str| seen.iter().find(|r| r["node_id"] == id).unwrap();
        assert_eq!(of("tree")["occluded_by"], "wall", "{shape}");
        assert_eq!(of("wall")["occluded_by"], Value::Null, "{shape}");
        // What is all around has no box.
        assert_eq!(of("around")["box"], Value::Null, "{shape}");
    }
}

#[test]
fn a_hole_is_looked_through() {
    // Upright, so that one looks at its face.
    let ring = json!({ "kind": "polygon", "points": [[-9, -9], [9, -9], [9, 9], [-9, 9]], "holes": [[[-2, -2], [2, -2], [2, 2], [-2, 2]]] });
    let mut frame = node(1, "frame", json!([0, 20, 1.6]), json!({ "geometry": ring }));
    frame["transform"]["rotation"] =
        json!([std::f64::consts::FRAC_1_SQRT_2, 0, 0, std::f64::consts::FRAC_1_SQRT_2]);
    let lines = [
        space(json!({})),
        frame,
        node(2, "through", json!([0, 40, 1.6]), json!({})),
        node(3, "beside", json!([10, 40, 1.6]), json!({})),
    ];
    let seen = records(&["--viewer", NORTH], &lines);
    let by = |id: &str| seen.iter().find(|r| r["node_id"] == id).unwrap()["occluded_by"].clone();
    assert_eq!((by("through"), by("beside")), (Value::Null, json!("frame")));
}

#[test]
fn the_picture_holds_what_the_records_do() {
    let shape = json!({ "geometry": { "kind": "box", "size": [8, 8, 8] }, "properties": { "label": "Mill & <weir>", "fill": "red" } });
    let lines = [
        space(json!({})),
        node(1, "mill", json!([0, 30, 2]), shape),
        node(2, "hidden", json!([0, 60, 1]), json!({})),
        node(3, "south", json!([0, -60, 1]), json!({})),
    ];
    let args = ["--viewer", NORTH, "--size", "640x360", "--all"];
    let output = feed(&[&["-f", "svg"][..], &args].concat(), &lines);
    let text = String::from_utf8(output.stdout).unwrap();
    let groups = groups_of(&text);
    for record in records(&args, &lines) {
        let id = record["node_id"].as_str().unwrap();
        let group = groups.iter().find(|group| group.contains(&format!("data-node-id=\"{id}\""))).unwrap();
        assert!(group.contains(&format!("data-event-id=\"{}\"", record["event_id"].as_str().unwrap())));
        assert_eq!(group.contains("<polygon"), record["screen"].is_null(), "{group}");
        assert_eq!(group.contains("<text"), !record["label_box"].is_null(), "{group}");
        assert_eq!(group.contains("opacity=\"0.55\""), !record["occluded_by"].is_null(), "{group}");
    }
    assert!(text.contains("Mill &amp; &lt;weir&gt;") && text.contains("#ff0000"));
}

/// The groups of a picture, which a reader of XML takes.
fn groups_of(text: &str) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("overlay.svg"), text).unwrap();
    run::sh("xmllint --noout overlay.svg", dir.path());
    text.split("<g ").skip(1).map(str::to_owned).collect()
}

#[test]
fn what_is_seen_does_not_hang_on_how_lines_came() {
    let shape = |n: usize| json!({ "geometry": { "kind": "sphere", "radius": 1 + n % 3 }, "properties": { "label": format!("ball {n}") } });
    let mut lines: Vec<String> = vec![space(json!({})).to_string()];
    let place = |n: usize| json!([(n * 37 % 90) as f64 - 45.0, 20 + n * 13 % 70, n % 5]);
    lines.extend((1..120).map(|n| node(n, &format!("n{n}"), place(n), shape(n)).to_string()));
    let mut rng = crate::reference::generate::Rng::new(5);
    let once = run::feed(BIN, &["--viewer", NORTH, "-j", "1"], lines.join("\n")).stdout;
    assert!(once.len() > 1000);
    crate::reference::generate::shuffle(&mut rng, &mut lines);
    assert_eq!(once, run::feed(BIN, &["--viewer", NORTH, "-j", "2"], lines.join("\n")).stdout);
}
