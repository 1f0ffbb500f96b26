//! Drawings of other programs, and exchange files of our own, as events.

mod back;
mod hostile;
mod samples;

use crate::run;
use serde_json::Value;
use std::process::Output;

/// The formats, with the ending of a file of each.
const FORMATS: [(&str, &str); 3] =
    [("canvas", "canvas"), ("excalidraw", "excalidraw"), ("ocif", "ocif.json")];
const TIME: &str = "2026-01-01T00:00:00Z";

/// What a tool makes of its input.
fn feed(tool: &str, args: &[&str], input: impl AsRef<[u8]>) -> Output {
    run::feed(run::bin().join(tool).to_str().unwrap(), args, input)
}

/// What comes of a document.
fn import(format: &str, more: &[&str], document: impl AsRef<[u8]>) -> Output {
    let args = [&["-f", format], more].concat();
    feed("ulp-import", &args, document)
}

/// The events of a document, with the time for all.
fn events(format: &str, more: &[&str], document: impl AsRef<[u8]>) -> Vec<Value> {
    lines(&import(format, &[&["--time", TIME], more].concat(), document).stdout)
}

fn lines(bytes: &[u8]) -> Vec<Value> {
    bytes
        .split(|b| *b == b'\n')
        .filter(|l| !l.is_empty())
        .map(|l| serde_json::from_slice(l).unwrap())
        .collect()
}

/// The codes of a run's witness line, with how often each came.
fn codes(output: &Output) -> Value {
    let log = String::from_utf8_lossy(&output.stderr);
    let witness = log.lines().last().unwrap_or_else(|| panic!("no log"));
    serde_json::from_str::<Value>(witness).unwrap()["codes"].clone()
}

/// Every line is an event that a store takes.
#[track_caller]
fn is_taken(drafts: &[u8]) {
    let output = feed("ulp-append", &[], drafts);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
