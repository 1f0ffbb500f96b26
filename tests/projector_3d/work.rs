//! No legal trace costs out of proportion to its size: what would is drawn coarsely, and said to be.

use super::gltf::{document, validate};
use super::{BIN, create, feed, trace};
use crate::projector_2d::{many, nasty};
use crate::sample;
use serde_json::Value;
use std::time::{Duration, Instant};

/// The ways to draw a scene.
const WAYS: [&[&str]; 4] = [&["-f", "glb"], &["-f", "gltf"], &["-f", "html"], &["-f", "glb", "--replay"]];

/// The largest file that a megabyte becomes.
const LARGEST: usize = 150 << 20;

fn geometry(geometry: &str, n: usize) -> String {
    format!("\"operation\":\"create_node\",\"node_id\":\"n{n}\",\"geometry\":{geometry}")
}

fn path(n: usize, again: &str, times: usize) -> String {
    geometry(&format!("{{\"kind\":\"path\",\"d\":\"M0 0h{n}{}\"}}", again.repeat(times)), n)
}

/// What is drawn badly in space, by its name.
fn bad() -> Vec<(&'static str, String)> {
    let jump = |i: usize, n: usize| format!("[{},{}]", (i + n) * 7919 % 1009, i * 104_729 % 1013);
    let jumps = |n, count| (0..count).map(|i| jump(i, n)).collect::<Vec<_>>().join(",");
    let listed = |kind: &str, n, count| {
        geometry(&format!("{{\"kind\":\"{kind}\",\"points\":[{}]}}", jumps(n, count)), n)
    };
    let text = |words: &str, n| geometry(&format!("{{\"kind\":\"text\",\"text\":\"{words}{n}\"}}"), n);
    vec![
        ("texts", many(|n| text("Label number ", n))),
        ("long texts", many(|n| text(&"&@%".repeat(130), n))),
        ("marks on one spot", many(|n| text(&"\u{301}\u{302}\u{303}".repeat(130), n))),
        ("letters below each other", many(|n| text(&"&\\n@\\n%\\n".repeat(66), n))),
        ("tangles", many(|n| listed("polygon", n, 2000))),
        ("small tangles", many(|n| listed("polygon", n, 140))),
        ("lines", many(|n| listed("line", n, 9000))),
        ("stairs", many(|n| path(n, "v1h1", 5000))),
        ("to and fro", many(|n| path(n, "h9h-9", 4000))),
        ("curves side by side", many(|n| path(n, "t1 2", 800))),
    ]
}

#[test]
fn a_megabyte_of_anything_is_built_in_time() {
    if !sample::is_proof() {
        return;
    }
    for (name, input) in nasty().into_iter().chain(bad()) {
        for way in WAYS {
            let start = Instant::now();
            let output = feed(BIN, way, input.as_bytes());
            let took = start.elapsed();
            assert!(output.status.success(), "{name}, {way:?}: {}", String::from_utf8_lossy(&output.stderr));
            // Tests are built with little optimisation, and share their machine.
            assert!(took < Duration::from_secs(60), "{name}, {way:?}: {took:?}");
            assert!(output.stdout.len() < LARGEST, "{name}, {way:?}: {} bytes", output.stdout.len());
        }
    }
}

/// Texts that are too many, two of them equal, an outline that is tangled, and one of very many points.
fn intricate() -> String {
    let words =
        |n: usize| format!(",\"geometry\":{{\"kind\":\"text\",\"text\":\"{}{n}\"}}", "&@%".repeat(100));
    let mut drafts: Vec<String> = (0..40).map(|n| create(&format!("t{n:02}"), &words(n))).collect();
    drafts.push(create("twin", &words(39)));
    let jumps: Vec<String> =
        (0..1000).map(|i| format!("[{},{}]", i * 7919 % 101, i * 104_729 % 103)).collect();
    drafts.push(create(
        "a",
        &format!(",\"geometry\":{{\"kind\":\"polygon\",\"points\":[{}]}}", jumps.join(",")),
    ));
    let stairs = "v1h1".repeat(9000);
    drafts.push(create("b", &format!(",\"geometry\":{{\"kind\":\"path\",\"d\":\"M0 0{stairs}V0Z\"}}")));
    trace(&drafts)
}

/// What is said to be drawn coarsely.
fn said(way: &[&str], input: &str) -> Vec<String> {
    let output = feed(BIN, &[way, &["--log-all"]].concat(), input);
    let log = String::from_utf8(output.stderr).unwrap();
    let notes = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let dropped = notes.filter(|note| note["code"] == "export.dropped");
    dropped.map(|note| note["detail"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn what_is_too_intricate_is_coarse_and_says_so() {
    let input = intricate();
    for way in WAYS {
        let said = said(way, &input);
        let of = |node: &str| said.iter().find(|said| said.starts_with(&format!("{node}: ")));
        assert!(of("a").is_some_and(|said| said.contains("thin lines")), "{way:?}: {said:?}");
        assert!(of("b").is_some_and(|said| said.contains("10000 of its points")), "{way:?}: {said:?}");
        assert!(of("t00").is_none(), "{way:?}: {said:?}");
        assert!(
            of("t39").is_some_and(|said| said.contains("a box")) && of("twin").is_some(),
            "{way:?}: {said:?}"
        );
    }
    let bytes = feed(BIN, &["-f", "glb"], &input).stdout;
    assert!(bytes.len() < 80 << 20, "{}", bytes.len());
    let meshes = |bytes: &[u8]| document(bytes)["meshes"].as_array().map_or(0, Vec::len);
    assert_eq!(meshes(&bytes), 42, "equal texts are one mesh");
    validate(&[bytes]);
}

#[test]
fn what_is_coarse_depends_on_nothing_but_the_scene() {
    let input = intricate();
    let turned: String = input.lines().rev().map(|line| format!("{line}\n")).collect();
    for way in WAYS {
        let [one, two] = ["1", "2"].map(|jobs| feed(BIN, &[way, &["--jobs", jobs]].concat(), &input).stdout);
        assert!(one == two, "{way:?}");
        assert!(one == feed(BIN, way, &turned).stdout, "{way:?}");
    }
}
