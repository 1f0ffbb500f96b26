//! A scene looks the same wherever its world lies, and however large it is.

use super::{create, gltf, project, trace};
use crate::browser::{Browser, promises};
use serde_json::{Value, json};

/// Scales, and where the world's origin is.
const WORLDS: [(f64, f64); 9] = [
    (1e-6, 0.0),
    (1e-3, 0.0),
    (1e3, 0.0),
    (1e9, 0.0),
    (1e12, 0.0),
    (1.0, 5e8),
    (1.0, -1e9),
    (1e-6, 0.25),
    (1e6, 1e15 / 4.0),
];

/// A scene of every sort of geometry, so large and so far away.
fn world(k: f64, x: f64) -> String {
    let n = |lengths: &[f64]| json!(lengths.iter().map(|l| l * k).collect::<Vec<_>>());
    let moved = |(i, c): (usize, &f64)| c * k + if i < 2 { x } else { 0.0 };
    let at = |place: &[f64]| json!(place.iter().enumerate().map(moved).collect::<Vec<_>>());
    let node = |id: &str, place: Value, geometry: Value, rest: Value| {
        let mut transform = rest;
        transform["position"] = place;
        create(id, &format!(r#","transform":{transform},"geometry":{geometry}"#))
    };
    let polygon = json!([n(&[0.0, 0.0]), n(&[15.0, 0.0]), n(&[10.0, 15.0])]);
    let line = json!([n(&[0.0, 0.0, 0.0]), n(&[4.0, 8.0, 6.0]), n(&[9.0, 8.0, 1.0])]);
    let mesh = json!([n(&[0.0, 0.0, 0.0]), n(&[6.0, 0.0, 0.0]), n(&[0.0, 6.0, 4.0])]);
    let path = format!("M0 0H{0}V{0}Z", 8.0 * k);
    let mut drafts = vec![
        node(
            "block",
            at(&[10.0, 5.0, 2.0]),
            json!({ "kind": "box", "size": n(&[4.0, 5.0, 6.0]) }),
            json!({}),
        ),
        node(
            "plate",
            at(&[0.0, 0.0]),
            json!({ "kind": "rect", "width": 60.0 * k, "height": 30.0 * k }),
            json!({}),
        ),
        node(
            "ring",
            at(&[50.0, 5.0]),
            json!({ "kind": "ellipse", "rx": 4.0 * k, "ry": 2.0 * k }),
            json!({ "rotation": 30 }),
        ),
        node(
            "ball",
            at(&[20.0, 30.0, 9.0]),
            json!({ "kind": "sphere", "radius": 3.0 * k }),
            json!({ "scale": 2 }),
        ),
        node(
            "post",
            at(&[-20.0, 12.0]),
            json!({ "kind": "cylinder", "radius": k, "height": 9.0 * k }),
            json!({}),
        ),
        node("way", at(&[5.0, -9.0]), json!({ "kind": "polyline", "points": line }), json!({})),
        node(
            "tent",
            at(&[-9.0, -20.0]),
            json!({ "kind": "mesh", "positions": mesh, "indices": [0, 1, 2] }),
            json!({}),
        ),
        node("sign", at(&[-30.0, 30.0]), json!({ "kind": "text", "text": "Weir" }), json!({})),
        node(
            "large",
            at(&[-30.0, -30.0]),
            json!({ "kind": "text", "text": "Ouse", "size": 5.0 * k }),
            json!({}),
        ),
        node("sheet", at(&[-25.0, 0.0]), json!({ "kind": "path", "d": path }), json!({ "rotation": -15 })),
        node("point", at(&[33.0, 3.0]), json!({ "kind": "point" }), json!({})),
        node("leaf", n(&[2.0, 1.0, 6.0]), json!({ "kind": "box", "size": k }), json!({ "parent": "block" })),
        create(
            "field",
            &format!(
                r#","transform":{{"position":{}}},"geometry":{{"kind":"polygon","points":{polygon}}},"properties":{{"stroke_width":{}}}"#,
                at(&[30.0, 20.0]),
                0.5 * k
            ),
        ),
        r#"{"operation":"link_nodes","from_node":"block","to_node":"leaf"}"#.into(),
        format!(
            r#"{{"operation":"link_nodes","from_node":"ball","to_node":"post","properties":{{"stroke_width":{k}}}}}"#
        ),
    ];
    drafts.push(format!(
        r#"{{"operation":"update_transform","node_id":"ball","transform":{{"position":{}}}}}"#,
        at(&[21.0, 31.0, 9.0])
    ));
    trace(&drafts)
}

/// A document without what is known in the world's own numbers, and the floats of its buffer.
fn drawn(args: &[&str], k: f64, x: f64) -> (Value, Vec<f32>) {
    let bytes = project(args, &world(k, x));
    let mut document = gltf::document(&bytes);
    document["nodes"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .for_each(|node| drop(node.as_object_mut().unwrap().remove("extras")));
    let start = document["bufferViews"][1]["byteOffset"].as_u64().unwrap() as usize;
    let buffer = &bytes[bytes.len() - document["buffers"][0]["byteLength"].as_u64().unwrap() as usize..];
    let floats = buffer[start..].chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
    (document, floats)
}

/// Whether two values are alike but for what doubles lose so far from 0.
fn alike(a: &Value, b: &Value, least: f64) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            (a - b).abs() <= least.max(1e-6 * a.abs())
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b, least))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.keys().eq(b.keys()) && a.iter().all(|(key, value)| alike(value, &b[key], least))
        }
        _ => a == b,
    }
}

