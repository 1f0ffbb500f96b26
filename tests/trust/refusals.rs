//! One refusal a case, each with a signature that would hold but for that: so each check is proven by itself.

use curve25519_dalek::constants::{ED25519_BASEPOINT_TABLE, EIGHT_TORSION};
use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::Scalar;
use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD};
use sha2::{Digest as _, Sha512};
use ulp_core::trust::Did;

use super::{event, key, manifest, run, signed_event, signed_manifest, verify};

const PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

fn spki(key: &[u8; 32]) -> String {
    BASE64.encode(&[&PREFIX[..], key].concat())
}

/// A manifest with a genuine signature whose members are then changed.
struct Case {
    bare: String,
    members: Vec<(String, String)>,
}

impl Case {
    fn new(bare: String) -> Case {
        let value = BASE64URL_NOPAD.encode(&key(1).sign(bare.as_bytes()));
        let did = key(1).did();
        let members = [
            ("algorithm", "Ed25519".to_owned()),
            ("canonicalization", "JCS-RFC8785".to_owned()),
            ("keyRef", did.key_ref()),
            ("publicKeySpkiB64", spki(&did.0)),
            ("value", value),
        ];
        let members = members.into_iter().map(|(n, v)| (n.to_owned(), format!("\"{v}\""))).collect();
        Case { bare, members }
    }

    fn manifest() -> Case {
        Case::new(manifest(&key(1).did().to_string()))
    }

    /// An event's signature has no `publicKeySpkiB64`.
    fn event() -> Case {
        Case::new(event(1)).without("publicKeySpkiB64")
    }

    /// With a member as raw JSON, in place of one of that name.
    fn raw(mut self, name: &str, raw: &str) -> Case {
        self = self.without(name);
        self.members.push((name.to_owned(), raw.to_owned()));
        self
    }

    fn text(self, name: &str, text: &str) -> Case {
        self.raw(name, &format!("\"{text}\""))
    }

    fn without(mut self, name: &str) -> Case {
        self.members.retain(|(n, _)| n != name);
        self
    }

    fn get(&self, name: &str) -> String {
        self.members.iter().find(|(n, _)| n == name).unwrap().1.trim_matches('"').to_owned()
    }

    fn document(&self) -> String {
        let members: Vec<String> = self.members.iter().map(|(n, v)| format!("\"{n}\":{v}")).collect();
        format!("{},\"signature\":{{{}}}}}", self.bare.strip_suffix('}').unwrap(), members.join(","))
    }

    fn code(&self) -> String {
        verify(&self.document()).code()
    }
}

/// R and S by a key of our own making: `a` times the base point plus some point of small order, found by trying
/// nonces until the small order cancels out, so that the strict equation holds.
fn sign_with_torsion(message: &[u8], a: Scalar, public: &EdwardsPoint, torsion: &EdwardsPoint) -> [u8; 64] {
    let encoded = public.compress().to_bytes();
    for nonce in 1u64.. {
        let r = Scalar::from(nonce);
        let point = (ED25519_BASEPOINT_TABLE * &r).compress().to_bytes();
        let k = hash(&point, &encoded, message);
        if (torsion * k).compress() == EIGHT_TORSION[0].compress() {
            return [point, (r + k * a).to_bytes()].concat().try_into().unwrap();
        }
    }
    unreachable!("one nonce in eight will do")
}

fn hash(r: &[u8], a: &[u8], message: &[u8]) -> Scalar {
    Scalar::from_bytes_mod_order_wide(
        &Sha512::new().chain_update(r).chain_update(a).chain_update(message).finalize().into(),
    )
}

#[test]
fn the_genuine_ones_hold() {
    assert_eq!(Case::manifest().code(), "");
    assert_eq!(Case::event().code(), "");
    assert_eq!(Case::manifest().without("keyRef").code(), "");
    assert_eq!(Case::manifest().without("publicKeySpkiB64").code(), "");
    assert_eq!(
        Case::manifest().text("keyRef", "did:example:alice#key-1").code(),
        "",
        "another method's name is ignored"
    );
    assert_eq!(Case::manifest().raw("unknown", "[1]").code(), "", "unknown members are ignored");
    assert_eq!(Case::manifest().text("created", "2026-02-17T00:00:00Z").code(), "");
}

