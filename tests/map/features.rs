//! What the features of a map say.

use super::{event, features, node, only, origin};
use crate::run;
use serde_json::{Value, json};
use ulp_view::geodesy::{LatLon, Plane};

/// Where the corners of a ring lie on the plane, to the centimetre.
fn on_plane(ring: &Value, lat: f64, lon: f64) -> Vec<[f64; 2]> {
    let plane = Plane::new(format!("{lat},{lon}").parse().unwrap());
    let corner = |spot: &Value| {
        let at = LatLon { lat: spot[1].as_f64().unwrap(), lon: spot[0].as_f64().unwrap() };
        plane.point(at).unwrap().map(|x| (x * 100.0).round() / 100.0 + 0.0)
    };
    ring.as_array().unwrap().iter().map(corner).collect()
}

#[test]
fn every_public_point_goes_out_as_it_is() {
    let Some(path) = run::shared().map(|s| s.join("fixtures/map/points.jsonl")).filter(|p| p.exists()) else {
        return run::skipped("no public points of the map beside this checkout");
    };
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let point: Value = serde_json::from_str(line).unwrap();
        let place = event(
            0,
            "set_properties",
            json!({ "node_id": "@space", "properties": { "origin": point["origin"] } }),
        );
        let geometry = only(&[place, node(1, json!([point["x"], point["y"], point["z"]]), Value::Null)]);
        assert_eq!(geometry["coordinates"], json!([point["lon"], point["lat"], point["height"]]), "{line}");
    }
}

#[test]
fn shapes_are_areas_lines_and_points() {
    let at = |geometry| only(&[origin(52.6, -2.0), node(1, json!([100, 50]), geometry)]);
    let ring = |geometry: Value| on_plane(&geometry["coordinates"][0], 52.6, -2.0);
    let rect = at(json!({ "kind": "rect", "width": 4, "height": 2 }));
    assert_eq!(ring(rect), [[98.0, 49.0], [102.0, 49.0], [102.0, 51.0], [98.0, 51.0], [98.0, 49.0]]);
    let round = ring(at(json!({ "kind": "ellipse", "rx": 3, "ry": 2 })));
    assert_eq!((round.len(), round[0], round[16]), (65, [103.0, 50.0], [100.0, 52.0]));
    // Clockwise outside, counter-clockwise inside: both are turned.
    let hollow = at(
        json!({ "kind": "polygon", "points": [[0, 0], [0, 9], [9, 9], [9, 0]], "holes": [[[1, 1], [2, 1], [2, 2]]] }),
    );
    assert_eq!(hollow["type"], "Polygon");
    assert_eq!(on_plane(&hollow["coordinates"][0], 52.6, -2.0)[..2], [[109.0, 50.0], [109.0, 59.0]]);
    assert_eq!(on_plane(&hollow["coordinates"][1], 52.6, -2.0)[..2], [[102.0, 52.0], [102.0, 51.0]]);
    let line = at(json!({ "kind": "polyline", "points": [[0, 0], [5, 5, 7]] }));
    assert_eq!((&line["type"], &line["coordinates"][1][2]), (&json!("LineString"), &json!(107)));
    let path = at(json!({ "kind": "path", "d": "M0 0C0 0 100 0 100 0M5 5h1" }));
    assert_eq!(path["type"], "MultiLineString");
    assert_eq!(path["coordinates"][0].as_array().unwrap().len(), 29);
    assert_eq!(at(json!({ "kind": "text", "text": "a" }))["type"], "Point");
}

#[test]
fn parents_scale_and_rotation_act_on_the_plane_first() {
    let parent = event(
        1,
        "create_node",
        json!({ "node_id": "p", "transform": { "position": [1000, 2000, 3], "rotation": 90, "scale": 2 } }),
    );
    let child = event(
        2,
        "create_node",
        json!({ "node_id": "c", "transform": { "position": [10, 0], "parent": "p" }, "geometry": { "kind": "line", "points": [[0, 0], [1, 0]] } }),
    );
    let (features, _) = features(&[], &[origin(52.6, -2.0), parent, child]);
    let line = &features.iter().find(|f| f["id"] == "c").unwrap()["geometry"]["coordinates"];
    assert_eq!(on_plane(line, 52.6, -2.0), [[1000.0, 2020.0], [1000.0, 2022.0]]);
    // The parent's position has a height, so that the child's place has one.
    assert_eq!(line[0][2], json!(103));
}

