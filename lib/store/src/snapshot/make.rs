//! Making snapshots of a tile that was replayed.

use crate::commit::Draft;
use crate::index::{Index, Latest};
use crate::object::Found;
use crate::read::{Part, Place, Replay, times_by_lane};
use crate::snapshot::record::{MOST_MISSING, Record, SNAPSHOTS, TIMES, Times, cache_dir, seen};
use crate::{Error, INDEX, LaneId, Store};
use foldhash::HashSet;
use std::collections::{BTreeMap, BTreeSet};
use ulp_core::hash::{Blake3, Sha256};
use ulp_core::id::{Key, Lane};
use ulp_core::json::STATE_BYTES;
use ulp_core::world::Filter;

/// How many heads an index names.
const HEADS: usize = 64;

/// A snapshot that is to be kept, or one that is there already and as new.
#[derive(Debug)]
pub struct NewSnapshot {
    pub lane: LaneId,
    pub record: Record,
    /// What is to be written; nothing where the newest snapshot has seen everything.
    fresh: Option<Fresh>,
}

#[derive(Debug)]
struct Fresh {
    lines: Vec<u8>,
    times: Vec<u8>,
    index: Vec<u8>,
}

impl NewSnapshot {
    /// How many bytes it will write.
    pub fn bytes(&self) -> usize {
        self.fresh.as_ref().map_or(0, |f| f.lines.len() + f.times.len())
    }

    /// How many events of its own lane it has seen.
    pub fn events(&self) -> u64 {
        seen(&self.record, self.lane.lane)
    }
}

/// The snapshot of one lane of a replay, whose state lines are `lines`. Nothing where a line is too long to be read
/// again, or the lane has no events.
pub fn make(replay: &Replay<'_, '_>, part: &Part, lines: &[u8]) -> Option<NewSnapshot> {
    let lane = part.id.lane;
    let within = || replay.parts.iter().filter(move |p| p.id.lane.is_no_stricter_than(lane));
    let events: BTreeMap<Lane, u64> = within().map(|p| (p.id.lane, p.manifest.events())).collect();
    if part.manifest.events() == 0 {
        return None;
    }
    if let Some(base) = part.base.as_ref().filter(|b| b.record.events == events) {
        return Some(NewSnapshot { lane: part.id.clone(), record: base.record.clone(), fresh: None });
    }
    if lines.split(|b| *b == b'\n').any(|line| line.len() > STATE_BYTES) {
        return None;
    }
    let (object, root) = (Sha256::of(lines), Blake3::of(lines));
    let record = Record { object, root, events, missing: missing(replay, within()) };
    let by_lane = times_by_lane(replay.world);
    let new = by_lane.get(&lane).map_or(&[][..], Vec::as_slice);
    let old = part.base.as_ref().and_then(|b| b.times.as_ref());
    // A table that is damaged where it was not looked at is left out: it is a cache.
    let times = Times::print(&record, old, new.iter().copied()).unwrap_or_default();
    let tip = part.manifest.segments.last();
    let heads = part.base.is_none().then(|| heads(replay, |of| of == lane));
    let event = tip.map(|e| e.to.clone()).unwrap_or_default();
    let index = Index {
        tile: part.id.tile.to_string(),
        tip_event: tip.map(|e| e.to.clone()),
        tip_segment: tip.map(|e| e.hash),
        events: part.manifest.events(),
        snapshot: Some(Latest { object, event, root }),
        heads,
    };
    let fresh = Some(Fresh { lines: lines.to_vec(), times, index: index.print() });
    Some(NewSnapshot { lane: part.id.clone(), record, fresh })
}

/// The parents that some lanes' events name and no lane as loose holds; nothing where they are too many.
fn missing<'p>(replay: &Replay<'_, '_>, within: impl Iterator<Item = &'p Part>) -> Option<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for part in within {
        if let Some(base) = &part.base {
            names.extend(base.record.missing.as_ref()?.iter().cloned());
        }
        if !replay.world.is_empty() {
            let lane = part.id.lane;
            let of_lane = replay.world.missing(0).iter().filter(|(of, _)| *of == lane);
            names.extend(of_lane.map(|(_, name)| (*name).to_owned()));
        }
    }
    (names.len() <= MOST_MISSING).then_some(names)
}

