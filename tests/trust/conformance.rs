//! The public conformance suite of Universal Manifest, all of it, through `um-sign --conformance`.

use std::fs;

use serde::Deserialize;

use super::{run, shared};
use crate::run::skipped;

#[derive(Deserialize)]
struct Expected {
    fixtures: Vec<Fixture>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fixture {
    filename: String,
    expected_result: String,
    /// What is asked beyond structure.
    validation_mode: Option<String>,
}

/// Judges what a suite asks of structure: how many of its entries, and how many of them have no file.
fn suite(version: &str, (count, missing): (usize, usize)) {
    let Some(folder) = shared(&format!("fixtures/um/{version}")) else {
        return skipped("no ../shared/fixtures/um beside the project");
    };
    let expected: Expected =
        serde_json::from_slice(&fs::read(folder.join("expected.json")).unwrap()).unwrap();
    let asked = expected.fixtures.into_iter().filter(|fixture| fixture.validation_mode.is_none());
    let (there, gone): (Vec<Fixture>, Vec<Fixture>) =
        asked.partition(|fixture| folder.join(&fixture.filename).is_file());
    assert_eq!((there.len(), gone.len()), (count, missing));
    for fixture in there {
        let text = fs::read(folder.join(&fixture.filename)).unwrap();
        let said = run("um-sign", &[&"--conformance"], &text);
        let verdict: serde_json::Value = serde_json::from_str(&said.out).unwrap();
        assert_eq!(verdict["result"], fixture.expected_result.as_str(), "{}: {said:?}", fixture.filename);
        assert_eq!(verdict["code"].is_string(), fixture.expected_result == "reject");
        assert_eq!(said.status, 0);
    }
}

#[test]
fn version_0_1_is_as_expected() {
    suite("v0.1", (32, 0));
}

#[test]
fn version_0_2_is_as_expected() {
    suite("v0.2", (15, 0));
}

#[test]
fn version_0_4_is_as_expected() {
    suite("v0.4", (34, 13));
}

#[test]
fn the_signed_fixtures_hold_as_files_and_on_stdin() {
    let Some(folder) = shared("fixtures/um/v0.2/valid") else { return skipped("no fixtures") };
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let operand = run("um-sign", &[&"--verify", &path], b"");
        let stdin = run("um-sign", &[&"--verify"], &fs::read(&path).unwrap());
        assert_eq!((operand.status, stdin.status), (0, 0), "{path:?} {operand:?}");
        assert_eq!(operand.out, stdin.out);
        assert_eq!(operand.out.lines().count(), 1, "on one line");
        assert_eq!(super::verify(&operand.out).out, operand.out, "which holds as well");
    }
}

#[test]
fn the_mode_is_the_documents_own() {
    let judge = |more: &str| {
        let text = super::manifest("s").replace("\"0.2\"", &format!("\"0.1\"{more}"));
        run("um-sign", &[&"--conformance", &"--now", &"2030-01-01T00:00:00Z"], text.as_bytes()).out
    };
    assert_eq!(judge(""), "{\"result\":\"accept\"}\n");
    assert_eq!(judge(r#","__validate":"structural""#), "{\"result\":\"accept\"}\n");
    assert_eq!(judge(r#","__validate":"fresh""#), "{\"result\":\"reject\",\"code\":\"um.expired\"}\n");
    assert_eq!(judge(r#","__validate":"none""#), "{\"result\":\"reject\",\"code\":\"um.validate\"}\n");
    assert_eq!(judge(r#","__validate":null"#), "{\"result\":\"reject\",\"code\":\"um.validate\"}\n");
    for (text, code) in [
        ("", "json.syntax"),
        ("[]", "json.syntax"),
        ("{}{}", "json.syntax"),
        ("{\"a\":1,\"a\":1}", "json.duplicate_key"),
        ("{\"a\":9007199254740993}", "json.number"),
        ("{\"a\":\"\\ud800\"}", "json.utf8"),
        ("{}", "um.context"),
        (&format!("{{\"a\":\"{}\"}}", "x".repeat(1 << 20)), "um.limit"),
    ] {
        let said = run("um-sign", &[&"--conformance"], text.as_bytes());
        assert_eq!(said.out, format!("{{\"result\":\"reject\",\"code\":\"{code}\"}}\n"));
        assert_eq!(said.status, 0);
    }
}
