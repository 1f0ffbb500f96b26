//! What must hold for every history (page 3), on a thousand random ones or a sample of them: through the library's fast
//! path, against the slow reference.

use crate::reference;
use crate::reference::generate::{self, Rng};
use crate::sample;
use ulp_core::id::{Key, Lane, Tile};
use ulp_core::root::{self, Roots};
use ulp_core::scope::Scope;
use ulp_core::world::{Arenas, AsOf, Filter, Gatherer, World};

/// What the library derives from lines that are all valid.
pub fn derive(lines: &[String]) -> (Vec<u8>, Roots) {
    derive_by(lines, &Filter::default())
}

fn derive_by(lines: &[String], filter: &Filter) -> (Vec<u8>, Roots) {
    let (mut arenas, scope) = (Arenas::new(8), Scope::default());
    let select = |_: &str, _: Tile| None;
    let gatherer = Gatherer::new(&mut arenas, &scope, filter, &select);
    let numbered = (1..).zip(lines.iter().map(|l| Ok((l.as_bytes(), l.as_bytes()))));
    let mut world = World::new(vec![gatherer.batch(0, numbered).unwrap()], scope.defaults());
    let said = world.report(true);
    assert!(said.diagnostics.is_empty(), "{:?}", said.diagnostics);
    world.order(false);
    let (mut out, mut roots) = (Vec::new(), Roots::default());
    for i in 0..world.len() {
        let arena = bumpalo::Bump::new();
        let derived = world.derive(i, filter, &arena, false);
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

const HISTORIES: u64 = 1_000;

fn histories() -> impl Iterator<Item = (u64, Vec<String>)> {
    sample::of(0..HISTORIES, 5).map(|seed| (seed, generate::history(seed, 5 + (seed % 76) as usize)))
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

/// The lane that a line names in its scope.
fn lane_of(line: &str) -> Lane {
    let value: serde_json::Value = serde_json::from_str(line).unwrap();
    let word = |name: &str, default: &str| value["scope"][name].as_str().unwrap_or(default).to_owned();
    Lane { realm: word("realm", "team").parse().unwrap(), policy: word("policy", "public").parse().unwrap() }
}

#[test]
fn lanes_without_stricter_ones_derive_the_same_bytes_alone() {
    for (seed, lines) in histories() {
        let whole = lines_of(&derive(&lines).0);
        for lane in Lane::all().skip((seed % 3) as usize).step_by(3) {
            let kept = |line: &&String| lane_of(line).is_no_stricter_than(lane);
            let alone: Vec<String> = lines.iter().filter(kept).cloned().collect();
            let expected: String = whole.iter().filter(kept).map(|l| l.clone() + "\n").collect();
            same(seed, "looser lanes alone", &derive(&alone).0, expected.as_bytes());
        }
    }
}

#[test]
fn a_moment_derives_what_had_happened_by_then() {
    let mut held = 0;
    for (seed, lines) in histories() {
        let order = reference::order(&lines);
        let Some((_, key)) = order.get(seed as usize % order.len().max(1)) else { continue };
        let key = Key::parse(key).unwrap();
        let by_time = AsOf::Time(key.eff);
        let by_key = AsOf::Key { eff: key.eff, id: key.id.to_owned() };
        for at in [by_time, by_key] {
            let past: Vec<_> = order.iter().filter(|(_, k)| !at.is_before(Key::parse(k).unwrap())).collect();
            let by_then: Vec<String> = past.iter().map(|(event, _)| event.clone()).collect();
            // Where a cycle is cut, what is left of it has other keys by itself.
            if reference::order(&by_then).iter().collect::<Vec<_>>() != past {
                continue;
            }
            held += 1;
            let filter = Filter { at: Some(at), ..Filter::default() };
            same(seed, "at", &derive_by(&lines, &filter).0, &derive(&by_then).0);
        }
    }
    assert!(held > sample::size(HISTORIES, HISTORIES / 5), "only {held} moments were looked at");
}

#[test]
fn roots_are_those_of_the_reference() {
    for (seed, lines) in histories().step_by(sample::size(10, 2)) {
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

/// Looked at one by one, twenty thousand events of one name that name that name would be minutes.
#[test]
fn a_name_that_very_many_events_bear_costs_no_more_than_they_do() {
    use std::fmt::Write as _;
    let mut lines = String::new();
    for i in 0..20_000 {
        let realm = ["personal", "team", "public"][i % 3];
        writeln!(lines, r#"{{"event_id":"x","timestamp":{i},"actor_id":"u","operation":"set_properties","node_id":"n","properties":{{"a":{i}}},"previous_events":["x"],"scope":{{"realm":"{realm}"}}}}"#).unwrap();
        writeln!(lines, r#"{{"event_id":"c{i}","timestamp":0,"actor_id":"u","operation":"delete_node","node_id":"m","previous_events":["x"]}}"#).unwrap();
    }
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("in.jsonl"), lines).unwrap();
    let began = std::time::Instant::now();
    let out = crate::run::sh("ulp-materialize --realm team < in.jsonl", dir.path());
    assert!(out.contains(r#""deleted":"19999.000000001/c9999""#), "{out}");
    assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
}
