//! What a trace may know of somebody who came: that a person is there, what it is, and what may be recorded of it.
//!
//! A trace never forgets, so nothing else enters it but a name, and that only where its owner consented to
//! `trace.append`. The lines are drafts, which an appender completes, signs and stamps.

use ulp_core::hash::Sha256;
use ulp_core::json::write::Object;
use ulp_core::json::{Kind, Value};

use super::compose::PERSONA;
use super::project::{id, items, last_type};
use crate::facets;

/// What a consent's scope holds where a name may enter.
const APPEND: &str = "trace.append";
/// Hex digits of a visitor's name.
const DIGITS: usize = 16;

/// The drafts of a crossing, by the world's receipt, its line with the line end, and the presentation; none where it
/// was rejected.
pub fn drafts(receipt: Value<'_, '_>, line: &[u8], presentation: Value<'_, '_>) -> Vec<String> {
    let text = |name: &str| receipt.get(name).and_then(Value::as_text);
    let (Some(world), Some(exchange)) = (text("subject"), text("exchangeId")) else { return Vec::new() };
    if receipt.get("outcome").is_none_or(|outcome| outcome.is_str("rejected")) {
        return Vec::new();
    }
    let node = format!("visitor:{}", &Sha256::of(exchange.as_bytes()).hex()[..DIGITS]);
    let mut person = draft(&world, &node, "create_node");
    person
        .text("kind", Some("person"))
        .member("properties", |out| properties(receipt, presentation).write(out));
    let mut media = Object::default();
    media.text("mime", Some("application/json")).text("ref", Some(&Sha256::of(line).to_string()));
    let mut scope = Object::default();
    scope.text("policy", Some("private"));
    let mut kept = draft(&world, &node, "set_media");
    kept.text("role", Some("receipt")).object("media", media).object("scope", scope);
    vec![person.json(), kept.json()]
}

fn draft(world: &str, node: &str, operation: &str) -> Object {
    let mut object = Object::default();
    object.text("actor_id", Some(world)).text("node_id", Some(node)).text("operation", Some(operation));
    object
}

fn properties(receipt: Value<'_, '_>, presentation: Value<'_, '_>) -> Object {
    let portal = receipt.get("portal");
    let entity = portal.and_then(|portal| portal.get("entityType"));
    let kind = entity.and_then(|entity| entity.get("value")).and_then(Value::as_text);
    let verified = entity.and_then(|entity| entity.get("status")).is_some_and(|s| s.is_str("verified"));
    let mut properties = Object::default();
    properties
        .text("entity_type", kind.as_deref())
        .raw("entity_verified", Some(if verified { "true" } else { "false" }))
        .text("label", label(receipt, presentation).as_deref());
    let positions = portal.and_then(|portal| portal.get("positions"));
    for (position, word) in positions.into_iter().flat_map(Value::members) {
        let name = format!("consent.{}", position.as_text().unwrap_or_default());
        properties.text(&name, word.as_text().as_deref());
    }
    properties
}

/// The name that a persona may be remembered by: every consent about it says so.
fn label(receipt: Value<'_, '_>, presentation: Value<'_, '_>) -> Option<String> {
    let is_persona = |facet: &Value<'_, '_>| last_type(*facet).is_some_and(|kind| kind == PERSONA);
    let processed = |facet: &Value<'_, '_>| {
        let is_this = |status: Value<'_, '_>| {
            let is = |name: &str, word: Option<String>| {
                status.get(name).is_some_and(|value| word.is_some_and(|word| value.is_str(&word)))
            };
            is("facetId", id(*facet)) && is("status", Some("processed".to_owned()))
        };
        items(receipt, "facetStatuses").any(is_this)
    };
    let persona = items(presentation, "facets").filter(is_persona).find(processed)?;
    let name = id(persona)?;
    let is_about = |entry: &Value<'_, '_>| entry.get("facetRef").is_some_and(|about| about.is_str(&name));
    let about: Vec<Value<'_, '_>> = items(presentation, "consents").filter(is_about).collect();
    let may_append = |entry: Value<'_, '_>| {
        let scope = entry.get("scope").filter(|scope| scope.kind() == Kind::Array);
        scope.is_some_and(|scope| scope.items().any(|token| token.is_str(APPEND)))
    };
    let is_allowed = !about.is_empty() && about.into_iter().all(may_append);
    let content = facets::content(persona).filter(|_| is_allowed && !facets::is_sealed(persona))?;
    content.get("displayName")?.as_text()
}
