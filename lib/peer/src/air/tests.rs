//! Nodes among themselves: the laws of their tables, and what they do with the air.

use super::*;
use crate::radio::Lora;
use std::collections::BTreeMap;
use ulp_core::frame::{Body, Entry, Frame, Held, Range, Rows, Tag, packet};
use ulp_core::id::Tile;

/// When the tests' frames are told.
const TIME: u32 = 1_795_167_000;
const HOUR: u64 = 3_600_000;

fn settings(name: &str) -> Settings {
    Settings {
        own: Tag::of(name.as_bytes()),
        seq: TIME,
        hops: 7,
        mtu: 233,
        lora: Lora::LONG_FAST,
        header: 16,
        hourly: None,
        total: None,
        rows: 2048,
        epoch: None,
        skew: 300,
    }
}

fn space() -> Tag {
    Tag::of(b"m/world/demo")
}

/// What a peer tells of some tiles: their columns and heads.
fn tips(peer: &str, seq: u32, tiles: impl IntoIterator<Item = (i64, u64)>) -> Frame {
    let tip = |(x, head): (i64, u64)| {
        let head = head.to_be_bytes()[2..].try_into().ok();
        Entry::Tip(Tile { z: 8, x, y: 0 }, Held { events: 1, head })
    };
    let entries = tiles.into_iter().map(tip).collect();
    frame(peer, seq, false, entries)
}

fn frame(peer: &str, seq: u32, wants: bool, entries: Vec<Entry>) -> Frame {
    let body = Body::Rows(Rows { wants, space: space(), entries, signature: None });
    Frame { hops: 7, peer: Tag::of(peer.as_bytes()), seq, body }
}

fn known(_: &Frame) -> Standing {
    Standing::Known
}

/// Numbers that are the same in each run.
fn numbers(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed;
    move |bound| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    }
}

fn frames(node: &Node) -> Vec<[u8; 31]> {
    node.table().rows(space()).iter().map(|row| row.frame(space())).collect()
}

/// Lets two nodes talk until their tables are equal; the time that they took.
fn talk(nodes: &mut [Node; 2], until: u64) -> Option<u64> {
    let mut now = 0;
    while frames(&nodes[0]) != frames(&nodes[1]) {
        now = nodes.iter().filter_map(Node::due).min()?.max(now);
        for (speaker, hearer) in [(0, 1), (1, 0)] {
            if let Some(packet) = nodes[speaker].poll(now) {
                now += nodes[speaker].airtime(packet.len());
                nodes[hearer].hear(now, &packet, known).unwrap();
            }
        }
        if now > until {
            return None;
        }
    }
    Some(now)
}

/// Lets a node say all that it has to say until a time; each packet with its start.
fn say(node: &mut Node, until: u64) -> Vec<(u64, Vec<u8>)> {
    let mut said = Vec::new();
    while let Some(due) = node.due().filter(|due| *due <= until) {
        said.extend(node.poll(due).map(|packet| (due, packet)));
    }
    said
}

#[test]
fn a_table_depends_on_the_set_of_frames_alone() {
    for seed in 0..40 {
        let mut number = numbers(seed);
        let told: Vec<Vec<u8>> = (0..150)
            .map(|_| {
                let tiles: Vec<_> = (0..1 + number(3)).map(|_| (number(12) as i64, number(7))).collect();
                let peer = ["a", "b", "c"][number(3) as usize];
                tips(peer, TIME + number(40) as u32, tiles).print()
            })
            .collect();
        // With room for all, and with less.
        for rows in [2048, 20] {
            let table = |order: &[usize]| {
                let mut node = Node::new(Settings { rows, ..settings("me") });
                order.iter().for_each(|n| drop(node.hear(0, &told[*n], known)));
                (frames(&node), node.table().floor())
            };
            let mut order: Vec<usize> = (0..told.len()).collect();
            let (first, _) = table(&order);
            assert!(first.len() <= rows && !first.is_empty());
            for _ in 0..6 {
                (1..order.len()).for_each(|n| order.swap(n, number(n as u64 + 1) as usize));
                let doubled: Vec<usize> = order.iter().flat_map(|n| [*n, order[n / 2]]).collect();
                assert_eq!(table(&doubled).0, first, "seed {seed}, {rows} rows");
            }
        }
    }
}

