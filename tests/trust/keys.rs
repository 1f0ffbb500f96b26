//! Key files: mode, no clobbering, and nothing of a secret key anywhere but in its file.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::{event, run};

#[test]
fn a_key_is_made_anew_and_is_its_owners_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("alice.pem");
    let made = run("um-key", &[&"generate", &"-o", &path], b"");
    assert_eq!(made.status, 0, "{made:?}");
    assert!(made.out.starts_with("did:key:z6Mk") && made.out.ends_with('\n'));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    assert_eq!(run("um-key", &[&"did", &path], b"").out, made.out);
    let before = fs::read(&path).unwrap();
    let again = run("um-key", &[&"generate", &"-o", &path], b"");
    assert_eq!((again.status, again.out.as_str()), (4, ""));
    assert!(again.log.contains("File exists"), "{again:?}");
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_ne!(run("um-key", &[&"generate", &"-o", &dir.path().join("bob.pem")], b"").out, made.out);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "no temporary file stays");
}

#[test]
fn nothing_is_written_through_links_or_over_other_things() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::write(at("precious"), "x").unwrap();
    std::os::unix::fs::symlink(at("precious"), at("link")).unwrap();
    std::os::unix::fs::symlink(at("nowhere"), at("dangling")).unwrap();
    for taken in ["precious", "link", "dangling", ".", "no/such/folder"] {
        let said = run("um-key", &[&"generate", &"-o", &at(taken)], b"");
        assert_eq!((said.status, said.out.as_str()), (4, ""), "{taken} {said:?}");
    }
    assert_eq!(fs::read(at("precious")).unwrap(), b"x");
    assert!(!at("nowhere").exists());
    assert_eq!(run("um-key", &[&"generate"], b"").status, 2, "a file is asked for");
    assert_eq!(run("um-key", &[], b"").status, 2);
}

#[test]
fn no_path_and_no_error_prints_a_secret() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("k.pem");
    run("um-key", &[&"generate", &"-o", &path], b"");
    let pem = fs::read_to_string(&path).unwrap();
    let body = pem.lines().nth(1).unwrap().to_owned();
    let seed = data_encoding::BASE64.decode(body.as_bytes()).unwrap()[16..].to_vec();
    let spellings = [
        body.clone(),
        data_encoding::HEXLOWER.encode(&seed),
        data_encoding::BASE64.encode(&seed),
        data_encoding::BASE64URL_NOPAD.encode(&seed),
        format!("{seed:?}"),
    ];
    let quiet = |said: super::Said| {
        assert!(spellings.iter().all(|s| !said.out.contains(s) && !said.log.contains(s)), "{said:?}");
        said
    };
    let document = event(1);
    for args in [vec!["--log", "text"], vec!["--log-all"], vec!["--replace"], vec!["--check", "fresh"]] {
        let mut all: Vec<&dyn AsRef<std::ffi::OsStr>> = vec![&"--key", &path];
        all.extend(args.iter().map(|a| a as &dyn AsRef<std::ffi::OsStr>));
        for input in [document.as_str(), "{}", "{", "{\"log\":1}", "{\"manifestVersion\":\"0.2\"}"] {
            quiet(run("um-sign", &all, input.as_bytes()));
        }
    }
    // A key as input, as something to verify with, and broken in every line.
    quiet(run("um-sign", &[&path], b""));
    quiet(run("um-key", &[&"did", &path], b""));
    for broken in [
        pem.replace("PRIVATE", "SECRET"),
        pem.replace("MC4C", "MC4D"),
        format!("x{pem}"),
        pem.replace('\n', " "),
        pem[..100].to_owned(),
        pem.replace("PRIVATE", "ENCRYPTED PRIVATE"),
        pem.replace("K2Vw", "K2Vu"),
        body.clone(),
    ] {
        let other = dir.path().join("broken.pem");
        fs::write(&other, &broken).unwrap();
        assert_eq!(quiet(run("um-sign", &[&"--key", &other], b"{}")).status, 2, "{broken}");
        quiet(run("um-key", &[&"did", &other], b""));
    }
    let huge = dir.path().join("huge.pem");
    fs::write(&huge, pem.repeat(1000)).unwrap();
    assert_eq!(quiet(run("um-key", &[&"did", &huge], b"")).status, 2);
}
