//! Whom to ask, best first.

use super::super::{Desk, TEAM, event, lines};
use super::{NOW, advert, did, key, root, signed};
use serde_json::Value;
use ulp_core::statement::{Pointer, Pointers, Sort};

const TILE: &str = "m/world/s/tiles/z0/x0/y0/head";

/// The peers that are to be asked, with a member of each.
fn who(desk: &Desk, args: &[&str], member: &str) -> Vec<(String, Value)> {
    let (said, _) = desk.gossip(&[&["--graph", "g", "--who"], args].concat(), "");
    let rows = said.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    rows.map(|row| (row["peer"].as_str().unwrap().to_owned(), row[member].clone())).collect()
}

fn peers(desk: &Desk, args: &[&str]) -> Vec<String> {
    who(desk, args, "peer").into_iter().map(|(peer, _)| peer).collect()
}

fn with_events(seed: u8, seq: u32, events: u64) -> String {
    let pointer =
        Pointer { path: TILE.into(), hash: Some(root(u32::from(seed)).into()), events: Some(events) };
    let (sort, ttl, all) = (Sort::Knows, 60, vec![pointer]);
    let reach = vec![format!("ssh:{seed}").into()];
    key(seed)
        .sign_object(&Pointers { sort, peer: did(seed).into(), seq, ttl, all, reach, to: Vec::new() }.print())
        .unwrap()
}

#[test]
fn the_best_come_first() {
    let desk = Desk::new();
    std::fs::create_dir(desk.path().join("rules")).unwrap();
    desk.write("rules/.ulp-root", &format!("version: 1\nfederation: {{peers: [\"{}\"]}}\n", did(9)));
    desk.gossip(
        &["--graph", "g", "--scope", "rules"],
        &lines([
            &*with_events(1, NOW - 10, 5),
            &*with_events(2, NOW - 20, 9),
            &*with_events(3, NOW - 9, 5),
            &*with_events(4, NOW - 100, 99),
            &*with_events(5, 4097, 99),
            &*with_events(9, NOW - 30, 1),
            &*advert("peer:hint", NOW, TILE, Some(&root(77))),
            &*advert("peer:gone", NOW, TILE, None),
            &*signed(6, NOW, "m/world/s", &root(6)),
            &*signed(7, NOW, "m/world", &root(7)),
            &*signed(8, NOW, "m/world/s/tiles/z0/x1/y0/head", &root(8)),
            &*signed(8, NOW, "m/world/s/tiles/z0/x0/y0/state", &root(8)),
        ]),
    );
    let order = [did(9), did(2), did(3), did(1), "peer:hint".to_owned(), did(5), did(4), did(6), did(7)];
    assert_eq!(peers(&desk, &[TILE, "--scope", "rules"]), order);
    let standing = who(&desk, &[TILE, "--scope", "rules"], "standing");
    assert_eq!(
        standing.iter().map(|(_, word)| word.as_str().unwrap()).take(2).collect::<Vec<_>>(),
        ["listed", "signed"]
    );
    let stale: Vec<bool> = who(&desk, &[TILE], "stale").iter().map(|(_, stale)| *stale == true).collect();
    assert_eq!(stale.iter().filter(|stale| **stale).count(), 1);
    assert_eq!(who(&desk, &[TILE, "--scope", "rules"], "reach")[0].1, serde_json::json!(["ssh:9"]));
    // A bare tile is its history; what lies above it answers for what nobody tells of.
    assert_eq!(peers(&desk, &["m/world/s/tiles/z0/x0/y0"]).len(), 9);
    let above = |path: &str| peers(&desk, &[path]);
    assert_eq!(above("m/world/s/tiles/z0/x5/y5/head"), [did(6), did(7)]);
    assert_eq!(above("m/world/s/tiles/z0/x1/y0/team.public/segment/3"), [did(8), did(6), did(7)]);
    assert_eq!(above("m/world/other"), [did(7)]);
    assert_eq!(above("m/world"), [did(7)]);
    for (bad, reason) in
        [("m/worlds", "not a path"), ("m/world/s/tiles/z0/x0/y0/team.private/head", "not for everyone")]
    {
        let done = desk.run("ulp-gossip", &["--graph", "g", "--who", bad], "");
        assert_eq!(done.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&done.stderr).contains(reason), "{reason}");
    }
}

