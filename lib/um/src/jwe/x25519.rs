//! X25519 (RFC 7748). A point of low order agrees on nothing with anybody, and is no key.

use x25519_dalek::{X25519_BASEPOINT_BYTES, x25519};
use zeroize::Zeroizing;

use super::KEY;

/// What stands before the 32 bytes of a secret key in its PKCS#8 (RFC 8410), as OpenSSL writes it.
pub const PKCS8_PREFIX: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x04, 0x22, 0x04, 0x20];

/// The public key of a secret one.
pub fn public(secret: &[u8; KEY]) -> [u8; KEY] {
    x25519(*secret, X25519_BASEPOINT_BYTES)
}

/// The shared secret; nothing where it is the same whoever agrees.
pub fn agree(secret: &[u8; KEY], public: &[u8; KEY]) -> Option<Zeroizing<[u8; KEY]>> {
    let shared = Zeroizing::new(x25519(*secret, *public));
    (*shared != [0; KEY]).then_some(shared)
}

/// Whether a point is one to agree with, in its one encoding: others agree on the same, and nothing else would tell
/// that they were changed.
pub fn is_key(public: &[u8; KEY]) -> bool {
    is_reduced(public) && agree(&[1; KEY], public).is_some()
}

/// Whether a number is below 2^255 − 19.
fn is_reduced(public: &[u8; KEY]) -> bool {
    let is_high = public[31] == 0x7f && public[1..31].iter().all(|byte| *byte == 0xff) && public[0] >= 0xed;
    public[31] < 0x80 && !is_high
}
