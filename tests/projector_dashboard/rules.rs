//! Rules: when an alert opens, when it ends, and that it is derived once.

use super::{reading, records, said, write};
use crate::run;
use std::path::Path;

/// When alerts open and end under one rule, as `+time` and `-time`.
fn turns(rule: &str, list: &[(f64, &str)], options: &str, dir: &Path) -> String {
    std::fs::write(dir.join("rules"), format!("rules:\n  - {{name: r, {rule}}}\n")).unwrap();
    let lines = list.iter().enumerate().map(|(n, (time, value))| reading(&format!("e{n}"), *time, value, ""));
    write(dir, "in", &lines.collect::<Vec<_>>());
    let events = said(&format!("-f events --rules rules {options} in"), dir);
    let turn = |line: &str| {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        format!("{}{}", if event["kind"] == "alert" { '+' } else { '-' }, event["timestamp"])
    };
    events.lines().map(turn).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_rule_opens_and_closes_where_it_says() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    let level = [(0.0, "1"), (1.0, "2"), (2.0, "2.1"), (3.0, "1.9"), (4.0, "1.5"), (5.0, "3"), (6.0, "2")];
    for (rule, expected) in [
        ("above: 2", "+2 -3 +5 -6"),
        ("above: 2, clear: 1.5", "+2 -4 +5"),
        ("above: 1.5, for: 2s", "+3 -4"),
        ("above: 1.5, for: 1s", "+2 -4 +6"),
        ("below: 2", "+0 -1 +3 -5"),
        ("below: 1.2, clear: 2.05", "+0 -2"),
        ("equals: 2", "+1 -2 +6"),
        ("silent: 1s", ""),
        ("above: 2, sensor: other", ""),
        (
            "above: 2, sensor: 'l*l', actor: 'node:*', space: default, layer: def*, tile: 'z0/*'",
            "+2 -3 +5 -6",
        ),
        ("above: 2, tile: 'z1/*'", ""),
    ] {
        assert_eq!(turns(rule, &level, "", at), expected, "{rule}");
    }
    assert_eq!(turns("silent: 1s", &level, "--at 7.5", at), "+7");
    assert_eq!(turns("silent: 1s", &level, "--at 7", at), "");
    // A gap begins anew; a word where a number is asked for says nothing.
    let gap = [(0.0, "3"), (1.0, "null"), (2.0, "3"), (3.0, "\"x\""), (4.0, "3"), (5.0, "\"x\""), (6.0, "1")];
    assert_eq!(turns("above: 2, for: 3s", &gap, "", at), "");
    assert_eq!(turns("above: 2, for: 2s", &gap, "", at), "+4 -6");
    assert_eq!(turns("equals: x", &gap, "", at), "+3 -4 +5 -6");
    // A silence is one of readings: what says nothing has spoken.
    assert_eq!(turns("silent: 2s", &[(0.0, "1"), (2.0, "null"), (4.0, "1"), (9.0, "1")], "", at), "+6 -9");
    let rise = [(0.0, "0"), (3600.0, "2"), (5400.0, "2"), (7200.0, "2.5"), (9000.0, "2.2")];
    assert_eq!(turns("rising: 1", &rise, "", at), "+3600 -7200");
}

#[test]
fn what_is_not_understood_is_no_rule() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    write(at, "in", &[reading("a", 1.0, "1", "")]);
    for (text, place) in
        [("max_gab: 1m\n", "rules:1:1"), ("rules: [{name: a, above: 1, below: 2}]\n", "rules:1:29")]
    {
        std::fs::write(at.join("rules"), text).unwrap();
        let refused = run::shell("projector-dashboard --rules rules in > out", at);
        let log = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(2), "{log}");
        assert!(log.contains(place), "{log}");
        assert_eq!(std::fs::read_to_string(at.join("out")).unwrap(), "");
    }
    assert_eq!(run::shell("projector-dashboard --rules nowhere in", at).status.code(), Some(4));
}

/// The names of the alerts that stand in a trace, as the records of the plane have them.
fn alerts(dir: &Path) -> usize {
    run::sh("ulp-materialize --view all 2> log | grep -c '\"kind\":\"alert\"' || true", dir)
        .trim()
        .parse()
        .unwrap()
}

