//! Following a trace.

use super::{BIN, flood, text};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

#[test]
fn records_are_written_while_the_trace_grows() {
    let mut child = Command::new(BIN)
        .arg("--follow")
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(|l| l.unwrap());
    let mut write = |n: u32, rest: &str| {
        writeln!(stdin, r#"{{"event_id":"e{n}","timestamp":{n},"actor_id":"a",{rest}}}"#).unwrap();
    };
    write(1, r#""operation":"create_node","node_id":"a""#);
    assert!(lines.next().unwrap().contains(r#""position":[0,0]"#));
    write(2, r#""operation":"update_transform","node_id":"a","transform":{"position":[5,6]}"#);
    assert!(lines.next().unwrap().contains(r#""position":[5,6]"#));
    write(3, r#""operation":"delete_node","node_id":"a""#);
    assert_eq!(lines.next().unwrap(), r#"{"gone":true,"node_id":"a","type":"node"}"#);
    drop(stdin);
    assert_eq!(lines.next(), None);
    assert!(child.wait().unwrap().success());
}

#[test]
fn following_to_the_end_gives_what_reading_at_once_gives() {
    let sorted = |text: String| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("trace.jsonl");
    std::fs::write(&path, flood()).unwrap();
    let followed = text(&["--follow", path.to_str().unwrap()], "");
    assert_eq!(sorted(followed), sorted(text(&[], &flood())));
}

#[test]
fn a_map_on_the_terminal_grows_with_its_trace_and_stops_with_its_writer() {
    let dir = crate::run::checkout();
    // The last letter of a node is where the finished trace has it, so that nothing came late or was lost.
    let script = "timeout 60 examples/live/run.sh out > printed && cmp printed out/map.txt && \
        projector-2d < examples/flood/trace.jsonl 2> /dev/null | jq -njr --argjson live false -f examples/live/map.jq";
    let whole = crate::run::sh(script, dir.path());
    assert_eq!(std::fs::read_to_string(dir.path().join("out/map.txt")).unwrap(), whole);
    assert!(whole.lines().count() == 34 && whole.contains('!') && whole.contains('O'));
    // On a terminal each change is drawn where it is.
    let live = "head -100 examples/flood/trace.jsonl | projector-2d --follow 2> /dev/null | \
        jq -njr --argjson live true -f examples/live/map.jq";
    assert!(crate::run::sh(live, dir.path()).contains("H.\u{1b}["));
}
