//! The signature profile of Universal Manifest v0.2: how a signature is spelt, and how one is made.
//!
//! ```json
//! {"algorithm":"Ed25519","canonicalization":"JCS-RFC8785","keyRef":"did:key:z6Mk…#z6Mk…","publicKeySpkiB64":"MCow…","created":"…","value":"…"}
//! ```
//!
//! The input is the object without its top-level `signature`, in canonical form. An event's signature, and each of
//! a witness line's, is exactly `algorithm`, `canonicalization`, `keyRef` and `value`, in one spelling: nobody can
//! mint a second copy of what is signed by changing what is not.

use std::borrow::Cow;

use data_encoding::{BASE64, BASE64URL_NOPAD};

use super::{Did, Instant, SecretKey};
use crate::json::write::Object;
use crate::json::{self, Canonical, Kind, Tape, Value};
use crate::report::Refusal;

/// The member that holds the signature.
pub const SIGNATURE: &str = "signature";
/// The one algorithm.
pub const ALGORITHM: &str = "Ed25519";
/// The one canonical form.
pub const CANONICALIZATION: &str = "JCS-RFC8785";

/// The members of a signature in its exact form.
const EXACT: [&str; 4] = ["algorithm", "canonicalization", "keyRef", "value"];
/// What stands before the 32 bytes of a key in its SubjectPublicKeyInfo: the OID 1.3.101.112 without parameters,
/// and a bit string without unused bits (RFC 8410).
const SPKI_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// Base64 of 44 bytes, padded; base64url of 64 bytes, unpadded.
const SPKI_CHARS: usize = 60;
const VALUE_CHARS: usize = 86;
/// Longest `keyRef` that is looked at, in bytes. One of a did:key has 105.
const MAX_KEY_REF: usize = 128;
/// Longest `keyRef` of another method that anybody is asked about, in bytes.
const MAX_NAME: usize = 2048;
/// How a `keyRef` begins that names a key by itself.
const DID_KEY: &str = "did:key:";

/// A signature that is spelt as it should be. Whether it holds is the [`Verifier`](super::Verifier)'s to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The key that it claims to be by.
    pub signer: Did,
    /// R and S.
    pub value: [u8; 64],
}

impl Signature {
    /// Reads the exact form: the signature of an event, or one of a witness line's.
    ///
    /// # Errors
    /// `signature.malformed`: not exactly the four members, all strings, each in its one spelling;
    /// `signature.algorithm`: another algorithm or canonical form.
    pub fn of_event(value: Value<'_, '_>) -> Result<Signature, Refusal> {
        let strings = value.members().all(|(_, v)| v.kind() == Kind::String);
        let exact =
            strings && value.len() == EXACT.len() && EXACT.iter().all(|name| value.get(name).is_some());
        if !exact {
            return Err(Refusal::new(
                "signature.malformed",
                "it has exactly algorithm, canonicalization, keyRef and value",
            ));
        }
        check_algorithm(value)?;
        let signer = short_text(value, "keyRef", MAX_KEY_REF).and_then(|text| Did::from_key_ref(&text));
        let signer =
            signer.ok_or_else(|| Refusal::new("signature.malformed", "keyRef is not did:key:z6Mk…#z6Mk…"))?;
        let value = read_value(value).ok_or_else(|| {
            Refusal::new("signature.malformed", "value is not 64 bytes in unpadded base64url")
        })?;
        Ok(Signature { signer, value })
    }

    /// Reads the signature of a manifest or of any other document: the key stands in `publicKeySpkiB64`, in a
    /// did:key `keyRef`, or in both. Other members are ignored.
    ///
    /// # Errors
    /// `signature.malformed`: no object, a member that is no string, a `created` that is no time;
    /// `signature.algorithm`; `signature.key`: no key, not an Ed25519 key, or two keys; `signature.value`: not 64
    /// bytes in unpadded base64url.
    pub fn of_document(value: Value<'_, '_>) -> Result<Signature, Refusal> {
        Signature::of_named(value, |_| None)
    }

