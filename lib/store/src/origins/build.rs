//! Bringing the index up to what the store holds: tile by tile, of each what is new, or all of it.

use super::lanes::{Covered, Lanes, NAME};
use super::rows::{MAX_LANE, of_ascending};
use super::{About, DIR, Doer, LaneAt, MOST, Origins, Place, Seen, Table, Trouble};
use super::{keep, of_descending, place_of, rows_of, start_of, sweep, totals};
use crate::commit::Draft;
use crate::covers::{Covers, Held};
use crate::manifest::Entry;
use crate::object::Bytes;
use crate::read::{self, Damage, Part, Wanted};
use crate::sorted_table::Row;
use crate::{Error, LaneId, Store, dedup};
use bumpalo::Bump;
use foldhash::{HashMap, HashSet, HashSetExt as _};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;
use ulp_core::event::{Defaults, Line, Reader};
use ulp_core::hash::Blake3;
use ulp_core::id::{Key, Lane, Tile, Time};
use ulp_core::parallel::in_order;
use ulp_core::scope::Scope;
use ulp_core::world::{Arenas, Filter, Gatherer, World};

/// A tile of which something is not covered.
struct Job {
    place: read::Place,
    kept: Vec<Covered>,
    /// The numbers that its lanes can have.
    numbers: Range<u32>,
}

/// What a tile gives to the index.
#[derive(Default)]
struct Given {
    rows: Vec<Row>,
    lanes: Vec<Grown>,
    damage: Vec<Damage>,
    absent: Vec<Damage>,
}

/// A lane as it was read.
struct Grown {
    id: LaneId,
    number: u32,
    manifest: Blake3,
    events: u64,
    bytes: u64,
    /// Nothing where not all of it could be read.
    covers: Option<Covers>,
}

/// Reads what the index does not cover, and keeps what comes of it where it can.
pub(super) fn bring_up(
    store: &Store,
    seen: Vec<Seen>,
    mut lanes: Lanes,
    tables: Vec<Table>,
) -> Result<Origins<'_>, Error> {
    let manifests = seen.iter().map(|seen| format!("{}\n", seen.manifest)).collect();
    let kept = std::mem::take(&mut lanes.lanes);
    let (whole, jobs) = compare(seen, kept, &mut lanes.next);
    let mut origins = Origins {
        store,
        lanes: Vec::new(),
        numbers: HashMap::default(),
        tables,
        segments: RefCell::default(),
        damage: Vec::new(),
        absent: Vec::new(),
        manifests,
    };
    let known = whole.iter().chain(jobs.iter().flat_map(|job| &job.kept));
    known.for_each(|lane| origins.add(lane.id.clone(), lane.number));
    lanes.lanes = whole;
    if jobs.is_empty() {
        return Ok(origins);
    }
    let (mut given, mut anew) = (Vec::new(), Vec::new());
    for job in &jobs {
        match grow(&origins, job)? {
            Some(more) => given.push(more),
            None => anew.push(job),
        }
    }
    origins.lanes.clear();
    origins.numbers.clear();
    lanes.lanes.iter().for_each(|lane| origins.add(lane.id.clone(), lane.number));
    let mut taking = Taking { origins, lanes, kept: Vec::new(), loose: Vec::new(), is_kept: true };
    given.into_iter().try_for_each(|given| taking.take(given))?;
    let order: Vec<usize> = (0..anew.len()).collect();
    in_order(&order, |i| make(store, anew[i]), |made| taking.take(made?))?;
    taking.finish()
}

impl Origins<'_> {
    fn add(&mut self, id: LaneId, number: u32) {
        self.numbers.insert(number, self.lanes.len());
        self.lanes.push(LaneAt { id, entries: RefCell::default() });
    }
}

/// The lanes that are covered to their ends, and the tiles that are not.
fn compare(seen: Vec<Seen>, kept: Vec<Covered>, next: &mut u32) -> (Vec<Covered>, Vec<Job>) {
    let of_tile = |id: &LaneId| (id.space.clone(), id.tile);
    let (mut whole, mut jobs) = (Vec::new(), Vec::new());
    let mut kept = kept.into_iter().peekable();
    for tile in seen.chunk_by(|a, b| a.id.space == b.id.space && a.id.tile == b.id.tile) {
        let place = (tile[0].id.space.as_str(), tile[0].id.tile);
        let mut here = Vec::new();
        while let Some(lane) = kept.next_if(|lane| (lane.id.space.as_str(), lane.id.tile) <= place) {
            if (lane.id.space.as_str(), lane.id.tile) == place {
                here.push(lane);
            }
        }
        let same = |(seen, kept): (&Seen, &Covered)| (&seen.id, seen.manifest) == (&kept.id, kept.manifest);
        if here.len() == tile.len() && tile.iter().zip(&here).all(same) {
            whole.extend(here);
            continue;
        }
        let (space, at) = of_tile(&tile[0].id);
        let lanes: Vec<Lane> = tile.iter().map(|seen| seen.id.lane).collect();
        let count = u32::try_from(lanes.len()).unwrap_or(u32::MAX);
        let numbers = *next..next.saturating_add(count);
        *next = numbers.end;
        jobs.push(Job { place: read::Place { space, tile: at, lanes }, kept: here, numbers });
    }
    (whole, jobs)
}