#[test]
fn what_crosses_the_antimeridian_is_cut() {
    let wide = |geometry| only(&[origin(-17.8, 179.9), node(1, json!([0, 0]), geometry)]);
    let area = wide(json!({ "kind": "rect", "width": 60_000, "height": 10 }));
    assert_eq!((&area["type"], area["coordinates"].as_array().unwrap().len()), (&json!("MultiPolygon"), 2));
    let line = wide(json!({ "kind": "line", "points": [[0, 0], [60_000, 0]] }));
    let lines = line["coordinates"].as_array().unwrap();
    assert_eq!((&lines[0][1][0], &lines[1][0][0]), (&json!(180), &json!(-180)));
    let point = only(&[origin(-17.8, 179.9), node(1, json!([60_000, 0]), Value::Null)]);
    assert!(point["coordinates"][0].as_f64().unwrap() < -179.0);
}

#[test]
fn own_properties_keep_their_names_beside_ours() {
    let own = json!({ "kind": "mine", "label": "L", "layer": 7, "_layer": 8, "name": "N", "start": 1 });
    let made = event(
        1,
        "create_node",
        json!({ "node_id": "n", "kind": "k", "properties": own, "transform": { "position": [0, 0] } }),
    );
    let (features, _) = features(&[], &[origin(52.6, -2.0), made]);
    let expected = json!({
        "__layer": 7, "_kind": "mine", "_layer": 8, "event_id": "e1", "kind": "k", "label": "L",
        "layer": "default", "name": "N", "node_id": "n", "space_id": "default", "start": 1,
    });
    assert_eq!(features[0]["properties"], expected);
}

#[test]
fn a_node_that_is_nowhere_has_no_geometry_and_what_is_far_is_withheld() {
    let lines = [
        origin(52.6, -2.0),
        event(1, "create_node", json!({ "node_id": "nowhere" })),
        node(2, json!([3_900_001, 0]), Value::Null),
        node(3, json!([0, 0]), json!({ "kind": "box", "size": [1, 2, 3] })),
    ];
    let (features, log) = features(&["--log-all"], &lines);
    assert_eq!(features.iter().map(|f| &f["id"]).collect::<Vec<_>>(), [&json!("nowhere"), &json!("n3")]);
    assert_eq!(
        (&features[0]["geometry"], &features[1]["properties"]["size"]),
        (&Value::Null, &json!([1, 2, 3]))
    );
    let said: Vec<_> =
        log.iter().map(|l| (l["action"].as_str().unwrap(), l["code"].as_str().unwrap())).collect();
    assert_eq!(said, [("noted", "export.dropped"), ("withheld", "map.range")]);
}

#[test]
fn units_and_a_y_that_runs_down_move_nothing() {
    let place = |settings: Value, position: Value| {
        let said = event(1, "set_properties", json!({ "node_id": "@space", "properties": settings }));
        only(&[origin(52.6, -2.0), said, node(2, position, Value::Null)])
    };
    let metres = place(json!({}), json!([3048, -1524, 3.048]));
    assert_eq!(place(json!({ "unit": "ft", "y": "down" }), json!([10_000, 5000, 10])), metres);
    assert_eq!(place(json!({ "unit": "in" }), json!([120_000, -60_000, 120])), metres);
}

#[test]
fn a_height_goes_down_a_long_chain_of_parents() {
    const LENGTH: usize = 20_000;
    let mut lines = vec![origin(52.6, -2.0), node(1, json!([1, 2, 3]), Value::Null)];
    lines.extend((2..LENGTH).map(|n| {
        let transform = json!({ "parent": format!("n{}", n - 1) });
        event(n, "create_node", json!({ "node_id": format!("n{n}"), "transform": transform }))
    }));
    lines.push(node(LENGTH, json!([1, 2]), Value::Null));
    let (features, _) = features(&[], &lines);
    let numbers = |feature: &Value| feature["geometry"]["coordinates"].as_array().unwrap().len();
    assert_eq!(features.len(), LENGTH);
    assert!(
        features
            .iter()
            .all(|feature| numbers(feature) == if feature["id"] == format!("n{LENGTH}") { 2 } else { 3 })
    );
}
