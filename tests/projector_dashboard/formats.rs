//! The formats that other programs read, with what would break them.

use super::{reading, said, write};
use crate::run;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// What would do harm in one format or another, as JSON strings hold it.
const EVIL: [&str; 16] = [
    "</script><svg onload=alert(1)>",
    "]]>",
    "\\\"><svg onload=1>",
    "=cmd|' /C calc'!A0",
    "+1",
    "-1",
    "@SUM(A1)",
    "12",
    "1e5",
    "true",
    "null",
    "a,b;c d",
    "back\\\\slash\\nand line",
    "\\u001b[2J\\u0000\\u0007\\b\\u007f\\u009b",
    "\\u202eturned\\u2066\\u2028",
    "é 🏔 \\tend\\r",
];

/// A trace in which every text that a reading can set is one of them.
fn trace(dir: &Path) {
    let mut lines = Vec::new();
    for (n, evil) in EVIL.iter().enumerate() {
        // Actors and sensors are names; a unit and a value may be any text.
        let actor: String =
            ["\\u001b", "\\u0000", "\\u0007", "\\b", "\\u007f", "\\u009b", "\\n", "\\t", "\\r"]
                .iter()
                .fold((*evil).to_owned(), |text, control| text.replace(control, ""));
        lines.push(format!(
            r#"{{"event_id":"{actor}","timestamp":{n}.5,"actor_id":"{actor}","space_id":"s","operation":"sensor_reading","sensor":"{evil}","value":"{evil}","unit":"{evil}"}}"#
        ));
        lines.push(format!(
            r#"{{"event_id":"n{n}","timestamp":1730000000,"actor_id":"{actor}","space_id":"s","operation":"sensor_reading","sensor":"{evil}","value":{n},"unit":"{evil}"}}"#
        ));
    }
    write(dir, "in", &lines);
}

/// Reads a table as others do, and answers each text as it was meant.
const READ_CSV: &str = r##"
import csv, io, json, sys
text = sys.stdin.buffer.read().decode()
assert text.endswith("\r\n")
for row in list(csv.reader(io.StringIO(text, newline="")))[1:]:
    cells = [json.loads(c) if c.startswith('"') else c for c in row]
    assert not any(c[:1] in "=+-@\t\r" for c in row if c), row
    print(json.dumps(cells[2:5] + [cells[6]]))
"##;

/// The same of the trace.
const READ_TRACE: &str = r##"
import json, sys
for line in sorted(sys.stdin.read().splitlines(), key=lambda l: (json.loads(l)["timestamp"], json.loads(l)["event_id"].encode())):
    e = json.loads(line)
    print(json.dumps([e["actor_id"], e["sensor"], e["unit"], e["event_id"]]))
"##;

#[test]
fn a_table_says_the_same_texts() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    trace(at);
    std::fs::write(at.join("table.py"), READ_CSV).unwrap();
    std::fs::write(at.join("texts.py"), READ_TRACE).unwrap();
    run::sh(
        "projector-dashboard -f csv in 2> log | python3 table.py > one; python3 texts.py < in > two; cmp one two",
        at,
    );
    let table = said("-f csv in", at);
    let obeyed = table
        .chars()
        .find(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t') || matches!(c, '\u{2028}'..='\u{202e}'));
    assert_eq!(obeyed, None);
}

/// Reads Prometheus' text by its grammar, and prints the labels of each sample.
const READ_PROM: &str = r##"
import json, re, sys
label = re.compile(r'([a-z_]+)="((?:\\\\|\\"|\\n|[^"\\\n])*)"')
sample = re.compile(r'([a-z_]+)(?:\{((?:[a-z_]+="(?:\\\\|\\"|\\n|[^"\\\n])*",?)+)\})? (\S+)$')
for line in sys.stdin.buffer.read().decode().split("\n")[:-1]:
    if line.startswith("#"): continue
    name, labels, value = sample.match(line).groups()
    float(value)
    undo = lambda t: re.sub(r'\\(.)', lambda m: "\n" if m[1] == "n" else m[1], t)
    labels = {k: undo(v) for k, v in label.findall(labels or "")}
    if name == "ulp_sensor_value":
        print(json.dumps([labels["actor_id"], labels["sensor"], labels["unit"]]))
"##;

#[test]
fn labels_come_back_from_prometheus_text() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    trace(at);
    std::fs::write(at.join("prom.py"), READ_PROM).unwrap();
    let read = "python3 -c 'import json,sys\nfor l in sys.stdin: e=json.loads(l); print(json.dumps([e[\"actor_id\"],e[\"sensor\"],e[\"unit\"]]))' < in";
    run::sh(
        &format!(
            "projector-dashboard -f prom in 2> log | python3 prom.py | sort > one; {read} | sort -u > two; cmp one two"
        ),
        at,
    );
    super::peers::promtool_checks("in", at);
}

