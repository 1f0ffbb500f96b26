//! Attestations, checkpoints and what is found of others'.

use super::{Desk, PUBLIC, TEAM, codes, event, lines, text, texts, vectors};
use crate::run;
use serde_json::Value;

/// A store with the events, the chain and the key of the vectors.
fn as_in_vectors(at: usize) -> (Desk, Value, Value) {
    let (receipts, attestation) = (vectors("receipts").remove(at), vectors("attestation").remove(at));
    let desk = Desk::new();
    desk.write("w/.ulp-root", text(&receipts, "/dotfile"));
    let events = match attestation.get("events") {
        Some(_) => lines(texts(&attestation, "/events")),
        None => lines(receipts["events"].as_object().unwrap().values().map(|line| line.as_str().unwrap())),
    };
    desk.append(&events, &[]);
    std::fs::write(desk.path().join("w").join(text(&receipts, "/file")), chain_of(&receipts)).unwrap();
    let pem = match attestation.get("key").and_then(Value::as_str) {
        Some(pem) => pem.to_owned(),
        None => alice(),
    };
    desk.write("key.pem", &pem);
    (desk, receipts, attestation)
}

/// The key of the vectors beside this checkout.
fn alice() -> String {
    let keys = run::shared().unwrap().join("fixtures/peer/keys.json");
    let keys: Value = serde_json::from_str(&std::fs::read_to_string(keys).unwrap()).unwrap();
    text(&keys, "/alice/pem").to_owned()
}

fn chain_of(receipts: &Value) -> String {
    lines(receipts["chain"].as_array().unwrap().iter().map(|one| text(one, "/line")))
}

fn sets() -> usize {
    vectors("receipts").len()
}

#[test]
fn attestations_are_those_of_the_vectors() {
    for at in 0..sets() {
        let (desk, _, attestation) = as_in_vectors(at);
        let seq: Value = serde_json::from_str(text(&attestation, "/line")).unwrap();
        let seq = seq["seq"].to_string();
        let mut args = vec!["--key", "key.pem", "--now", &seq];
        if let Some(nonce) = attestation.get("nonce").and_then(Value::as_str) {
            args.extend(["--nonce", nonce]);
        }
        let said = desk.attest(&args);
        assert_eq!(said, lines([text(&attestation, "/line")]));
        assert_eq!(desk.verify(&["--store", "w", "--replay", "-"], &said), (Some(0), vec![]));
        if let Some(rows) = attestation.get("rows").and_then(Value::as_array) {
            let bare = |row: &str| {
                let mut row: Value = serde_json::from_str(row).unwrap();
                row.as_object_mut().unwrap().remove("state_root");
                row
            };
            let told: Vec<Value> = desk.attest(&["--rows"]).lines().map(bare).collect();
            assert_eq!(told, rows.iter().map(|row| bare(row.as_str().unwrap())).collect::<Vec<_>>());
        }
    }
}

#[test]
fn checkpoints_are_those_of_the_vectors() {
    for at in 0..sets() {
        let (desk, receipts, _) = as_in_vectors(at);
        let vectors = vectors("checkpoint").remove(at);
        let chain = chain_of(&receipts);
        for (count, name) in [(chain.lines().count(), "/note"), (1, "/one"), (0, "/empty")] {
            std::fs::write(desk.chain(), lines(chain.lines().take(count))).unwrap();
            assert_eq!(desk.attest(&["--checkpoint", "--key", "key.pem"]), text(&vectors, name), "{name}");
        }
    }
}

