//! A run that is killed in the midst of writing, and files that are torn.

use super::super::{Desk, lines};
use super::{NOW, root, signed};
use crate::{run, sample};
use std::io::Write as _;
use std::process::Stdio;
use std::time::Duration;

/// Statements that displace each other, so that the file is written anew again and again.
fn statements(count: u32) -> Vec<String> {
    (0..count).map(|n| signed(2, NOW - count + n, &format!("m/world/{}", n % 40), &root(n))).collect()
}

#[test]
fn kill_9_leaves_a_graph_that_can_be_read_and_nothing_false_in_it() {
    let desk = Desk::new();
    let all = statements(400);
    let text = lines(all.iter().map(String::as_str));
    desk.gossip(&["--graph", "whole"], &text);
    let whole = desk.read("whole");
    for kill in 0..sample::size(40, 6) {
        std::fs::remove_file(desk.path().join("g")).ok();
        let mut command = run::command("ulp-gossip", desk.path());
        command.args(["--graph", "g", "--now", &NOW.to_string()]).stdin(Stdio::piped());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let part = text.len() * (kill + 1) / 41;
        stdin.write_all(&text.as_bytes()[..part]).unwrap();
        std::thread::sleep(Duration::from_millis(5 * kill as u64 % 60));
        child.kill().unwrap();
        child.wait().unwrap();
        // Whatever lies there: lines that were said, but for a torn last one.
        let there = std::fs::read_to_string(desk.path().join("g")).unwrap_or_default();
        let whole_lines = there.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        assert!(whole_lines.clone().all(|line| all.iter().any(|said| *said == line.trim_end())));
        // The run that follows brings it to what it would have been.
        let (_, codes) = desk.gossip(&["--graph", "g"], &text);
        assert!(codes.iter().all(|code| code == "gossip.old"), "{codes:?}");
        assert_eq!(desk.read("g"), whole);
    }
}

#[test]
fn a_torn_last_line_is_passed_over_and_every_other_one_is_read() {
    let desk = Desk::new();
    let all = statements(3);
    let text = lines(all.iter().map(String::as_str));
    for cut in sample::of(0..text.len(), 40) {
        desk.write("g", &text[..cut]);
        let (said, codes) = desk.gossip(&["--graph", "g"], &text);
        assert!(codes.iter().all(|code| code == "gossip.old"), "at {cut}: {codes:?}");
        assert_eq!(said.lines().count() + codes.len(), 3);
        let mut sorted = all.clone();
        sorted.sort_by_key(|line| line.split("\"seq\":").nth(1).map(str::to_owned));
        assert_eq!(desk.read("g"), lines(sorted.iter().map(String::as_str)));
    }
}

#[test]
fn what_does_not_hold_in_the_file_is_noted_and_goes() {
    let desk = Desk::new();
    let good = signed(2, NOW, "m/world", &root(1));
    let forged = good.replace("\"ttl\":86400", "\"ttl\":86401");
    let long = "x".repeat(20_000);
    desk.write("g", &lines([&*forged, "noise", &*long, &*good]));
    let (_, codes) = desk.gossip(&["--graph", "g"], "");
    assert_eq!(codes, ["signature.value", "json.syntax"]);
    assert_eq!(desk.read("g"), lines([&*good]));
    assert_eq!(desk.gossip(&["--graph", "g"], ""), (String::new(), Vec::new()));
}

#[test]
fn two_runs_at_once_lose_nothing() {
    let desk = Desk::new();
    let all = statements(40);
    for (name, part) in [("one", &all[..20]), ("two", &all[20..])] {
        desk.write(name, &lines(part.iter().map(String::as_str)));
    }
    let script = format!(
        "for part in one two; do (cat $part; sleep 0.2) | ulp-gossip --graph g --now {NOW} > $part.out 2> $part.log & done; wait; \
         cat one two | ulp-gossip --graph whole --now {NOW} > out 2> log; cmp g whole && wc -l < g"
    );
    assert_eq!(run::sh(&script, desk.path()), "40\n");
}

#[test]
fn what_another_run_appends_to_the_file_that_was_read_stays() {
    let desk = Desk::new();
    let all = statements(3);
    for (name, part) in [("first", &all[..1]), ("second", &all[1..2]), ("third", &all[2..])] {
        desk.write(name, &lines(part.iter().map(String::as_str)));
    }
    // One run has read the file before another appends to it; in order, so that it is not written anew.
    let script = format!(
        "gossip() {{ ulp-gossip --graph g --now {NOW} > /dev/null 2>> log; }}; gossip < first; mkfifo slow; \
         gossip < slow & exec 3> slow; sleep 0.5; gossip < second; cat third >&3; exec 3>&-; wait; wc -l < g"
    );
    assert_eq!(run::sh(&script, desk.path()), "3\n");
}
