//! A node on air: what it relays, mends and answers.

use super::{Shack, bob, bytes, codes, known, packet, text, vectors};
use data_encoding::HEXLOWER;
use serde_json::Value;
use ulp_core::frame::{Body, Entry, Frame, Held, Rows, Tag, packet as frames_of};
use ulp_core::id::Tile;
use ulp_core::path::Space;
use ulp_core::trust::SecretKey;

impl Shack {
    /// What a node says once it heard some lines, and what it says of them.
    #[track_caller]
    fn follow(&self, args: &[&str], input: &str) -> (Vec<Frame>, Vec<String>) {
        let out = self.good(&[&["--follow", "--graph", "graph"], args].concat(), input);
        let (packets, lines): (Vec<&str>, Vec<&str>) =
            out.lines().partition(|line| line.contains("\"packet\""));
        let frames = packets.iter().flat_map(|line| frames_of(&bytes(line)).unwrap()).collect();
        (frames, lines.into_iter().map(str::to_owned).collect())
    }
}

/// A frame of bob's about `demo`.
fn frame(wants: bool, entries: Vec<Entry>) -> Frame {
    let rows =
        Rows { wants, space: Tag::of_space(&Space::Named("demo".to_owned())), entries, signature: None };
    Frame {
        hops: 3,
        peer: Tag::of_peer(&bob().did().to_string()),
        seq: 1_795_167_000,
        body: Body::Rows(rows),
    }
}

fn tip(x: i64, head: Option<[u8; 6]>) -> Entry {
    Entry::tip(Tile { z: 0, x, y: 0 }, Held { events: 4, head }).unwrap()
}

fn heard(frame: &Frame) -> String {
    packet(&frame.print())
}

/// What bob holds of a tile.
fn advert(x: u32) -> String {
    format!(
        r#"{{"knows":[{{"path":"m/world/demo/tiles/z0/x{x}/y0/head","points_to":"blake3:0123456789ab"}}],"peer":"{}","seq":1795167000}}"#,
        bob().did()
    ) + "\n"
}

#[test]
fn news_are_relayed_once_with_a_hop_less() {
    let shack = Shack::new();
    let news = frame(false, vec![tip(1, Some([1; 6]))]);
    for (hops, relayed) in [(3, Some(2)), (1, Some(0)), (7, Some(7)), (0, None)] {
        let (said, lines) = shack.follow(&[], &heard(&news.clone().with_hops(hops)));
        assert_eq!(said.first().map(|frame| frame.hops), relayed, "{hops}");
        assert!(said.len() <= 1 && lines.len() == 1);
        assert!(said.iter().all(|said| said.clone().with_hops(0) == news.clone().with_hops(0)));
    }
    // Twice more, and others have told it; once more, and it is one line all the same.
    assert_eq!(shack.follow(&[], &heard(&news).repeat(2)).0.len(), 1);
    let (said, lines) = shack.follow(&[], &heard(&news).repeat(3));
    assert_eq!((said.len(), lines.len()), (0, 1));
}

#[test]
fn what_is_forged_is_neither_told_nor_relayed() {
    let shack = Shack::new();
    let news = frame(false, vec![tip(1, Some([1; 6]))]);
    let (said, lines) = shack.follow(&[], &heard(&news.clone().sign(&bob())));
    assert!(said[0].is_signed() && lines[0].contains("\"proof\""));
    let forged = news.sign(&SecretKey::from_seed(&[1; 32]));
    let done = shack.radio(&["--follow", "--graph", "graph"], &heard(&forged));
    assert_eq!((done.stdout.len(), codes(&done)), (0, vec!["signature.actor".to_owned()]));
    let cut = packet(&forged.print()[..60]);
    assert_eq!(codes(&shack.radio(&["--follow"], &cut)), ["radio.frame"]);
}

