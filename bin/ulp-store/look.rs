//! `prune`, `heads`, `rules`, `stat`: a line a thing, canonical JSON.

use std::io::Write as _;
use std::path::Path;
use ulp_cli::{Failure, Lanes, Layers, Output, Select};
use ulp_core::id::{Lane, Policy, Realm};
use ulp_core::json::write::Members;
use ulp_core::scope::Scope;
use ulp_core::world::Filter;
use ulp_store::prune::Prune;
use ulp_store::read::Wanted;
use ulp_store::{LaneId, Store, snapshot};

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
pub fn heads(store: &Store, select: &Select, lanes: &Lanes, out: &mut Output) -> Result<(), Failure> {
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
        let line = store.replay(&place, wanted, false, |replay| {
            if replay.world.is_empty() {
                return None;
            }
            let mut text = Vec::new();
            let mut line = Members::open(&mut text);
            let heads = snapshot::make::heads(&replay, |_| true);
            line.texts("heads", heads.iter().map(AsRef::as_ref), &mut text);
            line.text("space_id", &place.space, &mut text);
            line.word("tile", place.tile, &mut text);
            line.end_line(&mut text);
            Some(text)
        })?;
        out.write_all(&line.unwrap_or_default())?;
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

/// What each lane holds.
pub fn stat(store: &Store, out: &mut Output) -> Result<(), Failure> {
    for id in store.lanes()? {
        let Some((manifest, _)) = store.manifest(&id)? else { continue };
        let entries = store.entries(&manifest, None)?;
        let bytes: u64 = entries.iter().map(|e| e.bytes).sum();
        let snapshots = store.records(&id)?.len();
        let LaneId { space, tile, lane } = &id;
        let mut text = Vec::new();
        let mut line = Members::open(&mut text);
        line.integer("bytes", bytes, &mut text);
        line.integer("events", manifest.events(), &mut text);
        line.word("policy", lane.policy, &mut text);
        line.word("realm", lane.realm, &mut text);
        line.integer("segments", entries.len(), &mut text);
        line.integer("snapshots", snapshots, &mut text);
        line.text("space_id", space, &mut text);
        line.word("tile", tile, &mut text);
        line.end_line(&mut text);
        out.write_all(&text)?;
    }
    Ok(())
}
