//! What becomes of lines that come: page F's answers, and nothing else.

use super::super::{Desk, TEAM, codes, event, lines};
use super::{NOW, ROOT, advert, did, key, root, signed};
use crate::run;

const TILE: &str = "m/world/demo/tiles/z0/x0/y0/head";

#[test]
fn news_are_passed_on_once_and_as_they_came() {
    let desk = Desk::new();
    let first = signed(2, NOW - 100, TILE, &root(1));
    // The same statement in another spelling: it goes on as it came, and is kept in the one form.
    let spread = first.replacen("{\"knows\":", "{ \"knows\" : ", 1);
    assert_eq!(
        desk.gossip(&["--graph", "g"], &lines([&*spread, &*first])),
        (lines([&*spread]), vec!["gossip.old".to_owned()])
    );
    assert_eq!(desk.read("g"), lines([&*first]));
    let later = signed(2, NOW, TILE, &root(2));
    assert_eq!(desk.gossip(&["--graph", "g"], &lines([&*later])), (lines([&*later]), Vec::new()));
    // A replayed one changes no byte; nor does a peer that was restored from a backup and says again what it said.
    let replayed = desk.gossip(&["--graph", "g"], &lines([&*first, &*later]));
    assert_eq!(replayed, (String::new(), vec!["gossip.old".to_owned(); 2]));
    assert_eq!(desk.read("g"), lines([&*later]));
    // Without a graph there is nothing that was known before.
    assert_eq!(desk.gossip(&[], &lines([&*first])).0, lines([&*first]));
}