#[test]
fn each_member_of_a_manifests_signature_counts() {
    let did = key(1).did();
    let bare = did.to_string();
    let fragment = bare.strip_prefix("did:key:").unwrap();
    for (name, text, code) in [
        ("algorithm", "ed25519", "signature.algorithm"),
        ("algorithm", "Ed448", "signature.algorithm"),
        ("algorithm", "EdDSA", "signature.algorithm"),
        ("algorithm", "none", "signature.algorithm"),
        ("algorithm", "", "signature.algorithm"),
        ("canonicalization", "jcs-rfc8785", "signature.algorithm"),
        ("canonicalization", "RFC8785-JCS", "signature.algorithm"),
        ("keyRef", &bare, "signature.key"),
        ("keyRef", &format!("{bare}#key-1"), "signature.key"),
        ("keyRef", &format!("{bare}#{fragment}#"), "signature.key"),
        ("keyRef", &format!("{bare}?x#{fragment}"), "signature.key"),
        ("keyRef", &key(2).did().key_ref(), "signature.key"),
        (
            "keyRef",
            "did:key:z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc#z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc",
            "signature.key",
        ),
        ("publicKeySpkiB64", &spki(&key(2).did().0), "signature.key"),
        ("publicKeySpkiB64", spki(&did.0).trim_end_matches('='), "signature.key"),
        ("publicKeySpkiB64", &format!("{}\\n", spki(&did.0)), "signature.key"),
        ("publicKeySpkiB64", &format!(" {}", spki(&did.0)), "signature.key"),
        ("publicKeySpkiB64", &BASE64URL.encode(&[&PREFIX[..], &[0xff; 32]].concat()), "signature.key"),
        ("publicKeySpkiB64", &BASE64.encode(&did.0), "signature.key"),
        ("publicKeySpkiB64", &BASE64.encode(&[&PREFIX[..], &did.0, &[0]].concat()), "signature.key"),
        ("publicKeySpkiB64", "", "signature.key"),
        ("created", "17-02-2026", "signature.malformed"),
        ("created", "2026-02-30T00:00:00Z", "signature.malformed"),
        ("created", "2026-02-17T00:00:00", "signature.malformed"),
    ] {
        assert_eq!(Case::manifest().text(name, text).code(), code, "{name} {text}");
    }
    for name in ["algorithm", "canonicalization", "value", "keyRef", "publicKeySpkiB64", "created"] {
        for raw in ["null", "1", "[]", "{}", "true"] {
            assert_eq!(Case::manifest().raw(name, raw).code(), "signature.malformed", "{name} {raw}");
        }
    }
    for name in ["algorithm", "canonicalization", "value"] {
        assert_eq!(Case::manifest().without(name).code(), "signature.malformed", "{name}");
    }
    assert_eq!(Case::manifest().without("keyRef").without("publicKeySpkiB64").code(), "signature.key");
    let foreign = Case::manifest().without("publicKeySpkiB64").text("keyRef", "did:example:alice#key-1");
    assert_eq!(foreign.code(), "signature.key", "a name that nobody resolves is no key");
    for raw in ["null", "1", "[]", "\"x\"", "[{}]"] {
        let document = format!("{},\"signature\":{raw}}}", manifest("s").strip_suffix('}').unwrap());
        assert_eq!(verify(&document).code(), "signature.malformed", "{raw}");
    }
}

#[test]
fn other_curves_are_no_ed25519() {
    for oid in [[0x2b, 0x65, 0x6e], [0x2b, 0x65, 0x6f], [0x2b, 0x65, 0x71]] {
        let mut der = [&PREFIX[..], &key(1).did().0].concat();
        der[6..9].copy_from_slice(&oid);
        assert_eq!(
            Case::manifest().without("keyRef").text("publicKeySpkiB64", &BASE64.encode(&der)).code(),
            "signature.key"
        );
    }
    // The same key with NULL parameters, which RFC 8410 forbids, and with lengths of two bytes.
    let key = key(1).did().0;
    for head in [
        &[0x30, 0x2c, 0x30, 0x07, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x05, 0x00, 0x03, 0x21, 0x00][..],
        &[0x30, 0x81, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00][..],
    ] {
        let der = [head, &key].concat();
        assert_eq!(
            Case::manifest().without("keyRef").text("publicKeySpkiB64", &BASE64.encode(&der)).code(),
            "signature.key"
        );
    }
}

