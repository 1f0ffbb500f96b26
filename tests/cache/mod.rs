//! `um-cache`: what a view comes to, and what a cache holds whatever sources, clocks and disks do.

mod claims;
mod example;
mod faults;
mod folds;
mod histories;
mod hostile;
mod rounds;

use crate::run;
use std::path::{Path, PathBuf};
use std::process::Output;
use ulp_core::trust::SecretKey;

/// The day on which everything happens.
const DAY: &str = "2026-11-20T";

/// A folder with a cache in it, and a subject.
struct Desk {
    dir: tempfile::TempDir,
    key: SecretKey,
}

impl Desk {
    fn new(sources: &str) -> Desk {
        let desk = Desk { dir: tempfile::tempdir().unwrap(), key: SecretKey::from_seed(&[2; 32]) };
        std::fs::create_dir(desk.at("c")).unwrap();
        desk.write("c/sources.toml", &sources.replace("ALICE", &desk.alice()));
        desk
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn alice(&self) -> String {
        self.key.did().to_string()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.at(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.at(name)).unwrap_or_default()
    }

    /// A manifest that was signed at that time of the day, and holds for a day.
    fn manifest(&self, issued: &str, consent: &str) -> String {
        let text = format!(
            r#"{{"@context":"c","@id":"urn:m:{issued}","@type":"um:Manifest","consents":[{{"name":"voice","value":"{consent}"}}],"expiresAt":"2026-11-21T{issued}Z","issuedAt":"{DAY}{issued}Z","manifestVersion":"0.2","subject":"{}"}}"#,
            self.alice()
        );
        self.key.sign_document(&text, &format!("{DAY}{issued}Z")).unwrap()
    }

    fn run(&self, args: &[&str]) -> Output {
        run::command("um-cache", self.dir.path()).args(["--cache", "c"]).args(args).output().unwrap()
    }

    /// A round at a time of the day: its status, and the view.
    fn round(&self, now: &str) -> (i32, serde_json::Value) {
        let output = self.run(&["--now", &format!("{DAY}{now}Z")]);
        (output.status.code().unwrap(), view(&output.stdout))
    }

    /// The codes of the journal, in order.
    fn codes(&self) -> Vec<String> {
        let lines = self.read("c/journal.jsonl");
        let line = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap();
        lines.lines().filter_map(|text| line(text)["code"].as_str().map(str::to_owned)).collect()
    }

    #[track_caller]
    fn replays(&self) {
        let output = self.run(&["--replay"]);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

fn view(out: &[u8]) -> serde_json::Value {
    serde_json::from_slice(out).unwrap_or_default()
}

/// The vectors of the page, where this checkout has them beside it.
fn vectors() -> Option<Vec<serde_json::Value>> {
    let path = run::shared()?.join("fixtures/portal/folds.json");
    let read = |path: &Path| serde_json::from_slice(&std::fs::read(path).ok()?).ok();
    let vectors = read(&path);
    if vectors.is_none() {
        run::skipped("the folds are not here");
    }
    vectors
}
