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

/// A script in a folder where `k.pem` is a key that OpenSSL made; nothing where there is no OpenSSL.
fn shaped(script: &str) -> Option<(super::Said, tempfile::TempDir)> {
    let dir = tempfile::tempdir().unwrap();
    openssl(&[&"genpkey", &"-algorithm", &"ed25519", &"-out", &dir.path().join("k.pem")])?;
    let shell = |script: &str| {
        let output = crate::run::shell(script, dir.path());
        super::Said {
            status: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            log: String::from_utf8(output.stderr).unwrap(),
        }
    };
    let said = shell(&format!("set -e; {{ {script}; }} > /dev/null 2> errors || cat errors >&2"));
    assert_eq!((said.status, said.log.as_str()), (0, ""), "{script}");
    Some((said, dir))
}

/// What OpenSSL writes, and what people make of it: each from k.pem into s.pem.
const SHAPES: [&str; 17] = [
    "cp k.pem s.pem",
    "openssl pkey -in k.pem -out s.pem -text",
    "openssl pkey -in k.pem -out s.pem -text_pub",
    "{ cat k.pem; openssl pkey -in k.pem -pubout; } > s.pem",
    "openssl req -x509 -key k.pem -subj /CN=x -days 9 -out c.pem; cat c.pem k.pem > s.pem",
    "openssl req -x509 -key k.pem -subj /CN=x -days 9 -out c.pem; cat k.pem c.pem > s.pem",
    "openssl req -x509 -key k.pem -subj /CN=x -days 9 -out c.pem
        openssl pkcs12 -export -inkey k.pem -in c.pem -name 'Ferry: 1' -passout pass:x -out p.p12
        openssl pkcs12 -in p.p12 -passin pass:x -nodes -out s.pem; grep -q 'Bag Attributes' s.pem",
    "openssl pkey -in k.pem -aes256 -passout pass:x -out e.pem; openssl pkey -in e.pem -passin pass:x -out s.pem",
    "openssl pkey -in k.pem -outform DER -out k.der; openssl pkey -in k.der -out s.pem",
    "openssl genpkey -algorithm ed25519 -out other.pem; cat k.pem other.pem > s.pem",
    "openssl genpkey -algorithm RSA -out rsa.pem; cat k.pem rsa.pem > s.pem",
    "sed 's/$/\r/' k.pem > s.pem",
    "{ echo; echo 'a key: mine'; sed 1G k.pem; echo; echo more; } > s.pem",
    "{ head -1 k.pem; sed -n 2p k.pem | fold -w 10; tail -1 k.pem; } > s.pem",
    "sed 's/$/  /' k.pem > s.pem",
    "head -c -1 k.pem > s.pem",
    "{ printf 'F\\344hre\\n'; cat k.pem; } > s.pem",
];

#[test]
fn keys_are_read_in_every_shape_that_openssl_reads() {
    for shape in SHAPES {
        let Some((_, dir)) = shaped(shape) else { return };
        let at = |name: &str| dir.path().join(name);
        let read = openssl(&[&"pkey", &"-in", &at("s.pem"), &"-pubout", &"-out", &at("theirs")]).unwrap();
        assert_eq!(read.status, 0, "{shape}: OpenSSL reads it: {read:?}");
        let theirs = run("um-key", &[&"did", &at("theirs")], b"");
        assert_eq!(theirs.status, 0, "{theirs:?}");
        assert_eq!(run("um-key", &[&"did", &at("k.pem")], b"").out, theirs.out, "{shape}");
        assert_eq!(run("um-key", &[&"did", &at("s.pem")], b"").out, theirs.out, "{shape}");
        let signed = run("um-sign", &[&"--key", &at("s.pem")], manifest(theirs.out.trim()).as_bytes());
        assert_eq!(verify(&signed.out).code(), "", "{shape}");
    }
    // What OpenSSL does not take: a mark at the start, and blank lines between others.
    for shape in ["{ printf '\\357\\273\\277'; cat k.pem; } > s.pem", "sed G k.pem > s.pem"] {
        let Some((_, dir)) = shaped(shape) else { return };
        let did = |name: &str| run("um-key", &[&"did", &dir.path().join(name)], b"");
        assert_eq!((did("s.pem").status, did("s.pem").out), (0, did("k.pem").out), "{shape}");
    }
}

