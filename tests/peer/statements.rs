//! Statements, as um-sign takes them.

use super::{Desk, codes, lines, text, vectors};
use crate::run;
use serde_json::Value;

/// What is told by a clock is for others to say.
fn expected(code: &str) -> &str {
    match code {
        "gossip.future" => "",
        code => code,
    }
}

#[test]
fn statements_pass_as_the_vectors_say() {
    let Some(shared) = run::shared() else {
        return run::skipped("vectors of statements: no ../shared/fixtures/peer");
    };
    let vectors = std::fs::read_to_string(shared.join("fixtures/peer/statements.json")).unwrap();
    let vectors: Value = serde_json::from_str(&vectors).unwrap();
    let desk = Desk::new();
    for case in vectors["ok"].as_array().unwrap() {
        let line = format!("{}\n", text(case, "/line"));
        assert_eq!(desk.good("um-sign", &[], &line), line);
        let is_signed = case["signed_bytes"].is_string();
        assert_eq!(desk.run("um-sign", &["--verify"], &line).status.success(), is_signed, "{line}");
    }
    let refused = vectors["refused"].as_array().unwrap();
    assert!(refused.len() >= 10);
    for case in refused {
        let done = desk.run("um-sign", &["--verify"], &lines([text(case, "/line")]));
        assert_eq!(codes(&done).concat(), expected(text(case, "/code")), "{case}");
    }
}

#[test]
fn attestations_are_statements_that_um_sign_verifies() {
    let desk = Desk::new();
    for vectors in vectors("attestation") {
        for line in [text(&vectors, "/line"), text(&vectors, "/fork/other")] {
            let line = lines([line]);
            assert_eq!(desk.good("um-sign", &["--verify"], &line), line);
            for (from, to, code) in [
                ("\"events\":5", "\"events\":6", "signature.value"),
                ("\"attestation\":1", "\"attestation\":0", "statement.attestation"),
                ("\"versions\"", "\"Versions\"", "statement.Versions"),
            ] {
                let done = desk.run("um-sign", &["--verify"], &line.replace(from, to));
                assert_eq!(codes(&done).concat(), code, "{to}");
            }
        }
    }
}

#[test]
fn a_key_signs_its_own_statements_and_no_receipt() {
    let desk = Desk::with_identity();
    let did = desk.good("um-key", &["did", "key.pem"], "");
    let knows = |peer: &str| {
        format!(r#"{{"peer":"{peer}","knows":[{{"path":"m/world","points_to":null}}],"ttl":60}}"#) + "\n"
    };
    let signed = desk.good("um-sign", &["--key", "key.pem"], &knows(did.trim()));
    assert_eq!(desk.good("um-sign", &["--verify"], &signed), signed);
    let other = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";
    for (line, code) in [
        (knows(other), "signature.actor"),
        (knows("peer:me"), "signature.actor"),
        (knows(did.trim()).replace("60", "1"), "statement.ttl"),
        (signed.replace("\"ttl\":60", "\"ttl\":61"), "signature.signer"),
    ] {
        assert_eq!(codes(&desk.run("um-sign", &["--key", "key.pem"], &line)).concat(), code, "{line}");
    }
    let named =
        desk.good("um-sign", &["--key", "key.pem"], &knows(did.trim())).replace(did.trim(), "peer:me");
    assert_eq!(codes(&desk.run("um-sign", &["--verify"], &named)).concat(), "signature.malformed");
    desk.append(&super::event(1, "z0/x0/y0", 0, super::TEAM), &[]);
    let receipt = std::fs::read_to_string(desk.chain()).unwrap();
    assert_eq!(desk.good("um-sign", &[], &receipt), receipt);
    assert_eq!(codes(&desk.run("um-sign", &["--key", "key.pem"], &receipt)).concat(), "statement.signature");
    assert_eq!(codes(&desk.run("um-sign", &["--verify"], &receipt)).concat(), "signature.missing");
}
