//! Digests: BLAKE3, which names everything here, and SHA-256, which names media.
//!
//! Each is 32 bytes, printed and parsed as `blake3:<hex>` and `sha256:<hex>` in lower case; the two are inverses.
//!
//! ```
//! use ulp_core::hash::Blake3;
//! let empty = Blake3::of(b"");
//! assert_eq!(empty.to_string(), "blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262");
//! assert_eq!(empty.to_string().parse(), Ok(empty));
//! ```

use std::fmt;
use std::io::Read;
use std::str::FromStr;

use sha2::Digest as _;

/// Bytes of a digest.
pub const BYTES: usize = 32;

/// Text that is no digest of the kind asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not {expected} and 64 lower-case hex digits")]
pub struct Malformed {
    expected: &'static str,
}

/// Declares a digest: its name, how text marks it, and how it is computed.
macro_rules! digest {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $compute:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; BYTES]);

        impl $name {
            /// What stands before the hex digits.
            pub const PREFIX: &'static str = $prefix;

            /// The digest of some bytes.
            pub fn of(bytes: &[u8]) -> $name {
                let compute: fn(&[u8]) -> [u8; BYTES] = $compute;
                $name(compute(bytes))
            }

            /// The 64 hex digits alone, as file names have them.
            pub fn hex(&self) -> String {
                self.0.iter().flat_map(|b| [b >> 4, b & 15]).map(digit).collect()
            }

            /// Reads 64 lower-case hex digits without the prefix.
            pub fn from_hex(text: &str) -> Option<$name> {
                let digits: &[u8; 2 * BYTES] = text.as_bytes().try_into().ok()?;
                let mut bytes = [0; BYTES];
                for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
                    *byte = value(pair[0])? << 4 | value(pair[1])?;
                }
                Some($name(bytes))
            }
        }

        impl FromStr for $name {
            type Err = Malformed;
            fn from_str(text: &str) -> Result<$name, Malformed> {
                let digits = text.strip_prefix($prefix);
                digits.and_then($name::from_hex).ok_or(Malformed { expected: $prefix })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($prefix)?;
                f.write_str(&self.hex())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

digest!(
    /// A BLAKE3 digest: the name of an event, an object, a state, a stream.
    Blake3, "blake3:", |bytes| *blake3::hash(bytes).as_bytes()
);
digest!(
    /// A SHA-256 digest: the name of a media blob.
    Sha256, "sha256:", |bytes| sha2::Sha256::digest(bytes).into()
);

impl Sha256 {
    /// The digest of all that a reader gives, which passes through `buffer`.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn of_reader(mut reader: impl Read, buffer: &mut [u8]) -> std::io::Result<Sha256> {
        let mut hasher = sha2::Sha256::new();
        loop {
            match reader.read(buffer) {
                Ok(0) => return Ok(Sha256(hasher.finalize().into())),
                Ok(count) => hasher.update(&buffer[..count]),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl From<blake3::Hash> for Blake3 {
    fn from(hash: blake3::Hash) -> Blake3 {
        Blake3(*hash.as_bytes())
    }
}

/// The hex digit of a value below 16.
fn digit(value: u8) -> char {
    char::from(if value < 10 { b'0' + value } else { b'a' + value - 10 })
}

/// The value of a lower-case hex digit. Upper case is refused, so that what is spelt with it has one spelling.
pub fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_print_as_they_parse() {
        let sha = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Sha256::of(b"").to_string(), sha);
        assert_eq!(sha.parse(), Ok(Sha256::of(b"")));
        assert_eq!(Blake3::from_hex(&Blake3::of(b"x").hex()), Some(Blake3::of(b"x")));
    }

    #[test]
    fn a_digest_has_one_spelling() {
        let good = Blake3::of(b"x").to_string();
        for bad in
            [good.to_uppercase(), good.replace("blake3", "sha256"), good[..70].into(), format!("{good}0")]
        {
            assert!(bad.parse::<Blake3>().is_err(), "{bad}");
        }
        assert!(
            "blake3:".parse::<Blake3>().is_err()
                && format!("blake3:{}", "é".repeat(32)).parse::<Blake3>().is_err()
        );
    }
}