#[test]
fn what_is_refused_or_withheld_says_why() {
    let desk = Desk::new();
    let advert_of = |seq, hash: &str| signed(2, seq, TILE, hash);
    let other_name = key(1).sign_object(&advert(&did(2), NOW, TILE, Some(ROOT))).unwrap();
    let long = advert("peer:a", 7, TILE, None).replace('[', &format!("[{}", " ".repeat(16 << 10)));
    for (line, code, stands) in [
        (advert_of(NOW + 601, ROOT), "gossip.future", false),
        (advert_of(NOW + 600, ROOT), "", true),
        (advert_of(NOW - 86_401, ROOT), "gossip.expired", true),
        (advert_of(NOW - 86_400, ROOT), "", true),
        (advert_of(7, ROOT), "", true),
        (advert("peer:a", 0, TILE, None), "", true),
        (other_name, "signature.actor", false),
        (advert_of(NOW, ROOT).replace("\"ttl\":86400", "\"ttl\":86399"), "signature.value", false),
        (long, "gossip.long", false),
        (advert("peer:a", 7, "m/world/demo/tiles/z0/x0/y0/team.private/head", None), "path.lane", false),
        (advert("peer:a", 7, "m/worlds", None), "path.syntax", false),
        (event(1, "z0/x0/y0", 0, TEAM).trim_end().to_owned(), "line.kind", false),
        (r#"{"packet":"AA"}"#.to_owned(), "line.kind", false),
        (r#"{"sync":"end"}"#.to_owned(), "line.kind", false),
        (r#"{"x":1}"#.to_owned(), "envelope.operation", false),
        ("x".to_owned(), "json.syntax", false),
    ] {
        std::fs::remove_file(desk.path().join("g")).ok();
        let (_, codes) = desk.gossip(&["--graph", "g"], &lines([&*line]));
        assert_eq!(codes.concat(), code, "{line}");
        assert_eq!(!desk.read("g").is_empty(), stands, "{line}");
    }
}

#[test]
fn a_peer_that_says_two_things_at_once_is_noted_and_comes_to_one_everywhere() {
    let desk = Desk::new();
    let (a, b) = (signed(2, NOW, TILE, &root(1)), signed(2, NOW, TILE, &root(2)));
    for (graph, order) in [("g1", [&*a, &*b]), ("g2", [&*b, &*a])] {
        let (_, codes) = desk.gossip(&["--graph", graph], &lines(order));
        assert!(codes.contains(&"gossip.equivocation".to_owned()), "{codes:?}");
    }
    assert_eq!(desk.read("g1"), desk.read("g2"));
    assert_eq!(desk.read("g1").lines().count(), 1);
}

#[test]
fn names_speak_by_the_keys_that_are_bound_to_them_now() {
    let desk = Desk::new();
    std::fs::create_dir(desk.path().join("rules")).unwrap();
    let line = key(2).sign_object(&advert("harbour", NOW, TILE, Some(ROOT))).unwrap();
    let said = |rules: &str, args: &[&str]| {
        desk.write("rules/.ulp-root", &format!("version: 1\n{rules}\n"));
        desk.gossip(&[&["--scope", "rules"], args].concat(), &lines([&*line])).1.concat()
    };
    let bound = |until: &str| format!("keys: {{harbour: [{{did: \"{}\"{until}}}]}}", did(2));
    assert_eq!(said("", &[]), "signature.actor");
    assert_eq!(said(&bound(""), &["--graph", "g"]), "");
    assert_eq!(said(&bound(", until: 2020-01-01T00:00:00Z"), &[]), "signature.actor");
    assert_eq!(said(&format!("revoked: [\"{}\"]", did(2)), &[]), "signature.revoked");
    assert_eq!(said(&format!("{}\nlimits: {{max_clock_skew: 5s}}", bound("")), &[]), "");
    // A listed key lends its standing to the name; one that is revoked takes what was said out of the graph.
    let listed = format!("{}\nfederation: {{peers: [\"{}\"]}}", bound(""), did(2));
    said(&listed, &["--graph", "g"]);
    let who = desk.gossip(&["--graph", "g", "--scope", "rules", "--who"], "").0;
    assert!(who.contains("\"peer\":\"harbour\"") && who.contains("\"standing\":\"listed\""), "{who}");
    let revoked = format!("{listed}\nrevoked: [\"{}\"]", did(2));
    assert!(said(&revoked, &["--graph", "g"]).contains("signature.revoked"));
    assert_eq!(desk.gossip(&["--graph", "g", "--scope", "rules", "--who"], "").0, "");
}

#[test]
fn a_name_that_floods_loses_its_own() {
    let desk = Desk::new();
    let friend = signed(2, NOW - 50, TILE, ROOT);
    let flood =
        (0..3_000_u32).map(|n| advert(&format!("s{}", n % 1_500), NOW, &format!("m/world/{n}"), Some(ROOT)));
    let loud = (0..600_u32).map(|n| signed(3, NOW, &format!("m/world/{n}"), ROOT));
    let all: Vec<String> = [friend.clone()].into_iter().chain(flood).chain(loud).collect();
    let (relayed, codes) =
        desk.gossip(&["--graph", "g", "--rows", "1024"], &lines(all.iter().map(String::as_str)));
    assert!(relayed.starts_with(&lines([&*friend])));
    assert!(codes.contains(&"gossip.bound".to_owned()));
    let graph = desk.read("g");
    let of = |peer: &str| graph.lines().filter(|line| line.contains(&format!("\"peer\":\"{peer}"))).count();
    assert_eq!((of(&did(2)), of(&did(3)), graph.lines().count()), (1, 512, 1024));
}

/// A million lines of noise in bounded memory, in a proof; fewer otherwise.
#[test]
fn noise_is_refused_line_by_line_and_nothing_is_held() {
    let desk = Desk::new();
    let noise = crate::sample::size(1_000_000, 60_000);
    let script = format!(
        "(yes 'noise' | head -{noise}; head -c 3000000 /dev/zero; echo) | (ulimit -v 120000; ulp-gossip --graph g --now {NOW} > out 2> log); \
         echo $?; tail -1 log | jq .rejected; wc -c < g"
    );
    assert_eq!(run::sh(&script, desk.path()), format!("1\n{}\n0\n", noise + 1));
}

#[test]
fn a_reader_that_goes_loses_the_graph_nothing() {
    let desk = Desk::new();
    let all: Vec<String> = (0..300).map(|n| signed(2, NOW, &format!("m/world/{n}"), ROOT)).collect();
    desk.write("in", &lines(all.iter().map(String::as_str)));
    let script = format!(
        "ulp-gossip --graph g --now {NOW} in 2> log | head -1 > out; echo ${{PIPESTATUS[0]}}; wc -l < g"
    );
    assert_eq!(run::sh(&script, desk.path()), "0\n300\n");
    assert_eq!(codes(&desk.run("ulp-gossip", &["--graph", "/dev/null"], "")), Vec::<String>::new());
    assert_eq!(desk.run("ulp-gossip", &["--graph", "/dev/null"], "").status.code(), Some(4));
    assert_eq!(desk.run("ulp-gossip", &["--graph", "no/where"], "").status.code(), Some(4));
}

#[test]
fn a_strict_run_keeps_what_it_passed_on() {
    let desk = Desk::new();
    let good = signed(2, NOW, TILE, ROOT);
    let done = desk.run(
        "ulp-gossip",
        &["--graph", "g", "--strict", "--now", &NOW.to_string()],
        &lines([&*good, "x", "y"]),
    );
    assert_eq!((done.status.code(), codes(&done).len()), (Some(1), 1));
    assert_eq!(String::from_utf8(done.stdout).unwrap(), lines([&*good]));
    assert_eq!(desk.read("g"), lines([&*good]));
}

#[test]
fn what_is_unsigned_hides_nothing_that_is_signed() {
    let desk = Desk::new();
    let signed = signed(2, NOW - 60, TILE, &root(1));
    // The same without its signature is another statement; so is what a stranger says later in that peer's name.
    let cut = advert(&did(2), NOW - 60, TILE, Some(&root(1)));
    let fake = advert(&did(2), NOW, TILE, Some(&root(2)));
    let (relayed, codes) = desk.gossip(&["--graph", "g"], &lines([&*cut, &*fake, &*signed]));
    assert_eq!((relayed, codes), (lines([&*signed]), Vec::new()));
    assert_eq!(desk.read("g"), lines([&*signed, &*fake]), "one row each");
    let (who, _) = desk.gossip(&["--graph", "g", "--who", TILE], "");
    let standing: Vec<bool> = who.lines().map(|row| row.contains("\"standing\":\"signed\"")).collect();
    assert_eq!(standing, [true, false]);
}

#[test]
fn ten_thousand_keys_leave_what_is_listed_its_half() {
    let desk = Desk::new();
    std::fs::create_dir(desk.path().join("rules")).unwrap();
    desk.write("rules/.ulp-root", &format!("version: 1\nfederation: {{peers: [\"{}\"]}}\n", did(2)));
    let friends: Vec<String> = (0..20).map(|n| signed(2, NOW - 600, &format!("m/world/{n}"), ROOT)).collect();
    // In a proof all of them; their keys are as many seeds.
    let keys = crate::sample::size(10_000_u32, 300);
    let stranger = |n: u32| {
        let mut seed = [0; 32];
        seed[..4].copy_from_slice(&n.to_be_bytes());
        let key = ulp_core::trust::SecretKey::from_seed(&seed);
        key.sign_object(&advert(&key.did().to_string(), NOW, TILE, Some(ROOT))).unwrap()
    };
    let all: Vec<String> = friends.iter().cloned().chain((1000..1000 + keys).map(stranger)).collect();
    desk.gossip(
        &["--graph", "g", "--rows", "64", "--scope", "rules"],
        &lines(all.iter().map(String::as_str)),
    );
    let graph = desk.read("g");
    assert_eq!(graph.lines().count(), 64);
    assert!(friends.iter().all(|friend| graph.contains(&**friend)));
}
