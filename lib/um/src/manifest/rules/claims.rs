//! Rule 16: claims, and how long the proofs beside them may be.

use ulp_core::json::{Canonical, Kind, Value};
use ulp_core::report::Refusal;

use super::{Object, bindings, is_text, items};
use crate::manifest::Version;

const CODE: &str = "um.claims";
/// Longest proof of a claim, and all proofs of a manifest together, in bytes of their canonical form.
const MAX_PROOF: usize = 51_200;
const MAX_PROOFS: usize = 512_000;

pub fn check(manifest: Value<'_, '_>, version: Version) -> Result<(), Refusal> {
    let mut proofs = Proofs::default();
    for claim in items(manifest, "claims") {
        let claim = Object::of(claim, CODE, "a claim")?;
        claim.texts(&["@type", "issuer"])?;
        claim.may_have_times(&["issuedAt", "expiresAt"])?;
        proofs.take(claim)?;
        if claim.value.get("@type").is_some_and(|kind| kind.is_str("identity.crossDidBinding")) {
            check_cross_did(claim, manifest.get("subject"))?;
        }
        if version == Version::V04 {
            bindings::check(claim.value)?;
        }
    }
    Ok(())
}

/// One person's several names, said by an attester or shown by a proof.
fn check_cross_did(claim: Object<'_, '_>, subject: Option<Value<'_, '_>>) -> Result<(), Refusal> {
    let bound = claim.value.get("boundDids").filter(|list| list.len() >= 2 && list.items().all(is_text));
    let Some(bound) = bound.filter(|list| list.kind() == Kind::Array) else {
        return claim.refuse("boundDids is not an array of two or more");
    };
    let subject = subject.and_then(Value::as_text).unwrap_or_default();
    if !bound.items().any(|did| did.is_str(&subject)) {
        return claim.refuse("boundDids does not hold the subject");
    }
    if ["bindingProof", "ceremonyProof"].iter().any(|proof| claim.value.get(proof).is_some()) {
        return claim.may_have_times(&["attestedAt"]);
    }
    claim.texts(&["attester", "attestationMethod"])?;
    claim.times(&["attestedAt"])
}

/// What was seen of a manifest's proofs.
#[derive(Default)]
struct Proofs {
    canonical: Canonical,
    text: Vec<u8>,
    /// The bytes of all so far.
    length: usize,
}

impl Proofs {
    fn take(&mut self, claim: Object<'_, '_>) -> Result<(), Refusal> {
        let Some(proof) = claim.value.get("claimProof") else { return Ok(()) };
        match proof.kind() {
            Kind::Object | Kind::String => self.measure(proof),
            Kind::Array if proof.items().all(|item| item.kind() == Kind::Object) => {
                proof.items().try_for_each(|item| self.measure(item))
            }
            _ => claim.refuse("claimProof is not an object, a string or an array of objects"),
        }
    }

    fn measure(&mut self, proof: Value<'_, '_>) -> Result<(), Refusal> {
        self.text.clear();
        self.canonical.write(proof, &mut self.text);
        self.length += self.text.len();
        if self.text.len() > MAX_PROOF {
            return Err(Refusal::new("um.limit", "a claimProof of more than 51200 bytes"));
        }
        if self.length > MAX_PROOFS {
            return Err(Refusal::new("um.limit", "claimProofs of more than 512000 bytes together"));
        }
        Ok(())
    }
}
