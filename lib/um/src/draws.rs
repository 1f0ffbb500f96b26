//! What is random: the system's, or the ChaCha20 keystream under a seed, so that a run can be told again.

use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit as _, StreamCipher as _};
use data_encoding::HEXLOWER;

/// Why there is no randomness, in the system's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoRandomness(pub String);

/// Fills some bytes.
type Fill = dyn FnMut(&mut [u8]) -> Result<(), NoRandomness> + Send;

/// Random bytes, one draw after the other.
pub struct Draws {
    fill: Box<Fill>,
}

impl Draws {
    /// Draws from where the caller says.
    pub fn new(fill: impl FnMut(&mut [u8]) -> Result<(), NoRandomness> + Send + 'static) -> Draws {
        Draws { fill: Box::new(fill) }
    }

    /// The ChaCha20 keystream (RFC 8439), counter and nonce 0.
    pub fn seeded(key: &[u8; 32]) -> Draws {
        let mut stream = ChaCha20::new(key.into(), &[0; 12].into());
        Draws::new(move |bytes| {
            bytes.fill(0);
            stream.try_apply_keystream(bytes).map_err(|_| NoRandomness("the keystream has ended".to_owned()))
        })
    }

    /// The next bytes.
    ///
    /// # Errors
    /// Where there are none.
    pub fn fill(&mut self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        (self.fill)(bytes)
    }

    /// A random name (RFC 9562, version 4), `urn:uuid:…`: 16 bytes.
    ///
    /// # Errors
    /// Where there is no randomness.
    pub fn uuid(&mut self) -> Result<String, NoRandomness> {
        let mut bytes = [0; 16];
        self.fill(&mut bytes)?;
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let hex = HEXLOWER.encode(&bytes);
        let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
        Ok(format!("urn:uuid:{}", parts.join("-")))
    }

    /// 16 bytes, as hexadecimal text.
    ///
    /// # Errors
    /// Where there is no randomness.
    pub fn hex16(&mut self) -> Result<String, NoRandomness> {
        let mut bytes = [0; 16];
        self.fill(&mut bytes)?;
        Ok(HEXLOWER.encode(&bytes))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// RFC 8439, appendix A.1, test vectors 1 and 2.
    #[test]
    fn the_keystream_is_that_of_the_rfc() {
        let mut draws = Draws::seeded(&[0; 32]);
        let (mut first, mut rest) = ([0; 5], [1; 91]);
        draws.fill(&mut first).unwrap();
        draws.fill(&mut rest).unwrap();
        assert_eq!(first, [0x76, 0xb8, 0xe0, 0xad, 0xa0]);
        let mut names = Draws::seeded(&[0; 32]);
        assert_eq!(names.uuid().unwrap(), "urn:uuid:76b8e0ad-a0f1-4d90-805d-6ae55386bd28");
        assert_eq!(names.hex16().unwrap(), "bdd219b8a08ded1aa836efcc8b770dc7");
        assert_eq!(rest[59..64], [0x9f, 0x07, 0xe7, 0xbe, 0x55], "the next block follows");
    }
}
