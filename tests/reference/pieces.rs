//! Ways to take a history apart so that the pieces' states still say enough: the conditions of "What must hold".

use super::canonical::{canonical, parse};
use super::event::Event;
use super::generate::Rng;
use super::order::{causes_in_stream, reached};
use std::collections::{BTreeMap, BTreeSet};

/// At most `pieces` pieces: each event's parents are in its own piece, and so are all events of its name.
/// Duplicates stay together.
pub fn cut(rng: &mut Rng, lines: &[String], pieces: usize) -> Vec<Vec<String>> {
    let events = events(lines);
    let mut piece_of: Vec<Option<usize>> = vec![None; lines.len()];
    for start in 0..lines.len() {
        if piece_of[start].is_none() {
            let piece = rng.below(pieces);
            for member in grown(&events, [start].into(), true) {
                piece_of[member] = Some(piece);
            }
        }
    }
    let lines_of = |piece: usize| {
        (0..lines.len()).filter(|&at| piece_of[at] == Some(piece)).map(|at| lines[at].clone()).collect()
    };
    (0..pieces).map(lines_of).collect()
}

/// (below, above): no event below names one above, and what is below of a lane is no more than its `recent`
/// holds; so the state of what is below names every parent that what is above may have there.
pub fn cut_below(rng: &mut Rng, lines: &[String]) -> (Vec<String>, Vec<String>) {
    let events = events(lines);
    let seeds: BTreeSet<usize> = (0..lines.len()).filter(|_| rng.chance(30)).collect();
    let below = grown(&events, seeds, false);
    let mut lanes: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    for &at in &below {
        lanes.entry(events[at].lane.clone()).or_default().insert(canonical(&events[at].value));
    }
    if lanes.values().any(|different| different.len() > 64) {
        return (lines.to_vec(), Vec::new());
    }
    let side = |is_below: bool| {
        (0..lines.len()).filter(|at| below.contains(at) == is_below).map(|at| lines[at].clone()).collect()
    };
    (side(true), side(false))
}

/// The lines of events whose name no other event of their space and tile has.
pub fn names_once(lines: &[String]) -> Vec<String> {
    let events = events(lines);
    let shares_name = |a: &Event, b: &Event| {
        same_place(a, b) && a.name == b.name && canonical(&a.value) != canonical(&b.value)
    };
    let alone = |event: &Event| !events.iter().any(|other| shares_name(event, other));
    (0..lines.len()).filter(|&at| alone(&events[at])).map(|at| lines[at].clone()).collect()
}

/// Some of the lines: of a cycle all or none.
pub fn beside(rng: &mut Rng, lines: &[String]) -> Vec<String> {
    let events = events(lines);
    let causes: Vec<Vec<usize>> = events.iter().map(|event| causes_in_stream(event, &events)).collect();
    let reached_from: Vec<Vec<bool>> = (0..lines.len()).map(|at| reached(at, &causes)).collect();
    let mut taken: Vec<Option<bool>> = vec![None; lines.len()];
    for at in 0..lines.len() {
        let take = taken[at].unwrap_or_else(|| rng.chance(50));
        let in_its_cycle = |&other: &usize| reached_from[at][other] && reached_from[other][at];
        (0..lines.len()).filter(in_its_cycle).for_each(|other| taken[other] = Some(take));
    }
    (0..lines.len()).filter(|&at| taken[at] == Some(true)).map(|at| lines[at].clone()).collect()
}

fn events(lines: &[String]) -> Vec<Event> {
    lines.iter().map(|line| Event::read(&parse(line))).collect()
}

fn same_place(a: &Event, b: &Event) -> bool {
    a.lane.space == b.lane.space && a.lane.tile == b.lane.tile
}

/// The events, with all that they need of their space and tile: those of their names and of their parents'
/// names, in whatever lane; and, for a whole component, those that name them.
fn grown(events: &[Event], seeds: BTreeSet<usize>, whole_component: bool) -> BTreeSet<usize> {
    let mut grown = BTreeSet::new();
    let mut walk: Vec<usize> = seeds.into_iter().collect();
    while let Some(at) = walk.pop() {
        if grown.insert(at) {
            let here = &events[at];
            let belongs = |other: &Event| {
                same_place(here, other)
                    && (other.name == here.name
                        || here.parents.contains(&other.name)
                        || (whole_component && other.parents.contains(&here.name)))
            };
            walk.extend((0..events.len()).filter(|&other| belongs(&events[other])));
        }
    }
    grown
}
