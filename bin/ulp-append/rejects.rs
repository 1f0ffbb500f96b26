//! `--rejects FILE`: the refused lines, as they came.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use ulp_cli::Failure;

/// A file that refused lines are appended to. They may be for nobody's eyes, so it is for its owner alone.
#[derive(Debug)]
pub struct Rejects {
    name: String,
    file: File,
}

impl Rejects {
    pub fn open(path: &Path) -> Result<Rejects, Failure> {
        let name = path.to_string_lossy().into_owned();
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
        Ok(Rejects { file: file.map_err(|e| Failure::io(&name, e))?, name })
    }

    /// Appends one line, whole: others may append beside us.
    pub fn add(&mut self, line: &[u8]) -> Result<(), Failure> {
        let whole = [line, b"\n"].concat();
        self.file.write_all(&whole).map_err(|e| Failure::io(&self.name, e))
    }
}
