//! Universal Manifest v0.1 and v0.2: the rules, in the order in which the first broken one names the fault.
//!
//! A manifest is a portable statement about a subject. v0.1 is unsigned, whatever its `signature` says; v0.2 is
//! signed under the profile of [`Signature`]. Unknown members are kept and ignored.

use ulp_core::id::Time;
use ulp_core::json::{self, Kind, Tape, Value};
use ulp_core::report::Refusal;
use ulp_core::trust::{Did, Instant, SIGNATURE, Scratch, Signature, Verifier, signature};

/// Longest manifest, in bytes.
pub const MAX_BYTES: usize = 1 << 20;
/// Deepest nesting; the outer object is 1.
pub const MAX_DEPTH: usize = 10;
/// Most items of an array.
pub const MAX_ITEMS: usize = 1000;
/// How far ahead of the clock a manifest may have been issued, in nanoseconds.
pub const MAX_SKEW: i64 = 60_000_000_000;

/// The versions whose rules are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// 0.1: unsigned.
    V01,
    /// 0.2: signed.
    V02,
}

/// Whether the clock is asked, and what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// Structure alone.
    Unasked,
    /// It must be fresh at this time.
    Fresh(Time),
    /// It may have expired at this time; [`Checked::expired`] says so, and it must not be used then.
    MayHaveExpired(Time),
}

/// What is known of a manifest that broke no rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Its version.
    pub version: Version,
    /// Who signed it; of v0.1 nobody, whatever it says.
    pub signer: Option<Did>,
    /// Whether the clock was asked and it has expired.
    pub expired: bool,
    /// Whether it names a `statusRef` or a `revocationCursor`, which nobody checks here.
    pub status_unchecked: bool,
}

/// Holds a manifest that was read strictly to every rule, its signature included. `bytes` is how long its text is.
///
/// # Errors
/// `um.<rule>` or `signature.*`, the first in the order of page 6.
pub fn check(
    manifest: Value<'_, '_>,
    bytes: usize,
    clock: Clock,
    verifier: &Verifier,
    scratch: &mut Scratch,
) -> Result<Checked, Refusal> {
    check_limits(manifest, bytes)?;
    check_names(manifest)?;
    let version = version(manifest)?;
    let expired = check_times(manifest, clock)?;
    check_lists(manifest)?;
    let (signer, status_unchecked) = match version {
        Version::V01 => (check_unsigned(manifest).map(|()| None)?, false),
        Version::V02 => {
            let (signer, status) = check_signed(manifest, verifier, scratch)?;
            (Some(signer), status)
        }
    };
    Ok(Checked { version, signer, expired, status_unchecked })
}

