//! What can go wrong with a store.

use std::io;
use std::path::{Path, PathBuf};
use ulp_core::kind::Kind;
use ulp_core::scope;

/// A failure of the store, with the path it happened at.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system said no.
    #[error("{}: {}", path.display(), plain(source))]
    Io { path: PathBuf, source: io::Error },
    /// There is a directory, and it is no store.
    #[error("{}: no store, as it has no .ulp-root (ulp-store init makes one)", .0.display())]
    NoStore(PathBuf),
    /// Written by a version that knows more than this one.
    #[error("{}: made by a newer version; update the tools", .0.display())]
    Newer(PathBuf),
    /// Stored data contradicts what is said of it.
    #[error("{}: {code}: {detail}", path.display())]
    Damaged { path: PathBuf, code: &'static str, detail: String },
    /// A symlink, a device, a pipe: something that a store does not hold.
    #[error("{}: store.unsafe: neither a regular file nor a directory where one belongs", .0.display())]
    Unsafe(PathBuf),
    /// The store's own rules are not known.
    #[error(transparent)]
    Rules(scope::Error),
    /// The lock was held for longer than anyone may hold it.
    #[error("{}: held for {seconds} s by process {holder}, which is at work; try again later", path.display())]
    Locked { path: PathBuf, seconds: u64, holder: String },
}

impl Error {
    /// An I/O error at a path.
    pub fn io(path: impl AsRef<Path>, source: impl Into<io::Error>) -> Error {
        Error::Io { path: path.as_ref().to_owned(), source: source.into() }
    }

    /// Damage at a path, under a boundary code.
    pub fn damaged(path: impl AsRef<Path>, code: &'static str, detail: impl Into<String>) -> Error {
        Error::Damaged { path: path.as_ref().to_owned(), code, detail: detail.into() }
    }

    /// Of a store that is not there, how one is made.
    pub(crate) fn hint_at_init(self) -> Error {
        match self {
            Error::Io { path, source } if source.kind() == io::ErrorKind::NotFound => {
                let hint = format!("{} (ulp-store init makes a store)", plain(&source));
                Error::Io { path, source: io::Error::other(hint) }
            }
            other => other,
        }
    }

    /// What the exit status is made of.
    pub fn kind(&self) -> Kind {
        match self {
            Error::Io { .. } | Error::NoStore(_) | Error::Locked { .. } => Kind::System,
            Error::Rules(error) => error.kind(),
            Error::Newer(_) | Error::Damaged { .. } | Error::Unsafe(_) => Kind::Corrupt,
        }
    }
}

impl From<scope::Error> for Error {
    /// What was planted below a store is unsafe there, in the place of a dotfile as in any other.
    fn from(error: scope::Error) -> Error {
        match error {
            scope::Error::Unsafe { path, .. } => Error::Unsafe(path),
            error => Error::Rules(error),
        }
    }
}

/// What an I/O error says, without the number that Rust puts after it.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    match text.rfind(" (os error ") {
        Some(at) if text.ends_with(')') => text[..at].to_owned(),
        _ => text,
    }
}
