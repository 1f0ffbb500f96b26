//! How a manifest is signed, and what it gets where it lacks it.

use ulp_core::id::Time;
use ulp_core::json::{self, Tape};
use ulp_core::report::Refusal;
use ulp_core::trust::{Instant, SIGNATURE, SecretKey, signature};

use super::rules::names;
use super::unsigned_members;

/// What a manifest that is about to be signed gets where it has nothing.
#[derive(Clone, Debug)]
pub struct Defaults {
    /// `@id`, a text that needs no escapes.
    pub id: String,
    /// `issuedAt`.
    pub now: Time,
    /// How long after `issuedAt` is `expiresAt`, in nanoseconds.
    pub ttl: i64,
}

/// Puts in what a manifest lacks of `@id`, `issuedAt` and `expiresAt`; gives the canonical form.
///
/// # Errors
/// `json.*`: it is no strict I-JSON object; `um.expires_at`: it would expire beyond the year 9999.
pub fn complete(text: &str, defaults: &Defaults) -> Result<String, Refusal> {
    let mut tape = Tape::new();
    let manifest = tape.parse(text, json::EVENT_DEPTH)?;
    let too_late = || Refusal::new("um.expires_at", "beyond what a time can say");
    let now = Instant::print(defaults.now).ok_or_else(too_late)?;
    // A lifetime begins when it was issued, even where it is signed later.
    let issued = manifest.get("issuedAt").and_then(Instant::of).and_then(|i| i.time());
    let end = issued.unwrap_or(defaults.now).0.checked_add(defaults.ttl).ok_or_else(too_late)?;
    let expires = Instant::print(Time(end)).ok_or_else(too_late)?;
    let mut text = text.to_owned();
    for (name, value) in [("@id", &defaults.id), ("issuedAt", &now), ("expiresAt", &expires)] {
        if manifest.get(name).is_none() {
            let mut tape = Tape::new();
            text =
                signature::with_member(tape.parse(&text, json::EVENT_DEPTH)?, name, &format!("\"{value}\""))?;
        }
    }
    Ok(text)
}

/// Signs a manifest over what its version signs, after [`complete`]; gives the canonical form. `created` is the time of
/// signing, as RFC 3339.
///
/// # Errors
/// As [`complete`]. What breaks a rule is signed all the same: [`check`](super::check) says so.
pub fn sign(key: &SecretKey, text: &str, defaults: &Defaults, created: &str) -> Result<String, Refusal> {
    let text = complete(text, defaults)?;
    let version = names::version(Tape::new().parse(&text, json::EVENT_DEPTH)?);
    key.sign_document_without(&text, version.map_or(&[SIGNATURE], unsigned_members), created)
}
