#![allow(clippy::unwrap_used)]

use ulp_core::trust::{Scratch, SecretKey, Verifier};

use crate::dids::Dids;
use crate::manifest::{Clock, Context, Defaults, judge, sign};

/// A manifest of v0.4 that has something for every rule; its subject is the key's DID.
const WHOLE: &str = r##"{"@context":["c","https://universalmanifest.net/ns/v0.4"],"@id":"i","@type":"um:Manifest",
"claims":[{"@type":"identity.crossDidBinding","issuer":"x","issuedAt":"2026-01-01T00:00:00Z","boundDids":["SUBJECT","b"],
"attester":"a","attestationMethod":"m","attestedAt":"2026-01-01T00:00:00Z","claimProof":[{"p":1}],"requiredTrustTier":1,
"holderBinding":{"mode":"sd-jwt-kb","cnfThumbprint":"t"}}],
"consents":[{"@id":"c1","@type":["um:Consent"],"facetRef":"f1","scope":["read"],"purpose":"p",
"grantedAt":"2026-01-01T00:00:00Z","expiresAt":"2026-01-02T00:00:00Z","withdrawnAt":"2026-01-01T00:00:00Z","conditions":[""]}],
"devices":[1],"expiresAt":"2026-01-02T00:00:00Z",
"facets":[{"@id":"f1","@type":"um:Facet","name":"n","requiredLiveness":{"minFreshness":"live","userVerified":true},
"requiredAssuranceClass":"software","entity":null},
{"@id":"f2","@type":["x","um:Facet"],"encryptionProfile":"jwe-inline-v1","requiredTrustTier":2,
"entity":{"protected":"p","iv":"i","ciphertext":"c","tag":"t","recipients":[{"header":{"kid":"k"}}],"more":1}}],
"issuedAt":"2026-01-01T00:00:00Z","livenessAttestation":{"proofType":"w","attestedAt":"2026-01-01T00:00:00Z",
"validUntil":"2026-01-01T00:00:00Z","proofValue":"v","userVerified":false},"manifestVersion":"0.4",
"pointers":[{"@type":"um:agentDelegation","delegateType":"bot","delegatedBy":"SUBJECT","delegatedAt":"2026-01-01T00:00:00Z",
"expiresAt":"2026-01-02T00:00:00Z","delegateId":"d","scope":["s"]},{"@type":"x","target":"t","createdAt":"2026-01-01T00:00:00Z"}],
"presentationProof":{"proofType":"did-auth","challenge":"c","audience":"a","created":"2026-01-01T00:00:00Z","proofValue":"v"},
"postQuantumSignature":7,"requiredTrustTier":1,"subject":"SUBJECT"}"##;

fn code_of(text: &str) -> String {
    let key = SecretKey::from_seed(&[7; 32]);
    let text = text.replace("SUBJECT", &key.did().to_string());
    let defaults = Defaults { id: String::new(), now: ulp_core::id::Time(0), ttl: 0 };
    let signed = sign(&key, &text, &defaults, "2026-01-01T00:00:00Z").unwrap();
    let context = Context { clock: Clock::Unasked, verifier: &Verifier::new(), dids: &Dids::none() };
    let judged = judge(signed.as_bytes(), &context, &mut Scratch::default());
    judged.map_or_else(|refusal| refusal.code.into_owned(), |_| String::new())
}

/// The code of the whole manifest in which one piece of text was replaced, once.
fn code(from: &str, to: &str) -> String {
    assert!(WHOLE.contains(from), "{from}");
    code_of(&WHOLE.replacen(from, to, 1))
}

/// Takes each member out, and makes each of it what it must not be.
fn each_is_needed(members: &[&str], expected: &str) {
    for member in members {
        let (name, _) = member.split_once(':').unwrap();
        assert_eq!(code(member, "\"taken\":1"), expected, "{member} is there");
        for wrong in ["1", "null", "[]", "\"\"", "{}"] {
            assert_eq!(code(member, &format!("{name}:{wrong}")), expected, "{name}:{wrong}");
        }
    }
}

#[test]
fn the_whole_manifest_passes_in_both_versions() {
    assert_eq!(code("\"p\":1", "\"p\":2"), "");
    assert_eq!(code_of(&WHOLE.replace("0.4", "0.3")), "");
}

