//! Models and drawings in blobs: meshes that the Khronos validator accepts, or the placeholder and a code.

use crate::run;
use serde_json::Value;
use std::path::Path;

/// A glTF binary of a box of our own making, an OBJ and an SVG, under their hashes.
const BLOBS: &str = r#"
    mkdir blobs
    box='{"event_id":"e","timestamp":1,"actor_id":"a","operation":"create_node","node_id":"a","geometry":{"kind":"box","size":2},"transform":{"position":[5,6,7],"rotation":30}}'
    echo "$box" | projector-3d -f glb > a.glb 2> /dev/null
    printf 'v 0 0 0\nv 2 0 0\nv 2 1 0\nv 0 1 0\nv 1 0.5 3\nf 4 3 2 1\nf 1 2 5\nf 2 3 5\nf 3 4 5\nf 4 1 5\n' > a.obj
    echo '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"><path d="M2 2H18V8H2ZM4 4V6H8V4Z"/><circle cx="15" cy="5" r="2"/></svg>' > a.svg
    for f in a.*; do cp $f blobs/$(sha256sum $f | cut -c1-64); done
    node() { printf '{"event_id":"%s","timestamp":%s,"actor_id":"a","operation":"create_node","node_id":"%s",%s}\n' $1 $2 $1 "$3"; }
    geometry() { printf '"geometry":{"kind":"%s","ref":"sha256:%s"}' $1 $(sha256sum < $2 | cut -c1-64); }
    medium() { printf '"media":{"mime":"%s","ref":"sha256:%s"}' $1 $(sha256sum < $2 | cut -c1-64); }
"#;

fn made(script: &str, dir: &Path) -> (Vec<u8>, String) {
    let output = run::shell(&format!("{BLOBS}{script}"), dir);
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{log}");
    (output.stdout, log)
}

fn document(bytes: &[u8]) -> serde_json::Value {
    let length = u32::from_le_bytes(bytes[12..16].try_into().unwrap()) as usize;
    serde_json::from_slice(&bytes[20..20 + length]).unwrap()
}

#[test]
fn blobs_become_meshes() {
    let dir = run::checkout();
    let script = r#"
        { node glb 1 "$(geometry glb a.glb)"; node obj 2 "$(geometry obj a.obj)"; node svg 3 "$(geometry svg a.svg)"
          node twin 4 "$(geometry obj a.obj)"; node media 5 "$(medium model/gltf-binary a.glb)"; } > trace.jsonl
        projector-3d -f glb --objects blobs trace.jsonl"#;
    let (bytes, log) = made(script, dir.path());
    assert!(!log.contains("media."), "{log}");
    crate::projector_3d::validate(std::slice::from_ref(&bytes));
    let document = document(&bytes);
    let node = |id: &str| {
        let nodes = document["nodes"].as_array().unwrap();
        nodes.iter().find(|n| n["extras"]["node_id"] == id).unwrap().clone()
    };
    let bounds = |id: &str| {
        let mesh = node(id)["mesh"].as_u64().unwrap() as usize;
        let at =
            document["meshes"][mesh]["primitives"][0]["attributes"]["POSITION"].as_u64().unwrap() as usize;
        let accessor = &document["accessors"][at];
        // Back from the drawing's units to the world's.
        let world = |corner: &Value| -> Vec<f64> {
            let scale = document["nodes"][0]["extras"]["scale"].as_f64().unwrap();
            corner.as_array().unwrap().iter().map(|c| c.as_f64().unwrap() / scale).collect()
        };
        (world(&accessor["min"]), world(&accessor["max"]))
    };
    assert_eq!(node("obj")["mesh"], node("twin")["mesh"], "equal shapes share a mesh");
    assert_eq!(bounds("obj"), (vec![0.0; 3], vec![2.0, 1.0, 3.0]));
    // The box stands where its own scene put it, in the middle of a drawing, z up again.
    let (least, most) = bounds("glb");
    let wide = 200.0 * (1.0 + 3_f64.sqrt());
    for (i, side) in [wide, wide, 400.0].into_iter().enumerate() {
        assert!(
            (most[i] - side / 2.0).abs() < 1e-3 && (least[i] + side / 2.0).abs() < 1e-3,
            "{least:?} {most:?}"
        );
    }
    assert_eq!(bounds("glb"), bounds("media"));
    let (least, most) = bounds("svg");
    assert_eq!((least[0], most[0]), (-8.0, 8.0));
    for more in ["--replay", "--instancing"] {
        let again = format!("projector-3d -f glb --objects blobs {more} trace.jsonl");
        crate::projector_3d::validate(&[run::shell(&again, dir.path()).stdout]);
    }
}

#[test]
fn what_is_no_model_stands_as_a_placeholder() {
    let dir = run::checkout();
    let script = r#"
        head -c 300 a.glb > cut.glb; printf 'v nan 0 0\nf 1 1 1\n' > nan.obj; echo '<svg' > bad.svg; echo other > wrong
        for f in cut.glb nan.obj bad.svg; do cp $f blobs/$(sha256sum < $f | cut -c1-64); done
        cp a.obj blobs/$(sha256sum < wrong | cut -c1-64); echo none > none
        { node a 1 "$(geometry glb cut.glb)"; node b 2 "$(geometry obj nan.obj)"; node c 3 "$(geometry svg bad.svg)"
          node d 4 "$(geometry obj wrong)"; node e 5 "$(geometry obj none)"; node f 6 "$(medium model/obj nan.obj)"; } > trace.jsonl
        projector-3d -f glb --objects blobs trace.jsonl"#;
    let (bytes, log) = made(script, dir.path());
    for (code, count) in [("undecoded", 3), ("hash", 1), ("missing", 1)] {
        assert!(log.contains(&format!("\"media.{code}\":{count}")), "{code}: {log}");
    }
    crate::projector_3d::validate(std::slice::from_ref(&bytes));
    let document = document(&bytes);
    let drawn = document["nodes"].as_array().unwrap().iter().filter(|n| n["extras"]["node_id"].is_string());
    assert_eq!(drawn.filter(|n| n["mesh"].is_u64()).count(), 6);
}
