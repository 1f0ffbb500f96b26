//! What the options ask for, what is refused, and what nobody may learn.

use super::{NOW, append, as_said, event, events, meet, of, plainly, store};
use crate::run;
use std::path::Path;
use std::sync::Arc;

fn two(dir: &Path) {
    store(dir, "a", (0..40).filter(|n| n % 3 != 0).map(event));
    store(dir, "b", (0..40).filter(|n| n % 4 != 0).map(event));
}

#[test]
fn two_stores_end_equal_and_the_next_time_are_so_in_three_turns() {
    let dir = tempfile::tempdir().unwrap();
    two(dir.path());
    let met = plainly(dir.path());
    assert_eq!(met.codes(), [0, 0], "{}", met.log());
    let results = met.results();
    let paths: Vec<_> = results.iter().map(|r| r["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["m/world/demo", "m/world/river~20b", "m/world/~5ao~c3~ab", "m/world"]);
    assert!(results.iter().all(|r| r["agrees"] == true && r["refused"] == 0 && r["with"].is_null()));
    assert_eq!((&results[3]["sent"], &results[3]["taken"]), (&6.into(), &10.into()));
    assert_eq!(events(dir.path(), "a"), events(dir.path(), "b"));
    run::sh(
        "ulp-materialize --store a --root > ra; ulp-materialize --store b --root > rb; cmp ra rb; ulp-store check --store a; ulp-store check --store b",
        dir.path(),
    );
    let again = plainly(dir.path());
    assert_eq!(again.codes(), [0, 0]);
    let overs =
        again.said.iter().map(|said| String::from_utf8_lossy(said).matches("\"sync\":\"over\"").count());
    assert_eq!((overs.sum::<usize>(), again.results().len()), (3, 1));
    assert!(again.bytes() <= 4096, "{}", again.bytes());
}

#[test]
fn one_way_only_one_side_changes() {
    for (client, server, changes) in [
        (&["--store", "a", "--pull"][..], &["--store", "b"][..], "a"),
        (&["--store", "a", "--push"], &["--store", "b"], "b"),
        (&["--store", "a"], &["--store", "b", "--push"], "a"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        two(dir.path());
        let before = [events(dir.path(), "a"), events(dir.path(), "b")];
        let met = meet(dir.path(), client, server, Arc::new(as_said));
        assert_eq!(met.codes()[0], 1, "each has something that the other lacks: {}", met.log());
        assert!(!met.log().contains("wire.unexplained"), "{}", met.log());
        let after = [events(dir.path(), "a"), events(dir.path(), "b")];
        let [changed, kept] = if changes == "a" { [0, 1] } else { [1, 0] };
        assert_eq!(after[kept], before[kept], "{client:?}");
        assert_eq!(after[changed].lines().count(), 36, "{client:?}");
    }
}

#[test]
fn a_part_is_a_part() {
    let dir = tempfile::tempdir().unwrap();
    two(dir.path());
    let met = meet(
        dir.path(),
        &["--store", "a", "--space", "demo", "--space", "nowhere"],
        &["--store", "b", "--tile", "z0/x0"],
        Arc::new(as_said),
    );
    assert_eq!(met.codes(), [0, 0], "{}", met.log());
    assert_eq!(met.results().len(), 2);
    let in_part = |line: &&str| line.contains(r#""space_id":"demo","tile":"z0/x0/"#);
    let [a, b] = ["a", "b"].map(|name| events(dir.path(), name));
    let part = |text: &str| text.lines().filter(in_part).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(part(&a), part(&b));
    assert_ne!(a, b);
}

#[test]
fn what_a_rule_refuses_is_named_and_does_not_travel_again() {
    let dir = tempfile::tempdir().unwrap();
    let updates = (100..110).map(|n| event(n).replace("create_node", "delete_node"));
    store(dir.path(), "a", (0..10).map(event).chain(updates));
    store(dir.path(), "b", (5..15).map(event));
    run::sh("printf 'operations: [create_node]\\n' > b/spaces/demo/.ulp-scope", dir.path());
    for round in 0..2 {
        let met = plainly(dir.path());
        assert_eq!(met.codes(), [1, 1], "{}", met.log());
        assert!(met.log().contains("scope.operation") && !met.log().contains("unexplained"), "{}", met.log());
        let demo = met.results().into_iter().find(|r| r["path"] == "m/world/demo").unwrap();
        assert_eq!((&demo["refused"], &demo["agrees"]), (&3.into(), &false.into()));
        assert_eq!(demo["sent"] == 0, round == 1, "{demo}");
    }
    // Other rules: all is asked for again.
    run::sh("printf 'operations: [create_node, delete_node]\\n' > b/spaces/demo/.ulp-scope", dir.path());
    assert_eq!(plainly(dir.path()).codes(), [0, 0]);
    assert_eq!(events(dir.path(), "a"), events(dir.path(), "b"));
}

#[test]
fn what_is_too_far_ahead_may_come_later() {
    let dir = tempfile::tempdir().unwrap();
    store(dir.path(), "a", []);
    store(dir.path(), "b", []);
    let late = event(3).replace("1795166700", "1795190000");
    std::fs::write(dir.path().join("late"), late + "\n").unwrap();
    run::sh("ulp-append --store a --now 1795190000 late; test ! -e b/cache/refused", dir.path());
    let met = plainly(dir.path());
    assert_eq!(met.codes(), [1, 1]);
    assert!(met.log().contains("scope.clock_skew"));
    let now = |args: &str| {
        format!("ulp-sync --store a --now 1795190000 --with 'ulp-sync --serve --store b {args}'")
    };
    run::sh(&now("--now 1795190000"), dir.path());
    assert_eq!(events(dir.path(), "a"), events(dir.path(), "b"));
}

/// What is said but for what is drawn anew each time.
fn masked(said: &[u8]) -> String {
    let mut lines: Vec<String> = String::from_utf8_lossy(said).lines().map(str::to_owned).collect();
    let mut mask = |kind: &str, from: &str, length: usize| {
        let line = lines.iter_mut().find(|line| line.contains(kind)).unwrap();
        let at = line.find(from).unwrap() + from.len();
        line.replace_range(at..at + length, "…");
    };
    mask("\"sync\":\"hello\"", "\"nonce\":\"", 22);
    mask("\"sync\":\"over\"", "blake3:", 64);
    lines.join("\n")
}

#[test]
fn no_byte_depends_on_lanes_that_are_not_for_everyone() {
    let [with, without] = [true, false].map(|secret| {
        let dir = tempfile::tempdir().unwrap();
        two(dir.path());
        for (n, realm, policy) in
            [(900, "team", "private"), (901, "personal", "public"), (902, "team", "redacted")]
        {
            if secret {
                append(dir.path(), "a", [of(n, "demo", 0, realm, policy)]);
                append(dir.path(), "b", [of(n + 10, "secret", 7, realm, policy)]);
            }
        }
        let met = plainly(dir.path());
        assert_eq!(met.codes(), [0, 0], "{}", met.log());
        let again = plainly(dir.path());
        let shown = [&met, &again].map(|met| String::from_utf8_lossy(&met.client.stdout).into_owned());
        let log = |text: String| -> String {
            text.lines().map(|line| line.split("\"input\"").next().unwrap().to_owned() + "\n").collect()
        };
        let logs = [&met, &again].map(|met| log(met.log()));
        let said = [&met, &again].map(|met| met.said.each_ref().map(|said| masked(said)));
        let events = [events(dir.path(), "a"), events(dir.path(), "b")];
        (said, shown, logs, events)
    });
    assert_eq!(with, without);
}

#[test]
fn media_come_along_in_parts_and_go_on_where_they_broke_off() {
    let dir = tempfile::tempdir().unwrap();
    two(dir.path());
    run::sh(
        "head -c 300000 /dev/urandom > clip; printf small > small; ulp-store put --store b clip small > put; test $(wc -l < put) = 2",
        dir.path(),
    );
    let media = |n: u64, reference: &str| {
        of(n, "demo", 0, "team", "public")
            .replace("\"operation\":\"create_node\"", "\"operation\":\"set_media\"")
            .replace(
                "\"layer_id\":\"default\"",
                &format!(
                    "\"layer_id\":\"default\",\"media\":{{\"mime\":\"text/plain\",\"ref\":\"{reference}\"}}"
                ),
            )
    };
    let refs: Vec<String> = std::fs::read_to_string(dir.path().join("put"))
        .unwrap()
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["ref"].as_str().unwrap().to_owned()
        })
        .collect();
    append(dir.path(), "b", refs.iter().zip(500..).map(|(reference, n)| media(n, reference)));
    // A private event names one more, which nobody may have.
    run::sh("printf secret > hidden; ulp-store put --store b hidden > hid", dir.path());
    let met = meet(dir.path(), &["--store", "a", "--no-blobs"], &["--store", "b"], Arc::new(as_said));
    assert_eq!(met.codes(), [0, 0], "{}", met.log());
    assert!(!String::from_utf8_lossy(&met.said[1]).contains("\"sync\":\"blob\""));
    // Cut in the midst of the long one.
    let cut = |way: usize, before: usize, bytes: Vec<u8>| {
        (way == 0 || before + bytes.len() < 200_000).then_some(bytes)
    };
    let met = meet(dir.path(), &["--store", "a"], &["--store", "b"], Arc::new(cut));
    assert_eq!(met.codes()[0], 4);
    let met = plainly(dir.path());
    assert_eq!(met.codes(), [0, 0], "{}", met.log());
    for reference in &refs {
        let hex = reference.strip_prefix("sha256:").unwrap();
        let script = format!(
            "cmp a/objects/sha256/{0}/{1} b/objects/sha256/{0}/{1}; stat -c %a a/objects/sha256/{0}/{1}",
            &hex[..2],
            &hex[2..]
        );
        assert_eq!(run::sh(&script, dir.path()), "444\n");
    }
    run::sh("ulp-store check --store a; test -z \"$(ls a/cache/objects.d)\"", dir.path());
    assert_eq!(plainly(dir.path()).results().len(), 1);
}

#[test]
fn events_that_were_taken_are_echoed_and_results_follow() {
    let dir = tempfile::tempdir().unwrap();
    two(dir.path());
    let script = format!(
        "ulp-sync --echo --store a --now {NOW} --with 'ulp-sync --serve --store b --now {NOW}' > out; grep -c operation out; grep -c result out; tail -4 out | grep -c result"
    );
    assert_eq!(run::sh(&script, dir.path()), "10\n4\n4\n");
}

#[test]
fn wrong_usage_is_2_and_no_store_4() {
    let dir = tempfile::tempdir().unwrap();
    two(dir.path());
    for (args, status) in [
        ("--store a", 2),
        ("--store a --serve --with true", 2),
        ("--store a --serve --echo", 2),
        ("--store a --with true --pull --push", 2),
        ("--store a --with true --turn 100", 2),
        ("--store a --with true --timeout 0s", 2),
        ("--store a --with true --timeout 5é", 2),
        ("--store a --with true --timeout 400d", 2),
        ("--store a --with true --timeout 5", 2),
        ("--store a --with true --peer nobody", 2),
        ("--store c --with true", 4),
        ("--store a --with true", 4),
        ("--store a --with 'exit 3'", 4),
        ("--store a --with '/nonexistent 2>/dev/null'", 4),
        ("--store a --serve < /dev/null", 4),
    ] {
        let output = run::shell(&format!("ulp-sync {args}"), dir.path());
        assert_eq!(output.status.code(), Some(status), "{args}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// Gives a store a key and an identity, and says whom it listens to.
fn identify(dir: &Path, name: &str, peer: Option<&str>) {
    let peers = peer.map_or(String::new(), |peer| format!(", peers: [\"{}\"]", did(dir, peer)));
    let path = dir.join(name).join(".ulp-root");
    let before = std::fs::read_to_string(&path).unwrap();
    let line = format!("federation: {{identity: \"{}\"{peers}}}\n", did(dir, name));
    std::fs::write(path, before + &line).unwrap();
}

/// Whose key it is.
fn did(dir: &Path, name: &str) -> String {
    std::fs::read_to_string(dir.join(format!("{name}.did"))).unwrap().trim().to_owned()
}

fn keys(dir: &Path, names: &[&str]) {
    for name in names {
        run::sh(&format!("um-key generate -o {name}.pem > {name}.did"), dir);
    }
}

const LANES: [&str; 8] =
    ["--realm", "team", "--realm", "personal", "--policy", "public", "--policy", "private"];

#[test]
fn other_lanes_are_for_proven_peers_alone() {
    let dir = tempfile::tempdir().unwrap();
    two(dir.path());
    keys(dir.path(), &["a", "b", "c"]);
    for (n, name, policy) in [(800, "a", "private"), (801, "b", "private"), (802, "a", "public")] {
        append(dir.path(), name, [of(n, "demo", 0, "personal", policy)]);
    }
    identify(dir.path(), "a", Some("b"));
    identify(dir.path(), "b", Some("c"));
    let [a, b] = [["--store", "a", "--key", "a.pem"], ["--store", "b", "--key", "b.pem"]];
    let with = |side: &[&'static str]| [side, &LANES[..]].concat();
    let secret =
        |met: &super::Met| met.said.iter().any(|said| String::from_utf8_lossy(said).contains("personal\""));
    // Not listed there; not even saying who it is.
    for client in [with(&a), with(&["--store", "a"])] {
        let met = meet(dir.path(), &client, &with(&b), Arc::new(as_said));
        assert!(
            met.codes().contains(&1) && met.log().contains("wire.peer"),
            "{:?} {}",
            met.codes(),
            met.log()
        );
        assert!(!secret(&met));
    }
    // What only one side asks for is not spoken of.
    let met = meet(dir.path(), &with(&a), &b, Arc::new(as_said));
    assert_eq!((met.codes(), secret(&met)), ([0, 0], false), "{}", met.log());
    run::sh("sed -i '/^federation/d' b/.ulp-root", dir.path());
    identify(dir.path(), "b", Some("a"));
    let met = meet(dir.path(), &with(&a), &with(&b), Arc::new(as_said));
    assert_eq!(met.codes(), [0, 0], "{}", met.log());
    run::sh(
        "for s in a b; do ulp-materialize --store $s --events --realm personal --policy public --policy private | sort > $s.own; done; cmp a.own b.own; test $(wc -l < a.own) = 3",
        dir.path(),
    );
    assert_eq!(meet(dir.path(), &with(&a), &with(&b), Arc::new(as_said)).results().len(), 1);
}

#[test]
fn who_attests_is_known_and_receipts_are_exchanged_and_joined() {
    let dir = tempfile::tempdir().unwrap();
    two(dir.path());
    keys(dir.path(), &["a", "b", "c"]);
    identify(dir.path(), "a", None);
    identify(dir.path(), "b", None);
    let (a, b) = (did(dir.path(), "a"), did(dir.path(), "b"));
    let client = ["--store", "a", "--key", "a.pem", "--peer", &b];
    let server = ["--store", "b", "--key", "b.pem"];
    let wrong = meet(
        dir.path(),
        &["--store", "a", "--key", "a.pem", "--peer", &did(dir.path(), "c")],
        &server,
        Arc::new(as_said),
    );
    assert!(wrong.codes()[0] == 1 && wrong.log().contains("wire.peer"), "{}", wrong.log());
    let met = meet(dir.path(), &client, &server, Arc::new(as_said));
    assert_eq!(met.codes(), [0, 0], "{}", met.log());
    assert!(met.results().iter().all(|result| result["with"] == b.as_str()));
    let script = format!(
        "attest() {{ ulp-attest --store $1 --key $1.pem --now {NOW}; }}
         attest a > a.att; attest b > b.att
         cat a.att b.att a/receipts/* b/receipts/* | ulp-attest --verify
         for s in a b; do ulp-attest --store $s --verify --replay; done
         ulp-attest --store a --rows > a.rows; ulp-attest --store b --rows > b.rows; cmp a.rows b.rows
         ls a/receipts | wc -l; cat a/receipts/*.jsonl | grep -c '\"joined\":\\[\"blake3'"
    );
    let shown = run::sh(&script, dir.path());
    let counts: Vec<&str> = shown.lines().collect();
    assert_eq!(counts[counts.len() - 2..], ["2", "2"], "{a}: {shown}");
    // A key that is not the store's is wrong usage.
    let output = run::shell("ulp-sync --store a --key c.pem --with true", dir.path());
    assert_eq!(output.status.code(), Some(2));
    // Again: nothing new, and what was attested is another session's.
    assert_eq!(meet(dir.path(), &client, &server, Arc::new(as_said)).results().len(), 1);
}
