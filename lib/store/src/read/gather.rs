//! Reading the segments and the snapshots of lanes into batches, on all cores.

use super::{Base, Damage, Loaded, Part};
use crate::segment::has_ends;
use crate::{LaneId, dedup};
use foldhash::HashSet;
use rayon::prelude::*;
use std::ops::Range;
use ulp_core::hash::Sha256;
use ulp_core::id::Lane;
use ulp_core::state::untouched::{self, SplitLines, Subject};
use ulp_core::world::{Batch, Filter, Gatherer};

/// Splits the snapshots of the lanes that have news into the lines that these touch, and the others. What changed since
/// a snapshot was written whole touches its lines too.
pub(super) fn split_snapshots<'p>(
    parts: &'p [Part],
    news: &[Batch<'_>],
    filter: &Filter,
) -> Vec<SplitLines<'p>> {
    let mut touched: [HashSet<Subject<'_>>; Lane::COUNT] = Default::default();
    news.iter().for_each(|batch| {
        batch.touches(|lane, subject| {
            touched[lane.index()].insert(subject);
        });
    });
    let each = |part: &'p Part| {
        let is_as_it_was = |base: &&Base| !part.has_news() && base.delta.is_none();
        let Some(base) = part.base.as_ref().filter(|base| !is_as_it_was(base)) else {
            return SplitLines::default();
        };
        let all = || SplitLines { touched: base.all_lines().collect(), carried: Vec::new() };
        let touched = &mut touched[part.id.lane.index()];
        let delta: Option<Vec<Subject<'_>>> = base.delta_lines().map(Subject::of_line).collect();
        // A cut asks about every line.
        let Some(delta) = delta.filter(|_| filter.at.is_none()) else { return all() };
        touched.extend(delta);
        let split = untouched::split(&base.lines, touched);
        split.map_or_else(all, |mut split| {
            split.touched.extend(base.delta_lines());
            split
        })
    };
    parts.iter().map(each).collect()
}

/// Reads the segments of some lanes, and holds them to their names where that `is_wanted`. What is not what it should
/// be is left out, and told.
pub(super) fn gather_events<'a>(
    parts: &'a [Part],
    is_wanted: bool,
    gatherer: &Gatherer<'a>,
) -> (Vec<Batch<'a>>, Vec<Damage>) {
    let segments = |(source, part): (u32, &'a Part)| part.segments.iter().map(move |s| (source, part, s));
    let jobs: Vec<_> = (0..).zip(parts).flat_map(segments).collect();
    sort_out(jobs.par_iter().map(|(source, part, segment)| {
        let Loaded { entry, start, bytes, .. } = segment;
        if is_wanted && Sha256::of(bytes) != entry.hash {
            let reason = "its object has other bytes than its name says";
            return Err(damaged(part, entry.hash, *start..start + entry.events, reason));
        }
        read_segment(*source, part, segment, gatherer)
    }))
}

/// Reads lines of the snapshots of some lanes: of each what `of` says, in the order of the lanes.
pub(super) fn gather_lines<'a>(
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
pub(super) fn in_order<'a>(mut lines: Vec<Batch<'a>>, events: Vec<Batch<'a>>) -> Vec<Batch<'a>> {
    lines.extend(events);
    lines.sort_by_key(Batch::source);
    lines
}

fn damaged(part: &Part, segment: Sha256, events: Range<u64>, reason: &'static str) -> Box<Damage> {
    let segment = Some((segment, events));
    Box::new(Damage { lane: part.id.clone(), code: "store.segment", segment, reason: reason.into() })
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
