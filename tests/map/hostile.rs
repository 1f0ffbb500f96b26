//! Whatever an event writes comes back as text out of every format.

use super::{event, origin};
use crate::run;
use serde_json::{Value, json};

const EVIL: [&str; 9] = [
    "</script><script>alert(1)</script>",
    "]]>",
    "\"><svg onload=alert(1)>",
    "<!DOCTYPE x [<!ENTITY e \"e\">]>&e;",
    "\u{1}\u{8}\u{1f}\u{fffe}",
    "line\nline\r\ttab",
    "\\ \u{202e}turned",
    "a, b; c",
    "../../etc",
];

/// Labels, kinds, layers and properties of every evil kind.
fn trace() -> String {
    let mut lines = vec![origin(52.6, -2.0)];
    for (i, evil) in EVIL.iter().enumerate() {
        let id: String = evil.chars().filter(|c| !c.is_control()).collect();
        let id = format!("{id}{}", "x".repeat(256 - id.len() - 1));
        let (kind, cot) = (json!(evil), json!(evil));
        let properties = json!({ "label": evil, "cot": cot, (*evil): evil, "fill": evil, "stale": evil });
        let payload = json!({ "node_id": id, "kind": kind, "properties": properties, "transform": { "position": [i, i] } });
        lines.push(event(2 * i + 1, "create_node", payload));
        let layer = json!({ "node_id": "@layer:default", "properties": { "title": evil } });
        lines.push(event(2 * i + 2, "set_properties", layer));
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// As XML holds it.
fn held(text: &str) -> String {
    let is_held = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    text.chars().map(|c| if is_held(c) { c } else { '\u{fffd}' }).collect()
}

#[test]
fn text_comes_back_out_of_xml() {
    let dir = tempfile::tempdir().unwrap();
    for (format, path) in [
        ("kml", "//*[local-name()='Placemark']/*[local-name()='name']"),
        ("gpx", "//*[local-name()='wpt']/*[local-name()='name']"),
        ("cot", "//contact/@callsign"),
    ] {
        let output = run::feed(env!("CARGO_BIN_EXE_projector-map"), &["-f", format], trace());
        assert!(output.status.success(), "{format}");
        let mut text = String::from_utf8(output.stdout).unwrap();
        assert!(!text.contains("<!") && !text.contains("<script") && !text.contains("<svg"), "{format}");
        if format == "cot" {
            assert_eq!(text.lines().count(), EVIL.len());
            text = format!("<all>{text}</all>");
        }
        std::fs::write(dir.path().join("map.xml"), text).unwrap();
        for (i, evil) in EVIL.iter().enumerate() {
            let query = format!("string(({path})[{}])", i + 1);
            let found =
                run::command("xmllint", dir.path()).args(["--xpath", &query, "map.xml"]).output().unwrap();
            let found = String::from_utf8(found.stdout).unwrap();
            assert_eq!(found.strip_suffix('\n').unwrap_or(&found), held(evil), "{format}");
        }
    }
}

#[test]
fn text_comes_back_out_of_json() {
    let output = run::feed(env!("CARGO_BIN_EXE_projector-map"), &["-f", "geojson"], trace());
    let whole: Value = serde_json::from_slice(&output.stdout).unwrap();
    for (feature, evil) in whole["features"].as_array().unwrap().iter().zip(EVIL) {
        assert_eq!(
            (&feature["properties"]["label"], &feature["properties"][evil]),
            (&json!(evil), &json!(evil))
        );
    }
}
