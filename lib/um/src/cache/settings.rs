//! What stands at the top of sources.toml.

use std::fmt;
use std::str::FromStr;
use ulp_core::words;

words!(
    /// Whether an older denial ends where the source allows anew.
    Reopen { Never = "never", Authoritative = "authoritative" }
);
words!(
    /// Whose document has authority: the source's, or the subject's by whatever road.
    Authority { Source = "source", Signature = "signature" }
);
words!(
    /// Whether the source's own documents may go unsigned, as those of v0.1 do.
    Verify { Required = "required", Optional = "optional" }
);

/// How a view is folded, and what it permits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub reopen: Reopen,
    pub authority: Authority,
    pub verify: Verify,
    /// How long a document counts as confirmed, in nanoseconds.
    pub confirm_within: i64,
    /// What may be done while nothing is confirmed, unless a consent denies it.
    pub display: Vec<String>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            reopen: Reopen::Authoritative,
            authority: Authority::Source,
            verify: Verify::Required,
            confirm_within: 900_000_000_000,
            display: Vec::new(),
        }
    }
}
