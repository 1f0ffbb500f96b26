#![allow(clippy::unwrap_used)]

use super::*;
use ulp_core::trust::{Instant, SecretKey};

const BARE: &str = r#"{"@context":"c","@id":"i","@type":"um:Manifest","expiresAt":"2026-01-02T00:00:00Z","issuedAt":"2026-01-01T00:00:00Z","manifestVersion":"0.2","subject":"s"}"#;

fn check_text(text: &str, clock: Clock) -> Result<Checked, Refusal> {
    let mut tape = Tape::new();
    let context = Context { clock, verifier: &Verifier::new(), dids: &Dids::none() };
    check(tape.parse(text, 64)?, text.len(), &context, &mut Scratch::default())
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
        ("\"0.1\"", "\"0.5\"", "um.version"),
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
    assert_eq!((checked.version, checked.key()), (Version::V02, Some(key.did())));
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