/// The names of the greatest keys among the events of some lanes that no event of them names as a parent, the greatest
/// first, each once.
pub fn heads(replay: &Replay<'_, '_>, takes: impl Fn(Lane) -> bool) -> Vec<String> {
    if replay.world.is_empty() {
        return Vec::new();
    }
    let of_lanes = || replay.world.rows(0).filter(|(_, _, row)| takes(row.lane));
    let parents: HashSet<&str> = of_lanes().flat_map(|(_, _, row)| row.parents).copied().collect();
    let mut keys: Vec<Key<'_>> =
        of_lanes().map(|(key, _, _)| key).filter(|key| !parents.contains(key.id)).collect();
    keys.sort_unstable_by(|a, b| b.cmp(a));
    // A name may be that of several events, at different times.
    let mut named = HashSet::default();
    keys.retain(|key| named.insert(key.id));
    keys.into_iter().take(HEADS).map(|key| key.id.to_owned()).collect()
}

impl Store {
    /// The snapshots of a tile where those that are there have seen everything, with the lines of its manifests as
    /// [`crate::read::manifest_lines`] gives them: then nothing need be read but what names them.
    ///
    /// # Errors
    /// Where the system says no, or a manifest is damaged.
    pub fn shots_as_new(
        &self,
        place: &Place,
        filter: &Filter,
    ) -> Result<Option<(Vec<NewSnapshot>, String)>, Error> {
        let takes = |lane: &Lane| filter.lanes[lane.index()];
        let mut parts = Vec::new();
        for lane in &place.lanes {
            if place.lanes.iter().any(|l| takes(l) && lane.is_no_stricter_than(*l)) {
                let id = LaneId { space: place.space.clone(), tile: place.tile, lane: *lane };
                if let Some((manifest, bytes)) = self.manifest(&id)? {
                    parts.push((id, manifest.events(), Blake3::of(&bytes)));
                }
            }
        }
        let mut shots = Vec::new();
        for (id, ..) in parts.iter().filter(|(id, own, _)| takes(&id.lane) && *own > 0) {
            let within = parts.iter().filter(|(of, _, _)| of.lane.is_no_stricter_than(id.lane));
            let events: BTreeMap<Lane, u64> = within.map(|(of, events, _)| (of.lane, *events)).collect();
            let record = self.records(id)?.into_iter().find(|record| record.events == events);
            let Some(record) = record else { return Ok(None) };
            if !matches!(self.object(&record.object, None)?, Found::Here(_)) {
                return Ok(None);
            }
            shots.push(NewSnapshot { lane: id.clone(), record, fresh: None });
        }
        let manifests = parts.iter().map(|(_, _, hash)| format!("{hash}\n")).collect();
        Ok(Some((shots, manifests)))
    }

    /// Keeps some snapshots: their objects, then their records, in one commit; then what is only a cache.
    pub fn keep(&self, shots: &[NewSnapshot]) -> Result<(), Error> {
        let fresh: Vec<(&NewSnapshot, &Fresh)> =
            shots.iter().filter_map(|s| Some((s, s.fresh.as_ref()?))).collect();
        if fresh.is_empty() {
            return Ok(());
        }
        let mut commit = self.commit()?;
        let blobs: Vec<(Sha256, &[u8])> =
            fresh.iter().map(|(s, f)| (s.record.object, &f.lines[..])).collect();
        commit.put(&blobs)?;
        let record = |(shot, _): &(&NewSnapshot, &Fresh)| Draft {
            dir: format!("{}/{SNAPSHOTS}", shot.lane.dir()),
            name: shot.record.name(),
            bytes: shot.record.print(),
        };
        commit.publish(fresh.iter().map(record).collect())?;
        for (shot, fresh) in fresh {
            // None of these is ever needed: that one cannot be written is no reason to fail what is durable.
            let (dir, bytes) = (cache_dir(&shot.lane), fresh.times.clone());
            let _ = self.hint(&Draft { dir, name: TIMES.to_owned(), bytes });
            let (dir, bytes) = (shot.lane.dir(), fresh.index.clone());
            let _ = self.hint(&Draft { dir, name: INDEX.to_owned(), bytes });
        }
        commit.release()
    }
}