/// All the spellings of a value's 64 bytes but the one.
fn misspelt(value: &str) -> Vec<String> {
    let bytes = BASE64URL_NOPAD.decode(value.as_bytes()).unwrap();
    let last = value.chars().last().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let at = alphabet.find(last).unwrap();
    let spare: Vec<String> =
        (1..16).map(|bits| format!("{}{}", &value[..85], &alphabet[at + bits..=at + bits])).collect();
    let mut all = vec![
        format!("{value}=="),
        format!("{value}="),
        format!(" {value}"),
        format!("{value}\\n"),
        format!("{} {}", &value[..40], &value[40..]),
        format!("{value}A"),
        value[..85].to_owned(),
        String::new(),
        BASE64URL_NOPAD.encode(&bytes[..63]),
        BASE64URL_NOPAD.encode(&[&bytes[..], &[0]].concat()),
    ];
    all.extend(spare);
    let standard = BASE64_NOPAD.encode(&bytes);
    all.extend((standard != value).then_some(standard));
    all
}

#[test]
fn a_value_has_one_spelling() {
    let value = Case::manifest().get("value");
    for other in misspelt(&value) {
        assert_eq!(Case::manifest().text("value", &other).code(), "signature.value", "{other}");
    }
    let value = Case::event().get("value");
    for other in misspelt(&value) {
        assert_eq!(Case::event().text("value", &other).code(), "signature.malformed", "{other}");
    }
}

