//! What a source says of its manifests beside them: metadata, and the response of a `statusRef`.
//!
//! ```text
//! {"expiresAt":"…","hash":"sha256:…","issuedAt":"…","manifestId":"urn:uuid:…","revocationCursor":"v1-10","subject":"did:…"}
//! {"cursor":"v1-10","manifestId":"urn:uuid:…","nextCheck":"PT1H","status":"active","updatedAt":"…"}
//! ```

use super::event::MALFORMED;
use super::period;
use std::fmt;
use std::str::FromStr;
use ulp_core::hash::Sha256;
use ulp_core::json::{Kind, Value};
use ulp_core::report::Refusal;
use ulp_core::trust::Instant;
use ulp_core::words;

/// What the source has now: whether to fetch, never what is true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    pub manifest: String,
    pub subject: String,
    pub issued: Instant,
    pub hash: Sha256,
    pub cursor: Option<String>,
}

impl Metadata {
    /// # Errors
    /// [`MALFORMED`].
    pub fn read(object: Value<'_, '_>) -> Result<Metadata, Refusal> {
        Metadata::members(object).ok_or_else(|| Refusal::new(MALFORMED, "not metadata of a manifest"))
    }

    fn members(object: Value<'_, '_>) -> Option<Metadata> {
        let text = |name: &str| object.get(name).and_then(Value::as_text);
        Instant::of(object.get("expiresAt")?)?;
        Some(Metadata {
            manifest: text("manifestId")?,
            subject: text("subject")?,
            issued: Instant::of(object.get("issuedAt")?)?,
            hash: text("hash")?.parse().ok()?,
            cursor: optional_text(object, "revocationCursor")?,
        })
    }
}

words!(
    /// What became of a manifest.
    Condition {
        /// For good.
        Revoked = "revoked",
        Suspended = "suspended",
        Active = "active",
    }
);

/// The response of a `statusRef`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    pub manifest: String,
    pub condition: Condition,
    pub updated: Instant,
    pub cursor: Option<String>,
    /// How long it is good for, in nanoseconds; no longer than the instant in which it came, unless it says so.
    pub next_check: i64,
}

impl Status {
    /// # Errors
    /// [`MALFORMED`].
    pub fn read(object: Value<'_, '_>) -> Result<Status, Refusal> {
        Status::members(object).ok_or_else(|| Refusal::new(MALFORMED, "not a response of a statusRef"))
    }

    fn members(object: Value<'_, '_>) -> Option<Status> {
        let text = |name: &str| object.get(name).and_then(Value::as_text);
        let next_check = match optional_text(object, "nextCheck")? {
            Some(text) => period::parse(&text)?,
            None => 0,
        };
        Some(Status {
            manifest: text("manifestId")?,
            condition: text("status")?.parse().ok()?,
            updated: Instant::of(object.get("updatedAt")?)?,
            cursor: optional_text(object, "cursor")?,
            next_check,
        })
    }
}

/// A text that need not be there, and is nothing else where it is.
fn optional_text(object: Value<'_, '_>, name: &str) -> Option<Option<String>> {
    match object.get(name) {
        Some(value) if value.kind() != Kind::String => None,
        there => Some(there.and_then(Value::as_text)),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use ulp_core::json::Tape;

    const STATUS: &str = r#"{"cursor":"c","manifestId":"m","nextCheck":"PT1H","status":"active","updatedAt":"2026-11-20T12:00:00Z","reason":"x"}"#;

    fn status(text: &str) -> Option<Status> {
        Status::read(Tape::new().parse(text, 64).unwrap()).ok()
    }

    #[test]
    fn a_status_is_what_a_status_ref_answers() {
        assert_eq!(status(STATUS).unwrap().next_check, 3_600_000_000_000);
        assert_eq!(status(&STATUS.replace("nextCheck", "next")).unwrap().next_check, 0);
        for (from, to) in [
            ("\"active\"", "\"good\""),
            ("PT1H", "1 hour"),
            ("\"c\"", "7"),
            ("\"manifestId\":\"m\",", ""),
            ("2026-11-20T", "2026-11-31T"),
        ] {
            assert_eq!(status(&STATUS.replace(from, to)), None, "{from} -> {to}");
        }
    }
}
