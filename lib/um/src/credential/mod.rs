//! Credentials: what an issuer says of somebody, in one of three signed forms.
//!
//! | form | member | over what |
//! |---|---|---|
//! | [`Profile::Um`] | `signature` | the canonical form without it, as everything here is signed |
//! | [`Profile::EddsaJcs2022`] | `proof` | SHA-256 of the proof's own options, then of the document (W3C Data Integrity) |
//! | [`Profile::VcJcsEd25519`] | `validation` | the canonical form without it (Open Spatial Lab) |
//!
//! A credential has one of them. Whoever signed it is its issuer where the key is one that its `issuer` lists to assert
//! with. [`claims`] says which of a manifest's claims that makes true.

pub mod claims;
mod integrity;
#[cfg(test)]
mod tests;
mod validation;

use ulp_core::json::{Kind, Value};
use ulp_core::report::Refusal;
use ulp_core::trust::{Did, SIGNATURE, Scratch, SecretKey, Signature, Verifier};

use crate::dids::{Dids, Purpose};

/// How a credential is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// As everything else here.
    Um,
    /// W3C Data Integrity with the cryptosuite `eddsa-jcs-2022`.
    EddsaJcs2022,
    /// Open Spatial Lab's `validation`.
    VcJcsEd25519,
}

/// The profiles, and the member in which each stands.
const PROFILES: [(Profile, &str); 3] = [
    (Profile::Um, SIGNATURE),
    (Profile::EddsaJcs2022, integrity::PROOF),
    (Profile::VcJcsEd25519, validation::VALIDATION),
];

/// Who signed a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The key.
    pub key: Did,
    /// Whether that is a key of its issuer.
    pub by_issuer: bool,
}

/// Whether it has a signature in any form.
pub fn is_signed(credential: Value<'_, '_>) -> bool {
    PROFILES.iter().any(|(_, member)| credential.get(member).is_some())
}

/// The form in which a credential is signed; nothing where it is unsigned.
///
/// # Errors
/// `signature.malformed`: it has two.
pub fn profile(credential: Value<'_, '_>) -> Result<Option<Profile>, Refusal> {
    let mut there = PROFILES.iter().filter(|(_, member)| credential.get(member).is_some());
    match (there.next(), there.next()) {
        (_, Some(_)) => {
            Err(Refusal::new("signature.malformed", "it has two of signature, proof and validation"))
        }
        (first, None) => Ok(first.map(|(profile, _)| *profile)),
    }
}

/// Who issued it: `issuer`, or the `id` of one that says more of itself.
pub fn issuer(credential: Value<'_, '_>) -> Option<String> {
    let issuer = credential.get("issuer")?;
    match issuer.kind() {
        Kind::Object => issuer.get("id")?.as_text(),
        _ => issuer.as_text(),
    }
}

/// Verifies a credential that was read strictly; nothing where it is unsigned.
///
/// # Errors
/// `signature.*`.
pub fn verify(
    credential: Value<'_, '_>,
    verifier: &Verifier,
    dids: &Dids,
    scratch: &mut Scratch,
) -> Result<Option<Signed>, Refusal> {
    let key = match profile(credential)? {
        None => return Ok(None),
        Some(Profile::Um) => verify_um(credential, verifier, dids, scratch)?,
        Some(Profile::EddsaJcs2022) => integrity::verify(credential, verifier, dids)?,
        Some(Profile::VcJcsEd25519) => validation::verify(credential, verifier, dids)?,
    };
    let keys = dids.signing_keys(&issuer(credential).unwrap_or_default(), Purpose::Credential);
    Ok(Some(Signed { key, by_issuer: keys.contains(&key) }))
}

fn verify_um(
    credential: Value<'_, '_>,
    verifier: &Verifier,
    dids: &Dids,
    scratch: &mut Scratch,
) -> Result<Did, Refusal> {
    let resolve = |reference: &str| dids.signing_key(reference, Purpose::Credential);
    let signature = credential.get(SIGNATURE).map(|raw| Signature::of_named(raw, resolve));
    let signature = signature.unwrap_or_else(|| Err(Refusal::new("signature.missing", "unsigned")))?;
    verifier.verify(credential, &signature, scratch)?;
    Ok(signature.signer)
}

/// Signs a credential that was read strictly; gives its canonical form. What it is signed with is replaced. `created`
/// is the time of signing, as RFC 3339.
///
/// # Errors
/// `json.*`: the result is no strict JSON, as where it has become too deep; `signature.malformed`: its issuer has no
/// name; `signature.signer`: its issuer is known, and the key is none of theirs.
pub fn sign(
    credential: Value<'_, '_>,
    profile: Profile,
    key: &SecretKey,
    dids: &Dids,
    created: &str,
) -> Result<String, Refusal> {
    let issuer = issuer(credential)
        .filter(|issuer| !issuer.is_empty())
        .ok_or_else(|| Refusal::new("signature.malformed", "its issuer has no name"))?;
    let method = method(&issuer, key.did(), dids)?;
    let bare = without_any(credential);
    match profile {
        Profile::Um => key.sign_document(&bare, created),
        Profile::EddsaJcs2022 => integrity::sign(&bare, key, &method, created),
        Profile::VcJcsEd25519 => validation::sign(&bare, key, &issuer),
    }
}

/// What the issuer calls the key; the key's own name where nothing is known of the issuer's keys.
fn method(issuer: &str, key: Did, dids: &Dids) -> Result<String, Refusal> {
    let keys = dids.signing_keys(issuer, Purpose::Credential);
    if !keys.is_empty() && !keys.contains(&key) {
        return Err(Refusal::new("signature.signer", "its issuer has other keys"));
    }
    let methods = dids.methods(issuer, Purpose::Credential);
    let own =
        methods.into_iter().find(|method| dids.signing_key(&method.id, Purpose::Credential) == Some(key));
    Ok(own.map_or_else(|| key.key_ref(), |method| method.id))
}

/// The canonical form without any signature.
fn without_any(credential: Value<'_, '_>) -> String {
    let members = PROFILES.map(|(_, member)| member);
    crate::hash::canonical_without(credential, &members)
}
