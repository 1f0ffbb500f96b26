//! Project Wycheproof's vectors for Ed25519 (151 cases).

use data_encoding::{BASE64, BASE64URL_NOPAD};
use ulp::trust::{Did, Signature, Verifier};
use wycheproof::TestResult;
use wycheproof::eddsa::{TestName, TestSet};

use super::{run, verdicts};

/// A vector's messages are no JSON, so the verdict itself is asked from the library, which is what the binary calls.
#[test]
fn every_vector_has_its_verdict() {
    let (verifier, mut count) = (Verifier::new(), 0);
    for group in TestSet::load(TestName::Ed25519).unwrap().test_groups {
        let signer = Did(group.key.pk[..].try_into().unwrap());
        for test in group.tests {
            let signature = test.sig[..].try_into().ok().map(|value| Signature { signer, value });
            let holds = signature.is_some_and(|s| verifier.verify_bytes(&test.msg, &s).is_ok());
            assert_eq!(holds, test.result == TestResult::Valid, "{}: {}", test.tc_id, test.comment);
            count += 1;
        }
    }
    assert_eq!(count, 151);
}

/// The same keys and signatures through the binary, over a message that none of them signed.
#[test]
fn no_vector_passes_for_the_signature_of_a_document() {
    let mut documents = Vec::new();
    for group in TestSet::load(TestName::Ed25519).unwrap().test_groups {
        let key = BASE64.encode(&group.der);
        for test in &group.tests {
            let value = BASE64URL_NOPAD.encode(&test.sig);
            documents.push(format!(r#"{{"n":1,"signature":{{"algorithm":"Ed25519","canonicalization":"JCS-RFC8785","publicKeySpkiB64":"{key}","value":"{value}"}}}}"#).into_bytes());
        }
    }
    assert!(verdicts(&[&"--verify"], &documents).iter().all(|code| code == "signature.value"));
}

#[test]
fn its_keys_have_the_names_of_their_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key.pem");
    for group in TestSet::load(TestName::Ed25519).unwrap().test_groups.iter().take(10) {
        std::fs::write(&path, &group.pem).unwrap();
        let did = Did(group.key.pk[..].try_into().unwrap());
        assert_eq!(run("um-key", &[&"did", &path], b"").out, format!("{did}\n"));
    }
}
