//! ECDH over P-256 (FIPS 186-5, SEC 1).

use p256::ecdh::diffie_hellman;
use p256::elliptic_curve::sec1::ToSec1Point as _;
use p256::{PublicKey, SecretKey};
use zeroize::Zeroizing;

use super::KEY;

/// A secret key of its bytes, big-endian; nothing where they are 0 or not below the order.
pub fn secret(bytes: &[u8; KEY]) -> Option<SecretKey> {
    SecretKey::from_bytes(bytes.into()).ok()
}

/// A point of its compressed form.
pub fn of_compressed(bytes: &[u8]) -> Option<PublicKey> {
    let is_compressed = bytes.len() == KEY + 1 && matches!(bytes[0], 2 | 3);
    PublicKey::from_sec1_bytes(bytes).ok().filter(|_| is_compressed)
}

/// A point of its coordinates.
pub fn of_coordinates(x: &[u8; KEY], y: &[u8; KEY]) -> Option<PublicKey> {
    PublicKey::from_sec1_bytes(&[&[4], &x[..], &y[..]].concat()).ok()
}

/// The compressed form.
pub fn compressed(key: &PublicKey) -> Vec<u8> {
    key.to_sec1_point(true).as_bytes().to_vec()
}

/// The coordinates.
pub fn coordinates(key: &PublicKey) -> (Vec<u8>, Vec<u8>) {
    let point = key.to_sec1_point(false);
    let (x, y) = point.as_bytes()[1..].split_at(KEY);
    (x.to_vec(), y.to_vec())
}

/// The shared secret: the first coordinate of the common point.
pub fn agree(secret: &SecretKey, public: &PublicKey) -> Zeroizing<[u8; KEY]> {
    let shared = diffie_hellman(secret.to_nonzero_scalar(), public.as_affine());
    Zeroizing::new((*shared.raw_secret_bytes()).into())
}
