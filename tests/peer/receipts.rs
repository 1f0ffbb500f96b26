//! Receipts: one a commit that adds shared events, to the byte; no false claim, whatever is cut off.

use super::{Desk, PERSONAL, PRIVATE, PUBLIC, TEAM, event, lines, text, vectors};
use crate::run;
use serde_json::Value;

fn receipts(desk: &Desk) -> Vec<Value> {
    let text = std::fs::read_to_string(desk.chain()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn hash(line: &str) -> String {
    format!("blake3:{}", blake3::hash(line.as_bytes()).to_hex())
}

/// Commits of the vectors: which events, when.
fn commits(vectors: &Value) -> Vec<(Vec<String>, String)> {
    let Some(commits) = vectors.get("commits").and_then(Value::as_array) else {
        let of = |names: &[&str], at: &str| (names.iter().map(|n| (*n).to_owned()).collect(), at.to_owned());
        return vec![
            of(&["a1", "a2"], "1795167000"),
            of(&["b1", "b2"], "1795167001.5"),
            of(&["a3"], "1795167002"),
        ];
    };
    let names = |of: &Value| of.as_array().unwrap().iter().map(|n| n.as_str().unwrap().to_owned()).collect();
    commits.iter().map(|commit| (names(&commit[0]), commit[1].to_string())).collect()
}

#[test]
fn chains_are_those_of_the_vectors() {
    for vectors in vectors("receipts") {
        let desk = Desk::new();
        desk.write("w/.ulp-root", text(&vectors, "/dotfile"));
        for (names, at) in commits(&vectors) {
            let events = lines(names.iter().map(|name| text(&vectors, &format!("/events/{name}"))));
            desk.append(&events, &["--now", &at]);
        }
        assert_eq!(desk.chain(), desk.path().join("w").join(text(&vectors, "/file")));
        let (chain, mut previous) = (std::fs::read_to_string(desk.chain()).unwrap(), Value::Null);
        let expected = vectors["chain"].as_array().unwrap();
        assert_eq!(chain.lines().count(), expected.len());
        for (line, expected) in chain.lines().zip(expected) {
            let (mut ours, mut theirs): (Value, Value) =
                (serde_json::from_str(line).unwrap(), serde_json::from_str(text(expected, "/line")).unwrap());
            assert_eq!(text(&ours, "/tool"), concat!("ulp-append ", env!("CARGO_PKG_VERSION")));
            assert_eq!(ours["previous"], previous);
            assert_eq!(hash(text(expected, "/line")), text(expected, "/hash"));
            previous = hash(line).into();
            // Another tool wrote them, and so their names differ; the second joins what no append does.
            for member in ["tool", "previous", "joined"] {
                ours[member].take();
                theirs[member].take();
            }
            assert_eq!(ours, theirs);
        }
    }
}

#[test]
fn what_is_not_for_everyone_and_what_is_there_leaves_no_receipt() {
    let desk = Desk::with_identity();
    desk.append(&(event(1, "z0/x0/y0", 0, PRIVATE) + &event(2, "z0/x0/y0", 0, PERSONAL)), &[]);
    assert!(!desk.path().join("w/receipts").exists());
    let shared = event(3, "z0/x0/y0", 0, TEAM);
    desk.append(&(event(4, "z0/x0/y0", 0, PRIVATE) + &shared), &[]);
    desk.append(&shared, &[]);
    desk.append(&event(5, "z0/x0/y0", 0, PRIVATE), &[]);
    let receipts = receipts(&desk);
    assert_eq!(receipts.len(), 1);
    assert_eq!(receipts[0]["ranges"].as_array().unwrap().len(), 1);
    assert_eq!(text(&receipts[0], "/ranges/0/lines"), hash(&shared));
    let without = Desk::new();
    without.append(&shared, &[]);
    assert!(!without.path().join("w/receipts").exists());
}

#[test]
fn packs_leave_receipts_and_carry_none() {
    let (from, to) = (Desk::with_identity(), Desk::with_identity());
    from.append(&(event(1, "z0/x0/y0", 0, TEAM) + &event(2, "z0/x1/y0", 0, PUBLIC)), &[]);
    let packed = from.path().join("p.tar.zst");
    from.good("tile-pack", &["--store", "w", "-o", "p.tar.zst"], "");
    to.append(&event(1, "z0/x0/y0", 0, TEAM), &[]);
    for _ in 0..2 {
        to.good("tile-unpack", &["--store", "w", packed.to_str().unwrap()], "");
    }
    let receipts = receipts(&to);
    assert_eq!(receipts.len(), 2);
    assert_eq!(text(&receipts[1], "/tool"), concat!("tile-unpack ", env!("CARGO_PKG_VERSION")));
    assert_eq!(text(&receipts[1], "/ranges/0/path"), "m/world/s/tiles/z0/x1/y0/public.public");
    assert_eq!(to.verify(&["--store", "w"], "").0, Some(0));
    let listed = run::sh("tile-unpack --list p.tar.zst 2> /dev/null", from.path());
    assert!(!listed.contains("receipts"));
}

#[test]
fn the_grants_that_let_events_in_are_named() {
    for vectors in vectors("receipts").into_iter().filter(|vectors| vectors.get("grant").is_some()) {
        let canonical = text(&vectors, "/grant/canonical");
        let grant = |to: &str| {
            format!(
                "{{to: \"{to}\", realm: team, spaces: [demo], tiles: [\"z0/*\"], operations: [\"*\"], until: 2027-01-01T00:00:00Z}}"
            )
        };
        let alice: Value = serde_json::from_str(canonical).unwrap();
        let other = "did:key:z6Mko9hTggMwjSTEaJaPUfE6tqcy2xvU6BnNq3e3o8qVBiyH";
        let desk = Desk::new();
        let rules = format!(
            "{}  grants: [{}, {}]\n",
            text(&vectors, "/dotfile").replace("{identity: ", "\n  identity: ").replace('}', ""),
            grant(other),
            grant(text(&alice, "/to"))
        );
        desk.write("w/.ulp-root", &rules);
        desk.append(&lines([text(&vectors, "/events/s1")]), &[]);
        assert_eq!(receipts(&desk)[0]["grants"], serde_json::json!([text(&vectors, "/grant/hash")]));
        assert_eq!(desk.verify(&["--store", "w"], ""), (Some(0), vec!["receipt.open".to_owned()]));
        let chain = std::fs::read_to_string(desk.chain()).unwrap();
        let other_grant = hash(&canonical.replace(text(&alice, "/to"), other));
        let unknown = hash("no grant");
        for grants in [String::new(), format!("\"{other_grant}\""), format!("\"{unknown}\"")] {
            let named = format!("\"{}\"", text(&vectors, "/grant/hash"));
            std::fs::write(desk.chain(), chain.replace(&named, &grants)).unwrap();
            assert_eq!(desk.verify(&["--store", "w"], "").1, ["receipt.grant"], "{grants}");
        }
        // A copy of the rules under which the event does not pass is asked by its own digest.
        std::fs::write(desk.chain(), &chain).unwrap();
        let stricter = rules.clone() + "operations: [merge]\n";
        desk.write("w/.ulp-root", &stricter);
        let digest = |rules: &str| hash(rules);
        assert_eq!(desk.verify(&["--store", "w"], "").1, ["receipt.open"], "of another digest");
        std::fs::write(desk.chain(), chain.replace(&digest(&rules), &digest(&stricter))).unwrap();
        assert_eq!(desk.verify(&["--store", "w"], "").1, ["receipt.scope"]);
        std::fs::create_dir(desk.path().join("was")).unwrap();
        desk.write("was/.ulp-root", &stricter);
        desk.write("w/.ulp-root", &rules);
        assert_eq!(desk.verify(&["--store", "w"], "").1, ["receipt.open"]);
        assert_eq!(desk.verify(&["--store", "w", "--scope", "was"], "").1, ["receipt.scope"]);
    }
}

#[test]
fn a_torn_end_is_passed_over_and_cut_off() {
    let desk = Desk::with_identity();
    desk.append(&event(1, "z0/x0/y0", 0, TEAM), &[]);
    let one = std::fs::read(desk.chain()).unwrap();
    desk.append(&event(2, "z0/x0/y0", 0, TEAM), &[]);
    let two = std::fs::read(desk.chain()).unwrap();
    for cut in (one.len()..two.len()).step_by(7) {
        std::fs::write(desk.chain(), &two[..cut]).unwrap();
        let open = vec!["receipt.open".to_owned()];
        assert_eq!(desk.verify(&["--store", "w"], ""), (Some(0), open), "cut at {cut}");
    }
    desk.append(&event(3, "z0/x0/y0", 0, TEAM), &[]);
    let ranges: Vec<Value> =
        receipts(&desk).iter().map(|receipt| receipt["ranges"][0]["from"].clone()).collect();
    assert_eq!(ranges, [0, 2], "what was cut off is a gap");
    desk.attest(&["--key", "key.pem"]);
    let ranges: Vec<Value> =
        receipts(&desk).iter().map(|receipt| receipt["ranges"][0]["from"].clone()).collect();
    assert_eq!(ranges, [0, 2, 1], "that an attestation closes");
    assert_eq!(text(&receipts(&desk)[2], "/tool"), concat!("ulp-attest ", env!("CARGO_PKG_VERSION")));
    assert_eq!(desk.verify(&["--store", "w"], "").0, Some(0));
}

#[test]
fn what_came_of_a_commit_that_was_cut_off_is_taken_over() {
    let desk = Desk::with_identity();
    desk.append(&(event(1, "z0/x0/y0", 0, TEAM) + &event(2, "z0/x1/y0", 0, TEAM)), &[]);
    run::sh("cp -a w before", desk.path());
    desk.append(&(event(3, "z0/x0/y0", 0, TEAM) + &event(4, "z0/x1/y0", 0, TEAM)), &[]);
    let whole = std::fs::read(desk.chain()).unwrap();
    // The manifest of the second lane was not renamed any more.
    let manifest = "spaces/s/tiles/z0/x1/y0/team.public/manifest.json";
    run::sh(&format!("cp before/{manifest} w/{manifest}"), desk.path());
    assert_eq!(desk.verify(&["--store", "w"], "").0, Some(0));
    let other = event(5, "z0/x1/y0", 0, TEAM);
    desk.append(&other, &[]);
    let all = receipts(&desk);
    assert_eq!(all.len(), 2, "the receipt in part is gone");
    let ranges = all[1]["ranges"].as_array().unwrap();
    assert_eq!(text(&ranges[0], "/path"), "m/world/s/tiles/z0/x0/y0/team.public");
    assert_eq!((text(&ranges[1], "/lines"), ranges[1]["from"].as_u64()), (&hash(&other)[..], Some(1)));
    assert_eq!(desk.verify(&["--store", "w"], "").0, Some(0));
    // The end of the chain is back, and speaks of other events than those that came.
    std::fs::write(desk.chain(), whole).unwrap();
    assert_eq!(desk.verify(&["--store", "w"], "").1, ["receipt.range", "receipt.open"]);
    let attested = desk.attest(&["--key", "key.pem"]);
    assert_eq!(desk.verify(&["--store", "w", "--replay", "-"], &attested), (Some(0), vec![]));
}

#[test]
fn a_receipt_costs_one_sync_at_most() {
    let syncs = |desk: &Desk| {
        desk.append(&event(1, "z0/x0/y0", 0, TEAM), &[]);
        desk.write("more", &event(2, "z0/x0/y0", 0, TEAM));
        let traced = "strace -f -e trace=fsync,fdatasync,syncfs,sync -o calls ulp-append --store w more > out 2> log && \
                      grep -c 'sync[fs]*(' calls";
        let count = run::shell(traced, desk.path());
        String::from_utf8(count.stdout).unwrap().trim().parse::<u32>().ok()
    };
    let (without, with) = (syncs(&Desk::new()), syncs(&Desk::with_identity()));
    let (Some(without), Some(with)) = (without, with) else {
        return run::skipped("syncs of a receipt: strace cannot trace here");
    };
    assert_eq!(with, without + 1);
}

#[test]
fn rules_show_the_identity() {
    let desk = Desk::with_identity();
    let did = desk.good("um-key", &["did", "key.pem"], "");
    let peers = format!("federation: {{identity: \"{0}\", peers: [\"{0}\"]}}\n", did.trim());
    desk.write("w/.ulp-root", &peers);
    let rules = desk.good("ulp-store", &["rules", "--store", "w"], "");
    let line = |key: &str, value: &str| {
        format!("{{\"file\":\".ulp-root\",\"key\":\"federation.{key}\",\"value\":{value}}}\n")
    };
    let did = format!("\"{}\"", did.trim());
    assert_eq!(rules, line("identity", &did) + &line("peers", &format!("[{did}]")));
    for wrong in
        ["federation: {identity: me}", "federation: {peers: [\"did:web:x\"]}", "federation: {peer: []}"]
    {
        desk.write("w/.ulp-root", wrong);
        assert_eq!(desk.run("ulp-append", &["--store", "w"], "").status.code(), Some(2), "{wrong}");
    }
}