#[test]
fn a_fork_is_shown_with_its_proof() {
    for at in 0..sets() {
        let (desk, receipts, attestation) = as_in_vectors(at);
        let (one, other) = (text(&attestation, "/line"), text(&attestation, "/fork/other"));
        let (chain, fork) = (chain_of(&receipts), text(&receipts, "/fork/line"));
        let last = chain.lines().last().unwrap();
        let proof = lines([one, other, last, fork]);
        let said = chain.clone() + &lines([fork, one, other]);
        let done = desk.run("ulp-attest", &["--verify"], &said);
        assert_eq!((done.status.code(), codes(&done)), (Some(1), vec!["attest.fork".to_owned()]));
        assert_eq!(String::from_utf8(done.stdout).unwrap(), proof);
        // In any order, and however often.
        let mut shuffled: Vec<&str> = said.lines().chain(said.lines()).collect();
        shuffled.reverse();
        let done = desk.run("ulp-attest", &["--verify"], &lines(shuffled));
        assert_eq!(String::from_utf8(done.stdout).unwrap(), proof);
        // Without the receipts both are a fork all the same, of which more cannot be shown.
        let done = desk.run("ulp-attest", &["--verify"], &lines([one, other]));
        assert_eq!(String::from_utf8_lossy(&done.stdout), lines([one, other]));
        assert_eq!(codes(&done), ["receipt.unverified", "receipt.unverified", "attest.fork"]);
    }
}

#[test]
fn what_is_broken_is_named_where_it_is() {
    let Some(vectors) = vectors("receipts").into_iter().find(|vectors| vectors.get("broken").is_some())
    else {
        return;
    };
    let at = sets() - 1;
    let hash = |n: usize| text(&vectors, &format!("/chain/{n}/hash")).to_owned();
    let chain = chain_of(&vectors);
    let line = |n: usize| chain.lines().nth(n).unwrap();
    let first_ranges = line(0).split("\"ranges\":").nth(1).unwrap().split(",\"receipt\"").next().unwrap();
    let third_ranges = line(2).split("\"ranges\":").nth(1).unwrap().split(",\"receipt\"").next().unwrap();
    let changes = [
        ("events + 1 in r1", line(0).replace("\"events\":2", "\"events\":3"), 0),
        ("previous of r2 is r3's hash", line(1).replace(&hash(0), &hash(2)), 1),
        ("height of r3 is 4", line(2).replace("\"height\":3", "\"height\":4"), 2),
        ("ranges of r3 overlap r1", line(2).replace(third_ranges, first_ranges), 2),
        ("a member more", line(1).replace("\"height\"", "\"hash\":1,\"height\""), 1),
    ];
    for (broken, (change, changed, n)) in vectors["broken"].as_array().unwrap().iter().zip(changes) {
        assert_eq!(text(broken, "/change"), change);
        let (desk, ..) = as_in_vectors(at);
        let all = (0..3).map(|at| if at == n { changed.as_str() } else { line(at) });
        std::fs::write(desk.chain(), lines(all)).unwrap();
        let (status, codes) = desk.verify(&["--store", "w"], "");
        let said: Vec<&str> =
            codes.iter().map(String::as_str).filter(|code| *code != "receipt.open").collect();
        let mut expected = vec![text(broken, "/code")];
        expected.extend(vec!["receipt.unverified"; 2 - n]);
        assert_eq!((status, said), (Some(1), expected), "{change}");
    }
}

#[test]
fn every_byte_of_what_is_said_counts() {
    let desk = Desk::with_identity();
    desk.append(&event(1, "z0/x0/y0", 0, TEAM), &[]);
    desk.append(&event(2, "z0/x0/y0", 0, TEAM), &[]);
    let attested = desk.attest(&["--key", "key.pem"]);
    let whole = std::fs::read_to_string(desk.chain()).unwrap() + &attested;
    assert_eq!(desk.verify(&[], &whole), (Some(0), vec![]));
    let mut flipped = Vec::new();
    for at in crate::sample::of((0..whole.len()).collect::<Vec<_>>(), 12) {
        let mut bytes = whole.clone().into_bytes();
        bytes[at] ^= 1;
        flipped.extend(String::from_utf8(bytes).ok().filter(|text| text.lines().count() == 3));
    }
    assert!(flipped.len() > 50);
    for text in flipped {
        assert_eq!(desk.verify(&[], &text).0, Some(1), "{text}");
    }
}

