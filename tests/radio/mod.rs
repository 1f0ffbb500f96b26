//! Lines on air and back: against vectors, on lossy air, and against whoever else is on it.

mod air;
pub mod frames;
mod hostile;
mod lines;
mod private;

use crate::run;
use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;
use std::process::Output;
use ulp_core::trust::SecretKey;

/// The time of the vectors.
const NOW: &str = "1795167000";

/// The vectors of one file, where they lie beside this checkout.
pub fn vectors(name: &str) -> Option<Value> {
    let Some(shared) = run::shared() else {
        run::skipped(&format!("vectors of {name}: no ../shared/fixtures/peer"));
        return None;
    };
    let vectors = std::fs::read_to_string(shared.join(format!("fixtures/peer/{name}.json"))).unwrap();
    serde_json::from_str(&vectors).unwrap()
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no {pointer}"))
}

/// A folder with bob's key, and a graph that knows him and the space `demo`.
struct Shack(tempfile::TempDir);

impl Shack {
    fn new() -> Shack {
        let shack = Shack(tempfile::tempdir().unwrap());
        bob().create(&shack.0.path().join("bob.pem")).unwrap();
        shack.write("graph", &(known(&bob().did().to_string()) + "\n"));
        shack
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).unwrap();
    }

    fn sh(&self, script: &str) -> String {
        run::sh(script, self.0.path())
    }

    fn radio(&self, args: &[&str], input: &str) -> Output {
        self.write("input", input);
        let input = std::fs::File::open(self.0.path().join("input")).unwrap();
        let args = [&["--now", NOW, "--log-all"], args].concat();
        run::command("ulp-radio", self.0.path()).args(args).stdin(input).output().unwrap()
    }

    /// What is written of some lines that are all accepted.
    #[track_caller]
    fn good(&self, args: &[&str], input: &str) -> String {
        let done = self.radio(args, input);
        assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }

    /// The packets that some lines become.
    #[track_caller]
    fn packets(&self, args: &[&str], input: &str) -> Vec<Vec<u8>> {
        self.good(args, input).lines().map(bytes).collect()
    }
}

fn bob() -> SecretKey {
    SecretKey::from_seed(&[2; 32])
}

/// A line by which a peer and the space are known.
fn known(peer: &str) -> String {
    format!(r#"{{"knows":[{{"path":"m/world/demo","points_to":null}}],"peer":"{peer}","seq":1}}"#)
}

/// The bytes of a packet's line.
fn bytes(line: &str) -> Vec<u8> {
    let line: Value = serde_json::from_str(line).unwrap();
    BASE64URL_NOPAD.decode(text(&line, "/packet").as_bytes()).unwrap()
}

/// The line of a packet.
fn packet(bytes: &[u8]) -> String {
    format!("{{\"packet\":\"{}\"}}\n", BASE64URL_NOPAD.encode(bytes))
}

/// What a log says: the code of each record and its action.
fn said(done: &Output) -> Vec<(String, String)> {
    let log = String::from_utf8_lossy(&done.stderr).into_owned();
    let records = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let said =
        |record: Value| Some((record.get("code")?.as_str()?.to_owned(), text(&record, "/action").to_owned()));
    records.filter_map(said).collect()
}

fn codes(done: &Output) -> Vec<String> {
    said(done).into_iter().map(|(code, _)| code).collect()
}

#[test]
fn the_example_tells_its_story() {
    let dir = run::checkout();
    run::sh("examples/radio/run.sh one && examples/radio/run.sh two && diff -r one two", dir.path());
    run::sh("diff one/story.txt examples/radio/expected.txt", dir.path());
}
