//! What the standard asks of a pose, and which way things look.

use super::{BIN, NORTH, codes, event, feed, node, records, space};
use crate::run;
use serde_json::{Value, json};

/// What OGC 21-056r11 asks of Basic-Quaternion and Basic-YPR: these members, all of them, each a number, and no other.
#[track_caller]
fn assert_is_geopose(pose: &Value, ypr: bool) {
    let parts: [(&str, &[&str]); 2] = [
        ("position", &["lat", "lon", "h"]),
        if ypr { ("angles", &["yaw", "pitch", "roll"]) } else { ("quaternion", &["x", "y", "z", "w"]) },
    ];
    let object = pose.as_object().unwrap();
    assert_eq!(object.len(), parts.len(), "{pose}");
    for (name, members) in parts {
        let part = object[name].as_object().unwrap();
        assert!(part.len() == members.len() && members.iter().all(|m| part[*m].is_number()), "{pose}");
    }
    let number = |part: &str, name: &str| pose[part][name].as_f64().unwrap();
    assert!(number("position", "lat").abs() <= 90.0 && number("position", "lon").abs() <= 180.0, "{pose}");
    if ypr {
        let [yaw, pitch, roll] = ["yaw", "pitch", "roll"].map(|name| number("angles", name));
        assert!([yaw, roll].iter().all(|a| *a > -180.0 && *a <= 180.0) && pitch.abs() <= 90.0, "{pose}");
        assert!(pitch.abs() < 90.0 || roll == 0.0, "{pose}");
    } else {
        let q = ["w", "x", "y", "z"].map(|name| number("quaternion", name));
        assert!((q.iter().map(|part| part * part).sum::<f64>() - 1.0).abs() < 1e-8, "{pose}");
        assert!(q.iter().find(|part| **part != 0.0).is_some_and(|first| *first > 0.0), "{pose}");
    }
}

/// Nodes all over the plane, turned every way.
fn turned() -> Vec<Value> {
    let mut rng = crate::reference::generate::Rng::new(13);
    let mut number = |reach: f64| reach * (rng.below(2_000_001) as f64 / 1e6 - 1.0);
    let one = |n: usize| {
        let position = json!([number(3.8e6), number(5e6), number(9000.0)]);
        let rotation = match n % 3 {
            0 => json!(number(720.0)),
            1 => json!([number(1.0), number(1.0), number(1.0), number(1.0)]),
            _ => json!([[0.0, 1.0, 0.0, 1.0], [0.0, -1.0, 0.0, 1.0], [1.0, 0.0, 0.0, 0.0]][n % 2]),
        };
        let kind = if n.is_multiple_of(5) { "camera" } else { "thing" };
        let transform = json!({ "position": position, "rotation": rotation });
        event(n, "create_node", json!({ "node_id": format!("n{n}"), "kind": kind, "transform": transform }))
    };
    [space(json!({}))].into_iter().chain((1..200).map(one)).collect()
}

#[test]
fn every_pose_is_what_the_standard_asks() {
    let lines = turned();
    for ypr in [false, true] {
        let found = records(if ypr { &["--ypr"] } else { &[] }, &lines);
        assert!(found.len() > 150);
        found.iter().for_each(|record| assert_is_geopose(&record["geopose"], ypr));
    }
    // The same turn either way.
    let both = [&[][..], &["--ypr"][..]].map(|args| records(args, &lines));
    for (by_turn, by_angles) in both[0].iter().zip(&both[1]) {
        let q = ["x", "y", "z", "w"].map(|name| by_turn["geopose"]["quaternion"][name].as_f64().unwrap());
        let angle = |name: &str| by_angles["geopose"]["angles"][name].as_f64().unwrap().to_radians();
        let [(sy, cy), (sp, cp)] = [angle("yaw").sin_cos(), angle("pitch").sin_cos()];
        let ahead = [
            1.0 - 2.0 * (q[1] * q[1] + q[2] * q[2]),
            2.0 * (q[0] * q[1] + q[2] * q[3]),
            2.0 * (q[0] * q[2] - q[1] * q[3]),
        ];
        let wanted = [cy * cp, sy * cp, -sp];
        assert!(ahead.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-6), "{by_turn} {by_angles}");
    }
}

/// The yaw, pitch and roll of the one node that is not the space's.
fn angles(lines: &[Value], id: &str) -> [f64; 3] {
    let found = records(&["--ypr"], lines);
    let pose = found.iter().find(|record| record["node_id"] == id).unwrap();
    ["yaw", "pitch", "roll"].map(|name| pose["geopose"]["angles"][name].as_f64().unwrap())
}

#[test]
fn what_a_node_hangs_below_turns_it_and_where_y_runs_south_all_is_mirrored() {
    let turned = |n: usize, id: &str, rotation: Value, parent: Value| {
        let transform = json!({ "position": [0, 0], "rotation": rotation, "parent": parent });
        event(n, "create_node", json!({ "node_id": id, "transform": transform }))
    };
    let lines = |more: Value| {
        let child = turned(2, "child", json!(20), json!("p"));
        [space(more), turned(1, "p", json!(30), Value::Null), child]
    };
    assert_eq!(angles(&lines(json!({})), "child"), [50.0, 0.0, 0.0]);
    assert_eq!(angles(&lines(json!({ "y": "down" })), "child"), [-50.0, 0.0, 0.0]);
    // A mirrored parent turns the other way round, and one without extent leaves the turns.
    for (scale, yaw) in [(json!([1, -1, 1]), 10.0), (json!([2, 2, 2]), 50.0), (json!([0, 0, 0]), 50.0)] {
        let mut lines = lines(json!({}));
        lines[1]["transform"]["scale"] = scale;
        let [found, _, _] = angles(&lines, "child");
        assert!((found - yaw).abs() < 1e-6, "{found}, not {yaw}");
    }
}

