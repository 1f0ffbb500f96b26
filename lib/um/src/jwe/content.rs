//! The content: AES-256-GCM, with what is authenticated beside it.

use aes_gcm::aead::AeadInOut as _;
use aes_gcm::{Aes256Gcm, KeyInit as _};
use zeroize::Zeroizing;

use super::{IV, KEY, TAG};

/// Encrypts; gives the ciphertext and the tag.
pub fn encrypt(plain: &[u8], beside: &[u8], key: &[u8; KEY], iv: &[u8; IV]) -> (Vec<u8>, [u8; TAG]) {
    let mut text = plain.to_vec();
    let tag = Aes256Gcm::new(key.into())
        .encrypt_inout_detached(&(*iv).into(), beside, text.as_mut_slice().into())
        .expect("no content is as long as GCM's limit of 64 GiB");
    (text, tag.into())
}

/// Decrypts; nothing where anything was changed.
pub fn decrypt(
    text: &[u8],
    beside: &[u8],
    key: &[u8; KEY],
    iv: &[u8; IV],
    tag: &[u8; TAG],
) -> Option<Zeroizing<Vec<u8>>> {
    let mut plain = Zeroizing::new(text.to_vec());
    let cipher = Aes256Gcm::new(key.into());
    let iv = (*iv).into();
    cipher.decrypt_inout_detached(&iv, beside, plain.as_mut_slice().into(), &(*tag).into()).ok()?;
    Some(plain)
}
