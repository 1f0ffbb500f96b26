//! The kinds of failure that an exit status can tell apart.
//!
//! Each module's error answers `kind()` with one of these, and the process edge turns it into a status: so nothing
//! below that edge knows that a process exists.

/// What sort of failure an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An option, an argument or a dotfile that is not understood.
    Usage,
    /// Stored data contradicts its own hash, or was made by a newer version.
    Corrupt,
    /// The system said no: I/O, a full disk, no permission, no memory.
    System,
}
