//! `prune`, `heads`, `rules`, `stat`: a line a thing, canonical JSON.

use std::io::Write as _;
use std::path::Path;
use ulp_cli::{Failure, Lanes, Layers, Output, Select};
use ulp_core::id::{Lane, Policy, Realm};
use ulp_core::json::write_string;
use ulp_core::scope::Scope;
use ulp_core::world::Filter;
use ulp_store::prune::Prune;
use ulp_store::read::Wanted;
use ulp_store::{LaneId, Store, snapshot};

fn text(before: &str, text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(before.as_bytes());
    write_string(text, out);
}

/// Prunes, and writes the path of each file that was deleted.
pub fn prune(store: &Store, prune: &Prune, out: &mut Output) -> Result<(), Failure> {
    let pruned = store.prune(prune)?;
    let word = if prune.dry_run { "would_delete" } else { "deleted" };
    let mut lines = Vec::new();
    for path in &pruned.deleted {
        text(&format!(r#"{{"{word}":"#), path, &mut lines);
        lines.extend_from_slice(b"}\n");
    }
    out.write_all(&lines)?;
    writeln!(out, r#"{{"{word}":{},"waiting":{}}}"#, pruned.deleted.len(), pruned.waiting)?;
    Ok(())
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
            let mut line = b"{\"heads\":[".to_vec();
            for (i, name) in snapshot::make::heads(&replay, |_| true).iter().enumerate() {
                text(if i > 0 { "," } else { "" }, name, &mut line);
            }
            text(r#"],"space_id":"#, &place.space, &mut line);
            text(r#","tile":"#, &place.tile.to_string(), &mut line);
            line.extend_from_slice(b"}\n");
            Some(line)
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
        text(r#"{"file":"#, &rule.file, &mut lines);
        text(r#","key":"#, &rule.key, &mut lines);
        lines.extend_from_slice(br#","value":"#);
        lines.extend_from_slice(rule.value.as_bytes());
        lines.extend_from_slice(b"}\n");
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
        let mut line =
            format!(r#"{{"bytes":{bytes},"events":{},"policy":"{}","#, manifest.events(), lane.policy);
        line.push_str(&format!(r#""realm":"{}","segments":{},"#, lane.realm, entries.len()));
        line.push_str(&format!(r#""snapshots":{snapshots},"space_id":"#));
        let mut line = line.into_bytes();
        text("", space, &mut line);
        text(r#","tile":"#, &tile.to_string(), &mut line);
        line.extend_from_slice(b"}\n");
        out.write_all(&line)?;
    }
    Ok(())
}
