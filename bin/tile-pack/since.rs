//! `--since`: the segments whose newest event qualifies.

use foldhash::{HashSet, HashSetExt as _};
use std::collections::BTreeMap;
use ulp_cli::{Failure, When};
use ulp_core::id::Tile;
use ulp_core::scope::Scope;
use ulp_core::world::{Arenas, AsOf, Filter, Gatherer, World};
use ulp_store::dedup::lines;
use ulp_store::object::Bytes;
use ulp_store::pack::contents::{At, Contents};
use ulp_store::{LaneId, Store};

/// The entries of which an event takes effect from a time on, or after an event.
pub fn entries(since: &When, store: &Store, contents: &Contents<'_>) -> Result<HashSet<At>, Failure> {
    let cut = match since {
        When::Time(time) => AsOf::Time(*time),
        When::Event(name) => greatest(name, store, contents)?.ok_or_else(|| {
            Failure::usage(format!("--since id:{name}"), "no event of this name is in these lanes")
        })?,
    };
    let mut found = HashSet::new();
    each_tile(store, contents, |world, places| {
        for i in 0..world.len() {
            for (key, site, _) in world.rows(i) {
                let qualifies = match &cut {
                    AsOf::Time(time) => key.eff >= *time,
                    event => event.is_before(key),
                };
                if qualifies {
                    found.extend(places.get(site.source as usize).copied().flatten());
                }
            }
        }
    })?;
    Ok(found)
}

/// The greatest key of the events of a name.
fn greatest(name: &str, store: &Store, contents: &Contents<'_>) -> Result<Option<AsOf>, Failure> {
    let lanes: HashSet<_> = contents.lanes.iter().map(|lane| lane.id.lane).collect();
    let filter = Filter {
        lanes: std::array::from_fn(|i| lanes.contains(&ulp_core::id::Lane::from_index(i))),
        ..all()
    };
    let mut greatest: Option<AsOf> = None;
    each_tile(store, contents, |world, _| {
        let found = world.greatest_key(name, &filter);
        let rank = |cut: &Option<AsOf>| match cut {
            Some(AsOf::Key { eff, id }) => Some((*eff, id.clone())),
            _ => None,
        };
        if rank(&found) > rank(&greatest) {
            greatest = found;
        }
    })?;
    Ok(greatest)
}

fn all() -> Filter {
    Filter {
        lanes: [true; ulp_core::id::Lane::COUNT],
        layers: vec![],
        authorities: vec![],
        boundaries: vec![],
        at: None,
    }
}

/// Orders the events of one tile after the other, those of every lane, as causes lie in looser ones; and says of each
/// source of rows which entry of the contents it is.
fn each_tile(
    store: &Store,
    contents: &Contents<'_>,
    mut each: impl FnMut(&World<'_>, &[Option<At>]),
) -> Result<(), Failure> {
    let mut tiles: BTreeMap<(String, Tile), Vec<LaneId>> = BTreeMap::new();
    for lane in store.lanes()? {
        tiles.entry((lane.space.clone(), lane.tile)).or_default().push(lane);
    }
    let ours: BTreeMap<&LaneId, usize> =
        contents.lanes.iter().enumerate().map(|(i, lane)| (&lane.id, i)).collect();
    for lanes in tiles.into_values() {
        if !lanes.iter().any(|lane| ours.contains_key(lane)) {
            continue;
        }
        let (mut segments, mut places): (Vec<Bytes>, Vec<Option<At>>) = (Vec::new(), Vec::new());
        for id in &lanes {
            let Some((manifest, _)) = store.manifest(id)? else { continue };
            for (link, manifest) in ulp_store::pack::contents::chain(store, manifest)?.iter().enumerate() {
                for (entry, e) in manifest.segments.iter().enumerate() {
                    if let Some(bytes) = store.segment(e)? {
                        segments.push(bytes);
                        places.push(ours.get(id).map(|lane| At { lane: *lane, link, entry }));
                    }
                }
            }
        }
        ordered(&segments, |world| each(world, &places))?;
    }
    Ok(())
}

/// Orders the events of some segments of a tile.
fn ordered(segments: &[Bytes], each: impl FnOnce(&World<'_>)) -> Result<(), Failure> {
    let (scope, filter) = (Scope::default(), all());
    let select = |_: &str, _: Tile| None;
    let mut arenas = Arenas::new(segments.len());
    let gatherer = Gatherer::new(&mut arenas, &scope, &filter, &select);
    let mut batches = Vec::new();
    for (source, segment) in (0..).zip(segments) {
        let numbered = (1..).zip(lines(segment)).map(|(number, line)| (number, Ok((line, line))));
        let batch =
            gatherer.batch(source, numbered).map_err(|e| Failure::of(ulp_core::kind::Kind::System, e))?;
        batches.push(batch);
    }
    let mut world = World::new(batches, scope.defaults());
    world.order(false);
    each(&world);
    Ok(())
}
