//! Open Spatial Lab's form: `validation`, signed over the canonical form without it by the key that `issuer` is.

use data_encoding::BASE64URL_NOPAD;
use ulp_core::json::write::Object;
use ulp_core::json::{self, Kind, Tape, Value};
use ulp_core::report::Refusal;
use ulp_core::trust::{Did, SecretKey, Signature, Verifier, signature};

use super::integrity::{ASSERTION, malformed};
use crate::dids::{Dids, Purpose};
use crate::hash::canonical_without;

/// The member that holds it.
pub const VALIDATION: &str = "validation";
const TYPE: &str = "vc-jcs-ed25519";
const MEMBERS: [&str; 4] = ["proofType", "proofPurpose", "verificationMethod", "proofValue"];
/// Characters of 64 bytes in unpadded base64url.
const VALUE_CHARS: usize = 86;

/// The key that signed it: of several keys of its issuer the one under which it holds.
pub fn verify(credential: Value<'_, '_>, verifier: &Verifier, dids: &Dids) -> Result<Did, Refusal> {
    let validation = credential.get(VALIDATION).filter(|validation| validation.kind() == Kind::Object);
    let validation = validation.ok_or_else(|| malformed("validation is not an object"))?;
    let issuer = check_members(validation, credential)?;
    let value = value_of(validation)
        .ok_or_else(|| Refusal::new("signature.value", "proofValue is not 64 bytes in unpadded base64url"));
    let keys = dids.signing_keys(&issuer, Purpose::Credential);
    if keys.is_empty() {
        return Err(Refusal::new("signature.key", "its issuer is no key that can be resolved"));
    }
    let (value, message) = (value?, canonical_without(credential, &[VALIDATION]));
    let verdicts = keys.into_iter().map(|signer| {
        verifier.verify_bytes(message.as_bytes(), &Signature { signer, value }).map(|()| signer)
    });
    let refused = Err(Refusal::new("signature.value", "the signature does not hold"));
    verdicts.reduce(|first, next| if first.is_ok() { first } else { next.or(first) }).unwrap_or(refused)
}

/// Its issuer, which is its `verificationMethod`.
fn check_members(validation: Value<'_, '_>, credential: Value<'_, '_>) -> Result<String, Refusal> {
    let is_string = |name: &&str| validation.get(name).is_some_and(|v| v.kind() == Kind::String);
    if let Some(name) = MEMBERS.iter().find(|name| !is_string(name)) {
        return Err(malformed(&format!("{name} of validation is not a string")));
    }
    let is = |name: &str, word: &str| validation.get(name).is_some_and(|v| v.is_str(word));
    if !is("proofPurpose", ASSERTION) {
        return Err(malformed("proofPurpose is not assertionMethod"));
    }
    let issuer = credential.get("issuer").and_then(Value::as_text).filter(|i| is("verificationMethod", i));
    let issuer = issuer.ok_or_else(|| malformed("verificationMethod is not the issuer"))?;
    if is("proofType", TYPE) {
        return Ok(issuer);
    }
    Err(Refusal::new("signature.algorithm", "proofType is not vc-jcs-ed25519"))
}

fn value_of(validation: Value<'_, '_>) -> Option<[u8; 64]> {
    let text: String = validation.get("proofValue")?.chars().take(VALUE_CHARS + 1).collect();
    BASE64URL_NOPAD.decode(text.as_bytes()).ok()?.try_into().ok()
}

/// Signs a canonical document that has no `validation`.
pub fn sign(bare: &str, key: &SecretKey, issuer: &str) -> Result<String, Refusal> {
    let mut validation = Object::default();
    validation
        .text("proofType", Some(TYPE))
        .text("proofPurpose", Some(ASSERTION))
        .text("verificationMethod", Some(issuer))
        .text("proofValue", Some(&BASE64URL_NOPAD.encode(&key.sign(bare.as_bytes()))));
    let mut tape = Tape::new();
    signature::with_member(tape.parse(bare, json::EVENT_DEPTH)?, VALIDATION, &validation.json())
}