#[test]
fn a_file_for_prometheus_is_for_everyone_and_whole() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    write(at, "in", &[reading("a", 1.0, "1", "")]);
    let mode = || std::fs::metadata(at.join("x.prom")).unwrap().permissions().mode() & 0o7777;
    run::sh("umask 077; projector-dashboard -f prom -o x.prom in 2> log", at);
    assert_eq!(mode(), 0o644);
    std::fs::set_permissions(at.join("x.prom"), std::fs::Permissions::from_mode(0o600)).unwrap();
    run::sh("projector-dashboard -f prom -o x.prom in 2> log", at);
    assert_eq!(mode(), 0o644);
    // No file of such a name is ever written: the whole one takes it.
    run::sh(
        "strace -f -e trace=openat,rename,renameat,renameat2 -o calls projector-dashboard -f prom -o x.prom in 2> log",
        at,
    );
    let calls = std::fs::read_to_string(at.join("calls")).unwrap();
    let named: Vec<&str> = calls.lines().filter(|line| line.contains(".prom\"")).collect();
    assert!(named.len() == 1 && named[0].contains("rename"), "{named:?}");
}

/// The RFC's own examples (sections 5.1.2 and 5.1.3), as readings of ours and as the records that they come to.
#[test]
fn the_examples_of_the_rfc_come_out() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    let reading = |id: &str, sensor: &str, t: f64, value: &str, unit: &str| {
        format!(
            r#"{{"event_id":"{id}","timestamp":{t},"actor_id":"urn:dev:ow:10e2073a01080063","operation":"sensor_reading","sensor":"{sensor}","value":{value}{unit}}}"#
        )
    };
    let amperes = ["1.2", "1.3", "1.4", "1.5", "1.6", "1.7"];
    let mut lines = vec![
        reading("v", "voltage", 1276020076.001, "120.1", r#","unit":"V""#),
        reading("b", "awake", 1276020076.001, "true", ""),
        reading("s", "state", 1276020076.001, "\"open\"", ""),
    ];
    lines.extend((0..6).map(|n| {
        let time = 1276020071.001 + n as f64;
        reading(&format!("a{n}"), "current", time, amperes[n], r#","unit":"A""#)
    }));
    write(at, "in", &lines);
    let document = said("-f senml in", at);
    let records: Vec<serde_json::Value> = serde_json::from_str(&document).unwrap();
    let resolved: Vec<String> = records
        .iter()
        .map(|r| {
            let name = format!("{}{}", r["bn"].as_str().unwrap(), r["n"].as_str().unwrap());
            let value = ["v", "vb", "vs"].into_iter().find_map(|v| r.get(v)).unwrap();
            format!("{name} {} {value} {}", r["t"], r["u"])
        })
        .collect();
    let dev = "urn:dev:ow:10e2073a01080063";
    let expected = [
        format!("{dev}:current 1276020071.001 1.2 \"A\""),
        format!("{dev}:current 1276020072.001 1.3 \"A\""),
        format!("{dev}:current 1276020073.001 1.4 \"A\""),
        format!("{dev}:current 1276020074.001 1.5 \"A\""),
        format!("{dev}:current 1276020075.001 1.6 \"A\""),
        format!("{dev}:current 1276020076.001 1.7 \"A\""),
        format!("{dev}:awake 1276020076.001 true null"),
        format!("{dev}:state 1276020076.001 \"open\" null"),
        format!("{dev}:voltage 1276020076.001 120.1 \"V\""),
    ];
    assert_eq!(resolved, expected);
}

#[test]
fn what_senml_cannot_carry_is_withheld_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    let late = 1_730_000_000.0;
    write(
        at,
        "in",
        &[
            reading("early", 268_435_455.0, "1", ""),
            reading("first", 268_435_456.0, "1", ""),
            reading("null", late, "null", ""),
            reading("name", late, "1", "").replace("node:a", "a b"),
            reading("fine", late, "1", ""),
        ],
    );
    let ids = run::sh("projector-dashboard -f senml in 2> log | jq -c 'map(.event_id)'", at);
    assert_eq!(ids, "[\"first\",\"fine\"]\n");
    let log = std::fs::read_to_string(at.join("log")).unwrap();
    assert!(log.contains(r#""read":5,"applied":2,"rejected":0,"withheld":3"#), "{log}");
    assert!(log.contains(r#""codes":{"senml.name":1,"senml.null":1,"senml.time":1}"#), "{log}");
}
