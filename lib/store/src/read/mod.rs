//! Reading a tile back: from the last usable snapshot of each lane and the events after it, or from all events.
//!
//! The result is that of replaying everything, always. A snapshot is a part of the join, so events may come late; it
//! is passed over only where the lanes do not hold what it covers, or where a later event changes when one before the
//! snapshot took effect, or might. A lane leans on the looser ones of its tile, so its snapshot is used where those of
//! all of them are, and have seen the same.

mod gather;
mod open;
mod usable;

use super::manifest::{Entry, Manifest};
use super::object::Bytes;
use super::snapshot::record::Record;
use super::snapshot::times::Times;
use super::{Error, LaneId, Store};
use foldhash::{HashMap, HashMapExt as _};
use gather::{gather_events, gather_lines, in_order, split_snapshots};
use open::Reading;
use std::borrow::Cow;
use std::ops::Range;
use ulp_core::hash::{Blake3, Sha256};
use ulp_core::id::{Lane, Tile, Time};
use ulp_core::report::Report;
use ulp_core::scope::Scope;
use ulp_core::state::untouched;
use ulp_core::world::{Arenas, Filter, Gatherer, World};
use usable::{awaited, moved, tell, unusable};

/// One tile of one space, and its lanes that have a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub space: String,
    pub tile: Tile,
    pub lanes: Vec<Lane>,
}

/// What of a tile is read.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'f> {
    pub filter: &'f Filter,
    /// Whether snapshots may be used: they know nothing of layers, kinds, times and signatures.
    pub snapshots: bool,
    /// Whether only events count that are signed and whose signature holds.
    pub verify: bool,
    /// Whether segments are held to their names: what is derived of them is to be kept.
    pub keeps: bool,
}

impl<'f> Wanted<'f> {
    /// Everything that a filter takes in, from the events alone or from snapshots too.
    pub fn new(filter: &'f Filter, snapshots: bool) -> Wanted<'f> {
        Wanted { filter, snapshots, verify: false, keeps: false }
    }

    /// The gate that events pass once more: what a store holds has passed its own.
    fn scope(&self) -> Scope {
        let mut scope = Scope::default();
        if self.verify {
            scope.verify_all();
        }
        scope
    }
}

/// Something that is not as it should be, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    pub lane: LaneId,
    pub code: &'static str,
    /// The segment, and which events of the lane it holds, counted from 0; none where it is what names them all.
    pub segment: Option<(Sha256, Range<u64>)>,
    pub reason: Cow<'static, str>,
}

impl Damage {
    /// A segment that is not here, or is not what it should be.
    pub fn missing(lane: &LaneId, entry: &Entry, events: Range<u64>) -> Damage {
        let segment = Some((entry.hash, events));
        Damage {
            lane: lane.clone(),
            code: "store.missing",
            segment,
            reason: "it is missing or damaged".into(),
        }
    }

    /// A lane whose manifest or one of whose pages is damaged; any other error stays one.
    fn of_lane(lane: &LaneId, error: Error) -> Result<Damage, Error> {
        match error {
            Error::Damaged { path, code, detail } => {
                let reason = format!("{}: {detail}", path.display()).into();
                Ok(Damage { lane: lane.clone(), code, segment: None, reason })
            }
            other => Err(other),
        }
    }
}

/// A lane of a tile that is being read.
#[derive(Debug)]
pub struct Part {
    pub id: LaneId,
    pub manifest: Manifest,
    /// Every entry of the lane, those of pages too.
    pub entries: Vec<Entry>,
    /// Of the manifest's bytes.
    pub hash: Blake3,
    pub base: Option<Base>,
    segments: Vec<Loaded>,
    /// Whether some of what it has is known not to be here.
    pub is_short: bool,
}

/// The snapshot that a lane is read from.
#[derive(Debug)]
pub struct Base {
    pub record: Record,
    pub lines: Bytes,
    /// The lines that changed since those.
    pub delta: Option<Bytes>,
    /// The parents that were missing, a line each.
    pub missing: Bytes,
    pub times: Option<Times>,
}

/// A segment, of which the first lines may be in the snapshot already.
#[derive(Debug)]
struct Loaded {
    entry: Entry,
    bytes: Bytes,
    start: u64,
    skip: u64,
}

impl Part {
    /// Whether there are events that its snapshot has not seen.
    pub fn has_news(&self) -> bool {
        !self.segments.is_empty()
    }

