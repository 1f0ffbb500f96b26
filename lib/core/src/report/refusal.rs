//! Why a line does not pass, and what is odd about one that does.

use crate::json;
use std::borrow::Cow;

/// Why something was refused. The detail of what is not trusted never repeats what was read: a log may hold it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Refusal {
    /// The boundary code, `family.name`; that of a member which nobody knows has its name in it.
    pub code: Cow<'static, str>,
    pub detail: String,
    /// Its event's name, where that could be read.
    pub event_id: Option<String>,
    /// Whether the line is known to be for everyone, so that a shared log may speak of it.
    pub shared: bool,
}

impl Refusal {
    /// A refusal of something of which nothing is known.
    pub fn new(code: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Refusal {
        Refusal { code: code.into(), detail: detail.into(), event_id: None, shared: false }
    }
}

impl From<json::Error> for Refusal {
    fn from(error: json::Error) -> Refusal {
        Refusal::new(error.fault.code(), error.to_string())
    }
}

/// Something odd about a line that passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The boundary code, `family.name`.
    pub code: &'static str,
    pub detail: String,
}