/// S and S plus the group's order give the same point: both would hold where S is not held to be less.
#[test]
fn s_is_less_than_the_order() {
    let mut bytes = BASE64URL_NOPAD.decode(Case::manifest().get("value").as_bytes()).unwrap();
    let order = [
        0xedu8, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut carry = 0;
    for (byte, add) in bytes[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
    let value = BASE64URL_NOPAD.encode(&bytes);
    assert_eq!(Case::manifest().text("value", &value).code(), "signature.value");
    assert_eq!(Case::event().text("value", &value).code(), "signature.value");
}

/// Under a key of small order, one signature holds for everything, or for one message in eight.
#[test]
fn keys_of_small_order_are_refused() {
    let message = manifest("s");
    for torsion in EIGHT_TORSION {
        let encoded = torsion.compress().to_bytes();
        let signature = sign_with_torsion(message.as_bytes(), Scalar::ZERO, &torsion, &torsion);
        let case = Case::new(message.clone())
            .without("keyRef")
            .text("publicKeySpkiB64", &spki(&encoded))
            .text("value", &BASE64URL_NOPAD.encode(&signature));
        assert_eq!(case.code(), "signature.key");
    }
}

#[test]
fn keys_of_mixed_order_are_refused() {
    let a = Scalar::from(12345u64);
    let message = manifest("s");
    for torsion in &EIGHT_TORSION[1..] {
        let public = ED25519_BASEPOINT_TABLE * &a + torsion;
        let signature = sign_with_torsion(message.as_bytes(), a, &public, torsion);
        let did = Did(public.compress().to_bytes());
        // The strict equation of the library holds: the refusal is of the key alone.
        let dalek = ed25519_dalek::VerifyingKey::from_bytes(&did.0).unwrap();
        dalek.verify_strict(message.as_bytes(), &ed25519_dalek::Signature::from_bytes(&signature)).unwrap();
        let case = Case::new(message.clone())
            .without("publicKeySpkiB64")
            .text("keyRef", &did.key_ref())
            .text("value", &BASE64URL_NOPAD.encode(&signature));
        assert_eq!(case.code(), "signature.key");
    }
}

#[test]
fn bytes_that_are_no_point_or_not_in_their_one_encoding_are_no_key() {
    let field = |low: u8| {
        let mut bytes = [0xff; 32];
        (bytes[0], bytes[31]) = (0xed + low, 0x7f);
        bytes
    };
    for low in 0..19 {
        let case = Case::manifest().without("keyRef").text("publicKeySpkiB64", &spki(&field(low)));
        assert_eq!(case.code(), "signature.key", "p + {low}");
    }
    let no_point =
        (0u8..=255).map(|n| [n; 32]).find(|b| ed25519_dalek::VerifyingKey::from_bytes(b).is_err()).unwrap();
    assert_eq!(
        Case::manifest().without("keyRef").text("publicKeySpkiB64", &spki(&no_point)).code(),
        "signature.key"
    );
}

#[test]
fn an_r_of_small_order_is_refused() {
    let message = manifest("s");
    let a = Scalar::from(12345u64);
    let public = ED25519_BASEPOINT_TABLE * &a;
    let encoded = public.compress().to_bytes();
    let r = EIGHT_TORSION[0].compress().to_bytes();
    let s = hash(&r, &encoded, message.as_bytes()) * a;
    let value = BASE64URL_NOPAD.encode(&[r, s.to_bytes()].concat());
    let case =
        Case::new(message).without("keyRef").text("publicKeySpkiB64", &spki(&encoded)).text("value", &value);
    assert_eq!(case.code(), "signature.value");
}

#[test]
fn an_events_signature_is_exactly_four_members() {
    assert_eq!(Case::event().text("publicKeySpkiB64", &spki(&key(1).did().0)).code(), "signature.malformed");
    assert_eq!(Case::event().text("created", "2026-02-17T00:00:00Z").code(), "signature.malformed");
    assert_eq!(Case::event().raw("x", "1").code(), "signature.malformed");
    for name in ["algorithm", "canonicalization", "keyRef", "value"] {
        assert_eq!(Case::event().without(name).code(), "signature.malformed", "{name}");
        assert_eq!(Case::event().raw(name, "1").code(), "signature.malformed", "{name}");
    }
    assert_eq!(Case::event().text("algorithm", "Ed448").code(), "signature.algorithm");
    let did = key(1).did().to_string();
    for spelling in [&did, &format!("{did}#key-1"), "did:example:alice#key-1", &format!("{did}#{did}"), ""] {
        assert_eq!(Case::event().text("keyRef", spelling).code(), "signature.malformed", "{spelling}");
    }
    assert_eq!(Case::event().text("keyRef", &key(2).did().key_ref()).code(), "signature.value");
    for raw in ["null", "[]", "\"x\"", "[\"a\",\"b\",\"c\",\"d\"]"] {
        let document = format!("{},\"signature\":{raw}}}", event(1).strip_suffix('}').unwrap());
        assert_eq!(verify(&document).code(), "signature.malformed", "{raw}");
    }
}

/// Escapes inside `signature` are other bytes with the same meaning. They are no second event: what is stored is the
/// canonical form, in which they are gone.
#[test]
fn escapes_in_a_signature_mean_the_same() {
    let signed = signed_event(1);
    let escaped =
        signed.replace("\"Ed25519\"", "\"\\u0045d25519\"").replace("\"keyRef\"", "\"\\u006beyRef\"");
    assert_eq!(verify(&escaped).code(), "");
    let mut canonical = Vec::new();
    ulp_core::json::write_canonical(&escaped, &mut canonical);
    assert_eq!(String::from_utf8(canonical).unwrap(), signed);
    let twice = signed.replace("\"keyRef\"", "\"k\\u0065yRef\":\"x\",\"keyRef\"");
    assert_eq!(verify(&twice).code(), "json.duplicate_key");
}

#[test]
fn what_was_signed_as_one_thing_is_no_other() {
    let stripped = |signed: &str| {
        let (head, rest) = signed.split_once("\"signature\":{").unwrap();
        let rest = rest.split_once('}').unwrap().1;
        format!("{head}{}", rest.strip_prefix(',').unwrap_or(rest)).replace(",}", "}")
    };
    let (manifest, event) = (signed_manifest(1), signed_event(1));
    assert_eq!(verify(&stripped(&manifest)).code(), "signature.missing");
    assert_eq!(verify(&stripped(&event)).code(), "signature.missing");
    let older = manifest.replace("\"0.2\"", "\"0.1\"");
    assert_eq!(verify(&older).code(), "signature.missing", "version 0.1 says nothing");
    assert_eq!(
        verify(&manifest.replace("\"manifestVersion\":\"0.2\",", "")).code(),
        "signature.value",
        "a document now"
    );
    for (from, to, code) in [
        ("{\"@context\"", "{\"added\":1,\"@context\"", "signature.value"),
        ("\"n\":1", "\"n\":1,\"n\":1", "json.duplicate_key"),
        ("\"n\":1", "\"n\":9007199254740993", "json.number"),
        ("\"n\":1", "\"n\":1.0000000000000002", "signature.value"),
        ("{\"@context\"", "{\"log\":\"witness\",\"@context\"", "event.kind"),
        ("{\"@context\"", "{\"operation\":\"x\",\"@context\"", "event.kind"),
    ] {
        assert!(manifest.contains(from));
        assert_eq!(verify(&manifest.replace(from, to)).code(), code, "{to}");
    }
    assert_eq!(
        verify(&manifest.replace("\"n\":1", "\"n\":1.0")).code(),
        "",
        "the same number is the same document"
    );
    for (more, code) in [
        ("\"log\":1", "event.kind"),
        ("\"manifestVersion\":\"0.2\"", "event.kind"),
        ("\"@context\":1", "event.kind"),
        ("\"added\":1", "signature.value"),
    ] {
        assert_eq!(verify(&format!("{{{more},{}", &event[1..])).code(), code, "{more}");
    }
}

#[test]
fn a_witness_line_is_no_event_and_no_event_a_witness_line() {
    let line = r#"{"log":"witness","root":"blake3:00"}"#;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("k.pem");
    key(1).create(&path).unwrap();
    let signed = run("um-sign", &[&"--key", &path], line.as_bytes()).out;
    let signed = signed.trim_end();
    assert_eq!(verify(signed).code(), "");
    let one = signed.split_once('[').unwrap().1.split_once(']').unwrap().0;
    let with = |array: &str| format!("{{\"log\":\"witness\",\"root\":\"blake3:00\",\"signatures\":{array}}}");
    assert_eq!(verify(&with(&format!("[{one}]"))).code(), "");
    for (document, code) in [
        (signed.replace("{\"log\"", "{\"operation\":\"create_node\",\"log\""), "event.kind"),
        (signed.replace("\"log\":\"witness\"", "\"operation\":\"create_node\""), "envelope.timestamp"),
        (signed.replace("\"log\":\"witness\",", ""), "signature.missing"),
        (
            format!("{{\"log\":\"witness\",\"root\":\"blake3:00\",\"signature\":{one}}}"),
            "signature.malformed",
        ),
        (format!("{{\"root\":\"blake3:00\",\"signature\":{one}}}"), "signature.value"),
        (with("[]"), "signature.malformed"),
        (with("{}"), "signature.malformed"),
        (with("null"), "signature.malformed"),
        (with(&format!("[{one},{one}]")), "signature.malformed"),
        (with(&format!("[{one},1]")), "signature.malformed"),
        (with(&format!("[{}]", one.replace("{\"alg", "{\"x\":1,\"alg"))), "signature.malformed"),
        (with(&format!("[{}]", vec![one; 65].join(","))), "signature.malformed"),
        (line.to_owned(), "signature.missing"),
    ] {
        assert_eq!(verify(&document).code(), code, "{document}");
    }
    let event = signed_event(1);
    let signature = event.split_once("\"signature\":").unwrap().1.split_once('}').unwrap().0.to_owned() + "}";
    let dressed =
        event.replace(&format!("\"signature\":{signature}"), &format!("\"signatures\":[{signature}]"));
    assert_eq!(verify(&dressed).code(), "signature.missing", "an event has one signature, in its place");
}
