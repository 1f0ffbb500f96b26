//! Making snapshots of a tile that was replayed.

use super::delta;
use super::missing::{self, Missing};
use super::record::{Record, dir};
use super::stored::Standing;
use super::times::{TIMES, Times};
use crate::commit::Draft;
use crate::covers::Covers;
use crate::index::{Index, Latest};
use crate::read::{Part, Place, Replay, times_by_lane};
use crate::{Error, INDEX, LaneId, Store};
use foldhash::HashSet;
use std::borrow::Cow;
use std::collections::BTreeMap;
use ulp_core::hash::{Blake3, Sha256};
use ulp_core::id::{Key, Lane, Time};
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
    /// The lines, or those that changed, and the missing parents, where they are objects.
    objects: Vec<(Sha256, Vec<u8>)>,
    /// The object that it builds on, which is there already.
    base: Option<(Sha256, u64)>,
    times: Vec<u8>,
    index: Vec<u8>,
}

impl NewSnapshot {
    /// How many bytes it will write.
    pub fn bytes(&self) -> usize {
        let objects = |f: &Fresh| f.objects.iter().map(|(_, bytes)| bytes.len()).sum::<usize>();
        self.fresh.as_ref().map_or(0, |f| objects(f) + f.times.len())
    }

    /// How many events of its own lane it has seen.
    pub fn events(&self) -> u64 {
        self.record.seen(self.lane.lane)
    }
}

/// The snapshot of one lane of a replay, whose state lines are `lines`. Nothing where a line is too long to be read
/// again, the lane has no events, or some that it would cover are not here.
///
/// # Errors
/// Where the store cannot be read.
pub fn make(replay: &Replay<'_, '_>, part: &Part, lines: &[u8]) -> Result<Option<NewSnapshot>, Error> {
    let lane = part.id.lane;
    let within = || replay.parts.iter().filter(move |p| p.id.lane.is_no_stricter_than(lane));
    if part.events() == 0 || within().any(|p| p.is_short) {
        return Ok(None);
    }
    if let Some(base) = part.base.as_ref().filter(|_| within().all(|p| p.base_count() == p.events())) {
        return Ok(Some(NewSnapshot { lane: part.id.clone(), record: base.record.clone(), fresh: None }));
    }
    if lines.len() > STATE_BYTES && lines.split(|b| *b == b'\n').any(|line| line.len() > STATE_BYTES) {
        return Ok(None);
    }
    let events = within().map(|p| (p.id.lane, p.events())).collect();
    let mut covers = BTreeMap::new();
    for p in within() {
        let Some(of_lane) = Covers::of_lane(replay.store, &p.manifest, &p.entries)? else { return Ok(None) };
        covers.insert(p.id.lane, of_lane);
    }
    let (missing, names) = Missing::new(missing(replay, part));
    let Written { object, delta, base, mut objects } = written(part, lines);
    if let (Missing::Object { object, .. }, Some(names)) = (&missing, names) {
        objects.push((*object, names));
    }
    let record = Record { object, delta, root: Blake3::of(lines), events, covers, missing };
    let (times, index) = (times(replay, part, &record), index(replay, part, &record));
    let fresh = Some(Fresh { objects, base, times, index });
    Ok(Some(NewSnapshot { lane: part.id.clone(), record, fresh }))
}

/// The objects of state lines.
struct Written {
    object: Sha256,
    delta: Option<Sha256>,
    base: Option<(Sha256, u64)>,
    /// Those that are to be written.
    objects: Vec<(Sha256, Vec<u8>)>,
}

/// What changed since the lane's base, if it was read from one and little changed; else the whole.
fn written(part: &Part, lines: &[u8]) -> Written {
    let Some((base, changed)) = part.base.as_ref().and_then(|b| Some((b, delta::of(&b.lines, lines)?)))
    else {
        let object = Sha256::of(lines);
        return Written { object, delta: None, base: None, objects: vec![(object, lines.to_vec())] };
    };
    let object = base.record.object;
    let there = Some((object, base.lines.len() as u64));
    if changed.is_empty() {
        return Written { object, delta: None, base: there, objects: Vec::new() };
    }
    let delta = Sha256::of(&changed);
    Written { object, delta: Some(delta), base: there, objects: vec![(delta, changed)] }
}

/// The effective times of the events that a record has seen of its lane.
fn times(replay: &Replay<'_, '_>, part: &Part, record: &Record) -> Vec<u8> {
    let by_lane = times_by_lane(replay.world);
    let new = by_lane.get(&part.id.lane).map_or(&[][..], Vec::as_slice);
    let old = part.base.as_ref().and_then(|b| b.times.as_ref());
    // A table that is damaged where it was not looked at is left out: it is a cache.
    Times::print(record, old, new.iter().copied()).unwrap_or_default()
}

