//! Where randomness comes from, and keys that are made of it.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;

use ulp_cli::{Failure, Log, Output, Status, Witness, refuse_named_pipe};
use ulp_core::kind::Kind;
use ulp_core::report::{Diagnostic, Outcome};
use ulp_core::trust::key::create_private;
use ulp_um::draws::{Draws, NoRandomness};
use ulp_um::jwe::SecretKey;
use zeroize::Zeroizing;

use crate::Args;

/// Makes a key, and prints its DID.
pub fn generate(args: &Args, log: &mut Log) -> Result<Status, Failure> {
    // Before a key is made: one whose DID nobody was told would be of little use.
    let mut out = Output::stdout()?;
    let mut bytes = Zeroizing::new([0; 32]);
    draws(args.random.as_deref(), log)?.fill(bytes.as_mut_slice()).map_err(no_randomness)?;
    let key = SecretKey::x25519(bytes);
    if let (Some(path), Some(pem)) = (&args.output.output, key.to_pem()) {
        create_private(path, pem.as_bytes())?;
    }
    writeln!(out, "{}", key.did())?;
    log.finish(Some(out), &Witness::default())
}

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
        detail: "whoever has the file of --random can open what is sealed".to_owned(),
    })?;
    Ok(Draws::seeded(&key))
}

/// A failure of randomness.
pub fn no_randomness(error: NoRandomness) -> Failure {
    Failure::new(Kind::System, "randomness", error)
}
