//! Opening the lanes of a tile: their manifests, the snapshots that their lanes still hold, and the segments that
//! these have not seen.

use super::{Base, Damage, Loaded, Part, Place, Wanted};
use crate::covers::Held;
use crate::manifest::Absent;
use crate::object::Found;
use crate::snapshot::record::Record;
use crate::snapshot::stored::Lines;
use crate::{Error, LaneId, Store, dedup};
use std::borrow::Cow;
use ulp_core::hash::Blake3;
use ulp_core::id::Lane;

/// The lanes of a tile while they are opened.
pub(super) struct Reading<'s> {
    store: &'s Store,
    /// Whether what is derived is to be kept.
    keeps: bool,
    pub(super) parts: Vec<Part>,
    pub(super) damage: Vec<Damage>,
    pub(super) absent: Vec<Damage>,
}

impl Base {
    /// Its lines, and those that changed since.
    pub(super) fn all_lines(&self) -> impl Iterator<Item = &[u8]> {
        dedup::lines(&self.lines).chain(self.delta_lines())
    }

    pub(super) fn delta_lines(&self) -> impl Iterator<Item = &[u8]> {
        self.delta.iter().flat_map(|delta| dedup::lines(delta))
    }
}

/// A lane by what its manifest and its pages name, if it has any.
fn named(store: &Store, id: &LaneId) -> Result<Option<Part>, Error> {
    let Some((manifest, bytes)) = store.manifest(id)? else { return Ok(None) };
    let (entries, hash) = (store.entries(&manifest, None)?, Blake3::of(&bytes));
    let (id, base, segments) = (id.clone(), None, Vec::new());
    Ok(Some(Part { id, manifest, entries, hash, base, segments, is_short: false }))
}

impl<'s> Reading<'s> {
    /// Of nothing.
    pub(super) fn none(store: &'s Store, wanted: Wanted<'_>) -> Reading<'s> {
        Reading { store, keeps: wanted.keeps, parts: Vec::new(), damage: Vec::new(), absent: Vec::new() }
    }

    /// Opens a tile, but for the snapshots of some lanes. Its manifests may be old by now, and what they name merged
    /// and pruned: all is read once more before anybody speaks of damage.
    pub(super) fn open(
        store: &'s Store,
        place: &Place,
        wanted: Wanted<'_>,
        passed_over: &[Lane],
    ) -> Result<Reading<'s>, Error> {
        let first = Reading::open_once(store, place, wanted, passed_over)?;
        if first.damage.is_empty() {
            return Ok(first);
        }
        Reading::open_once(store, place, wanted, passed_over)
    }

    fn open_once(
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
        let mut reading = Reading::none(store, wanted);
        for lane in lanes {
            let id = LaneId { space: place.space.clone(), tile: place.tile, lane };
            match named(store, &id) {
                Ok(part) => reading.parts.extend(part),
                Err(error) => reading.damage.push(Damage::of_lane(&id, error)?),
            }
        }
        if wanted.snapshots && store.is_trusted() {
            reading.choose_bases(passed_over)?;
        }
        for at in 0..reading.parts.len() {
            reading.load(at)?;
        }
        reading.parts.sort_by_key(|part| part.id.lane);
        Ok(reading)
    }

    /// Chooses the snapshots, the loosest lane's first.
    fn choose_bases(&mut self, passed_over: &[Lane]) -> Result<(), Error> {
        for at in (0..self.parts.len()).rev() {
            if !passed_over.contains(&self.parts[at].id.lane) {
                self.parts[at].base = self.base_of(&self.parts[at])?;
            }
        }
        Ok(())
    }

    /// The newest snapshot of a lane that is whole and fits.
    fn base_of(&self, part: &Part) -> Result<Option<Base>, Error> {
        for record in self.store.records(&part.id)? {
            if !self.fits(part, &record)? {
                continue;
            }
            if let Some(Lines { base, delta, missing }) =
                self.store.snapshot_lines(&record, self.keeps || self.has_news(&record))?
            {
                let times = self.store.times(&part.id, &record)?;
                return Ok(Some(Base { record, lines: base, delta, missing, times }));
            }
        }
        Ok(None)
    }

    /// Whether there are events in the lanes that a record covers which it has not seen.
    fn has_news(&self, record: &Record) -> bool {
        self.parts.iter().any(|p| record.events.get(&p.id.lane).is_some_and(|seen| *seen < p.events()))
    }

    /// Whether the lanes of the tile hold what a record covers, and the looser ones are read from snapshots that have
    /// seen the same of them.
    fn fits(&self, part: &Part, record: &Record) -> Result<bool, Error> {
        let lane = part.id.lane;
        let looser = |p: &&Part| p.id.lane != lane && p.id.lane.is_no_stricter_than(lane);
        let agrees = self.parts.iter().filter(looser).all(|p| record.seen(p.id.lane) == p.base_count());
        if record.seen(lane) == 0 || !agrees {
            return Ok(false);
        }
        for (of, covers) in &record.covers {
            let events = record.seen(*of);
            let held = match self.parts.iter().find(|p| p.id.lane == *of) {
                Some(p) if p.base.as_ref().is_some_and(|b| b.record.covers.get(of) == Some(covers)) => {
                    Held::Yes
                }
                Some(p) => covers.held(self.store, &p.entries, events)?,
                None if self.store.came_from_elsewhere() => Held::Yes,
                None => covers.held(self.store, &[], events)?,
            };
            if held != Held::Yes {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Opens the segments of a lane that its snapshot has not seen.
    fn load(&mut self, at: usize) -> Result<(), Error> {
        let part = &self.parts[at];
        let (base, mut start) = (part.base_count(), 0);
        let (mut segments, mut lost, mut absent) = (Vec::new(), Vec::new(), Vec::new());
        for entry in &part.entries {
            let events = start..start + entry.events;
            start = events.end;
            if events.end <= base {
                continue;
            }
            let say = |code, reason| {
                let segment = Some((entry.hash, events.clone()));
                Damage { lane: part.id.clone(), code, segment, reason: Cow::Borrowed(reason) }
            };
            match entry.absent {
                Absent::Lost => absent.push(say("store.lost", "it was damaged and taken away")),
                Absent::Elsewhere => absent.push(say("store.elsewhere", "a pack left it out")),
                Absent::No => match self.store.object(&entry.hash, Some(entry.bytes))? {
                    Found::Here(bytes) => {
                        let (entry, skip) = (entry.clone(), base.saturating_sub(events.start));
                        segments.push(Loaded { bytes, start: events.start, skip, entry });
                    }
                    Found::Missing => lost.push(say("store.missing", "its object is missing")),
                    Found::Wrong(_) => lost.push(say("store.length", "its object has another length")),
                },
            }
        }
        let part = &mut self.parts[at];
        part.is_short = !absent.is_empty();
        part.segments = segments;
        self.absent.extend(absent);
        self.damage.extend(lost);
        Ok(())
    }

    /// How many batches its lines and events are read in, at most.
    pub(super) fn batches(&self) -> usize {
        self.parts.iter().map(|part| part.segments.len() + 1).sum()
    }
}