#[test]
fn a_missing_receipt_leaves_what_follows_unverified() {
    let desk = Desk::with_identity();
    (0..4).for_each(|n| drop(desk.append(&event(n, "z0/x0/y0", 0, TEAM), &[])));
    let attested = desk.attest(&["--key", "key.pem"]);
    let chain = std::fs::read_to_string(desk.chain()).unwrap();
    let without = |n: usize| {
        let kept = chain.lines().enumerate().filter(|(at, _)| *at != n).map(|(_, line)| line);
        lines(kept) + &attested
    };
    let open = "receipt.open";
    for (n, expected) in [
        (0, vec!["receipt.link", "receipt.unverified", "receipt.unverified", "receipt.unverified"]),
        (2, vec![open, open, "receipt.link", "receipt.unverified"]),
        (3, vec![open, open, open, "receipt.unverified"]),
    ] {
        assert_eq!(
            desk.verify(&[], &without(n)),
            (Some(1), expected.into_iter().map(str::to_owned).collect()),
            "{n}"
        );
    }
}

#[test]
fn what_is_attested_is_what_the_receipts_come_to() {
    let desk = Desk::with_identity();
    desk.append(&event(1, "z0/x0/y0", 0, TEAM), &[]);
    let early = desk.attest(&["--key", "key.pem", "--now", "1795167000"]);
    desk.append(&(event(2, "z0/x0/y0", 0, TEAM) + &event(3, "z0/x1/y0", 0, PUBLIC)), &[]);
    let late = desk.attest(&["--key", "key.pem", "--now", "1795167100"]);
    let check = |said: &str| desk.verify(&["--store", "w", "--replay", "-"], said);
    assert_eq!(check(&(early.clone() + &late)), (Some(0), vec![]));
    assert_eq!(check(&early), (Some(0), vec!["receipt.open".to_owned()]));
    // Later, and of less: noted, and nothing is taken away.
    let less =
        desk.good("um-sign", &["--key", "key.pem", "--replace"], &early.replace("1795167000", "1795167200"));
    assert_eq!(check(&(less + &late)), (Some(0), vec!["attest.rollback".to_owned()]));
    let other = format!("blake3:{}", blake3::hash(b"other").to_hex());
    let value: Value = serde_json::from_str(&late).unwrap();
    for member in ["head", "state_root", "events"] {
        let said = value[member]
            .as_str()
            .map_or_else(|| late.replace("\"events\":3", "\"events\":4"), |root| late.replace(root, &other));
        assert!(check(&said).1.contains(&"signature.value".to_owned()), "{member}");
        let signed = desk.good("um-sign", &["--key", "key.pem", "--replace"], &said);
        assert!(check(&signed).1.contains(&"attest.root".to_owned()), "{member}");
        let without = desk.verify(&["--store", "w", "-"], &signed);
        assert_eq!(without.0, Some(i32::from(member != "state_root")), "{member}: without a replay");
    }
}

#[test]
fn versions_say_what_can_be_judged() {
    let desk = Desk::with_identity();
    desk.append(&event(1, "z0/x0/y0", 0, TEAM), &[]);
    let said = desk.attest(&["--key", "key.pem"]);
    let signed = |from: &str, to: &str| {
        desk.good("um-sign", &["--key", "key.pem", "--replace"], &said.replace(from, to))
    };
    let root = serde_json::from_str::<Value>(&said).unwrap()["state_root"].as_str().unwrap().to_owned();
    let other = format!("blake3:{}", blake3::hash(b"other").to_hex());
    let check = |said: &str| desk.verify(&["--store", "w", "--replay", "-"], said);
    assert_eq!(check(&signed("\"protocol\":1", "\"protocol\":2")).1[0], "receipt.open");
    assert!(check(&signed("\"protocol\":1", "\"protocol\":2")).1.contains(&"attest.version".to_owned()));
    let derived = signed("\"state\":1", "\"state\":2").replace(&root, &other);
    let derived = desk.good("um-sign", &["--key", "key.pem", "--replace"], &derived);
    assert_eq!(check(&derived), (Some(0), vec![]), "heads alone are compared");
    let receipts = signed("\"receipt\":1", "\"receipt\":2");
    assert_eq!(check(&receipts), (Some(0), vec!["receipt.open".to_owned()]), "chains are not judged");
}

