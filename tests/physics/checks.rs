//! What others computed: held, found wrong, and signed.

use super::worlds::*;
use crate::run;
use serde_json::{Value, json};

fn verdicts(ran: &Ran) -> Vec<String> {
    let word =
        |line: &str| serde_json::from_str::<Value>(line).unwrap()["check"].as_str().unwrap().to_owned();
    ran.out.lines().map(word).collect()
}

fn count(verdicts: &[String], word: &str) -> usize {
    verdicts.iter().filter(|verdict| *verdict == word).count()
}

/// The same line with another digit at a place that holds one.
fn flipped(line: &str, at: usize) -> String {
    let digit = if line.as_bytes()[at] == b'7' { "3" } else { "7" };
    format!("{}{digit}{}", &line[..at], &line[at + 1..])
}

#[test]
fn one_flipped_digit_is_found() {
    let world = text(&kinematic());
    let written = run_to(3.0, &world);
    let lines: Vec<&str> = written.lines().collect();
    let step = lines[7];
    let digits = |from: &str, to: &str| {
        let (start, end) = (step.find(from).unwrap() + from.len(), step.find(to).unwrap());
        let all = (start..end).filter(|i| step.as_bytes()[*i].is_ascii_digit());
        all.collect::<Vec<usize>>()
    };
    let of_output = digits("\"output\":\"blake3:", "\",\"preserves");
    let of_updates = digits("\"updates\":[", "}]}");
    for places in [of_output, of_updates] {
        for at in places.iter().step_by(places.len() / 6) {
            let other = flipped(step, *at);
            let trace = world.clone() + &written.replace(step, &other);
            let ran = try_run(&["--check"], &trace);
            let line: Value = serde_json::from_str(ran.out.lines().nth(7).unwrap()).unwrap();
            assert_eq!(
                (ran.status, &line["check"], &ran.codes["physics.differs"]),
                (1, &json!("differs"), &json!(1))
            );
            assert_eq!(count(&verdicts(&ran)[..7], "holds"), 7);
        }
    }
    // A metre off is found, and whose it is.
    let mut event: Value = serde_json::from_str(step).unwrap();
    let updates = event["updates"].as_array_mut().unwrap();
    let cart = updates.iter_mut().find(|update| update["node_id"] == "cart").unwrap();
    cart["transform"]["position"][1] = json!(1);
    let ran = try_run(&["--check"], &(world.clone() + &written.replace(step, &event.to_string())));
    let line: Value = serde_json::from_str(ran.out.lines().nth(7).unwrap()).unwrap();
    assert_eq!((&line["node_id"], &line["metres"]), (&json!("cart"), &json!(1)));
    assert_eq!(verdicts(&ran)[8], "stale", "what it led to is made from another beginning");
}

#[test]
fn what_came_late_makes_stale_and_no_liar() {
    let world = hand();
    let known = text(&world[..3]);
    let written = run_to(3.0, &known);
    let steps = written.lines().count();
    // Another friction for the floor, from the start: all that was made before it is stale.
    let rough = json!({"operation": "set_physics", "node_id": "floor", "physics": {"body": "static", "friction": 0.9}});
    let grown = known.clone() + &written + &text(&[event("rough", START, rough)]);
    let ran = try_run(&["--check"], &grown);
    assert_eq!((ran.status, count(&verdicts(&ran), "stale")), (0, steps));
    // A hand on a window that is written: the step did not know it, and does not differ.
    let ran = try_run(&["--check"], &(known + &written + &text(&world[3..])));
    assert_eq!((ran.status, count(&verdicts(&ran), "differs")), (0, 0));
    assert_eq!(verdicts(&ran)[2], "holds");
}

#[test]
fn machines_that_know_different_things_both_stay_and_go_on_together() {
    let hand = moved("moved", START + 1.1, "ball", json!([5, 0, 900]));
    let one = text(&fall());
    let other = one.clone() + &text(&[hand]);
    let (a, b) = (run_to(3.0, &one), run_to(3.0, &other));
    let both = other.clone() + &a + &b;
    let ran = try_run(&["--check"], &both);
    let said = verdicts(&ran);
    assert_eq!((ran.status, count(&said, "differs")), (0, 0));
    assert!(count(&said, "stale") > 0, "the order decides between them");
    let on = run_to(4.0, &both);
    let first = &steps(&on)[0];
    let causes = first.event["previous_events"].as_array().unwrap();
    assert!(first.window == 13 && causes.len() <= 2, "{causes:?}");
    let last = |text: &str| steps(text).last().map(|step| step.event["event_id"].clone()).unwrap();
    assert!(causes.contains(&last(&a)) || causes.contains(&last(&b)));
    assert_eq!(on, run_to(4.0, &(b + &a + &other)), "whoever tells of it first");
}

#[test]
fn other_engines_are_named() {
    let world = text(&fall());
    let written = run_to(1.0, &world);
    let other = written.replace("rapier3d-f64/0.36.1", "bullet/3");
    let ran = try_run(&["--check"], &(world.clone() + &other));
    assert_eq!((ran.status, count(&verdicts(&ran), "other_engine")), (0, 4));
    assert!(ran.out.contains("\"solver\":\"ulp-physics/1 bullet/3\""));
    // One that says it is ours must end a window of its own.
    let ran =
        try_run(&["--check"], &(world + &written.replace("\"tick\":113102438416", "\"tick\":113102438417")));
    assert_eq!((ran.status, verdicts(&ran)[0].as_str()), (1, "differs"));
}

#[test]
fn a_check_is_signed_and_is_testimony() {
    let dir = tempfile::tempdir().unwrap();
    let world = text(&fall());
    std::fs::write(dir.path().join("trace"), world.clone() + &run_to(1.0, &world)).unwrap();
    let script = "um-key generate -o k.pem --log errors > /dev/null
        projector-physics --check --log errors < trace | um-sign --key k.pem --log errors > testimony
        um-sign --verify --log errors < testimony | grep -c signature
        sed 's/holds/differs/' testimony | um-sign --verify --log errors 2> /dev/null | wc -l";
    assert_eq!(run::shell(script, dir.path()).stdout, b"4\n0\n");
}
