//! Nothing disappears: pictures, what is missing, what is odd, and sensors that are at no node.

use super::{BIN, create, feed, gltf, trace};
use crate::browser::{Browser, promises};
use serde_json::{Value, json};
use sha2::Digest as _;
use std::path::Path;

/// A red pixel, as PNG.
const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";
/// A white pixel, as GIF.
const GIF: &str = "R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs=";

fn put(dir: &Path, base64: &str) -> (String, Vec<u8>) {
    let bytes = data_encoding::BASE64.decode(base64.as_bytes()).unwrap();
    let hash = data_encoding::HEXLOWER.encode(&sha2::Sha256::digest(&bytes));
    std::fs::write(dir.join(&hash), &bytes).unwrap();
    (format!("sha256:{hash}"), bytes)
}

fn world(dir: &Path) -> String {
    let medium = |reference: &str, mime: &str| format!(r#","media":{{"ref":"{reference}","mime":"{mime}"}}"#);
    let (png, gif) = (medium(&put(dir, PNG).0, "image/png"), medium(&put(dir, GIF).0, "image/gif"));
    let lost = medium(&format!("sha256:{}", "0".repeat(64)), "image/jpeg");
    let rect = r#","geometry":{"kind":"rect","width":30,"height":20}"#;
    let at = |x: f64| format!(r#","transform":{{"position":[{x},0],"rotation":20}}"#);
    trace(&[
        create("plate", &format!("{rect}{png}{}", at(0.0))),
        create("twin", &format!("{rect}{png}{}", at(40.0))),
        create("alone", &format!("{gif}{}", at(80.0))),
        create("lost", &format!("{rect}{lost}{}", at(120.0))),
        create("odd", &format!(r#","kind":"frobnicator"{}"#, at(160.0))),
        create("cube", &format!(r#","geometry":{{"kind":"hypercube"}},"properties":{{"label":"Hyper"}}{}"#, at(200.0))),
        r#"{"operation":"sensor_reading","sensor":"water_level","value":1.42,"unit":"m","position":[-50,10]}"#.into(),
        r#"{"operation":"sensor_reading","sensor":"nowhere","value":7,"unit":"V"}"#.into(),
        r#"{"operation":"sensor_reading","sensor":"elsewhere","value":true,"node_id":"unheard of"}"#.into(),
        r#"{"operation":"sensor_reading","sensor":"here","value":3,"node_id":"plate"}"#.into(),
    ])
}

fn made(format: &str, more: &[&str], dir: &Path) -> Vec<u8> {
    let mut args = vec!["-f", format, "--objects", dir.to_str().unwrap()];
    args.extend(more);
    let output = feed(BIN, &args, world(dir));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn a_scene_shows_pictures_and_what_sensors_read() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = made("glb", &[], dir.path());
    let files = [bytes.clone(), made("gltf", &[], dir.path()), made("glb", &["--replay"], dir.path())];
    gltf::validate(&files);
    gltf::validate(&[made("glb", &["--instancing"], dir.path())]);
    let document = gltf::document(&bytes);
    let nodes = document["nodes"].as_array().unwrap();
    assert_eq!(document["images"].as_array().unwrap().len(), 2, "equal pictures are one");
    let png = put(dir.path(), PNG).1;
    assert!(bytes.windows(png.len()).any(|part| part == png), "a PNG is taken as it is");
    let textured = |node: &&Value| {
        let mesh = node["mesh"].as_u64().map(|mesh| &document["meshes"][mesh as usize]["primitives"][0]);
        mesh.is_some_and(|mesh| mesh["attributes"]["TEXCOORD_0"].is_u64())
    };
    assert_eq!(nodes.iter().filter(textured).count(), 3);
    let group = |name: &str| nodes.iter().find(|node| node["name"] == name).unwrap();
    let readings = group("readings");
    let listed: Vec<&Value> =
        readings["extras"]["sensors"].as_array().unwrap().iter().map(|s| &s["sensor"]).collect();
    assert_eq!(listed, ["elsewhere", "nowhere"]);
    let point = &nodes[readings["children"][0].as_u64().unwrap() as usize];
    assert_eq!(
        point["extras"],
        json!({ "actor_id": "a", "event_id": "e6", "sensor": "water_level", "timestamp": 1006, "unit": "m", "value": 1.42 })
    );
    // The names of two marks, a picture that is missing, a reading, and a list of two.
    assert_eq!(group("signs")["children"].as_array().unwrap().len(), 6);
}

#[test]
fn words_in_a_scene_lack_letters_aloud() {
    let input = trace(&[
        create("odd", r#","kind":"k","properties":{"name":"水"}"#),
        r#"{"operation":"sensor_reading","sensor":"火","value":1}"#.into(),
    ]);
    let said = feed(BIN, &["-f", "glb", "--log-all"], input).stderr;
    let said = String::from_utf8(said).unwrap();
    for expected in ["odd: no font has the letters 水", "火: no font has the letters 火"] {
        assert!(said.contains(expected), "{said}");
    }
}

#[test]
fn a_medium_that_is_no_picture_is_not_lost_in_silence() {
    let medium = format!(r#","media":{{"ref":"sha256:{}","mime":"image/svg+xml"}}"#, "0".repeat(64));
    let rect = r#","geometry":{"kind":"rect","width":30,"height":20}"#;
    let world = trace(&[create("both", &format!("{rect}{medium}")), create("alone", &medium)]);
    for format in ["glb", "gltf", "html"] {
        let output = feed(BIN, &["-f", format, "--log-all"], world.as_bytes());
        let log = String::from_utf8(output.stderr).unwrap();
        let said: Vec<&str> = log.lines().filter(|line| line.contains("as it has a geometry")).collect();
        assert!(said.len() == 1 && said[0].contains("both: its medium"), "{format}: {log}");
    }
}

#[test]
fn labels_beyond_what_can_be_read_are_noted() {
    let many: Vec<String> = (0..400).map(|i| create(&format!("n{i}"), r#","kind":"k""#)).collect();
    let output = feed(BIN, &["-f", "gltf", "--log-all"], trace(&many));
    assert!(String::from_utf8_lossy(&output.stderr).contains("100 labels beyond 300"));
}

#[test]
fn the_page_shows_pictures_and_what_sensors_read() {
    let Some(mut browser) = Browser::start() else { return };
    let dir = tempfile::tempdir().unwrap();
    let page = made("html", &[], dir.path());
    let seen = "Object.fromEntries([
        ['boards', drawing.order.filter((i) => i.hung !== null).map((i) => i.board[0] / i.board[4])],
        ['readings', drawing.readings.flatMap((r) => [r.words.text === 'water_level: 1.42 m' ? 1 : 0, ...r.middle])],
        ['unplaced', drawing.unplaced.map((r) => r.words.text.length)],
        ['labels', drawing.order.map((i) => i.label === null ? 0 : i.label.length)],
    ])";
    let (_, seen) = promises::seen_at(&mut browser, &page, &[10], seen).remove(0);
    assert_eq!(seen["boards"].len(), 3);
    assert_eq!(seen["readings"][0], 1.0);
    assert_eq!(seen["unplaced"].len(), 2);
    let labels: Vec<f64> = ["lost: picture missing", "odd", "Hyper"].map(|l| l.len() as f64).to_vec();
    let shown: Vec<f64> = seen["labels"].iter().copied().filter(|n| *n > 0.0).collect();
    assert_eq!(shown, labels);
}
