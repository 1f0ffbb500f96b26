//! Where randomness comes from.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use ulp_cli::{Failure, Log, refuse_named_pipe};
use ulp_core::kind::Kind;
use ulp_core::report::{Diagnostic, Outcome};
use ulp_um::draws::{Draws, NoRandomness};
use zeroize::Zeroizing;

/// The system's randomness, or the keystream under a file, which is noted.
pub fn draws(seed: Option<&Path>, log: &mut Log) -> Result<Draws, Failure> {
    let Some(path) = seed else {
        return Ok(Draws::new(|bytes| getrandom::fill(bytes).map_err(|e| NoRandomness(e.to_string()))));
    };
    refuse_named_pipe(path)?;
    let mut key = Zeroizing::new([0; 32]);
    let read = File::open(path).and_then(|mut file| file.read_exact(key.as_mut_slice()));
    read.map_err(|e| Failure::io(path.display(), e))?;
    log.record(&Diagnostic {
        position: None,
        outcome: Outcome::Noted,
        code: "random.seeded".into(),
        shared: true,
        event_id: None,
        detail: "whoever has the file of --random knows what is drawn".to_owned(),
    })?;
    Ok(Draws::seeded(&key))
}

/// A failure of randomness.
pub fn no_randomness(error: NoRandomness) -> Failure {
    Failure::new(Kind::System, "randomness", error)
}