    /// Reads a signature as [`Signature::of_document`] does, and knows the keys of other names than a did:key by what
    /// `resolve` makes of a `keyRef`.
    ///
    /// # Errors
    /// As [`Signature::of_document`].
    pub fn of_named(
        value: Value<'_, '_>,
        resolve: impl FnOnce(&str) -> Option<Did>,
    ) -> Result<Signature, Refusal> {
        if value.kind() != Kind::Object {
            return Err(Refusal::new("signature.malformed", "not an object"));
        }
        let is_string = |name: &&str| value.get(name).is_none_or(|v| v.kind() == Kind::String);
        let needed = ["algorithm", "canonicalization", "value"];
        if !needed.iter().all(|name| value.get(name).is_some()) {
            return Err(Refusal::new("signature.malformed", "it lacks algorithm, canonicalization or value"));
        }
        if ![needed.as_slice(), &["keyRef", "publicKeySpkiB64", "created"]].concat().iter().all(is_string) {
            return Err(Refusal::new("signature.malformed", "a member of it is not a string"));
        }
        check_algorithm(value)?;
        let signer = signer_of_document(value, resolve)?;
        if value.get("created").is_some() && created(value).is_none() {
            return Err(Refusal::new("signature.malformed", "created is not a time as in RFC 3339"));
        }
        let value = read_value(value)
            .ok_or_else(|| Refusal::new("signature.value", "not 64 bytes in unpadded base64url"))?;
        Ok(Signature { signer, value })
    }
}

impl SecretKey {
    /// Signs an object: its canonical form with a `signature` of exactly the four members that events have. A
    /// `signature` that is there already is replaced.
    ///
    /// # Errors
    /// `json.*`: the text, or what became of it, is no strict I-JSON object of at most 64 levels.
    pub fn sign_object(&self, text: &str) -> Result<String, Refusal> {
        sign_object(self, text, &[SIGNATURE], &[])
    }

    /// Signs an object as [`SecretKey::sign_object`] does, with the public key and the time of signing in its
    /// `signature`, as manifests have them. `created` is printed as RFC 3339.
    ///
    /// # Errors
    /// As [`SecretKey::sign_object`].
    pub fn sign_document(&self, text: &str, created: &str) -> Result<String, Refusal> {
        self.sign_document_without(text, &[SIGNATURE], created)
    }

    /// Signs an object as [`SecretKey::sign_document`] does, over what is left without its top-level members of those
    /// names; they stay in it, but for `signature`.
    ///
    /// # Errors
    /// As [`SecretKey::sign_object`].
    pub fn sign_document_without(
        &self,
        text: &str,
        unsigned: &[&str],
        created: &str,
    ) -> Result<String, Refusal> {
        let spki = spki(&self.did());
        sign_object(self, text, unsigned, &[("publicKeySpkiB64", &spki), ("created", created)])
    }
}

fn check_algorithm(signature: Value<'_, '_>) -> Result<(), Refusal> {
    let is = |name, wanted| signature.get(name).is_some_and(|v| v.is_str(wanted));
    if !is("algorithm", ALGORITHM) {
        return Err(Refusal::new("signature.algorithm", "algorithm is not Ed25519"));
    }
    if !is("canonicalization", CANONICALIZATION) {
        return Err(Refusal::new("signature.algorithm", "canonicalization is not JCS-RFC8785"));
    }
    Ok(())
}

/// The key of a document's signature. A `keyRef` of another method is somebody else's name for the key: where nobody
/// knows it, it is ignored if the key itself is there.
fn signer_of_document(
    signature: Value<'_, '_>,
    resolve: impl FnOnce(&str) -> Option<Did>,
) -> Result<Did, Refusal> {
    let named = match signature.get("keyRef") {
        Some(text) if text.chars().take(DID_KEY.len()).eq(DID_KEY.chars()) => {
            let did = short_text(signature, "keyRef", MAX_KEY_REF).and_then(|text| Did::from_key_ref(&text));
            Some(did.ok_or_else(|| Refusal::new("signature.key", "keyRef is not did:key:z6Mk…#z6Mk…"))?)
        }
        Some(_) => short_text(signature, "keyRef", MAX_NAME).and_then(|name| resolve(&name)),
        None => None,
    };
    let given = match signature.get("publicKeySpkiB64") {
        Some(_) => {
            let did = short_text(signature, "publicKeySpkiB64", SPKI_CHARS).and_then(|text| from_spki(&text));
            let reason = "publicKeySpkiB64 is not an Ed25519 key in padded base64";
            Some(did.ok_or_else(|| Refusal::new("signature.key", reason))?)
        }
        None => None,
    };
    match (named, given) {
        (Some(named), Some(given)) if named != given => {
            Err(Refusal::new("signature.key", "keyRef and publicKeySpkiB64 are not one key"))
        }
        (Some(did), _) | (None, Some(did)) => Ok(did),
        (None, None) => Err(Refusal::new(
            "signature.key",
            "no key in it: neither publicKeySpkiB64 nor a did:key in keyRef",
        )),
    }
}