/// What is taken in while tiles come.
struct Taking<'s> {
    origins: Origins<'s>,
    lanes: Lanes,
    /// Rows of lanes that are covered, and of those that are not.
    kept: Vec<Row>,
    loose: Vec<Row>,
    /// Whether the index can be kept.
    is_kept: bool,
}

impl<'s> Taking<'s> {
    fn take(&mut self, given: Given) -> Result<(), Error> {
        let covered = given.lanes.iter().all(|lane| lane.covers.is_some() && lane.number <= MAX_LANE);
        for lane in given.lanes {
            self.origins.add(lane.id.clone(), lane.number);
            if let Some(covers) = lane.covers.filter(|_| covered) {
                let Grown { id, number, manifest, events, bytes, .. } = lane;
                self.lanes.lanes.push(Covered { id, number, manifest, events, bytes, covers });
            }
        }
        if covered { &mut self.kept } else { &mut self.loose }.extend(given.rows);
        self.origins.damage.extend(given.damage);
        self.origins.absent.extend(given.absent);
        if self.kept.len() >= MOST {
            self.put();
        }
        Ok(())
    }

    /// Makes a table of the rows that were gathered, and takes small ones into it.
    fn put(&mut self) {
        let Taking { origins, lanes, kept, .. } = self;
        let (store, mut rows) = (origins.store, std::mem::take(kept));
        if rows.is_empty() {
            return;
        }
        let can_write = store.is_trusted() && store.is_writable();
        let takes = self.is_kept && can_write;
        while let Some(Table::Kept(last)) = origins.tables.last().filter(|_| takes) {
            if last.len() > 2 * rows.len() || last.len() + rows.len() > MOST {
                break;
            }
            // One that is damaged stays, and is found out by whoever looks.
            let Ok(old) = last.rows() else { break };
            rows.extend(old.into_iter().filter(|row| origins.numbers.contains_key(&place_of(row).lane())));
            origins.tables.pop();
            lanes.tables.pop();
        }
        rows.sort_unstable();
        rows.dedup();
        match keep(store, &rows).ok().filter(|_| self.is_kept && can_write) {
            Some(name) => lanes.tables.push(name),
            None => self.is_kept = false,
        }
        // What was written is as good from memory.
        origins.tables.push(Table::Fresh(rows));
    }

    fn finish(mut self) -> Result<Origins<'s>, Error> {
        self.put();
        let Taking { mut origins, mut lanes, mut loose, is_kept, .. } = self;
        if is_kept && origins.store.is_trusted() && origins.store.is_writable() {
            lanes.lanes.sort_by(|a, b| a.id.cmp(&b.id));
            let draft = Draft { dir: DIR.to_owned(), name: NAME.to_owned(), bytes: lanes.print() };
            if origins.store.hint(&draft).is_ok() {
                sweep(origins.store, &lanes);
            }
        }
        if !loose.is_empty() {
            loose.sort_unstable();
            loose.dedup();
            origins.tables.push(Table::Fresh(loose));
        }
        origins.lanes_in_order();
        Ok(origins)
    }
}

impl Origins<'_> {
    /// Puts the lanes in order, by which spaces are told.
    fn lanes_in_order(&mut self) {
        let mut numbered: Vec<(u32, LaneId)> =
            self.numbers.iter().map(|(number, at)| (*number, self.lanes[*at].id.clone())).collect();
        numbered.sort_by(|a, b| a.1.cmp(&b.1));
        self.lanes.clear();
        self.numbers.clear();
        numbered.into_iter().for_each(|(number, id)| self.add(id, number));
    }
}

/// All rows of a tile.
fn make(store: &Store, job: &Job) -> Result<Given, Error> {
    let filter = Filter::default();
    let given = store.replay(&job.place, Wanted::new(&filter, false), false, |replay| {
        let mut given =
            Given { damage: replay.damage.to_vec(), absent: replay.absent.to_vec(), ..Given::default() };
        let is_whole = replay.damage.is_empty() && replay.absent.is_empty();
        let mut texts = Texts::default();
        for (part, number) in replay.parts.iter().zip(job.numbers.clone()) {
            texts.add_part(part, number);
            let covers = if is_whole { Covers::of_lane(store, &part.manifest, &part.entries)? } else { None };
            let (bytes, events) = totals(&part.entries);
            given.lanes.push(Grown {
                id: part.id.clone(),
                number,
                manifest: part.hash,
                events,
                bytes,
                covers,
            });
        }
        texts.rows(replay.world, &mut given.rows);
        Ok(given)
    });
    given?
}

