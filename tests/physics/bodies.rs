//! What bodies do in small worlds.

use super::worlds::*;
use crate::run;
use serde_json::json;

#[test]
fn the_worlds_are_those_of_the_fixtures() {
    for (name, world) in all() {
        match fixture(name) {
            Some(fixture) => assert_eq!(world, fixture, "{name}"),
            None => run::skipped(&format!("fixture {name}: not beside this checkout")),
        }
    }
}

#[test]
fn a_ball_falls_as_galileo_says() {
    let steps = steps(&run_to(10.0, &text(&fall())));
    assert_eq!(steps.len(), 40);
    for (n, step) in (1..).zip(&steps) {
        let k = 16.0 * f64::from(n);
        let [x, y, z] = step.position("ball")[..] else { panic!("three numbers") };
        assert_eq!((step.window, x, y), (i64::from(n), 0.0, 0.0));
        assert!((z - (1000.0 - 9.80665 * k * (k + 1.0) / 8192.0)).abs() < 1e-3, "{n}: {z}");
        assert!((step.velocity("ball")[2] + 9.80665 * k / 64.0).abs() < 1e-3, "{n}");
        assert_eq!(step.event["delta_time"], json!(0.25));
        assert_eq!(step.event["timestamp"].as_f64(), Some(START + 0.25 * f64::from(n)));
        let before = if n == 1 { json!("e-ball") } else { steps[n as usize - 2].event["event_id"].clone() };
        assert_eq!(step.event["previous_events"], json!([before]), "{n}");
    }
    assert_eq!(steps[0].event["from"], json!("1767225600/e-ball"));
}

#[test]
fn a_stack_stands_and_comes_to_rest() {
    let world = text(&stack());
    let written = run_to(60.0, &world);
    let steps = steps(&written);
    assert!(steps.last().is_none_or(|step| step.window < 240), "it rests before a minute is over");
    for name in ["box0", "box1", "box2", "box3"] {
        let begin: f64 = 0.5 + f64::from(name.as_bytes()[3] - b'0');
        let last = steps.iter().rev().find(|step| step.updates.contains_key(name));
        let end = last.map_or(vec![0.0, 0.0, begin], |step| step.position(name));
        for (a, b) in end.iter().zip([0.0, 0.0, begin]) {
            assert!((a - b).abs() < 5e-3, "{name}: {end:?}");
        }
    }
    assert_eq!(run_to(86_400.0, &(world + &written)), "");
}

#[test]
fn no_step_overrules_a_hand() {
    let world = hand();
    let known = text(&world[..3]);
    let written = run_to(3.0, &known);
    let all = steps(&written);
    let window = |n: i64| all.iter().find(|step| step.window == n);
    assert!(window(5).is_none_or(|step| !step.updates.contains_key("cube")), "a hand was on it");
    let (before, after) = (window(4).unwrap(), window(6).unwrap());
    // It starts at [5,0,3] with the velocity that it had.
    let (there, v, k) = (after.position("cube"), before.velocity("cube")[2], 16.0);
    let z = 3.0 + v * 0.25 - 9.80665 * k * (k + 1.0) / 8192.0;
    assert!((there[0] - 5.0).abs() < 0.05 && (there[2] - z).abs() < 1e-3, "{there:?}, not {z}");
    assert_eq!(after.event["previous_events"], json!([before.event["event_id"], "moved"]));

    // What comes late rewrites nothing.
    let late = known + &written + &text(&world[3..]);
    assert_eq!(run_to(3.0, &late), "");
    let on = run_to(4.0, &late);
    assert!(steps(&on).iter().all(|step| step.window > 12 && step.position("cube")[0] > 0.0));
    assert!(!written.contains("[-5,") && !on.contains("[-5,"));

    let fresh = ran(&["--fresh", "--until", &at(3.0)], &late);
    let fresh = steps(&fresh);
    assert!(fresh.iter().all(|step| step.window != 3 || !step.updates.contains_key("cube")));
    let fourth = fresh.iter().find(|step| step.window == 4).unwrap();
    assert!((fourth.position("cube")[0] + 5.0).abs() < 0.05);
}

#[test]
fn a_cart_pushes_and_is_not_pushed() {
    let all = steps(&run_to(3.0, &text(&kinematic())));
    let mut crate_at = -2.0;
    for step in &all {
        let cart = step.position("cart");
        assert!((cart[0] - (-4.0 + 0.25 * step.window as f64)).abs() < 1e-6 && cart[2] == 0.5, "{cart:?}");
        if let Some(update) = step.updates.get("crate") {
            crate_at = numbers(&update["transform"]["position"])[0];
        }
        assert!(crate_at - cart[0] > 1.0 - 0.01, "window {}: {crate_at} and {}", step.window, cart[0]);
        let touched = if step.window > 6 { crate_at > -1.9 } else { true };
        assert!(touched && (step.window > 3 || (crate_at + 2.0).abs() < 0.01), "{}: {crate_at}", step.window);
    }
    assert_eq!(all.len(), 12);
}

