//! Rule 19, v0.4: a proof that its holder is here now, and one that somebody was there, have their members.

use ulp_core::json::Value;
use ulp_core::report::Refusal;

use super::{Object, is_boolean};
use crate::manifest::Version;

pub fn check_proof(manifest: Value<'_, '_>, version: Version) -> Result<(), Refusal> {
    let Some(proof) = of_v04(manifest, version, "presentationProof") else { return Ok(()) };
    let proof = Object::of(proof, "um.presentation", "presentationProof")?;
    proof.word("proofType", &["sd-jwt-kb", "bbs-derived", "did-auth"])?;
    proof.texts(&["challenge", "audience", "proofValue"])?;
    proof.times(&["created"])
}

pub fn check_liveness(manifest: Value<'_, '_>, version: Version) -> Result<(), Refusal> {
    let Some(liveness) = of_v04(manifest, version, "livenessAttestation") else { return Ok(()) };
    let liveness = Object::of(liveness, "um.liveness", "livenessAttestation")?;
    liveness.texts(&["proofType", "proofValue"])?;
    liveness.times(&["attestedAt", "validUntil"])?;
    liveness.may_have(&["userVerified"], is_boolean, "true or false")
}

fn of_v04<'t, 'a>(manifest: Value<'t, 'a>, version: Version, name: &str) -> Option<Value<'t, 'a>> {
    manifest.get(name).filter(|_| version == Version::V04)
}
