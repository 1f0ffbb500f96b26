//! Reading a tile back: from the last usable snapshot of each lane and the events after it, or from all events.
//!
//! The result is that of replaying everything, always. A snapshot is a part of the join, so events may come late; it
//! is passed over only where one of them changes when an event before the snapshot took effect, or might: where its
//! name is a parent that was missing, or one that was there already. A lane leans on the looser ones of its tile, so
//! its snapshot is used where those of all of them are, and have seen the same.

use super::manifest::{Absent, Entry, Manifest};
use super::object::{Bytes, Found};
use super::segment::has_ends;
use super::snapshot::record::{Record, Times, seen};
use super::{Error, LaneId, Store, dedup};
use foldhash::{HashMap, HashMapExt as _, HashSet, HashSetExt as _};
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::ops::Range;
use ulp_core::hash::{Blake3, Sha256};
use ulp_core::id::{Lane, Tile};
use ulp_core::report::Report;
use ulp_core::scope::Scope;
use ulp_core::state::untouched::{self, SplitLines, Subject};
use ulp_core::world::{Arenas, Batch, Filter, Gatherer, World};

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
}

impl<'f> Wanted<'f> {
    /// Everything that a filter takes in, from the events alone or from snapshots too.
    pub fn new(filter: &'f Filter, snapshots: bool) -> Wanted<'f> {
        Wanted { filter, snapshots, verify: false }
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
    /// The segment, and which events of the lane it holds, counted from 0.
    pub segment: Sha256,
    pub events: Range<u64>,
    pub reason: &'static str,
}

impl Damage {
    /// A segment that is not here, or is not what it should be.
    pub fn missing(lane: &LaneId, entry: &Entry, events: Range<u64>) -> Damage {
        let (lane, segment) = (lane.clone(), entry.hash);
        Damage { lane, code: "store.missing", segment, events, reason: "it is missing or damaged" }
    }
}

/// A lane of a tile that is being read.
#[derive(Debug)]
pub struct Part {
    pub id: LaneId,
    pub manifest: Manifest,
    /// Of the manifest's bytes.
    pub hash: Blake3,
    pub base: Option<Base>,
    segments: Vec<Loaded>,
}

/// The snapshot that a lane is read from.
#[derive(Debug)]
pub struct Base {
    pub record: Record,
    pub lines: Bytes,
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

    fn base_count(&self) -> u64 {
        self.base.as_ref().map_or(0, |b| seen(&b.record, self.id.lane))
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
    /// Where the system says no, or what names the events is damaged. Damaged segments are in the replay.
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
            let (events, mut damage) = gather_events(&parts, &gatherer);
            let mut split = split_snapshots(&parts, &events, wanted.filter);
            let (lines, more) =
                gather_lines(&parts, &gatherer, |at, _| std::mem::take(&mut split[at].touched));
            damage.extend(more);
            let mut world = World::new(in_order(lines, events), scope.defaults());
            let unusable = if world.is_empty() { Vec::new() } else { unusable(&parts, &world) };
            if !unusable.is_empty() {
                passed_over.extend(unusable);
                continue;
            }
            if !world.is_empty() {
                tell(&parts, &mut world, 0);
            }
            let mut report = world.report(all);
            report.join(world.order(all));
            reading.damage.extend(damage);
            let Reading { damage, absent, .. } = &reading;
            let carried: Vec<_> = split.into_iter().map(|split| split.carried).collect();
            let carried = &carried[..];
            return Ok(work(Replay { place, parts: &parts, world: &world, carried, damage, absent, report }));
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
        let mut whole = Reading { store: self, parts: Vec::new(), damage: Vec::new(), absent: Vec::new() };
        for place in places {
            let reading = Reading::open_usable(self, place, wanted)?;
            whole.parts.extend(reading.parts);
            whole.damage.extend(reading.damage);
            whole.absent.extend(reading.absent);
        }
        let mut arenas = Arenas::new(whole.batches());
        let scope = wanted.scope();
        let select = |_: &str, _: Tile| None;
        let gatherer = Gatherer::new(&mut arenas, &scope, wanted.filter, &select);
        let (events, damage) = gather_events(&whole.parts, &gatherer);
        let (lines, more) =
            gather_lines(&whole.parts, &gatherer, |_, base| dedup::lines(&base.lines).collect());
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

/// The lanes of a tile while they are opened.
struct Reading<'s> {
    store: &'s Store,
    parts: Vec<Part>,
    damage: Vec<Damage>,
    absent: Vec<Damage>,
}

impl<'s> Reading<'s> {
    fn open(
        store: &'s Store,
        place: &Place,
        wanted: Wanted<'_>,
        passed_over: &[Lane],
    ) -> Result<Reading<'s>, Error> {
        let takes = |lane: Lane| wanted.filter.lanes[lane.index()];
        let counts = |lane: &Lane| place.lanes.iter().any(|l| takes(*l) && lane.is_no_stricter_than(*l));
        let mut lanes: Vec<Lane> = place.lanes.iter().copied().filter(counts).collect();
        // A stricter lane is read before those that it leans on, so that what it names is there.
        lanes.sort_by_key(|lane| lane.realm as u8 + lane.policy as u8);
        let mut parts = Vec::with_capacity(lanes.len());
        for lane in lanes {
            let id = LaneId { space: place.space.clone(), tile: place.tile, lane };
            if let Some((manifest, bytes)) = store.manifest(&id)? {
                let hash = Blake3::of(&bytes);
                parts.push(Part { id, manifest, hash, base: None, segments: Vec::new() });
            }
        }
        let mut reading = Reading { store, parts, damage: Vec::new(), absent: Vec::new() };
        if wanted.snapshots && store.is_trusted() {
            reading.choose_bases(passed_over)?;
        }
        for at in 0..reading.parts.len() {
            reading.load(at)?;
        }
        reading.parts.sort_by_key(|part| part.id.lane);
        Ok(reading)
    }

    /// Opens the lanes of a tile with no snapshot that the events after it make unusable.
    fn open_usable(store: &'s Store, place: &Place, wanted: Wanted<'_>) -> Result<Reading<'s>, Error> {
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
                let (events, _) = gather_events(parts, &gatherer);
                let world = World::new(events, scope.defaults());
                if world.is_empty() { Vec::new() } else { unusable(parts, &world) }
            };
            if unusable.is_empty() {
                return Ok(reading);
            }
            passed_over.extend(unusable);
        }
    }

    /// Chooses the snapshots, the loosest lane's first.
    fn choose_bases(&mut self, passed_over: &[Lane]) -> Result<(), Error> {
        for at in (0..self.parts.len()).rev() {
            let part = &self.parts[at];
            let lane = part.id.lane;
            if passed_over.contains(&lane) {
                continue;
            }
            let looser = |p: &&Part| p.id.lane != lane && p.id.lane.is_no_stricter_than(lane);
            let looser: Vec<&Part> = self.parts.iter().filter(looser).collect();
            let fits = |record: &Record| {
                let own = seen(record, lane);
                let agree =
                    looser.iter().all(|p| p.base.is_some() && seen(record, p.id.lane) == p.base_count());
                let lanes = looser.len() + 1;
                own <= part.manifest.events() && own > 0 && agree && record.events.len() == lanes
            };
            let mut base = None;
            for record in self.store.records(&part.id)?.into_iter().filter(fits) {
                if let Some(lines) = self.store.snapshot(&record)? {
                    let times = self.store.times(&part.id, &record)?;
                    base = Some(Base { record, lines, times });
                    break;
                }
            }
            self.parts[at].base = base;
        }
        Ok(())
    }

    /// Opens the segments of a lane that its snapshot has not seen.
    fn load(&mut self, at: usize) -> Result<(), Error> {
        match self.load_once(at)? {
            None => Ok(()),
            // The manifest may be old by now, and what it names merged and pruned: it is read once more.
            Some(_) => {
                let part = &mut self.parts[at];
                if let Some((manifest, bytes)) = self.store.manifest(&part.id)? {
                    (part.manifest, part.hash) = (manifest, Blake3::of(&bytes));
                }
                let lost = self.load_once(at)?;
                self.damage.extend(lost.into_iter().flatten());
                Ok(())
            }
        }
    }

    /// Answers which segments are missing, if any are.
    fn load_once(&mut self, at: usize) -> Result<Option<Vec<Damage>>, Error> {
        let part = &self.parts[at];
        let base = part.base_count();
        let (entries, mut start) = if base >= part.manifest.before() {
            (part.manifest.segments.clone(), part.manifest.before())
        } else {
            (self.store.entries(&part.manifest, None)?, 0)
        };
        let (mut segments, mut lost, mut absent) = (Vec::new(), Vec::new(), Vec::new());
        for entry in entries {
            let events = start..start + entry.events;
            start = events.end;
            if events.end <= base {
                continue;
            }
            let say = |code, reason| {
                let (lane, segment) = (part.id.clone(), entry.hash);
                Damage { lane, code, segment, events: events.clone(), reason }
            };
            match entry.absent {
                Absent::Lost => absent.push(say("store.lost", "it was damaged and taken away")),
                Absent::Elsewhere => absent.push(say("store.elsewhere", "a pack left it out")),
                Absent::No => match self.store.object(&entry.hash, Some(entry.bytes))? {
                    Found::Here(bytes) => {
                        let skip = base.saturating_sub(events.start);
                        segments.push(Loaded { bytes, start: events.start, skip, entry });
                    }
                    Found::Missing => lost.push(say("store.missing", "its object is missing")),
                    Found::Wrong(_) => lost.push(say("store.length", "its object has another length")),
                },
            }
        }
        let part = &mut self.parts[at];
        part.segments = segments;
        self.absent.extend(absent);
        Ok((!lost.is_empty()).then_some(lost))
    }

    fn batches(&self) -> usize {
        self.parts.iter().map(|part| part.segments.len() + 1).sum()
    }
}

