//! Facets whose content only some may read: `entity` is a JWE of it, as `encryptionProfile` says.

use ulp_core::json::write::write_list;
use ulp_core::json::{self, Tape, Value};
use ulp_core::report::Refusal;
use ulp_core::trust::signature;

use crate::hash::canonical;

/// The member that says so, and what it says.
pub const PROFILE: &str = "encryptionProfile";
const INLINE: &str = "jwe-inline-v1";
const ENTITY: &str = "entity";

/// The facets of a document, in its order.
pub fn of<'t, 'a>(document: Value<'t, 'a>) -> Vec<Value<'t, 'a>> {
    document.get("facets").into_iter().flat_map(Value::items).collect()
}

/// Whether a facet's `@type` is, or holds, one of some kinds.
pub fn is_of(facet: Value<'_, '_>, kinds: &[String]) -> bool {
    let holds = |kind: &str| {
        facet.get("@type").is_some_and(|v| v.is_str(kind) || v.items().any(|item| item.is_str(kind)))
    };
    kinds.iter().any(|kind| holds(kind))
}

/// Whether a facet says that it is sealed.
pub fn is_sealed(facet: Value<'_, '_>) -> bool {
    facet.get(PROFILE).is_some()
}

/// The content of a facet.
pub fn content<'t, 'a>(facet: Value<'t, 'a>) -> Option<Value<'t, 'a>> {
    facet.get(ENTITY)
}

/// The facet with a JWE as its content.
///
/// # Errors
/// `json.*`: the result is no strict JSON.
pub fn sealed(facet: Value<'_, '_>, jwe: &str) -> Result<String, Refusal> {
    let text = signature::with_member(facet, ENTITY, jwe)?;
    let mut tape = Tape::new();
    signature::with_member(tape.parse(&text, json::EVENT_DEPTH)?, PROFILE, &format!("\"{INLINE}\""))
}

/// The facet with its content in plain, which is JSON.
///
/// # Errors
/// `json.*`: the result is no strict JSON.
pub fn opened(facet: Value<'_, '_>, content: &str) -> Result<String, Refusal> {
    let bare = crate::hash::canonical_without(facet, &[PROFILE]);
    let mut tape = Tape::new();
    signature::with_member(tape.parse(&bare, json::EVENT_DEPTH)?, ENTITY, content)
}

/// The canonical document in which some facets are others.
///
/// # Errors
/// `json.*`: the result is no strict JSON.
pub fn replaced(document: Value<'_, '_>, others: &[Option<String>]) -> Result<String, Refusal> {
    let texts = of(document).into_iter().zip(others).map(|(facet, other)| match other {
        Some(text) => text.clone().into_bytes(),
        None => canonical(facet),
    });
    let mut list = Vec::new();
    write_list(&texts.collect::<Vec<_>>(), &mut list);
    signature::with_member(document, "facets", &String::from_utf8_lossy(&list))
}
