//! What must hold for every history (page 3), on thousands of random ones: through the library's fast path, against
//! the slow reference.

use crate::reference;
use crate::reference::generate::{self, Rng};
use ulp::id::Tile;
use ulp::root::{self, Roots};
use ulp::scope::Scope;
use ulp::world::{Arenas, Filter, Gatherer, World};

/// What the library derives from lines that are all valid.
pub fn derive(lines: &[String]) -> (Vec<u8>, Roots) {
    let (mut arenas, scope, filter) = (Arenas::new(8), Scope::default(), Filter::default());
    let select = |_: &str, _: Tile| None;
    let gatherer = Gatherer::new(&mut arenas, &scope, &filter, &select);
    let numbered = (1..).zip(lines.iter().map(|l| Ok((l.as_bytes(), l.as_bytes()))));
    let mut world = World::new(vec![gatherer.batch(0, numbered).unwrap()], scope.defaults());
    let said = world.remarks(true);
    assert!(said.list.is_empty(), "{:?}", said.list);
    world.order(false);
    let (mut out, mut roots) = (Vec::new(), Roots::default());
    for i in 0..world.len() {
        let arena = bumpalo::Bump::new();
        let derived = world.derive(i, &filter, &arena, false);
        if let Some(root) = root::write_tile(&derived, &mut out) {
            roots.push(derived.space, derived.tile, root);
        }
    }
    (out, roots)
}

fn lines_of(state: &[u8]) -> Vec<String> {
    std::str::from_utf8(state).unwrap().lines().map(str::to_owned).collect()
}

/// Says which line differs first; whole states are too long to read.
#[track_caller]
fn same(seed: u64, what: &str, fast: &[u8], slow: &[u8]) {
    if fast == slow {
        return;
    }
    let (fast, slow) = (lines_of(fast), lines_of(slow));
    let at = fast.iter().zip(&slow).position(|(a, b)| a != b).unwrap_or(fast.len().min(slow.len()));
    panic!("seed {seed}, {what}, line {at}:\n  fast {:?}\n  slow {:?}", fast.get(at), slow.get(at));
}

const HISTORIES: u64 = 2_000;

fn histories() -> impl Iterator<Item = (u64, Vec<String>)> {
    (0..HISTORIES).map(|seed| (seed, generate::history(seed, 5 + (seed % 76) as usize)))
}

#[test]
fn the_fast_state_is_the_slow_one() {
    for (seed, lines) in histories() {
        same(seed, "whole", &derive(&lines).0, &reference::derive(&lines));
    }
}

#[test]
fn shuffled_and_doubled_histories_derive_the_same_bytes() {
    for (seed, mut lines) in histories() {
        let once = derive(&lines).0;
        let mut rng = Rng::new(seed);
        lines = generate::duplicate(&mut rng, &lines);
        generate::shuffle(&mut rng, &mut lines);
        same(seed, "shuffled and doubled", &derive(&lines).0, &once);
    }
}

#[test]
fn state_lines_stand_for_the_pieces_they_came_from() {
    for (seed, lines) in histories() {
        let once = derive(&lines).0;
        let mut rng = Rng::new(seed);
        let mut mixed = Vec::new();
        for piece in generate::cut(&mut rng, &lines, 3) {
            if rng.chance(50) { mixed.extend(lines_of(&derive(&piece).0)) } else { mixed.extend(piece) }
        }
        generate::shuffle(&mut rng, &mut mixed);
        same(seed, "cut", &derive(&mixed).0, &once);
        let (below, above) = generate::cut_below(&mut rng, &lines);
        let mut mixed = lines_of(&derive(&below).0);
        mixed.extend(above);
        same(seed, "cut below", &derive(&mixed).0, &once);
    }
}

#[test]
fn a_state_reads_back_as_itself() {
    for (seed, lines) in histories() {
        let once = derive(&lines).0;
        same(seed, "read back", &derive(&lines_of(&once)).0, &once);
        let lines = generate::names_once(&lines);
        let once = derive(&lines).0;
        let mut mixed = lines_of(&once);
        mixed.extend(generate::beside(&mut Rng::new(seed), &lines));
        same(seed, "beside its events", &derive(&mixed).0, &once);
    }
}

#[test]
fn roots_are_those_of_the_reference() {
    for (seed, lines) in histories().step_by(10) {
        let (tiles, spaces) = derive(&lines).1.lines();
        let (mut slow_tiles, mut slow_spaces) = (String::new(), String::new());
        for (space, roots, root) in reference::roots(&lines) {
            roots.iter().for_each(|(tile, root)| slow_tiles.push_str(&format!("{tile} {root}\n")));
            slow_spaces.push_str(&format!("{space} {root}\n"));
        }
        same(seed, "tile roots", &tiles, slow_tiles.as_bytes());
        same(seed, "space roots", &spaces, slow_spaces.as_bytes());
    }
}
