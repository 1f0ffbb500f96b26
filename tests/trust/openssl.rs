//! OpenSSL reads our keys and verifies our signatures, and we its.

use std::fs;
use std::path::Path;

use data_encoding::{BASE64, BASE64URL_NOPAD};
use ulp_core::json::{Canonical, Tape};

use super::{manifest, run, verify};
use crate::run::skipped;

fn openssl(args: &[&dyn AsRef<std::ffi::OsStr>]) -> Option<super::Said> {
    if !Path::new("/usr/bin/openssl").exists() {
        skipped("no openssl");
        return None;
    }
    Some(run("/usr/bin/openssl", args, b""))
}

/// The bytes that are signed, and the bytes of the signature.
fn parts(signed: &str) -> (Vec<u8>, Vec<u8>) {
    let mut tape = Tape::new();
    let object = tape.parse(signed, 64).unwrap();
    let value = object.get("signature").and_then(|s| s.get("value")).unwrap().as_plain_str().unwrap();
    let mut message = Vec::new();
    Canonical::new().write_without(object, "signature", &mut message);
    (message, BASE64URL_NOPAD.decode(value.as_bytes()).unwrap())
}

#[test]
fn openssl_verifies_what_we_sign() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let made = run("um-key", &[&"generate", &"-o", &at("a.pem")], b"");
    assert_eq!(made.status, 0, "{made:?}");
    let Some(text) = openssl(&[&"pkey", &"-in", &at("a.pem"), &"-noout", &"-text"]) else { return };
    assert!(text.status == 0 && text.out.contains("ED25519 Private-Key"), "{text:?}");
    let public = openssl(&[&"pkey", &"-in", &at("a.pem"), &"-pubout", &"-out", &at("a.pub")]).unwrap();
    assert_eq!(public.status, 0);
    assert_eq!(run("um-key", &[&"did", &at("a.pub")], b"").out, made.out);
    let signed = run("um-sign", &[&"--key", &at("a.pem")], manifest(made.out.trim()).as_bytes());
    assert_eq!(verify(&signed.out).out, signed.out);
    let (message, value) = parts(signed.out.trim_end());
    fs::write(at("message"), message).unwrap();
    fs::write(at("value"), value).unwrap();
    let said = openssl(&[
        &"pkeyutl",
        &"-verify",
        &"-pubin",
        &"-inkey",
        &at("a.pub"),
        &"-rawin",
        &"-in",
        &at("message"),
        &"-sigfile",
        &at("value"),
    ]);
    assert_eq!(said.unwrap().status, 0);
}

#[test]
fn we_verify_what_openssl_signs() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let Some(made) = openssl(&[&"genpkey", &"-algorithm", &"ed25519", &"-out", &at("o.pem")]) else { return };
    assert_eq!(made.status, 0);
    openssl(&[&"pkey", &"-in", &at("o.pem"), &"-pubout", &"-outform", &"DER", &"-out", &at("o.der")])
        .unwrap();
    let bare = manifest(run("um-key", &[&"did", &at("o.pem")], b"").out.trim());
    fs::write(at("message"), &bare).unwrap();
    let signing: [&dyn AsRef<std::ffi::OsStr>; 8] =
        [&"pkeyutl", &"-sign", &"-inkey", &at("o.pem"), &"-rawin", &"-in", &at("message"), &"-out"];
    let signed = openssl(&[&signing[..], &[&at("value")]].concat()).unwrap();
    assert_eq!(signed.status, 0, "{signed:?}");
    let spki = BASE64.encode(&fs::read(at("o.der")).unwrap());
    let value = BASE64URL_NOPAD.encode(&fs::read(at("value")).unwrap());
    let signature = format!(
        r#"{{"algorithm":"Ed25519","canonicalization":"JCS-RFC8785","publicKeySpkiB64":"{spki}","value":"{value}"}}"#
    );
    let document = format!("{},\"signature\":{signature}}}", bare.strip_suffix('}').unwrap());
    assert_eq!(verify(&document).code(), "");
    assert_eq!(verify(&document.replace("\"n\":1", "\"n\":2")).code(), "signature.value");
    // The key that OpenSSL made signs here too, and to the same bytes: Ed25519 leaves nothing to chance.
    let ours = run("um-sign", &[&"--key", &at("o.pem")], bare.as_bytes());
    assert_eq!(parts(ours.out.trim_end()).1, BASE64URL_NOPAD.decode(value.as_bytes()).unwrap());
}

#[test]
fn keys_of_other_kinds_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("k.pem");
    for algorithm in ["x25519", "ed448", "RSA"] {
        let Some(made) = openssl(&[&"genpkey", &"-algorithm", &algorithm, &"-out", &path]) else { return };
        assert_eq!(made.status, 0);
        let pem = fs::read_to_string(&path).unwrap();
        for said in [run("um-key", &[&"did", &path], b""), run("um-sign", &[&"--key", &path], b"{}")] {
            assert_eq!((said.status, said.out.as_str()), (2, ""), "{algorithm}");
            let body: Vec<&str> = pem.lines().filter(|l| !l.starts_with('-')).collect();
            assert!(body.iter().all(|line| !said.log.contains(line)), "no byte of a key is printed");
        }
    }
}
