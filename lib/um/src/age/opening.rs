//! The opening of a commitment: what its subject alone has.

use data_encoding::BASE64URL_NOPAD;
use ulp_core::json::{self, Tape, Value};
use zeroize::Zeroizing;

use super::proof;
use crate::day::Day;

/// The day that was committed to, and what it was blinded by. Wiped when dropped; never printed.
pub struct Opening {
    pub(super) day: Day,
    pub(super) blinding: Zeroizing<[u8; 32]>,
}

impl Opening {
    /// Reads `{"birthDate":"…","blinding":"…"}`.
    pub fn parse(text: &str) -> Option<Opening> {
        let mut tape = Tape::new();
        let opening = tape.parse(text, json::EVENT_DEPTH).ok()?;
        let date = Zeroizing::new(opening.get("birthDate").and_then(Value::as_text)?);
        let blinding = Zeroizing::new(opening.get("blinding").and_then(Value::as_text)?);
        let decoded = Zeroizing::new(BASE64URL_NOPAD.decode(blinding.as_bytes()).ok()?);
        let blinding = Zeroizing::new(<[u8; 32]>::try_from(decoded.as_slice()).ok()?);
        proof::is_scalar(&blinding).then_some(())?;
        Some(Opening { day: Day::parse(&date)?, blinding })
    }

    /// Whether it is the opening of that commitment.
    pub fn opens(&self, commitment: &[u8; 32]) -> bool {
        proof::commitment(self) == *commitment
    }
}