/// Where the lines of lanes lie in memory, so that of a line its place is found.
#[derive(Default)]
struct Texts(Vec<(Range<usize>, u32, u64)>);

impl Texts {
    fn add_part(&mut self, part: &Part, number: u32) {
        part.texts().for_each(|(bytes, offset)| self.add(bytes, number, offset));
    }

    fn add(&mut self, bytes: &[u8], number: u32, offset: u64) {
        let start = bytes.as_ptr().addr();
        self.0.push((start..start + bytes.len(), number, offset));
    }

    /// Appends the rows of the events of a world of one tile.
    fn rows(mut self, world: &World<'_>, rows: &mut Vec<Row>) {
        self.0.sort_unstable_by_key(|(range, _, _)| range.start);
        let mut named = HashSet::new();
        if world.is_empty() {
            return;
        }
        let (space, tile) = world.place(0);
        for (key, _, row) in world.rows(0) {
            let Some(place) = self.place(row.line) else { continue };
            let doer = Doer { space, tile, key, parents: row.parents, payload: row.payload, place };
            rows_of(&doer, &mut named, rows);
        }
    }

    fn place(&self, line: &[u8]) -> Option<Place> {
        let at = line.as_ptr().addr();
        let (range, number, offset) =
            &self.0[self.0.partition_point(|text| text.0.start <= at).checked_sub(1)?];
        Place::new(*number, offset + (at - range.start) as u64)
    }
}

/// The rows of what is new in a tile; nothing where it is to be made anew.
fn grow(origins: &Origins<'_>, job: &Job) -> Result<Option<Given>, Error> {
    let Some(news) = News::read(origins.store, job)? else { return Ok(None) };
    if news.bytes() > job.kept.iter().map(|lane| lane.bytes).sum() {
        return Ok(None);
    }
    let mut given = Given::default();
    let mut arenas = Arenas::new(news.texts.len());
    let (scope, filter) = (Scope::default(), Filter::default());
    let select = |_: &str, _: Tile| None;
    let gatherer = Gatherer::new(&mut arenas, &scope, &filter, &select);
    let (mut batches, mut texts) = (Vec::new(), Texts::default());
    for (source, text) in (0..).zip(&news.texts) {
        let fresh = text.fresh();
        let lines = (1..).zip(dedup::lines(fresh)).map(|(n, line)| (n, Ok((line, line))));
        let Ok(batch) = gatherer.batch(source, lines) else { return Ok(None) };
        if !batch.is_segment_of(&job.place.space, job.place.tile, text.lane, text.events, false) {
            return Ok(None);
        }
        batches.push(batch);
        texts.add(fresh, text.number, text.start + text.skip as u64);
    }
    let mut world = World::new(batches, scope.defaults());
    if !world.is_empty() {
        match order(origins, job, &mut world) {
            Ok(true) => {}
            Ok(false) | Err(Trouble::Damaged | Trouble::Lost(_)) => return Ok(None),
            Err(Trouble::Store(error)) => return Err(error),
        }
        texts.rows(&world, &mut given.rows);
    }
    given.lanes = news.lanes;
    Ok(Some(given))
}

/// Orders what is new after what was there; answers whether that stays as it was.
fn order(origins: &Origins<'_>, job: &Job, world: &mut World<'_>) -> Result<bool, Trouble> {
    let (space, tile) = (job.place.space.as_str(), job.place.tile);
    let names: Vec<(&str, Lane)> = world.named(0).map(|(name, lane, _)| (name, lane)).collect();
    let own: HashSet<&str> = names.iter().map(|(name, _)| *name).collect();
    let mut awaited: HashMap<&str, Time> = HashMap::default();
    for (name, _) in &names {
        if !origins.bearers(space, tile, name)?.is_empty() {
            return Ok(false);
        }
        origins.scan(start_of(space, About::Children(tile, name)), [0; 8], &mut |middle, place| {
            let is_here = origins.lane(place).is_some_and(|id| id.tile == tile);
            if is_here {
                awaited.insert(name, of_ascending(middle));
            }
            !is_here
        })?;
    }
    let parents: BTreeSet<&str> = world.named(0).flat_map(|(_, _, parents)| parents.iter()).collect();
    let mut known = Vec::new();
    for parent in parents.into_iter().filter(|parent| !own.contains(parent)) {
        known
            .extend(origins.bearers(space, tile, parent)?.into_iter().map(|(lane, eff)| (lane, parent, eff)));
    }
    known.into_iter().for_each(|(lane, parent, eff)| world.know(0, lane, parent, eff));
    world.order(false);
    let moves = |key: Key<'_>| awaited.get(key.id).is_some_and(|least| key.eff >= *least);
    Ok(!world.has_cycle(0) && !world.rows(0).any(|(key, _, _)| moves(key)))
}

