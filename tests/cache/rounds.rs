//! Rounds of the tool: what is fetched and when, what waits, what is permitted, what is forgotten.

use super::{DAY, Desk, run};
use std::os::unix::fs::PermissionsExt as _;

const HOME: &str = r#"
source = [
  {name = "home", subject = "ALICE", role = "authoritative", manifest = "home.json", metadata = "meta.json", changes = "changes.jsonl"},
  {name = "stick", subject = "ALICE", role = "relay", manifest = ["cat", "stick.json"]},
]
"#;

fn home() -> Desk {
    let desk = Desk::new(&format!("display = [\"show\"]\n{HOME}"));
    desk.write("home.json", &desk.manifest("12:00:00", "allowed"));
    desk.write("stick.json", &desk.manifest("12:00:00", "allowed"));
    desk.write("changes.jsonl", "");
    meta(&desk);
    desk
}

/// Metadata of what the source has.
fn meta(desk: &Desk) {
    let manifest: serde_json::Value = serde_json::from_str(&desk.read("home.json")).unwrap();
    let hash = ulp_core::hash::Sha256::of(desk.read("home.json").as_bytes());
    let [id, issued, expires] = ["@id", "issuedAt", "expiresAt"].map(|name| &manifest[name]);
    desk.write("meta.json", &format!(r#"{{"manifestId":{id},"subject":"{}","issuedAt":{issued},"expiresAt":{expires},"hash":"{hash}"}}"#, desk.alice()));
}

fn permit(desk: &Desk, operation: &str, now: &str) -> (i32, String) {
    let now = format!("{DAY}{now}Z");
    let output = desk.run(&["--permit", operation, "--subject", &desk.alice(), "--now", &now]);
    let answer = super::view(&output.stdout);
    (output.status.code().unwrap(), answer["reason"].as_str().unwrap().to_owned())
}

#[test]
fn the_source_is_asked_for_its_manifest_where_there_is_a_reason() {
    let desk = home();
    let (status, view) = desk.round("12:00:10");
    assert_eq!((status, view["state"].as_str()), (0, Some("fresh")));
    let fetches = |desk: &Desk| {
        let lines = desk.read("c/journal.jsonl");
        lines.lines().filter(|line| line.contains("\"step\":\"fetch\"") && line.contains("\"home\"")).count()
    };
    desk.round("12:00:20");
    assert_eq!(fetches(&desk), 1, "metadata confirmed it");
    desk.write("home.json", &desk.manifest("12:01:00", "restricted"));
    meta(&desk);
    let (_, view) = desk.round("12:01:10");
    assert_eq!((fetches(&desk), view["consents"]["voice"].as_str()), (2, Some("restricted")));
    desk.write("home.json", &desk.manifest("12:00:30", "allowed"));
    std::fs::remove_file(desk.at("meta.json")).unwrap();
    let (status, view) = desk.round("12:20:00");
    assert_eq!((status, view["consents"]["voice"].as_str()), (1, Some("restricted")));
    assert_eq!(desk.codes(), ["sync.away", "sync.rollback"]);
    assert_eq!(view["reasons"][0], "sync.uncertain", "a rollback is no reason of its own");
    desk.replays();
}

#[test]
fn what_is_permitted_depends_on_the_view() {
    let desk = home();
    assert_eq!(permit(&desk, "voice", "12:00:00"), (1, "absent".into()));
    desk.round("12:00:10");
    assert_eq!(permit(&desk, "voice", "12:00:20"), (0, "allowed".into()));
    assert_eq!(permit(&desk, "other", "12:00:20"), (1, "denied".into()));
    assert_eq!(permit(&desk, "voice", "12:15:11"), (1, "unconfirmed".into()));
    assert_eq!(permit(&desk, "show", "12:15:11"), (0, "unconfirmed".into()));
    assert_eq!(permit(&desk, "show", "12:00:05"), (0, "unconfirmed".into()), "the clock was set back");
    let later = desk.run(&["--permit", "show", "--subject", &desk.alice(), "--now", "2026-11-21T12:00:01Z"]);
    assert_eq!((later.status.code(), &super::view(&later.stdout)["reason"]), (Some(1), &"expired".into()));
    let denial = r#"{"eventId":"e","subject":"ALICE","changedAt":"2026-11-20T12:00:30Z","changeType":"consent","fields":{"show":"denied"}}"#;
    desk.write("stick.json", &desk.manifest("12:00:00", "allowed").replace("voice", "show"));
    desk.write("changes.jsonl", &denial.replace("ALICE", &desk.alice()));
    desk.round("12:00:40");
    assert_eq!(
        permit(&desk, "show", "12:15:41"),
        (0, "unconfirmed".into()),
        "a consent that nobody holds denies nothing"
    );
}

#[test]
fn a_change_that_was_made_here_waits_and_its_denial_counts_at_once() {
    let desk = home();
    desk.round("12:00:10");
    let event = format!(
        r#"{{"subject":"{}","changedAt":"{DAY}12:00:20Z","changeType":"consent","fields":{{"voice":"denied"}}}}"#,
        desk.alice()
    );
    desk.write("events", &format!("{event}\n{event}\n{{\"subject\":\"x\"}}\n"));
    let output = desk.run(&["--change", "events", "--now", &format!("{DAY}12:00:20Z")]);
    assert_eq!(output.status.code(), Some(1), "the third is none");
    let echoed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(echoed.lines().count(), 2);
    assert!(
        echoed.starts_with(r#"{"changeType":"consent","changedAt""#) && echoed.contains("\"eventId\":\"chg-"),
        "{echoed}"
    );
    assert_eq!(desk.read("c/journal.jsonl").matches("\"step\":\"local\"").count(), 1);
    assert_eq!(permit(&desk, "voice", "12:00:21"), (1, "denied".into()));
    let (_, view) = desk.round("12:00:30");
    assert_eq!(view["pending"].as_array().unwrap().len(), 1);
    desk.write("home.json", &desk.manifest("12:01:00", "denied"));
    meta(&desk);
    let (_, view) = desk.round("12:01:10");
    assert_eq!(view["pending"].as_array().unwrap().len(), 0);
    let journal = desk.read("c/journal.jsonl");
    let merge = journal.lines().last().unwrap();
    assert!(merge.contains("\"confirmed\":[\"chg-"), "{merge}");
    desk.round("12:01:20");
    assert!(
        desk.read("c/journal.jsonl").lines().last().unwrap().contains("\"confirmed\":[]"),
        "it is told once"
    );
    desk.replays();
}

#[test]
fn a_subject_is_forgotten_whole() {
    let desk = home();
    let bob = desk.read("c/sources.toml").replace(&desk.alice(), "did:example:bob");
    let bob = bob.replace("display = [\"show\"]\n", "").replace("source = [", "").replace("\n]", "");
    let both = desk.read("c/sources.toml").replace("\n]", &format!("{bob}\n]"));
    desk.write("c/sources.toml", &both);
    desk.round("12:00:10");
    assert!(desk.read("c/journal.jsonl").contains("\"sync.subject\""), "her manifests are not his");
    assert_eq!(desk.run(&["--forget", &desk.alice(), "--now", "0"]).status.code(), Some(0));
    let journal = desk.read("c/journal.jsonl");
    let of_alice: Vec<&str> = journal.lines().filter(|line| line.contains(&desk.alice())).collect();
    assert_eq!(of_alice.len(), 1, "{journal}");
    assert!(of_alice[0].contains("\"step\":\"forget\"") && journal.contains("did:example:bob"));
    assert_eq!(run::sh("find c/objects -type f | wc -l", desk.dir.path()), "0\n");
    desk.replays();
    desk.round("12:00:20");
    assert_eq!(run::sh("find c/objects -type f | wc -l", desk.dir.path()), "1\n");
}

#[test]
fn a_view_that_does_not_come_out_again_is_3() {
    let desk = home();
    desk.round("12:00:10");
    let journal = desk.read("c/journal.jsonl");
    let cases = [
        (journal.replace("{\"voice\":\"allowed\"}", "{\"voice\":\"denied\"}"), "journal.view"),
        (journal.replace("\"standing\":\"authoritative\"", "\"standing\":\"genuine\""), "journal.view"),
        (journal.replace("\"step\":\"fetch\"", "\"step\":\"fetched\""), "line 3"),
    ];
    for (text, said) in cases {
        assert_ne!(text, journal);
        desk.write("c/journal.jsonl", &text);
        let output = desk.run(&["--replay"]);
        let log = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(3) && log.contains(said), "{log}");
    }
    desk.write("c/journal.jsonl", &journal);
    let object = run::sh("find c/objects -type f", desk.dir.path());
    let object = desk.at(object.trim());
    std::fs::set_permissions(&object, std::fs::Permissions::from_mode(0o644)).unwrap();
    std::fs::write(&object, "{}").unwrap();
    assert_eq!(desk.run(&["--replay"]).status.code(), Some(3));
    std::fs::remove_file(&object).unwrap();
    assert_eq!(desk.round("12:00:20").0, 3, "a denial may be missing");
}

#[test]
fn settings_are_understood_whole_or_not_at_all() {
    for (text, status) in [
        ("", 0),
        (
            "reopen = \"never\"\nauthority = \"signature\"\nverify = \"optional\"\nconfirm_within = \"90s\"\ndisplay = []",
            0,
        ),
        ("reopn = \"never\"", 2),
        ("reopen = \"ever\"", 2),
        ("confirm_within = \"soon\"", 2),
        ("display = \"x\"", 2),
        ("source = [{name = \"a\", subject = \"b\", role = \"relay\", manifests = \"x\"}]", 2),
        ("source = [{name = \"a\", subject = \"b\", role = \"authority\"}]", 2),
        ("source = [{name = \"a\", subject = \"b\", role = \"relay\", manifest = []}]", 2),
        ("source = [{name = \"a\", subject = \"b\", role = \"relay\", keys = [\"alice\"]}]", 2),
        (
            "source = [{name = \"a\", subject = \"b\", role = \"relay\"}, {name = \"a\", subject = \"b\", role = \"cache\"}]",
            2,
        ),
        (
            "source = [{name = \"a\", subject = \"b\", role = \"authoritative\"}, {name = \"c\", subject = \"b\", role = \"authoritative\"}]",
            2,
        ),
        ("source = [", 2),
    ] {
        let desk = Desk::new(text);
        let output = desk.run(&[]);
        assert_eq!(output.status.code(), Some(status), "{text}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
