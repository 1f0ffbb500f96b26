//! `--dids DIR`: the documents of DIDs, as files.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use ulp_core::names;
use ulp_um::dids::{Dids, MAX_DOCUMENT};

use super::Failure;

/// Documents that lie in a directory as `<DID>.json`, the DID as names on disk are written; none where no directory is
/// named. One that is not there, or cannot be read, leaves its DID unresolved.
///
/// # Errors
/// Where there is no such directory.
pub fn read_dids(dir: Option<&Path>) -> Result<Dids, Failure> {
    let Some(dir) = dir else { return Ok(Dids::none()) };
    dir.read_dir().map_err(|e| Failure::io(dir.display(), e))?;
    let dir = dir.to_owned();
    Ok(Dids::new(move |did| read(&dir.join(format!("{}.json", names::encode(did))))))
}

/// The bytes of a document, one more than the longest at most.
fn read(path: &Path) -> Option<Vec<u8>> {
    // Anything else, as a named pipe, could wait for ever.
    if !path.metadata().ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(MAX_DOCUMENT as u64 + 1).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}