impl Origins<'_> {
    /// The lanes and times of the events of a tile that bear a name.
    fn bearers(&self, space: &str, tile: Tile, name: &str) -> Result<Vec<(Lane, Time)>, Trouble> {
        let mut found = Vec::new();
        self.scan(start_of(space, About::Event(name)), [0; 8], &mut |middle, place| {
            let lane = self.lane(place).filter(|id| id.tile == tile && id.space == space);
            found.extend(lane.map(|id| (id.lane, of_descending(middle), place)));
            true
        })?;
        let mut bearers = Vec::new();
        for (lane, eff, place) in found {
            if bears(self.line(place)?.text(), name) {
                bearers.push((lane, eff));
            }
        }
        Ok(bearers)
    }
}

fn bears(line: &[u8], name: &str) -> bool {
    let (arena, defaults) = (Bump::new(), Defaults::default());
    matches!(Reader::new(&arena, &defaults).read_bytes(line), Ok(Line::Event(event)) if event.id == name)
}

/// What lanes have that is not covered.
struct News {
    lanes: Vec<Grown>,
    texts: Vec<Text>,
}

/// A segment, of which the first bytes may be covered.
struct Text {
    lane: Lane,
    number: u32,
    bytes: Bytes,
    /// Where it begins among all lines of the lane.
    start: u64,
    skip: usize,
    /// How many events are not covered.
    events: u64,
}

impl Text {
    fn fresh(&self) -> &[u8] {
        self.bytes.get(self.skip..).unwrap_or_default()
    }
}

impl News {
    fn bytes(&self) -> u64 {
        self.texts.iter().map(|text| text.fresh().len() as u64).sum()
    }

    /// Nothing where the lanes do not hold what is covered, or something is not here.
    fn read(store: &Store, job: &Job) -> Result<Option<News>, Error> {
        let mut news = News { lanes: Vec::new(), texts: Vec::new() };
        let read::Place { space, tile, lanes } = &job.place;
        if job.kept.is_empty() || !job.kept.iter().all(|kept| lanes.contains(&kept.id.lane)) {
            return Ok(None);
        }
        for (lane, number) in lanes.iter().zip(job.numbers.clone()) {
            let id = LaneId { space: space.clone(), tile: *tile, lane: *lane };
            let Ok(Some((manifest, bytes))) = store.manifest(&id) else { return Ok(None) };
            let Ok(entries) = store.entries(&manifest, None) else { return Ok(None) };
            let kept = job.kept.iter().find(|kept| kept.id == id);
            let number = kept.map_or(number, |kept| kept.number);
            if let Some(kept) = kept
                && kept.covers.held(store, &entries, kept.events)? != Held::Yes
            {
                return Ok(None);
            }
            let seen = kept.map_or((0, 0), |kept| (kept.bytes, kept.events));
            if !news.load(store, &entries, (*lane, number), seen)? {
                return Ok(None);
            }
            let Some(covers) = Covers::of_lane(store, &manifest, &entries)? else { return Ok(None) };
            let ((all, events), manifest) = (totals(&entries), Blake3::of(&bytes));
            news.lanes.push(Grown { id, number, manifest, events, bytes: all, covers: Some(covers) });
        }
        Ok(Some(news))
    }

    /// Loads the segments of a lane behind the bytes and events that are covered; answers whether all are here.
    fn load(
        &mut self,
        store: &Store,
        entries: &[Entry],
        (lane, number): (Lane, u32),
        (bytes, events): (u64, u64),
    ) -> Result<bool, Error> {
        let (mut at, mut count) = (0, 0);
        for entry in entries {
            let (start, before) = (at, count);
            (at, count) = (at + entry.bytes, count + entry.events);
            if at <= bytes {
                continue;
            }
            let Some(text) = store.segment(entry)? else { return Ok(false) };
            let skip = usize::try_from(bytes.saturating_sub(start)).unwrap_or(usize::MAX);
            let events = count - before.max(events.min(count));
            self.texts.push(Text { lane, number, bytes: text, start, skip, events });
        }
        Ok(at >= bytes && count >= events)
    }
}
