//! Rules 2 to 5.

use ulp_core::json::{Kind, Value};
use ulp_core::report::Refusal;

use super::{has_type, is_text};
use crate::manifest::Version;

/// The versions by what they are called.
const VERSIONS: [(&str, Version); 4] =
    [("0.1", Version::V01), ("0.2", Version::V02), ("0.3", Version::V03), ("0.4", Version::V04)];

/// Rules 2 to 4.
pub fn check(manifest: Value<'_, '_>) -> Result<(), Refusal> {
    let context = manifest.get("@context").is_some_and(|v| match v.kind() {
        Kind::String => is_text(v),
        Kind::Array | Kind::Object => !v.is_empty(),
        _ => false,
    });
    if !context {
        return Err(Refusal::new("um.context", "@context is not a non-empty string, object or array"));
    }
    for (name, code) in [("@id", "um.id"), ("subject", "um.subject")] {
        if !manifest.get(name).is_some_and(is_text) {
            return Err(Refusal::new(code, format!("{name} is not a non-empty string")));
        }
    }
    if !has_type(manifest, "um:Manifest") {
        return Err(Refusal::new("um.type", "@type is not, and has not, um:Manifest"));
    }
    Ok(())
}

/// Rule 5.
pub fn version(manifest: Value<'_, '_>) -> Result<Version, Refusal> {
    let said = manifest.get("manifestVersion");
    let known = VERSIONS.iter().find(|(name, _)| said.is_some_and(|said| said.is_str(name)));
    let unknown =
        || Refusal::new("um.version", "manifestVersion is not \"0.1\", \"0.2\", \"0.3\" or \"0.4\"");
    known.map(|(_, version)| *version).ok_or_else(unknown)
}
