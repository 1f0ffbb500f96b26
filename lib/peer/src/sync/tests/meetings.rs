//! Random stores that meet: they end equal, whatever cuts them off in between.

use super::super::line::Mode;
use super::super::session::{Fault, Role};
use super::super::verdict::Verdict;
use super::memory::Memory;
use super::{meet, terms};
use std::collections::BTreeSet;
use ulp_core::hash::{Blake3, Sha256};

/// Numbers that are random enough, and the same each time.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// An event of a few spaces, tiles and lanes.
pub fn event(n: u64) -> String {
    let (space, x) = (["demo", "river b", "Zoë"][n as usize % 3], n % 2);
    let realm = if n.is_multiple_of(5) { "public" } else { "team" };
    format!(
        r#"{{"actor_id":"user:a","event_id":"e{n}","layer_id":"default","node_id":"n{n}","operation":"create_node","preserves_invariants":[],"previous_events":[],"scope":{{"authority":"source","boundary":"interior","policy":"public","realm":"{realm}"}},"space_id":"{space}","tile":"z0/x{x}/y0","timestamp":{}}}"#,
        1_795_166_700 + n / 4
    )
}

fn store(dice: &mut Dice, events: u64, share: u64) -> Memory {
    let lines: Vec<String> = (0..events).filter(|_| dice.below(100) < share).map(event).collect();
    Memory::of(&lines)
}

fn both(turn: u64) -> [super::Terms; 2] {
    [terms(Role::Client, Mode::Both, turn), terms(Role::Server, Mode::Both, turn)]
}

#[test]
fn two_stores_that_meet_end_equal() {
    let mut dice = Dice(1);
    for (events, turn) in [(1, 1), (20, 1), (40, 900), (300, 4096), (900, 1 << 22)] {
        for shares in [[0, 0], [0, 100], [100, 0], [50, 50], [95, 95], [100, 3]] {
            let [mut one, mut other] = shares.map(|share| store(&mut dice, events, share));
            let all: BTreeSet<Blake3> = one.hashes().union(&other.hashes()).copied().collect();
            let said = meet([&mut one, &mut other], both(turn), |_, said| said);
            for end in said.ends {
                assert!(end.unwrap().agrees, "{events} {shares:?}");
            }
            assert_eq!((one.hashes(), other.hashes()), (all.clone(), all), "{events} {shares:?}");
            let again = meet([&mut one, &mut other], both(turn.max(4096)), |_, said| said);
            assert_eq!(again.turns.len(), 3);
        }
    }
}

#[test]
fn one_way_only_one_side_takes() {
    let mut dice = Dice(2);
    for (client, server, gains) in [
        (Mode::Pull, Mode::Both, [true, false]),
        (Mode::Push, Mode::Both, [false, true]),
        (Mode::Both, Mode::Push, [true, false]),
        (Mode::Push, Mode::Pull, [false, true]),
        (Mode::Pull, Mode::Pull, [false, false]),
    ] {
        for share in [[60, 60], [0, 70], [70, 0]] {
            let [mut one, mut other] = share.map(|share| store(&mut dice, 60, share));
            let before = [one.hashes(), other.hashes()];
            let all: BTreeSet<Blake3> = before[0].union(&before[1]).copied().collect();
            let terms = [terms(Role::Client, client, 1 << 20), terms(Role::Server, server, 1 << 20)];
            let said = meet([&mut one, &mut other], terms, |_, said| said);
            let [end, _] = said.ends;
            let summary = end.unwrap();
            let expected = std::array::from_fn(|at| if gains[at] { all.clone() } else { before[at].clone() });
            assert_eq!([one.hashes(), other.hashes()], expected, "{client:?} {server:?}");
            assert_eq!(summary.agrees, one.hashes() == other.hashes());
            if gains != [false, false] {
                let is_explained = |v: &Verdict| !matches!(v, Verdict::Unexplained(_));
                assert!(
                    summary.spaces.iter().all(|s| is_explained(&s.verdict)),
                    "{client:?} {share:?} {summary:?}"
                );
            }
        }
    }
}

