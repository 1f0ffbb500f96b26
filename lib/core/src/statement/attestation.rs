//! Attestations: what a store holds in all, and by which receipts, signed.
//!
//! ```text
//! {"attestation":1,"chain":{"height":3,"last":"blake3:…"},"events":5,"head":"blake3:…","peer":"did:key:z6Mk…",
//!  "seq":1795167010,"signature":{…},"state_root":"blake3:…","versions":{"grants":1,"protocol":1,"receipt":1,"state":1}}
//! ```

use super::values::{count, digest, is_word, word};
use super::{PEER, Sort, check, wrong};
use crate::hash::Blake3;
use crate::json::Value;
use crate::json::write::Members;
use crate::report::Refusal;

/// The version of attestations that this version writes and reads.
pub const VERSION: u64 = 1;
/// The longest nonce, in bytes.
pub const LONGEST_NONCE: usize = 128;

/// What a store holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attestation {
    pub peer: String,
    pub versions: Versions,
    /// The history root of the store.
    pub head: Blake3,
    pub state_root: Blake3,
    /// How many events that is of.
    pub events: u64,
    /// Its receipts, where it keeps any.
    pub chain: Option<Chain>,
    /// When it was said, in seconds since 1970.
    pub seq: u32,
    /// What was asked to be in it.
    pub nonce: Option<String>,
}

/// The versions that a peer speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions {
    pub protocol: u64,
    pub state: u64,
    pub receipt: u64,
    pub grants: u64,
}

impl Versions {
    /// Those of this version. `state` is the derivation that snapshots name too.
    pub const OURS: Versions =
        Versions { protocol: 1, state: 1, receipt: super::receipt::VERSION, grants: 1 };

    /// Whether what such a peer says of its receipts can be judged.
    pub fn judges_chains(&self) -> bool {
        (self.receipt, self.grants) == (Versions::OURS.receipt, Versions::OURS.grants)
    }

    /// Whether such a peer derives the same states.
    pub fn derives_alike(&self) -> bool {
        self.state == Versions::OURS.state
    }
}

/// A chain of receipts, by its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Nothing where it has no receipt.
    pub last: Option<Blake3>,
    pub height: u64,
}

