//! How long to wait before a command is tried again: twice as long each time, give or take a half, so that many caches
//! do not come back to one source together.

use std::time::Duration;

use ulp_cli::{Failure, Now};
use ulp_core::kind::Kind;

/// How often a command is tried in all.
pub const TRIES: u32 = 3;
const FIRST: u64 = 1000;

/// Where the halves come from.
pub struct Pauses {
    seed: [u8; 32],
}

impl Pauses {
    /// With a given clock they are the same each time.
    pub fn new(now: &Now) -> Result<Pauses, Failure> {
        let mut seed = [0; 32];
        if now.given().is_none() {
            getrandom::fill(&mut seed).map_err(|error| Failure::new(Kind::System, "randomness", error))?;
        }
        Ok(Pauses { seed })
    }

    /// The pause after a try, from 0, of what is so called.
    pub fn after(&self, called: &str, tried: u32) -> Duration {
        let mut hasher = blake3::Hasher::new_keyed(&self.seed);
        hasher.update(called.as_bytes()).update(&tried.to_le_bytes());
        let mut bytes = [0; 2];
        hasher.finalize_xof().fill(&mut bytes);
        let base = FIRST << tried;
        Duration::from_millis(base / 2 + base * u64::from(u16::from_le_bytes(bytes)) / u64::from(u16::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_about_twice_the_one_before() {
        let pauses = Pauses { seed: [7; 32] };
        for tried in 0..TRIES {
            let base = Duration::from_secs(1 << tried);
            let pause = pauses.after("home manifest", tried);
            assert!(pause >= base / 2 && pause <= base * 3 / 2, "{pause:?}");
            assert_eq!(pause, pauses.after("home manifest", tried));
        }
    }
}
