//! The public vectors of page 13: poses, and what five viewers see, to two in the last place.

use super::BIN;
use crate::run;
use serde_json::Value;
use std::path::PathBuf;

fn fixtures(name: &str) -> Option<PathBuf> {
    let dir = run::shared().map(|shared| shared.join("fixtures").join(name)).filter(|dir| dir.is_dir());
    if dir.is_none() {
        run::skipped(&format!("no public vectors of {name} beside this checkout"));
    }
    dir
}

/// What a number of that member may be off by.
fn slack(member: &str) -> f64 {
    2.001
        * match member {
            "lat" | "lon" | "x" | "y" | "z" | "w" => 1e-9,
            "bearing" | "elevation" | "yaw" | "pitch" | "roll" => 1e-6,
            _ => 1e-3,
        }
}

fn assert_close(member: &str, found: &Value, wanted: &Value, line: &str) {
    match (found, wanted) {
        (Value::Number(a), Value::Number(b)) => {
            let off = (a.as_f64().unwrap() - b.as_f64().unwrap()).abs();
            assert!(off <= slack(member), "{member}: {a}, not {b}: {line}");
        }
        (Value::Array(a), Value::Array(b)) => {
            assert_eq!(a.len(), b.len(), "{member}: {line}");
            a.iter().zip(b).for_each(|(a, b)| assert_close(member, a, b, line));
        }
        (Value::Object(a), Value::Object(b)) => {
            assert!(a.keys().eq(b.keys()), "{member}: {line}");
            a.iter().for_each(|(name, value)| assert_close(name, value, &b[name], line));
        }
        _ => assert_eq!(found, wanted, "{member}: {line}"),
    }
}

#[track_caller]
fn assert_lines_close(found: &[u8], wanted: &str) {
    let found = std::str::from_utf8(found).unwrap();
    assert_eq!(found.lines().count(), wanted.lines().count());
    for (found, wanted) in found.lines().zip(wanted.lines()) {
        let read = |line: &str| serde_json::from_str::<Value>(line).unwrap();
        assert_close("line", &read(found), &read(wanted), found);
        // Canonical: members in their order, without blanks.
        let shape = |line: &str| line.replace(|c: char| c.is_ascii_digit() || "-.e+".contains(c), "");
        assert_eq!(shape(found), shape(wanted));
    }
}

#[test]
fn poses_are_those_of_the_public_vectors() {
    let Some(dir) = fixtures("geopose") else { return };
    let read = |name: &str| std::fs::read_to_string(dir.join(name)).unwrap();
    let poses = read("poses.jsonl");
    assert_lines_close(&run::feed(BIN, &[], &poses).stdout, &read("quaternion.jsonl"));
    assert_lines_close(&run::feed(BIN, &["--ypr"], &poses).stdout, &read("ypr.jsonl"));
    // The bare object is the member of the line.
    for (args, name) in [(&[][..], "quaternion.jsonl"), (&["--ypr"][..], "ypr.jsonl")] {
        for line in read(name).lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            let node = ["-f", "geopose", "--node", line["node_id"].as_str().unwrap()];
            let args: Vec<&str> = args.iter().copied().chain(node).collect();
            assert_lines_close(&run::feed(BIN, &args, &poses).stdout, &format!("{}\n", line["geopose"]));
        }
    }
}

#[test]
fn overlays_are_those_of_the_public_vectors() {
    let Some(dir) = fixtures("ar") else { return };
    let read = |name: &str| std::fs::read_to_string(dir.join(name)).unwrap();
    let scene = read("scene.jsonl");
    let mut seen = 0;
    for row in read("views.tsv").lines().skip(1) {
        let [name, viewer, size, all] = row.split('\t').collect::<Vec<_>>()[..] else { panic!("{row}") };
        let mut args = vec!["--viewer", viewer, "--size", size];
        args.extend((all == "yes").then_some("--all"));
        let output = run::feed(BIN, &args, &scene);
        assert_lines_close(&output.stdout, &read(&format!("{name}.records.jsonl")));
        seen += 1;
    }
    assert!(seen >= 5);
}
