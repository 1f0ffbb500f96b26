//! Which key a name stands for: a did:key names its own; any other DID has a document, which says it.
//!
//! A document's `id` is its DID. It lists its keys by what they are for, under `authentication`, `assertionMethod` or
//! `keyAgreement`: each a method of its own there, or the id of one under `verificationMethod`. A method's key is its
//! `publicKeyMultibase`, or a `publicKeyJwk` of type OKP. Nothing is fetched: documents come from where the caller says.

use data_encoding::BASE64URL_NOPAD;
use ulp_core::json::{self, Kind, Tape, Value};
use ulp_core::trust::Did;

/// Longest document of a DID that is read, in bytes.
pub const MAX_DOCUMENT: usize = 1 << 20;
/// Most characters of a key's text that are looked at: base58 takes time in the square of its length.
const MAX_TEXT: usize = 128;
const DID_KEY: &str = "did:key:";
/// The multicodec of an Ed25519 public key, as an unsigned varint.
const ED25519: [u8; 2] = [0xed, 0x01];

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To sign a manifest: `authentication` or `assertionMethod`.
    Manifest,
    /// To sign a credential: `assertionMethod`.
    Credential,
    /// To be sealed to: `keyAgreement`.
    Sealing,
}

impl Purpose {
    fn relations(self) -> &'static [&'static str] {
        match self {
            Purpose::Manifest => &["authentication", "assertionMethod"],
            Purpose::Credential => &["assertionMethod"],
            Purpose::Sealing => &["keyAgreement"],
        }
    }
}

/// Gives the document of a DID, where there is one.
type Read = dyn Fn(&str) -> Option<Vec<u8>> + Send + Sync;

/// Where the documents of DIDs come from.
pub struct Dids {
    read: Box<Read>,
}

/// A key of a document, as the bytes that its text says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Method {
    /// Its whole id, `did:…#…`.
    pub id: String,
    /// Multicodec and key.
    pub key: Vec<u8>,
}

impl Dids {
    /// No documents: only a did:key resolves.
    pub fn none() -> Dids {
        Dids::new(|_| None)
    }

    /// Documents as `read` gives them for a DID.
    pub fn new(read: impl Fn(&str) -> Option<Vec<u8>> + Send + Sync + 'static) -> Dids {
        Dids { read: Box::new(read) }
    }

    /// The key that a reference, `did:…#…`, names; nothing where it is unresolved.
    pub fn signing_key(&self, reference: &str, purpose: Purpose) -> Option<Did> {
        if is_did_key(reference) {
            return Did::from_key_ref(reference);
        }
        let (did, _) = reference.split_once('#')?;
        let named = self.methods(did, purpose).into_iter().find(|method| method.id == reference)?;
        ed25519(&named.key)
    }

    /// All keys of a DID that sign for that purpose, in the order of its document.
    pub fn signing_keys(&self, did: &str, purpose: Purpose) -> Vec<Did> {
        if is_did_key(did) {
            return did.parse().into_iter().collect();
        }
        self.methods(did, purpose).iter().filter_map(|method| ed25519(&method.key)).collect()
    }

    /// The text of a DID's document, where there is one.
    pub fn document(&self, did: &str) -> Option<String> {
        let bytes = (self.read)(did).filter(|bytes| bytes.len() <= MAX_DOCUMENT)?;
        String::from_utf8(bytes).ok()
    }

    /// The methods that a DID's document lists for a purpose, in its order; none where there is no such document.
    pub fn methods(&self, did: &str, purpose: Purpose) -> Vec<Method> {
        let Some(bytes) = (self.read)(did).filter(|bytes| bytes.len() <= MAX_DOCUMENT) else {
            return Vec::new();
        };
        let mut tape = Tape::new();
        let Ok(text) = std::str::from_utf8(&bytes) else { return Vec::new() };
        let document = match tape.parse(text, json::EVENT_DEPTH) {
            Ok(document) if document.get("id").is_some_and(|id| id.is_str(did)) => document,
            _ => return Vec::new(),
        };
        listed(document, did, purpose)
    }
}

/// Whether a name is a did:key, or refers to one.
pub fn is_did_key(name: &str) -> bool {
    name.starts_with(DID_KEY)
}

/// The multicodec and the key of a multibase text, `z…`.
pub fn multibase(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix('z').filter(|digits| digits.len() <= MAX_TEXT)?;
    bs58::decode(digits).into_vec().ok()
}

fn ed25519(key: &[u8]) -> Option<Did> {
    key.strip_prefix(&ED25519)?.try_into().ok().map(Did)
}

fn listed(document: Value<'_, '_>, did: &str, purpose: Purpose) -> Vec<Method> {
    let all: Vec<Value<'_, '_>> =
        document.get("verificationMethod").into_iter().flat_map(Value::items).collect();
    let entries = purpose.relations().iter().filter_map(|name| document.get(name)).flat_map(Value::items);
    let named = |entry: Value<'_, '_>| {
        let id = whole_id(entry.as_text()?, did);
        all.iter().filter_map(|method| read_method(*method, did)).find(|method| method.id == id)
    };
    let method = |entry: Value<'_, '_>| match entry.kind() {
        Kind::Object => read_method(entry, did),
        _ => named(entry),
    };
    entries.filter_map(method).collect()
}

