//! Files that a run only adds to, for their owner's eyes alone: `--private-log`, `--rejects`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use super::Failure;
use super::stdio::Patient;

/// A file that what is private is appended to, or something else that is there and takes it.
#[derive(Debug)]
pub struct PrivateFile {
    name: String,
    file: Patient,
}

impl PrivateFile {
    /// Opens the file, or makes it. One that others could read becomes its owner's alone first.
    ///
    /// # Errors
    /// Where the system says no; a named pipe is refused, as it would wait for a reader.
    pub fn open(path: &Path) -> Result<PrivateFile, Failure> {
        refuse_named_pipe(path)?;
        let name = path.to_string_lossy().into_owned();
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
        let file = file.map_err(|e| Failure::io(&name, e))?;
        keep_private(&file).map_err(|e| Failure::io(&name, e))?;
        Ok(PrivateFile { name, file: Patient(file) })
    }

    /// Appends some lines, whole: others may append beside us.
    ///
    /// # Errors
    /// The system's.
    pub fn append(&mut self, lines: &[u8]) -> Result<(), Failure> {
        self.file.write_all(lines).map_err(|e| Failure::io(&self.name, e))
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

/// Refuses a pipe that has a name: opening it waits until someone opens its other end. The pipes between processes,
/// as /dev/stderr may be one, have no name to come back to.
///
/// # Errors
/// Where it is one.
pub fn refuse_named_pipe(path: &Path) -> Result<(), Failure> {
    let is_pipe = fs::metadata(path).is_ok_and(|there| there.file_type().is_fifo());
    if is_pipe && fs::canonicalize(path).is_ok() {
        let reason = io::Error::other("a named pipe, which could wait for ever");
        return Err(Failure::io(path.display(), reason));
    }
    Ok(())
}