#[test]
fn a_space_of_which_only_the_tag_is_known_is_found_by_its_name() {
    let desk = Desk::new();
    // The tag of m/world/demo.
    let tagged =
        advert("tag:01a39abc", NOW, "m/world/tag:3daa0efa/tiles/z0/x0/y0/head", Some("blake3:14e0bc4b178d"));
    desk.gossip(&["--graph", "g"], &lines([&*tagged]));
    assert_eq!(peers(&desk, &["m/world/demo/tiles/z0/x0/y0/head"]), ["tag:01a39abc"]);
    assert_eq!(peers(&desk, &["m/world/dema/tiles/z0/x0/y0/head"]), Vec::<String>::new());
}

#[test]
fn who_does_not_deliver_comes_last_until_it_speaks_again() {
    let desk = Desk::new();
    desk.gossip(
        &["--graph", "g"],
        &lines(
            (1..=4)
                .map(|seed| signed(seed, NOW - 10, TILE, &root(1)))
                .collect::<Vec<_>>()
                .iter()
                .map(String::as_str),
        ),
    );
    let result = |seed: u8, seq: u32, path: &str, agrees: bool| {
        format!(
            r#"{{"agrees":{agrees},"head":"{}","path":"{path}","refused":0,"sent":1,"seq":{seq},"sync":"result","taken":0,"with":"{}"}}"#,
            root(1),
            did(seed)
        ) + "\n"
    };
    let results = result(1, NOW, "m/world/s", false)
        + &result(1, NOW, "m/world", false)
        + &result(2, NOW, "m/world", true)
        + "{\"sync\":\"row\"}\nnoise\n"
        + &result(3, NOW - 20, "m/world/s", false);
    desk.write("results", &results);
    let order = peers(&desk, &[TILE, "--results", "results"]);
    assert_eq!(order.first(), Some(&did(2)), "the last sync agreed");
    assert_eq!(order.last(), Some(&did(1)), "it did not deliver");
    assert_eq!(order.len(), 4);
    // From stdin, where strangers write, none is taken.
    let (said, codes) = desk.gossip(&["--graph", "g", "--who", TILE, "-"], &results);
    assert_eq!(codes.iter().filter(|code| *code == "line.kind").count(), 5);
    let first = serde_json::from_str::<Value>(said.lines().next().unwrap()).unwrap();
    let plain = peers(&desk, &[TILE]);
    assert_eq!(first["peer"].as_str(), Some(plain[0].as_str()));
    // It speaks again.
    desk.gossip(&["--graph", "g"], &lines([&*signed(1, NOW + 1, TILE, &root(1))]));
    assert_ne!(peers(&desk, &[TILE, "--results", "results"]).last(), Some(&did(1)));
}

#[test]
fn without_a_path_it_is_whatever_others_have_otherwise() {
    let desk = Desk::with_identity();
    desk.append(&event(1, "z0/x0/y0", 0, TEAM), &[]);
    let own = desk.gossip(&["--store", "w", "--key", "key.pem", "--graph", "g"], "").0;
    assert_eq!(peers(&desk, &["--store", "w"]), Vec::<String>::new(), "its own rows are no news");
    // Somebody who holds the same, somebody who holds otherwise, and somebody else's tile.
    let pointer =
        serde_json::from_str::<Value>(&own).unwrap()["knows"][2]["points_to"].as_str().unwrap().to_owned();
    let other = "m/world/s/tiles/z0/x9/y0/head";
    desk.gossip(
        &["--graph", "g"],
        &lines([
            &*signed(1, NOW, TILE, &pointer),
            &*signed(2, NOW, TILE, &root(2)),
            &*signed(3, NOW, other, &root(3)),
        ]),
    );
    assert_eq!(peers(&desk, &["--store", "w"]), [did(2), did(3)]);
    assert_eq!(peers(&desk, &["--store", "w", "--tile", "z0/x9"]), [did(3)]);
    assert_eq!(peers(&desk, &[]).len(), 6, "without a store all heads are news");
    let attested = desk.attest(&["--key", "key.pem", "--now", &NOW.to_string()]);
    let relayed = desk.gossip(&["--graph", "h"], &attested);
    assert_eq!(relayed, (attested, Vec::new()), "attestations travel, too");
    let (said, _) = desk.gossip(&["--graph", "h", "--who", "m/world"], "");
    assert!(said.contains("\"events\":1,\"path\":\"m/world\""), "{said}");
}
