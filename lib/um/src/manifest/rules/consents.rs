//! Rule 17, consents.

use ulp_core::json::Value;
use ulp_core::report::Refusal;

use super::{Object, has_type, is_string, is_texts, items};
use crate::manifest::Version;

const CODE: &str = "um.consents";

pub fn check(manifest: Value<'_, '_>, _: Version) -> Result<(), Refusal> {
    items(manifest, "consents").try_for_each(check_consent)
}

fn check_consent(consent: Value<'_, '_>) -> Result<(), Refusal> {
    let consent = Object::of(consent, CODE, "a consent")?;
    consent.texts(&["@id"])?;
    if !has_type(consent.value, "um:Consent") {
        return consent.refuse("@type is not, and has not, um:Consent");
    }
    consent.texts(&["facetRef"])?;
    consent.needs(&["scope"], is_scope, "a non-empty array of non-empty strings")?;
    consent.texts(&["purpose"])?;
    consent.times(&["grantedAt", "expiresAt"])?;
    consent.may_have_times(&["withdrawnAt"])?;
    consent.may_have(&["conditions"], is_strings, "an array of strings")
}

fn is_scope(value: Value<'_, '_>) -> bool {
    is_texts(value) && !value.is_empty()
}

fn is_strings(value: Value<'_, '_>) -> bool {
    value.kind() == ulp_core::json::Kind::Array && value.items().all(is_string)
}
