//! Readings that the dashboard wrote as a table are read as the same readings.

use crate::reference::generate;
use crate::{run, sample};
use serde_json::{Value, json};
use std::path::Path;

const HISTORIES: usize = 200;
/// What a reading says, but for what names it.
const SAID: [&str; 6] = ["timestamp", "space_id", "actor_id", "sensor", "unit", "value"];

/// Values, units and names that want to be read as something else.
fn odd() -> Vec<Value> {
    let texts = [
        "",
        " ",
        "true",
        "null",
        "7",
        "-1e3",
        "=1+1",
        "+2",
        "-a",
        "@b",
        "\tc",
        "\rd",
        "\"e\"",
        "f,g",
        "h\r\ni",
        "é\u{202e}",
    ];
    let mut values: Vec<Value> = texts.map(Value::from).to_vec();
    values.extend([
        json!(true),
        json!(false),
        json!(null),
        json!(0),
        json!(-1.5),
        json!(1e300),
        json!(9_007_199_254_740_991_u64),
    ]);
    values
        .into_iter()
        .enumerate()
        .map(|(n, value)| {
            let mut event = json!({
                "operation": "sensor_reading", "event_id": format!("e{n}"), "timestamp": 1_767_225_600.25 + n as f64,
                "actor_id": format!("node:{n}, \"{n}\""), "space_id": format!("=s{}", n % 3), "sensor": format!("-t,{n}"), "value": value,
            });
            if n % 2 == 0 {
                event["unit"] = json!(texts[n % texts.len()]);
            }
            event
        })
        .collect()
}

fn said(lines: &str) -> Vec<String> {
    let said = |line: &str| {
        let event: Value = serde_json::from_str(line).unwrap();
        SAID.map(|name| event[name].to_string()).join(" ")
    };
    let mut all: Vec<String> = lines.lines().map(said).collect();
    all.sort();
    all
}

#[test]
fn readings_of_every_sort_come_back_from_a_table() {
    let dir = tempfile::tempdir().unwrap();
    let given: String = odd().iter().map(|event| format!("{event}\n")).collect();
    std::fs::write(dir.path().join("in"), &given).unwrap();
    let back = run::sh("projector-dashboard -f csv in 2> log | ulp-import -f csv 2> log", dir.path());
    assert_eq!(said(&back), said(&given));
}

/// What is read in the table of a trace is what is read in the table of that, and all of the trace's own readings: how
/// many.
fn assert_same_table(dir: &Path, trace: &str) -> usize {
    std::fs::write(dir.join("in"), trace).unwrap();
    // Two events that say the same have one table's row each, and are one event where their names are gone.
    let script = r#"projector-dashboard -f csv in 2> log > one
        ulp-import -f csv one 2> log | projector-dashboard -f csv 2> log > two
        for table in one two; do ulp-import -f csv $table 2> log | LC_ALL=C sort -u > $table.read; done
        cmp one.read two.read; wc -l < one.read"#;
    run::sh(script, dir).trim().parse().unwrap()
}

#[test]
fn the_tables_of_traces_come_back() {
    let dir = tempfile::tempdir().unwrap();
    for trace in ["flood", "dashboard"] {
        let path = run::root().join("examples").join(trace).join("trace.jsonl");
        let rows = assert_same_table(dir.path(), &std::fs::read_to_string(path).unwrap());
        assert!(rows > 400, "{trace}: {rows}");
    }
    let seeds: Vec<usize> = sample::of(0..HISTORIES, 8).collect();
    sample::each(&seeds, |_, seed| {
        let dir = tempfile::tempdir().unwrap();
        assert_same_table(dir.path(), &generate::history(*seed as u64, 60).join("\n"));
    });
}