/// The unescaped text of a member, or `None` where it is longer than anything valid.
fn short_text<'a>(object: Value<'_, 'a>, name: &str, limit: usize) -> Option<Cow<'a, str>> {
    let value = object.get(name)?;
    let text = match value.as_plain_str() {
        Some(text) => Cow::Borrowed(text),
        None => Cow::Owned(value.chars().take(limit + 1).collect()),
    };
    (text.len() <= limit).then_some(text)
}

fn created(signature: Value<'_, '_>) -> Option<Instant> {
    Instant::of(signature.get("created")?)
}

/// R and S. Strict base64url: its alphabet alone, no padding, no spare bits.
fn read_value(signature: Value<'_, '_>) -> Option<[u8; 64]> {
    let text = short_text(signature, "value", VALUE_CHARS).filter(|text| text.len() == VALUE_CHARS)?;
    let mut value = [0; 64];
    BASE64URL_NOPAD.decode_mut(text.as_bytes(), &mut value).ok()?;
    Some(value)
}

fn from_spki(text: &str) -> Option<Did> {
    let der = BASE64.decode(text.as_bytes()).ok()?;
    der.strip_prefix(&SPKI_PREFIX)?.try_into().ok().map(Did)
}

/// A key's SubjectPublicKeyInfo in padded base64.
fn spki(did: &Did) -> String {
    BASE64.encode(&[SPKI_PREFIX.as_slice(), &did.0].concat())
}

/// The text of a signature over `message`, with the members of `more`.
pub(super) fn text(key: &SecretKey, message: &[u8], more: &[(&str, &str)]) -> String {
    let mut object = Object::default();
    object
        .text("algorithm", Some(ALGORITHM))
        .text("canonicalization", Some(CANONICALIZATION))
        .text("keyRef", Some(&key.did().key_ref()))
        .text("value", Some(&BASE64URL_NOPAD.encode(&key.sign(message))));
    for (name, text) in more {
        object.text(name, Some(text));
    }
    object.json()
}

/// The canonical form of an object with `member` in it, in place of one of that name.
///
/// # Errors
/// `json.*`: the result is no strict I-JSON, as where it has become too deep.
pub fn with_member(object: Value<'_, '_>, member: &str, raw: &str) -> Result<String, Refusal> {
    let mut bare = Vec::with_capacity(object.raw().len() + raw.len());
    Canonical::new().write_without(object, member, &mut bare);
    bare.pop();
    let comma = if bare.len() > 1 { "," } else { "" };
    bare.extend_from_slice(format!("{comma}\"{member}\":{raw}}}").as_bytes());
    let mut out = Vec::with_capacity(bare.len());
    json::write_canonical(&String::from_utf8_lossy(&bare), &mut out);
    let out = String::from_utf8(out).expect("canonical JSON of UTF-8 text is UTF-8");
    Tape::new().parse(&out, json::EVENT_DEPTH)?;
    Ok(out)
}

fn sign_object(
    key: &SecretKey,
    object: &str,
    unsigned: &[&str],
    more: &[(&str, &str)],
) -> Result<String, Refusal> {
    let mut tape = Tape::new();
    let object = tape.parse(object, json::EVENT_DEPTH)?;
    let mut message = Vec::with_capacity(object.raw().len());
    Canonical::new().write_without_any(object, unsigned, &mut message);
    with_member(object, SIGNATURE, &text(key, &message, more))
}
