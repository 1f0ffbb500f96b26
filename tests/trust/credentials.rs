//! Credentials in their three forms, through the tool, and with Digital Bazaar's suite both ways.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use ulp_core::json::{self, Tape};
use ulp_core::names;

use super::{Said, key, run, shared, verify};
use crate::run::{root, skipped};

const FORMS: [(&str, &str); 3] =
    [("um", "signature"), ("eddsa-jcs-2022", "proof"), ("vc-jcs-ed25519", "validation")];

/// A credential by the key of that seed, or by another name.
fn bare(issuer: &str) -> String {
    format!(
        r#"{{"@context":["https://www.w3.org/ns/credentials/v2","https://example.org/é"],"credentialSubject":{{"id":"did:example:bob","n":1.5,"é":"ü"}},"issuer":"{issuer}","type":["VerifiableCredential"],"validFrom":"2026-01-01T00:00:00Z"}}"#
    )
}

fn own() -> String {
    bare(&key(1).did().to_string())
}

/// Signs with the key 1.
fn sign(form: &str, text: &str, more: &[&str]) -> Said {
    let dir = tempfile::tempdir().unwrap();
    let pem = dir.path().join("k.pem");
    key(1).create(&pem).unwrap();
    let mut args: Vec<&dyn AsRef<std::ffi::OsStr>> =
        vec![&"--key", &pem, &"--now", &"2026-02-17T00:00:00Z", &"--profile", &form];
    more.iter().for_each(|one| args.push(one));
    run("um-sign", &args, text.as_bytes())
}

fn signed(form: &str) -> String {
    let said = sign(form, &own(), &[]);
    assert_eq!(said.status, 0, "{said:?}");
    said.out
}

#[test]
fn each_form_holds_by_its_issuer_and_not_when_changed() {
    for (form, member) in FORMS {
        let signed = signed(form);
        assert!(signed.contains(&format!("\"{member}\":{{")));
        let said = verify(&signed);
        assert_eq!((said.code().as_str(), &said.out), ("", &signed));
        assert!(said.log.contains(&format!("\"signer\":\"{}\"", key(1).did())), "{}", said.log);
        for (from, to) in [
            ("did:example:bob", "did:example:bot"),
            ("\"n\":1.5", "\"n\":2"),
            ("\"@context\":[", "\"added\":1,\"@context\":["),
            ("2026-01-01", "2026-01-02"),
        ] {
            let (head, rest) = signed.split_once(from).unwrap();
            assert_eq!(verify(&format!("{head}{to}{rest}")).code(), "signature.value", "{form} {to}");
        }
        assert_eq!(verify(&own()).code(), "signature.missing");
        assert_eq!(run("um-sign", &[], own().as_bytes()).code(), "", "unsigned, and asked for nothing");
    }
}

#[test]
fn one_form_at_a_time() {
    for (form, _) in FORMS {
        for (other, member) in FORMS {
            let refused = sign(other, &signed(form), &[]);
            assert_eq!(refused.code(), "signature.signer", "signed already");
            let again = sign(other, &signed(form), &["--replace"]).out;
            assert_eq!(again, signed(other), "{form} to {other}");
            if form != other {
                let raw =
                    format!("{},\"{member}\":{{}}}}", signed(form).trim_end().strip_suffix('}').unwrap());
                assert_eq!(verify(&raw).code(), "signature.malformed", "{form} and {other}");
                assert_eq!(run("um-sign", &[], raw.as_bytes()).code(), "signature.malformed");
            }
        }
    }
}

