//! Claims of a view are verified by the credentials beside them, where trust.toml believes their issuer, and not longer.

use super::{Desk, run};

const SOURCES: &str = r#"source = [
  {name = "home", subject = "ALICE", role = "authoritative", manifest = "home.json"},
  {name = "stick", subject = "ALICE", role = "relay", manifest = "stick.json"},
]
"#;

/// The whole manifest of the page's vectors, whose claim comes with a credential, and who issued that.
fn whole() -> Option<(String, String)> {
    let shared = run::shared()?.join("fixtures/portal");
    let lines = std::fs::read_to_string(shared.join("manifests.jsonl")).ok()?;
    let line: serde_json::Value = serde_json::from_str(lines.lines().next()?).ok()?;
    let keys: serde_json::Value =
        serde_json::from_slice(&std::fs::read(shared.join("keys.json")).ok()?).ok()?;
    Some((line["text"].as_str()?.to_owned(), keys["issuer"]["did"].as_str()?.to_owned()))
}

#[test]
fn a_claim_is_verified_while_its_issuer_is_believed() {
    let Some((text, issuer)) = whole() else { return run::skipped("the page's manifests are not here") };
    let desk = Desk::new(SOURCES);
    desk.write("home.json", &text);
    desk.write("stick.json", &text);
    let status = |now: &str| {
        let (_, view) = desk.round(now);
        view["claims"]["identity.entityType"].clone()
    };
    assert_eq!(status("12:00:10")["status"], "unverified", "nobody is believed");
    let trust = format!(
        "issuer = [{{did = \"{issuer}\", claims = [\"identity.entityType\"], until = 2026-11-20T12:30:00Z}}]\nenforced = []\n"
    );
    desk.write("c/trust.toml", &trust);
    let claim = status("12:00:20");
    assert_eq!(claim["status"], "verified");
    assert_eq!(
        (&claim["claim"]["entityType"], &claim["claim"]["@id"]),
        (&"human".into(), &serde_json::Value::Null)
    );
    assert_eq!(status("12:30:00")["status"], "unverified", "not any more");
    desk.write("c/trust.toml", &trust.replace(&issuer, "did:web:example.org"));
    assert_eq!(status("12:30:10")["status"], "unverified");
    // What each view was folded by is part of what it was folded from.
    desk.replays();
    std::fs::remove_file(desk.at("c/trust.toml")).unwrap();
    desk.replays();
    desk.write("c/trust.toml", "issuers = []\n");
    assert_eq!(desk.round("12:31:00").0, 2);
}

#[test]
fn a_verified_claim_counts_by_any_road() {
    let Some((text, issuer)) = whole() else { return run::skipped("the page's manifests are not here") };
    let desk = Desk::new(SOURCES);
    desk.write("home.json", &desk.manifest("12:00:00", "allowed"));
    desk.write("stick.json", &text);
    desk.write(
        "c/trust.toml",
        &format!("issuer = [{{did = \"{issuer}\", claims = [\"identity.entityType\"]}}]\n"),
    );
    let (_, view) = desk.round("12:00:10");
    assert_eq!(view["claims"]["identity.entityType"]["status"], "verified");
    assert_eq!(view["consents"], serde_json::json!({"voice": "allowed"}), "its consents are not held");
    desk.replays();
}
