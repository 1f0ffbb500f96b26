//! What only some may read: JSON Web Encryption in its general JSON form (RFC 7516), with one algorithm pair.
//!
//! ```json
//! {"ciphertext":"…","iv":"…","protected":"<{"alg":"ECDH-ES+A256KW","enc":"A256GCM"}>",
//!  "recipients":[{"encrypted_key":"…","header":{"epk":{…},"kid":"<did>#<z…>"}}],"tag":"…"}
//! ```
//!
//! The content is encrypted once, with AES-256-GCM under a key of its own and `protected` as what is authenticated
//! beside it. That key is wrapped for each recipient (AES key wrap, RFC 3394) under one that is agreed on with an
//! ephemeral key, over X25519 or P-256, by the Concat KDF (RFC 7518, section 4.6).
//!
//! [`seal`] makes one of what was [`Recipe::draw`]n before; [`open`] reads one. Whatever is odd about one is one
//! answer: [`Closed::Failed`]. Secrets are wiped when they go out of scope.

mod content;
mod header;
mod kdf;
mod key;
mod open;
mod p256;
mod seal;
#[cfg(test)]
mod tests;
mod wrap;
mod x25519;

pub use key::{AGREEMENT, PublicKey, Recipient, SecretKey};
pub use open::{Closed, open};
pub use seal::{Recipe, seal};

/// The one way to agree on a key and wrap with it.
const ALGORITHM: &str = "ECDH-ES+A256KW";
/// The one way to encrypt content.
const ENCRYPTION: &str = "A256GCM";
/// Bytes of a key, whatever it is for.
const KEY: usize = 32;
/// Bytes of an initialization vector and of a tag.
const IV: usize = 12;
const TAG: usize = 16;
/// Bytes of a wrapped key.
const WRAPPED: usize = KEY + 8;
/// Most recipients of a JWE.
pub const MAX_RECIPIENTS: usize = 64;