/// An id of a document may leave out its DID: `#key-1`.
fn whole_id(id: String, did: &str) -> String {
    if id.starts_with('#') { format!("{did}{id}") } else { id }
}

/// A method of a document, where it has an id and a key in one of the two forms. With both it has none: they could
/// say two.
fn read_method(method: Value<'_, '_>, did: &str) -> Option<Method> {
    let id = whole_id(method.get("id")?.as_text()?, did);
    let key = match (method.get("publicKeyMultibase"), method.get("publicKeyJwk")) {
        (Some(text), None) => multibase(&short(text)?)?,
        (None, Some(jwk)) => of_jwk(jwk)?,
        _ => return None,
    };
    Some(Method { id, key })
}

/// The key of a JWK of type OKP (RFC 8037), as its multicodec has it.
fn of_jwk(jwk: Value<'_, '_>) -> Option<Vec<u8>> {
    let is = |name, word| jwk.get(name).is_some_and(|v| v.is_str(word));
    let codec = match () {
        () if !is("kty", "OKP") => return None,
        () if is("crv", "Ed25519") => ED25519,
        () if is("crv", "X25519") => [0xec, 0x01],
        () => return None,
    };
    let key = BASE64URL_NOPAD.decode(short(jwk.get("x")?)?.as_bytes()).ok().filter(|key| key.len() == 32)?;
    Some([&codec[..], &key].concat())
}

fn short(text: Value<'_, '_>) -> Option<String> {
    (text.kind() == Kind::String).then(|| text.chars().take(MAX_TEXT + 2).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use ulp_core::trust::SecretKey;

    fn did(n: u8) -> Did {
        SecretKey::from_seed(&[n; 32]).did()
    }

    fn digits(n: u8) -> String {
        did(n).to_string().split_off(DID_KEY.len())
    }

    fn documents(text: String) -> Dids {
        Dids::new(move |did| (did == "did:web:a.example").then(|| text.clone().into_bytes()))
    }

    #[test]
    fn a_did_key_resolves_by_itself() {
        let dids = Dids::none();
        for purpose in [Purpose::Manifest, Purpose::Credential] {
            assert_eq!(dids.signing_key(&did(1).key_ref(), purpose), Some(did(1)));
            assert_eq!(dids.signing_keys(&did(1).to_string(), purpose), [did(1)]);
        }
        for other in [did(1).to_string(), format!("{}#x", did(1)), "did:web:a.example#k".into(), "k".into()] {
            assert_eq!(dids.signing_key(&other, Purpose::Manifest), None, "{other}");
        }
    }

    #[test]
    fn a_document_says_which_keys_are_for_what() {
        let jwk = BASE64URL_NOPAD.encode(&did(2).0);
        let dids = documents(format!(
            r##"{{"id":"did:web:a.example",
            "verificationMethod":[{{"id":"#k1","publicKeyMultibase":"{one}"}},
                {{"id":"did:web:a.example#k2","publicKeyJwk":{{"kty":"OKP","crv":"Ed25519","x":"{jwk}"}}}},
                {{"id":"#k4","publicKeyMultibase":"{one}","publicKeyJwk":{{}}}}],
            "authentication":["did:web:a.example#k1","#k4","#none"],
            "assertionMethod":["#k2",{{"id":"#k3","publicKeyMultibase":"{three}"}}]}}"##,
            one = digits(1),
            three = digits(3),
        ));
        let key =
            |fragment: &str, purpose| dids.signing_key(&format!("did:web:a.example{fragment}"), purpose);
        for (fragment, manifest, credential) in [
            ("#k1", Some(did(1)), None),
            ("#k2", Some(did(2)), Some(did(2))),
            ("#k3", Some(did(3)), Some(did(3))),
            ("#k4", None, None),
            ("#none", None, None),
            ("", None, None),
        ] {
            assert_eq!(key(fragment, Purpose::Manifest), manifest, "{fragment}");
            assert_eq!(key(fragment, Purpose::Credential), credential, "{fragment}");
            assert_eq!(key(fragment, Purpose::Sealing), None, "{fragment}");
        }
        assert_eq!(dids.signing_keys("did:web:a.example", Purpose::Manifest), [did(1), did(2), did(3)]);
        assert_eq!(dids.signing_keys("did:web:b.example", Purpose::Manifest), []);
    }

    #[test]
    fn a_document_that_is_another_ones_or_is_broken_says_nothing() {
        let whole = format!(
            r##"{{"id":"did:web:a.example","authentication":[{{"id":"#k","publicKeyMultibase":"{}"}}]}}"##,
            digits(1)
        );
        let key = |text: String| documents(text).signing_key("did:web:a.example#k", Purpose::Manifest);
        assert_eq!(key(whole.clone()), Some(did(1)));
        for (from, to) in [
            ("a.example", "b.example"),
            ("{\"id\"", "{\"id\":\"x\",\"id\""),
            ("[{", "{\"a\":{"),
            (":\"z6M", ":\"u6M"),
            (":\"z6M", ":\"z16M"),
            (":\"z6M", ":\"z6MM"),
            (":\"z6M", ":\"z0M"),
        ] {
            assert!(whole.contains(from));
            assert_eq!(key(whole.replace(from, to)), None, "{to}");
        }
        assert_eq!(key(format!("{whole}{}", " ".repeat(MAX_DOCUMENT))), None);
    }
}