/// Rule 1, but for JSON itself.
fn check_limits(manifest: Value<'_, '_>, bytes: usize) -> Result<(), Refusal> {
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

/// Rules 2 to 4.
fn check_names(manifest: Value<'_, '_>) -> Result<(), Refusal> {
    let context = manifest.get("@context").is_some_and(|v| match v.kind() {
        Kind::String => is_text(v),
        Kind::Array | Kind::Object => !v.is_empty(),
        _ => false,
    });
    if !context {
        return Err(Refusal::new("um.context", "@context is not a non-empty string, object or array"));
    }
    for (name, code) in [("@id", "um.id"), ("subject", "um.subject")] {
        if !manifest.get(name).is_some_and(is_text) {
            return Err(Refusal::new(code, format!("{name} is not a non-empty string")));
        }
    }
    if !has_type(manifest, "um:Manifest") {
        return Err(Refusal::new("um.type", "@type is not, and has not, um:Manifest"));
    }
    Ok(())
}

/// Whether it is a string that is not empty.
fn is_text(value: Value<'_, '_>) -> bool {
    value.chars().next().is_some()
}

/// Whether `@type` is a name, or an array that holds it.
fn has_type(object: Value<'_, '_>, name: &str) -> bool {
    object.get("@type").is_some_and(|v| v.is_str(name) || v.items().any(|item| item.is_str(name)))
}

/// Rule 5.
fn version(manifest: Value<'_, '_>) -> Result<Version, Refusal> {
    match manifest.get("manifestVersion") {
        Some(v) if v.is_str("0.1") => Ok(Version::V01),
        Some(v) if v.is_str("0.2") => Ok(Version::V02),
        _ => Err(Refusal::new("um.version", "manifestVersion is not \"0.1\" or \"0.2\"")),
    }
}

/// Rules 6 and 7; says whether it has expired.
fn check_times(manifest: Value<'_, '_>, clock: Clock) -> Result<bool, Refusal> {
    let time = |name: &str, code| {
        let read = manifest.get(name).and_then(Instant::of);
        read.ok_or_else(|| Refusal::new(code, format!("{name} is not a time as in RFC 3339")))
    };
    let issued = time("issuedAt", "um.issued_at")?;
    let expires = time("expiresAt", "um.expires_at")?;
    if issued > expires {
        return Err(Refusal::new("um.order", "issuedAt is after expiresAt"));
    }
    let (now, lenient) = match clock {
        Clock::Unasked => return Ok(false),
        Clock::Fresh(now) => (now, false),
        Clock::MayHaveExpired(now) => (now, true),
    };
    let expired = Instant::from(now) > expires;
    if expired && !lenient {
        return Err(Refusal::new("um.expired", "it has expired, and must not be used"));
    }
    if issued > Instant::from(Time(now.0.saturating_add(MAX_SKEW))) {
        return Err(Refusal::new("um.not_yet", "issued more than 60 s ahead of the clock"));
    }
    Ok(expired)
}

/// Rule 8.
fn check_lists(manifest: Value<'_, '_>) -> Result<(), Refusal> {
    let lists = [
        ("shards", "um.shards", Some("um:Shard")),
        ("facets", "um.facets", Some("um:Facet")),
        ("claims", "um.claims", None),
        ("consents", "um.consents", None),
        ("devices", "um.devices", None),
        ("pointers", "um.pointers", None),
    ];
    for (name, code, typed) in lists {
        let Some(list) = manifest.get(name) else { continue };
        if list.kind() != Kind::Array {
            return Err(Refusal::new(code, format!("{name} is not an array")));
        }
        let Some(typed) = typed else { continue };
        if !list.items().all(|item| item.kind() == Kind::Object && has_type(item, typed)) {
            return Err(Refusal::new(code, format!("an item of {name} is not an object of type {typed}")));
        }
    }
    Ok(())
}

/// Rule 9.
fn check_unsigned(manifest: Value<'_, '_>) -> Result<(), Refusal> {
    match manifest.get(SIGNATURE) {
        Some(v) if v.kind() != Kind::Object => {
            Err(Refusal::new("um.signature", "signature is not an object"))
        }
        _ => Ok(()),
    }
}

/// Rule 10; gives the signer, and whether a status is named.
fn check_signed(
    manifest: Value<'_, '_>,
    verifier: &Verifier,
    scratch: &mut Scratch,
) -> Result<(Did, bool), Refusal> {
    let raw = manifest
        .get(SIGNATURE)
        .ok_or_else(|| Refusal::new("signature.missing", "a manifest of version 0.2 is signed"))?;
    let signature = Signature::of_document(raw)?;
    verifier.verify(manifest, &signature, scratch)?;
    Ok((signature.signer, ["statusRef", "revocationCursor"].iter().any(|name| raw.get(name).is_some())))
}

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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use ulp_core::trust::SecretKey;

    const BARE: &str = r#"{"@context":"c","@id":"i","@type":"um:Manifest","expiresAt":"2026-01-02T00:00:00Z","issuedAt":"2026-01-01T00:00:00Z","manifestVersion":"0.2","subject":"s"}"#;

    fn check_text(text: &str, clock: Clock) -> Result<Checked, Refusal> {
        let mut tape = Tape::new();
        check(tape.parse(text, 64)?, text.len(), clock, &Verifier::new(), &mut Scratch::default())
    }

    /// The code for a manifest of v0.1 in which one piece of text was replaced.
    fn code(from: &str, to: &str) -> String {
        let text = BARE.replace("0.2", "0.1");
        assert!(text.contains(from), "{from}");
        check_text(&text.replace(from, to), Clock::Unasked)
            .map_or_else(|d| d.code.into_owned(), |_| String::new())
    }

    #[test]
    fn each_rule_has_its_code() {
        for (from, to, expected) in [
            ("\"c\"", "null", "um.context"),
            ("\"c\"", "\"\"", "um.context"),
            ("\"c\"", "[]", "um.context"),
            ("\"c\"", "{}", "um.context"),
            ("\"c\"", "1", "um.context"),
            ("\"c\"", "[null]", ""),
            ("\"c\"", "{\"@vocab\":\"x\"}", ""),
            ("\"i\"", "\"\"", "um.id"),
            ("\"i\"", "7", "um.id"),
            ("@id", "id", "um.id"),
            ("\"s\"", "null", "um.subject"),
            ("\"um:Manifest\"", "\"um:manifest\"", "um.type"),
            ("\"um:Manifest\"", "[\"x\",[\"um:Manifest\"]]", "um.type"),
            ("\"um:Manifest\"", "[\"x\",\"um:Manifest\"]", ""),
            ("\"0.1\"", "0.1", "um.version"),
            ("\"0.1\"", "\"0.10\"", "um.version"),
            ("\"0.1\"", "\"0.3\"", "um.version"),
            ("2026-01-01T", "2026-02-30T", "um.issued_at"),
            ("\"2026-01-01T00:00:00Z\"", "1", "um.issued_at"),
            ("2026-01-02T", "2026-1-02T", "um.expires_at"),
            ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00.0000000000001Z", "um.order"),
            ("2026-01-01T00:00:00Z", "2026-01-02T01:00:00.000+01:00", ""),
            ("\"s\"", "\"s\",\"shards\":{}", "um.shards"),
            ("\"s\"", "\"s\",\"shards\":null", "um.shards"),
            ("\"s\"", "\"s\",\"shards\":[{}]", "um.shards"),
            ("\"s\"", "\"s\",\"shards\":[{\"@type\":\"um:Facet\"}]", "um.shards"),
            ("\"s\"", "\"s\",\"shards\":[{\"@type\":[\"x\",\"um:Shard\"]}]", ""),
            ("\"s\"", "\"s\",\"facets\":[[\"um:Facet\"]]", "um.facets"),
            ("\"s\"", "\"s\",\"facets\":[{\"@type\":\"um:Facet\"}]", ""),
            ("\"s\"", "\"s\",\"claims\":\"x\"", "um.claims"),
            ("\"s\"", "\"s\",\"consents\":{}", "um.consents"),
            ("\"s\"", "\"s\",\"devices\":0", "um.devices"),
            ("\"s\"", "\"s\",\"pointers\":true", "um.pointers"),
            ("\"s\"", "\"s\",\"pointers\":[1,null,{}]", ""),
            ("\"s\"", "\"s\",\"signature\":\"x\"", "um.signature"),
            ("\"s\"", "\"s\",\"signature\":{\"says\":\"nothing\"}", ""),
            ("\"s\"", "\"s\",\"more\":[[[[[[[[[0]]]]]]]]]", ""),
            ("\"s\"", "\"s\",\"more\":[[[[[[[[[[0]]]]]]]]]]", "um.limit"),
            ("\"s\"", "\"s\",\"s\\u0075bject\":\"t\"", "json.duplicate_key"),
        ] {
            assert_eq!(code(from, to), expected, "{from} -> {to}");
        }
        let many = |n: usize| format!("\"s\",\"claims\":[{}0]", "0,".repeat(n - 1));
        assert_eq!(code("\"s\"", &many(1000)), "");
        assert_eq!(code("\"s\"", &many(1001)), "um.limit");
        assert_eq!(code("\"s\"", &format!("\"{}\"", "s".repeat(MAX_BYTES))), "um.limit");
    }

    #[test]
    fn the_clock_is_asked_where_told() {
        let text = BARE.replace("0.2", "0.1");
        let at = |text: &str| Instant::parse(text).unwrap().time().unwrap();
        let code = |clock| {
            check_text(&text, clock).map_or_else(
                |d| d.code.into_owned(),
                |c| if c.expired { "expired".to_owned() } else { String::new() },
            )
        };
        let (end, after) = (at("2026-01-02T00:00:00Z"), at("2026-01-02T00:00:00.000000001Z"));
        assert_eq!(code(Clock::Fresh(end)), "", "equal is fresh");
        assert_eq!(code(Clock::Fresh(after)), "um.expired");
        assert_eq!(code(Clock::MayHaveExpired(after)), "expired");
        assert_eq!(code(Clock::MayHaveExpired(end)), "");
        assert_eq!(code(Clock::Fresh(at("2025-12-31T23:59:00Z"))), "", "60 s ahead");
        assert_eq!(code(Clock::Fresh(at("2025-12-31T23:58:59.999999999Z"))), "um.not_yet");
    }

    #[test]
    fn a_signed_manifest_holds_and_says_by_whom() {
        let key = SecretKey::from_seed(&[3; 32]);
        assert_eq!(check_text(BARE, Clock::Unasked).unwrap_err().code, "signature.missing");
        let signed = key.sign_document(BARE, "2026-01-01T00:00:00Z").unwrap();
        let checked = check_text(&signed, Clock::Unasked).unwrap();
        assert_eq!((checked.version, checked.signer), (Version::V02, Some(key.did())));
        let other = signed.replace("\"subject\":\"s\"", "\"subject\":\"t\"");
        assert_eq!(check_text(&other, Clock::Unasked).unwrap_err().code, "signature.value");
    }

    #[test]
    fn what_is_lacking_is_put_in() {
        let defaults = Defaults {
            id: "urn:uuid:1".into(),
            now: Instant::parse("2026-03-01T00:00:00.123456Z").unwrap().time().unwrap(),
            ttl: 86_400_000_000_000,
        };
        let done = complete(r#"{"b":1,"@context":"c"}"#, &defaults).unwrap();
        assert_eq!(
            done,
            r#"{"@context":"c","@id":"urn:uuid:1","b":1,"expiresAt":"2026-03-02T00:00:00.123Z","issuedAt":"2026-03-01T00:00:00.123Z"}"#
        );
        assert_eq!(complete(BARE, &defaults).unwrap(), BARE);
    }
}
