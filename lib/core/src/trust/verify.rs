//! Whether a signature holds.
//!
//! Strict in every respect that implementations differ in ("Taming the many EdDSAs", SSR 2020): the key's bytes are
//! canonical, the key is in the prime-order group, R is of no small order, S < L, and the equation holds without the
//! cofactor. So everybody comes to one verdict, and a batch is nothing but single ones side by side.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use ed25519_dalek::VerifyingKey;

use super::{Did, SIGNATURE, Signature};
use crate::json::{Canonical, Value};
use crate::report::Refusal;

/// Most keys that are remembered. Beyond it they are forgotten: more would be a stranger's way into our memory.
const MAX_KEYS: usize = 4096;

/// Says whether signatures hold. Share one among all threads: it remembers keys that were found good, as looking at
/// a key costs more than one signature.
#[derive(Default)]
pub struct Verifier {
    keys: RwLock<HashMap<Did, VerifyingKey, foldhash::fast::RandomState>>,
}

/// What a thread writes canonical forms into; meant to be reused.
#[derive(Default)]
pub struct Scratch {
    canonical: Canonical,
    message: Vec<u8>,
}

impl Verifier {
    /// A verifier that knows no key yet.
    pub fn new() -> Verifier {
        Verifier::default()
    }

    /// Verifies the signature over an object without its top-level `signature`.
    ///
    /// # Errors
    /// `signature.key`: the signer's key is none; `signature.value`: the signature does not hold.
    pub fn verify(
        &self,
        object: Value<'_, '_>,
        signature: &Signature,
        scratch: &mut Scratch,
    ) -> Result<(), Refusal> {
        self.verify_without(object, &[SIGNATURE], signature, scratch)
    }

    /// Verifies the signature over an object without the top-level members of those names.
    ///
    /// # Errors
    /// As [`Verifier::verify`].
    pub fn verify_without(
        &self,
        object: Value<'_, '_>,
        members: &[&str],
        signature: &Signature,
        scratch: &mut Scratch,
    ) -> Result<(), Refusal> {
        scratch.message.clear();
        scratch.canonical.write_without_any(object, members, &mut scratch.message);
        self.verify_bytes(&scratch.message, signature)
    }

    /// Verifies the signature over some bytes.
    ///
    /// # Errors
    /// As [`Verifier::verify`].
    pub fn verify_bytes(&self, message: &[u8], signature: &Signature) -> Result<(), Refusal> {
        let key = self.key(signature.signer)?;
        let value = ed25519_dalek::Signature::from_bytes(&signature.value);
        key.verify_strict(message, &value)
            .map_err(|_| Refusal::new("signature.value", "the signature does not hold"))
    }

    fn key(&self, did: Did) -> Result<VerifyingKey, Refusal> {
        if let Some(key) = self.keys.read().unwrap_or_else(PoisonError::into_inner).get(&did) {
            return Ok(*key);
        }
        let key = strict_key(did)?;
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= MAX_KEYS {
            keys.clear();
        }
        keys.insert(did, key);
        Ok(key)
    }
}

/// The key of an identity: a point in its one encoding, in the group of prime order, and not its neutral element.
fn strict_key(did: Did) -> Result<VerifyingKey, Refusal> {
    let key = VerifyingKey::from_bytes(&did.0)
        .map_err(|_| Refusal::new("signature.key", "not a point of the curve"))?;
    let point = key.to_edwards();
    if point.compress().to_bytes() != did.0 {
        return Err(Refusal::new("signature.key", "the key is not in its one encoding"));
    }
    if point.is_small_order() {
        return Err(Refusal::new("signature.key", "a key of small order, under which anybody can sign"));
    }
    if !point.is_torsion_free() {
        return Err(Refusal::new("signature.key", "a key of mixed order"));
    }
    Ok(key)
}
