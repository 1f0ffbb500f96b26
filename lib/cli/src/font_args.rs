//! The fonts that a tool is told to draw letters in.

use super::Failure;
use clap::Args;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use ulp_view::fonts::{self, File};

/// Longest font file that is read, in bytes.
const LONGEST: u64 = 256 << 20;

/// Fonts for what the built-in one lacks.
#[derive(Args, Clone, Debug, Default)]
pub struct FontArgs {
    /// Draw letters that the built-in font lacks in those of FILE (TTF, OTF, TTC); may be given again
    #[arg(long, value_name = "FILE")]
    pub font: Vec<PathBuf>,
}

impl FontArgs {
    /// The files, in their order.
    ///
    /// # Errors
    /// One that cannot be read; one that is no font is wrong usage.
    pub fn read(&self) -> Result<Vec<File>, Failure> {
        self.font.iter().map(|path| read(path)).collect()
    }
}

fn read(path: &Path) -> Result<File, Failure> {
    let mut bytes = Vec::new();
    let io = |e| Failure::io(path.display(), e);
    std::fs::File::open(path).map_err(io)?.take(LONGEST + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > LONGEST || !fonts::is_font(&bytes) {
        return Err(Failure::usage(path.display(), "no font (TTF, OTF or TTC)"));
    }
    Ok(Arc::new(bytes))
}
