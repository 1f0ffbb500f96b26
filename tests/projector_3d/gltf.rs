//! glTF: read back here, and held against the Khronos validator where that is installed.

use super::{create, flood, project, trace};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::Value;
use std::process::Command;

/// Where `make test` puts the Khronos validator.
fn validator() -> Option<String> {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/target/peers/node_modules/gltf-validator");
    std::path::Path::new(dir).join("package.json").exists().then(|| dir.to_owned())
}

/// Asks the Khronos validator; without it, only what can be said here is checked.
pub fn validate(files: &[Vec<u8>]) {
    files.iter().for_each(|bytes| drop(document(bytes)));
    let Some(validator) = validator() else {
        return crate::run::skipped("the Khronos validator is not installed");
    };
    let dir = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    for (i, bytes) in files.iter().enumerate() {
        let path = dir.path().join(i.to_string());
        std::fs::write(&path, bytes).unwrap();
        paths.push(path);
    }
    let script = "const v=require(process.argv[1]),fs=require('fs');(async()=>{for(const f of process.argv.slice(2)){\
        const i=(await v.validateBytes(new Uint8Array(fs.readFileSync(f)))).issues;\
        if(i.numErrors+i.numWarnings){console.log(JSON.stringify(i.messages.filter(m=>m.severity<2),null,1));process.exit(1)}}})()";
    let output = Command::new("node").args(["-e", script, &validator]).args(&paths).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// The document of a glTF file of either form.
pub fn document(bytes: &[u8]) -> Value {
    if !bytes.starts_with(b"glTF") {
        return serde_json::from_slice(bytes).unwrap();
    }
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    assert_eq!(word(8), bytes.len());
    serde_json::from_slice(&bytes[20..20 + word(12)]).unwrap()
}

#[test]
fn the_flood_is_valid_in_every_form() {
    let flood = flood();
    let forms = [
        vec!["-f", "glb"],
        vec!["-f", "gltf", "--provenance"],
        vec!["-f", "glb", "--replay"],
        vec!["-f", "glb", "--instancing"],
    ];
    validate(&forms.map(|args| project(&args, &flood)));
    validate(&[project(&["-f", "glb"], ""), project(&["-f", "glb", "--replay"], "")]);
}

#[test]
fn equal_shapes_share_a_mesh_and_hidden_layers_are_hidden() {
    let input = trace(&[
        create("a", r#","geometry":{"kind":"sphere","radius":1},"properties":{"color":"red"}"#),
        create(
            "b",
            r#","geometry":{"kind":"sphere","radius":5},"properties":{"color":"red"},"transform":{"position":[20,0]}"#,
        ),
        create("c", r#","layer_id":"dark","geometry":{"kind":"polygon","points":[[0,0],[1,0],[0,1]]}"#),
        create("lamp", r#","kind":"light""#),
        create("eye", r#","kind":"camera""#),
        r#"{"operation":"set_properties","node_id":"@layer:dark","properties":{"visible":false}}"#.into(),
    ]);
    let document = document(&project(&["-f", "gltf"], &input));
    let node = |id: &str| {
        let nodes = document["nodes"].as_array().unwrap();
        nodes.iter().find(|n| n["extras"]["node_id"] == id).unwrap().clone()
    };
    assert_eq!(node("a")["mesh"], node("b")["mesh"]);
    assert_eq!(node("b")["scale"], serde_json::json!([100.0, 100.0, 100.0]));
    assert_eq!(node("c")["extensions"]["KHR_node_visibility"]["visible"], false);
    assert!(node("lamp")["extensions"]["KHR_lights_punctual"]["light"].is_u64());
    assert!(node("eye")["camera"].is_u64());
    // A scene with a light of its own gets no other.
    assert_eq!(document["extensions"]["KHR_lights_punctual"]["lights"].as_array().unwrap().len(), 1);
}

#[test]
fn what_comes_and_goes_is_animated() {
    let input = trace(&[
        create("a", r#","geometry":{"kind":"cylinder","radius":1,"height":1}"#),
        create("gone", r#","geometry":{"kind":"box","size":1}"#),
        r#"{"operation":"update_transform","node_id":"a","transform":{"position":[5,5]}}"#.into(),
        r#"{"operation":"delete_node","node_id":"gone"}"#.into(),
        r#"{"operation":"set_geometry","node_id":"a","geometry":{"kind":"cylinder","radius":1,"height":9}}"#
            .into(),
    ]);
    let document = document(&project(&["-f", "gltf", "--replay"], &input));
    let nodes = document["nodes"].as_array().unwrap();
    let channels = document["animations"][0]["channels"].as_array().unwrap();
    let paths = |id: &str| -> Vec<&str> {
        let i = nodes.iter().position(|n| n["extras"]["node_id"] == id).unwrap();
        let of_node = channels.iter().filter(|c| c["target"]["node"] == i);
        of_node.map(|c| c["target"]["path"].as_str().unwrap()).collect()
    };
    assert_eq!(paths("a"), ["translation", "scale"]);
    assert_eq!(paths("gone"), ["scale"]);
}

/// A number as hostile as JSON allows.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        -100.0..100.0,
        Just(0.0),
        Just(-0.0),
        Just(1e308),
        Just(-1e308),
        Just(5e-324),
        Just(1e15),
        Just(1e-9),
    ]
}

fn points(size: usize) -> impl Strategy<Value = String> {
    let point = prop::collection::vec(number(), size);
    prop::collection::vec(point, 0..9).prop_map(|points| serde_json::to_string(&points).unwrap())
}

fn geometry() -> impl Strategy<Value = String> {
    let with = |kind: &'static str, names: [&'static str; 3]| {
        (number(), number(), number()).prop_map(move |(a, b, c)| {
            format!(r#"{{"kind":"{kind}","{}":{a:?},"{}":{b:?},"{}":{c:?}}}"#, names[0], names[1], names[2])
        })
    };
    prop_oneof![
        with("rect", ["width", "height", "radius"]),
        with("ellipse", ["rx", "ry", "_"]),
        with("cylinder", ["radius", "height", "_"]),
        with("sphere", ["radius", "_", "__"]),
        points(2).prop_map(|p| format!(r#"{{"kind":"polygon","points":{p}}}"#)),
        points(3).prop_map(|p| format!(r#"{{"kind":"polyline","points":{p}}}"#)),
        points(3).prop_map(|p| format!(r#"{{"kind":"mesh","positions":{p},"indices":[0,1,2,2,1,3,9,9,9]}}"#)),
        "[MLHVCSQTAZmlhvcsqtaz0-9 .,e-]{0,40}".prop_map(|d| format!(r#"{{"kind":"path","d":"M0 0 {d}"}}"#)),
        "\\PC{0,12}".prop_map(|t| serde_json::json!({ "kind": "text", "text": t, "size": 3 }).to_string()),
        number().prop_map(|n| format!(r#"{{"kind":"box","size":{n:?}}}"#)),
        Just(r#"{"kind":"hypercube"}"#.to_owned()),
    ]
}

fn scene() -> impl Strategy<Value = String> {
    let place = prop::collection::vec(number(), 3);
    let turn = prop::collection::vec(number(), 4);
    let node = (geometry(), place, turn, number(), 0..8_usize, "(red|none|#12|#12345678|)");
    prop::collection::vec(node, 1..8).prop_map(|nodes| {
        let mut drafts: Vec<String> = Vec::new();
        for (i, (geometry, place, turn, scale, parent, color)) in nodes.iter().enumerate() {
            let transform = serde_json::json!({
                "position": place, "rotation": turn, "scale": scale, "parent": format!("n{parent}"),
            });
            drafts.push(create(
                &format!("n{i}"),
                &format!(r#","geometry":{geometry},"transform":{transform},"properties":{{"fill":"{color}","opacity":{scale:?}}}"#),
            ));
        }
        drafts.push(r#"{"operation":"link_nodes","from_node":"n0","to_node":"n1"}"#.to_owned());
        drafts.push(r#"{"operation":"update_transform","node_id":"n0","transform":{"position":[1,2]}}"#.to_owned());
        trace(&drafts)
    })
}

#[test]
fn random_scenes_are_valid() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut files = Vec::new();
    for _ in 0..60 {
        let input = scene().new_tree(&mut runner).unwrap().current();
        // Integers beyond 2^53 are refused lines, not refused runs.
        for args in [&["-f", "glb"][..], &["-f", "gltf", "--replay"], &["-f", "glb", "--instancing"]] {
            let output = super::feed(super::BIN, args, &input);
            assert!(
                matches!(output.status.code(), Some(0 | 1)),
                "{input}\n{}",
                String::from_utf8_lossy(&output.stderr)
            );
            files.push(output.stdout);
        }
    }
    validate(&files);
}
