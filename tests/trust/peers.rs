//! Project Wycheproof's vectors for Ed25519 (151 cases).

use data_encoding::{BASE64, BASE64URL_NOPAD};
use ulp_core::trust::{Did, Signature, Verifier};
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

/// What is wrong with a signature, as it can be done to another one.
#[derive(Debug)]
enum Fault {
    /// Bytes were cut off the end, or put there.
    Cut(usize),
    Longer(Vec<u8>),
    /// It has another length, and nothing in common with one that holds.
    Other(Vec<u8>),
    /// S is another number modulo 2^256, by this much.
    Added([u8; 32]),
    /// R, or S, is this whatever was signed.
    R([u8; 32]),
    S([u8; 32]),
}

impl Fault {
    /// What makes `bad` of the signature that holds.
    fn between(good: &[u8], bad: &[u8]) -> Vec<Fault> {
        if bad.len() != good.len() {
            let longer = bad.strip_prefix(good).map(|more| Fault::Longer(more.to_vec()));
            let cut = good.starts_with(bad).then(|| Fault::Cut(good.len() - bad.len()));
            return vec![longer.or(cut).unwrap_or(Fault::Other(bad.to_vec()))];
        }
        let (r, s): ([u8; 32], [u8; 32]) = (bad[..32].try_into().unwrap(), bad[32..].try_into().unwrap());
        let mut faults = Vec::new();
        if good[..32] != r {
            faults.push(Fault::R(r));
        } else {
            faults.push(Fault::Added(less(s, good[32..].try_into().unwrap())));
        }
        if good[32..] != s {
            faults.push(Fault::S(s));
        }
        faults
    }

    fn spoil(&self, good: &[u8]) -> Vec<u8> {
        let (r, s) = good.split_at(32);
        match self {
            Fault::Cut(bytes) => good[..good.len() - bytes].to_vec(),
            Fault::Longer(more) => [good, more].concat(),
            Fault::Other(bad) => bad.clone(),
            Fault::Added(by) => [r, &plus(s.try_into().unwrap(), *by)].concat(),
            Fault::R(bad) => [bad, s].concat(),
            Fault::S(bad) => [r, bad].concat(),
        }
    }
}

/// Sum and difference of numbers of 32 bytes, the lowest first, modulo 2^256.
fn plus(a: [u8; 32], b: [u8; 32]) -> [u8; 32] {
    let mut carry = 0;
    std::array::from_fn(|i| {
        let sum = u16::from(a[i]) + u16::from(b[i]) + carry;
        carry = sum >> 8;
        sum.to_le_bytes()[0]
    })
}

fn less(a: [u8; 32], b: [u8; 32]) -> [u8; 32] {
    let mut one = [0; 32];
    one[0] = 1;
    plus(plus(a, b.map(|byte| !byte)), one)
}

/// The vectors' own messages are no documents and their secret keys are nobody's, so what is wrong in each is done to
/// the signature of a document of ours, which held: the binary refuses every one of them.
#[test]
fn every_fault_is_refused_in_a_document_that_held() {
    let whole = super::signed_manifest(1);
    let value = whole.split_once("\"value\":\"").unwrap().1.split('"').next().unwrap();
    let good = BASE64URL_NOPAD.decode(value.as_bytes()).unwrap();
    let (mut cases, mut invalid, mut documents) = (0, 0, Vec::new());
    let mut spoilt = Vec::new();
    for group in TestSet::load(TestName::Ed25519).unwrap().test_groups {
        for test in &group.tests {
            cases += 1;
            let mut canonical = Vec::new();
            let is_document = std::str::from_utf8(&test.msg).is_ok_and(|text| {
                let is = ulp_core::json::parse_text(&mut ulp_core::json::Tape::new(), text).is_ok();
                if is {
                    ulp_core::json::write_canonical(text, &mut canonical);
                }
                is
            });
            documents.extend((is_document && canonical[..] == test.msg[..]).then_some(test.tc_id));
            if test.result == TestResult::Valid {
                continue;
            }
            invalid += 1;
            let twin = group.tests.iter().find(|t| t.msg == test.msg && t.result == TestResult::Valid);
            let faults = match twin {
                Some(twin) => Fault::between(&twin.sig, &test.sig),
                // Nothing to compare it with: its halves stand for themselves.
                None if test.sig.len() == 64 => {
                    vec![
                        Fault::R(test.sig[..32].try_into().unwrap()),
                        Fault::S(test.sig[32..].try_into().unwrap()),
                    ]
                }
                None => vec![Fault::Other(test.sig.to_vec())],
            };
            spoilt.extend(faults.iter().map(|fault| fault.spoil(&good)));
        }
    }
    let lines: Vec<Vec<u8>> =
        spoilt.iter().map(|bad| whole.replace(value, &BASE64URL_NOPAD.encode(bad)).into_bytes()).collect();
    assert!(lines.iter().all(|line| line != whole.as_bytes()));
    assert_eq!(verdicts(&[&"--verify"], &[whole.clone().into_bytes()]), [""]);
    let codes = verdicts(&[&"--verify"], &lines);
    assert!(codes.iter().all(|code| code == "signature.value"), "{codes:?}");
    crate::run::say(&format!(
        "wycheproof: {cases} cases, {} of them signed a document; the faults of {invalid} invalid ones tried \
         on a document in {} ways, all refused",
        documents.len(),
        lines.len()
    ));
    assert_eq!((cases, documents.len()), (151, 0));
    assert!(invalid == 63 && lines.len() >= invalid);
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
