//! One run or many, one thread or many, a stream or a store: the same steps.

use super::worlds::*;
use crate::run;
use serde_json::json;

#[test]
fn ten_runs_are_one_and_again_nothing_is_new() {
    for (name, world) in all() {
        let world = text(&world);
        let end = if name == "fall" { 5.0 } else { 10.0 };
        let whole = run_to(end, &world);
        let mut grown = world.clone();
        for n in 1..=10 {
            // Ends between windows too.
            let more = run_to(end * f64::from(n) / 10.0 + if n < 10 { 0.07 } else { 0.0 }, &grown);
            grown += &more;
        }
        assert_eq!(grown[world.len()..], whole, "{name}");
        assert_eq!(run_to(end, &grown), "", "{name}");
        assert_eq!(ran(&[], &grown), "", "{name}: the end of the trace is where it ends");
        let shuffled: String = grown.lines().rev().map(|line| format!("{line}\n")).collect();
        assert_eq!(run_to(end + 2.0, &shuffled), run_to(end + 2.0, &grown), "{name}");
        for jobs in ["1", "2", "4"] {
            assert_eq!(ran(&["--until", &at(end), "-j", jobs], &world), whole, "{name} -j {jobs}");
        }
        let checked = ran(&["--check"], &grown);
        let holds = checked.lines().filter(|line| line.starts_with("{\"check\":\"holds\""));
        assert_eq!(holds.count(), whole.lines().count(), "{name}\n{checked}");
    }
}

#[test]
fn a_store_takes_the_steps_and_gives_the_same_again() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("trace.jsonl"), text(&kinematic())).unwrap();
    let script = "ulp-store init w --log errors
        ulp-append --store w --log errors < trace.jsonl > /dev/null
        for t in 1 2 3; do
            projector-physics --store w --until $((1767225600 + t)) --log errors | ulp-append --store w --log errors
        done > grown
        projector-physics --until 1767225603 --log errors < trace.jsonl | cmp - grown
        projector-physics --store w --check --log errors | grep -c '\"holds\"'
        ulp-materialize --store w --log errors | cmp - <(cat trace.jsonl grown | ulp-materialize --log errors)
        projector-physics --store w --until 1767225603 --log errors | wc -l";
    assert_eq!(run::sh(script, dir.path()), "12\n0\n");
}

#[test]
fn a_trace_may_end_anywhere_and_state_lines_do_as_well() {
    let world = text(&fall());
    // The trace ends where it begins: no window is whole.
    assert_eq!(ran(&[], &world), "");
    assert_eq!(run_to(0.24, &world), "");
    assert_eq!(run_to(0.25, &world).lines().count(), 1);
    assert_eq!(ran(&["--until", "1970-01-01T00:00:00Z"], &world), "");
    assert_eq!(ran(&[], ""), "");

    let dir = tempfile::tempdir().unwrap();
    let grown = world.clone() + &run_to(2.0, &world);
    std::fs::write(dir.path().join("grown"), &grown).unwrap();
    let state = run::sh("ulp-materialize --log errors < grown", dir.path());
    assert_eq!(run_to(4.0, &state), run_to(4.0, &grown), "steps go on from state lines alone");
}

#[test]
fn tiles_go_on_together_and_each_has_its_own_steps() {
    let mut world = vec![floor()];
    for (name, tile, x) in [("a", "z1/x0/y0", 0.0), ("b", "z1/x1/y0", 0.9)] {
        let mut body = node(name, json!([x, 0, 0.5]), json!({"mass": 1, "velocity": [0.5, 0, 0]}), cube(1.0));
        body["tile"] = json!(tile);
        world.push(body);
    }
    let world = text(&world);
    let all = steps(&run_to(2.0, &world));
    let of = |tile: &str| all.iter().filter(|step| step.event["tile"] == tile).collect::<Vec<_>>();
    let (left, right) = (of("z1/x0/y0"), of("z1/x1/y0"));
    assert!(!left.is_empty() && !right.is_empty() && left.len() + right.len() == all.len());
    for (name, steps, first) in [("a", &left, "e-a"), ("b", &right, "e-b")] {
        assert!(steps.iter().all(|step| step.updates.keys().eq([name])));
        assert_eq!(steps[0].event["previous_events"], json!([first]));
    }
    // Both were in one world: a window has one input.
    assert_eq!(left[0].event["input"], right[0].event["input"]);
    // Alone, one falls: the floor is elsewhere.
    let alone = ran(&["--until", &at(1.0), "--tile", "z1/x1/y0"], &world);
    assert!(steps(&alone).last().unwrap().position("b")[2] < 0.0);
}

#[test]
fn gravity_is_the_spaces_own_and_wakes_who_rests() {
    let says = |id: &str, time: f64, gravity: serde_json::Value| {
        let properties = json!({"gravity": gravity});
        event(id, time, json!({"operation": "set_properties", "node_id": "@space", "properties": properties}))
    };
    let mut world = stack();
    world.push(says("up", START + 30.1, json!([0, 0, 2])));
    let all = steps(&run_to(32.0, &text(&world)));
    let up = all.iter().find(|step| step.window > 121).unwrap();
    assert!(up.window == 122 && up.velocity("box3")[2] > 0.0);
    assert!(up.event["previous_events"].as_array().unwrap().contains(&json!("up")));

    let mut moon = fall();
    moon.push(says("moon", START, json!([0, 0, -1.62])));
    let all = steps(&run_to(1.0, &text(&moon)));
    assert!((all.last().unwrap().velocity("ball")[2] + 1.62).abs() < 1e-3);
}

#[test]
fn large_worlds_are_the_same_on_one_thread_and_on_two() {
    let stacks = (0..110).flat_map(|i| {
        let (x, y) = (3 * (i % 11), 3 * (i / 11));
        (0..10).map(move |k| {
            let leaning = f64::from(x) + 0.07 * f64::from(k);
            let place = json!([leaning, y, 0.5 + f64::from(k)]);
            node(&format!("box-{i}-{k}"), place, json!({"body": "dynamic"}), cube(1.0))
        })
    });
    let ground = json!({"kind": "box", "size": [90, 90, 1]});
    let floor = node("floor", json!([0, 0, -0.5]), json!({"body": "static"}), ground);
    let world = text(&std::iter::once(floor).chain(stacks).collect::<Vec<_>>());
    let [one, two] = ["1", "2"].map(|jobs| ran(&["--until", &at(0.5), "-j", jobs], &world));
    assert!(one == two && one.lines().count() == 2);
}
