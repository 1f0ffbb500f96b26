//! What a peer says of its own store: all that is shared, nothing that is not, and only what is news.

use super::super::{Desk, PERSONAL, PRIVATE, PUBLIC, TEAM, codes, event, lines};
use super::{NOW, advert, did, key, root, signed};
use crate::run;
use serde_json::Value;

/// The pointers of adverts or wants, as `path hash`, in their order.
fn pointers(said: &str) -> Vec<(String, Option<String>)> {
    let all = said.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    all.flat_map(|line| {
        let list = line.get("knows").or(line.get("wants")).unwrap().as_array().unwrap().clone();
        list.into_iter().map(|p| {
            let hash = p.get("points_to").or(p.get("have")).unwrap();
            (p["path"].as_str().unwrap().to_owned(), hash.as_str().map(str::to_owned))
        })
    })
    .collect()
}

fn paths(said: &str) -> Vec<String> {
    pointers(said).into_iter().map(|(path, _)| path).collect()
}

#[test]
fn a_store_is_told_by_its_heads_and_by_its_objects() {
    let desk = Desk::with_identity();
    desk.append(&(event(1, "z0/x0/y0", 0, TEAM) + &event(2, "z0/x1/y0", 0, PUBLIC)), &[]);
    let (said, _) = desk.gossip(&["--store", "w", "--key", "key.pem"], "");
    assert_eq!(desk.good("um-sign", &["--verify", "--now", &NOW.to_string()], &said), said);
    let heads = ["m/world", "m/world/s", "m/world/s/tiles/z0/x0/y0/head", "m/world/s/tiles/z0/x1/y0/head"];
    assert_eq!(paths(&said), heads);
    // They are the heads that the rows tell.
    for (path, head) in pointers(&said) {
        let row = path.trim_end_matches("/head");
        let rows = desk.attest(&["--rows"]);
        let row =
            rows.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).find(|r| r["path"] == row);
        assert_eq!(row.unwrap()["head"].as_str().map(str::to_owned), head);
    }
    run::sh("ulp-materialize --store w --snapshot > out 2> log", desk.path());
    let (said, _) = desk.gossip(&["--store", "w", "--objects"], "");
    let objects: Vec<_> = pointers(&said).into_iter().filter(|(path, _)| path.contains("public/")).collect();
    assert_eq!(
        objects.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(),
        [
            "m/world/s/tiles/z0/x0/y0/team.public/segment/0",
            "m/world/s/tiles/z0/x0/y0/team.public/snapshot",
            "m/world/s/tiles/z0/x1/y0/public.public/segment/0",
            "m/world/s/tiles/z0/x1/y0/public.public/snapshot"
        ]
    );
    let named = |hash: &str| desk.path().join("w/objects/sha256").join(&hash[7..9]).join(&hash[9..]);
    assert!(objects.iter().all(|(_, hash)| named(hash.as_ref().unwrap()).exists()));
    // A part of it.
    assert_eq!(paths(&desk.gossip(&["--store", "w", "--space", "s"], "").0), heads[1..]);
    assert_eq!(paths(&desk.gossip(&["--store", "w", "--tile", "z0/x1"], "").0), heads[3..]);
    assert_eq!(desk.run("ulp-gossip", &["--store", "w", "--key", "other.pem"], "").status.code(), Some(4));
    desk.good("um-key", &["generate", "-o", "other.pem"], "");
    assert_eq!(desk.run("ulp-gossip", &["--store", "w", "--key", "other.pem"], "").status.code(), Some(2));
}

