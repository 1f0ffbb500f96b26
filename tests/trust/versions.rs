//! Manifests of v0.3 and v0.4: an independent implementation's verdicts, whose keys are known, and how they are signed.

use std::fs;

use serde::Deserialize;
use ulp_core::names;

use super::{Said, key, run, shared, verdicts};
use crate::run::skipped;

#[derive(Deserialize)]
struct Case {
    name: String,
    version: String,
    text: String,
    code: String,
}

#[test]
fn every_manifest_has_the_verdict_of_another_implementation() {
    let Some(path) = shared("fixtures/portal/manifests.jsonl") else { return skipped("no fixtures") };
    let lines = fs::read_to_string(path).unwrap();
    let cases: Vec<Case> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(cases.len(), 81);
    let texts: Vec<Vec<u8>> = cases.iter().map(|case| case.text.clone().into_bytes()).collect();
    for (case, code) in cases.iter().zip(verdicts(&[], &texts)) {
        assert_eq!(code, case.code, "{} {}", case.version, case.name);
    }
}

/// A manifest of a version that lacks nothing but its signature.
fn bare(version: &str, subject: &str, more: &str) -> String {
    format!(
        r#"{{"@context":"https://universalmanifest.net/ns/v{version}","@id":"urn:uuid:1","@type":"um:Manifest","expiresAt":"2026-02-18T00:00:00.000Z","issuedAt":"2026-02-17T00:00:00.000Z","manifestVersion":"{version}"{more},"subject":"{subject}"}}"#
    )
}

/// What was noted in a run that passed all it read.
fn notes(said: &Said) -> Vec<String> {
    assert_eq!(said.status, 0, "{said:?}");
    let witness: serde_json::Value = serde_json::from_str(said.log.lines().last().unwrap()).unwrap();
    let codes = witness["codes"].as_object().into_iter().flatten();
    codes.map(|(code, _)| code.clone()).collect()
}

#[test]
fn what_stands_outside_the_signature_is_as_the_version_says() {
    let dir = tempfile::tempdir().unwrap();
    let pem = dir.path().join("k.pem");
    key(1).create(&pem).unwrap();
    let proof = r#","postQuantumSignature":{"x":1},"presentationProof":{"audience":"a","challenge":"c","created":"2026-02-17T00:00:00Z","proofType":"did-auth","proofValue":"v"}"#;
    for (version, changed) in [("0.3", "signature.value"), ("0.4", "")] {
        let text = bare(version, &key(1).did().to_string(), proof);
        let said = run("um-sign", &[&"--key", &pem, &"--now", &"2026-02-17T00:00:00Z"], text.as_bytes());
        assert_eq!(said.status, 0, "{said:?}");
        assert!(said.out.contains(proof.trim_start_matches(',')), "it stays: {}", said.out);
        assert_eq!(super::verify(&said.out).code(), "");
        assert_eq!(
            super::verify(&said.out.replace("\"challenge\":\"c\"", "\"challenge\":\"d\"")).code(),
            changed
        );
        assert_eq!(super::verify(&said.out.replace("{\"x\":1}", "{\"x\":2}")).code(), changed);
        assert_eq!(super::verify(&said.out.replace("urn:uuid:1", "urn:uuid:2")).code(), "signature.value");
    }
}

/// Signs with a `keyRef` of another method, as whoever keeps keys under a DID of their own does.
fn signed_as(reference: &str, subject: &str, embedded: bool) -> String {
    let bare = bare("0.4", subject, "");
    let signed = key(1).sign_document(&bare, "2026-02-17T00:00:00.000Z").unwrap();
    let text = signed.replace(&key(1).did().key_ref(), reference);
    let spki = text.split("\"publicKeySpkiB64\":\"").nth(1).unwrap().split('"').next().unwrap();
    if embedded { text.clone() } else { text.replace(&format!("\"publicKeySpkiB64\":\"{spki}\","), "") }
}

#[test]
fn a_name_is_resolved_by_its_document() {
    let dir = tempfile::tempdir().unwrap();
    let digits = |n: u8| key(n).did().to_string().split_off("did:key:".len());
    let document = |did: &str, n: u8| {
        format!(
            r##"{{"id":"{did}","verificationMethod":[{{"id":"#k","publicKeyMultibase":"{}"}}],"authentication":["#k"],"assertionMethod":["{did}#k"]}}"##,
            digits(n)
        )
    };
    let write = |did: &str, text: String| {
        fs::write(dir.path().join(format!("{}.json", names::encode(did))), text).unwrap();
    };
    write("did:web:a.example", document("did:web:a.example", 1));
    write("did:web:b.example", document("did:web:b.example", 2));
    write("did:web:c.example", document("did:web:d.example", 1));
    let (a, b, c) = ("did:web:a.example#k", "did:web:b.example#k", "did:web:c.example#k");
    let judge = |text: &str| run("um-sign", &[&"--verify", &"--dids", &dir.path()], text.as_bytes());
    for embedded in [true, false] {
        let said = judge(&signed_as(a, "did:web:a.example", embedded));
        assert_eq!(notes(&said), [""; 0], "a key of the subject's document");
        assert!(said.log.contains(&format!("\"signer\":\"{}\"", key(1).did())), "{}", said.log);
        let other = judge(&signed_as(a, "did:web:b.example", embedded));
        assert_eq!(notes(&other), ["signature.unbound"], "resolved, and not the subject's");
        let unresolved = judge(&signed_as(c, "did:web:c.example", embedded));
        assert_eq!(unresolved.codes(), if embedded { vec![] } else { vec!["signature.key".to_owned()] });
    }
    assert_eq!(judge(&signed_as(b, "did:web:b.example", true)).code(), "signature.key", "two keys");
    assert_eq!(judge(&signed_as(b, "did:web:b.example", false)).code(), "signature.value", "another's key");
    assert_eq!(judge(&signed_as("did:web:a.example", "s", false)).code(), "signature.key", "no method");
    let blind = run("um-sign", &[&"--verify"], signed_as(a, "did:web:a.example", true).as_bytes());
    assert_eq!(notes(&blind), ["signature.unbound"]);
    let checked = run("um-sign", &[], signed_as(a, "did:web:a.example", true).as_bytes());
    assert_eq!(notes(&checked), ["signature.unbound"], "also where nobody asks who signed it");
    let nowhere = run("um-sign", &[&"--dids", &dir.path().join("none")], b"");
    assert_eq!(nowhere.status, 4, "{nowhere:?}");
}

#[test]
fn the_signer_of_a_subject_that_is_a_key_is_that_key() {
    let own = key(1).did().to_string();
    let two = key(2).did().to_string();
    assert_eq!(super::verify(&signed_as(&key(1).did().key_ref(), &own, true)).code(), "");
    assert_eq!(super::verify(&signed_as(&key(1).did().key_ref(), &two, true)).code(), "signature.signer");
    assert_eq!(super::verify(&signed_as("did:web:x#k", &two, true)).code(), "signature.signer");
    let asked =
        run("um-sign", &[&"--verify", &"--signer", &own], signed_as("did:web:x#k", &two, true).as_bytes());
    assert_eq!(notes(&asked), ["signature.unbound"], "the key itself is asked for");
}
