//! Runs `tests/vectors/json`: a file a case. Its first line is `expect: ok` or `expect: rejected <code>`, the rest
//! is one line of a stream, as bytes.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use ulp_core::json::{Tape, parse_line};

#[test]
fn vectors() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/json");
    let mut paths: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() > 100, "{} vectors in {}", paths.len(), folder.display());
    let mut tape = Tape::new();
    for path in paths {
        let bytes = fs::read(&path).unwrap();
        let cut = bytes.iter().position(|&b| b == b'\n').unwrap();
        let line = bytes[cut + 1..].strip_suffix(b"\n").unwrap();
        let outcome = match parse_line(&mut tape, line) {
            Ok(_) => "expect: ok".to_owned(),
            Err(error) => format!("expect: rejected {}", error.fault.code()),
        };
        assert_eq!(outcome.as_bytes(), &bytes[..cut], "{}", path.display());
    }
}
