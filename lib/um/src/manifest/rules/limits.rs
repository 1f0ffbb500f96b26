//! Rule 1, but for JSON itself.

use ulp_core::json::{Kind, Value};
use ulp_core::report::Refusal;

use crate::manifest::{MAX_BYTES, MAX_DEPTH, MAX_ITEMS};

pub fn check(manifest: Value<'_, '_>, bytes: usize) -> Result<(), Refusal> {
    if bytes > MAX_BYTES {
        return Err(Refusal::new("um.limit", "more than 1 MiB"));
    }
    check_shape(manifest, 1)
}

/// The parser has bounded the depth already, so this calls itself no deeper than that.
fn check_shape(value: Value<'_, '_>, depth: usize) -> Result<(), Refusal> {
    if !matches!(value.kind(), Kind::Array | Kind::Object) {
        return Ok(());
    }
    if depth > MAX_DEPTH {
        return Err(Refusal::new("um.limit", "nested deeper than 10"));
    }
    if value.kind() == Kind::Array && value.len() > MAX_ITEMS {
        return Err(Refusal::new("um.limit", "an array of more than 1000"));
    }
    value.items().try_for_each(|item| check_shape(item, depth + 1))?;
    value.members().try_for_each(|(_, member)| check_shape(member, depth + 1))
}
