//! Worlds that no solver likes: never a panic, a hang or a number that is none.

use super::worlds::*;
use serde_json::{Value, json};

/// Runs a world for a second, and looks at every number that it writes; how many nodes are no bodies, and the steps.
fn survives(world: &[Value]) -> (u64, Vec<Step>) {
    let ran = try_run(&["--until", &at(1.0)], &text(world));
    assert_eq!(ran.status, 0, "{}", ran.codes);
    assert!(!ran.out.contains("null") && !ran.out.contains("inf") && !ran.out.contains("NaN"));
    let grown = text(world) + &ran.out;
    assert_eq!(try_run(&["--check"], &grown).status, 0);
    (ran.codes["physics.no_shape"].as_u64().unwrap_or(0), steps(&ran.out))
}

fn one(physics: Value, geometry: Value, position: Value) -> Vec<Value> {
    vec![floor(), node("n", position, physics, geometry)]
}

#[test]
fn what_the_solver_cannot_take_is_no_body() {
    let at_2 = json!([0, 0, 2]);
    let unit = cube(1.0);
    for physics in [
        json!({"mass": 0}),
        json!({"mass": -1}),
        json!({"mass": 1e300}),
        json!({"mass": "heavy"}),
        json!({"mass": 1, "velocity": [1e300, 0, 0]}),
        json!({"mass": 1, "angular_velocity": [0, 0, -1e300]}),
        json!({"mass": 1, "friction": -1}),
        json!({"mass": 1, "restitution": 2}),
        json!({"mass": 1, "shape": "box"}),
        json!({"mass": 1, "shape": {"kind": "sphere", "radius": 0}}),
    ] {
        let (refused, steps) = survives(&one(physics.clone(), unit.clone(), at_2.clone()));
        assert_eq!((refused, steps.len()), (1, 0), "{physics}");
    }
    let flat: Vec<[f64; 3]> = (0..9).map(|i| [f64::from(i % 3), f64::from(i / 3), 0.0]).collect();
    for geometry in [
        json!({"kind": "box", "size": [1, 1, 0]}),
        json!({"kind": "box", "size": 1e300}),
        json!({"kind": "box", "size": 1e-300}),
        json!({"kind": "rect", "width": 1, "height": 0}),
        json!({"kind": "polygon", "points": [[0, 0], [1, 1], [2, 2]]}),
        json!({"kind": "polygon", "points": [[0, 0], [0, 0], [0, 0]]}),
        json!({"kind": "polygon", "points": [[0, 0], [1e300, 0], [0, 1e300]]}),
        json!({"kind": "mesh", "positions": [[0, 0, 0], [0, 0, 0], [0, 0, 0]], "indices": [0, 1, 2]}),
        json!({"kind": "mesh", "positions": flat, "indices": [0, 1, 4]}),
        json!({"kind": "mesh", "positions": [[0, 0, 0], [1e200, 0, 0], [0, 1e200, 1e200]], "indices": [0, 1, 2]}),
        json!({"kind": "mesh", "positions": [[0, 0, 0]], "indices": [0, 1, 2]}),
        json!({"kind": "point"}),
        json!({"kind": "text", "text": "x"}),
    ] {
        let (refused, steps) = survives(&one(json!({"mass": 1}), geometry.clone(), at_2.clone()));
        assert_eq!((refused, steps.len()), (1, 0), "{geometry}");
    }
    for position in [json!([1e300, 0, 0]), json!([0, 0, -2e7])] {
        assert_eq!(survives(&one(json!({"mass": 1}), unit.clone(), position)).0, 1);
    }
}

#[test]
fn odd_solids_fall_all_the_same() {
    let star = json!([[0, 2], [1, -2], [-2, 0.6], [2, 0.6], [-1, -2]]);
    let saw: Vec<[f64; 2]> = (0..40).map(|i| [f64::from(i) / 10.0, f64::from(i % 2)]).collect();
    for (geometry, scale) in [
        (json!({"kind": "sphere", "radius": 0.5}), json!([1, 2, 3])),
        (json!({"kind": "cylinder", "radius": 0.5, "height": 1}), json!([1, 2, -1])),
        (json!({"kind": "cylinder", "radius": 0.5, "height": 1}), json!(-1)),
        (json!({"kind": "ellipse", "rx": 2, "ry": 1}), json!(1)),
        (json!({"kind": "polygon", "points": star}), json!(1)),
        (json!({"kind": "polygon", "points": saw}), json!(1)),
        (
            json!({"kind": "polygon", "points": [[-2, -2], [2, -2], [2, 2], [-2, 2]],
                "holes": [[[-1, -1], [1, -1], [1, 1], [-1, 1]]]}),
            json!(1),
        ),
        (
            json!({"kind": "mesh", "positions": [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0.2, 0.2, 0.2]],
                "indices": [0, 1, 2, 0, 1, 3, 0, 2, 3, 1, 2, 3]}),
            json!(1),
        ),
    ] {
        let mut world = one(json!({"body": "dynamic"}), geometry.clone(), json!([0, 0, 2]));
        world[1]["transform"]["scale"] = scale;
        let (refused, steps) = survives(&world);
        assert_eq!(refused, 0, "{geometry}");
        let end = steps.last().unwrap().position("n");
        assert!(end[2] < 1.9 && end[2] > -0.1, "{geometry}: {end:?}");
    }
    // A floor may be a surface, and what falls rests on it.
    let corners = json!([[-9, -9, 0], [9, -9, 0], [9, 9, 0], [-9, 9, 0]]);
    let mesh = json!({"kind": "mesh", "positions": corners, "indices": [0, 1, 2, 0, 2, 3]});
    let world = [
        node("ground", json!([0, 0, 0]), json!({}), mesh),
        node("n", json!([1, 2, 0.6]), json!({"mass": 1}), cube(1.0)),
    ];
    let end = survives(&world).1.last().unwrap().position("n");
    assert!((end[2] - 0.5).abs() < 0.02, "{end:?}");
}

