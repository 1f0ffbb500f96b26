//! W3C Data Integrity with the cryptosuite `eddsa-jcs-2022` (Data Integrity EdDSA Cryptosuites v1.0, section 3.3).

use ulp_core::hash::Sha256;
use ulp_core::json::write::Object;
use ulp_core::json::{self, Kind, Tape, Value};
use ulp_core::report::Refusal;
use ulp_core::trust::{Did, Instant, SecretKey, Signature, Verifier, signature};

use crate::dids::{Dids, Purpose, multibase};
use crate::hash::{canonical, canonical_without};

/// The member that holds it.
pub const PROOF: &str = "proof";
const TYPE: &str = "DataIntegrityProof";
const SUITE: &str = "eddsa-jcs-2022";
/// The one purpose.
pub const ASSERTION: &str = "assertionMethod";
/// Longest text of a proof's value that is looked at; base58 of 64 bytes has 88 digits at most.
const MAX_VALUE: usize = 89;

/// The key that signed it.
pub fn verify(credential: Value<'_, '_>, verifier: &Verifier, dids: &Dids) -> Result<Did, Refusal> {
    let proof = credential.get(PROOF).filter(|proof| proof.kind() == Kind::Object);
    let proof = proof.ok_or_else(|| malformed("proof is not an object"))?;
    check_members(proof, credential)?;
    let method = proof.get("verificationMethod").and_then(Value::as_text).unwrap_or_default();
    let signer = dids
        .signing_key(&method, Purpose::Credential)
        .ok_or_else(|| Refusal::new("signature.key", "verificationMethod is no key that can be resolved"))?;
    let value = value_of(proof)
        .ok_or_else(|| Refusal::new("signature.value", "proofValue is not z and 64 bytes in base58btc"))?;
    let options = canonical_without(proof, &["proofValue"]);
    let message = message(&options, &canonical_without(credential, &[PROOF]));
    verifier.verify_bytes(&message, &Signature { signer, value })?;
    Ok(signer)
}

fn check_members(proof: Value<'_, '_>, credential: Value<'_, '_>) -> Result<(), Refusal> {
    let names = ["type", "cryptosuite", "created", "verificationMethod", "proofPurpose", "proofValue"];
    if let Some(name) = names.iter().find(|name| !proof.get(name).is_some_and(|v| v.kind() == Kind::String)) {
        return Err(malformed(&format!("{name} of proof is not a string")));
    }
    if proof.get("created").and_then(Instant::of).is_none() {
        return Err(malformed("created of proof is not a time as in RFC 3339"));
    }
    let is = |name: &str, word: &str| proof.get(name).is_some_and(|v| v.is_str(word));
    if !is("proofPurpose", ASSERTION) {
        return Err(malformed("proofPurpose is not assertionMethod"));
    }
    if proof.get("@context").map(canonical) != credential.get("@context").map(canonical) {
        return Err(malformed("@context of proof is not the document's"));
    }
    if is("type", TYPE) && is("cryptosuite", SUITE) {
        return Ok(());
    }
    Err(Refusal::new("signature.algorithm", "not a DataIntegrityProof of eddsa-jcs-2022"))
}

fn value_of(proof: Value<'_, '_>) -> Option<[u8; 64]> {
    let text: String = proof.get("proofValue")?.chars().take(MAX_VALUE + 1).collect();
    multibase(&text)?.try_into().ok()
}

/// What is signed: the hash of the proof's options, then that of the document.
fn message(options: &str, document: &str) -> Vec<u8> {
    [Sha256::of(options.as_bytes()).0, Sha256::of(document.as_bytes()).0].concat()
}

/// Signs a canonical document that has no proof.
pub fn sign(bare: &str, key: &SecretKey, method: &str, created: &str) -> Result<String, Refusal> {
    let mut tape = Tape::new();
    let document = tape.parse(bare, json::EVENT_DEPTH)?;
    let message = message(&options(document, method, created).json(), bare);
    let value = format!("z{}", bs58::encode(key.sign(&message)).into_string());
    let mut proof = options(document, method, created);
    proof.text("proofValue", Some(&value));
    signature::with_member(document, PROOF, &proof.json())
}

/// A proof without its value.
fn options(document: Value<'_, '_>, method: &str, created: &str) -> Object {
    let mut options = Object::default();
    options
        .text("type", Some(TYPE))
        .text("cryptosuite", Some(SUITE))
        .text("created", Some(created))
        .text("verificationMethod", Some(method))
        .text("proofPurpose", Some(ASSERTION))
        .raw("@context", document.get("@context").map(Value::raw));
    options
}

pub(super) fn malformed(reason: &str) -> Refusal {
    Refusal::new("signature.malformed", reason)
}
