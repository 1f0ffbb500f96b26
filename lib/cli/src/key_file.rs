//! `--key FILE`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::private_file::refuse_named_pipe;
use super::{Failure, Log};
use ulp_core::report::{Diagnostic, Outcome};
use ulp_core::trust::key::{self, Sort};
use ulp_core::trust::{KeyError, SecretKey};

/// The bits of a mode that let others than the owner in.
const OTHERS: u32 = 0o077;

/// Reads a key to sign with, and notes in the log where others than its owner may read it too.
///
/// # Errors
/// What [`SecretKey::read`] answers; a named pipe is refused.
pub fn read_key(path: &Path, log: &mut Log) -> Result<SecretKey, Failure> {
    private(path, log, SecretKey::read)
}

/// Reads a key of another sort, as [`read_key`] does.
///
/// # Errors
/// What [`key::read_secret`] answers; a named pipe is refused.
pub fn read_secret<K>(path: &Path, sort: &Sort<K>, log: &mut Log) -> Result<K, Failure> {
    private(path, log, |path| key::read_secret(path, sort))
}

fn private<K>(
    path: &Path,
    log: &mut Log,
    read: impl FnOnce(&Path) -> Result<K, KeyError>,
) -> Result<K, Failure> {
    refuse_named_pipe(path)?;
    let key = read(path)?;
    let there = fs::metadata(path).ok().filter(fs::Metadata::is_file);
    let mode = there.map_or(0, |there| there.permissions().mode() & 0o7777);
    if mode & OTHERS != 0 {
        log.warn(&Diagnostic {
            position: None,
            outcome: Outcome::Noted,
            code: "key.readable".into(),
            shared: true,
            event_id: None,
            detail: format!(
                "{}: mode {mode:04o} lets others in; chmod 600 keeps it its owner's",
                path.display()
            ),
        })?;
    }
    Ok(key)
}
