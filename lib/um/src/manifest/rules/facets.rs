//! Rule 14: facets, and in v0.4 the floors below which they are not shown.

use std::collections::HashSet;

use ulp_core::json::Value;
use ulp_core::report::Refusal;

use super::{Object, is_boolean, is_string, items};
use crate::manifest::Version;

const CODE: &str = "um.facets";

pub fn check(manifest: Value<'_, '_>, version: Version) -> Result<(), Refusal> {
    let mut ids = HashSet::new();
    for facet in items(manifest, "facets") {
        let facet = Object::of(facet, CODE, "a facet")?;
        facet.texts(&["@id"])?;
        if !ids.insert(facet.value.get("@id").and_then(Value::as_text)) {
            return facet.refuse("another has its @id");
        }
        facet.may_have(&["name"], is_string, "a string")?;
        if version == Version::V04 {
            check_floors(facet)?;
        }
    }
    Ok(())
}

fn check_floors(facet: Object<'_, '_>) -> Result<(), Refusal> {
    if let Some(liveness) = facet.value.get("requiredLiveness") {
        check_liveness(Object::of(liveness, CODE, "requiredLiveness")?)?;
    }
    match facet.value.get("requiredAssuranceClass") {
        Some(_) => facet.word("requiredAssuranceClass", &["software", "hardware-uv", "hardware-bound"]),
        None => Ok(()),
    }
}

/// The one object that has no other members: whoever reads a floor must understand all of it.
fn check_liveness(floor: Object<'_, '_>) -> Result<(), Refusal> {
    floor.word("minFreshness", &["live", "recent", "stale"])?;
    floor.may_have(&["userVerified"], is_boolean, "true or false")?;
    let known = |name: Value<'_, '_>| name.is_str("minFreshness") || name.is_str("userVerified");
    let has_others = floor.value.members().any(|(name, _)| !known(name));
    if has_others { floor.refuse("it has minFreshness, userVerified and no more") } else { Ok(()) }
}
