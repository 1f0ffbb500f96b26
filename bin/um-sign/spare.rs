//! Names for manifests that have none: random UUIDs (RFC 9562, version 4).

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use ulp_cli::Failure;

/// A source of random UUIDs. Randomness is asked for once; each name is a hash over it and a count.
pub struct Spare {
    seed: [u8; 32],
    given: AtomicU64,
}

impl Spare {
    pub fn new() -> Result<Spare, Failure> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(super::no_randomness)?;
        Ok(Spare { seed, given: AtomicU64::new(0) })
    }

    /// Another name each time, and in each run.
    pub fn urn(&self) -> String {
        let count = self.given.fetch_add(1, Ordering::Relaxed);
        let mut hasher = blake3::Hasher::new_keyed(&self.seed);
        hasher.update(&count.to_le_bytes());
        let mut bytes = [0; 16];
        hasher.finalize_xof().fill(&mut bytes);
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let mut text = "urn:uuid:".to_owned();
        for (i, byte) in bytes.iter().enumerate() {
            let dash = if [4, 6, 8, 10].contains(&i) { "-" } else { "" };
            // Writing to a String cannot fail.
            let _ = write!(text, "{dash}{byte:02x}");
        }
        text
    }
}