#[test]
fn what_lies_in_the_plane_stays_there_and_what_hangs_is_no_body() {
    let mut world = shapes();
    world.push(event(
        "kick",
        START + 0.1,
        json!({"operation": "set_physics", "node_id": "disc",
               "physics": {"body": "dynamic", "velocity": [1, 0, 7], "angular_velocity": 2}}),
    ));
    let ran = try_run(&["--until", &at(5.0)], &text(&world));
    assert_eq!((ran.status, &ran.codes["physics.no_shape"]), (0, &json!(1)), "the line");
    let all = steps(&ran.out);
    assert!(all.iter().any(|step| step.updates.contains_key("disc")), "it was kicked");
    for step in &all {
        for (name, update) in &step.updates {
            assert_eq!(name, "disc");
            assert_eq!(numbers(&update["transform"]["position"]).len(), 2);
            assert!(update["transform"]["rotation"].is_number() && update["angular_velocity"].is_number());
        }
    }
    let (first, last) = (&all[0], all.last().unwrap());
    assert!(last.position("disc")[0] > 3.0 && last.updates["disc"]["transform"]["rotation"] != json!(0));
    assert!(first.velocity("disc").len() == 2 && first.velocity("disc")[0] > 0.0);
}

#[test]
fn nothing_private_shows_through_a_public_fall() {
    let world = private();
    let with = run_to(3.0, &text(&world));
    let without = run_to(3.0, &text(&[world[0].clone(), world[2].clone()]));
    assert_eq!(with, without);
    assert!(steps(&with).iter().all(|step| step.updates.keys().eq(["seen"])));
    let both = ran(&["--until", &at(3.0), "--policy", "private", "--policy", "public"], &text(&world));
    let both = steps(&both);
    assert!(!both.is_empty() && both.iter().all(|step| step.event["scope"]["policy"] == "private"));
    assert!(both.iter().any(|step| step.updates.contains_key("secret")));
}

#[test]
fn a_closed_world_gains_no_energy() {
    let unit = |name: &str, position, spin| {
        node(name, position, json!({"body": "dynamic", "mass": 1, "angular_velocity": spin}), cube(1.0))
    };
    let ball = json!({"kind": "sphere", "radius": 0.5});
    let ball = node("ball", json!([-8, 0, 1]), json!({"mass": 3, "velocity": [9, 0, 2]}), ball);
    let tumbling = vec![
        floor(),
        unit("a", json!([0, 0, 4]), json!([1, 2, 3])),
        unit("b", json!([0.4, 0.3, 6]), json!([0, 0, 0])),
        unit("c", json!([2, 0, 0.6]), json!([0, 0, -4])),
        ball,
    ];
    for world in [fall(), stack(), tumbling] {
        let mut bodies: std::collections::BTreeMap<String, [f64; 3]> = Default::default();
        let inertia = |name: &str| if name == "ball" { 0.1 } else { 1.0 / 6.0 };
        let energy = |position: &[f64], velocity: &[f64], spin: &[f64], name: &str| {
            let square = |v: &[f64]| v.iter().map(|x| x * x).sum::<f64>();
            // Heights count from far below, so that what falls freely has some left.
            [9.80665 * (position[2] + 1.0), square(velocity) / 2.0, inertia(name) * square(spin) / 2.0]
        };
        for event in &world {
            if event["physics"]["body"] != "static" {
                let name = event["node_id"].as_str().unwrap();
                let physics = &event["physics"];
                let own = |member: &str| {
                    if physics[member].is_null() { vec![0.0; 3] } else { numbers(&physics[member]) }
                };
                let position = numbers(&event["transform"]["position"]);
                bodies.insert(
                    name.to_owned(),
                    energy(&position, &own("velocity"), &own("angular_velocity"), name),
                );
            }
        }
        let mass = |name: &str| {
            let given = world.iter().find(|e| e["node_id"] == name).unwrap()["physics"]["mass"].as_f64();
            given.unwrap_or(1000.0)
        };
        let sum = |bodies: &std::collections::BTreeMap<String, [f64; 3]>| -> f64 {
            bodies.iter().map(|(name, parts)| mass(name) * parts.iter().sum::<f64>()).sum()
        };
        let first = sum(&bodies);
        for step in steps(&run_to(10.0, &text(&world))) {
            for (name, update) in &step.updates {
                let of = |member: &str| numbers(&update[member]);
                let position = step.position(name);
                bodies
                    .insert(name.clone(), energy(&position, &of("velocity"), &of("angular_velocity"), name));
            }
            assert!(sum(&bodies) <= first * 1.01, "window {}: {} of {first}", step.window, sum(&bodies));
        }
    }
}