/// What makes `s.pem`; what is said of it by who needs a private key, and by who takes a public one too: nothing where
/// that is none the matter.
const REFUSED: [(&str, &str, &str); 19] = [
    ("openssl genpkey -algorithm x25519 -out s.pem", "an X25519 key", "an X25519 key"),
    ("openssl genpkey -algorithm ed448 -out s.pem", "an Ed448 key", "an Ed448 key"),
    ("openssl genpkey -algorithm RSA -out s.pem", "an RSA key", "an RSA key"),
    ("openssl genrsa -traditional -out s.pem", "an RSA key", "an RSA key"),
    ("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out s.pem", "an EC key", "an EC key"),
    ("openssl ecparam -name prime256v1 -genkey -out s.pem", "an EC key", "an EC key"),
    ("openssl genpkey -algorithm RSA -out r.pem; cat r.pem k.pem > s.pem", "an RSA key", "an RSA key"),
    ("openssl genrsa -out r.pem; openssl rsa -in r.pem -pubout -out s.pem", "an RSA key", "an RSA key"),
    (
        "openssl genrsa -out r.pem; openssl rsa -in r.pem -RSAPublicKey_out -out s.pem",
        "an RSA key",
        "an RSA key",
    ),
    ("openssl pkey -in k.pem -pubout -out s.pem", "holds a public key", ""),
    ("openssl req -x509 -key k.pem -subj /CN=x -out s.pem", "x509 -in s.pem -noout -pubkey", "a certificate"),
    ("openssl pkey -in k.pem -aes256 -passout pass:x -out s.pem", ENCRYPTED, ENCRYPTED),
    ("openssl genrsa -aes128 -traditional -passout pass:x -out s.pem", ENCRYPTED, ENCRYPTED),
    (
        "openssl pkey -in k.pem -aes256 -passout pass:x -out e.pem; openssl req -x509 -key k.pem -subj /CN=x \
            -out c.pem; cat c.pem e.pem > s.pem",
        ENCRYPTED,
        ENCRYPTED,
    ),
    ("openssl pkey -in k.pem -outform DER -out s.pem", "openssl pkey -in s.pem -out key.pem", "DER"),
    ("iconv -t UTF-16 k.pem > s.pem", "UTF-16", "UTF-16"),
    ("sed '$d' k.pem > s.pem", "not whole", "not whole"),
    ("sed '2s/.//' k.pem > s.pem", "not whole", "not whole"),
    ("echo hello > s.pem", "no key in PEM", "no key in PEM"),
];
const ENCRYPTED: &str = "is encrypted; decrypt it: openssl pkey -in s.pem -out plain.pem";

#[test]
fn of_a_key_that_cannot_be_used_it_is_said_what_it_is() {
    for (shape, private, either) in REFUSED {
        let Some((_, dir)) = shaped(shape) else { return };
        let bytes = fs::read(dir.path().join("s.pem")).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        for (tool, piece) in
            [("um-sign --key", private), ("ulp-append --key", private), ("um-key did", either)]
        {
            let output = crate::run::shell(&format!("{tool} s.pem < /dev/null"), dir.path());
            let log = String::from_utf8(output.stderr).unwrap();
            let status = if piece.is_empty() { 0 } else { 2 };
            assert_eq!(output.status.code(), Some(status), "{tool} {shape}: {log}");
            assert!(log.contains(piece), "{tool} {shape}: {log}");
            let secret = text.lines().filter(|line| line.len() > 8 && !line.starts_with('-'));
            assert!(secret.clone().all(|line| !log.contains(line)), "{tool} {shape}: no byte is printed");
        }
    }
}
