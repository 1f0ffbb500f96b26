//! How peers speak of their stores: against vectors that independent implementations computed, against other programs,
//! and against bad luck and bad input.

mod air;
mod attest;
mod gossip;
mod history;
mod paths;
mod receipts;
mod second;
mod statements;

use crate::run;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Output;

/// The vectors of one file: our own, and those that lie beside this checkout, if they do.
fn vectors(name: &str) -> Vec<Value> {
    let own = run::root().join("tests/peer/vectors");
    let mut sets: Vec<PathBuf> = vec![own];
    match run::shared() {
        Some(shared) => sets.push(shared.join("fixtures/peer")),
        None => run::skipped(&format!("vectors of {name}: no ../shared/fixtures/peer")),
    }
    let read = |dir: PathBuf| std::fs::read_to_string(dir.join(format!("{name}.json"))).unwrap();
    sets.into_iter().map(|dir| serde_json::from_str(&read(dir)).unwrap()).collect()
}

/// A string in a vector.
fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no {pointer}"))
}

/// The strings of a list in a vector.
fn texts<'v>(value: &'v Value, pointer: &str) -> Vec<&'v str> {
    value.pointer(pointer).unwrap().as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect()
}

/// Lines, each with its end.
fn lines<'l>(all: impl IntoIterator<Item = &'l str>) -> String {
    all.into_iter().flat_map(|line| [line, "\n"]).collect()
}

/// A directory with a store `w` in it, and what is done there.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Desk {
        let desk = Desk(tempfile::tempdir().unwrap());
        desk.good("ulp-store", &["init", "w"], "");
        desk
    }

    /// With a store that has an identity: the key `key.pem`.
    fn with_identity() -> Desk {
        let desk = Desk::new();
        let did = desk.good("um-key", &["generate", "-o", "key.pem"], "");
        desk.write("w/.ulp-root", &format!("version: 1\nfederation: {{identity: \"{}\"}}\n", did.trim()));
        desk
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    fn run(&self, tool: &str, args: &[&str], input: &str) -> Output {
        self.write("input", input);
        let input = std::fs::File::open(self.path().join("input")).unwrap();
        run::command(tool, self.path()).args(args).stdin(input).output().unwrap()
    }

    #[track_caller]
    fn good(&self, tool: &str, args: &[&str], input: &str) -> String {
        let done = self.run(tool, args, input);
        assert!(done.status.success(), "{tool} {args:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }

    #[track_caller]
    fn attest(&self, args: &[&str]) -> String {
        self.good("ulp-attest", &[&["--store", "w"], args].concat(), "")
    }

    fn append(&self, events: &str, more: &[&str]) -> String {
        self.good("ulp-append", &[&["--store", "w"], more].concat(), events)
    }

    /// The chain's file, of a store that has one.
    fn chain(&self) -> PathBuf {
        let mut files = std::fs::read_dir(self.path().join("w/receipts")).unwrap();
        files.next().unwrap().unwrap().path()
    }

    /// The codes that `ulp-attest --verify` says of some lines, with its status.
    fn verify(&self, args: &[&str], input: &str) -> (Option<i32>, Vec<String>) {
        let done = self.run("ulp-attest", &[&["--verify", "--log-all"], args].concat(), input);
        (done.status.code(), codes(&done))
    }
}

/// The codes in a log, in its order.
fn codes(done: &Output) -> Vec<String> {
    let log = String::from_utf8_lossy(&done.stderr).into_owned();
    let records = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    records.filter_map(|record| Some(record.get("code")?.as_str()?.to_owned())).collect()
}

/// The n-th of some events: whole, for everyone unless `scope` says otherwise.
fn event(n: u32, tile: &str, pad: usize, scope: &str) -> String {
    format!(
        r#"{{"actor_id":"user:a","event_id":"evt-{n}","layer_id":"l","node_id":"n{n}","operation":"create_node","preserves_invariants":[],"previous_events":[],"properties":{{"pad":"{}"}},"scope":{{"authority":"source","boundary":"interior",{scope}}},"space_id":"s","tile":"{tile}","timestamp":{}}}"#,
        "x".repeat(pad),
        1_795_000_000 + n
    ) + "\n"
}

const TEAM: &str = r#""policy":"public","realm":"team""#;
const PUBLIC: &str = r#""policy":"public","realm":"public""#;
const PRIVATE: &str = r#""policy":"private","realm":"team""#;
const PERSONAL: &str = r#""policy":"public","realm":"personal""#;
