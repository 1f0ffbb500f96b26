//! Rules 9, 10 and the last part of 13: who signed a manifest, and whether that holds.
//!
//! The signature of v0.3 and v0.4 names its key in `keyRef`. Where that resolves, the key is its DID's, and a key that
//! is embedded must be the same. Where it does not, the embedded key shows that nothing was changed, and no more.

use ulp_core::json::{Canonical, Kind, Value};
use ulp_core::report::Refusal;
use ulp_core::trust::{Did, SIGNATURE, Scratch, Signature};

use super::{Context, Version};
use crate::dids::{self, Purpose};

/// Who signed a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// The key.
    pub key: Did,
    /// The DID whose key that is, where `keyRef` resolves: by it a key is the subject's.
    pub did: Option<String>,
}

impl Signer {
    /// Whether it is a key of the manifest's subject.
    pub fn is_subject(&self, manifest: Value<'_, '_>) -> bool {
        let subject = manifest.get("subject");
        self.did.as_ref().is_some_and(|did| subject.is_some_and(|subject| subject.is_str(did)))
    }
}

/// The members that stand outside what is signed.
pub fn unsigned_members(version: Version) -> &'static [&'static str] {
    match version {
        Version::V04 => &[SIGNATURE, "presentationProof", "postQuantumSignature"],
        _ => &[SIGNATURE],
    }
}

/// The bytes that a manifest's signature is made over.
pub fn signing_input(manifest: Value<'_, '_>, version: Version) -> Vec<u8> {
    let mut input = Vec::with_capacity(manifest.raw().len());
    Canonical::new().write_without_any(manifest, unsigned_members(version), &mut input);
    input
}

/// Whether somebody could be asked about its status.
pub(super) fn names_status(manifest: Value<'_, '_>) -> bool {
    let signature = manifest.get(SIGNATURE);
    let names = |name| signature.is_some_and(|signature| signature.get(name).is_some());
    names("statusRef") || names("revocationCursor")
}

/// The signer, where the version is a signed one.
pub(super) fn check(
    manifest: Value<'_, '_>,
    version: Version,
    context: &Context<'_>,
    scratch: &mut Scratch,
) -> Result<Option<Signer>, Refusal> {
    let Some(raw) = manifest.get(SIGNATURE) else { return unsigned(version) };
    let (signature, did) = match version {
        Version::V01 => return unsigned_object(raw),
        Version::V02 => {
            let signature = Signature::of_document(raw)?;
            let did = raw.get("keyRef").filter(|text| names_a_did_key(*text));
            (signature, did.map(|_| signature.signer.to_string()))
        }
        Version::V03 | Version::V04 => read(raw, context)?,
    };
    context.verifier.verify_without(manifest, unsigned_members(version), &signature, scratch)?;
    Ok(Some(Signer { key: signature.signer, did }))
}

/// Rule 9.
fn unsigned_object(raw: Value<'_, '_>) -> Result<Option<Signer>, Refusal> {
    match raw.kind() {
        Kind::Object => Ok(None),
        _ => Err(Refusal::new("um.signature", "signature is not an object")),
    }
}

fn unsigned(version: Version) -> Result<Option<Signer>, Refusal> {
    match version {
        Version::V01 => Ok(None),
        _ => Err(Refusal::new("signature.missing", "a manifest of version 0.2 is signed")),
    }
}

/// The signature of v0.3 and v0.4, and the DID whose key it is by, where that can be said.
fn read(raw: Value<'_, '_>, context: &Context<'_>) -> Result<(Signature, Option<String>), Refusal> {
    let mut did = None;
    let signature = Signature::of_named(raw, |reference| {
        let key = context.dids.signing_key(reference, Purpose::Manifest)?;
        did = reference.split_once('#').map(|(did, _)| did.to_owned());
        Some(key)
    })?;
    let own = raw.get("keyRef").filter(|reference| names_a_did_key(*reference));
    Ok((signature, own.map(|_| signature.signer.to_string()).or(did)))
}

fn names_a_did_key(reference: Value<'_, '_>) -> bool {
    dids::is_did_key(&reference.chars().take("did:key:".len()).collect::<String>())
}
