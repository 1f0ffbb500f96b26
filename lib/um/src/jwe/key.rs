//! Keys to agree with: X25519 and P-256, as files that OpenSSL reads, and by the names that DIDs give them.

use data_encoding::{BASE64, BASE64URL_NOPAD};
use p256::pkcs8::{DecodePrivateKey as _, DecodePublicKey as _};
use ulp_core::json::Value;
use ulp_core::json::write::Object;
use ulp_core::trust::key::{Need, Sort};
use zeroize::Zeroizing;

use super::{KEY, p256 as curve, x25519};
use crate::dids::{self, Dids, Purpose, multibase};

/// The multicodecs of the two sorts of public keys, as unsigned varints.
const X25519: [u8; 2] = [0xec, 0x01];
const P256: [u8; 2] = [0x80, 0x24];
/// Longest coordinate of a JWK that is looked at, in characters.
const COORDINATE_CHARS: usize = 43;

/// Keys that open what is sealed, as files.
pub const AGREEMENT: Sort<SecretKey> = Sort {
    need: Need { sort: "an X25519 or P-256", maker: "um-seal --generate" },
    algorithms: &["an X25519", "an EC"],
    read: SecretKey::from_pkcs8,
    is_public: |der| p256::PublicKey::from_public_key_der(der).is_ok() || is_spki(der),
};

/// The SPKI of an X25519 key has 12 bytes before it, without parameters (RFC 8410).
fn is_spki(der: &[u8]) -> bool {
    der.len() == 12 + KEY
        && der.starts_with(&[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x03, 0x21, 0x00])
}

/// A key that somebody can be agreed with. It is a point that agrees: of no low order, and on the curve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// Montgomery's u, little-endian.
    X25519([u8; KEY]),
    /// A point of the curve.
    P256(Box<p256::PublicKey>),
}

/// A key to open with, or an ephemeral one. No `Debug`, no `Clone`; wiped when dropped.
pub enum SecretKey {
    /// A scalar as it was drawn.
    X25519(Zeroizing<[u8; KEY]>),
    /// A scalar below the order, and not 0.
    P256(Box<p256::SecretKey>),
}

/// Somebody who is to read something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The key.
    pub key: PublicKey,
    /// Its name: `<did>#<z…>`.
    pub kid: String,
}

impl Recipient {
    /// The key of a DID: its own, or the first that its document lists under `keyAgreement`.
    pub fn of_did(did: &str, dids: &Dids) -> Option<Recipient> {
        let key = match did.strip_prefix("did:key:") {
            Some(digits) => PublicKey::of_multicodec(&multibase(digits)?)?,
            None => {
                let methods = dids.methods(did, Purpose::Sealing);
                methods.iter().find_map(|method| PublicKey::of_multicodec(&method.key))?
            }
        };
        // One key has one spelling, and a did:key with another is none.
        let kid = format!("{did}#{}", key.digits());
        (!dids::is_did_key(did) || did.ends_with(&key.digits())).then_some(Recipient { key, kid })
    }
}

impl PublicKey {
    /// A key of its multicodec and bytes.
    pub fn of_multicodec(bytes: &[u8]) -> Option<PublicKey> {
        if let Some(point) = bytes.strip_prefix(&P256) {
            return curve::of_compressed(point).map(|key| PublicKey::P256(Box::new(key)));
        }
        let point = bytes.strip_prefix(&X25519)?.try_into().ok()?;
        x25519::is_key(&point).then_some(PublicKey::X25519(point))
    }

    /// Its name in multibase: `z6LS…` or `zDn…`.
    pub fn digits(&self) -> String {
        let bytes = match self {
            PublicKey::X25519(point) => [&X25519[..], point].concat(),
            PublicKey::P256(key) => [&P256[..], &curve::compressed(key)].concat(),
        };
        format!("z{}", bs58::encode(bytes).into_string())
    }

