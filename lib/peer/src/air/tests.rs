//! Nodes among themselves, on an air without loss.

use super::ranges;
use super::*;
use crate::radio::Lora;
use ulp_core::frame::{Body, Entry, Frame, Held, Rows, Tag};
use ulp_core::id::Tile;

/// When the tests' frames are told.
const TIME: u32 = 1_795_167_000;

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

/// What a peer tells of some tiles.
fn tips(peer: &str, seq: u32, tiles: impl IntoIterator<Item = (i64, u64)>) -> Frame {
    let tip = |(x, head): (i64, u64)| {
        let head = head.to_be_bytes()[2..].try_into().ok();
        Entry::Tip(Tile { z: 8, x, y: 0 }, Held { events: 1, head })
    };
    let entries = tiles.into_iter().map(tip).collect();
    let body = Body::Rows(Rows { wants: false, space: space(), entries, signature: None });
    Frame { hops: 7, peer: Tag::of(peer.as_bytes()), seq, body }
}

fn known(_: &Frame) -> Standing {
    Standing::Known
}

/// Lets nodes that all hear each other talk until a time; how long until their tables were equal first.
fn talk(nodes: &mut [Node], mut now: u64, until: u64) -> Option<u64> {
    let equal = |nodes: &[Node]| nodes.windows(2).all(|two| frames(&two[0]) == frames(&two[1]));
    while now < until {
        if equal(nodes) {
            return Some(now);
        }
        now = nodes.iter().filter_map(Node::due).min().unwrap_or(until).max(now + 1);
        for speaker in 0..nodes.len() {
            if let Some(packet) = nodes[speaker].poll(now) {
                if std::env::var("V").is_ok() { eprintln!("{now} {speaker} {} {:?}", packet.len(), ulp_core::frame::packet(&packet).unwrap().iter().map(|f| f.rows().unwrap().entries.iter().map(|e| match e { Entry::Range(r)=>format!("{:x}..{:x} {}", r.from,r.to,r.rows), _=>"tip".into()}).collect::<Vec<_>>().join(",")).collect::<Vec<_>>()); }
                now += nodes[speaker].airtime(packet.len());
                for hearer in (0..nodes.len()).filter(|n| *n != speaker) {
                    nodes[hearer].hear(now, &packet, known).unwrap();
                }
            }
        }
    }
    None
}

fn frames(node: &Node) -> Vec<[u8; 31]> {
    node.table().rows(space()).iter().map(|row| row.frame(space())).collect()
}

#[test]
fn tables_that_differ_come_to_agree() {
    for (ours, theirs, both) in [(1, 0, 0), (1, 1, 0), (1, 0, 30), (3, 2, 100), (40, 50, 60), (0, 1000, 0)] {
        let mut nodes = ["a", "b"].map(|name| Node::new(settings(name)));
        for (n, count) in [(0, ours), (1, theirs)] {
            for i in 0..both {
                nodes[n].hear(0, &tips("c", TIME + i, [(i64::from(i), 7)]).print(), known).unwrap();
            }
            for i in 0..count {
                let x = 5000 + 1000 * i64::from(n as u32) + i64::from(i);
                nodes[n].hear(0, &tips("d", TIME - i * 7, [(x, 7)]).with_hops(0).print(), known).unwrap();
            }
        }
        let took = talk(&mut nodes, 0, 10_000_000);
        eprintln!("{ours} {theirs} {both}: {took:?} air {} {}", nodes[0].used(), nodes[1].used());
        assert!(took.is_some());
    }
}
