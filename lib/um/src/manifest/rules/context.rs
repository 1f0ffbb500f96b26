//! Rule 12: the context is that of the version. It is never fetched, and nothing in it is read.

use ulp_core::json::Value;
use ulp_core::report::Refusal;

use super::hold;
use crate::manifest::Version;

pub fn check(manifest: Value<'_, '_>, version: Version) -> Result<(), Refusal> {
    let wanted = match version {
        Version::V04 => "https://universalmanifest.net/ns/v0.4",
        _ => "https://universalmanifest.net/ns/v0.3",
    };
    let is = manifest
        .get("@context")
        .is_some_and(|context| context.is_str(wanted) || context.items().any(|item| item.is_str(wanted)));
    hold(is, "um.context", "@context is not, and has not, that of its version")
}