#[test]
fn cycles_spawns_in_each_other_and_huge_masses_go_on() {
    // On a cycle of parents nobody hangs on anybody; who hangs on one of them does.
    let mut ring: Vec<Value> = ["a", "b", "c"]
        .iter()
        .zip(0..)
        .map(|(name, i)| {
            node(name, json!([3 * i, 0, 5]), json!({"body": "kinematic", "velocity": [0, 1, 0]}), cube(1.0))
        })
        .collect();
    for (child, parent) in [(0, "b"), (1, "a"), (2, "a")] {
        ring[child]["transform"]["parent"] = json!(parent);
    }
    let (_, steps) = survives(&ring);
    assert!(steps.len() == 4 && steps.iter().all(|step| step.updates.keys().eq(["a", "b"])));

    let spawns: Vec<Value> = (0..40)
        .map(|i| node(&format!("n{i}"), json!([0, 0, 1]), json!({"mass": 1}), cube(1.0)))
        .chain([floor()])
        .collect();
    survives(&spawns);
    let heavy = [
        floor(),
        node("feather", json!([0, 0, 0.5]), json!({"mass": 1e-6}), cube(1.0)),
        node("anvil", json!([0, 0, 2]), json!({"mass": 1e15}), cube(1.0)),
        node(
            "fast",
            json!([0, 5, 2]),
            json!({"mass": 1e-6, "velocity": [1e5, -1e5, 1e5], "angular_velocity": [1e4, 1e4, 0]}),
            cube(1.0),
        ),
    ];
    survives(&heavy);
}

#[test]
fn a_tile_of_ten_thousand_in_one_place_stands_and_the_others_go_on() {
    let mut world: Vec<Value> = (0..10_000)
        .map(|i| node(&format!("n{i}"), json!([0, 0, 1]), json!({"mass": 1}), cube(1.0)))
        .collect();
    let mut other = node("other", json!([50, 0, 9]), json!({"mass": 1}), cube(1.0));
    other["tile"] = json!("z1/x1/y0");
    world.push(other);
    let ran = try_run(&["--until", &at(0.5)], &text(&world));
    assert_eq!((ran.status, &ran.codes["physics.too_many"]), (1, &json!(1)));
    let steps = steps(&ran.out);
    assert!(steps.len() == 2 && steps.iter().all(|step| step.updates.keys().eq(["other"])));
}

#[test]
fn a_step_that_is_too_long_is_not_written() {
    let world: Vec<Value> = (0..9000)
        .map(|i| {
            let name = format!("a-body-with-a-rather-long-name-{i:05}");
            node(&name, json!([3 * (i % 80), 3 * (i / 80), 9]), json!({"mass": 1}), cube(1.0))
        })
        .collect();
    let ran = try_run(&["--until", &at(0.25)], &text(&world));
    assert_eq!((ran.status, ran.out.len(), &ran.codes["physics.too_many"]), (1, 0, &json!(1)));
}

#[test]
fn what_others_say_of_steps_is_survived() {
    // Steps of no window, with rotations of no length, of a solver that counts otherwise.
    let step = |id: &str, time: f64, transform: Value, velocity: Value| {
        let update = json!({"node_id": "n", "transform": transform, "velocity": velocity, "angular_velocity": velocity});
        event(
            id,
            time,
            json!({"operation": "physics_step", "solver": "x", "tick": 7, "delta_time": 1e300, "updates": [update]}),
        )
    };
    for (transform, velocity) in [
        (json!({"position": [0, 0, 4], "rotation": [0, 0, 0, 0]}), json!(9)),
        (json!({"position": [0, 0], "rotation": 1e300}), json!([1, 2])),
        (json!({"parent": "floor", "scale": 0}), json!([1e300, 1e300, 1e300])),
        (json!({"scale": [1e300, 1e-300, -1]}), json!([0, 0, -1])),
    ] {
        let mut world = one(json!({"mass": 1}), cube(1.0), json!([0, 0, 3]));
        world.push(step("s", START + 0.33, transform, velocity));
        let ran = try_run(&["--until", &at(1.5)], &text(&world));
        assert_eq!(ran.status, 0);
        let all = steps(&ran.out);
        assert!(all.iter().all(|step| step.window > 2), "the last step is where it goes on");
    }
}