#[test]
fn what_lies_in_lanes_that_are_not_shared_changes_no_byte() {
    let (with, without) = (Desk::new(), Desk::new());
    let shared = event(1, "z0/x0/y0", 0, TEAM) + &event(2, "z0/x0/y0", 0, PUBLIC);
    without.append(&shared, &[]);
    let canary =
        |n, tile, scope| event(n, tile, 0, scope).replace(&format!("\"n{n}\""), &format!("\"canary-{n}\""));
    let secret =
        canary(7, "z0/x0/y0", PRIVATE) + &canary(8, "z7/x7/y7", PERSONAL) + &canary(9, "z0/x0/y0", PERSONAL);
    with.append(&(shared + &secret.replace("\"space_id\":\"s\"", "\"space_id\":\"canary\"") + &secret), &[]);
    let other = signed(2, NOW, "m/world/s/tiles/z0/x0/y0/head", &root(1));
    for args in [
        &["--store", "w"][..],
        &["--store", "w", "--objects"],
        &["--store", "w", "--objects", "--graph", "g"],
        &["--store", "w", "--graph", "g", "--want", "-"],
        &["--store", "w", "--graph", "g", "--who"],
        &["--store", "w", "--graph", "g", "--who", "m/world/canary"],
    ] {
        for desk in [&with, &without] {
            run::sh("ulp-materialize --store w --snapshot > out 2> log", desk.path());
        }
        let now = NOW.to_string();
        let all = |desk: &Desk| {
            let done =
                desk.run("ulp-gossip", &[&["--now", &now, "--log-all"], args].concat(), &lines([&*other]));
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
            let graph = std::fs::read_to_string(desk.path().join("g")).unwrap_or_default();
            (String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap(), graph)
        };
        let (told, said) = (all(&with), all(&without));
        assert!(!told.0.contains("canary") && !told.1.contains("canary") && !told.2.contains("canary"));
        assert_eq!(told, said, "{args:?}");
    }
}

#[test]
fn with_a_graph_only_news_are_said() {
    let desk = Desk::with_identity();
    desk.append(&(event(1, "z0/x0/y0", 0, TEAM) + &event(2, "z0/x1/y0", 0, TEAM)), &[]);
    let at = |now: u32, more: &[&str]| {
        let now = now.to_string();
        let args = [&["--store", "w", "--key", "key.pem", "--graph", "g", "--now", &now], more].concat();
        desk.good("ulp-gossip", &args, "")
    };
    let first = at(NOW, &[]);
    assert_eq!(paths(&first).len(), 4);
    assert_eq!(desk.read("g"), first);
    assert_eq!(at(NOW + 10, &[]), "");
    desk.append(&event(3, "z0/x1/y0", 0, TEAM), &[]);
    // The clock stands where it stood: what is said comes right after what was said last.
    let news = at(NOW - 7, &[]);
    assert_eq!(paths(&news), ["m/world", "m/world/s", "m/world/s/tiles/z0/x1/y0/head"]);
    assert!(news.contains(&format!("\"seq\":{}", NOW + 1)), "{news}");
    // What was said long ago is said again, with what is there no longer.
    assert_eq!(paths(&at(NOW + 43_201, &[])), ["m/world/s/tiles/z0/x0/y0/head"]);
    assert_eq!(paths(&at(NOW + 90_000, &[])).len(), 4);
    at(NOW + 90_001, &["--objects"]);
    run::sh(
        "ulp-store init v 2> log; rm -r w/spaces w/objects && mv v/spaces v/objects w/ 2> log || true; mkdir -p w/spaces w/objects",
        desk.path(),
    );
    let gone: Vec<_> = pointers(&at(NOW + 90_002, &[]));
    let nulls: Vec<&str> =
        gone.iter().filter(|(_, hash)| hash.is_none()).map(|(path, _)| path.as_str()).collect();
    assert_eq!(nulls, ["m/world/s", "m/world/s/tiles/z0/x0/y0/head", "m/world/s/tiles/z0/x1/y0/head"]);
    assert_eq!(paths(&at(NOW + 90_003, &["--objects"])).len(), 2, "the segments, once they are looked for");
    assert_eq!(at(NOW + 90_004, &["--objects"]), "");
}