#[test]
fn each_member_of_a_proof_counts() {
    let did = key(1).did().to_string();
    for (form, from, to, code) in [
        (
            "eddsa-jcs-2022",
            "\"type\":\"DataIntegrityProof\"",
            "\"type\":\"Ed25519Signature2020\"",
            "signature.algorithm",
        ),
        ("eddsa-jcs-2022", "\"eddsa-jcs-2022\"", "\"eddsa-rdfc-2022\"", "signature.algorithm"),
        ("eddsa-jcs-2022", "\"created\":\"2026-02-17T00:00:00.000Z\",", "", "signature.malformed"),
        (
            "eddsa-jcs-2022",
            "\"created\":\"2026-02-17T00:00:00.000Z\"",
            "\"created\":\"now\"",
            "signature.malformed",
        ),
        ("eddsa-jcs-2022", "\"created\":\"2026-02-17", "\"created\":\"2026-02-18", "signature.value"),
        ("eddsa-jcs-2022", "\"assertionMethod\"", "\"authentication\"", "signature.malformed"),
        ("eddsa-jcs-2022", "\"proof\":{", "\"proof\":{\"x\":1,", "signature.value"),
        (
            "eddsa-jcs-2022",
            "\"proof\":{\"@context\":[\"https://www.w3.org/ns/credentials/v2\"",
            "\"proof\":{\"@context\":[\"x\"",
            "signature.malformed",
        ),
        ("eddsa-jcs-2022", "#z6Mk", "#z6MK", "signature.key"),
        ("eddsa-jcs-2022", "\"proofValue\":\"z", "\"proofValue\":\"u", "signature.value"),
        ("eddsa-jcs-2022", "\"proofValue\":\"z", "\"proofValue\":\"z1", "signature.value"),
        ("eddsa-jcs-2022", "\"proof\":{", "\"proof\":[{", "json.syntax"),
        ("vc-jcs-ed25519", "\"vc-jcs-ed25519\"", "\"zk-age-over-v1\"", "signature.algorithm"),
        ("vc-jcs-ed25519", "\"assertionMethod\"", "\"authentication\"", "signature.malformed"),
        ("vc-jcs-ed25519", "\"proofPurpose\":\"assertionMethod\",", "", "signature.malformed"),
        (
            "vc-jcs-ed25519",
            "\"verificationMethod\":\"did",
            "\"verificationMethod\":\"dad",
            "signature.malformed",
        ),
        ("vc-jcs-ed25519", "\"proofValue\":\"", "\"proofValue\":\" ", "signature.value"),
    ] {
        let text = signed(form);
        assert!(text.contains(from), "{from} in {text}");
        // The member's own text stands last: that of the document is what is signed.
        let (head, rest) = text.rsplit_once(from).unwrap();
        assert_eq!(verify(&format!("{head}{to}{rest}")).code(), code, "{form} {to}");
    }
    for (form, member) in [("eddsa-jcs-2022", "proof"), ("vc-jcs-ed25519", "validation")] {
        for raw in ["1", "[]", "null", "\"x\"", "{}"] {
            let text = own().replacen('{', &format!("{{\"{member}\":{raw},"), 1);
            assert_eq!(verify(&text).code(), "signature.malformed", "{form} {raw}");
        }
    }
    let padded = signed("vc-jcs-ed25519");
    let value = padded.split("\"proofValue\":\"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(verify(&padded.replace(value, &format!("{value}=="))).code(), "signature.value");
    let other = signed("vc-jcs-ed25519").replace(&did, &key(2).did().to_string());
    assert_eq!(verify(&other).code(), "signature.value", "another issuer's words");
}

#[test]
fn the_signer_is_the_issuer_unless_one_is_named() {
    let (one, two) = (key(1).did().to_string(), key(2).did().to_string());
    for (form, _) in FORMS {
        assert_eq!(sign(form, &bare(&two), &[]).code(), "signature.signer", "an issuer of another key");
    }
    // The proof is the key 1's, and the issuer another: it holds, and is not the issuer's.
    let raw = key(1).sign_document(&bare(&two), "2026-02-17T00:00:00Z").unwrap();
    assert_eq!(verify(&raw).code(), "signature.signer");
    assert_eq!(run("um-sign", &[&"--verify", &"--signer", &one], raw.as_bytes()).code(), "");
    assert_eq!(run("um-sign", &[&"--verify", &"--signer", &two], raw.as_bytes()).code(), "signature.signer");
    for issuer in ["https://example.org/issuer", "did:web:a.example"] {
        let signed = sign("eddsa-jcs-2022", &bare(issuer), &[]).out;
        assert_eq!(verify(&signed).code(), "signature.signer", "nothing says whose key it is");
        assert_eq!(run("um-sign", &[&"--verify", &"--signer", &one], signed.as_bytes()).code(), "");
    }
    for issuer in ["\"\"", "{}", "1", "{\"id\":\"\"}"] {
        let text = own().replace(&format!("\"{one}\""), issuer);
        assert_eq!(sign("um", &text, &[]).code(), "signature.malformed", "{issuer}");
    }
    let whole = own().replace(&format!("\"{one}\""), &format!("{{\"id\":\"{one}\",\"name\":\"One\"}}"));
    let signed = sign("eddsa-jcs-2022", &whole, &[]).out;
    assert_eq!(verify(&signed).code(), "", "an issuer that says more of itself");
}

#[test]
fn a_key_of_the_issuers_document_asserts() {
    let dir = tempfile::tempdir().unwrap();
    let did = "did:web:a.example";
    let digits = key(1).did().to_string().split_off("did:key:".len());
    let at = dir.path().to_str().unwrap();
    let write = |relation: &str| {
        let text =
            format!(r##"{{"id":"{did}","{relation}":[{{"id":"#k","publicKeyMultibase":"{digits}"}}]}}"##);
        fs::write(dir.path().join(format!("{}.json", names::encode(did))), text).unwrap();
    };
    for (form, _) in FORMS {
        write("assertionMethod");
        let signed = sign(form, &bare(did), &["--dids", at]).out;
        assert_eq!(
            signed.contains("\"verificationMethod\":\"did:web:a.example#k\""),
            form == "eddsa-jcs-2022"
        );
        let judge = || run("um-sign", &[&"--verify", &"--dids", &at], signed.as_bytes());
        assert_eq!(judge().code(), "", "{form}");
        write("authentication");
        let code = if form == "um" { "signature.signer" } else { "signature.key" };
        assert_eq!(judge().code(), code, "{form}: not a key to assert with");
    }
}

#[test]
fn the_credentials_of_another_implementation_hold() {
    let Some(dir) = shared("fixtures/portal") else { return skipped("no fixtures") };
    let read = |name: &str| fs::read_to_string(dir.join(name)).unwrap();
    let age: serde_json::Value = serde_json::from_str(&read("age-over.json")).unwrap();
    let container: serde_json::Value = serde_json::from_str(&read("crossing/alice/container.json")).unwrap();
    let proofs = container["claims"].as_array().unwrap().iter().map(|claim| &claim["claimProof"]);
    for credential in proofs.chain([&age["credential"]]) {
        assert_eq!(verify(&credential.to_string()).code(), "", "{credential}");
    }
}

/// Asks the peer; nothing where it is not installed.
fn peer(verb: &str, text: &str) -> Option<String> {
    let modules = root().join("target/peers/node_modules");
    if !modules.join("@digitalbazaar/eddsa-jcs-2022-cryptosuite").exists() {
        skipped("the suite of Digital Bazaar is not installed");
        return None;
    }
    let script = root().join("tests/trust/peer.mjs");
    let mut child = Command::new("node")
        .args([script.as_os_str(), modules.as_os_str(), verb.as_ref()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{text}");
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn digital_bazaar_verifies_what_is_signed_here_and_the_other_way_round() {
    let Some(theirs) = peer("sign", &own()) else { return };
    assert_eq!(verify(&theirs).code(), "", "{theirs}");
    assert_eq!(verify(&theirs.replace("did:example:bob", "did:example:bot")).code(), "signature.value");
    let ours = signed("eddsa-jcs-2022");
    assert_eq!(peer("verify", &ours).unwrap(), "verified");
    let changed = peer("verify", &ours.replace("did:example:bob", "did:example:bot")).unwrap();
    assert!(changed.starts_with("not verified"), "{changed}");
    // Both come to the same bytes, but for the time as each writes it.
    let proof = |text: &str| {
        let mut tape = Tape::new();
        let document = json::parse_text(&mut tape, text).unwrap();
        let proof = document.get("proof").unwrap();
        let names: Vec<String> = proof.members().filter_map(|(name, _)| name.as_text()).collect();
        let mut names: Vec<String> = names.into_iter().collect();
        names.sort();
        names
    };
    assert_eq!(proof(&theirs), proof(ours.trim_end()));
}