impl Attestation {
    /// The line that is to be signed.
    pub fn print(&self) -> String {
        let mut out = Vec::new();
        let mut line = Members::open(&mut out);
        line.integer("attestation", VERSION, &mut out);
        if let Some(chain) = &self.chain {
            line.name("chain", &mut out);
            let mut object = Members::open(&mut out);
            object.integer("height", chain.height, &mut out);
            match chain.last {
                Some(last) => object.word("last", last, &mut out),
                None => object.raw("last", Some("null"), &mut out),
            }
            object.close(&mut out);
        }
        line.integer("events", self.events, &mut out);
        line.word("head", self.head, &mut out);
        if let Some(nonce) = &self.nonce {
            line.word("nonce", nonce, &mut out);
        }
        line.text(PEER, &self.peer, &mut out);
        line.integer("seq", self.seq, &mut out);
        line.word("state_root", self.state_root, &mut out);
        line.name("versions", &mut out);
        let mut versions = Members::open(&mut out);
        versions.integer("grants", self.versions.grants, &mut out);
        versions.integer("protocol", self.versions.protocol, &mut out);
        versions.integer("receipt", self.versions.receipt, &mut out);
        versions.integer("state", self.versions.state, &mut out);
        versions.close(&mut out);
        line.close(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    /// Reads an attestation; its signature is not verified.
    ///
    /// # Errors
    /// As [`check`]; `attest.version`: of another version of attestations or of the protocol.
    pub fn read(object: Value<'_, '_>) -> Result<Attestation, Refusal> {
        if check(object)? != Sort::Attestation {
            return Err(wrong("statement.attestation", "it is missing"));
        }
        let read = Attestation::members(object);
        let (version, read) = read.ok_or_else(|| wrong("statement.attestation", "it cannot be read"))?;
        if version != VERSION || read.versions.protocol != Versions::OURS.protocol {
            return Err(wrong("attest.version", "of a protocol that this version does not know"));
        }
        Ok(read)
    }

    fn members(object: Value<'_, '_>) -> Option<(u64, Attestation)> {
        let version = count(object.get("attestation")?)?;
        let optional = |name| object.get(name);
        let read = Attestation {
            peer: object.get(PEER)?.as_text()?,
            versions: versions(object.get("versions")?)?,
            head: digest(object.get("head")?)?,
            state_root: digest(object.get("state_root")?)?,
            events: count(object.get("events")?)?,
            chain: optional("chain").map_or(Some(None), |value| chain(value).map(Some))?,
            seq: u32::try_from(count(object.get("seq")?)?).ok()?,
            nonce: optional("nonce").map_or(Some(None), |value| nonce(value).map(Some))?,
        };
        Some((version, read))
    }
}

/// Whether a text may be a nonce: up to 128 letters of base64url.
pub fn is_nonce(text: &str) -> bool {
    text.len() <= LONGEST_NONCE && is_word(text)
}

pub(super) fn nonce(value: Value<'_, '_>) -> Option<String> {
    word(value).filter(|text| is_nonce(text)).map(str::to_owned)
}

pub(super) fn chain(value: Value<'_, '_>) -> Option<Chain> {
    let (last, height) = (value.get("last")?, count(value.get("height")?)?);
    let last = if last.is_null() { None } else { Some(digest(last)?) };
    (value.len() == 2 && last.is_some() == (height > 0)).then_some(Chain { last, height })
}

pub(super) fn versions(value: Value<'_, '_>) -> Option<Versions> {
    let version = |name| count(value.get(name)?).filter(|n| *n > 0);
    let (protocol, state) = (version("protocol")?, version("state")?);
    let (receipt, grants) = (version("receipt")?, version("grants")?);
    (value.len() == 4).then_some(Versions { protocol, state, receipt, grants })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Tape;
    use crate::trust::SecretKey;

    fn read(line: &str) -> Result<Attestation, String> {
        let mut tape = Tape::new();
        Attestation::read(tape.parse(line, 64).map_err(|_| "json".to_owned())?)
            .map_err(|refusal| refusal.code.into_owned())
    }

    #[test]
    fn an_attestation_reads_as_it_prints_signed_or_not() {
        let key = SecretKey::from_seed(&[1; 32]);
        let whole = Attestation {
            peer: key.did().to_string(),
            versions: Versions::OURS,
            head: Blake3::of(b"head"),
            state_root: Blake3::of(b"state"),
            events: 7,
            chain: Some(Chain { last: Some(Blake3::of(b"last")), height: 3 }),
            seq: 1_795_167_010,
            nonce: Some("AAECAwQFBgcICQoLDA0ODw".to_owned()),
        };
        let bare = Attestation { chain: None, nonce: None, ..whole.clone() };
        let empty = Attestation { chain: Some(Chain { last: None, height: 0 }), ..whole.clone() };
        for one in [&whole, &bare, &empty] {
            let line = one.print();
            assert!(crate::json::is_canonical(&line));
            assert_eq!(read(&line).as_ref(), Ok(one));
            assert_eq!(read(&key.sign_object(&line).unwrap_or_default()).as_ref(), Ok(one));
        }
        let line = whole.print();
        for (from, to, code) in [
            ("\"height\":3", "\"height\":0", "statement.chain"),
            ("\"seq\":", "\"seq\":4", "statement.seq"),
            ("\"events\":7", "\"events\":7,\"more\":1", "statement.more"),
            ("\"events\":7,", "", "statement.events"),
            ("\"grants\":1", "\"grants\":1,\"x\":1", "statement.versions"),
            ("AAEC", "AA C", "statement.nonce"),
            ("\"protocol\":1", "\"protocol\":2", "attest.version"),
            ("\"attestation\":1", "\"attestation\":2", "attest.version"),
        ] {
            assert_eq!(read(&line.replace(from, to)), Err(code.to_owned()), "{to}");
        }
    }
}