#[test]
fn a_want_is_answered_by_an_advert() {
    let desk = Desk::with_identity();
    desk.append(&event(1, "z0/x0/y0", 0, TEAM), &[]);
    let at = |now: u32| {
        let now = now.to_string();
        desk.good("ulp-gossip", &["--store", "w", "--key", "key.pem", "--graph", "g", "--now", &now], "")
    };
    let heard = |line: &str| desk.gossip(&["--graph", "g"], &lines([line]));
    let own = pointers(&at(NOW - 60));
    let (tile, head) = own[2].clone();
    let want = |seed: u8, seq: u32, have: &str, to: &str| {
        let line = format!(
            r#"{{"peer":"{}","seq":{seq}{to},"wants":[{{"have":{have},"path":"{tile}"}}]}}"#,
            did(seed)
        );
        key(seed).sign_object(&line).unwrap()
    };
    heard(&want(1, NOW - 70, "null", ""));
    assert_eq!(at(NOW - 50), "", "it was said since");
    heard(&want(2, NOW - 40, &format!("\"{}\"", head.unwrap()), ""));
    heard(&want(3, NOW - 40, "null", &format!(",\"to\":[\"{}\"]", did(1))));
    assert_eq!(at(NOW - 30), "", "one holds the same, the other asks somebody else");
    heard(&want(1, NOW - 20, "null", ""));
    assert_eq!(paths(&at(NOW - 10)), [&*tile]);
    assert_eq!(at(NOW), "");
}

#[test]
fn lines_hold_what_fits_and_have_one_seq() {
    let desk = Desk::new();
    let long = "Ä".repeat(39);
    let all: String = (0..130)
        .map(|n| {
            event(n, &format!("z0/x{n}/y0"), 0, TEAM)
                .replace("\"space_id\":\"s\"", &format!("\"space_id\":\"{long}\""))
        })
        .collect();
    desk.append(&all, &[]);
    let (said, _) = desk.gossip(&["--store", "w", "--reach", "ssh:a", "--reach", "\"b\""], "");
    assert!(said.lines().all(|line| line.len() <= 16 << 10 && line.contains(r#""reach":["ssh:a","\"b\""]"#)));
    assert!(said.lines().count() > 2 && said.lines().all(|line| line.contains(&format!("\"seq\":{NOW}"))));
    let paths = paths(&said);
    assert!(paths.is_sorted() && paths.len() == 132);
    assert_eq!(desk.gossip(&["--graph", "g"], &said).1, Vec::<String>::new());
}

#[test]
fn a_want_is_for_what_others_have_otherwise() {
    let desk = Desk::with_identity();
    desk.append(&event(1, "z0/x0/y0", 0, TEAM), &[]);
    let own = desk.gossip(&["--store", "w", "--key", "key.pem"], "").0;
    let head = pointers(&own).into_iter().find(|(path, _)| path.ends_with("y0/head")).unwrap().1.unwrap();
    let tile = "m/world/s/tiles/z0/x0/y0/head";
    let heard = lines([
        &*signed(1, NOW, tile, &head[..19]),
        &*signed(2, NOW, "m/world/s/tiles/z0/x1/y0/head", &root(7)),
        &*signed(3, NOW, "m/world/else", &root(8)),
        &*advert("peer:a", 0, "m/world/s", Some(&root(9))),
        &*advert("peer:a", 0, "m/world/gone", None),
        &*advert("peer:a", 0, "m/world/s/tiles/z0/x0/y0/state", Some(&root(9))),
    ]);
    let args = ["--store", "w", "--key", "key.pem", "--graph", "g", "--want"];
    let (said, _) = desk.gossip(&[&args[..], &["-"]].concat(), &heard);
    let want = said.lines().last().unwrap();
    assert!(want.contains("\"wants\":[{\"events\":0,\"have\":null,\"path\":\"m/world/else\"}"), "{want}");
    let wanted = ["m/world/else", "m/world/s", "m/world/s/tiles/z0/x1/y0/head"];
    assert_eq!(paths(want), wanted);
    assert_eq!(desk.good("um-sign", &["--verify"], &lines([want])), lines([want]));
    assert!(desk.read("g").contains(want), "what was wanted is known");
    // Its own wants are no answer to it.
    assert_eq!(paths(&desk.gossip(&args, "").0), wanted);
    assert_eq!(paths(&desk.gossip(&[&args[..], &["--space", "else"]].concat(), "").0), wanted[..1]);
    assert_eq!(codes(&desk.run("ulp-gossip", &["--want", "--store", "w"], "")), Vec::<String>::new());
    assert_eq!(desk.run("ulp-gossip", &["--want", "--store", "w"], "").status.code(), Some(2));
    assert_ne!(did(1), did(2));
}