#[test]
fn a_tile_has_its_four_newest_heads_and_each_head_its_newest_peer() {
    let mut node = Node::new(settings("me"));
    let mut hear = |peer, seq, head| node.hear(0, &tips(peer, TIME + seq, [(0, head)]).print(), known);
    let news = |what: Result<Vec<What>, _>| what.unwrap() == [What::News];
    assert!((1..=4).all(|n| news(hear("a", n, n.into()))));
    assert!(!news(hear("a", 0, 9)), "it is older than four");
    assert!(!news(hear("b", 1, 2)), "its head was told later");
    assert!(news(hear("b", 9, 2)) && news(hear("a", 5, 9)));
    let heads: Vec<(u32, u8)> =
        node.table().rows(space()).iter().map(|row| (row.seq - TIME, row.tip[16])).collect();
    assert_eq!(heads.len(), 4);
    assert!([(3, 3), (4, 4), (5, 9), (9, 2)].iter().all(|row| heads.contains(row)), "{heads:?}");
}

#[test]
fn tables_that_differ_come_to_agree() {
    // How many rows are here, there, and on both sides, and whether all bear one `seq`.
    let cases = [
        (1, 0, 0, false),
        (1, 1, 0, false),
        (1, 0, 30, false),
        (9, 9, 9, false),
        (3, 2, 100, false),
        (40, 50, 60, false),
        (0, 300, 0, false),
        (30, 60, 100, true),
        (0, 400, 0, true),
    ];
    for (here, there, both, same_seq) in cases {
        let mut nodes = ["a", "b"].map(|name| Node::new(settings(name)));
        for (n, own) in [(0_u32, here), (1, there)] {
            for i in 0..both + own {
                let (seq, x) = if i < both { (i, i) } else { (5 * i, 5000 * (n + 1) + i) };
                let seq = TIME - if same_seq { 0 } else { seq };
                let frame = tips("c", seq, [(x.into(), 7)]).with_hops(0);
                nodes[n as usize].hear(0, &frame.print(), known).unwrap();
            }
        }
        let took = talk(&mut nodes, 12 * HOUR);
        assert!(took.is_some(), "{here} {there} {both}");
        assert_eq!(nodes[0].table().len(), (here + there + both) as usize);
    }
}

#[test]
fn what_one_lacks_is_all_that_is_told() {
    let mut nodes = ["a", "b"].map(|name| Node::new(settings(name)));
    for (n, count) in [(0, 12), (1, 11)] {
        for i in 0..count {
            let frame = tips("c", TIME + i, [(i.into(), 7)]).with_hops(0);
            nodes[n].hear(0, &frame.print(), known).unwrap();
        }
    }
    assert!(talk(&mut nodes, HOUR).is_some());
    // An introduction or two, a range perhaps, and one tip.
    assert!(nodes.iter().map(Node::used).sum::<u64>() < 3500);
}

#[test]
fn news_go_on_once_with_a_hop_less_unless_three_told_them() {
    for (hops, left) in [(7, Some(7)), (6, Some(5)), (1, Some(0)), (0, None)] {
        let mut node = Node::new(settings("me"));
        let told = tips("a", TIME, [(0, 1)]).with_hops(hops);
        for time in [0, 1] {
            node.hear(time, &told.print(), known).unwrap();
        }
        let longest = 12 * node.airtime(31);
        let relayed = say(&mut node, longest);
        let expected = left.map(|hops| told.clone().with_hops(hops).print());
        assert_eq!(
            relayed.into_iter().map(|(_, packet)| packet).collect::<Vec<_>>(),
            Vec::from_iter(expected)
        );
    }
    let mut node = Node::new(settings("me"));
    let told = tips("a", TIME, [(0, 1)]);
    for hops in [7, 3, 0] {
        node.hear(0, &told.clone().with_hops(hops).print(), known).unwrap();
    }
    assert_eq!(say(&mut node, 20_000), []);
}

#[test]
fn who_hears_the_same_twice_is_silent_and_silence_gets_longer() {
    let mut node = Node::new(settings("me"));
    node.space(0, space());
    let said = say(&mut node, 24 * HOUR);
    // 60, 120, … 1,920 s are 63 minutes; then once an hour.
    assert!((6 + 22..=6 + 23).contains(&said.len()), "{}", said.len());
    let mut node = Node::new(settings("me"));
    node.space(0, space());
    let same = Entry::Range(Range { from: 0, to: 0, rows: 0, digest: [0xe3, 0xb0, 0xc4, 0x42] });
    for minute in 0..24 * 60 {
        node.hear(minute * 60_000 + 1, &frame("a", TIME, true, vec![same]).print(), known).unwrap();
        node.hear(minute * 60_000 + 1, &frame("b", TIME, true, vec![same]).print(), known).unwrap();
        assert_eq!(say(&mut node, (minute + 1) * 60_000), []);
    }
}

