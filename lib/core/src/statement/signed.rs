//! Who signed a statement: its `signature`, or the signed frame that is its `proof`.

use super::PEER;
use crate::frame;
use crate::id::Time;
use crate::json::Value;
use crate::report::Refusal;
use crate::trust::authority::Authority;
use crate::trust::{Did, SIGNATURE, Scratch, Signature, Verifier};

/// By whom a statement must be signed, if it is.
pub struct Signers<'r> {
    pub rules: &'r Authority,
    /// When names are bound to keys.
    pub now: Time,
    /// Keys that count for any name that is no DID.
    pub named: &'r dyn Fn(&Did) -> bool,
}

/// Verifies that a statement which passed [`check`](super::check) is signed by the peer that it names, if it is
/// signed. Answers the key.
///
/// # Errors
/// `signature.*`, the first of: malformed, revoked, of another than the peer, one that does not hold;
/// `statement.proof`.
pub fn signer(
    statement: Value<'_, '_>,
    signers: &Signers<'_>,
    verifier: &Verifier,
    scratch: &mut Scratch,
) -> Result<Option<Did>, Refusal> {
    if let Some(raw) = statement.get(SIGNATURE) {
        let signature = Signature::of_event(raw)?;
        signers.hold(&signature.signer, &peer(statement))?;
        verifier.verify(statement, &signature, scratch)?;
        return Ok(Some(signature.signer));
    }
    let Some(frame) = frame::proof(statement)? else { return Ok(None) };
    let mut refusal = Refusal::new("signature.actor", "no key is known of the peer whose frame it is");
    for did in signers.keys(&peer(statement)) {
        match signers.hold(&did, &peer(statement)).and_then(|()| frame.verify(did, verifier)) {
            Ok(()) => return Ok(Some(did)),
            Err(other) => refusal = other,
        }
    }
    Err(refusal)
}

impl Signers<'_> {
    fn hold(&self, signer: &Did, peer: &str) -> Result<(), Refusal> {
        if self.rules.revoked.contains(signer) {
            return Err(Refusal::new("signature.revoked", "the key that signed it is revoked"));
        }
        if !Did::is_did(peer) && (self.named)(signer) {
            return Ok(());
        }
        self.rules.is_named(signer, peer, self.now)
    }

    /// The keys that a peer may have signed a frame with, which does not say so.
    fn keys(&self, peer: &str) -> Vec<Did> {
        match peer.parse() {
            Ok(did) => vec![did],
            Err(_) => self.rules.keys_of(peer).collect(),
        }
    }
}

fn peer(statement: Value<'_, '_>) -> String {
    statement.get(PEER).and_then(Value::as_text).unwrap_or_default()
}