    /// Reads a JWK that has the members of its sort and no other.
    pub(super) fn of_jwk(jwk: Value<'_, '_>) -> Option<PublicKey> {
        let is = |name, word| jwk.get(name).is_some_and(|v| v.is_str(word));
        let x = coordinate(jwk, "x")?;
        if jwk.len() == 4 && is("kty", "EC") && is("crv", "P-256") {
            let key = curve::of_coordinates(&x, &coordinate(jwk, "y")?)?;
            return Some(PublicKey::P256(Box::new(key)));
        }
        let is_known = jwk.len() == 3 && is("kty", "OKP") && is("crv", "X25519") && x25519::is_key(&x);
        is_known.then_some(PublicKey::X25519(x))
    }

    /// The JWK.
    pub(super) fn jwk(&self) -> Object {
        let mut jwk = Object::default();
        match self {
            PublicKey::X25519(point) => {
                jwk.text("crv", Some("X25519")).text("kty", Some("OKP"));
                jwk.text("x", Some(&BASE64URL_NOPAD.encode(point)));
            }
            PublicKey::P256(key) => {
                let (x, y) = curve::coordinates(key);
                jwk.text("crv", Some("P-256")).text("kty", Some("EC"));
                jwk.text("x", Some(&BASE64URL_NOPAD.encode(&x))).text("y", Some(&BASE64URL_NOPAD.encode(&y)));
            }
        }
        jwk
    }
}

fn coordinate(jwk: Value<'_, '_>, name: &str) -> Option<[u8; KEY]> {
    let text: String = jwk.get(name)?.chars().take(COORDINATE_CHARS + 1).collect();
    BASE64URL_NOPAD.decode(text.as_bytes()).ok()?.try_into().ok()
}

impl SecretKey {
    /// An X25519 key of 32 bytes of randomness.
    pub fn x25519(bytes: Zeroizing<[u8; KEY]>) -> SecretKey {
        SecretKey::X25519(bytes)
    }

    /// A P-256 key of its scalar, big-endian; nothing where that is 0 or not below the order.
    pub fn p256(bytes: &[u8; KEY]) -> Option<SecretKey> {
        curve::secret(bytes).map(|key| SecretKey::P256(Box::new(key)))
    }

    fn from_pkcs8(der: &[u8]) -> Option<SecretKey> {
        let Some(bytes) = der.strip_prefix(&x25519::PKCS8_PREFIX) else {
            return p256::SecretKey::from_pkcs8_der(der).ok().map(|key| SecretKey::P256(Box::new(key)));
        };
        bytes.try_into().ok().map(|bytes: [u8; KEY]| SecretKey::X25519(Zeroizing::new(bytes)))
    }

    /// An X25519 key as PKCS#8 PEM; nothing for another, which is never made here.
    pub fn to_pem(&self) -> Option<Zeroizing<String>> {
        let SecretKey::X25519(bytes) = self else { return None };
        let der = Zeroizing::new([&x25519::PKCS8_PREFIX[..], bytes.as_slice()].concat());
        let text = Zeroizing::new(BASE64.encode(&der));
        Some(Zeroizing::new(format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", *text)))
    }

    /// The public key.
    pub fn public(&self) -> PublicKey {
        match self {
            SecretKey::X25519(secret) => PublicKey::X25519(x25519::public(secret)),
            SecretKey::P256(secret) => PublicKey::P256(Box::new(secret.public_key())),
        }
    }

    /// The identity of the key.
    pub fn did(&self) -> String {
        format!("did:key:{}", self.public().digits())
    }

    /// The shared secret with a key of the same sort.
    pub(super) fn agree(&self, public: &PublicKey) -> Option<Zeroizing<[u8; KEY]>> {
        match (self, public) {
            (SecretKey::X25519(secret), PublicKey::X25519(point)) => x25519::agree(secret, point),
            (SecretKey::P256(secret), PublicKey::P256(point)) => Some(curve::agree(secret, point)),
            _ => None,
        }
    }
}