    /// The bytes of each segment that is here, and where they begin among all of the lane's.
    pub fn texts(&self) -> impl Iterator<Item = (&[u8], u64)> {
        let mut at = 0;
        let mut starts = self.entries.iter().map(move |entry| {
            at += entry.bytes;
            (entry.hash, at - entry.bytes)
        });
        self.segments.iter().filter_map(move |loaded| {
            let (_, start) = starts.find(|(hash, _)| *hash == loaded.entry.hash)?;
            Some((&loaded.bytes[..], start))
        })
    }

    /// How many events the lane has.
    pub fn events(&self) -> u64 {
        self.entries.iter().map(|entry| entry.events).sum()
    }

    /// How many of them its snapshot has seen.
    pub fn base_count(&self) -> u64 {
        self.base.as_ref().map_or(0, |b| b.record.seen(self.id.lane))
    }
}

/// Tiles that were read and ordered together.
pub struct Together<'r, 'a> {
    pub parts: &'r [Part],
    pub world: &'r World<'a>,
    pub damage: &'r [Damage],
    /// Segments that are known not to be here.
    pub absent: &'r [Damage],
    pub report: Report,
}

/// A tile that was read and ordered.
pub struct Replay<'r, 'a> {
    pub store: &'r Store,
    pub place: &'r Place,
    pub parts: &'r [Part],
    /// Nothing where there is no event and no state line to be joined; else its tile is the first and only one.
    pub world: &'r World<'a>,
    /// Of each part, the lines of its snapshot that nothing touched since: the world does not know them.
    carried: &'r [Vec<&'r [u8]>],
    pub damage: &'r [Damage],
    /// Segments that are known not to be here.
    pub absent: &'r [Damage],
    pub report: Report,
}

impl Replay<'_, '_> {
    /// Gives the state lines of each lane that `filter` takes in to `each`, in order: derived, or those of its
    /// snapshot where nothing came since. Answers what there is to say of the events.
    pub fn states(&self, filter: &Filter, all: bool, mut each: impl FnMut(&Part, &[u8])) -> Report {
        let arena = bumpalo::Bump::new();
        let mut derived = (!self.world.is_empty()).then(|| self.world.derive(0, filter, &arena, all));
        let (mut lines, mut merged) = (Vec::new(), Vec::new());
        let parts = self.parts.iter().zip(self.carried);
        for (part, carried) in parts.filter(|(p, _)| filter.lanes[p.id.lane.index()]) {
            let lane = part.id.lane;
            let state = derived.as_ref().and_then(|d| d.lanes.iter().find(|(l, _)| *l == lane));
            match (state, &part.base) {
                (Some((_, state)), _) => {
                    lines.clear();
                    state.write_lines(&part.id.space, part.id.tile, lane, &mut lines);
                    if carried.is_empty() {
                        each(part, &lines);
                    } else {
                        merged.clear();
                        untouched::merge(carried, &lines, &mut merged);
                        each(part, &merged);
                    }
                }
                (None, Some(base)) => each(part, &base.lines),
                (None, None) => {}
            }
        }
        derived.as_mut().map(|d| std::mem::take(&mut d.report)).unwrap_or_default()
    }
}

impl Store {
    /// The tiles that have lanes, in order.
    pub fn tiles(&self) -> Result<Vec<Place>, Error> {
        let mut places: Vec<Place> = Vec::new();
        for LaneId { space, tile, lane } in self.lanes()? {
            match places.last_mut().filter(|p| p.space == space && p.tile == tile) {
                Some(place) => place.lanes.push(lane),
                None => places.push(Place { space, tile, lanes: vec![lane] }),
            }
        }
        Ok(places)
    }

    /// Reads one tile and gives it to `work`.
    ///
    /// # Errors
    /// Where the system says no. What is damaged, a segment or what names the events of a lane, is in the replay.
    pub fn replay<T>(
        &self,
        place: &Place,
        wanted: Wanted<'_>,
        all: bool,
        work: impl FnOnce(Replay<'_, '_>) -> T,
    ) -> Result<T, Error> {
        let mut passed_over: Vec<Lane> = Vec::new();
        loop {
            let mut reading = Reading::open(self, place, wanted, &passed_over)?;
            let mut arenas = Arenas::new(reading.batches());
            let scope = wanted.scope();
            let select =
                |space: &str, tile| (space != place.space || tile != place.tile).then_some("store.lane");
            let parts = std::mem::take(&mut reading.parts);
            let gatherer = Gatherer::new(&mut arenas, &scope, wanted.filter, &select);
            let (events, mut damage) = gather_events(&parts, wanted.keeps, &gatherer);
            let mut split = split_snapshots(&parts, &events, wanted.filter);
            let (lines, more) =
                gather_lines(&parts, &gatherer, |at, _| std::mem::take(&mut split[at].touched));
            damage.extend(more);
            let mut world = World::new(in_order(lines, events), scope.defaults());
            let mut unusable = unusable(&parts, &world);
            let awaited = awaited(&parts, &world);
            let mut report = Report::new(all);
            if unusable.is_empty() {
                tell(&parts, &mut world, 0);
                report = world.report(all);
                report.join(world.order(all));
                unusable = moved(&awaited, &world);
            }
            if !unusable.is_empty() {
                passed_over.extend(unusable);
                continue;
            }
            reading.damage.extend(damage);
            let Reading { damage, absent, .. } = &reading;
            let carried: Vec<_> = split.into_iter().map(|split| split.carried).collect();
            let (parts, world, carried) = (&parts[..], &world, &carried[..]);
            return Ok(work(Replay { store: self, place, parts, world, carried, damage, absent, report }));
        }
    }

