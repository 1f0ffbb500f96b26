//! Why a run ended early, and the exit statuses.

use std::fmt::Display;
use std::io;
use std::process::ExitCode;

use ulp_core::kind::Kind;

/// What to do about damage in a store.
pub(super) const SEE_CHECK: &str = " (ulp-store check lists what is damaged, ulp(7) says what to do)";

/// How a run ended. Ordered: where several apply, the greatest does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// 0: everything read was accepted.
    #[default]
    Accepted = 0,
    /// 1: done, but something was refused.
    Refused = 1,
    /// 2: an option, or a dotfile, that is not understood.
    Usage = 2,
    /// 3: stored data contradicts its own hash, or was made by a newer version.
    Corrupt = 3,
    /// 4: the system said no.
    System = 4,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> ExitCode {
        ExitCode::from(status as u8)
    }
}

/// Why a run ended before it was done. The text reads `thing: reason`; the tool's name is put before it.
///
/// An `io::Error` that carries a `Failure`, as those of [`super::Output`] do, converts back into it, so that
/// `writeln!(out, …)?` keeps its meaning through functions that know only `Write`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Status 2.
    #[error("{0}")]
    Usage(String),
    /// Status 3.
    #[error("{0}")]
    Corrupt(String),
    /// Status 4.
    #[error("{0}")]
    System(String),
    /// The first rejection under `--strict`: status 1. Its record is in the log already.
    #[error("stopped at the first rejection")]
    Strict,
    /// Whoever read the output went away: no error. A pure filter passes it on and ends quietly; a tool with a
    /// durable effect finishes that first.
    #[error("nobody reads the output")]
    ReaderGone,
}

impl Failure {
    /// A failure of a kind, as `thing: reason`.
    pub fn new(kind: Kind, thing: impl Display, reason: impl Display) -> Failure {
        Failure::of(kind, format!("{thing}: {reason}"))
    }

    /// A failure of a kind, from a message that names its thing already: what the error of a module below says.
    pub fn of(kind: Kind, message: impl Display) -> Failure {
        let message = message.to_string();
        match kind {
            Kind::Usage => Failure::Usage(message),
            Kind::Corrupt => Failure::Corrupt(message),
            Kind::System => Failure::System(message),
        }
    }

    /// Wrong usage: status 2.
    pub fn usage(thing: impl Display, reason: impl Display) -> Failure {
        Failure::new(Kind::Usage, thing, reason)
    }

    /// An I/O error at a path or a stream: status 4, unless the error carries a failure of its own.
    pub fn io(thing: impl Display, error: io::Error) -> Failure {
        match carried(&error) {
            Some(failure) => failure.clone(),
            None => Failure::new(Kind::System, thing, reason(&error)),
        }
    }

    /// The kind, where it is an error.
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Failure::Usage(_) => Some(Kind::Usage),
            Failure::Corrupt(_) => Some(Kind::Corrupt),
            Failure::System(_) => Some(Kind::System),
            Failure::Strict | Failure::ReaderGone => None,
        }
    }

    /// The exit status that this failure asks for.
    pub fn status(&self) -> Status {
        match self {
            Failure::ReaderGone => Status::Accepted,
            Failure::Strict => Status::Refused,
            Failure::Usage(_) => Status::Usage,
            Failure::Corrupt(_) => Status::Corrupt,
            Failure::System(_) => Status::System,
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        match carried(&error) {
            Some(failure) => failure.clone(),
            None => Failure::System(reason(&error)),
        }
    }
}

impl From<ulp_store::Error> for Failure {
    fn from(error: ulp_store::Error) -> Failure {
        let damaged = matches!(error, ulp_store::Error::Damaged { .. });
        let hint = if damaged { SEE_CHECK } else { "" };
        Failure::of(error.kind(), format_args!("{error}{hint}"))
    }
}

impl From<ulp_core::trust::KeyError> for Failure {
    fn from(error: ulp_core::trust::KeyError) -> Failure {
        match error {
            ulp_core::trust::KeyError::Io { path, source } => Failure::io(path.display(), source),
            error @ ulp_core::trust::KeyError::NoKey { .. } => Failure::of(error.kind(), error),
        }
    }
}

/// What an error of a pack says, and what it passed on from the process edge. A pack that was refused is in the log.
impl From<ulp_store::pack::Error> for Failure {
    fn from(error: ulp_store::pack::Error) -> Failure {
        match error {
            ulp_store::pack::Error::Passed(error) => Failure::from(error),
            ulp_store::pack::Error::Io { what, source } => Failure::io(what, source),
            other => Failure::of(other.kind(), other),
        }
    }
}

impl From<Failure> for io::Error {
    fn from(failure: Failure) -> io::Error {
        io::Error::other(failure)
    }
}

/// The failure inside an I/O error, where one was put there.
fn carried(error: &io::Error) -> Option<&Failure> {
    error.get_ref()?.downcast_ref()
}

/// What an I/O error says, without the number that Rust puts after it and what libraries add to that: the thing is
/// named already.
pub(super) fn reason(error: &io::Error) -> String {
    without_number(error.to_string())
}

fn without_number(text: String) -> String {
    match text.split_once(" (os error ") {
        Some((reason, _)) => reason.to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_survives_its_way_through_io_errors() {
        let io: io::Error = Failure::ReaderGone.into();
        assert_eq!(Failure::from(io), Failure::ReaderGone);
    }

    #[test]
    fn a_bare_io_error_is_the_systems() {
        let error = io::Error::from_raw_os_error(28);
        assert_eq!(Failure::io("out.svg", error).to_string(), "out.svg: No space left on device");
        assert_eq!(Failure::from(io::Error::from_raw_os_error(32)).status(), Status::System);
    }
}
