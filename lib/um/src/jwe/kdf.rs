//! The key that a shared secret stands for: Concat KDF (NIST SP 800-56A, RFC 7518, section 4.6.2), one round.

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{ALGORITHM, KEY};

/// The key to wrap with, of 256 bits.
pub fn derive(shared: &[u8; KEY], apu: &[u8], apv: &[u8]) -> Zeroizing<[u8; KEY]> {
    let mut hasher = Sha256::new();
    hasher.update(1u32.to_be_bytes());
    hasher.update(shared);
    for part in [ALGORITHM.as_bytes(), apu, apv] {
        // A header is at most a mebibyte long.
        hasher.update(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        hasher.update(part);
    }
    hasher.update((KEY as u32 * 8).to_be_bytes());
    Zeroizing::new(hasher.finalize().into())
}