    /// Reads some tiles, all at once, and gives them to `work`: for what joins the tiles of a space.
    ///
    /// # Errors
    /// As [`Store::replay`].
    pub fn replay_together<T>(
        &self,
        places: &[Place],
        wanted: Wanted<'_>,
        all: bool,
        work: impl FnOnce(Together<'_, '_>) -> T,
    ) -> Result<T, Error> {
        let mut whole = Reading::none(self, wanted);
        for place in places {
            let reading = open_usable(self, place, wanted)?;
            whole.parts.extend(reading.parts);
            whole.damage.extend(reading.damage);
            whole.absent.extend(reading.absent);
        }
        let mut arenas = Arenas::new(whole.batches());
        let scope = wanted.scope();
        let select = |_: &str, _: Tile| None;
        let gatherer = Gatherer::new(&mut arenas, &scope, wanted.filter, &select);
        let (events, damage) = gather_events(&whole.parts, wanted.keeps, &gatherer);
        let (lines, more) = gather_lines(&whole.parts, &gatherer, |_, base| base.all_lines().collect());
        whole.damage.extend(more);
        let mut world = World::new(in_order(lines, events), scope.defaults());
        for i in 0..world.len() {
            let (space, tile) = world.place(i);
            let before = |p: &Part| (p.id.space.as_str(), p.id.tile) < (space, tile);
            let here = &whole.parts[whole.parts.partition_point(before)..];
            let count = here.partition_point(|p| p.id.space == space && p.id.tile == tile);
            tell(&here[..count], &mut world, i);
        }
        let mut report = world.report(all);
        report.join(world.order(all));
        whole.damage.extend(damage);
        let Reading { parts, damage, absent, .. } = &whole;
        Ok(work(Together { parts, world: &world, damage, absent, report }))
    }
}

/// Opens the lanes of a tile with no snapshot that the events after it make unusable.
fn open_usable<'s>(store: &'s Store, place: &Place, wanted: Wanted<'_>) -> Result<Reading<'s>, Error> {
    let mut passed_over: Vec<Lane> = Vec::new();
    loop {
        let reading = Reading::open(store, place, wanted, &passed_over)?;
        let parts = &reading.parts;
        if !parts.iter().any(|p| p.base.is_some()) || !parts.iter().any(Part::has_news) {
            return Ok(reading);
        }
        let unusable = {
            let mut arenas = Arenas::new(reading.batches());
            let scope = Scope::default();
            let select = |_: &str, _: Tile| None;
            let gatherer = Gatherer::new(&mut arenas, &scope, wanted.filter, &select);
            let (events, _) = gather_events(parts, false, &gatherer);
            let mut world = World::new(events, scope.defaults());
            let mut unusable = unusable(parts, &world);
            let awaited = awaited(parts, &world);
            if unusable.is_empty() && !awaited.is_empty() {
                tell(parts, &mut world, 0);
                world.order(false);
                unusable = moved(&awaited, &world);
            }
            unusable
        };
        if unusable.is_empty() {
            return Ok(reading);
        }
        passed_over.extend(unusable);
    }
}

/// The manifests that were read, as the lines whose digest is a run's input.
pub fn manifest_lines(parts: &[Part]) -> String {
    parts.iter().map(|part| format!("{}\n", part.hash)).collect()
}

/// The names of the events of each lane with their effective times, in no order.
pub fn times_by_lane<'a>(world: &World<'a>) -> HashMap<Lane, Vec<(&'a str, Time)>> {
    let mut by_lane: HashMap<Lane, Vec<_>> = HashMap::new();
    if !world.is_empty() {
        for (key, _, row) in world.rows(0) {
            by_lane.entry(row.lane).or_default().push((row.id, key.eff));
        }
    }
    by_lane
}
