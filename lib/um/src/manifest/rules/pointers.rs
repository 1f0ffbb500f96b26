//! Rule 17, pointers: where more is to be found, and who may act for the subject.

use ulp_core::json::Value;
use ulp_core::report::Refusal;

use super::{Object, is_string, is_texts, items};
use crate::manifest::Version;

const CODE: &str = "um.pointers";
/// Who a delegate can be.
const DELEGATES: [&str; 4] = ["ai-agent", "bot", "proxy", "human-delegate"];

pub fn check(manifest: Value<'_, '_>, _: Version) -> Result<(), Refusal> {
    let subject = manifest.get("subject").and_then(Value::as_text).unwrap_or_default();
    items(manifest, "pointers").try_for_each(|pointer| check_pointer(pointer, &subject))
}

fn check_pointer(pointer: Value<'_, '_>, subject: &str) -> Result<(), Refusal> {
    let pointer = Object::of(pointer, CODE, "a pointer")?;
    pointer.texts(&["@type"])?;
    if pointer.value.get("@type").is_some_and(|kind| kind.is_str("um:agentDelegation")) {
        check_delegation(pointer, subject)?;
    }
    pointer.may_have_times(&["createdAt", "expiresAt"])
}

/// A delegation is complete, and given by the subject and nobody else.
fn check_delegation(pointer: Object<'_, '_>, subject: &str) -> Result<(), Refusal> {
    pointer.word("delegateType", &DELEGATES)?;
    pointer.times(&["delegatedAt", "expiresAt"])?;
    pointer.may_have(&["delegateId"], is_string, "a string")?;
    pointer.may_have(&["scope"], is_texts, "an array of non-empty strings")?;
    if pointer.value.get("delegatedBy").is_some_and(|by| by.is_str(subject)) {
        return Ok(());
    }
    pointer.refuse("delegatedBy is not the subject")
}