#[test]
fn a_late_reading_opens_no_second() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    std::fs::write(at.join("rules"), "rules: [{name: high, above: 2, alert: {event: Flood}}]\n").unwrap();
    let derive = |lines: &[String]| {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        std::fs::write(at.join("news"), text).unwrap();
        run::sh(
            "cat news >> all; projector-dashboard -f events --rules rules all 2> log | tee new | ulp-append >> all 2> log; wc -l < new",
            at,
        )
    };
    std::fs::write(at.join("all"), "").unwrap();
    assert_eq!(derive(&[reading("c", 30.0, "3", "")]).trim(), "1");
    assert_eq!(derive(&[]).trim(), "0");
    // It opened earlier than was known.
    assert_eq!(derive(&[reading("b", 20.0, "3", "")]).trim(), "0");
    assert_eq!(records("--rules rules all", at)[0]["rules"][0]["event_id"], "b");
    assert_eq!(derive(&[reading("d", 40.0, "1", "")]).trim(), "1");
    assert_eq!((derive(&[]).trim(), alerts(at)), ("0", 1));
    // It had ended before, and stood open again: that is another one.
    assert_eq!(derive(&[reading("e", 50.0, "5", ""), reading("f", 60.0, "1", "")]).trim(), "2");
    assert_eq!((derive(&[]).trim(), alerts(at)), ("0", 2));
}

#[test]
fn an_alert_stands_where_its_reading_is() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    let node = |id: &str, transform: &str| {
        format!(
            r#"{{"event_id":"{id}","timestamp":1,"actor_id":"u","operation":"create_node","node_id":"{id}","transform":{transform},"geometry":{{"kind":"rect","width":4,"height":2}}}}"#
        )
    };
    write(
        at,
        "in",
        &[
            node("house", r#"{"position":[100,50],"rotation":90}"#),
            node("gauge", r#"{"position":[3,0],"parent":"house"}"#),
            node("field", r#"{"position":[7,8,9],"scale":2}"#),
            reading("r", 5.0, "3", r#","node_id":"gauge""#),
        ],
    );
    let place = |alert: &str| {
        std::fs::write(at.join("rules"), format!("rules: [{{name: a, above: 2, alert: {alert}}}]\n"))
            .unwrap();
        let event: serde_json::Value = serde_json::from_str(&said("-f events --rules rules in", at)).unwrap();
        format!("{} {}", event["transform"], event["geometry"])
    };
    assert_eq!(place("{}"), r#"{"position":[100,53]} null"#);
    assert_eq!(place("{radius: 2.50}"), r#"{"position":[100,53]} {"kind":"ellipse","rx":2.5,"ry":2.5}"#);
    assert_eq!(
        place("{area: field}"),
        r#"{"position":[7,8,9],"scale":2} {"height":2,"kind":"rect","width":4}"#
    );
    assert_eq!(
        place("{area: gauge}"),
        r#"{"position":[100,53],"rotation":90} {"height":2,"kind":"rect","width":4}"#
    );
    assert_eq!(place("{area: nowhere}"), "null null");
}

#[test]
fn an_alert_keeps_the_lane_of_its_reading() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    let scope = r#","scope":{"realm":"public","policy":"redacted","boundary":"exterior"}"#;
    let hidden = r#","scope":{"realm":"personal","boundary":"exterior"},"layer_id":"l","tile":"z3/x1/y2""#;
    write(
        at,
        "in",
        &[
            reading("a", 1.0, "3", scope),
            reading("b", 2.0, "3", hidden),
            reading("c", 3.0, "1", r#","tile":"z3/x0/y0""#),
        ],
    );
    std::fs::write(at.join("rules"), "rules: [{name: a, above: 2}]\n").unwrap();
    assert_eq!(said("-f events --rules rules in", at), "");
    let events = said("-f events --rules rules --realm personal --realm team in", at);
    let events: Vec<serde_json::Value> = events.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let scope = |n: usize| events[n]["scope"].to_string();
    assert_eq!(
        scope(0),
        r#"{"authority":"derived","boundary":"exterior","policy":"public","realm":"personal"}"#
    );
    assert_eq!(scope(1), r#"{"authority":"derived","boundary":"interior","policy":"public","realm":"team"}"#);
    assert_eq!((&events[0]["layer_id"], &events[0]["tile"]), (&"l".into(), &"z3/x1/y2".into()));
    // The end lies where the opening does, and names causes of that tile alone.
    assert_eq!(
        (&events[1]["tile"], events[1]["previous_events"].as_array().unwrap().len()),
        (&"z3/x1/y2".into(), 1)
    );
    // What was derived is accepted as it is.
    run::sh(
        "projector-dashboard -f events --rules rules --realm personal --realm team in 2> log > new; ulp-append < new 2> log | cmp - new",
        at,
    );
}
