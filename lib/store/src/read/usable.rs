//! Whether snapshots can be used with the events that came after them.
//!
//! State is a join, so late events do no harm but for one: an event that changes when one before the snapshot took
//! effect. It does so by its name alone, which is that of a parent that was missing, or of one that was there already.
//! A missing parent that comes and takes effect early enough moves nothing.

use super::Part;
use crate::snapshot::missing;
use crate::snapshot::times::Times;
use foldhash::{HashMap, HashSet, HashSetExt as _};
use std::collections::BTreeSet;
use ulp_core::id::{Lane, Time};
use ulp_core::world::World;

/// The lanes whose snapshots cannot be used with the events that came after them, by the names of these.
pub(super) fn unusable(parts: &[Part], world: &World<'_>) -> Vec<Lane> {
    let mut unusable: Vec<Lane> = Vec::new();
    if world.is_empty() {
        return unusable;
    }
    // The loosest first: what leans on a lane that is read anew is read anew too.
    let mut by_looseness: Vec<&Part> = parts.iter().filter(|p| p.base.is_some()).collect();
    by_looseness.sort_by_key(|p| std::cmp::Reverse(p.id.lane.realm as u8 + p.id.lane.policy as u8));
    for part in by_looseness {
        let lane = part.id.lane;
        let leans = unusable.iter().any(|l| l.is_no_stricter_than(lane));
        if leans || !is_usable(part, parts, world) {
            unusable.push(lane);
        }
    }
    unusable
}

fn is_usable(part: &Part, parts: &[Part], world: &World<'_>) -> bool {
    let lane = part.id.lane;
    let within = |p: &&Part| p.base.is_some() && p.id.lane.is_no_stricter_than(lane);
    let within: Vec<&Part> = parts.iter().filter(within).collect();
    let mut names: HashSet<&str> = HashSet::new();
    for (name, _, _) in world.named(0).filter(|(_, of, _)| of.is_no_stricter_than(lane)) {
        let known = within.iter().any(|p| !matches!(times(p).map(|t| t.find(name)), Some(Ok(None))));
        if !names.insert(name) || known {
            return false;
        }
    }
    // Events of stricter lanes ask for their parents' times here too. Where the cache cannot answer, the events do.
    let askable = |parent: &str| times(part).is_some_and(|t| t.find(parent).is_ok());
    world.named(0).filter(|(_, of, _)| lane.is_no_stricter_than(*of)).all(|(_, _, p)| p.iter().all(askable))
}

/// An event after a snapshot that bears the name of a parent that was missing.
pub(super) struct Awaited<'a> {
    /// The lane of the snapshot.
    lane: Lane,
    /// The name and the lane of the event.
    event: (&'a str, Lane),
    /// When the first of those took effect that name it.
    least: Time,
}

/// The events that snapshots were waiting for.
pub(super) fn awaited<'a>(parts: &[Part], world: &World<'a>) -> Vec<Awaited<'a>> {
    let mut found = Vec::new();
    let waits = |part: &Part| part.base.as_ref().is_some_and(|base| !base.missing.is_empty());
    if world.is_empty() || !parts.iter().any(waits) {
        return found;
    }
    for part in parts.iter().filter(|part| waits(part)) {
        let (lane, missing) = (part.id.lane, part.base.as_ref().map_or(&[][..], |base| &base.missing));
        let bearers = world.named(0).filter(|(_, of, _)| of.is_no_stricter_than(lane));
        let of =
            |(name, of, _)| Some(Awaited { lane, event: (name, of), least: missing::find(missing, name)? });
        found.extend(bearers.filter_map(of));
    }
    found
}

/// The lanes of those snapshots that an awaited event moves something in. The world must be ordered.
pub(super) fn moved(awaited: &[Awaited<'_>], world: &World<'_>) -> Vec<Lane> {
    if awaited.is_empty() {
        return Vec::new();
    }
    let times: HashMap<(&str, Lane), Time> =
        world.rows(0).map(|(key, _, row)| ((key.id, row.lane), key.eff)).collect();
    // What stands on a cycle of later events may close one through earlier ones, which the snapshot does not tell.
    let moves =
        |of: &&Awaited<'_>| world.has_cycle(0) || times.get(&of.event).is_none_or(|eff| *eff >= of.least);
    awaited.iter().filter(moves).map(|of| of.lane).collect()
}

fn times(part: &Part) -> Option<&Times> {
    part.base.as_ref()?.times.as_ref()
}

/// Tells a world what the caches know of the parents that the events of one tile name.
pub(super) fn tell<'a>(parts: &[Part], world: &mut World<'a>, tile: usize) {
    if world.len() <= tile {
        return;
    }
    let mut parents: BTreeSet<&'a str> = BTreeSet::new();
    world.named(tile).for_each(|(_, _, names)| parents.extend(names.iter()));
    let mut known = Vec::new();
    for part in parts {
        let Some(times) = times(part) else { continue };
        for name in &parents {
            // Whether all of them can be asked was seen when the snapshots were held to be usable.
            if let Ok(Some(time)) = times.find(name) {
                known.push((part.id.lane, *name, time));
            }
        }
    }
    known.into_iter().for_each(|(lane, name, time)| world.know(tile, lane, name, time));
}
