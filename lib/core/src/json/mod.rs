//! Strict I-JSON (RFC 7493) in, canonical JSON (RFC 8785) out.
//!
//! One line is parsed into a *tape*: a flat, reused list of nodes that point into the line. Values borrow the
//! text they stand in, so that what is only carried is never copied. Page "1. The stream contract".

mod canonical;
mod check;
mod keys;
mod line;
mod node;
mod number;
mod passed;
pub mod raw;
mod scan;
mod skim;
mod tape;
mod text;
mod value;
pub mod write;

pub use canonical::{Canonical, key_order, write_canonical, write_if_number, write_number, write_string};
pub use check::is_canonical;
pub use line::{parse_line, parse_text, without_end};
pub use node::Kind;
pub use passed::{Passed, Without};
pub use skim::{Known, Skim};
pub use tape::Tape;
pub use value::Value;

/// Deepest nesting of an event; the outer object is 1.
pub const EVENT_DEPTH: usize = 64;
/// Deepest nesting of a state line.
pub const STATE_DEPTH: usize = 68;
/// Longest event line, in bytes without its line end.
pub const EVENT_BYTES: usize = 1 << 20;
/// Longest state line, in bytes without its line end.
pub const STATE_BYTES: usize = 64 << 20;

/// What a line broke first, in the order of page 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("the line is too long")]
    TooLong,
    #[error("not UTF-8, or a lone surrogate escape")]
    Utf8,
    #[error("not a JSON object")]
    Syntax,
    #[error("the same key twice in one object")]
    DuplicateKey,
    #[error("nested too deep")]
    Depth,
    #[error("not a finite double, or an integer beyond ±(2^53−1)")]
    Number,
}

impl Fault {
    /// The boundary code.
    pub fn code(self) -> &'static str {
        match self {
            Fault::TooLong => "json.too_long",
            Fault::Utf8 => "json.utf8",
            Fault::Syntax => "json.syntax",
            Fault::DuplicateKey => "json.duplicate_key",
            Fault::Depth => "json.depth",
            Fault::Number => "json.number",
        }
    }
}

/// A fault and where it stands in the line, in bytes from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("byte {offset}: {fault}")]
pub struct Error {
    pub fault: Fault,
    pub offset: usize,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod properties;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
