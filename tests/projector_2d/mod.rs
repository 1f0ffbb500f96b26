//! `projector-2d` as its users run it: records to the byte, drawings that are well-formed whatever events say, and
//! the same bytes however the trace came.

mod drawings;
mod exchange;
mod follow;
mod fonts;
mod labels;
mod media;
mod page;
mod pictures;
mod places;
mod readings;
mod records;
mod work;

pub use work::{many, nasty};

use crate::run::feed;

const BIN: &str = env!("CARGO_BIN_EXE_projector-2d");
const MATERIALIZE: &str = env!("CARGO_BIN_EXE_ulp-materialize");
const FLOOD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/flood/trace.jsonl");

/// Every format.
const FORMATS: [&str; 6] = ["jsonl", "svg", "html", "canvas", "ocif", "png"];

/// Texts that would do harm in one format or another.
const HOSTILE: [&str; 8] = [
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "</title></svg><svg onload=alert(1)>",
    "]]><!--",
    "\\\" onmouseover=\\\"alert(1)",
    "![x](http://example.org/x.png)",
    "\\u001b]0;title\\u0007\\u009b31m",
    "&lt;{{data}}&#0;\\uffff",
];

/// What the projector writes of a trace, all of which must be accepted.
#[track_caller]
fn project(args: &[&str], input: &str) -> Vec<u8> {
    let output = feed(BIN, args, input.as_bytes());
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[track_caller]
fn text(args: &[&str], input: &str) -> String {
    String::from_utf8(project(args, input)).unwrap()
}

fn flood() -> String {
    std::fs::read_to_string(FLOOD).unwrap()
}

/// A trace of operations: each gets an event_id and a timestamp of its own.
fn trace(operations: &[&str]) -> String {
    let whole = |(i, operation): (usize, &&str)| {
        let (name, rest) = operation.split_once(' ').unwrap();
        format!(
            "{{\"event_id\":\"e{i}\",\"timestamp\":{},\"actor_id\":\"a\",\"operation\":\"{name}\",{rest}}}\n",
            1000 + i
        )
    };
    operations.iter().enumerate().map(whole).collect()
}

/// A trace in which every text that an event can set is hostile.
fn hostile() -> String {
    let mut operations = Vec::new();
    for (i, evil) in HOSTILE.iter().enumerate() {
        let id = evil.replace("\\u001b", "").replace("\\u0007", "").replace("\\u009b", "");
        let kinds = ["rect", "ellipse", "path", "text", evil];
        let kind = kinds[i % kinds.len()];
        operations.push(format!(
            "create_node \"node_id\":\"{id}\",\"kind\":\"{evil}\",\"geometry\":{{\"kind\":\"{kind}\",\"width\":9,\
             \"height\":9,\"rx\":3,\"ry\":4,\"d\":\"{evil}\",\"text\":\"{evil}\"}},\"properties\":{{\"label\":\"{evil}\",\
             \"name\":\"{evil}\",\"fill\":\"{evil}\",\"stroke\":\"url(http://example.org/#x)\",\"stroke_width\":-1e308,\
             \"font_size\":1e308,\"opacity\":7,\"{evil}\":\"{evil}\"}},\"transform\":{{\"position\":[{i},1e300],\
             \"scale\":1e200}}"
        ));
        operations.push(format!(
            "link_nodes \"from_node\":\"{id}\",\"to_node\":\"{id}\",\"relation\":\"{evil}\",\"properties\":{{\"label\":\
             \"{evil}\"}}"
        ));
    }
    let evil = HOSTILE[2];
    operations.push(format!(
        "set_properties \"node_id\":\"@space\",\"properties\":{{\"title\":\"{evil}\",\"background\":\"{evil}\",\"unit\":\
         \"{evil}\",\"acknowledgement\":\"{evil}\"}}"
    ));
    operations.push(format!(
        "set_properties \"node_id\":\"@layer:default\",\"properties\":{{\"title\":\"{evil}\",\"order\":1e308,\"opacity\":\
         -5}}"
    ));
    trace(&operations.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn the_bytes_do_not_depend_on_jobs_order_or_repetition() {
    let flood = flood();
    let mut lines: Vec<&str> = flood.lines().collect();
    lines.reverse();
    lines.extend_from_within(..500);
    let shuffled = format!("{}\n", lines.join("\n"));
    // A picture is drawn from the SVG alone.
    for format in FORMATS.into_iter().filter(|f| *f != "png") {
        let once = project(&["-f", format, "-j", "1"], &flood);
        assert!(once == project(&["-f", format, "-j", "2"], &flood), "{format}: two jobs");
        assert!(once == project(&["-f", format], &shuffled), "{format}: another order");
    }
}

#[test]
fn state_lines_draw_the_same_as_their_events() {
    let flood = flood();
    let state = feed(MATERIALIZE, &[], flood.as_bytes()).stdout;
    for format in ["jsonl", "svg", "canvas", "ocif"] {
        let from_state = feed(BIN, &["-f", format], &state).stdout;
        assert!(from_state == project(&["-f", format], &flood), "{format}");
    }
}

#[test]
fn nothing_at_all_is_drawn_too() {
    for format in FORMATS {
        let drawn = project(&["-f", format], "");
        assert_eq!(drawn.is_empty(), format == "jsonl", "{format}");
    }
}

#[test]
fn options_that_do_not_go_together_are_refused() {
    for args in
        [&["--follow", "-f", "svg"][..], &["--width", "10"], &["-f", "png", "--width", "0"], &["-f", "gif"]]
    {
        assert_eq!(feed(BIN, args, b"").status.code(), Some(2), "{args:?}");
    }
    let large = feed(BIN, &["-f", "png", "--width", "16384", "--height", "16384"], b"");
    assert_eq!(large.status.code(), Some(2));
}
