//! Every bit of what is signed counts.

use ulp_core::json::Tape;

use super::{key, signed_event, signed_manifest, verdicts};

/// Every way to flip one bit of a document that leaves it on one line, with the place of the bit.
fn flips(document: &str) -> Vec<(usize, Vec<u8>)> {
    let flip = |at: usize| {
        let mut bytes = document.as_bytes().to_vec();
        bytes[at / 8] ^= 1 << (at % 8);
        (at, bytes)
    };
    (0..document.len() * 8).map(flip).filter(|(at, bytes)| bytes[at / 8] != b'\n').collect()
}

#[test]
fn every_flipped_bit_of_a_signed_event_is_refused() {
    let flipped = flips(&signed_event(1));
    let documents: Vec<Vec<u8>> = flipped.iter().map(|(_, d)| d.clone()).collect();
    let codes = verdicts(&[&"--verify"], &documents);
    let passed: Vec<_> =
        codes.iter().zip(&flipped).filter(|(code, _)| code.is_empty()).map(|(_, (at, _))| at).collect();
    assert!(passed.is_empty(), "bits {passed:?}");
}

/// In a manifest, names and remarks inside `signature` are not signed: `created`, and which of two ways names the
/// key. A flip there is refused, or changes nothing of what is signed and by whom.
#[test]
fn every_flipped_bit_of_what_a_manifest_says_is_refused() {
    let signed = signed_manifest(1);
    let flipped = flips(&signed);
    let documents: Vec<Vec<u8>> = flipped.iter().map(|(_, d)| d.clone()).collect();
    let codes = verdicts(&[&"--verify", &"--signer", &key(1).did().to_string()], &documents);
    let range = |name: &str| {
        let mut tape = Tape::new();
        let signature = tape.parse(&signed, 64).unwrap().get("signature").unwrap();
        let (found, value) = signature.members().find(|(k, _)| k.is_str(name)).unwrap();
        (found.offset(), value.offset(), value.offset() + value.raw().len())
    };
    let loose = |byte: usize| {
        let inside = |(from, _, to): (usize, usize, usize)| (from..to).contains(&byte);
        let name = |(from, value, _): (usize, usize, usize)| (from..value - 1).contains(&byte);
        inside(range("created")) || name(range("keyRef")) || name(range("publicKeySpkiB64")) || {
            // A keyRef that no longer begins with did:key: is somebody else's name for the key.
            let (_, value, _) = range("keyRef");
            (value + 1..value + 9).contains(&byte)
        }
    };
    for (code, (at, bytes)) in codes.iter().zip(&flipped) {
        assert!(!code.is_empty() || loose(at / 8), "bit {at}: {}", String::from_utf8_lossy(bytes));
    }
    assert!(codes.iter().filter(|c| c.is_empty()).count() < 400, "the loose places are few");
}
