//! `--private-log FILE`: what the shared log does not say.

use std::path::Path;

use crate::Failure;
use crate::private_file::PrivateFile;

#[derive(Debug)]
pub(super) struct PrivateLog {
    file: PrivateFile,
    pub buffer: Vec<u8>,
}

impl PrivateLog {
    pub fn open(path: &Path) -> Result<PrivateLog, Failure> {
        Ok(PrivateLog { file: PrivateFile::open(path)?, buffer: Vec::new() })
    }

    pub fn push_out(&mut self) -> Result<(), Failure> {
        let text = std::mem::take(&mut self.buffer);
        self.file.append(&text)
    }
}
