//! `--rejects FILE`: the refused lines, as they came.

use std::path::Path;
use ulp_cli::{Failure, PrivateFile};

/// A file that refused lines are appended to. They may be for nobody's eyes, so it is for its owner alone.
#[derive(Debug)]
pub struct Rejects(PrivateFile);

impl Rejects {
    pub fn open(path: &Path) -> Result<Rejects, Failure> {
        Ok(Rejects(PrivateFile::open(path)?))
    }

    /// Appends one line, whole: others may append beside us.
    pub fn add(&mut self, line: &[u8]) -> Result<(), Failure> {
        self.0.append(&[line, b"\n"].concat())
    }
}