/// Splits the snapshots of the lanes that have news into the lines that these touch, and the others.
fn split_snapshots<'p>(parts: &'p [Part], news: &[Batch<'_>], filter: &Filter) -> Vec<SplitLines<'p>> {
    let mut touched: [HashSet<Subject<'_>>; Lane::COUNT] = Default::default();
    news.iter().for_each(|batch| {
        batch.touches(|lane, subject| {
            touched[lane.index()].insert(subject);
        });
    });
    let each = |part: &'p Part| {
        let Some(base) = part.base.as_ref().filter(|_| part.has_news()) else { return SplitLines::default() };
        let all = || SplitLines { touched: dedup::lines(&base.lines).collect(), carried: Vec::new() };
        // A cut asks about every line.
        let split =
            filter.at.is_none().then(|| untouched::split(&base.lines, &touched[part.id.lane.index()]));
        split.flatten().unwrap_or_else(all)
    };
    parts.iter().map(each).collect()
}

/// Reads the segments of some lanes. What is not what it should be is left out, and told.
fn gather_events<'a>(parts: &'a [Part], gatherer: &Gatherer<'a>) -> (Vec<Batch<'a>>, Vec<Damage>) {
    let segments = |(source, part): (u32, &'a Part)| part.segments.iter().map(move |s| (source, part, s));
    let jobs: Vec<_> = (0..).zip(parts).flat_map(segments).collect();
    sort_out(jobs.par_iter().map(|(source, part, segment)| read_segment(*source, part, segment, gatherer)))
}

/// Reads lines of the snapshots of some lanes: of each what `of` says, in the order of the lanes.
fn gather_lines<'a>(
    parts: &'a [Part],
    gatherer: &Gatherer<'a>,
    mut of: impl FnMut(usize, &'a Base) -> Vec<&'a [u8]>,
) -> (Vec<Batch<'a>>, Vec<Damage>) {
    let lines = |(at, part): (usize, &'a Part)| Some((at, part, of(at, part.base.as_ref()?)));
    let jobs: Vec<_> = parts.iter().enumerate().filter_map(lines).filter(|job| !job.2.is_empty()).collect();
    sort_out(jobs.par_iter().map(|(at, part, lines)| read_lines(*at, part, lines, gatherer)))
}

fn sort_out<'a>(
    read: impl IndexedParallelIterator<Item = Result<Batch<'a>, Box<Damage>>>,
) -> (Vec<Batch<'a>>, Vec<Damage>) {
    let read: Vec<_> = read.collect();
    let (mut batches, mut damage) = (Vec::with_capacity(read.len()), Vec::new());
    for outcome in read {
        match outcome {
            Ok(batch) => batches.push(batch),
            Err(found) => damage.push(*found),
        }
    }
    (batches, damage)
}

/// Batches of snapshots and of segments as they would stand in a stream: each lane's snapshot before its segments.
fn in_order<'a>(mut lines: Vec<Batch<'a>>, events: Vec<Batch<'a>>) -> Vec<Batch<'a>> {
    lines.extend(events);
    lines.sort_by_key(Batch::source);
    lines
}

fn damaged(part: &Part, segment: Sha256, events: Range<u64>, reason: &'static str) -> Box<Damage> {
    Box::new(Damage { lane: part.id.clone(), code: "store.segment", segment, events, reason })
}

const NO_ROOM: &str = "there is no room for it";

fn read_segment<'a>(
    source: u32,
    part: &'a Part,
    segment: &'a Loaded,
    gatherer: &Gatherer<'a>,
) -> Result<Batch<'a>, Box<Damage>> {
    let LaneId { space, tile, lane } = &part.id;
    let events = segment.entry.events;
    let wrong = |reason| damaged(part, segment.entry.hash, segment.start..segment.start + events, reason);
    let skip = usize::try_from(segment.skip).unwrap_or(usize::MAX);
    let lines = (1..).zip(dedup::lines(&segment.bytes)).skip(skip).map(|(n, line)| (n, Ok((line, line))));
    let mut batch = gatherer.batch(source, lines).map_err(|_| wrong(NO_ROOM))?;
    batch.set_lines(u32::try_from(events).unwrap_or(u32::MAX));
    let count = events.saturating_sub(segment.skip);
    let holds = batch.is_segment_of(space, *tile, *lane, count, gatherer.has_gate());
    if !holds || !has_ends(&segment.entry, &segment.bytes) {
        return Err(wrong("it does not hold the events that are said of it"));
    }
    Ok(batch)
}

