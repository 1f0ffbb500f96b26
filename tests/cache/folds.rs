//! The told stories and the random ones, to the byte; shuffled and doubled, by the library and by the tool.

use super::{run, vectors};
use crate::reference::generate::Rng;
use crate::sample;
use std::collections::BTreeMap;
use ulp_core::hash::Sha256;
use ulp_core::json::Tape;
use ulp_core::trust::Instant;
use ulp_um::cache::{Cached, Document, Line, Settings, fold};

/// A vector, as the library takes it.
struct Case {
    subject: String,
    lines: Vec<Line>,
    documents: BTreeMap<Sha256, Document>,
    settings: Settings,
    now: ulp_core::id::Time,
    view: String,
}

impl Case {
    fn read(case: &serde_json::Value) -> Case {
        let text = |name: &str| case[name].as_str().unwrap().to_owned();
        let line = |line: &serde_json::Value| Line::parse(&line.to_string(), &mut Tape::new()).unwrap();
        let document = |(hash, text): (&String, &serde_json::Value)| {
            (hash.parse().unwrap(), Document::read(text.as_str().unwrap(), &|_| Vec::new()).unwrap())
        };
        let reopen = case["config"]["reopen"].as_str().map(|word| word.parse().unwrap());
        let default = Settings::default();
        Case {
            subject: text("subject"),
            lines: case["journal"].as_array().unwrap().iter().map(line).collect(),
            documents: case["objects"].as_object().unwrap().iter().map(document).collect(),
            settings: Settings { reopen: reopen.unwrap_or(default.reopen), ..default },
            now: Instant::parse(&text("now")).unwrap().time().unwrap(),
            view: text("view"),
        }
    }

    fn view_of(&self, lines: &[Line]) -> String {
        let Case { documents, settings, now, .. } = self;
        fold(&self.subject, Cached { lines, documents, settings, now: *now }).view.print()
    }
}

#[test]
fn every_story_comes_to_its_view_in_any_order() {
    let Some(vectors) = vectors() else { return };
    let mut rng = Rng::new(7);
    for vector in &vectors {
        let case = Case::read(vector);
        assert_eq!(case.view_of(&case.lines), case.view, "{}", vector["name"]);
        for _ in 0..sample::size(40, 4) {
            let mut lines = case.lines.clone();
            for _ in 0..rng.below(4).min(lines.len()) {
                lines.push(lines[rng.below(lines.len())].clone());
            }
            for at in (1..lines.len()).rev() {
                lines.swap(at, rng.below(at + 1));
            }
            assert_eq!(case.view_of(&lines), case.view, "{} shuffled and doubled", vector["name"]);
        }
    }
    assert_eq!(vectors.len(), 224);
}

#[test]
fn the_tool_folds_the_same_views_and_replays_them() {
    let Some(vectors) = vectors() else { return };
    for vector in sample::of(vectors.iter(), 16) {
        let dir = tempfile::tempdir().unwrap();
        let subject = vector["subject"].as_str().unwrap();
        let mut sources = String::new();
        if let Some(word) = vector["config"]["reopen"].as_str() {
            sources = format!("reopen = \"{word}\"\n");
        }
        sources +=
            &format!("source = [{{name = \"s\", subject = \"{subject}\", role = \"authoritative\"}}]\n");
        let write = |path: &str, bytes: &str| {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        };
        write("c/sources.toml", &sources);
        for (hash, text) in vector["objects"].as_object().unwrap() {
            let hex = hash.strip_prefix("sha256:").unwrap();
            write(&format!("c/objects/sha256/{}/{}", &hex[..2], &hex[2..]), text.as_str().unwrap());
        }
        let journal: String =
            vector["journal"].as_array().unwrap().iter().map(|line| format!("{line}\n")).collect();
        write("c/journal.jsonl", &journal);
        let tool = |args: &[&str]| {
            let output =
                run::command("um-cache", dir.path()).args(["--cache", "c"]).args(args).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap()
        };
        let expected = format!("{}\n", vector["view"].as_str().unwrap());
        assert_eq!(
            tool(&["--offline", "--now", vector["now"].as_str().unwrap()]),
            expected,
            "{}",
            vector["name"]
        );
        assert_eq!(tool(&["--replay"]), expected, "{}", vector["name"]);
    }
}
