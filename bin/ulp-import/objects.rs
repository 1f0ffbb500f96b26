//! `--objects DIR`: images that a drawing brings along, each in a file that is named by its hash, for `ulp-store put`.

use std::fs::Permissions;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use ulp_cli::Failure;
use ulp_core::hash::Sha256;

#[derive(Debug)]
pub struct Objects {
    dir: PathBuf,
}

impl Objects {
    pub fn new(dir: PathBuf) -> Objects {
        Objects { dir }
    }

    /// Writes bytes as DIR/HASH, whole or not at all. What is there already is left as it is.
    pub fn put(&self, bytes: &[u8], hash: Sha256) -> Result<(), Failure> {
        let path = self.dir.join(hash.hex());
        let fail = |error| Failure::io(path.display(), error);
        std::fs::create_dir_all(&self.dir).map_err(fail)?;
        if path.is_file() {
            return Ok(());
        }
        // Opened with the mode that a new file has, so that the system applies the umask.
        let mut builder = tempfile::Builder::new();
        builder.prefix(".ulp-").permissions(Permissions::from_mode(0o666));
        let mut file = builder.tempfile_in(&self.dir).map_err(fail)?;
        file.write_all(bytes).map_err(fail)?;
        file.persist(&path).map(drop).map_err(|error| fail(error.error))
    }
}