#[test]
fn units_and_heights_are_metres() {
    let lines = |unit: &str, at: Value| [space(json!({ "unit": unit })), node(1, "n", at, json!({}))];
    let metres = records(&[], &lines("m", json!([304.8, 609.6, 3.048])));
    assert_eq!(metres, records(&[], &lines("ft", json!([1000, 2000, 10]))));
    assert_eq!(metres[0]["geopose"]["position"]["h"], 103.048);
    let output = feed(&["--log-all"], &lines("league", json!([1, 2])));
    assert!(output.stdout.is_empty());
    assert_eq!(codes(&output), [("map.unit".to_owned(), "default: league".to_owned())]);
}

#[test]
fn what_is_nowhere_or_too_far_has_no_pose() {
    let lines = [
        space(json!({})),
        event(1, "create_node", json!({ "node_id": "idea" })),
        node(2, "far", json!([4_000_000, 0]), json!({})),
        node(3, "high", json!([0, 0, 1e13]), json!({})),
        node(4, "here", json!([0, 0]), json!({})),
        event(5, "create_node", json!({ "node_id": "below", "transform": { "parent": "here" } })),
    ];
    let output = feed(&["--log-all"], &lines);
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.contains(r#""node_id":"below""#) && text.contains(r#""node_id":"here""#));
    let far: Vec<String> =
        codes(&output).into_iter().filter(|(code, _)| code == "map.range").map(|(_, id)| id).collect();
    assert_eq!(far, ["far", "high"]);
}

#[test]
fn a_viewer_may_be_a_node_or_the_file_of_its_pose() {
    let eye = json!({ "kind": "camera", "properties": { "fov": 36.0 } });
    let mut camera = node(1, "eye", json!([0, 0, 1.6]), eye);
    camera["transform"]["rotation"] =
        json!([std::f64::consts::FRAC_1_SQRT_2, 0, 0, std::f64::consts::FRAC_1_SQRT_2]);
    let box_of = json!({ "geometry": { "kind": "box", "size": [2, 2, 2] } });
    let lines = [
        space(json!({})),
        camera,
        node(2, "box", json!([3, 40, 1]), box_of),
        node(3, "tree", json!([-4, 50, 1]), json!({})),
    ];
    let dir = tempfile::tempdir().unwrap();
    let pose = feed(&["-f", "geopose", "--node", "eye"], &lines).stdout;
    let [quaternion, angles] = ["q.json", "a.json"].map(|name| dir.path().join(name));
    std::fs::write(&quaternion, pose).unwrap();
    std::fs::write(&angles, feed(&["-f", "geopose", "--node", "eye", "--ypr"], &lines).stdout).unwrap();
    let by_node = records(&["--viewer-node", "eye", "--fov", "60"], &lines);
    assert_eq!(super::ids(&by_node), ["box", "tree"]);
    let by_file = |path: &std::path::Path| {
        let mut seen = records(&["--viewer", &format!("@{}", path.display())], &lines);
        seen.retain(|record| record["node_id"] != "eye");
        seen
    };
    assert_eq!(by_node, by_file(&angles));
    let by_numbers = records(&["--viewer", NORTH], &lines);
    assert_eq!(by_node, by_numbers.into_iter().filter(|r| r["node_id"] != "eye").collect::<Vec<_>>());
    for (a, b) in by_node.iter().zip(by_file(&quaternion)) {
        let x = |record: &Value| record["screen"][0].as_f64().unwrap();
        assert!((x(a) - x(&b)).abs() < 0.003, "{a} {b}");
    }
    // A camera's own field is the height of its picture, which is 36 degrees here and so nearly 60 wide.
    let own = records(&["--viewer-node", "eye"], &lines);
    let [a, b] = [&own[0], &by_node[0]].map(|r| r["screen"][0].as_f64().unwrap() - 960.0);
    assert!(
        (a / b - (30.0_f64.to_radians().tan() / (18.0_f64.to_radians().tan() * 16.0 / 9.0))).abs() < 1e-4
    );
    // What is no pose is refused, and so is a node that is not there.
    std::fs::write(&angles, "{}").unwrap();
    let refused = run::feed(BIN, &["--viewer", &format!("@{}", angles.display())], "");
    assert_eq!(refused.status.code(), Some(2));
    for args in [&["--viewer-node", "nobody"][..], &["-f", "geopose", "--node", "nobody"]] {
        let output = feed(args, &lines);
        assert!(output.status.code() == Some(1) && output.stdout.is_empty(), "{args:?}");
        assert!(codes(&output).iter().any(|(code, _)| code == "view.unknown_node"), "{args:?}");
    }
}
