//! What events write is text, in every format: no markup, no script, no address, no number that is none, nothing that
//! a terminal obeys or that turns text around.

use super::{FORMATS, MORE};
use crate::run;
use std::path::Path;

/// What would do harm in one format or another, as JSON strings hold it.
const EVIL: [&str; 14] = [
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "</title></svg><svg onload=alert(1)>",
    "]]><!--",
    "\\\" onmouseover=\\\"alert(1)",
    "' onfocus='alert(1)",
    "![x](http://evil.example/x.png)",
    "javascript:alert(1)",
    "\\u001b]0;title\\u0007\\u009b31m",
    "\\u001b[2J\\u0000\\b\\r",
    "\\u202eturned\\u2066around\\u200f",
    "NaN",
    "00:00.000 --> 00:09.000",
    "&#x3c;{{data}}\\uffff\\u2028",
];

/// A trace in which every text that an event can set is evil.
fn trace(dir: &Path) {
    let mut lines = Vec::new();
    let mut push = |operation: &str, rest: String| {
        let n = lines.len();
        lines.push(format!(
            r#"{{"event_id":"e{n}","timestamp":{},"actor_id":"a{n}","operation":"{operation}",{rest}}}"#,
            1000 + n
        ));
    };
    for (i, evil) in EVIL.iter().enumerate() {
        // Ids hold no control characters.
        let controls = ["\\u001b", "\\u0007", "\\u009b", "\\u0000", "\\b", "\\r"];
        let id = controls.iter().fold((*evil).to_owned(), |id, c| id.replace(c, ""));
        let kinds = ["rect", "ellipse", "path", "text", "svg", evil];
        let kind = kinds[i % kinds.len()];
        push(
            "create_node",
            format!(
                r#""node_id":"{id}","kind":"{evil}","geometry":{{"kind":"{kind}","width":9,"height":9,"rx":3,"ry":4,"d":"{evil}","text":"{evil}","ref":"{evil}"}},"properties":{{"label":"{evil}","name":"{evil}","title":"{evil}","fill":"{evil}","stroke":"url(http://evil.example/#x)","stroke_width":-1e308,"font_size":1e308,"opacity":7,"{evil}":"{evil}"}},"media":{{"ref":"sha256:{i:064}","mime":"{evil}","name":"{evil}"}},"transform":{{"position":[{i},1e300],"scale":1e200}}"#
            ),
        );
        push(
            "link_nodes",
            format!(
                r#""from_node":"{id}","to_node":"{id}","relation":"{evil}","properties":{{"label":"{evil}"}}"#
            ),
        );
        push(
            "sensor_reading",
            format!(r#""sensor":"{id}","value":"{evil}","unit":"{evil}","node_id":"{id}""#),
        );
        push(
            "sensor_reading",
            format!(r#""sensor":"number{i}","value":{i}e300,"unit":"{evil}","node_id":"{id}""#),
        );
    }
    for evil in EVIL {
        push(
            "set_properties",
            format!(
                r#""node_id":"@space","properties":{{"title":"{evil}","background":"{evil}","unit":"{evil}","acknowledgement":"{evil}"}}"#
            ),
        );
        push(
            "set_properties",
            format!(r#""node_id":"@layer:default","properties":{{"title":"{evil}","order":1e308}}"#),
        );
    }
    std::fs::write(dir.join("trace.jsonl"), lines.join("\n") + "\n").unwrap();
}

/// What a command makes of the trace; all of it must have been accepted.
fn made(command: &str, dir: &Path) -> Vec<u8> {
    let output = run::shell(&format!("{command} trace.jsonl"), dir);
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Whether a terminal, or whoever lays out text, would obey it.
fn is_obeyed(c: char) -> bool {
    c.is_control() && c != '\n' || turns(c)
}

fn turns(c: char) -> bool {
    matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether every number of a JSON value is one.
fn numbers_are_finite(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Number(n) => n.as_f64().is_some_and(f64::is_finite),
        serde_json::Value::Array(list) => list.iter().all(numbers_are_finite),
        serde_json::Value::Object(members) => members.values().all(numbers_are_finite),
        _ => true,
    }
}

#[test]
fn what_events_write_is_text_in_every_format() {
    let dir = run::checkout();
    trace(dir.path());
    for command in FORMATS.into_iter().chain(MORE) {
        let bytes = made(command, dir.path());
        let format = command.split(' ').nth(2).unwrap();
        match format {
            "png" | "wav" => {}
            "glb" => {
                let length = u32::from_le_bytes(bytes[12..16].try_into().unwrap()) as usize;
                json(command, &bytes[20..20 + length]);
            }
            "mid" => {
                // A player shows the texts of a MIDI file.
                let text = String::from_utf8_lossy(&bytes);
                assert!(
                    !text.contains("\u{1b}[") && !text.contains("\u{1b}]") && !text.contains(turns),
                    "{command}"
                );
            }
            "jsonl" => bytes.split(|b| *b == b'\n').filter(|l| !l.is_empty()).for_each(|l| json(command, l)),
            "gltf" | "canvas" | "ocif" | "senml" | "geojson" => json(command, &bytes),
            // Labels are whatever they are: the tool's own tests hold that they come back.
            "prom" => {}
            "csv" => {
                let text = String::from_utf8(bytes).unwrap();
                let obeyed = text.chars().find(|c| is_obeyed(*c) && *c != '\r');
                assert_eq!(obeyed, None, "{command}");
            }
            _ => document(command, format, &String::from_utf8(bytes).unwrap()),
        }
    }
}

/// JSON escapes what it holds; numbers are numbers, and no text stands raw that a terminal obeys.
fn json(command: &str, bytes: &[u8]) {
    let value: serde_json::Value = serde_json::from_slice(bytes).unwrap();
    assert!(numbers_are_finite(&value), "{command}");
    let text = std::str::from_utf8(bytes).unwrap();
    // Where JSON is canonical, RFC 8785 has them stand as they are.
    let stands = |c: char| turns(c) || ('\u{7f}'..='\u{9f}').contains(&c);
    let exchanged = command.contains("canvas") || command.contains("ocif");
    let obeyed = text.chars().find(|c| is_obeyed(*c) && (exchanged || !stands(*c)));
    assert_eq!(obeyed, None, "{command}");
    assert!(!text.contains("\"uri\":\"http") && !text.contains("\"file\":\"http"), "{command}");
}

/// What a browser or a player opens.
fn document(command: &str, format: &str, text: &str) {
    assert!(!text.contains(is_obeyed), "{command}: {:?}", text.chars().find(|c| is_obeyed(*c)));
    match format {
        "svg" => {
            for bad in
                ["<img", "<script", "<!--", "]]>", " onmouseover=\"", "<svg onload", "url(", "href=\"j"]
            {
                assert!(!text.contains(bad), "{command}: {bad}");
            }
            let numeric = [
                "x",
                "y",
                "r",
                "rx",
                "ry",
                "d",
                "points",
                "transform",
                "viewBox",
                "font-size",
                "stroke-width",
            ];
            for name in numeric {
                let start = format!(" {name}=\"");
                let values = text.split(&start).skip(1).filter_map(|rest| rest.split('"').next());
                for value in values {
                    assert!(!value.contains("NaN") && !value.contains("inf"), "{command}: {name}={value}");
                }
            }
        }
        // Its charts are drawings in the page.
        "html" if command.starts_with("projector-dashboard") => {
            assert_eq!(text.matches("<script").count(), 1, "{command}");
            assert_eq!(
                text.matches("<svg").count(),
                text.matches("<svg class=\"chart\"").count(),
                "{command}"
            );
            assert!(!text.contains("<img") && !text.contains("<!--"), "{command}");
            for name in ["x", "y", "cx", "cy", "d", "width", "height", "data-t"] {
                let start = format!(" {name}=\"");
                let values = text.split(&start).skip(1).filter_map(|rest| rest.split('"').next());
                let odd = values.into_iter().find(|value| value.contains("NaN") || value.contains("inf"));
                assert_eq!(odd, None, "{command}: {name}");
            }
        }
        "html" => {
            assert_eq!(text.matches("</script>").count(), 2, "{command}");
            assert!(!text.contains("<img") && !text.contains("<!--"), "{command}");
            // The script that saves a picture begins one.
            assert_eq!(text.matches("<svg").count(), text.matches("<svg xmlns=").count(), "{command}");
        }
        "vtt" => {
            assert_eq!(text.matches(" --> ").count(), text.matches("\n\n").count(), "{command}");
            assert!(!text.contains("<img") && !text.contains("<script"), "{command}");
        }
        // What a map would hold of this trace is withheld: its unit has no length. The map's own tests look further.
        "kml" | "gpx" => assert!(!text.contains("</script") && !text.contains("<!"), "{command}"),
        "cot" => assert!(text.is_empty(), "{command}"),
        other => panic!("nobody looks at {other}"),
    }
}
