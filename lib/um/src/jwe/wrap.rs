//! A key wrapped under another: AES key wrap with 256 bits (RFC 3394).

use aes_kw::{KeyInit as _, KwAes256};
use zeroize::Zeroizing;

use super::{KEY, WRAPPED};

/// Wraps a key.
pub fn wrap(key: &[u8; KEY], under: &[u8; KEY]) -> [u8; WRAPPED] {
    let mut wrapped = [0; WRAPPED];
    KwAes256::new(under.into()).wrap_key(key, &mut wrapped).expect("32 bytes wrap into 40");
    wrapped
}

/// Unwraps a key; nothing where it was wrapped under another, or changed.
pub fn unwrap(wrapped: &[u8], under: &[u8; KEY]) -> Option<Zeroizing<[u8; KEY]>> {
    let wrapped: &[u8; WRAPPED] = wrapped.try_into().ok()?;
    let mut key = Zeroizing::new([0; KEY]);
    KwAes256::new(under.into()).unwrap_key(wrapped, key.as_mut_slice()).ok()?;
    Some(key)
}
