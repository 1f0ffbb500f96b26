//! `prune`, `heads`, `rules`, `stat`: a line a thing, canonical JSON.

use rayon::prelude::*;
use std::io::Write as _;
use std::path::Path;
use ulp_cli::stored;
use ulp_cli::{Failure, Lanes, Layers, Log, Output, Select};
use ulp_core::id::{Lane, Policy, Realm};
use ulp_core::json::write::Members;
use ulp_core::scope::Scope;
use ulp_core::world::Filter;
use ulp_store::manifest::Absent;
use ulp_store::prune::Prune;
use ulp_store::read::{Damage, Wanted};
use ulp_store::{Error, LaneId, Store, snapshot};

/// Prunes, and writes the path of each file that was deleted.
pub fn prune(store: &Store, prune: &Prune, out: &mut Output) -> Result<(), Failure> {
    let pruned = store.prune(prune)?;
    let word = if prune.dry_run { "would_delete" } else { "deleted" };
    let mut lines = Vec::new();
    for path in &pruned.deleted {
        let mut line = Members::open(&mut lines);
        line.text(word, path, &mut lines);
        line.end_line(&mut lines);
    }
    let mut sum = Members::open(&mut lines);
    sum.integer(word, pruned.deleted.len(), &mut lines);
    sum.integer("waiting", pruned.waiting, &mut lines);
    sum.end_line(&mut lines);
    Ok(out.write_all(&lines)?)
}

/// The heads of each chosen tile, from lanes no stricter than one.
pub fn heads(
    store: &Store,
    select: &Select,
    lanes: &Lanes,
    out: &mut Output,
    log: &mut Log,
) -> Result<(), Failure> {
    let realm = lanes.realm.iter().min().copied().unwrap_or(Realm::Team);
    let policy = lanes.policy.iter().min().copied().unwrap_or(Policy::Public);
    let own = Lane { realm, policy };
    let filter = Filter {
        lanes: std::array::from_fn(|i| Lane::from_index(i).is_no_stricter_than(own)),
        ..Filter::default()
    };
    for place in store.tiles()? {
        if !select.space(&place.space) || !select.tile(place.tile) {
            continue;
        }
        let wanted = Wanted::new(&filter, false);
        let (line, absent, damage) = store.replay(&place, wanted, false, |replay| {
            let (absent, damage) = (replay.absent.to_vec(), replay.damage.to_vec());
            // What a damaged segment names as parents is not known.
            if replay.world.is_empty() || !damage.is_empty() {
                return (Vec::new(), absent, damage);
            }
            let mut text = Vec::new();
            let mut line = Members::open(&mut text);
            let heads = snapshot::make::heads(&replay, |_| true);
            line.texts("heads", heads.iter().map(AsRef::as_ref), &mut text);
            line.text("space_id", &place.space, &mut text);
            line.word("tile", place.tile, &mut text);
            line.end_line(&mut text);
            (text, absent, damage)
        })?;
        stored::note_damage(log, &absent, &damage)?;
        out.write_all(&line)?;
    }
    Ok(())
}

/// The rules of one place, as far in as it is named.
pub fn rules(dir: &Path, select: &Select, layers: &Layers, out: &mut Output) -> Result<(), Failure> {
    let scope = Scope::discover(dir).map_err(ulp_store::Error::from)?;
    let space = select.space.first().map(String::as_str);
    let layer = layers.layer.first().map(String::as_str);
    let mut lines = Vec::new();
    for rule in scope.rules(space, layer, select.tile.first().copied()) {
        let mut line = Members::open(&mut lines);
        line.text("file", &rule.file, &mut lines);
        line.text("key", &rule.key, &mut lines);
        line.raw("value", Some(&rule.value), &mut lines);
        line.end_line(&mut lines);
    }
    Ok(out.write_all(&lines)?)
}

/// What each lane holds: the segments that are here, which say so themselves.
pub fn stat(store: &Store, out: &mut Output, log: &mut Log) -> Result<(), Failure> {
    let counted: Result<Vec<_>, Error> = store.lanes()?.par_iter().map(|id| count(store, id)).collect();
    for held in counted?.into_iter().flatten() {
        stored::note_damage(log, &[], &held.missing)?;
        let LaneId { space, tile, lane } = &held.lane;
        let mut text = Vec::new();
        let mut line = Members::open(&mut text);
        line.integer("bytes", held.bytes, &mut text);
        line.integer("events", held.events, &mut text);
        line.word("policy", lane.policy, &mut text);
        line.word("realm", lane.realm, &mut text);
        line.integer("segments", held.segments, &mut text);
        line.integer("snapshots", held.snapshots, &mut text);
        line.text("space_id", space, &mut text);
        line.word("tile", tile, &mut text);
        line.end_line(&mut text);
        out.write_all(&text)?;
    }
    Ok(())
}

/// What is here of a lane, and what should be.
struct Held {
    lane: LaneId,
    events: u64,
    bytes: u64,
    segments: u64,
    snapshots: usize,
    missing: Vec<Damage>,
}

fn count(store: &Store, id: &LaneId) -> Result<Option<Held>, Error> {
    let Some((manifest, _)) = store.manifest(id)? else { return Ok(None) };
    let snapshots = store.records(id)?.len();
    let mut held =
        Held { lane: id.clone(), events: 0, bytes: 0, segments: 0, snapshots, missing: Vec::new() };
    let mut start = 0;
    for entry in store.entries(&manifest, None)? {
        let events = start..start + entry.events;
        start = events.end;
        if store.segment(&entry)?.is_some() {
            held.events += entry.events;
            held.bytes += entry.bytes;
            held.segments += 1;
        } else if entry.absent == Absent::No {
            held.missing.push(Damage::missing(id, &entry, events));
        }
    }
    Ok(Some(held))
}