fn read_lines<'a>(
    at: usize,
    part: &'a Part,
    lines: &[&'a [u8]],
    gatherer: &Gatherer<'a>,
) -> Result<Batch<'a>, Box<Damage>> {
    let LaneId { space, tile, lane } = &part.id;
    let object = part.base.as_ref().map_or(Sha256([0; 32]), |b| b.record.object);
    let wrong = |reason| damaged(part, object, 0..part.base_count(), reason);
    let source = u32::try_from(at).map_err(|_| wrong(NO_ROOM))?;
    let lines = (1..).zip(lines).map(|(n, line)| (n, Ok((*line, *line))));
    let batch = gatherer.batch(source, lines).map_err(|_| wrong(NO_ROOM))?;
    if !batch.is_snapshot_of(space, *tile, *lane) {
        return Err(wrong("the snapshot holds more than its lane's state"));
    }
    Ok(batch)
}

/// The lanes whose snapshots cannot be used with the events that came after them.
fn unusable(parts: &[Part], world: &World<'_>) -> Vec<Lane> {
    let mut unusable: Vec<Lane> = Vec::new();
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
    let Some(base) = &part.base else { return false };
    let within: Vec<&Part> = parts.iter().filter(|p| p.id.lane.is_no_stricter_than(lane)).collect();
    let mut names: HashSet<&str> = HashSet::new();
    for (name, _, _) in world.named(0).filter(|(_, of, _)| of.is_no_stricter_than(lane)) {
        let Some(missing) = &base.record.missing else { return false };
        let known = within.iter().any(|p| !matches!(times(p).map(|t| t.find(name)), Some(Ok(None))));
        if !names.insert(name) || missing.contains(name) || known {
            return false;
        }
    }
    // Events of stricter lanes ask for their parents' times here too. Where the cache cannot answer, the events do.
    let askable = |parent: &&str| times(part).is_some_and(|t| t.find(parent).is_ok());
    world.named(0).filter(|(_, of, _)| lane.is_no_stricter_than(*of)).all(|(_, _, p)| p.iter().all(askable))
}

fn times(part: &Part) -> Option<&Times> {
    part.base.as_ref()?.times.as_ref()
}

/// Tells a world what the caches know of the parents that the events of one tile name.
fn tell<'a>(parts: &[Part], world: &mut World<'a>, tile: usize) {
    let mut parents: BTreeSet<&'a str> = BTreeSet::new();
    world.named(tile).for_each(|(_, _, names)| parents.extend(names));
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

/// The manifests that were read, as the lines whose digest is a run's input.
pub fn manifest_lines(parts: &[Part]) -> String {
    parts.iter().map(|part| format!("{}\n", part.hash)).collect()
}

/// The names of the events of each lane with their effective times, in no order.
pub fn times_by_lane<'a>(world: &World<'a>) -> HashMap<Lane, Vec<(&'a str, ulp_core::id::Time)>> {
    let mut by_lane: HashMap<Lane, Vec<_>> = HashMap::new();
    if !world.is_empty() {
        for (key, _, row) in world.rows(0) {
            by_lane.entry(row.lane).or_default().push((row.id, key.eff));
        }
    }
    by_lane
}
