//! No legal trace costs out of proportion to its size: a megabyte of whatever is drawn badly, through every format.

use super::{BIN, FORMATS};
use crate::run::feed;
use crate::sample;
use std::time::{Duration, Instant};

const MEGABYTE: usize = 1 << 20;

/// Events up to a megabyte, each from its number.
pub fn many(line: impl Fn(usize) -> String) -> String {
    let mut out = String::new();
    for n in 0.. {
        let line = line(n);
        if out.len() + line.len() >= MEGABYTE {
            break;
        }
        out += &format!("{{\"event_id\":\"e{n}\",\"timestamp\":{},\"actor_id\":\"a\",{line}}}\n", 1000 + n);
    }
    out
}

fn one(geometry: &str) -> String {
    format!(
        "{{\"event_id\":\"e\",\"timestamp\":1,\"actor_id\":\"a\",\"operation\":\"create_node\",\"node_id\":\"n\",\"geometry\":{geometry}}}\n"
    )
}

fn path(start: &str, again: &str) -> String {
    one(&format!("{{\"kind\":\"path\",\"d\":\"{start}{}\"}}", again.repeat(1_000_000 / again.len())))
}

/// Places that jump about.
fn points() -> String {
    let point = |i: usize| format!("[{},{}]", i * 7919 % 1000, i * 104_729 % 1000);
    (0..98_000).map(point).collect::<Vec<_>>().join(",")
}

/// What is drawn badly, by its name.
pub fn nasty() -> Vec<(&'static str, String)> {
    let create = "\"operation\":\"create_node\"";
    let text = |text: &str| one(&format!("{{\"kind\":\"text\",\"size\":10,\"text\":\"{text}\"}}"));
    let links = format!(
        "{}{}",
        one(&format!("{{\"kind\":\"path\",\"d\":\"M0 0a{}\"}}", "9 5 3 1011 1 ".repeat(20_000))),
        many(|n| format!(
            "\"operation\":\"link_nodes\",\"from_node\":\"n\",\"to_node\":\"n{}\",\"relation\":\"r{n}\"",
            n % 2
        ))
    );
    vec![
        ("a line of words", text(&"word ".repeat(200_000))),
        ("very many lines", text(&"some words\\n".repeat(80_000))),
        ("lines of nothing", text(&"\\n".repeat(500_000))),
        ("commands", path("M0 0h", "1 -1 ")),
        ("arcs", path("M0 0a", "9 5 3 1011 1 ")),
        ("curves", path("M0 0t", "1 2-1 3 ")),
        ("strokes", path("M0 0", "m1 1h1")),
        ("a polygon", one(&format!("{{\"kind\":\"polygon\",\"points\":[{}]}}", points()))),
        ("a line", one(&format!("{{\"kind\":\"line\",\"points\":[{}]}}", points()))),
        (
            "a mesh",
            one(&format!(
                "{{\"kind\":\"mesh\",\"positions\":[[0,0],[9,0],[0,9]],\"indices\":[0,1,2{}]}}",
                ",0,1,2".repeat(160_000)
            )),
        ),
        (
            "labels in one place",
            many(|n| format!("{create},\"node_id\":\"n{n}\",\"properties\":{{\"label\":\"label {n}\"}}")),
        ),
        (
            "labels of one size but one",
            many(|n| {
                let size = if n == 0 { "1e300" } else { "1" };
                format!(
                    "{create},\"node_id\":\"n{n}\",\"properties\":{{\"label\":\"l{n}\",\"font_size\":{size}}}"
                )
            }),
        ),
        (
            "what can be seen through",
            many(|n| {
                format!(
                    "{create},\"node_id\":\"n{n}\",\"geometry\":{{\"kind\":\"rect\",\"width\":9,\"height\":9}},\"properties\":{{\"fill\":\"#ff000080\",\"opacity\":0.5}}"
                )
            }),
        ),
        ("links to a border of many points", links),
        (
            "parents",
            many(|n| {
                format!(
                    "{create},\"node_id\":\"n{n}\",\"transform\":{{\"parent\":\"n{}\",\"rotation\":1}}",
                    n.wrapping_sub(1)
                )
            }),
        ),
        ("layers", many(|n| format!("{create},\"node_id\":\"n{n}\",\"layer_id\":\"l{n}\""))),
        ("spaces", many(|n| format!("{create},\"node_id\":\"n\",\"space_id\":\"s{n}\""))),
        (
            "sensors in one place",
            many(|n| {
                format!(
                    "\"operation\":\"sensor_reading\",\"sensor\":\"s{n}\",\"value\":{n},\"position\":[0,0]"
                )
            }),
        ),
        (
            "sensors of no place",
            many(|n| format!("\"operation\":\"sensor_reading\",\"sensor\":\"s{n}\",\"value\":{n}")),
        ),
    ]
}

#[test]
fn a_megabyte_of_anything_is_drawn_in_time() {
    if !sample::is_proof() {
        return;
    }
    for (name, input) in nasty() {
        for format in FORMATS {
            let start = Instant::now();
            let output = feed(BIN, &["-f", format], input.as_bytes());
            let took = start.elapsed();
            assert!(output.status.success(), "{name}, {format}: {}", String::from_utf8_lossy(&output.stderr));
            // Tests are built with little optimisation, and share their machine.
            assert!(took < Duration::from_secs(60), "{name}, {format}: {took:?}");
        }
    }
}

#[test]
fn a_picture_is_coarser_where_it_would_take_too_long_and_says_so() {
    let said = |input: &str| {
        let output = feed(BIN, &["-f", "png", "--width", "200"], input.as_bytes());
        assert!(output.status.success());
        String::from_utf8_lossy(&output.stderr).contains("\"export.dropped\":1")
    };
    let line = |letters: usize| one(&format!("{{\"kind\":\"text\",\"text\":\"{}\"}}", "a".repeat(letters)));
    assert!(!said(&line(1000)) && said(&line(3000)));
    let path = |steps: usize| one(&format!("{{\"kind\":\"path\",\"d\":\"M0 0h{}\"}}", "1 -1 ".repeat(steps)));
    assert!(!said(&path(1000)) && said(&path(20_000)));
}
