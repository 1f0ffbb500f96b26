//! Series, their figures and their gaps.

use super::{reading, records, said, write};
use crate::run;
use serde_json::{Value, json};

/// The fixtures: a name, and the options that go with it.
const FIXTURES: [(&str, &str, &str); 5] = [
    ("gaps", "gaps", ""),
    ("trend", "trend", ""),
    ("trend-at-4000", "trend", "--at 1767229600"),
    ("edges", "edges", ""),
    ("none", "none", ""),
];

/// The formats, and how their fixtures end.
const FORMATS: [(&str, &str); 5] = [
    ("jsonl", "jsonl"),
    ("csv", "csv"),
    ("prom", "prom"),
    ("senml", "senml.json"),
    ("events", "events.jsonl"),
];

#[test]
fn the_fixtures_come_out_to_the_byte() {
    let Some(shared) = run::shared().map(|s| s.join("fixtures/dashboard")).filter(|p| p.is_dir()) else {
        run::skipped("no fixtures of the dashboard lie beside this checkout");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let mut held = 0;
    for (name, trace, options) in FIXTURES {
        let at = |end: &str| shared.join(format!("{trace}.{end}")).display().to_string();
        let rules = at("rules.yaml");
        let rules =
            if std::path::Path::new(&rules).exists() { format!("--rules {rules}") } else { String::new() };
        let input = at("trace.jsonl");
        for (format, end) in FORMATS {
            let expected = shared.join(format!("{name}.{end}"));
            let command = format!("projector-dashboard -f {format} {rules} {options} 2> log");
            for (turned, jobs) in [("cat", 1), ("tac", 2), ("shuf", 2)] {
                let script = format!("{turned} {input} | {command} -j {jobs} | cmp - {}", expected.display());
                run::sh(&script, dir.path());
            }
            held += 1;
        }
        // With its own events read again nothing new comes out, and what is open stays the same.
        let events = format!("projector-dashboard -f events {rules} {options} 2> log");
        run::sh(
            &format!("{events} {input} > new; cat {input} new > both; {events} both | cmp - /dev/null"),
            dir.path(),
        );
        let prom = format!("projector-dashboard -f prom {rules} {options} 2> log both | grep alert_open");
        let open = run::shell(&prom, dir.path()).stdout;
        let expected = std::fs::read_to_string(shared.join(format!("{name}.prom"))).unwrap();
        let expected: String =
            expected.lines().filter(|l| l.contains("alert_open")).map(|l| format!("{l}\n")).collect();
        assert_eq!(String::from_utf8_lossy(&open), expected, "{name}");
    }
    assert_eq!(held, 25);
}

#[test]
fn a_gap_is_where_nothing_is_known() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    let of = |list: &[(f64, &str)]| {
        let lines =
            list.iter().enumerate().map(|(n, (time, value))| reading(&format!("e{n}"), *time, value, ""));
        write(at, "in", &lines.collect::<Vec<_>>());
        let record = records("in", at).remove(0);
        (record["gaps"].clone(), record["missing"].clone())
    };
    // Four readings know no usual interval, five do: the third is what two of four are not above.
    assert_eq!(of(&[(0.0, "1"), (1.0, "1"), (2.0, "1"), (99.0, "1")]), (Value::Null, json!(0)));
    let five = [(0.0, "1"), (1.0, "1"), (3.0, "1"), (6.0, "1"), (99.0, "1")];
    assert_eq!(of(&five), (json!([{"from": 6, "to": 99}]), json!(93)));
    assert_eq!(of(&[(0.0, "1"), (2.0, "1"), (4.0, "1"), (6.0, "1"), (12.0, "1")]), (Value::Null, json!(0)));
    // A null begins a gap, another one goes on with it, and the next value ends it.
    let nulls = [(0.0, "1"), (1.0, "null"), (2.0, "null"), (5.5, "\"x\""), (6.0, "null")];
    assert_eq!(of(&nulls), (json!([{"from": 1, "to": 5.5}, {"from": 6}]), json!(4.5)));
    // A long pause that a null ends is one gap with it.
    let long = [(0.0, "1"), (1.0, "1"), (2.0, "1"), (3.0, "1"), (50.0, "null"), (51.0, "2")];
    assert_eq!(of(&long), (json!([{"from": 3, "to": 51}]), json!(48)));
}

#[test]
fn figures_are_of_numbers_alone() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    let values = ["\"word\"", "3", "true", "1", "3", "1", "null"];
    let lines: Vec<String> =
        values.iter().enumerate().map(|(n, v)| reading(&format!("e{n}"), n as f64, v, "")).collect();
    write(at, "in", &lines);
    let record = records("in", at).remove(0);
    assert_eq!(record["count"], 6);
    assert_eq!(record["first"], json!({"event_id": "e0", "t": 0, "value": "word"}));
    assert_eq!(record["last"]["event_id"], "e5");
    assert_eq!((&record["min"]["event_id"], &record["max"]["event_id"]), (&json!("e3"), &json!("e1")));
    assert_eq!((&record["mean"], &record["p50"], &record["p95"]), (&json!(2), &json!(1), &json!(3)));
    assert!(record.get("rate").is_none() && record.get("unit").is_none());
    // What no double holds is left out, and nothing is written that is no number.
    write(at, "in", &[reading("a", 1.0, "1.7e308", ""), reading("b", 2.0, "1.7e308", "")]);
    let record = records("in", at).remove(0);
    assert!(record.get("mean").is_none() && record["p50"] == json!(1.7e308));
    write(at, "in", &[reading("a", 0.0, "-1.7e308", ""), reading("b", 3600.0, "1.7e308", "")]);
    assert!(records("in", at)[0].get("rate").is_none());
    // The key behind a value is there where it is asked for.
    assert_eq!(records("--provenance in", at)[0]["last"]["key"], "3600/b");
}