#[test]
fn a_store_speaks_with_its_own_key() {
    let desk = Desk::with_identity();
    desk.good("um-key", &["generate", "-o", "other.pem"], "");
    for args in [&["--key", "other.pem"][..], &["--checkpoint", "--key", "other.pem"]] {
        let done = desk.run("ulp-attest", &[&["--store", "w"], args].concat(), "");
        assert_eq!((done.status.code(), &done.stdout[..]), (Some(2), &b""[..]));
    }
    let without = Desk::new();
    without.append(&event(1, "z0/x0/y0", 0, TEAM), &[]);
    std::fs::copy(desk.path().join("other.pem"), without.path().join("key.pem")).unwrap();
    let said = without.attest(&["--key", "key.pem"]);
    let said: Value = serde_json::from_str(&said).unwrap();
    assert!(said.get("chain").is_none() && said["events"] == 1);
    let done = without.run("ulp-attest", &["--store", "w", "--checkpoint", "--key", "key.pem"], "");
    assert_eq!(done.status.code(), Some(2));
    assert!(!without.path().join("w/receipts").exists());
}

#[test]
fn another_name_is_its_keys() {
    let desk = Desk::with_identity();
    let did = desk.good("um-key", &["did", "key.pem"], "").trim().to_owned();
    let line =
        desk.attest(&["--key", "key.pem"]).replace(&format!("\"peer\":\"{did}\""), "\"peer\":\"peer:me\"");
    assert_eq!(desk.verify(&[], &line).1, ["signature.actor"]);
    std::fs::create_dir(desk.path().join("rules")).unwrap();
    let bind = |until: &str| format!("keys: {{\"peer:*\": [{{did: \"{did}\", until: {until}}}]}}\n");
    desk.write("rules/.ulp-root", &bind("2030-01-01T00:00:00Z"));
    let now = ["--scope", "rules", "--now", "1795167000"];
    assert_eq!(desk.verify(&now, &line).1, ["signature.value"], "the name is bound, and was not signed");
    desk.write("rules/.ulp-root", &bind("2020-01-01T00:00:00Z"));
    assert_eq!(desk.verify(&now, &line).1, ["signature.actor"], "it was, and is not now");
}

#[test]
fn stores_are_compared_down_to_the_lane() {
    let desk = Desk::with_identity();
    desk.append(&(event(1, "z0/x0/y0", 0, TEAM) + &event(2, "z0/x1/y0", 0, PUBLIC)), &[]);
    desk.attest(&["--key", "key.pem"]);
    run::sh("cp -a w copy", desk.path());
    let rows = |store: &str, to: &str| {
        let said = desk.good("ulp-attest", &["--store", store, "--rows", "--key", "key.pem"], "");
        desk.write(to, &said);
    };
    let compare = |store: &str, with: &str| {
        let done = desk.run("ulp-attest", &["--store", store, "--compare", with], "");
        let told = String::from_utf8(done.stdout).unwrap();
        let told: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let paths: Vec<String> =
            told.iter().filter_map(|line| Some(line.get("path")?.as_str()?.to_owned())).collect();
        (done.status.code(), paths, told.last().unwrap()["chains"].as_str().unwrap().to_owned())
    };
    rows("copy", "theirs");
    assert_eq!(compare("w", "theirs"), (Some(0), vec![], "same".to_owned()));
    desk.append(&event(3, "z0/x0/y0", 0, TEAM), &[]);
    let differing =
        ["", "/s", "/s/tiles/z0/x0/y0", "/s/tiles/z0/x0/y0/team.public"].map(|at| format!("m/world{at}"));
    assert_eq!(compare("w", "theirs"), (Some(1), differing.to_vec(), "ahead".to_owned()));
    rows("w", "ours");
    desk.write("ours", &(desk.read("ours") + &std::fs::read_to_string(desk.chain()).unwrap()));
    assert_eq!(compare("copy", "ours"), (Some(1), differing.to_vec(), "behind".to_owned()));
    desk.good("ulp-append", &["--store", "copy"], &event(4, "z0/x1/y0", 0, TEAM));
    rows("copy", "theirs");
    desk.write("theirs", &(desk.read("theirs") + &run::sh("cat copy/receipts/*", desk.path())));
    let (status, paths, chains) = compare("w", "theirs");
    assert_eq!((status, chains.as_str()), (Some(1), "fork"));
    assert!(paths.contains(&"m/world/s/tiles/z0/x1/y0/team.public".to_owned()), "what only the other has");
    let apart = Desk::with_identity();
    apart.append(&event(1, "z0/x0/y0", 0, TEAM), &[]);
    std::fs::write(apart.path().join("theirs"), desk.read("theirs")).unwrap();
    let done = apart.run("ulp-attest", &["--store", "w", "--compare", "theirs"], "");
    assert!(String::from_utf8(done.stdout).unwrap().ends_with("}\n"));
    let told = apart.run("ulp-attest", &["--store", "w", "--compare", "theirs"], "").stdout;
    assert!(String::from_utf8(told).unwrap().contains("\"chains\":\"apart\""));
    for wrong in ["", "{\"sync\":\"row\",\"path\":\"m/world\"}\n", "not a row\n"] {
        desk.write("wrong", wrong);
        assert_eq!(
            desk.run("ulp-attest", &["--store", "w", "--compare", "wrong"], "").status.code(),
            Some(2)
        );
    }
}

