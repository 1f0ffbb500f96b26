//! What a node on air says of its table, against vectors.

use super::text;
use crate::radio::frames::bytes;
use crate::radio::vectors;
use ulp_core::frame::Tag;
use ulp_peer::air::{Node, Settings, Standing, What};
use ulp_peer::radio::Lora;

#[test]
fn a_node_introduces_what_it_heard_as_the_vectors_do() {
    let Some(vectors) = vectors("frames") else { return };
    let seq = vectors.pointer("/frames/0/parsed/0/seq").unwrap().as_u64().unwrap();
    let mut node = Node::new(Settings {
        own: Tag::of_peer(text(&vectors, "/peer")),
        seq: seq.try_into().unwrap(),
        hops: 3,
        mtu: 233,
        lora: Lora::LONG_FAST,
        header: 16,
        hourly: Some(36_000),
        total: None,
        rows: 2048,
        epoch: None,
        skew: 300,
    });
    let rows = vectors.pointer("/ranges/rows").unwrap().as_array().unwrap();
    // In no order, and some of them twice.
    for row in rows.iter().rev().chain(&rows[3..7]) {
        node.hear(0, &bytes(text(row, "/frame")), |_| Standing::Known).unwrap();
    }
    let keys = |row: &ulp_peer::air::Row| row.key();
    let mut held: Vec<u64> = node.table().rows(Tag::of(b"m/world/demo")).iter().map(keys).collect();
    held.sort_unstable();
    assert!(held.iter().eq(rows.iter().map(|row| row["key"].as_u64().unwrap()).collect::<Vec<_>>().iter()));
    let introduction = std::iter::from_fn(|| node.due().and_then(|due| node.poll(due))).next();
    assert_eq!(introduction.unwrap(), bytes(text(&vectors, "/ranges/intro")));
    // Who says the same is heard to do so, and nothing follows.
    let heard = node.hear(90_000, &bytes(text(&vectors, "/ranges/intro")), |_| Standing::Known);
    assert_eq!((heard.unwrap(), node.waiting()), (vec![What::Question], 0));
}
