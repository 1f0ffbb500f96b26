//! What can go wrong with a pack.

use ulp_core::kind::Kind;

use std::io;
use std::path::PathBuf;

/// A failure that ends the work on a pack. Damage does not: it is told as what it costs.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something that no pack holds: it was made to do harm, or by something else.
    #[error("{member}: {reason}")]
    Unsafe { member: String, reason: String },
    /// More than may be.
    #[error("{member}: {reason}")]
    Limit { member: String, reason: String },
    /// Another format around a pack, or instead of one: its name, and the command that opens it.
    #[error("it is {what}, and opened by: {command}")]
    Foreign { what: &'static str, command: &'static str },
    /// Volumes that hold nothing beside what each must have.
    #[error("--volume-size: manifests and pages alone take {least} bytes")]
    Volume { least: u64 },
    /// Written by a version that knows more than this one.
    #[error("{0}: made by a newer version; update the tools")]
    Newer(String),
    /// A file that says what is held elsewhere, and cannot be understood.
    #[error("{}:{line}: {reason}", path.display())]
    List { path: PathBuf, line: usize, reason: &'static str },
    /// The input or the output.
    #[error("{what}: {source}")]
    Io { what: String, source: io::Error },
    #[error(transparent)]
    Store(#[from] crate::Error),
    /// What the process edge answered, on its way through.
    #[error("{0}")]
    Passed(io::Error),
}

impl Error {
    pub fn io(what: impl Into<String>, source: impl Into<io::Error>) -> Error {
        Error::Io { what: what.into(), source: source.into() }
    }

    pub(crate) fn unsafe_member(member: impl Into<String>, reason: impl Into<String>) -> Error {
        Error::Unsafe { member: member.into(), reason: reason.into() }
    }

    pub(crate) fn limit(member: impl Into<String>, reason: impl Into<String>) -> Error {
        Error::Limit { member: member.into(), reason: reason.into() }
    }

    /// The boundary code, where the pack itself was refused.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Error::Unsafe { .. } | Error::Foreign { .. } => Some("pack.unsafe"),
            Error::Limit { .. } => Some("pack.limit"),
            _ => None,
        }
    }

    /// What the exit status is made of, where it is not a refusal.
    pub fn kind(&self) -> Kind {
        match self {
            Error::Newer(_) => Kind::Corrupt,
            Error::List { .. } | Error::Volume { .. } => Kind::Usage,
            Error::Store(error) => error.kind(),
            Error::Unsafe { .. }
            | Error::Limit { .. }
            | Error::Foreign { .. }
            | Error::Io { .. }
            | Error::Passed(_) => Kind::System,
        }
    }
}
