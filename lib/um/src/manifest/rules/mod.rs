//! The rules, one a file, and what they ask with.

mod bindings;
mod claims;
mod consents;
mod context;
mod facets;
mod jwe;
pub(super) mod limits;
pub(super) mod lists;
pub(super) mod names;
mod pointers;
mod presentation;
mod signature;
#[cfg(test)]
mod tests;
mod tier;
pub(super) mod times;

use ulp_core::json::{Kind, Value};
use ulp_core::report::Refusal;
use ulp_core::trust::Instant;

use super::Version;

/// What a rule says of a manifest of a version.
type Rule = fn(Value<'_, '_>, Version) -> Result<(), Refusal>;

/// Rules 12 to 19, in the order in which the first that is broken names the fault.
const OF_V03_AND_V04: [Rule; 10] = [
    context::check,
    signature::check,
    facets::check,
    jwe::check,
    claims::check,
    consents::check,
    pointers::check,
    tier::check,
    presentation::check_proof,
    presentation::check_liveness,
];

/// What holds of a version beyond the rules of all.
pub(super) fn of(version: Version) -> &'static [Rule] {
    match version {
        Version::V01 | Version::V02 => &[],
        Version::V03 | Version::V04 => &OF_V03_AND_V04,
    }
}

/// The items of one of the manifest's lists.
fn items<'t, 'a>(manifest: Value<'t, 'a>, list: &str) -> impl Iterator<Item = Value<'t, 'a>> + use<'t, 'a> {
    manifest.get(list).into_iter().flat_map(Value::items)
}

/// Whether it is a string that is not empty.
fn is_text(value: Value<'_, '_>) -> bool {
    value.chars().next().is_some()
}

/// Whether it is an array of strings, none of them empty.
fn is_texts(value: Value<'_, '_>) -> bool {
    value.kind() == Kind::Array && value.items().all(is_text)
}

fn is_string(value: Value<'_, '_>) -> bool {
    value.kind() == Kind::String
}

fn is_boolean(value: Value<'_, '_>) -> bool {
    value.kind() == Kind::Bool
}

fn is_time(value: Value<'_, '_>) -> bool {
    Instant::of(value).is_some()
}

/// Whether `@type` is a name, or an array that holds it.
fn has_type(object: Value<'_, '_>, name: &str) -> bool {
    object.get("@type").is_some_and(|v| v.is_str(name) || v.items().any(|item| item.is_str(name)))
}

/// Whether it is one of some words.
fn is_among(value: Value<'_, '_>, words: &[&str]) -> bool {
    words.iter().any(|word| value.is_str(word))
}

/// Says that something is not as its rule has it, unless it is.
fn hold(holds: bool, code: &'static str, detail: &str) -> Result<(), Refusal> {
    if holds { Ok(()) } else { Err(Refusal::new(code, detail)) }
}

/// An object of which a rule asks for members; what is wrong with any of them is one code.
#[derive(Clone, Copy)]
struct Object<'t, 'a> {
    value: Value<'t, 'a>,
    code: &'static str,
    /// What it is called, with its article.
    name: &'static str,
}

impl<'t, 'a> Object<'t, 'a> {
    fn of(value: Value<'t, 'a>, code: &'static str, name: &'static str) -> Result<Object<'t, 'a>, Refusal> {
        let object = Object { value, code, name };
        hold(value.kind() == Kind::Object, code, &format!("{name} is not an object"))?;
        Ok(object)
    }

    /// Asks of each of these members that it is there and as it should be.
    fn needs(self, names: &[&str], is: fn(Value<'_, '_>) -> bool, what: &str) -> Result<(), Refusal> {
        let lacks = names.iter().find(|name| !self.value.get(name).is_some_and(is));
        lacks.map_or(Ok(()), |name| self.refuse(&format!("{name} is not {what}")))
    }

    /// Asks of each of these members that it is as it should be where it is there.
    fn may_have(self, names: &[&str], is: fn(Value<'_, '_>) -> bool, what: &str) -> Result<(), Refusal> {
        let wrong = names.iter().find(|name| !self.value.get(name).is_none_or(is));
        wrong.map_or(Ok(()), |name| self.refuse(&format!("{name} is not {what}")))
    }

    fn texts(self, names: &[&str]) -> Result<(), Refusal> {
        self.needs(names, is_text, "a non-empty string")
    }

    fn times(self, names: &[&str]) -> Result<(), Refusal> {
        self.needs(names, is_time, "a time as in RFC 3339")
    }

    fn may_have_times(self, names: &[&str]) -> Result<(), Refusal> {
        self.may_have(names, is_time, "a time as in RFC 3339")
    }

    /// Asks that a member is one of some words.
    fn word(self, name: &str, words: &[&str]) -> Result<(), Refusal> {
        let is = self.value.get(name).is_some_and(|value| is_among(value, words));
        if is { Ok(()) } else { self.refuse(&format!("{name} is not {}", words.join(", "))) }
    }

    fn refuse<T>(self, detail: &str) -> Result<T, Refusal> {
        Err(Refusal::new(self.code, format!("{}: {detail}", self.name)))
    }
}
