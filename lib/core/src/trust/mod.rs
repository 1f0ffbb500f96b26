//! Who signed, and may they: keys, one signature profile, Universal Manifests, grants.
//!
//! One profile for everything that is signed: Ed25519 over the canonical form (RFC 8785) of an object without its
//! top-level `signature`, the key named as a `did:key`. [`Verifier`] says whether a signature holds; what stands
//! inside `signature` is not signed, and never loosens anything. The rules about who may sign what are data,
//! [`authority`], which the dotfiles fill. Nothing here knows of events: [`crate::event`] builds on it. Page
//! "6. Trust".
//!
//! ```
//! use ulp_core::json::Tape;
//! use ulp_core::trust::{Scratch, SecretKey, Signature, Verifier};
//! let key = SecretKey::from_seed(&[7; 32]);
//! let signed = key.sign_object(r#"{"operation":"x","n":1}"#)?;
//! let (mut tape, mut scratch) = (Tape::new(), Scratch::default());
//! let object = tape.parse(&signed, 64)?;
//! let signature = Signature::of_event(object.get("signature").ok_or("unsigned")?)?;
//! Verifier::new().verify(object, &signature, &mut scratch)?;
//! assert_eq!(signature.signer, key.did());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod authority;
pub mod cosign;
pub mod did;
mod instant;
pub mod key;
pub mod pem;
pub mod signature;
mod verify;

pub use did::Did;
pub use instant::Instant;
pub use key::{KeyError, MAX_KEY_FILE, NoKey, SecretKey, did_of_file};
pub use signature::{ALGORITHM, CANONICALIZATION, SIGNATURE, Signature};
pub use verify::{Scratch, Verifier};