fn index(replay: &Replay<'_, '_>, part: &Part, record: &Record) -> Vec<u8> {
    let tip = part.manifest.segments.last();
    let heads = part.base.is_none().then(|| heads(replay, |of| of == part.id.lane));
    let event = tip.map(|e| e.to.clone()).unwrap_or_default();
    let index = Index {
        tile: part.id.tile.to_string(),
        tip_event: tip.map(|e| e.to.clone()),
        tip_segment: tip.map(|e| e.hash),
        events: part.events(),
        snapshot: Some(Latest { object: record.object, event, root: record.root }),
        heads,
    };
    index.print()
}

/// The parents that the events of a lane and of the looser ones name and no lane as loose as those holds, each with the
/// least effective time of what names it: a line each.
fn missing(replay: &Replay<'_, '_>, part: &Part) -> Vec<u8> {
    let within = |lane: Lane| lane.is_no_stricter_than(part.id.lane);
    let before = replay.parts.iter().filter(|p| within(p.id.lane)).map(|p| still_missing(replay, p));
    let before = before.reduce(|a, b| Cow::Owned(missing::join(&a, &b))).unwrap_or_default();
    let since = if replay.world.is_empty() { &[] } else { replay.world.missing(0) };
    let mut since: Vec<(&str, Time)> =
        since.iter().filter(|(of, _, _)| within(*of)).map(|(_, name, time)| (*name, *time)).collect();
    // Of a name that several miss the least time comes first, and stays.
    since.sort_unstable();
    since.dedup_by_key(|(name, _)| *name);
    missing::join(&before, &missing::print(since))
}

/// What the snapshot of one lane missed and did not come since. Where it missed a name for a looser lane's sake alone,
/// that lane's tells of it too.
fn still_missing<'r>(replay: &Replay<'r, '_>, part: &'r Part) -> Cow<'r, [u8]> {
    let before = part.base.as_ref().map_or(&[][..], |base| &base.missing);
    if replay.world.is_empty() || before.is_empty() {
        return Cow::Borrowed(before);
    }
    let of_lanes = replay.world.named(0).filter(|(_, of, _)| of.is_no_stricter_than(part.id.lane));
    let mut came: Vec<&str> = of_lanes.map(|(name, _, _)| name).collect();
    came.sort_unstable();
    missing::without(before, &came)
}

/// The names of the greatest keys among the events of some lanes that no event of them names as a parent, the greatest
/// first, each once.
pub fn heads(replay: &Replay<'_, '_>, takes: impl Fn(Lane) -> bool) -> Vec<String> {
    if replay.world.is_empty() {
        return Vec::new();
    }
    let of_lanes = || replay.world.rows(0).filter(|(_, _, row)| takes(row.lane));
    let parents: HashSet<&str> = of_lanes().flat_map(|(_, _, row)| row.parents.iter()).collect();
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
    /// [`crate::read::manifest_lines`] gives them: then little more need be read than what names them. Their objects
    /// are held to their names by whoever reads them.
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
            let within = || parts.iter().filter(|(of, _, _)| of.lane.is_no_stricter_than(id.lane));
            let has_seen_all = |record: &Record| within().all(|(of, n, _)| record.seen(of.lane) == *n);
            let Some(record) = self.records(id)?.into_iter().find(has_seen_all) else { return Ok(None) };
            if self.standing(id, &record)? != Standing::Holds || !self.has_objects(&record)? {
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
        for (object, bytes) in fresh.iter().filter_map(|(_, f)| f.base) {
            if !self.has_object(&object, bytes)? {
                let path = self.object_path(&object);
                return Err(Error::damaged(
                    path,
                    "store.missing",
                    "it went away while a snapshot was built on it",
                ));
            }
        }
        let objects = fresh.iter().flat_map(|(_, f)| &f.objects);
        let blobs: Vec<(Sha256, &[u8])> = objects.map(|(hash, bytes)| (*hash, &bytes[..])).collect();
        commit.put(&blobs)?;
        let record = |(shot, _): &(&NewSnapshot, &Fresh)| Draft {
            dir: dir(&shot.lane),
            name: shot.record.name(),
            bytes: shot.record.print(),
        };
        commit.publish(fresh.iter().map(record).collect())?;
        for (shot, fresh) in fresh {
            // None of these is ever needed: that one cannot be written is no reason to fail what is durable.
            let (dir, bytes) = (shot.lane.cache_dir(), fresh.times.clone());
            let _ = self.hint(&Draft { dir, name: TIMES.to_owned(), bytes });
            let (dir, bytes) = (shot.lane.dir(), fresh.index.clone());
            let _ = self.hint(&Draft { dir, name: INDEX.to_owned(), bytes });
        }
        commit.release()
    }
}