#[test]
fn what_another_lacks_is_said_to_it() {
    let Some(vectors) = vectors("frames") else { return };
    let shack = Shack::new();
    let peers = [1, 2, 3].map(|seed| known(&SecretKey::from_seed(&[seed; 32]).did().to_string()) + "\n");
    shack.write("graph", &peers.concat());
    let packet_of = |hex: &str| packet(&HEXLOWER.decode(hex.as_bytes()).unwrap());
    let rows: String = vectors["ranges"]["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| packet_of(text(row, "/frame")))
        .collect();
    // Who says of its ranges what is so here is told nothing.
    let (said, _) = shack.follow(&[], &(rows.clone() + &packet_of(text(&vectors, "/ranges/intro"))));
    assert!(said.is_empty(), "{said:?}");
    // Who has nothing is told all, as these are no more than sixteen.
    let none = ulp_core::frame::Range { from: 0, to: 0, rows: 0, digest: [0; 4] };
    let question = frame(true, vec![Entry::Range(none)]);
    let (said, _) = shack.follow(&[], &(rows.clone() + &heard(&question)));
    let told = |frame: &Frame| {
        frame.rows().unwrap().entries.iter().filter(|entry| matches!(entry, Entry::Tip(..))).count()
    };
    assert_eq!(said.iter().map(told).sum::<usize>(), 12);
    // Twice in a minute it is told once.
    let (again, _) = shack.follow(&[], &(rows + &heard(&question).repeat(2)));
    assert_eq!(again.iter().map(told).sum::<usize>(), 12);
}

#[test]
fn own_news_are_said_and_what_there_is_no_room_for_is_counted() {
    let shack = Shack::new();
    let (said, _) = shack.follow(&["--key", "bob.pem"], &(advert(1) + &advert(2)));
    assert!(said.len() == 2 && said.iter().all(Frame::is_signed));
    let many: String = (0..100).map(advert).collect();
    let done = shack.radio(&["--follow"], &many);
    assert!(codes(&done).contains(&"radio.dropped".to_owned()));
    // A line in parts is said as often as is asked for, and a tip once.
    let sensor = "{\"operation\":\"x\",\"actor_id\":\"a\"}\n".to_owned();
    let (said, _) = shack.follow(&["--repeat", "2"], &(sensor + &advert(1)));
    let parts = said.iter().filter(|frame| frame.rows().is_none()).count();
    assert_eq!((parts, said.len()), (2, 3));
}

#[test]
fn a_want_is_answered_by_a_tip_and_the_newest_events_that_are_for_everyone() {
    let shack = Shack::new();
    let event = |n: u32, policy: &str| {
        format!(
            r#"{{"actor_id":"user:a","event_id":"evt-{n}","node_id":"{policy}-{n}","operation":"create_node","scope":{{"policy":"{policy}"}},"space_id":"demo","timestamp":{}}}"#,
            1_795_000_000 + n
        ) + "\n"
    };
    let shared: String = (0..9).map(|n| event(n, "public")).collect();
    shack.write("shared", &shared);
    shack.write("all", &(shared + &(9..12).map(|n| event(n, "private")).collect::<String>()));
    shack.sh("for s in shared all; do ulp-store init w.$s; ulp-append --store w.$s --now 1795100000 $s > /dev/null; done");
    let want = heard(&frame(true, vec![tip(0, None)])).repeat(2);
    let answer = |store: &str| shack.follow(&["--store", store, "--key", "bob.pem"], &want).0;
    let said = answer("w.all");
    assert_eq!(said, answer("w.shared"));
    let Entry::Tip(tile, held) = said[0].rows().unwrap().entries[0] else { panic!("{said:?}") };
    assert_eq!((tile, held.events, said[0].is_signed()), (Tile::ORIGIN, 9, true));
    let parts: String = said[1..].iter().map(heard).collect();
    let events = shack.good(&[], &parts);
    let names: Vec<String> = events
        .lines()
        .map(|line| text(&serde_json::from_str::<Value>(line).unwrap(), "/event_id").to_owned())
        .collect();
    assert_eq!(names, ["evt-8", "evt-7", "evt-6", "evt-5"]);
    // Who holds the same is told nothing.
    let same = frame(true, vec![tip(0, held.head)]);
    assert!(shack.follow(&["--store", "w.all", "--key", "bob.pem"], &heard(&same)).0.is_empty());
    let root = shack.sh("ulp-attest --store w.all --rows 2> log");
    assert!(root.contains(&format!("blake3:{}", HEXLOWER.encode(&held.head.unwrap()))));
}

#[test]
fn two_nodes_that_hear_each_other_know_the_same() {
    let shack = Shack::new();
    shack.write("a", &advert(1));
    shack.write("b", &advert(2));
    // Each one's input is its own line, then what the other says.
    shack.sh(
        "mkfifo ab ba
         node() { ulp-radio --follow --graph graph --now 1795167000 2> $1.log | tee $1.said | grep --line-buffered packet; }
         { cat a; timeout 3 cat < ba; } | node a > ab & { cat b; timeout 3 cat < ab; } | node b > ba; wait",
    );
    for (name, other) in [("a", "x2"), ("b", "x1")] {
        let said = std::fs::read_to_string(shack.0.path().join(format!("{name}.said"))).unwrap();
        let lines: Vec<&str> = said.lines().filter(|line| line.contains("\"knows\"")).collect();
        assert!(lines.len() == 1 && lines[0].contains(other), "{name}: {said}");
    }
}
