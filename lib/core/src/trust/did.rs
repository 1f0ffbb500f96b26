//! Identities: `did:key:z6Mk…`, an Ed25519 public key that names itself.
//!
//! The text is `did:key:`, then the multibase letter `z`, then base58btc over the multicodec 0xed01 and the 32
//! bytes of the key (did:key Method v0.7; Multicodec `ed25519-pub`). One key has one spelling.

use std::fmt;
use std::str::FromStr;

/// What every such identity begins with.
const PREFIX: &str = "did:key:z";
/// The multicodec of an Ed25519 public key, as an unsigned varint.
const CODEC: [u8; 2] = [0xed, 0x01];
/// Longest text that is decoded; base58 takes time in the square of its length. A DID's own part has 47 digits.
const MAX_DIGITS: usize = 64;

/// An identity: the bytes of an Ed25519 public key. Whether they are a key that proves anything is the
/// [`Verifier`](super::Verifier)'s to say.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Did(pub [u8; 32]);

/// Text that is no did:key of an Ed25519 key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not did:key:z6Mk… of an Ed25519 key")]
pub struct NoDid;

impl Did {
    /// Reads a key's reference, `did:key:z…#z…` with the same key twice.
    pub fn from_key_ref(text: &str) -> Option<Did> {
        let (did, fragment) = text.split_once('#')?;
        let same = did.strip_prefix("did:key:")? == fragment;
        if same { did.parse().ok() } else { None }
    }

    /// How a signature refers to this key: `did:key:z…#z…`.
    pub fn key_ref(&self) -> String {
        let did = self.to_string();
        let fragment = &did[PREFIX.len() - 1..];
        format!("{did}#{fragment}")
    }

    /// Whether some text is a DID of any method.
    pub fn is_did(text: &str) -> bool {
        text.starts_with("did:")
    }
}

impl FromStr for Did {
    type Err = NoDid;

    fn from_str(text: &str) -> Result<Did, NoDid> {
        let digits = text.strip_prefix(PREFIX).filter(|d| d.len() <= MAX_DIGITS).ok_or(NoDid)?;
        let mut bytes = [0; MAX_DIGITS];
        let length = bs58::decode(digits).onto(&mut bytes[..]).map_err(|_| NoDid)?;
        // A leading zero byte is the only freedom base58 leaves, and the codec stands there.
        let key = bytes.get(..length).and_then(|b| b.strip_prefix(&CODEC)).ok_or(NoDid)?;
        key.try_into().map(Did).map_err(|_| NoDid)
    }
}

impl fmt::Display for Did {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0; 34];
        bytes[..2].copy_from_slice(&CODEC);
        bytes[2..].copy_from_slice(&self.0);
        f.write_str(PREFIX)?;
        f.write_str(&bs58::encode(bytes).into_string())
    }
}

impl fmt::Debug for Did {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first example of the did:key specification.
    const KNOWN: &str = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";

    #[test]
    fn identities_print_as_they_parse() {
        assert_eq!(KNOWN.parse::<Did>().map(|d| d.to_string()).as_deref(), Ok(KNOWN));
        for seed in 0..64 {
            let did = Did([seed * 3; 32]);
            assert_eq!(did.to_string().parse(), Ok(did));
            assert_eq!(Did::from_key_ref(&did.key_ref()), Some(did));
        }
    }

    #[test]
    fn a_key_has_one_spelling() {
        let digits = &KNOWN["did:key:z".len()..];
        let x25519 = "did:key:z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc";
        for bad in [
            "",
            "did:key:",
            "did:key:z",
            digits,
            x25519,
            &format!("did:key:z1{digits}"),
            &format!("did:key:z{digits}1"),
            &format!(" {KNOWN}"),
            &format!("{KNOWN}\n"),
            &KNOWN.replace("did:", "DID:"),
            &KNOWN.replace('z', "u"),
            &KNOWN.replace("2doK", "2doO"),
            &format!("did:key:z{}", "1".repeat(100_000)),
        ] {
            assert_eq!(bad.parse::<Did>(), Err(NoDid), "{bad}");
        }
    }

    #[test]
    fn a_reference_names_its_key_twice() {
        let fragment = &KNOWN["did:key:".len()..];
        assert!(Did::from_key_ref(&format!("{KNOWN}#{fragment}")).is_some());
        for bad in [
            KNOWN.to_owned(),
            format!("{KNOWN}#"),
            format!("{KNOWN}#key-1"),
            format!("{KNOWN}#{KNOWN}"),
            format!("{KNOWN}#{fragment}#{fragment}"),
        ] {
            assert_eq!(Did::from_key_ref(&bad), None, "{bad}");
        }
    }
}