#[test]
fn a_copied_store_is_a_fork_until_it_has_another_name() {
    let desk = Desk::with_identity();
    desk.append(&event(1, "z0/x0/y0", 0, TEAM), &[]);
    run::sh("cp -a w c", desk.path());
    desk.append(&event(2, "z0/x0/y0", 0, TEAM), &[]);
    desk.good("ulp-append", &["--store", "c"], &event(3, "z0/x0/y0", 0, TEAM));
    let attest = |store: &str, key: &str| desk.good("ulp-attest", &["--store", store, "--key", key], "");
    let both = attest("w", "key.pem")
        + &attest("c", "key.pem")
        + &run::sh("cat w/receipts/* c/receipts/*", desk.path());
    let done = desk.run("ulp-attest", &["--verify"], &both);
    let proof = String::from_utf8(done.stdout.clone()).unwrap();
    assert_eq!((done.status.code(), codes(&done)), (Some(1), vec!["attest.fork".to_owned()]));
    let proof: Vec<Value> = proof.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(proof.len(), 4);
    assert_eq!((&proof[2]["height"], &proof[2]["previous"]), (&proof[3]["height"], &proof[3]["previous"]));
    assert_ne!(proof[2], proof[3]);
    let did = desk.good("um-key", &["generate", "-o", "new.pem"], "");
    desk.write("c/.ulp-root", &format!("federation: {{identity: \"{}\"}}\n", did.trim()));
    let mended = attest("w", "key.pem")
        + &attest("c", "new.pem")
        + &run::sh("cat w/receipts/* c/receipts/*", desk.path());
    let (status, codes) = desk.verify(&[], &mended);
    assert_eq!((status, codes), (Some(0), vec!["receipt.open".to_owned()]));
    assert_eq!(desk.verify(&["--store", "c"], "").0, Some(0));
}

#[test]
fn usage_that_makes_no_sense_is_2() {
    let desk = Desk::with_identity();
    for args in [
        &[][..],
        &["--store", "w"],
        &["--rows"],
        &["--key", "key.pem"],
        &["--store", "w", "--nonce", "x", "--rows"],
        &["--store", "w", "--key", "key.pem", "--nonce", "a b"],
        &["--store", "w", "--key", "key.pem", "--history"],
        &["--store", "w", "--key", "key.pem", "--verify"],
        &["--store", "w", "--replay"],
        &["--verify", "--replay"],
        &["--verify", "--history"],
        &["--store", "w", "--rows", "file"],
        &["--store", "w", "--key", "key.pem", "--space", "s"],
        &["--store", "w", "--key", "key.pem", "--now", "-5"],
        &["--store", "w", "--key", "key.pem", "--now", "4294967296"],
    ] {
        let done = desk.run("ulp-attest", args, "");
        assert_eq!((done.status.code(), &done.stdout[..]), (Some(2), &b""[..]), "{args:?}");
    }
    let none = desk.run("ulp-attest", &["--store", "nowhere", "--rows"], "");
    assert_eq!(none.status.code(), Some(4));
}
