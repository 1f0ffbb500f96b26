//! The graph against the slow one that the page describes: whatever the order, the cuts and the repetitions.

use super::{Bounds, Fate, Graph, Place, Said, Share, What};
use proptest::prelude::*;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use ulp_core::hash::Blake3;

/// A line, made up of few enough peers and paths that lines meet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Made {
    peer: String,
    share: Share,
    what: What,
    seq: u32,
    paths: Vec<String>,
}

impl Made {
    fn hash(&self) -> Blake3 {
        Blake3::of(format!("{self:?}").as_bytes())
    }

    fn said(&self) -> Said<'_> {
        Said { share: self.share, what: self.what, peer: &self.peer, seq: self.seq, hash: self.hash() }
    }
}

fn take(graph: &mut Graph, made: &Made) -> Fate {
    let paths = made.paths.iter().map(|path| (path.as_str(), 0));
    graph.take(&made.said(), paths, Place { at: 0, length: 1 }).fate
}

fn standing(graph: &Graph) -> Vec<Blake3> {
    graph.lines().iter().map(|line| line.hash).collect()
}

/// What stands of a set of lines: all rows at once, by the words of the page.
fn slow(all: &[Made], bounds: Bounds) -> Vec<Blake3> {
    let mut rows: BTreeMap<(bool, &str, What, &str), &Made> = BTreeMap::new();
    let rank = |made: &Made| (Reverse(made.seq), made.hash());
    for made in all {
        for path in &made.paths {
            let key = (made.share.is_signed(), made.peer.as_str(), made.what, path.as_str());
            let winner = rows.entry(key).or_insert(made);
            if rank(made) < rank(winner) {
                *winner = made;
            }
        }
    }
    let mut by_peer: BTreeMap<(bool, &str), Vec<_>> = BTreeMap::new();
    for ((signed, peer, what, path), made) in rows {
        by_peer.entry((signed, peer)).or_default().push((rank(made), path, what, made));
    }
    let mut shares: [Vec<_>; 3] = Default::default();
    for mut rows in by_peer.into_values() {
        rows.sort();
        rows.truncate(bounds.peer_rows);
        rows.into_iter().for_each(|row| shares[row.3.share as usize].push(row));
    }
    let room = bounds.room(std::array::from_fn(|at| shares[at].len()));
    let mut lines: Vec<&Made> = Vec::new();
    for (rows, room) in shares.iter_mut().zip(room) {
        rows.sort();
        lines.extend(rows.iter().take(room).map(|row| row.3));
    }
    let mut lines: Vec<_> = lines.iter().map(|made| (made.peer.as_str(), made.seq, made.hash())).collect();
    lines.sort();
    lines.dedup();
    lines.into_iter().map(|(_, _, hash)| hash).collect()
}

fn made() -> impl Strategy<Value = Made> {
    let what = prop_oneof![Just(What::Attestation), Just(What::Knows), Just(What::Knows), Just(What::Wants)];
    (0..6u8, 0..2u8, what, 0..6u32, prop::collection::vec(0..9u8, 1..5)).prop_map(
        |(peer, signed, what, seq, paths)| Made {
            peer: format!("peer:{peer}"),
            // Two of them are listed.
            share: match (signed, peer) {
                (0, _) => Share::Unsigned,
                (_, 0 | 1) => Share::Listed,
                _ => Share::Signed,
            },
            what,
            seq,
            paths: if what == What::Attestation {
                vec!["m/world".to_owned()]
            } else {
                paths.into_iter().map(|path| format!("m/world/{path}")).collect()
            },
        },
    )
}

