//! Settings, as TOML: nothing in them is passed over.

use serde::de::DeserializeOwned;

/// Reads settings.
///
/// # Errors
/// The line, and what is not understood there.
pub fn parse_toml<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start.min(text.len()));
        let line = 1 + text.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count();
        format!("line {line}: {}", error.message())
    })
}