#[test]
fn a_context_is_that_of_the_version() {
    for (to, expected) in [
        (r#""https://universalmanifest.net/ns/v0.4""#, ""),
        (r#"["https://universalmanifest.net/ns/v0.3"]"#, "um.context"),
        (r#"["https://universalmanifest.net/ns/v0.4/"]"#, "um.context"),
        (r#"[["https://universalmanifest.net/ns/v0.4"]]"#, "um.context"),
        (r#"{"a":"https://universalmanifest.net/ns/v0.4"}"#, "um.context"),
        (r#"["https:\/\/universalmanifest.net\/ns\/v0.4"]"#, ""),
    ] {
        assert_eq!(code(r#"["c","https://universalmanifest.net/ns/v0.4"]"#, to), expected, "{to}");
    }
}

#[test]
fn a_facet_has_a_name_of_its_own_and_known_floors() {
    for (from, to) in [
        ("\"@id\":\"f1\"", "\"@id\":\"f2\""),
        ("\"@id\":\"f1\"", "\"@id\":\"f\\u0032\""),
        ("\"name\":\"n\"", "\"name\":1"),
        ("\"name\":\"n\"", "\"name\":null"),
        ("{\"minFreshness\":\"live\",\"userVerified\":true}", "\"live\""),
        ("{\"minFreshness\":\"live\",\"userVerified\":true}", "{}"),
        ("\"minFreshness\":\"live\"", "\"minFreshness\":\"unknown\""),
        ("\"userVerified\":true", "\"userVerified\":\"true\""),
        ("\"userVerified\":true", "\"x\":1"),
        ("\"software\"", "\"Software\""),
        ("\"software\"", "3"),
        ("\"software\"", "null"),
    ] {
        assert_eq!(code(from, to), "um.facets", "{to}");
        let older = WHOLE.replace("0.4", "0.3").replacen(from, to, 1);
        let floors = !from.contains("@id") && !from.contains("name\"");
        assert_eq!(code_of(&older), if floors { "" } else { "um.facets" }, "v0.3 has no floors: {to}");
    }
    each_is_needed(&["\"@id\":\"f1\""], "um.facets");
}

#[test]
fn a_jwe_has_its_members() {
    each_is_needed(
        &[
            "\"protected\":\"p\"",
            "\"iv\":\"i\"",
            "\"ciphertext\":\"c\"",
            "\"tag\":\"t\"",
            "\"recipients\":[{\"header\":{\"kid\":\"k\"}}]",
            "\"header\":{\"kid\":\"k\"}",
            "\"kid\":\"k\"",
        ],
        "um.jwe",
    );
    let recipients = |n: usize| format!("[{}]", vec![r#"{"header":{"kid":"k"}}"#; n].join(","));
    assert_eq!(code(&recipients(1), &recipients(64)), "");
    assert_eq!(code(&recipients(1), &recipients(65)), "um.jwe");
    assert_eq!(code("\"jwe-inline-v1\"", "\"jwe-inline-v2\""), "um.jwe");
    assert_eq!(code("\"entity\":{", "\"e\":{"), "um.jwe");
    assert_eq!(code("\"entity\":null", "\"encryptionProfile\":null"), "um.jwe");
}

#[test]
fn a_claim_has_its_members_and_short_proofs() {
    each_is_needed(&["\"issuer\":\"x\"", "\"attester\":\"a\"", "\"attestationMethod\":\"m\""], "um.claims");
    for (from, to, expected) in [
        ("\"@type\":\"identity.crossDidBinding\"", "\"@type\":\"x\"", ""),
        ("\"@type\":\"identity.crossDidBinding\"", "\"@type\":[\"x\"]", "um.claims"),
        (
            "\"issuedAt\":\"2026-01-01T00:00:00Z\",\"bound",
            "\"issuedAt\":\"2026-02-30T00:00:00Z\",\"bound",
            "um.claims",
        ),
        ("[\"SUBJECT\",\"b\"]", "[\"SUBJECT\"]", "um.claims"),
        ("[\"SUBJECT\",\"b\"]", "[\"a\",\"b\"]", "um.claims"),
        ("[\"SUBJECT\",\"b\"]", "[\"SUBJECT\",1]", "um.claims"),
        ("[\"SUBJECT\",\"b\"]", "{\"a\":\"SUBJECT\",\"b\":1}", "um.claims"),
        ("\"attestedAt\":\"2026-01-01T00:00:00Z\"", "\"x\":1", "um.claims"),
        ("[{\"p\":1}]", "7", "um.claims"),
        ("[{\"p\":1}]", "null", "um.claims"),
        ("[{\"p\":1}]", "[\"urn:x\"]", "um.claims"),
        ("[{\"p\":1}]", "\"urn:x\"", ""),
        ("[{\"p\":1}]", "[]", ""),
        ("{\"mode\":\"sd-jwt-kb\",\"cnfThumbprint\":\"t\"}", "\"sd-jwt-kb\"", "um.claims"),
        ("\"cnfThumbprint\":\"t\"", "\"x\":1", "um.claims"),
        ("\"sd-jwt-kb\"", "\"x\"", "um.claims"),
        ("\"mode\":\"sd-jwt-kb\"", "\"mode\":\"bbs-holder-commitment\",\"commitment\":\"c\"", "um.claims"),
        (
            "\"mode\":\"sd-jwt-kb\"",
            "\"mode\":\"bbs-holder-commitment\",\"commitment\":\"c\",\"proofValue\":\"v\"",
            "",
        ),
    ] {
        assert_eq!(code(from, to), expected, "{to}");
    }
    let proof = |n: usize| format!("{{\"p\":\"{}\"}}", "a".repeat(n - 8));
    assert_eq!(code("{\"p\":1}", &proof(51_200)), "");
    assert_eq!(code("{\"p\":1}", &proof(51_201)), "um.limit");
    assert_eq!(code("{\"p\":1}", &vec![proof(51_200); 10].join(",")), "");
    assert_eq!(code("{\"p\":1}", &format!("{},{}", vec![proof(51_200); 10].join(","), proof(8))), "um.limit");
}

#[test]
fn proofs_that_bind_have_the_members_of_their_type() {
    let linked = r#""bindingProof":{"type":"ZkLinkedSecretProof","cryptosuite":"s","proofPurpose":"p","proofValue":"v","publicInputs":{"commitmentA":"a","commitmentB":"b"}}"#;
    let derived = r#""bindingProof":{"type":"ZkHdDerivationProof","proofSystem":"s","circuit":"c","proofValue":"v","publicInputs":{"publicKeyA":"a","publicKeyB":"b","derivationPathA":"a","derivationPathB":"b"}}"#;
    let ceremony = r#""ceremonyProof":{"type":"ThresholdAttestationProof","threshold":"2-of-3","attesters":["a","b"],"ceremonyId":"c","aggregateProof":"p"}"#;
    let with = |proof: &str| code("\"attester\":\"a\",", &format!("{proof},"));
    for (proof, from, to) in [
        (linked, "ZkLinked", "Zk"),
        (linked, "\"cryptosuite\"", "\"x\""),
        (linked, "\"commitmentB\"", "\"x\""),
        (linked, "publicInputs", "x"),
        (derived, "\"circuit\"", "\"x\""),
        (derived, "\"derivationPathB\"", "\"x\""),
        (derived, "ZkHdDerivationProof", "ZkLinkedSecretProof"),
        (ceremony, "Threshold", "threshold"),
        (ceremony, "2-of-3", "3-of-3"),
        (ceremony, "2-of-3", "1-of-1"),
        (ceremony, "2-of-3", "3-of-2"),
        (ceremony, "2-of-3", "0-of-3"),
        (ceremony, "2-of-3", "2 of 3"),
        (ceremony, "2-of-3", "+2-of-3"),
        (ceremony, "[\"a\",\"b\"]", "[\"a\",\"a\"]"),
        (ceremony, "[\"a\",\"b\"]", "[\"a\",\"\"]"),
        (ceremony, "\"ceremonyId\"", "\"x\""),
    ] {
        assert_eq!(with(proof), "", "with a proof nobody need attest: {proof}");
        assert!(proof.contains(from));
        assert_eq!(with(&proof.replacen(from, to, 1)), "um.claims", "{from} {to}");
    }
}

#[test]
fn consents_and_pointers_have_their_members() {
    each_is_needed(
        &[
            "\"@id\":\"c1\"",
            "\"facetRef\":\"f1\"",
            "\"scope\":[\"read\"]",
            "\"purpose\":\"p\"",
            "\"grantedAt\":\"2026-01-01T00:00:00Z\"",
            "\"expiresAt\":\"2026-01-02T00:00:00Z\"",
        ],
        "um.consents",
    );
    for (from, to, expected) in [
        ("[\"um:Consent\"]", "\"um:Consents\"", "um.consents"),
        ("[\"read\"]", "[\"\"]", "um.consents"),
        ("\"withdrawnAt\":\"2026-01-01T00:00:00Z\"", "\"withdrawnAt\":null", "um.consents"),
        ("[\"\"]", "[1]", "um.consents"),
        ("[\"\"]", "\"\"", "um.consents"),
        ("\"pointers\":[", "\"pointers\":[1,", "um.pointers"),
        ("\"@type\":\"x\",\"target\"", "\"target\"", "um.pointers"),
        ("\"createdAt\":\"2026-01-01T00:00:00Z\"", "\"createdAt\":1", "um.pointers"),
        ("\"delegateType\":\"bot\"", "\"delegateType\":\"robot\"", "um.pointers"),
        ("\"delegatedBy\":\"SUBJECT\"", "\"delegatedBy\":\"did:x:y\"", "um.pointers"),
        ("\"delegatedAt\":\"2026-01-01T00:00:00Z\"", "\"x\":1", "um.pointers"),
        ("\"scope\":[\"s\"]", "\"scope\":\"s\"", "um.pointers"),
        ("\"scope\":[\"s\"]", "\"scope\":[]", ""),
    ] {
        assert_eq!(code(from, to), expected, "{to}");
    }
}

#[test]
fn a_tier_is_only_ever_raised() {
    let floor = "\"requiredTrustTier\":1,\"subject\"";
    for (tier, expected) in [
        ("0", ""),
        ("1.0", ""),
        ("2", "um.tier"),
        ("4", "um.tier"),
        ("-1", "um.tier"),
        ("true", "um.tier"),
        ("\"1\"", "um.tier"),
        ("null", "um.tier"),
        ("0.5", "um.tier"),
    ] {
        assert_eq!(code(floor, &format!("\"requiredTrustTier\":{tier},\"subject\"")), expected, "{tier}");
    }
    assert_eq!(code("\"requiredTrustTier\":1,", ""), "", "a claim without one has the manifest's");
    assert_eq!(code("\"requiredTrustTier\":2", "\"requiredTrustTier\":0"), "um.tier");
}

#[test]
fn proofs_of_presence_have_their_members() {
    for (from, to, expected) in [
        ("\"did-auth\"", "\"x\"", "um.presentation"),
        ("\"challenge\":\"c\"", "\"x\":1", "um.presentation"),
        ("\"audience\":\"a\"", "\"audience\":\"\"", "um.presentation"),
        ("\"created\":\"2026-01-01T00:00:00Z\"", "\"created\":\"now\"", "um.presentation"),
        ("\"proofType\":\"w\"", "\"proofType\":1", "um.liveness"),
        ("\"validUntil\":\"2026-01-01T00:00:00Z\"", "\"x\":1", "um.liveness"),
        ("\"userVerified\":false", "\"userVerified\":0", "um.liveness"),
    ] {
        assert_eq!(code(from, to), expected, "{to}");
        assert_eq!(code_of(&WHOLE.replace("0.4", "0.3").replacen(from, to, 1)), "", "v0.3 has none: {to}");
    }
    for (member, expected) in
        [("presentationProof", "um.presentation"), ("livenessAttestation", "um.liveness")]
    {
        assert_eq!(code(&format!("\"{member}\":{{"), &format!("\"{member}\":[1],\"x\":{{")), expected);
    }
}

#[test]
fn the_first_rule_that_is_broken_names_the_fault() {
    // From the last rule to the first, each beside all that come after it.
    let steps = [
        ("\"proofType\":\"w\"", "\"x\":1", "um.liveness"),
        ("\"did-auth\"", "1", "um.presentation"),
        ("\"requiredTrustTier\":2", "\"requiredTrustTier\":0", "um.tier"),
        ("\"delegateType\":\"bot\"", "\"x\":1", "um.pointers"),
        ("\"purpose\":\"p\"", "\"x\":1", "um.consents"),
        ("\"issuer\":\"x\"", "\"y\":1", "um.claims"),
        ("\"tag\":\"t\"", "\"x\":1", "um.jwe"),
        ("\"name\":\"n\"", "\"name\":1", "um.facets"),
        ("/ns/v0.4", "/ns/v0.5", "um.context"),
        ("\"devices\":[1]", "\"devices\":1", "um.devices"),
    ];
    let mut text = WHOLE.to_owned();
    for (from, to, expected) in steps {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
        assert_eq!(code_of(&text), expected);
    }
}
