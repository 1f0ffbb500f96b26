//! What the gate costs an event: without dotfiles, with rules, with `.ulp-ignore` too.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::hint::black_box;
use std::time::Instant;
use ulp_core::event::{Event, Line, Reader};
use ulp_core::scope::{NoStore, Scope};

const EVENTS: usize = 20_000;

fn main() {
    let rules = [
        (".ulp-root", "version: 1\nlimits: {max_event_bytes: 4096}\npolicy: [public]\n"),
        (
            "spaces/demo/.ulp-scope",
            "realm: team\noperations: [create_node, \"update_*\"]\nactors: [\"user:*\", \"node:esp32_*\"]\n",
        ),
        ("spaces/demo/tiles/z0/.ulp-scope", "boundary: [interior, boundary]\n"),
    ];
    let ignored =
        [(".ulp-ignore", "secret*\n*.tmp\n/spaces/other\n"), ("spaces/demo/.ulp-ignore", "nodes/draft-*\n")];
    measure("without dotfiles", &[]);
    measure("with rules", &rules);
    measure("with rules and .ulp-ignore", &[&rules[..], &ignored[..]].concat());
}

fn measure(what: &str, files: &[(&str, &str)]) {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let scope = Scope::discover(dir.path()).unwrap();
    let lines: Vec<String> = (0..EVENTS).map(line).collect();
    let arena = bumpalo::Bump::new();
    let mut reader = Reader::new(&arena, scope.defaults());
    let began = Instant::now();
    let events: Vec<Event<'_>> = lines.iter().map(|l| read(&mut reader, l)).collect();
    let reading = began.elapsed();
    let mut gate = scope.gate();
    let began = Instant::now();
    for event in &events {
        black_box(gate.permit(event, None, &NoStore).unwrap());
    }
    let permitting = began.elapsed();
    let each = |time: std::time::Duration| time.as_nanos() / EVENTS as u128;
    println!("{what}: {} ns to read an event, {} ns to permit it", each(reading), each(permitting));
}

fn read<'a>(reader: &mut Reader<'a>, line: &'a str) -> Event<'a> {
    match reader.read(line).unwrap() {
        Line::Event(event) => event,
        Line::State(_) | Line::Other(_) => unreachable!("the lines are events"),
    }
}

fn line(n: usize) -> String {
    format!(
        r#"{{"event_id":"e{n}","timestamp":{n},"space_id":"demo","tile":"z0/x{}/y0","actor_id":"user:a","operation":"create_node","node_id":"node-{n}"}}"#,
        n % 50
    )
}
