//! The cases of the fixtures: records, feeds, files and codes, to the byte.

use super::alert;
use crate::run;
use std::path::PathBuf;

fn cases() -> Vec<(String, PathBuf)> {
    let Some(dir) = run::shared().map(|shared| shared.join("fixtures/cap")).filter(|dir| dir.is_dir()) else {
        run::skipped("the fixtures of CAP are not beside this checkout");
        return Vec::new();
    };
    let traces = std::fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path());
    let traces = traces.filter(|path| path.extension().is_some_and(|e| e == "jsonl"));
    traces.map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), path)).collect()
}

#[test]
fn every_case_is_written_to_the_byte() {
    for (name, trace) in cases() {
        let (dir, expected) = (tempfile::tempdir().unwrap(), trace.with_extension(""));
        let read = |file: &str| std::fs::read_to_string(expected.join(file)).unwrap();
        let (records, codes) = alert(&trace.display().to_string(), dir.path());
        assert_eq!(records, read("messages.jsonl"), "{name}");
        let wanted: serde_json::Value = serde_json::from_str(&read("codes.json")).unwrap();
        for (code, count) in wanted.as_object().unwrap() {
            assert_eq!(codes[code], *count, "{name}: {code}");
        }
        let given = codes.as_object().unwrap().keys().filter(|code| code.starts_with("cap.")).count();
        assert_eq!(given, wanted.as_object().unwrap().len(), "{name}: {codes}");
        let (feed, _) = alert(&format!("-f cap {}", trace.display()), dir.path());
        assert_eq!(feed, read("feed.xml"), "{name}");
        alert(&format!("-o out/ {}", trace.display()), dir.path());
        run::sh(&format!("diff -r -x messages.jsonl -x codes.json out {}", expected.display()), dir.path());
    }
}

#[test]
fn order_and_repetition_change_nothing() {
    for (name, trace) in cases() {
        let dir = tempfile::tempdir().unwrap();
        let expected = std::fs::read_to_string(trace.with_extension("").join("messages.jsonl")).unwrap();
        let path = trace.display();
        for script in [
            format!("tac {path} | projector-alert -j 1"),
            format!("cat {path} {path} {path} | shuf --random-source={path} | projector-alert"),
            format!("head -1 {path} | cat - {path} | projector-alert -j 3"),
            format!("ulp-store init w; ulp-append --store w {path} > all; projector-alert --store w"),
        ] {
            assert_eq!(run::sh(&format!("({script}) 2> log"), dir.path()), expected, "{name}: {script}");
        }
    }
}
