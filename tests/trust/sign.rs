//! What `um-sign` makes of documents: what it adds, whom it asks for, how it reads and writes.

use std::path::PathBuf;

use super::{NOW, event, key, manifest, run, signed_event, signed_manifest, verify};

/// A key file, in a folder that goes when it does.
fn key_file(n: u8) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key.pem");
    key(n).create(&path).unwrap();
    (dir, path)
}

fn sign(n: u8, more: &[&str], input: &str) -> super::Said {
    let (_dir, path) = key_file(n);
    let mut args: Vec<&dyn AsRef<std::ffi::OsStr>> = vec![&"--key", &path, &"--now", &NOW];
    args.extend(more.iter().map(|a| a as &dyn AsRef<std::ffi::OsStr>));
    run("um-sign", &args, input.as_bytes())
}

#[test]
fn a_manifest_gets_what_it_lacks() {
    let bare = r#"{"@context":"c","@type":"um:Manifest","manifestVersion":"0.2","subject":"s"}"#;
    let said = sign(1, &["--ttl", "90s"], bare);
    assert_eq!(said.code(), "");
    assert!(
        said.out.contains(r#""expiresAt":"2026-02-17T12:01:30.000Z","issuedAt":"2026-02-17T12:00:00.000Z""#)
    );
    assert!(
        said.out.contains(r#""@id":"urn:uuid:"#)
            && said.out.contains(r#""created":"2026-02-17T12:00:00.000Z""#)
    );
    assert!(said.log.contains(r#""now":"2026-02-17T12:00:00Z""#));
    assert_ne!(sign(1, &[], bare).out, sign(1, &[], bare).out, "another name each time");
    let three = sign(1, &[], &format!("{bare}\n{bare}\n{bare}"));
    let mut ids: Vec<&str> =
        three.out.lines().map(|l| l.split_once("\"@id\":\"").unwrap().1.split_once('"').unwrap().0).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 3);
    for bad in ["", "24", "h", "1w", "-1h", "1.5h", "99999999999999999999s"] {
        assert_eq!(sign(1, &[&format!("--ttl={bad}")], bare).status, 2, "{bad}");
    }
}

#[test]
fn the_same_document_is_signed_to_the_same_bytes() {
    let whole = manifest("s");
    assert_eq!(
        sign(1, &[], &whole).out,
        sign(
            1,
            &[],
            &whole
                .replace(':', " :")
                .replace(" ://", "://")
                .replace("um :", "um:")
                .replace("uuid :", "uuid:")
                .replace("urn :", "urn:")
                .replace("00 :", "00:")
        )
        .out
    );
    assert_eq!(sign(1, &[], &event(1)).out.trim_end(), signed_event(1));
}

#[test]
fn what_is_signed_is_signed_anew_only_when_told() {
    for signed in [signed_manifest(1), signed_event(1), key(1).sign_document("{\"a\":1}", NOW).unwrap()] {
        assert_eq!(sign(2, &[], &signed).code(), "signature.signer");
        let anew = sign(2, &["--replace"], &signed);
        if signed.contains("operation") {
            assert_eq!(anew.code(), "signature.actor", "its actor is another key");
        } else {
            assert_eq!(anew.code(), "");
            assert!(
                anew.out.contains(&key(2).did().to_string()) && anew.out.matches("\"value\"").count() == 1
            );
        }
    }
    assert_eq!(sign(1, &["--replace"], &signed_event(1)).out.trim_end(), signed_event(1));
}

#[test]
fn what_cannot_be_signed_is_refused() {
    for (document, code) in [
        (manifest("s").replace("0.2", "0.1"), "um.version"),
        (manifest("s").replace("0.2", "0.5"), "um.version"),
        (manifest("s").replace("0.2", "0.3"), "um.context"),
        (manifest("s").replace("\"s\"", "\"\""), "um.subject"),
        (event(1).replace("\"event_id\":\"e1\",", ""), "envelope.event_id"),
        (event(1).replace(",\"timestamp\":1730000000.5", ""), "envelope.timestamp"),
        (event(2), "signature.actor"),
        (event(1).replace("create_node", "node_state"), "event.kind"),
        ("{\"operation\":\"x\",\"log\":\"witness\"}".into(), "event.kind"),
        ("{\"n\":1e20}".into(), "json.number"),
        ("{\"n\":1,\"n\":2}".into(), "json.duplicate_key"),
        ("[1]".into(), "json.syntax"),
    ] {
        assert_eq!(sign(1, &[], &document).code(), code, "{document}");
    }
}

#[test]
fn a_signer_counts_where_it_is_asked_for() {
    let (one, two) = (key(1).did().to_string(), key(2).did().to_string());
    let asked = |document: &str, dids: &[&str]| {
        let mut args: Vec<&dyn AsRef<std::ffi::OsStr>> = vec![&"--verify"];
        for did in dids {
            args.push(&"--signer");
            args.push(did);
        }
        run("um-sign", &args, document.as_bytes())
    };
    let own = signed_manifest(1);
    assert_eq!(asked(&own, &[]).code(), "");
    assert_eq!(asked(&own, &[&two]).code(), "signature.signer");
    assert_eq!(asked(&own, &[&two, &one]).code(), "");
    let foreign = key(2).sign_document(&manifest(&one), NOW).unwrap();
    assert_eq!(asked(&foreign, &[]).code(), "signature.signer", "its subject is a key, and did not sign");
    let said = asked(&foreign, &[&two]);
    assert_eq!(said.code(), "", "a trusted issuer did");
    assert!(said.log.contains(&format!("\"signer\":\"{two}\"")), "{}", said.log);
    let other = key(1).sign_document(&manifest("did:example:alice"), NOW).unwrap();
    assert!(asked(&other, &[]).log.contains("\"signature.unbound\":1"));
    let x25519 = key(1)
        .sign_document(&manifest("did:key:z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc"), NOW)
        .unwrap();
    assert_eq!(asked(&x25519, &[]).code(), "signature.signer");
    let by_name = ulp_core::event::sign(&event(1).replace(&one, "user:alice"), &key(1)).unwrap();
    assert!(asked(&by_name, &[]).log.contains("\"signature.unbound\":1"));
    assert!(!asked(&by_name, &[&one]).log.contains("unbound"));
    assert_eq!(asked(&by_name, &[&two]).code(), "signature.signer");
    assert_eq!(asked(&own, &["did:key:z6Mk"]).status, 2);
    assert_eq!(run("um-sign", &[&"--signer", &one], own.as_bytes()).status, 2, "it goes with --verify");
}

#[test]
fn verify_passes_nothing_unsigned() {
    let state = r#"{"operation":"space_state","space_id":"s"}"#;
    for document in [
        manifest("s"),
        manifest("s").replace("0.2", "0.1"),
        "{\"a\":1}".into(),
        "{\"log\":\"witness\"}".into(),
        event(1).replace(&key(1).did().to_string(), "user:a"),
    ] {
        assert_eq!(verify(&document).code(), "signature.missing", "{document}");
    }
    assert_ne!(verify(state).code(), "");
    let v01 = manifest("s").replace("\"0.2\"", "\"0.1\",\"signature\":{}");
    assert_eq!(verify(&v01).code(), "signature.missing", "what a version says that does not sign");
    for document in [manifest("s").replace("0.2", "0.1"), "{\"a\":1}".into(), "{\"log\":\"witness\"}".into()]
    {
        let said = run("um-sign", &[], document.as_bytes());
        assert_eq!(said.code(), "");
        assert_eq!(said.out.trim_end(), document, "as it came");
    }
    assert_eq!(run("um-sign", &[], manifest("s").as_bytes()).code(), "signature.missing", "0.2 is signed");
    assert_eq!(
        run("um-sign", &[], event(1).as_bytes()).code(),
        "signature.missing",
        "an actor that is a DID signs"
    );
}

#[test]
fn the_clock_is_asked_where_told() {
    let signed = signed_manifest(1);
    let at = |now: &str, more: &[&str]| {
        let mut args: Vec<&dyn AsRef<std::ffi::OsStr>> =
            vec![&"--verify", &"--check", &"fresh", &"--now", &now];
        args.extend(more.iter().map(|a| a as &dyn AsRef<std::ffi::OsStr>));
        run("um-sign", &args, signed.as_bytes())
    };
    assert_eq!(at("2026-02-18T00:00:00Z", &[]).code(), "");
    assert_eq!(at("2026-02-18T00:00:00.000000001Z", &[]).code(), "um.expired");
    assert_eq!(at("2026-02-16T23:59:00Z", &[]).code(), "");
    assert_eq!(at("2026-02-16T23:58:59Z", &[]).code(), "um.not_yet");
    let marked = at("2027-01-01T00:00:00Z", &["--allow-expired"]);
    assert_eq!(marked.code(), "");
    assert!(marked.log.contains(r#""action":"noted","code":"um.expired""#), "marked even without --log-all");
    assert_eq!(verify(&signed).code(), "", "structure alone");
    assert_eq!(run("um-sign", &[&"--allow-expired"], b"").status, 2);
}

#[test]
fn an_unchecked_status_is_told_or_refused() {
    let signed = signed_manifest(1);
    let with = signed.replace("\"value\"", "\"statusRef\":\"https://x\",\"value\"");
    let said = verify(&with);
    assert_eq!(said.code(), "");
    assert!(said.log.contains("\"status\":\"unchecked\"") && said.log.contains("\"um.status\":1"));
    for document in [signed, with] {
        assert_eq!(
            run("um-sign", &[&"--verify", &"--require-status"], document.as_bytes()).code(),
            "um.status"
        );
    }
}

#[test]
fn people_sign_one_statement_together() {
    let line = r#"{"log":"witness","root":"blake3:00","tool":"ulp-materialize"}"#;
    let orders = [[1, 2, 3], [3, 1, 2], [2, 3, 1]];
    let made: Vec<String> =
        orders.iter().map(|o| o.iter().fold(line.to_owned(), |l, n| sign(*n, &[], &l).out)).collect();
    assert!(made.iter().all(|m| *m == made[0]), "any order comes to the same bytes");
    let dids: Vec<String> = (1..=4).map(|n| key(n).did().to_string()).collect();
    let asked = |line: &str, dids: &[String]| {
        let mut args: Vec<&dyn AsRef<std::ffi::OsStr>> = vec![&"--verify"];
        for did in dids {
            args.push(&"--signer");
            args.push(did);
        }
        run("um-sign", &args, line.as_bytes()).code()
    };
    assert_eq!(asked(&made[0], &dids[..3]), "");
    assert_eq!(asked(&made[0], &[]), "");
    assert_eq!(asked(&made[0], &dids), "signature.signer", "one of those asked for is not there");
    assert_eq!(asked(&made[0].replace("blake3:00", "blake3:01"), &dids[..1]), "signature.value");
    assert_eq!(sign(1, &[], &made[0]).code(), "signature.signer", "once a key");
    assert_eq!(sign(1, &["--replace"], &made[0]).out, made[0]);
    let broken = made[0].replace("blake3:00", "blake3:01");
    assert_eq!(sign(4, &[], &broken).code(), "signature.value", "nobody adds to what does not hold");
}

#[test]
fn a_document_may_spread_over_lines() {
    let spread = signed_manifest(1).replace(",\"", ",\n  \"").replace('{', "{\n");
    for text in [spread.clone(), format!("\u{feff}\n\n{spread}\n\n"), spread.replace('\n', "\r\n")] {
        let said = verify(&text);
        assert_eq!(said.code(), "", "{text}");
        assert_eq!(said.out.trim_end(), signed_manifest(1), "dense, on one line");
    }
    let twice = verify(&spread.replace("\"@id\"", "\"subject\":\"x\",\n\"@id\""));
    assert_eq!(twice.code(), "json.duplicate_key", "one document, one fault");
    let stream = format!("{{\"broken\":\n{}\n{}\n", signed_event(1), signed_manifest(1));
    let said = verify(&stream);
    assert_eq!((said.codes(), said.out.lines().count()), (vec!["json.syntax".to_owned()], 2));
    let long = format!("{{\n\"a\":\"{}\",\n\"b\":\"{}\"}}\n", "x".repeat(700_000), "x".repeat(700_000));
    assert_eq!(verify(&long).code(), "json.too_long");
}

#[test]
fn each_file_is_read_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (dir.path().join("1"), dir.path().join("2"));
    std::fs::write(&one, signed_manifest(1).replace(",\"", ",\n\"")).unwrap();
    std::fs::write(&two, format!("{}\n\n{{}}\n", signed_event(1))).unwrap();
    let said = run("um-sign", &[&"--verify", &one, &two, &"-"], signed_event(2).as_bytes());
    assert_eq!(said.out, format!("{}\n{}\n{}\n", signed_manifest(1), signed_event(1), signed_event(2)));
    assert_eq!(said.status, 1);
    assert!(said.log.contains(&format!("\"line\":3,\"source\":\"{}\"", two.display())), "{}", said.log);
}

#[test]
fn any_number_of_jobs_comes_to_the_same_verdicts() {
    let mut lines: Vec<String> = (0..3000)
        .map(|i| if i % 7 == 0 { signed_event(1).replace("é", "e") } else { signed_event(1) })
        .collect();
    lines[1500] = "{".into();
    let input = lines.join("\n");
    let with = |jobs: &str| run("um-sign", &[&"--verify", &"-j", &jobs], input.as_bytes());
    let (one, four) = (with("1"), with("4"));
    assert_eq!((one.status, &one.out, &one.log), (four.status, &four.out, &four.log));
    assert_eq!(one.codes().len(), 430);
    let strict = run("um-sign", &[&"--verify", &"--strict"], lines[1..].join("\n").as_bytes());
    assert_eq!((strict.status, strict.codes().len(), strict.out.lines().count()), (1, 1, 6));
}

#[test]
fn private_events_leave_no_trace_in_the_shared_log() {
    let private = event(1)
        .replace("\"policy\":\"public\"", "\"policy\":\"private\"")
        .replace("\"e1\"", "\"secret-name\"");
    let signed = ulp_core::event::sign(&private, &key(1)).unwrap();
    let said = verify(&signed);
    assert_eq!(said.code(), "");
    assert!(!said.log.contains("did:key") && !said.log.contains("input"), "{}", said.log);
    let broken = verify(&signed.replace("é", "e"));
    assert_eq!(broken.code(), "signature.value");
    assert!(!broken.log.contains("secret-name"), "{}", broken.log);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("private.jsonl");
    run("um-sign", &[&"--verify", &"--private-log", &path], signed.replace("é", "e").as_bytes());
    assert!(std::fs::read_to_string(&path).unwrap().contains("secret-name"));
}
