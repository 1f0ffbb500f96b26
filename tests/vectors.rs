//! Vectors: a file a case. Its first line is `expect: ok`, `expect: rejected <code>` or `expect: withheld <code>`, the
//! rest one line as it comes. The same files are run through the library and through the real binaries.

use crate::run;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Stdio;
use ulp_core::event::{Defaults, Line, Reader};
use ulp_core::line;

struct Case {
    path: PathBuf,
    expect: String,
    line: Vec<u8>,
}

fn cases(folder: &str) -> Vec<Case> {
    let dir = run::root().join("tests/vectors").join(folder);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    let read = |path: PathBuf| {
        let bytes = std::fs::read(&path).unwrap();
        let end = bytes.iter().position(|b| *b == b'\n').unwrap();
        let expect = String::from_utf8(bytes[..end].to_vec()).unwrap();
        Case {
            path,
            expect: expect.strip_prefix("expect: ").unwrap().to_owned(),
            line: bytes[end + 1..].to_vec(),
        }
    };
    paths.into_iter().map(read).collect()
}

/// What the library says of a line.
fn by_library(line: &[u8]) -> String {
    let (arena, defaults) = (bumpalo::Bump::new(), Defaults::default());
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match Reader::new(&arena, &defaults).read_bytes(line) {
        Ok(Line::Other(_)) => format!("withheld {}", line::UNUSED),
        Ok(_) => "ok".to_owned(),
        Err(refusal) => format!("rejected {}", refusal.code),
    }
}

/// What the log of a real run says of a line: `jq` reads it, as a user would.
fn by_binary(line: &[u8]) -> String {
    let mut child = run::command("ulp-materialize", run::root())
        .arg("--log-all")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A tool may refuse a line before it read all of it.
    let _ = child.stdin.take().unwrap().write_all(line);
    let output = child.wait_with_output().unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    let first: serde_json::Value = serde_json::from_str(log.lines().next().unwrap()).unwrap();
    match (output.status.code(), first["action"].as_str()) {
        (Some(0), None | Some("noted")) => "ok".to_owned(),
        (Some(0), Some("withheld")) | (Some(1), Some("rejected")) => {
            format!("{} {}", first["action"].as_str().unwrap(), first["code"].as_str().unwrap())
        }
        other => format!("{other:?}: {log}"),
    }
}

fn hold(folder: &str, least: usize) {
    let cases = cases(folder);
    assert!(cases.len() >= least, "{folder}: {} cases", cases.len());
    for case in cases {
        assert_eq!(by_library(&case.line), case.expect, "{}", case.path.display());
        assert_eq!(by_binary(&case.line), case.expect, "{}", case.path.display());
    }
}

#[test]
fn json_vectors_hold_for_library_and_binaries() {
    hold("json", 100);
}

#[test]
fn event_vectors_hold_for_library_and_binaries() {
    hold("event", 100);
}

#[test]
fn state_line_vectors_hold_for_library_and_binaries() {
    hold("state", 20);
}