fn bounds() -> impl Strategy<Value = Bounds> {
    (1..24usize, 1..6usize).prop_map(|(rows, peer_rows)| Bounds { rows, peer_rows })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// In any order, twice, and cut into graphs that are joined later.
    #[test]
    fn what_stands_is_what_the_page_says(
        all in prop::collection::vec(made(), 1..60),
        order in Just(()).prop_perturb(|(), mut rng| rng.random::<u64>()),
        cut in any::<prop::sample::Index>(),
        bounds in bounds(),
    ) {
        let expected = slow(&all, bounds);
        let mut shuffled = all.clone();
        shuffled.sort_by_key(|made| Blake3::of(format!("{order}{made:?}").as_bytes()));
        let (first, second) = shuffled.split_at(cut.index(shuffled.len()));
        let join = |lines: &[Made]| {
            let mut graph = Graph::new(bounds);
            for made in lines {
                take(&mut graph, made);
            }
            standing(&graph)
        };
        let lines_of = |hashes: Vec<Blake3>| -> Vec<Made> {
            hashes.iter().filter_map(|hash| all.iter().find(|made| made.hash() == *hash)).cloned().collect()
        };
        prop_assert_eq!(&join(&all), &expected);
        prop_assert_eq!(&join(&shuffled), &expected);
        prop_assert_eq!(&join(&[&all[..], &shuffled[..]].concat()), &expected);
        let (a, b) = (lines_of(join(first)), lines_of(join(second)));
        prop_assert_eq!(&join(&[a, b].concat()), &expected);
    }
}

#[test]
fn each_fate_has_its_reason() {
    let made = |peer: &str, seq, path: &str| Made {
        peer: peer.to_owned(),
        share: Share::Unsigned,
        what: What::Knows,
        seq,
        paths: vec![path.to_owned()],
    };
    let mut graph = Graph::new(Bounds { rows: 4, peer_rows: 2 });
    assert_eq!(take(&mut graph, &made("a", 5, "x")), Fate::Stands);
    assert_eq!(take(&mut graph, &made("a", 5, "x")), Fate::Known);
    assert_eq!(take(&mut graph, &made("a", 4, "x")), Fate::Old);
    assert_eq!(take(&mut graph, &made("a", 4, "y")), Fate::Stands);
    assert_eq!(take(&mut graph, &made("a", 3, "z")), Fate::Bound);
    assert_eq!(take(&mut graph, &made("a", 6, "z")), Fate::Stands);
    assert_eq!((graph.rows(), graph.lines().len(), graph.bytes()), (2, 2, 2));
}

#[test]
fn two_targets_with_one_seq_are_told() {
    let mut graph = Graph::new(Bounds::default());
    let mut take = |hash: &str, seq, paths: &[(&str, u64)]| {
        let (share, what, hash) = (Share::Signed, What::Knows, Blake3::of(hash.as_bytes()));
        let said = Said { share, what, peer: "a", seq, hash };
        graph.take(&said, paths.iter().copied(), Place { at: 0, length: 1 }).equivocates
    };
    assert!(!take("1", 7, &[("x", 1)]));
    assert!(!take("2", 7, &[("x", 1), ("y", 1)]));
    assert!(!take("3", 8, &[("x", 2)]));
    assert!(take("4", 8, &[("x", 3)]));
    assert!(take("5", 9, &[("x", 3), ("x", 4)]));
}

/// Peers who say as much as they can, some of them listed, in bounds that hold.
#[test]
fn a_flood_evicts_itself() {
    let mut graph = Graph::new(Bounds::default());
    let mut kept = Vec::new();
    for n in 0..8u32 {
        let made = Made {
            peer: format!("friend {n}"),
            share: if n < 4 { Share::Listed } else { Share::Signed },
            what: What::Knows,
            seq: 10,
            paths: (0..64).map(|path| format!("m/world/{path}")).collect(),
        };
        assert_eq!(take(&mut graph, &made), Fate::Stands);
        kept.push(made.hash());
    }
    for n in 0..40_000u32 {
        let made = Made {
            peer: if n % 2 == 0 { format!("stranger {n}") } else { "friend 0".to_owned() },
            share: if n % 2 == 0 { Share::Unsigned } else { Share::Listed },
            what: What::Knows,
            seq: 100 + n,
            paths: vec![format!("m/world/{n}")],
        };
        take(&mut graph, &made);
        assert!(graph.rows() <= 4096);
    }
    let standing = standing(&graph);
    // A listed name that floods takes its own 512 rows, and from nobody else.
    assert_eq!(kept.iter().filter(|hash| standing.contains(hash)).count(), 7);
    let of = |share| graph.lines().iter().filter(|line| line.share == share).count();
    assert_eq!((of(Share::Listed), of(Share::Signed)), (512 + 3, 4));
    assert_eq!(graph.rows(), 4096);
}
