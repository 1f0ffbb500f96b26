//! What the pages and the examples show is what the tools make.

use super::verify;
use crate::run;

fn page(name: &str) -> String {
    std::fs::read_to_string(run::root().join("man/man5").join(name)).unwrap()
}

/// The lines of a page that begin like this.
fn lines<'a>(page: &'a str, start: &str) -> Vec<&'a str> {
    page.lines().filter(|line| line.starts_with(start)).collect()
}

#[test]
fn the_worked_examples_hold() {
    let (keys, manifests) = (page("ulp-key.5"), page("ulp-manifest.5"));
    let pem = keys.split(".nf\n").nth(1).unwrap().split(".fi").next().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key.pem");
    std::fs::write(&path, pem).unwrap();
    let did = super::run("um-key", &[&"did", &path], b"").out;
    assert!(keys.contains(&format!("\n{did}")), "{did}");
    assert!(keys.contains(&format!("\n{}#{}", did.trim(), did.trim().replace("did:key:", ""))));
    let now = "2026-02-17T00:00:00Z";
    for (example, bare) in [
        (lines(&keys, "{\"greeting\"")[0], "{\"greeting\":\"hello\"}".to_owned()),
        (lines(&manifests, "{\"@context\"")[0], {
            let (head, rest) = lines(&manifests, "{\"@context\"")[0].split_once("\"signature\"").unwrap();
            format!("{head}{}", rest.split_once("},").unwrap().1)
        }),
    ] {
        let signed = super::run("um-sign", &[&"--key", &path, &"--now", &now], bare.as_bytes());
        assert_eq!(signed.out.trim_end(), example);
        assert_eq!(verify(example).code(), "");
    }
}

/// Examples are run twice, as their results are the same each time.
#[test]
fn the_examples_tell_their_story() {
    for name in ["attest", "portal", "seal", "sign", "witness"] {
        let dir = run::checkout();
        run::sh(
            &format!("examples/{name}/run.sh one && examples/{name}/run.sh two && diff -r one two"),
            dir.path(),
        );
        run::sh(&format!("diff one/verdicts.txt examples/{name}/expected.txt"), dir.path());
    }
}