#[test]
fn a_session_that_is_cut_anywhere_leaves_what_was_durable_and_the_next_one_does_the_rest() {
    let mut dice = Dice(3);
    for round in 0..200 {
        let mut stores = [store(&mut dice, 40, 60), store(&mut dice, 40, 60)];
        let all: BTreeSet<Blake3> = stores[0].hashes().union(&stores[1].hashes()).copied().collect();
        let cut = usize::try_from(dice.below(12)).unwrap();
        let keep = dice.below(1000) as usize;
        let [one, other] = &mut stores;
        let before = [one.hashes(), other.hashes()];
        meet([one, other], both(1 << 20), |n, said| {
            if n == cut { said[..said.len() * keep / 1000].to_vec() } else { said }
        });
        assert!(before[0].is_subset(&one.hashes()) && one.hashes().is_subset(&all), "{round}");
        let said = meet([one, other], both(1 << 20), |_, said| said);
        assert!(said.ends.into_iter().all(|end| end.unwrap().agrees));
        assert_eq!((one.hashes(), other.hashes()), (all.clone(), all));
    }
}

#[test]
fn objects_travel_in_parts_and_go_on_at_their_last_byte() {
    let mut dice = Dice(4);
    let blob: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
    let (right, wrong) = (Sha256::of(&blob), Sha256::of(b"another"));
    for have in [0, 1, 48 << 10, 199_999] {
        let (mut one, mut other) = (store(&mut dice, 9, 50), store(&mut dice, 9, 100));
        other.objects = [(right, blob.clone()), (wrong, b"false".to_vec())].into();
        one.wants =
            [(right, blob[..have].to_vec()), (wrong, Vec::new()), (Sha256::of(b"gone"), Vec::new())].into();
        let said = meet([&mut one, &mut other], both(4096), |_, said| said);
        let [end, _] = said.ends;
        assert_eq!(end.unwrap().bad_objects, [wrong]);
        assert_eq!(one.objects, [(right, blob.clone())].into());
    }
}

#[test]
fn what_is_refused_on_either_side_is_explained() {
    let mut dice = Dice(5);
    let (mut one, mut other) = (store(&mut dice, 60, 60), store(&mut dice, 60, 60));
    other.refuses.push("create_node".to_owned());
    for _ in 0..2 {
        let said = meet([&mut one, &mut other], both(1 << 20), |_, said| said);
        for end in said.ends {
            let summary = end.unwrap();
            let is_explained = summary.spaces.iter().all(|s| s.verdict == Verdict::Explained);
            assert!(!summary.agrees && is_explained, "{summary:?}");
        }
    }
}

#[test]
fn what_nothing_explains_is_named() {
    let mut dice = Dice(6);
    let (mut one, mut other) = (store(&mut dice, 60, 60), store(&mut dice, 60, 60));
    let mut told = 0;
    let said = meet([&mut one, &mut other], both(1 << 20), |n, said| {
        told += usize::from(said.starts_with(b"{\"ids\":") && n > 8);
        // In the end the server says that it holds something else of a space.
        if n > 4 && n % 2 == 1 { forge(&said) } else { said }
    });
    let [end, _] = said.ends;
    let summary = end.unwrap();
    let open: Vec<_> = summary
        .spaces
        .iter()
        .filter(|s| matches!(s.verdict, Verdict::Unexplained(_)))
        .map(|s| &s.path[..])
        .collect();
    assert_eq!((open, summary.agrees), (vec!["m/world/demo"], true), "the forged row alone: {summary:?}");
    assert!(told > 0, "neither told all it has");
}

/// Puts another head into the row of a space.
fn forge(said: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(said).unwrap();
    let mut turn = super::super::turn::Turn::default();
    for line in text.lines().filter(|line| !line.contains(r#""sync":"over""#)) {
        let is_row = line.contains(r#""path":"m/world/demo","sync":"row""#);
        let head = line.find("blake3:").filter(|_| is_row).map(|at| &line[at..at + 71]);
        let line =
            head.map_or(line.to_owned(), |head| line.replace(head, &Blake3::of(b"forged").to_string()));
        turn.push(format!("{line}\n").as_bytes(), u64::MAX);
    }
    turn.close(0)
}

#[test]
fn a_fault_names_its_code() {
    let faults: [(Fault<std::convert::Infallible>, Option<&str>); 4] = [
        (Fault::Turn(String::new()), Some("wire.turn")),
        (Fault::Event(String::new()), Some("wire.hash")),
        (Fault::Peer(String::new()), Some("wire.peer")),
        (Fault::Version(2), None),
    ];
    for (fault, code) in faults {
        assert_eq!(fault.code(), code);
    }
}