#[test]
fn a_rate_asks_for_an_hour() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    let rate = |list: &[(f64, &str)]| {
        let lines =
            list.iter().enumerate().map(|(n, (time, value))| reading(&format!("e{n}"), *time, value, ""));
        write(at, "in", &lines.collect::<Vec<_>>());
        records("in", at)[0].get("rate").cloned()
    };
    assert_eq!(rate(&[(0.0, "1"), (3599.0, "2")]), None);
    assert_eq!(rate(&[(0.0, "1"), (3600.0, "2")]), Some(json!(1)));
    assert_eq!(rate(&[(0.0, "1"), (1800.0, "5"), (7200.0, "3")]), Some(json!(-1.333333333)));
    assert_eq!(rate(&[(0.0, "1"), (1800.0, "null"), (3600.0, "2")]), None);
    assert_eq!(rate(&[(0.0, "1"), (3600.0, "3"), (3700.0, "\"off\"")]), Some(json!(2)));
}

#[test]
fn a_series_spans_tiles_and_stands_apart_by_unit() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    write(
        at,
        "in",
        &[
            reading("a", 1.0, "1", r#","tile":"z0/x5/y5""#),
            reading("b", 2.0, "2", r#","tile":"z0/x-1/y0","unit":"""#),
            reading("c", 3.0, "3", r#","unit":"m""#),
            reading("d", 4.0, "4", r#","space_id":"other""#),
            reading("e", 5.0, "5", r#","scope":{"policy":"private"}"#),
            r#"{"event_id":"m","timestamp":2.5,"actor_id":"node:a","operation":"macro.stamp","params":{},"template":[{"operation":"sensor_reading","sensor":"level","value":7}]}"#.to_owned(),
        ],
    );
    let found: Vec<String> = records("in", at)
        .iter()
        .map(|r| format!("{} {} {} {}", r["space_id"], r["unit"], r["count"], r["last"]["event_id"]))
        .collect();
    let expected = [r#""default" null 3 "m#0000""#, r#""default" "m" 1 "c""#, r#""other" null 1 "d""#];
    assert_eq!(found, expected);
    assert_eq!(records("--policy private in", at).len(), 1);
}

#[test]
fn the_end_alone_is_shown_of_what_is_known_of_all() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    let mut lines: Vec<String> =
        (0..10).map(|n| reading(&format!("e{n}"), f64::from(n) * 1000.0, &n.to_string(), "")).collect();
    lines.push(reading("old", 1.0, "1", r#","unit":"m""#));
    write(at, "in", &lines);
    std::fs::write(at.join("rules"), "max_gap: 100s\nrules: [{name: r, above: 3}]\n").unwrap();
    let found = records("--rules rules --last 1h in", at);
    assert_eq!((&found[0]["count"], &found[0]["first"]["event_id"]), (&json!(4), &json!("e6")));
    // A gap is cut where the end begins; what opened before is open.
    assert_eq!((&found[0]["gaps"][0]["from"], &found[0]["missing"]), (&json!(5400), &json!(3600)));
    assert_eq!(found[0]["rules"], json!([{"event_id": "e4", "name": "r", "open": true, "since": 4000}]));
    assert_eq!((&found[1]["count"], &found[1]["missing"]), (&json!(0), &json!(3600)));
    assert_eq!(said("--last 1h -f csv in", at).lines().count(), 5);
    assert!(!said("--last 1h -f prom in", at).contains("unit=\"m\""));
}

#[test]
fn state_lines_know_the_latest_reading_and_say_so() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    write(at, "in", &[reading("a", 1.0, "1", ""), reading("b", 2.0, "2", "")]);
    run::sh("ulp-materialize in > state 2> log; cat in state state > both", at);
    assert_eq!(records("state", at)[0]["count"], 1);
    let log = std::fs::read_to_string(at.join("log")).unwrap();
    assert!(log.contains("\"sensor.history\":1"), "{log}");
    assert_eq!(said("both", at), said("in", at));
    assert!(!std::fs::read_to_string(at.join("log")).unwrap().contains("sensor.history"));
    // Nobody reads what was said later than the state knows it.
    run::sh("tail -1 in | cat state - > later; head -1 in | cat state - > earlier", at);
    assert_eq!((records("later", at)[0]["count"].clone(), said("earlier", at)), (json!(1), said("in", at)));
}

#[test]
fn following_ends_with_what_is_read_at_once() {
    let dir = run::checkout();
    let at = dir.path();
    let trace = "examples/dashboard/trace.jsonl --rules examples/dashboard/rules.yaml";
    let once = said(trace, at);
    let (input, rules) = trace.split_once(' ').unwrap();
    let parts = format!("head -200 {input}; sleep 0.3; tail -n +201 {input} | shuf --random-source={input}");
    let followed = run::sh(&format!("{{ {parts}; }} | projector-dashboard --follow {rules} 2> log"), at);
    let mut kept: std::collections::BTreeMap<String, &str> = Default::default();
    for line in followed.lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        kept.insert(format!("{} {} {}", record["actor_id"], record["sensor"], record["unit"]), line);
    }
    assert!(followed.lines().count() > kept.len());
    assert_eq!(kept.into_values().collect::<Vec<_>>(), once.lines().collect::<Vec<_>>());
}
