//! Rule 15: a facet whose content is encrypted has the members of a JWE. Whether it opens is nobody's rule.

use ulp_core::json::{Kind, Value};
use ulp_core::report::Refusal;

use super::{Object, is_text, items};
use crate::manifest::Version;

const CODE: &str = "um.jwe";
/// Most recipients of a facet.
const MAX_RECIPIENTS: usize = 64;

pub fn check(manifest: Value<'_, '_>, _: Version) -> Result<(), Refusal> {
    items(manifest, "facets").try_for_each(check_facet)
}

fn check_facet(facet: Value<'_, '_>) -> Result<(), Refusal> {
    if facet.get("encryptionProfile").is_none() {
        return Ok(());
    }
    let facet = Object::of(facet, CODE, "an encrypted facet")?;
    facet.word("encryptionProfile", &["jwe-inline-v1"])?;
    let Some(entity) = facet.value.get("entity") else { return facet.refuse("it has no entity") };
    let jwe = Object::of(entity, CODE, "the entity of an encrypted facet")?;
    jwe.texts(&["protected", "iv", "ciphertext", "tag"])?;
    jwe.needs(&["recipients"], is_recipients, "an array of 1 to 64 with header.kid each")
}

fn is_recipients(list: Value<'_, '_>) -> bool {
    let has_kid = |recipient: Value<'_, '_>| {
        let header = recipient.get("header").filter(|header| header.kind() == Kind::Object);
        header.and_then(|header| header.get("kid")).is_some_and(is_text)
    };
    (1..=MAX_RECIPIENTS).contains(&list.len()) && list.kind() == Kind::Array && list.items().all(has_kid)
}
