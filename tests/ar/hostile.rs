//! Whatever an event writes: text comes back as text, and numbers without end or sense put none into a record.

use super::{BIN, NORTH, feed, node, records, space};
use crate::run;
use serde_json::{Value, json};

const EVIL: [&str; 8] = [
    "</script><script>alert(1)</script>",
    "]]>",
    "\"><svg onload=alert(1)>",
    "\u{1}\u{8}\u{1f}\u{fffe}",
    "line\nline\r\ttab",
    "\\ \u{202e}turned",
    "&amp;<!--",
    "../../etc",
];

#[test]
fn labels_and_ids_stay_text() {
    let mut lines = vec![space(json!({}))];
    for (n, evil) in EVIL.iter().enumerate() {
        let plain: String = evil.chars().filter(|c| !c.is_control()).collect();
        let id = format!("{plain}{}", "x".repeat(256 - plain.len()));
        lines.push(node(n + 1, &id, json!([0, 10 * n + 10, 1]), json!({ "properties": { "label": evil } })));
    }
    let seen = records(&["--viewer", NORTH, "--size", "4000x4000"], &lines);
    assert_eq!(seen.len(), EVIL.len());
    for (record, evil) in seen.iter().zip(EVIL) {
        let wanted = evil.split_whitespace().collect::<Vec<_>>().join(" ");
        let wanted = wanted.replace(|c: char| c.is_control() || c == '\u{202e}', "\u{fffd}");
        assert_eq!(record["label"], wanted);
        assert_eq!(record["node_id"].as_str().unwrap().len(), 256);
    }
    let dir = tempfile::tempdir().unwrap();
    let svg = feed(&["-f", "svg", "--viewer", NORTH, "--size", "4000x4000"], &lines).stdout;
    let text = String::from_utf8(svg).unwrap();
    assert!(
        !text.contains("<!")
            && !text.contains("<script")
            && !text.contains("<svg o")
            && !text.contains('\u{202e}')
    );
    std::fs::write(dir.path().join("o.svg"), text).unwrap();
    let first = run::sh("xmllint --xpath \"string((//*[local-name()='text'])[last()])\" o.svg", dir.path());
    assert_eq!(first.trim_end(), EVIL[0]);
}

#[test]
fn numbers_without_sense_are_no_trouble() {
    let huge = [1e300, -1e300, 1e15, 1e-300, 0.0];
    let mut lines = vec![space(json!({}))];
    for (n, size) in huge.into_iter().enumerate() {
        for (k, shape) in [
            json!({ "kind": "box", "size": [size, 1, size] }),
            json!({ "kind": "sphere", "radius": size }),
            json!({ "kind": "cylinder", "radius": size, "height": size }),
            json!({ "kind": "mesh", "positions": [0, 0, 0, size, 0, 0, 0, size, size], "indices": [0, 1, 2, 0, 1, 9] }),
            json!({ "kind": "polygon", "points": [[0, 0], [size, 0], [size, size]] }),
            json!({ "kind": "path", "d": "M0 0L1e999 1 NaN" }),
            json!({ "kind": "rect", "width": "NaN", "height": null }),
            json!({ "kind": "hologram" }),
        ]
        .into_iter()
        .enumerate()
        {
            let number = 10 * n + k + 1;
            let mut line = node(number, &format!("n{number:02}"), json!([n, 20 + k, 1]), json!({ "geometry": shape }));
            line["transform"]["scale"] = json!([size, 1, 1]);
            line["properties"] = json!({ "height": size, "label": null, "name": [1] });
            lines.push(line);
        }
    }
    for args in
        [&[][..], &["--viewer", NORTH, "--all"], &["--viewer", NORTH, "--all", "-f", "svg"], &["-f", "html"]]
    {
        let output = feed(args, &lines);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(matches!(output.status.code(), Some(0 | 1)) && !text.is_empty(), "{args:?}");
        let log = String::from_utf8_lossy(&output.stderr);
        assert!(!log.contains("panicked"), "{args:?}: {log}");
        if args.contains(&"svg") || args.is_empty() || !args.contains(&"-f") {
            assert!(!text.contains("NaN") && !text.contains("inf"), "{args:?}");
        }
        if !args.contains(&"-f") {
            for line in text.lines() {
                serde_json::from_str::<Value>(line).unwrap();
            }
        }
    }
}

#[test]
fn an_eye_in_a_thing_and_all_behind_it() {
    let lines = [
        space(json!({})),
        node(1, "eye", json!([0, 0, 1.6]), json!({})),
        node(2, "back", json!([0, -5, 1.6]), json!({})),
    ];
    assert!(records(&["--viewer", NORTH], &lines).is_empty());
    let all = records(&["--viewer", NORTH, "--all"], &lines);
    assert_eq!(super::ids(&all), ["eye", "back"]);
    assert!(all.iter().all(|r| r["screen"].is_null() && r["label_box"].is_null()));
    assert_eq!(all[0]["distance"], 0);
    let svg = feed(&["-f", "svg", "--viewer", NORTH], &lines).stdout;
    assert!(String::from_utf8(svg).unwrap().ends_with("</svg>\n"));
    // At the pole every way is south, and all the same there is one.
    let pole = json!({ "origin": { "lat": 90, "lon": 0, "height": 0 } });
    let lines = [space(pole), node(1, "camp", json!([0, -900, 0]), json!({}))];
    let seen = records(&["--viewer", "90,0,2,-90,0,0,60"], &lines);
    assert!(seen.len() == 1 && seen[0]["distance"].as_f64().unwrap() < 901.0, "{seen:?}");
    assert!(run::feed(BIN, &["--viewer", NORTH], "").stdout.is_empty());
}