/// How much of a unit of the drawing the doubles of a world that far away cannot tell.
fn lost(k: f64, x: f64) -> f64 {
    (x.abs() / k * 1e-15 * 10.0).max(1e-4)
}

#[test]
fn a_scene_is_the_same_bytes_of_floats_wherever_it_lies() {
    for args in [&["-f", "glb"][..], &["-f", "glb", "--replay"], &["-f", "glb", "--instancing"]] {
        let (document, floats) = drawn(args, 1.0, 0.0);
        for (k, x) in WORLDS {
            let (other, moved) = drawn(args, k, x);
            assert!(alike(&document, &other, lost(k, x)), "{args:?} {k} {x}\n{document}\n{other}");
            let near = |(a, b): (&f32, &f32)| f64::from((a - b).abs()) <= lost(k, x);
            assert!(floats.len() == moved.len() && floats.iter().zip(&moved).all(near), "{args:?} {k} {x}");
        }
    }
    let (document, _) = drawn(&["-f", "glb"], 1.0, 5e8);
    let largest =
        document["nodes"].as_array().unwrap().iter().flat_map(|n| n["translation"].as_array()).flatten();
    assert!(largest.filter_map(Value::as_f64).all(|c| c.abs() < 2000.0), "{document}");
}

#[test]
fn the_root_says_where_the_drawing_lies() {
    let document = gltf::document(&project(&["-f", "gltf"], &world(1.0, 5e8)));
    assert_eq!(
        document["nodes"][0]["extras"],
        json!({ "origin": [500_000_012.2, 500_000_003.5, 7], "scale": 10 })
    );
    let spaces = document["nodes"].as_array().unwrap().iter().filter(|n| !n["extras"]["space_id"].is_null());
    let said: Vec<_> =
        spaces.map(|n| (n["extras"]["origin"][2].clone(), n["extras"]["scale"].clone())).collect();
    assert_eq!(said, [(json!(7), json!(10))]);
}

#[test]
fn a_shape_that_lies_far_from_its_node_is_made_about_its_middle() {
    let field = |x: f64| {
        let points = [[x, x], [x + 40.0, x], [x, x + 30.0]];
        let polygon = create("field", &format!(r#","geometry":{{"kind":"polygon","points":{points:?}}}"#));
        let document = gltf::document(&project(&["-f", "gltf"], &trace(&[polygon])));
        let node = &document["nodes"].as_array().unwrap()[2];
        (node.clone(), document["accessors"][0].clone())
    };
    let (near, far) = (field(-15.0), field(5e8));
    let sides = |(_, accessor): &(Value, Value)| {
        let side = |i: usize| accessor["max"][i].as_f64().unwrap() - accessor["min"][i].as_f64().unwrap();
        [side(0), side(1)]
    };
    assert_eq!(sides(&near), [800.0, 600.0]);
    assert_eq!(sides(&far), [800.0, 600.0]);
    assert_eq!(far.1["max"][0], 400.0);
    // The extras tell where its node is; here it stands where it is seen.
    assert_eq!((far.0["extras"]["node_id"].as_str(), &far.0["translation"]), (Some("field"), &Value::Null));
}

#[test]
fn parents_that_are_far_away_stand_near_what_they_hold() {
    let far = [7e11, -4e12, 3e11];
    let input = trace(&[
        create("far", &format!(r#","kind":"group","transform":{{"position":{far:?}}}"#)),
        create("farther", r#","kind":"group","transform":{"parent":"far","position":[1e13,0,0],"scale":2}"#),
        create(
            "near",
            r#","transform":{"parent":"farther","position":[-5350000000000,2000000000000,-150000000000]},"geometry":{"kind":"box","size":5}"#,
        ),
        create("here", r#","geometry":{"kind":"box","size":5}"#),
    ]);
    let document = gltf::document(&project(&["-f", "gltf"], &input));
    let nodes = document["nodes"].as_array().unwrap();
    let at = |id: &str| {
        let node = nodes.iter().find(|n| n["extras"]["node_id"] == id).unwrap();
        let place =
            node["translation"].as_array().map(|t| t.iter().map(|c| c.as_f64().unwrap()).collect::<Vec<_>>());
        place.unwrap_or_default()
    };
    for id in ["far", "farther", "near", "here"] {
        assert!(at(id).iter().all(|c| c.abs() < 1000.0), "{id} {:?}", at(id));
    }
    gltf::validate(&[serde_json::to_vec(&document).unwrap()]);
}

#[test]
fn the_page_draws_the_same_wherever_the_world_lies() {
    let Some(mut browser) = Browser::start() else { return };
    let drawing = "Object.fromEntries(drawing.order.map((i) => [i.node.id, [...i.matrix, ...i.foot]]))";
    let mut seen = |k, x| {
        let page = project(&["-f", "html"], &world(k, x));
        json!(promises::seen_at(&mut browser, &page, &[16], drawing).remove(0).1)
    };
    let here = seen(1.0, 0.0);
    for (k, x) in WORLDS {
        let there = seen(k, x);
        assert!(alike(&here, &there, lost(k, x)), "{k} {x}\n{here}\n{there}");
    }
}
