//! `--private-log FILE`: what the shared log does not say.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use crate::Failure;
use crate::stdio::Patient;

#[derive(Debug)]
pub(super) struct PrivateLog {
    name: String,
    file: Patient,
    pub buffer: Vec<u8>,
}

impl PrivateLog {
    pub fn open(path: &Path) -> Result<PrivateLog, Failure> {
        let name = path.to_string_lossy().into_owned();
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
        let file = file.map_err(|e| Failure::io(&name, e))?;
        keep_private(&file).map_err(|e| Failure::io(&name, e))?;
        Ok(PrivateLog { name, file: Patient(file), buffer: Vec::new() })
    }

    pub fn push_out(&mut self) -> Result<(), Failure> {
        let text = std::mem::take(&mut self.buffer);
        self.file.write_all(&text).map_err(|e| Failure::io(&self.name, e))
    }
}

/// A file that was there with another mode becomes ours alone before anything private goes in.
fn keep_private(file: &File) -> io::Result<()> {
    let there = file.metadata()?;
    if there.is_file() && there.permissions().mode() & 0o7777 != 0o600 {
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}
