//! The setting of a conformance suite's entry: `evaluationContext`, as JSON.
//!
//! ```text
//! {"maxSupportedTrustTier":0,"now":"2026-06-01T00:01:00.000Z","omitProcessedAt":true,
//!  "verifierAudience":"did:…","verifierChallenge":"…"}
//! ```

use ulp_core::id::Time;
use ulp_core::json::{self, Kind, Tape, Value};
use ulp_core::trust::Instant;

use super::Assurance;

/// What one is told to evaluate with. Whatever is not there is as it is without a context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub now: Option<Time>,
    pub max_tier: Option<u8>,
    pub challenge: Option<String>,
    pub audience: Option<String>,
    pub assurance: Option<Assurance>,
    /// What one means to do.
    pub scope: Vec<String>,
    /// Whether receipts leave out when they were made.
    pub is_timeless: bool,
}

/// The members that are known: another could mean another evaluation.
const MEMBERS: [&str; 7] = [
    "intendedScope",
    "maxSupportedTrustTier",
    "now",
    "omitProcessedAt",
    "presentedAssuranceClass",
    "verifierAudience",
    "verifierChallenge",
];

/// Reads a context.
///
/// # Errors
/// What is wrong with it.
pub fn parse(text: &str) -> Result<Told, String> {
    let mut tape = Tape::new();
    let object = tape.parse(text, json::EVENT_DEPTH).map_err(|error| error.to_string())?;
    let is_known = |name: Value<'_, '_>| MEMBERS.iter().any(|known| name.is_str(known));
    if let Some((name, _)) = object.members().find(|(name, _)| !is_known(*name)) {
        return Err(format!("nobody knows the member {}", name.as_text().unwrap_or_default()));
    }
    let text = |value: Value<'_, '_>| value.as_text();
    Ok(Told {
        now: member(object, "now", "a time", |value| Instant::of(value)?.time())?,
        max_tier: member(object, "maxSupportedTrustTier", "an integer of 0 to 3", tier)?,
        challenge: member(object, "verifierChallenge", "a string", text)?,
        audience: member(object, "verifierAudience", "a string", text)?,
        assurance: member(object, "presentedAssuranceClass", "a class of assurance", |value| {
            value.as_text()?.parse().ok()
        })?,
        scope: member(object, "intendedScope", "an array of strings", texts)?.unwrap_or_default(),
        is_timeless: member(object, "omitProcessedAt", "true or false", |value| value.as_bool())?
            .unwrap_or(false),
    })
}

fn member<T>(
    object: Value<'_, '_>,
    name: &str,
    what: &str,
    read: fn(Value<'_, '_>) -> Option<T>,
) -> Result<Option<T>, String> {
    let Some(value) = object.get(name) else { return Ok(None) };
    read(value).map(Some).ok_or_else(|| format!("{name} is not {what}"))
}

fn tier(value: Value<'_, '_>) -> Option<u8> {
    (0..=3u8).find(|tier| value.as_f64() == Some(f64::from(*tier)))
}

fn texts(value: Value<'_, '_>) -> Option<Vec<String>> {
    let texts = value.items().map(Value::as_text).collect::<Option<Vec<String>>>();
    if value.kind() == Kind::Array { texts } else { None }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_context_says_what_it_says_and_nothing_unknown() {
        let told = parse(r#"{"now":"2026-06-01T00:01:00Z","maxSupportedTrustTier":1}"#).unwrap();
        assert_eq!((told.max_tier, told.challenge, told.is_timeless), (Some(1), None, false));
        assert!(told.now.is_some());
        for wrong in [
            r#"{"now":"today"}"#,
            r#"{"maxSupportedTrustTier":4}"#,
            r#"{"presentedAssuranceClass":"paper"}"#,
            r#"{"intendedScope":"read"}"#,
            r#"{"verifierNonce":"n"}"#,
            "[]",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
