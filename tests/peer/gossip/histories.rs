//! Histories of statements, in any order, cut and doubled: one file, byte for byte, and the one that the page describes.

use super::root;
use crate::reference::generate::Rng;
use crate::sample;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use ulp_core::hash::Blake3;
use ulp_core::json::{self, Tape};
use ulp_core::statement::{Pointer, Pointers, Sort};
use ulp_peer::graph::{Bounds, Graph, Heard, Place, Share};

/// A statement and how far its word goes: whether that is so, others have tested.
#[derive(Clone)]
struct Made {
    line: String,
    share: Share,
}

/// A peer says so much about so few paths that rows are fought for.
fn made(rng: &mut Rng, peers: usize, floods: bool) -> Made {
    let peer = if floods && rng.below(3) == 0 { 0 } else { rng.below(peers) };
    let share = match (peer % 3, rng.below(3)) {
        (_, 0) => Share::Unsigned,
        (0, _) => Share::Listed,
        _ => Share::Signed,
    };
    let path =
        |rng: &mut Rng| format!("m/world/demo/tiles/z0/x{}/y0/head", rng.below(if floods { 40 } else { 6 }));
    let some = 1 + rng.below(4);
    let pointers: Vec<(String, Option<String>)> = (0..some)
        .map(|_| (path(rng), (rng.below(5) > 0).then(|| root(u32::try_from(rng.below(9)).unwrap()))))
        .collect();
    let line = Pointers {
        sort: if rng.below(4) == 0 { Sort::Wants } else { Sort::Knows },
        peer: format!("peer:{peer}").into(),
        seq: u32::try_from(rng.below(12)).unwrap(),
        // As a signature does, this tells what is signed from a copy that is not.
        ttl: if share == Share::Unsigned { 86_399 } else { 86_400 },
        all: pointers
            .iter()
            .map(|(path, hash)| Pointer {
                path: path.into(),
                hash: hash.as_deref().map(Into::into),
                events: None,
            })
            .collect(),
        reach: Vec::new(),
        to: Vec::new(),
    }
    .print();
    Made { line, share }
}

/// The file that comes of lines, one after the other.
fn joined(all: &[&Made], bounds: Bounds) -> (String, Vec<usize>) {
    let mut graph = Graph::new(bounds);
    for (at, made) in (0..).zip(all) {
        let mut tape = Tape::new();
        let heard = Heard::read(json::parse_text(&mut tape, &made.line).unwrap()).unwrap().unwrap();
        graph.take(&heard.said(made.share), heard.paths(), Place { at, length: 1 });
    }
    let at: Vec<usize> = graph.lines().iter().map(|line| usize::try_from(line.place.at).unwrap()).collect();
    (at.iter().map(|at| format!("{}\n", all[*at].line)).collect(), at)
}

/// The same by the words of the page, from all rows at once.
fn slow(all: &[Made], bounds: Bounds) -> String {
    let mut rows = BTreeMap::new();
    for made in all {
        let mut tape = Tape::new();
        let heard = Heard::read(json::parse_text(&mut tape, &made.line).unwrap()).unwrap().unwrap();
        let rank = (Reverse(heard.seq()), Blake3::of(made.line.as_bytes()));
        for (path, _) in heard.paths() {
            let key = (made.share.is_signed(), heard.peer().to_owned(), heard.what(), path.to_owned());
            let row = (rank, path.to_owned(), heard.what(), made.share, &made.line);
            let won = rows.entry(key).or_insert_with(|| row.clone());
            if row.0 < won.0 {
                *won = row;
            }
        }
    }
    let mut by_peer: BTreeMap<(bool, String), Vec<_>> = BTreeMap::new();
    rows.into_iter()
        .for_each(|((is_signed, peer, ..), row)| by_peer.entry((is_signed, peer)).or_default().push(row));
    let mut shares: [Vec<_>; 3] = Default::default();
    for ((_, peer), mut rows) in by_peer {
        rows.sort();
        rows.truncate(bounds.peer_rows);
        rows.into_iter().for_each(|row| shares[row.3 as usize].push((row, peer.clone())));
    }
    let room = bounds.room(std::array::from_fn(|at| shares[at].len()));
    let mut lines = Vec::new();
    for (rows, room) in shares.iter_mut().zip(room) {
        rows.sort();
        lines.extend(rows.iter().take(room).map(|((rank, .., line), peer)| (peer, rank.0.0, rank.1, line)));
    }
    lines.sort();
    lines.dedup();
    lines.iter().map(|(.., line)| format!("{line}\n")).collect()
}

fn shuffled<'m>(rng: &mut Rng, all: &[&'m Made]) -> Vec<&'m Made> {
    let mut all = all.to_vec();
    (1..all.len()).rev().for_each(|at| all.swap(at, rng.below(at + 1)));
    all
}

#[test]
fn seven_thousand_histories_come_to_one_file_each() {
    let histories: Vec<u64> = (0..sample::size(7_000, 250)).collect();
    sample::each(&histories, |_, number| {
        let seed = Blake3::of(format!("{} {number}", sample::seed()).as_bytes());
        let mut rng = Rng::new(u64::from_be_bytes(seed.0[..8].try_into().unwrap()));
        let floods = rng.below(2) == 0;
        let bounds = Bounds { rows: 1 + rng.below(40), peer_rows: 1 + rng.below(12) };
        let all: Vec<Made> = (0..1 + rng.below(120)).map(|_| made(&mut rng, 7, floods)).collect();
        let expected = slow(&all, bounds);
        let each: Vec<&Made> = all.iter().collect();
        let join = |lines: &[&Made]| joined(lines, bounds).0;
        assert_eq!(join(&each), expected, "history {number}");
        // Shuffled; doubled; cut into parts of which each is a graph, and these joined, one of them twice.
        let order = shuffled(&mut rng, &each);
        assert_eq!(join(&order), expected, "history {number}, shuffled");
        assert_eq!(join(&[order.clone(), each.clone()].concat()), expected, "history {number}, doubled");
        let mut parts = Vec::new();
        for part in order.chunks(1 + rng.below(order.len())) {
            parts.push(joined(part, bounds).1.iter().map(|at| part[*at]).collect::<Vec<_>>());
        }
        parts.push(parts[rng.below(parts.len())].clone());
        let parts = shuffled(&mut rng, &parts.concat());
        assert_eq!(join(&parts), expected, "history {number}, cut");
    });
}
