//! What is hidden, through the tool: against another implementation's vectors, with `jose` both ways, and changed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use data_encoding::{BASE64, HEXLOWER};
use serde_json::{Value, json};

use crate::run::{self, skipped};

const ESCROW: &str = "did:key:z6LStDHDZoXmDENzHBep1ENK1uFSxcLRZyvH3QkXy1oyp1SN";
const P256: &str = "did:key:zDnaemd2UacvgumesVLu8ocSUjkxJvrEhEUk6KTB9hwHES9CU";
const ALICE: &str = "did:key:z6LSh6zfJpSAp8142MKt2zeXVBhc5Ze38qhBfK9V8JXoSRWc";

/// What a run said.
#[derive(Debug)]
struct Said {
    status: i32,
    out: String,
    /// The codes that were counted, those that refuse included.
    codes: Vec<String>,
}

fn seal(dir: &Path, args: &[&str], input: &str) -> Said {
    let mut command = run::command("um-seal", dir);
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (mut stdin, text) = (child.stdin.take().unwrap(), input.as_bytes().to_vec());
    // A tool that ends early closes its stdin: no failure of this test.
    let writer = std::thread::spawn(move || drop(std::io::Write::write_all(&mut stdin, &text)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    // A failure is told in words.
    let last: Value = serde_json::from_str(log.lines().last().unwrap_or_default()).unwrap_or_default();
    let codes = last["codes"].as_object().into_iter().flatten().map(|(code, _)| code.clone()).collect();
    Said { status: output.status.code().unwrap(), out: String::from_utf8(output.stdout).unwrap(), codes }
}

/// A key file: X25519 of its secret, or P-256, whose PKCS#8 is longer.
fn key(dir: &Path, name: &str, did: &str, secret: u8) -> String {
    let (head, tail) = match did.starts_with("did:key:z6LS") {
        true => ("302e020100300506032b656e04220420", ""),
        false => ("3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420", ""),
    };
    let der = [HEXLOWER.decode(head.as_bytes()).unwrap(), vec![secret; 32], tail.into()].concat();
    let path = dir.join(name);
    let text = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", BASE64.encode(&der));
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The keys of the vectors, by their DIDs.
fn keys(dir: &Path) -> [(&'static str, String); 3] {
    [
        (ALICE, key(dir, "alice.pem", ALICE, 5)),
        (ESCROW, key(dir, "escrow.pem", ESCROW, 6)),
        (P256, key(dir, "p256.pem", P256, 8)),
    ]
}

fn with_facet(entity: &Value) -> Value {
    json!({"@id": "urn:m", "facets": [{"@id": "urn:f", "@type": ["um:Facet", "k"], "entity": entity, "name": "n"}]})
}

fn canonical(value: &Value) -> String {
    let mut out = Vec::new();
    ulp_core::json::write_canonical(&value.to_string(), &mut out);
    String::from_utf8(out).unwrap() + "\n"
}

#[test]
fn vectors_come_out_to_the_byte() {
    let Some(path) =
        run::shared().map(|shared| shared.join("fixtures/portal/seal.json")).filter(|p| p.exists())
    else {
        return skipped("no fixtures");
    };
    let vectors: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let keys = keys(dir.path());
    for case in vectors["cases"].as_array().unwrap() {
        let seed = HEXLOWER.decode(case["random"].as_str().unwrap().as_bytes()).unwrap();
        fs::write(dir.path().join("seed"), seed).unwrap();
        let to: Vec<&str> = case["to"].as_array().unwrap().iter().map(|did| did.as_str().unwrap()).collect();
        let mut args = vec!["--random", "seed"];
        to.iter().for_each(|did| args.extend(["--to", did]));
        let whole = seal(dir.path(), &args, &canonical(&case["entity"]));
        assert_eq!(whole.out, canonical(&case["jwe"]));
        assert_eq!(whole.codes, ["random.seeded"]);
        args.extend(["--facet", "k"]);
        let plain = with_facet(&case["entity"]);
        let sealed = seal(dir.path(), &args, &plain.to_string());
        let mut expected = with_facet(&case["jwe"]);
        expected["facets"][0]["encryptionProfile"] = json!("jwe-inline-v1");
        assert_eq!(sealed.out, canonical(&expected));
        for (did, pem) in &keys {
            let opened = seal(dir.path(), &["--open", "--key", pem], &sealed.out);
            let (out, codes) = match to.contains(did) {
                true => (canonical(&plain), vec![]),
                false => (sealed.out.clone(), vec!["jwe.no_key".to_owned()]),
            };
            assert_eq!((opened.status, opened.out, opened.codes), (0, out, codes), "{did}");
        }
    }
    for case in vectors["opaque_for_escrow"].as_array().unwrap() {
        let mut document = with_facet(&case["jwe"]);
        document["facets"][0]["encryptionProfile"] = json!("jwe-inline-v1");
        let said = seal(dir.path(), &["--open", "--key", &keys[1].1], &canonical(&document));
        assert_eq!((said.status, &said.out), (0, &canonical(&document)), "it stays as it is");
        assert_eq!(said.codes, [case["code"].as_str().unwrap()], "{}", case["name"]);
    }
}

/// Asks `jose`; nothing where it is not installed.
fn jose(args: &[&str], input: &str) -> Option<String> {
    let modules = run::root().join("target/peers/node_modules");
    if !modules.join("jose").exists() {
        skipped("jose is not installed");
        return None;
    }
    let script: PathBuf = run::root().join("tests/seal/jose.mjs");
    let mut command = Command::new("node");
    command.arg(script).arg(modules).args(args).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{args:?}");
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn jose_opens_what_is_sealed_here_and_the_other_way_round() {
    let dir = tempfile::tempdir().unwrap();
    let keys = keys(dir.path());
    let plain = "{\"a\":\"é\",\"n\":[1,2.5]}";
    for some in [&keys[..1], &keys[2..], &keys[..]] {
        let to: Vec<&str> = some.iter().flat_map(|(did, _)| ["--to", did]).collect();
        let ours = seal(dir.path(), &to, plain).out;
        let pairs: Vec<String> = some.iter().map(|(did, pem)| format!("{did}={pem}")).collect();
        let mut args = vec!["seal"];
        args.extend(pairs.iter().map(String::as_str));
        let Some(theirs) = jose(&args, plain) else { return };
        for (_, pem) in some {
            assert_eq!(jose(&["open", pem], &ours).unwrap(), plain);
            assert_eq!(seal(dir.path(), &["--open", "--key", pem], &theirs).out.trim_end(), plain);
        }
    }
}

#[test]
fn openssl_reads_the_key_that_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let made = seal(dir.path(), &["--generate", "-o", "k.pem"], "");
    assert_eq!(made.status, 0, "{made:?}");
    let mode = fs::metadata(dir.path().join("k.pem")).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
    let text = run::sh("openssl pkey -in k.pem -noout -text", dir.path());
    assert!(text.starts_with("X25519 Private-Key"), "{text}");
    let did = made.out.trim_end();
    let sealed = seal(dir.path(), &["--to", did], "{\"a\":1}").out;
    assert_eq!(seal(dir.path(), &["--open", "--key", "k.pem"], &sealed).out, "{\"a\":1}\n");
    assert_eq!(seal(dir.path(), &["--generate", "-o", "k.pem"], "").status, 4, "it is there already");
    run::sh(
        "openssl genpkey -algorithm x25519 -out x.pem; openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out p.pem; openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out q.pem; openssl pkey -in x.pem -pubout -out x.pub",
        dir.path(),
    );
    for (file, status) in [("x.pem", 0), ("p.pem", 0), ("q.pem", 2), ("x.pub", 2), ("none.pem", 4)] {
        let said = run::shell(&format!("um-seal --open --key {file} < /dev/null"), dir.path());
        assert_eq!(said.status.code(), Some(status), "{file}: {}", String::from_utf8_lossy(&said.stderr));
    }
}

#[test]
fn what_cannot_be_sealed_is_said() {
    let dir = tempfile::tempdir().unwrap();
    keys(dir.path());
    let plain = with_facet(&json!({"a": 1}));
    let sealed = seal(dir.path(), &["--to", ESCROW, "--facet", "k"], &plain.to_string()).out;
    for (change, args, status, code) in [
        (json!({"signature": {}}), &["--to", ESCROW, "--facet", "k"][..], 1, "seal.signed"),
        (json!({"proof": {}}), &["--to", ESCROW, "--facet", "k"], 1, "seal.signed"),
        (json!({"signature": {}}), &["--to", ESCROW], 0, ""),
        (json!({}), &["--to", ESCROW, "--facet", "K"], 1, "seal.none"),
        (json!({"facets": []}), &["--to", ESCROW, "--facet", "k"], 1, "seal.none"),
        (json!({"facets": 1}), &["--to", ESCROW, "--facet", "k"], 1, "seal.none"),
        (serde_json::from_str(&sealed).unwrap(), &["--to", ESCROW, "--facet", "k"], 1, "seal.sealed"),
    ] {
        let mut document = plain.clone();
        let changes = change.as_object().unwrap().clone();
        document.as_object_mut().unwrap().extend(changes);
        let said = seal(dir.path(), args, &document.to_string());
        assert_eq!(said.status, status, "{change} {said:?}");
        assert_eq!(said.codes.join(" "), code, "{change}");
        assert_eq!(said.out.is_empty(), status == 1);
    }
    let opened =
        seal(dir.path(), &["--open", "--key", "escrow.pem"], &sealed.replacen('{', "{\"signature\":{},", 1));
    assert_eq!((opened.status, opened.codes), (0, vec!["seal.signed".to_owned()]), "for reading");
    for args in [
        &["--to", "did:key:z6Mko9hTggMwjSTEaJaPUfE6tqcy2xvU6BnNq3e3o8qVBiyH"][..],
        &["--to", "did:web:a.example"],
        &["--open"],
        &["--facet", "k"],
        &["--generate"],
        &["--commit"],
        &[],
        &["--to", ESCROW, "--open", "--key", "escrow.pem"],
        &["--to", ESCROW, "--opening", "o"],
    ] {
        let said = run::command("um-seal", dir.path()).args(args).output().unwrap();
        assert_eq!(said.status.code(), Some(2), "{args:?}");
    }
    let broken = seal(dir.path(), &["--to", ESCROW], "[1]\n{\"a\":1,\"a\":1}\n{\"b\":2}\n");
    assert_eq!((broken.status, broken.out.lines().count()), (1, 1));
    assert_eq!(broken.codes, ["json.duplicate_key", "json.syntax"]);
}

#[test]
fn the_bytes_are_the_same_with_any_number_of_threads() {
    let dir = tempfile::tempdir().unwrap();
    keys(dir.path());
    fs::write(dir.path().join("seed"), [7; 40]).unwrap();
    let document = |n: usize| {
        let facet = |i: usize| json!({"@id": format!("urn:{i}"), "@type": "k", "entity": {"n": n, "i": i}});
        json!({"@id": n.to_string(), "facets": (0..n % 6 + 1).map(facet).collect::<Vec<_>>()}).to_string()
            + "\n"
    };
    let input: String = (0..120).map(document).collect();
    let args = ["--random", "seed", "--facet", "k", "--to", P256, "--to", ESCROW, "-j"];
    let of = |jobs: &str| seal(dir.path(), &[&args[..], &[jobs]].concat(), &input).out;
    let one = of("1");
    assert_eq!(one.lines().count(), 120);
    for jobs in ["2", "3", "8"] {
        assert!(of(jobs) == one, "{jobs} threads");
    }
    assert_eq!(seal(dir.path(), &["--open", "--key", "p256.pem"], &one).out, {
        let texts: Vec<String> =
            (0..120).map(|n| canonical(&serde_json::from_str(&document(n)).unwrap())).collect();
        texts.concat()
    });
}

/// Bits of what is encoded, flipped one by one: in the content and its tag, in the wrapped key and the ephemeral one.
#[test]
fn a_thousand_changed_ones_stay_closed() {
    let dir = tempfile::tempdir().unwrap();
    keys(dir.path());
    let mut changed = Vec::new();
    for did in [ESCROW, P256] {
        let sealed: Value =
            serde_json::from_str(&seal(dir.path(), &["--to", did], "{\"a\":\"secret\"}").out).unwrap();
        let texts = [
            "/protected",
            "/iv",
            "/ciphertext",
            "/tag",
            "/recipients/0/encrypted_key",
            "/recipients/0/header/epk/x",
            "/recipients/0/header/epk/y",
        ];
        for pointer in texts.iter().filter(|pointer| sealed.pointer(pointer).is_some()) {
            let text = sealed.pointer(pointer).unwrap().as_str().unwrap();
            let bytes = data_encoding::BASE64URL_NOPAD.decode(text.as_bytes()).unwrap();
            for bit in 0..bytes.len() * 8 {
                let mut flipped = bytes.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                let mut other = sealed.clone();
                *other.pointer_mut(pointer).unwrap() = json!(data_encoding::BASE64URL_NOPAD.encode(&flipped));
                changed.push(canonical(&other));
            }
        }
    }
    assert!(changed.len() >= 1000, "{}", changed.len());
    let all = changed.concat();
    for pem in ["escrow.pem", "p256.pem"] {
        let said = seal(dir.path(), &["--open", "--key", pem], &all);
        assert!(said.status == 0 && said.out == all, "{pem}: each passes as it came");
        assert_eq!(said.codes, ["jwe.failed", "jwe.no_key"]);
    }
}

#[test]
fn a_birth_date_is_committed_to_and_its_opening_kept() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("seed"), [0; 32]).unwrap();
    let credential =
        |date: &str| json!({"issuer": "i", "credentialSubject": {"birthDate": date, "id": "a"}}).to_string();
    let args = ["--commit", "--opening", "o.json", "--random", "seed", "--now", "2026-11-20T12:00:00Z"];
    let two = format!("{}\n{}\n", credential("2001-05-09"), credential("2001-05-10"));
    let said = seal(dir.path(), &args, &two);
    assert_eq!((said.status, said.codes), (1, vec!["random.seeded".to_owned(), "seal.opening".to_owned()]));
    assert_eq!(
        said.out,
        "{\"credentialSubject\":{\"birthDateCommitment\":\"gNHtR-Lz2xb0-E0HxUv7K1dq8JjYADWwRPQN0shzNDI\",\"commitmentScheme\":\"pedersen-ristretto255-mjd\",\"id\":\"a\"},\"issuer\":\"i\"}\n"
    );
    let opening = dir.path().join("o.json");
    assert_eq!(
        fs::read_to_string(&opening).unwrap(),
        "{\"birthDate\":\"2001-05-09\",\"blinding\":\"SlPD-7xZlw7l-Fr4E4dd_8E6kEouU65-ZfoN6m5iyQE\"}\n"
    );
    assert_eq!(fs::metadata(&opening).unwrap().permissions().mode() & 0o7777, 0o600);
    assert_eq!(seal(dir.path(), &args, &credential("2001-05-09")).status, 4, "it is there already");
    for (text, code) in [
        (credential("2026-11-21"), "seal.birth_date"),
        (credential("1858-11-16"), "seal.birth_date"),
        ("{\"a\":1}".to_owned(), "seal.birth_date"),
        (credential("2001-05-09").replacen('{', "{\"proof\":{},", 1), "seal.signed"),
    ] {
        let args = [&args[..2], &["p.json"], &args[3..]].concat();
        let said = seal(dir.path(), &args, &text);
        assert_eq!(
            (said.status, said.codes),
            (1, vec!["random.seeded".to_owned(), code.to_owned()]),
            "{text}"
        );
        assert!(!dir.path().join("p.json").exists());
    }
}
