//! `ulp-append --key`: what is signed, with which name, and what the rules make of it.

use super::{Said, read, said, write};
use crate::run;
use std::path::Path;
use ulp_core::event::{Defaults, Line, Reader};
use ulp_core::trust::SecretKey;

const WHOLE: &str = r#"{"actor_id":"ACTOR","event_id":"e1","layer_id":"default","node_id":"n","operation":"create_node","preserves_invariants":[],"previous_events":[],"scope":{"authority":"source","boundary":"interior","policy":"public","realm":"team"},"space_id":"demo","tile":"z0/x0/y0","timestamp":1730000000}"#;

fn key(n: u8) -> SecretKey {
    SecretKey::from_seed(&[n; 32])
}

fn did(n: u8) -> String {
    key(n).did().to_string()
}

fn whole(actor: &str) -> String {
    WHOLE.replace("ACTOR", actor)
}

/// A folder with the key files 1.pem and 2.pem.
fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    (1..=2).for_each(|n| key(n).create(&dir.path().join(format!("{n}.pem"))).unwrap());
    dir
}

/// Appends lines with the first key.
fn append(dir: &Path, more: &str, lines: &str) -> Said {
    write(dir, "in.jsonl", lines);
    said(&format!("ulp-append --key 1.pem --log-all --now 2026-05-01T12:00:00Z {more} < in.jsonl"), dir)
}

#[test]
fn a_draft_is_signed_verified_stored_and_carried_as_it_was_signed() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    write(
        at,
        "draft.jsonl",
        "{\"operation\":\"create_node\",\"node_id\":\"p1\",\"space_id\":\"demo\"}\n\
         {\"operation\":\"update_transform\",\"node_id\":\"p1\",\"space_id\":\"demo\",\"transform\":{\"position\":[4,2]}}\n\
         {\"operation\":\"macro.grid\",\"rows\":2,\"columns\":2,\"dx\":1,\"dy\":1,\"space_id\":\"demo\",\"template\":[{\"operation\":\"create_node\",\"node_id\":\"n{row}-{column}\"}]}\n",
    );
    run::sh("um-key generate -o alice.pem > did; ulp-store init w 2> /dev/null", at);
    run::sh(
        "ulp-append --key alice.pem < draft.jsonl | tee signed.jsonl | um-sign --verify | ulp-append --store w > stored.jsonl",
        at,
    );
    let signed = read(at, "signed.jsonl");
    assert_eq!(signed.lines().count(), 3);
    let did = read(at, "did");
    assert!(signed.lines().all(|l| l.contains(&format!("\"actor_id\":\"{}\"", did.trim()))));
    assert_eq!(read(at, "stored.jsonl"), signed);
    assert_eq!(run::sh("ulp-materialize --store w --events", at), signed);
    assert_eq!(run::sh("ulp-store check --store w --objects --replay", at), "", "nothing is found");
    assert_eq!(run::sh("ulp-append --store w < signed.jsonl | wc -l", at), "0\n", "signed twice is the same");
    // One bit of what is signed, and of the signature.
    let first = signed.lines().next().unwrap();
    let value = first.split_once("\"value\":\"").unwrap().1.split('"').next().unwrap();
    let spoilt = format!("{}{}", if value.starts_with('A') { "B" } else { "A" }, &value[1..]);
    for bad in [first.replace("\"p1\"", "\"q1\""), first.replace(value, &spoilt)] {
        assert_ne!(bad, first);
        write(at, "bad.jsonl", &bad);
        for tool in ["um-sign --verify", "um-sign", "ulp-append", "ulp-append --store w"] {
            let said = said(&format!("{tool} < bad.jsonl"), at);
            assert_eq!((said.status, said.out.as_str()), (1, ""), "{tool}");
            assert_eq!(said.codes("rejected"), ["signature.value"], "{tool}");
        }
    }
    // From a store, where drafts are completed, and signed after that.
    write(
        at,
        "more.jsonl",
        "{\"operation\":\"link_nodes\",\"from_node\":\"p1\",\"to_node\":\"n0-0\",\"space_id\":\"demo\",\"preserves_invariants\":[\"consistency\"]}\n{\"operation\":\"unlink_nodes\",\"from_node\":\"p1\",\"to_node\":\"n0-0\",\"space_id\":\"demo\"}\n",
    );
    run::sh("ulp-append --key alice.pem --store w < more.jsonl | um-sign --verify > more.signed", at);
    assert!(read(at, "more.signed").lines().nth(1).unwrap().contains("\"observed\":[\"evt-"));
    assert_eq!(run::sh("ulp-store check --store w --objects --replay", at), "");
}

