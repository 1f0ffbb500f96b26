//! The headers of a recipient: what is protected, what all share, and its own, of which no member stands twice.

use data_encoding::BASE64URL_NOPAD;
use ulp_core::json::{Kind, Value};

use super::{ALGORITHM, ENCRYPTION, PublicKey};

/// The members that are known. Any other could change what a JWE means.
const KNOWN: [&str; 8] = ["alg", "enc", "epk", "apu", "apv", "kid", "typ", "cty"];

/// Headers that belong together.
pub struct Headers<'t, 'a> {
    parts: Vec<Value<'t, 'a>>,
}

impl<'t, 'a> Headers<'t, 'a> {
    /// Headers of which none, where it is there, is anything but an object.
    pub fn of(parts: [Option<Value<'t, 'a>>; 3]) -> Option<Headers<'t, 'a>> {
        let parts: Vec<Value<'t, 'a>> = parts.into_iter().flatten().collect();
        parts.iter().all(|part| part.kind() == Kind::Object).then_some(Headers { parts })
    }

    /// Whether one of them names a key by these digits.
    pub fn names(&self, digits: &str) -> bool {
        let kids = self.parts.iter().filter_map(|part| part.get("kid")?.as_text());
        kids.into_iter().any(|kid| kid.split_once('#').is_some_and(|(_, fragment)| fragment == digits))
    }

    /// The ephemeral key, where everything else is as it should be.
    pub fn ephemeral(&self) -> Option<PublicKey> {
        let is = |name, word| self.get(name).is_some_and(|v| v.is_str(word));
        let is_pair = is("alg", ALGORITHM) && is("enc", ENCRYPTION);
        PublicKey::of_jwk(self.get("epk").filter(|_| is_pair && self.are_known())?)
    }

    /// What a party says of itself, which goes into the key; nothing where it is not base64url.
    pub fn party(&self, name: &str) -> Option<Vec<u8>> {
        let Some(text) = self.get(name) else { return Some(Vec::new()) };
        BASE64URL_NOPAD.decode(text.as_text()?.as_bytes()).ok()
    }

    fn get(&self, name: &str) -> Option<Value<'t, 'a>> {
        self.parts.iter().find_map(|part| part.get(name))
    }

    /// Whether each member is known, of its kind, and there once.
    fn are_known(&self) -> bool {
        let known = KNOWN.iter().map(|name| {
            let there: Vec<Value<'_, '_>> = self.parts.iter().filter_map(|part| part.get(name)).collect();
            let kind = if *name == "epk" { Kind::Object } else { Kind::String };
            (there.len(), there.iter().all(|value| value.kind() == kind))
        });
        let known: Vec<(usize, bool)> = known.collect();
        let all: usize = self.parts.iter().map(|part| part.len()).sum();
        known.iter().all(|(times, is)| *times <= 1 && *is)
            && known.iter().map(|(times, _)| times).sum::<usize>() == all
    }
}