/// Frames of all kinds from strangers and friends, with and without sense.
fn flood(node: &mut Node, count: u64, judge: impl Fn(&Frame) -> Standing) -> Vec<(u64, Vec<u8>)> {
    let (mut number, mut said) = (numbers(7), Vec::new());
    let peers = ["a", "b", "c", "d", "e", "f"];
    for n in 0..count {
        let now = n * 500;
        let peer = peers[number(6) as usize];
        let tile = (number(4000) as i64, number(1000));
        let range =
            Range { from: number(1 << 30), to: number(1 << 40), rows: number(20) as u16, digest: [1; 4] };
        let mut told = match number(4) {
            0 => frame(peer, TIME, true, vec![Entry::Range(range), Entry::Range(Range { to: 0, ..range })]),
            1 => frame(peer, TIME, true, tips(peer, 0, [tile]).rows().unwrap().entries.clone()),
            _ => tips(peer, TIME + n as u32 / 20, [tile, (tile.0 + 1, 1)]),
        };
        if let Body::Rows(rows) = &mut told.body
            && number(3) == 0
        {
            rows.space = Tag(number(1 << 20).to_be_bytes()[4..].try_into().unwrap());
        }
        node.hear(now, &told.print(), &judge).unwrap();
        said.extend(node.poll(now).map(|packet| (now, packet)));
        assert!(node.due().is_none_or(|due| due > now));
    }
    said
}

#[test]
fn no_hour_has_more_air_than_was_allowed_and_a_flood_fills_nothing() {
    let mut node = Node::new(Settings { hourly: Some(36_000), rows: 200, ..settings("me") });
    let said = flood(&mut node, 30_000, known);
    let air: Vec<(u64, u64)> = said.iter().map(|(at, packet)| (*at, node.airtime(packet.len()))).collect();
    let most = (0..air.len()).map(|n| {
        let hour = air[n..].iter().take_while(|(at, _)| *at < air[n].0 + HOUR);
        hour.map(|(_, air)| air).sum::<u64>()
    });
    let most = most.max().unwrap();
    assert!(most <= 36_000 && most > 20_000, "{most}");
    assert!(node.table().len() <= 200 && said.iter().all(|(_, packet)| packet.len() <= 233));
    assert!(node.waiting() <= WAITING && node.dropped() > 0);
    // What is said is said in frames, and all in its own name are questions.
    assert!(said.iter().all(|(_, bytes)| packet(bytes).is_ok()));
}

#[test]
fn unknown_tags_have_a_tenth_of_the_air_and_a_quarter_of_the_rows() {
    let own = Tag::of(b"a");
    let judge = |frame: &Frame| if frame.peer == own { Standing::Known } else { Standing::Unknown };
    let mut node = Node::new(Settings { hourly: Some(36_000), rows: 200, ..settings("me") });
    let said = flood(&mut node, 7_200, judge);
    let mut of: BTreeMap<bool, u64> = BTreeMap::new();
    for frame in said.iter().flat_map(|(_, bytes)| packet(bytes).unwrap()) {
        if frame.rows().is_some_and(|rows| !rows.wants) {
            *of.entry(frame.peer == own).or_default() += frame.print().len() as u64;
        }
    }
    assert!(of[&true] > 3 * of[&false], "{of:?}");
    let strangers = node.table().rows(space()).iter().filter(|row| row.peer != own).count();
    assert!(strangers <= 50 && node.table().len() > 100, "{strangers} of {}", node.table().len());
}

#[test]
fn a_run_has_no_more_air_than_it_was_given() {
    let mut node = Node::new(Settings { total: Some(5_000), ..settings("me") });
    let said = flood(&mut node, 2_000, known);
    let air: u64 = said.iter().map(|(_, packet)| node.airtime(packet.len())).sum();
    assert!(air <= 5_000 && air == node.used());
    // Own news have what was kept free of others.
    node.offer(2_000_000, &tips("me", TIME + 9, [(0, 1)]), Class::Own);
    assert!(node.poll(2_000_000).is_some());
}

#[test]
fn what_is_no_packet_is_not_heard_and_what_is_ahead_is_not_told() {
    let mut node = Node::new(Settings { epoch: Some(u64::from(TIME) * 1000), ..settings("me") });
    let ahead = |seq| tips("a", TIME + seq, [(0, 1)]).print();
    assert_eq!(node.hear(0, &ahead(301), known).unwrap(), [What::Future]);
    assert_eq!(node.hear(1000, &ahead(301), known).unwrap(), [What::News]);
    assert_eq!(node.hear(0, &ahead(1), |_| Standing::Refused).unwrap(), [What::Refused]);
    let clockless = tips("b", 4097, [(0, 2)]).print();
    assert_eq!(node.hear(0, &clockless, known).unwrap(), [What::News]);
    let two = [clockless.clone(), vec![0xA1]].concat();
    assert!(node.hear(0, &two, known).is_err() && node.table().len() == 2);
}
