//! How what is sealed is read.

use data_encoding::BASE64URL_NOPAD;
use ulp_core::json::{self, Kind, Tape, Value};
use zeroize::Zeroizing;

use super::header::Headers;
use super::{IV, MAX_RECIPIENTS, SecretKey, TAG, content, kdf, wrap};

/// Why something stays closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// It is no JWE of the one algorithm pair, or was changed.
    Failed,
    /// It is for others.
    NoKey,
}

impl Closed {
    /// The boundary code.
    pub fn code(self) -> &'static str {
        match self {
            Closed::Failed => "jwe.failed",
            Closed::NoKey => "jwe.no_key",
        }
    }
}

/// Opens a JWE with a key.
///
/// # Errors
/// [`Closed`].
pub fn open(jwe: Value<'_, '_>, key: &SecretKey) -> Result<Zeroizing<Vec<u8>>, Closed> {
    let sealed = Sealed::read(jwe).ok_or(Closed::Failed)?;
    let mut tape = Tape::new();
    let protected = tape.parse(&sealed.header, json::EVENT_DEPTH).map_err(|_| Closed::Failed)?;
    let digits = key.public().digits();
    let mut closed = Closed::NoKey;
    for recipient in sealed.recipients {
        let headers = Headers::of([Some(protected), jwe.get("unprotected"), recipient.get("header")]);
        let headers = headers.ok_or(Closed::Failed)?;
        if !headers.names(&digits) {
            continue;
        }
        match sealed.parts.open(&headers, recipient, key) {
            Some(plain) => return Ok(plain),
            None => closed = Closed::Failed,
        }
    }
    Err(closed)
}

/// A JWE whose members are there and well spelt.
struct Sealed<'t, 'a> {
    /// The protected header, as JSON.
    header: String,
    recipients: Vec<Value<'t, 'a>>,
    parts: Parts,
}

/// What is encrypted, and how.
struct Parts {
    /// The protected header, as it stands: what is authenticated beside the content.
    protected: String,
    iv: [u8; IV],
    text: Vec<u8>,
    tag: [u8; TAG],
}

impl<'t, 'a> Sealed<'t, 'a> {
    fn read(jwe: Value<'t, 'a>) -> Option<Sealed<'t, 'a>> {
        // More to authenticate, or the form for one recipient beside that for several: another thing than it seems.
        if ["aad", "header", "encrypted_key"].iter().any(|name| jwe.get(name).is_some()) {
            return None;
        }
        let protected = jwe.get("protected")?.as_text()?;
        let header = String::from_utf8(BASE64URL_NOPAD.decode(protected.as_bytes()).ok()?).ok()?;
        let list = jwe.get("recipients").filter(|list| list.kind() == Kind::Array)?;
        let recipients: Vec<Value<'t, 'a>> = list.items().collect();
        let is_object = |recipient: &Value<'_, '_>| recipient.kind() == Kind::Object;
        if !(1..=MAX_RECIPIENTS).contains(&recipients.len()) || !recipients.iter().all(is_object) {
            return None;
        }
        let parts = Parts {
            protected,
            iv: bytes(jwe, "iv")?.try_into().ok()?,
            text: bytes(jwe, "ciphertext")?,
            tag: bytes(jwe, "tag")?.try_into().ok()?,
        };
        Some(Sealed { header, recipients, parts })
    }
}

impl Parts {
    fn open(
        &self,
        headers: &Headers<'_, '_>,
        recipient: Value<'_, '_>,
        key: &SecretKey,
    ) -> Option<Zeroizing<Vec<u8>>> {
        let shared = key.agree(&headers.ephemeral()?)?;
        let under = kdf::derive(&shared, &headers.party("apu")?, &headers.party("apv")?);
        let content = wrap::unwrap(&bytes(recipient, "encrypted_key")?, &under)?;
        content::decrypt(&self.text, self.protected.as_bytes(), &content, &self.iv, &self.tag)
    }
}

/// The bytes of a member in unpadded base64url, which has one spelling.
fn bytes(object: Value<'_, '_>, name: &str) -> Option<Vec<u8>> {
    BASE64URL_NOPAD.decode(object.get(name)?.as_text()?.as_bytes()).ok()
}
