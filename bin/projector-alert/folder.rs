//! Messages as files of a folder: one a message, and the feed. What is there already, as it is to be, is not touched.

use crate::cap;
use crate::told::Told;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::Path;
use ulp_cli::{Failure, Output};

const FEED: &str = "feed.xml";

/// Whether a path names a folder: it ends in `/`, or there is one.
pub fn is_folder(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().ends_with(b"/") || path.is_dir()
}

/// Writes messages into a folder, which is made where it is not there; all that is written goes to `told` as well. The
/// feed comes last: what it tells of is there by then.
///
/// # Errors
/// Where a file cannot be written.
pub fn write(dir: &Path, messages: &[Told<'_>], told: &mut Output) -> Result<(), Failure> {
    make(dir)?;
    for message in messages {
        let text = cap::document(message)?;
        told.write_all(&text)?;
        put(&dir.join(format!("{}.xml", message.message.identifier)), &text)?;
    }
    let mut feed = Vec::new();
    cap::feed(messages, &mut feed)?;
    told.write_all(&feed)?;
    put(&dir.join(FEED), &feed)
}

fn make(dir: &Path) -> Result<(), Failure> {
    match fs::create_dir(dir) {
        Err(error) if !dir.is_dir() => Err(failure(dir, error)),
        _ => Ok(()),
    }
}

/// A file that holds just this, whole or not at all.
fn put(path: &Path, text: &[u8]) -> Result<(), Failure> {
    if holds(path, text) {
        return Ok(());
    }
    let mut file = Output::file(path)?;
    file.write_all(text)?;
    file.seal()?;
    file.commit()
}

/// Whether a regular file holds just this.
fn holds(path: &Path, text: &[u8]) -> bool {
    let there =
        fs::symlink_metadata(path).is_ok_and(|there| there.is_file() && there.len() == text.len() as u64);
    let mut bytes = Vec::with_capacity(text.len());
    there && File::open(path).is_ok_and(|mut file| file.read_to_end(&mut bytes).is_ok()) && bytes == text
}

fn failure(path: &Path, error: std::io::Error) -> Failure {
    Failure::new(ulp_core::kind::Kind::System, path.display().to_string(), error)
}