#[test]
fn the_name_of_a_signed_draft_is_that_of_its_completed_form() {
    let dir = folder();
    let said = append(dir.path(), "", r#"{"operation":"create_node","node_id":"n"}"#);
    let line = said.out.trim_end();
    let cut = |text: &str, from: &str, to: &str| {
        let (before, rest) = text.split_once(from).unwrap();
        format!("{before}{}", rest.split_once(to).unwrap().1)
    };
    let bare = cut(&cut(line, "\"event_id\":", ","), "\"signature\":{", "},");
    let (arena, defaults) = (bumpalo::Bump::new(), Defaults::default());
    let Ok(Line::Event(event)) = Reader::new(&arena, &defaults).read(&bare) else { panic!("{bare}") };
    assert!(line.contains(&format!("\"event_id\":\"{}\"", event.id)), "{line}");
}

#[test]
fn drafts_and_ones_own_are_signed_and_all_else_passes_as_it_came() {
    let dir = folder();
    let at = dir.path();
    let signed = |said: &Said| said.out.contains("\"signature\"");
    // A draft, whoever wrote it.
    let own = append(at, "", r#"{"operation":"create_node","node_id":"n"}"#);
    assert!(signed(&own) && own.out.contains(&did(1)) && own.codes("noted").is_empty(), "{own:?}");
    let alice = append(at, "", r#"{"operation":"create_node","node_id":"n","actor_id":"user:alice"}"#);
    assert!(signed(&alice));
    assert_eq!(alice.codes("noted"), ["signature.unbound"]);
    let named = append(at, "", r#"{"event_id":"e","operation":"create_node","node_id":"n"}"#);
    assert!(signed(&named) && named.out.contains("\"event_id\":\"e\""));
    // In another's name.
    let other =
        append(at, "", &format!(r#"{{"operation":"create_node","node_id":"n","actor_id":"{}"}}"#, did(2)));
    assert_eq!((other.status, other.codes("rejected")), (1, vec!["signature.actor"]));
    // Whole lines: one's own, others', and those that others signed.
    let mine = append(at, "", &whole(&did(1)));
    assert_eq!(mine.out.trim_end(), ulp_core::event::sign(&whole(&did(1)), &key(1)).unwrap());
    for line in
        [whole("user:bob"), ulp_core::event::sign(&whole(&did(2)), &key(2)).unwrap(), mine.out.clone()]
    {
        assert_eq!(append(at, "", &line).out.trim_end(), line.trim_end());
    }
    let unsigned = append(at, "", &whole(&did(2)));
    assert_eq!(unsigned.codes("rejected"), ["signature.missing"], "nobody signs for another");
    // What is signed already and lacks something is nobody's.
    let cut = mine.out.replace("\"event_id\":\"e1\",", "");
    assert_eq!(append(at, "", &cut).codes("rejected"), ["envelope.event_id"]);
    let private = append(
        at,
        "",
        r#"{"event_id":"secret","operation":"create_node","node_id":"n","scope":{"policy":"private"}}"#,
    );
    assert!(signed(&private) && !private.log.contains("secret"), "{private:?}");
    let verified = append(
        at,
        "--verify",
        &format!("{}\n{{\"operation\":\"create_node\",\"node_id\":\"n\"}}", whole("user:bob")),
    );
    assert_eq!((verified.out.lines().count(), verified.codes("rejected")), (1, vec!["signature.missing"]));
}

#[test]
fn whether_the_key_may_is_for_the_rules_to_say() {
    let dir = folder();
    let at = dir.path();
    let draft = r#"{"operation":"create_node","node_id":"n","space_id":"demo","actor_id":"user:alice"}"#;
    let nameless = r#"{"operation":"create_node","node_id":"n","space_id":"demo"}"#;
    let (one, two) = (did(1), did(2));
    let grant = |to: &str, space: &str| {
        format!(
            "federation: {{grants: [{{to: \"{to}\", realm: team, spaces: [\"{space}\"], tiles: [\"*\"], operations: [\"*\"]}}]}}"
        )
    };
    for (rules, line, code) in [
        (
            format!("keys: {{\"user:alice\": [{{did: \"{one}\"}}]}}\nsignature: required"),
            draft.to_owned(),
            "",
        ),
        (format!("keys: {{\"user:alice\": [{{did: \"{one}\"}}]}}"), whole("user:alice"), ""),
        (format!("keys: {{\"user:alice\": [{{did: \"{two}\"}}]}}"), draft.to_owned(), "signature.actor"),
        (format!("keys: {{\"user:alice\": [{{did: \"{two}\"}}]}}"), whole("user:alice"), "signature.missing"),
        (
            format!("keys: {{\"user:alice\": [{{did: \"{one}\", until: 2025-01-01T00:00:00Z}}]}}"),
            draft.to_owned(),
            "signature.actor",
        ),
        (format!("revoked: [\"{one}\"]"), nameless.to_owned(), "signature.revoked"),
        ("signature: required".to_owned(), draft.to_owned(), "signature.unbound"),
        ("actors: [\"user:*\"]".to_owned(), nameless.to_owned(), "scope.actor"),
        ("defaults: {actor_id: \"user:x\"}".to_owned(), nameless.to_owned(), ""),
        (grant(&one, "demo"), nameless.to_owned(), ""),
        (grant(&one, "other"), nameless.to_owned(), "scope.grant"),
        (grant(&two, "demo"), nameless.to_owned(), "scope.grant"),
    ] {
        write(at, "rules/.ulp-root", &format!("version: 1\n{rules}\n"));
        let gate = append(at, "--scope rules", &line);
        let _ = std::fs::remove_dir_all(at.join("w"));
        run::sh("ulp-store init w 2> /dev/null; cp rules/.ulp-root w/", at);
        let store = append(at, "--store w", &line);
        for said in [gate, store] {
            let refused: Vec<&str> = Some(code).filter(|c| !c.is_empty()).into_iter().collect();
            assert_eq!(said.codes("rejected"), refused, "{rules} {line} {said:?}");
            assert_eq!(
                (said.status, said.out.is_empty()),
                (i32::from(!code.is_empty()), !code.is_empty()),
                "{rules}"
            );
            assert!(!code.is_empty() || said.out.contains("\"signature\""), "{rules}");
            assert!(!rules.contains("defaults") || said.out.contains(&one), "the key's name comes first");
        }
    }
}

#[test]
fn a_file_without_a_private_key_is_refused_and_never_shown() {
    let dir = folder();
    let at = dir.path();
    let pem = read(at, "1.pem");
    let body = pem.lines().nth(1).unwrap();
    run::sh("openssl pkey -in 1.pem -pubout -out public.pem; mkdir folder", at);
    write(at, "broken.pem", &pem.replace("PRIVATE", "SECRET"));
    write(at, "half.pem", &pem[..60]);
    write(at, "empty.pem", "");
    for (file, status) in [
        ("public.pem", 2),
        ("broken.pem", 2),
        ("half.pem", 2),
        ("empty.pem", 2),
        ("missing.pem", 4),
        ("folder", 4),
    ] {
        for log in ["json", "text"] {
            let said = said(&format!("echo '{{}}' | ulp-append --log {log} --key {file}"), at);
            assert_eq!((said.status, said.out.as_str()), (status, ""), "{file}: {said:?}");
            assert!(said.log.contains(file), "{said:?}");
            assert!(!said.log.contains(&body[..20]) && !said.log.contains("BEGIN"), "{said:?}");
        }
    }
    let quiet = append(at, "--log-all", "{}\n{\"operation\":\"delete_node\",\"node_id\":\"n\"}\n{");
    assert!(!quiet.log.contains(&body[24..]) && !quiet.out.contains(&body[24..]));
}
