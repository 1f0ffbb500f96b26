//! `--key FILE`: what is written here is signed here.

use std::path::Path;
use ulp_cli::{Failure, Log, read_key};
use ulp_core::event::{self, Event, Refusal};
use ulp_core::json::Tape;
use ulp_core::scope::Scope;
use ulp_core::trust::authority::Authority;
use ulp_core::trust::{Did, SecretKey};

/// A key, and for whom it speaks.
pub struct Signer {
    key: SecretKey,
    did: Did,
    authority: Authority,
}

impl Signer {
    /// Reads the key. What names no actor is its own from now on.
    ///
    /// # Errors
    /// The file cannot be read, or holds no private key.
    pub fn read(path: &Path, scope: &mut Scope, log: &mut Log) -> Result<Signer, Failure> {
        let key = read_key(path, log)?;
        let did = key.did();
        scope.sign_as(&did);
        Ok(Signer { key, did, authority: scope.authority() })
    }

    /// Whether it signs an event: a draft, or a whole one whose actor is the key or bound to it. What is signed
    /// already stays as it was signed.
    pub fn signs(&self, came: &Event<'_>) -> bool {
        came.signature.is_none() && (came.is_draft() || self.authority.speaks_for(&self.did, came.actor))
    }

    /// The canonical line of an event that is complete by now, signed. Whether its actor may be spoken for is the
    /// gate's to say.
    ///
    /// # Errors
    /// What is no event any more with a signature in it, as where it has become too deep.
    pub fn sign(&self, event: &Event<'_>) -> Result<String, Refusal> {
        let mut text = Vec::new();
        event.write_canonical(&mut Tape::new(), &mut text);
        event::sign(&String::from_utf8_lossy(&text), &self.key).map_err(|refusal| event.blame(refusal))
    }
}
