//! Signed frames: Ed25519 over `ulp-radio/1\n` and the frame before the signature, its hops zero.

use super::{Body, Frame, SIGNATURE, refuse};
use crate::report::Refusal;
use crate::trust::{Did, SecretKey, Signature, Verifier};

/// What stands before a frame where it is signed, so that nothing else that is signed is a frame.
const DOMAIN: &[u8] = b"ulp-radio/1\n";

impl Frame {
    /// What is signed of it: the same whether it bears its signature yet or not, and whatever its hops are.
    pub fn message(&self) -> Vec<u8> {
        let mut message = DOMAIN.to_vec();
        self.write_unsigned(0, &mut message);
        message
    }

    /// The same, signed by its peer; a part is left as it is, as what it is a part of bears its own signature.
    pub fn sign(mut self, key: &SecretKey) -> Frame {
        if let Body::Rows(rows) = &mut self.body {
            // The bit that says so is signed too.
            rows.signature = Some([0; SIGNATURE]);
        }
        let signature = key.sign(&self.message());
        if let Body::Rows(rows) = &mut self.body {
            rows.signature = Some(signature);
        }
        self
    }

    /// Verifies the signature under a key.
    ///
    /// # Errors
    /// `signature.missing`: it bears none; `signature.key`: the key is none; `signature.actor`: it is not by that key.
    pub fn verify(&self, did: Did, verifier: &Verifier) -> Result<(), Refusal> {
        let signature = self.rows().and_then(|rows| rows.signature);
        let value = signature.ok_or_else(|| refuse("signature.missing", "the frame is not signed"))?;
        verifier.verify_bytes(&self.message(), &Signature { signer: did, value }).map_err(|refusal| {
            if refusal.code == "signature.value" {
                // Of a frame nothing says who signed it, but for the tag, which anyone can write.
                return refuse("signature.actor", "the frame is not signed by its peer");
            }
            Refusal { shared: true, ..refusal }
        })
    }
}
