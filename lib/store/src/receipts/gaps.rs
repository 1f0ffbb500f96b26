//! What no receipt speaks of.

use super::chain::{own_chain, parse};
use super::events::{Found, each_line};
use crate::manifest::{Entry, Manifest};
use crate::read::Place;
use crate::{Error, LaneId, Store};
use std::collections::BTreeMap;
use std::ops::Range;
use ulp_core::statement;
use ulp_core::trust::Did;

/// The gaps of a peer's chain in some tiles, as the ranges of a receipt. What is lost is in none: nobody can say what
/// it was.
///
/// # Errors
/// What the store says.
pub fn gaps(store: &Store, peer: Did, places: &[Place]) -> Result<Vec<statement::Range>, Error> {
    let (covered, mut gaps) = (covered(store, peer)?, Vec::new());
    for place in places {
        for lane in &place.lanes {
            let lane = LaneId { space: place.space.clone(), tile: place.tile, lane: *lane };
            let Some((manifest, _)) = store.manifest(&lane)? else { continue };
            let covered = covered.get(&lane).map_or(&[][..], Vec::as_slice);
            for events in missing(store, &store.entries(&manifest, None)?, covered)? {
                gaps.extend(range(store, (&lane, &manifest), events)?);
            }
        }
    }
    Ok(gaps)
}

/// The events of some entries that are here and not covered.
fn missing(store: &Store, entries: &[Entry], covered: &[Range<u64>]) -> Result<Vec<Range<u64>>, Error> {
    let (mut missing, mut start): (Vec<Range<u64>>, u64) = (Vec::new(), 0);
    for entry in entries {
        let events = start..start + entry.events;
        start = events.end;
        let parts = uncovered(events, covered);
        if parts.is_empty() || !store.has_segment(entry)? {
            continue;
        }
        for part in parts {
            match missing.last_mut().filter(|last| last.end == part.start) {
                Some(last) => last.end = part.end,
                None => missing.push(part),
            }
        }
    }
    Ok(missing)
}

fn range(
    store: &Store,
    (lane, manifest): (&LaneId, &Manifest),
    events: Range<u64>,
) -> Result<Option<statement::Range>, Error> {
    let mut hasher = blake3::Hasher::new();
    let found = each_line(store, manifest, events.clone(), |line| {
        hasher.update(line);
        Ok(())
    })?;
    let LaneId { space, tile, lane } = lane.clone();
    let (from, count, lines) = (events.start, events.end - events.start, hasher.finalize().into());
    let range = statement::Range { space, tile, lane, from, events: count, lines };
    Ok((found == Found::All).then_some(range))
}

/// What of some events is not covered.
fn uncovered(events: Range<u64>, covered: &[Range<u64>]) -> Vec<Range<u64>> {
    let (mut parts, mut at) = (Vec::new(), events.start);
    for cover in covered.iter().filter(|cover| cover.end > events.start && cover.start < events.end) {
        if cover.start > at {
            parts.push(at..cover.start);
        }
        at = at.max(cover.end);
    }
    if at < events.end {
        parts.push(at..events.end);
    }
    parts
}

/// The events that a chain speaks of, sorted.
fn covered(store: &Store, peer: Did) -> Result<BTreeMap<LaneId, Vec<Range<u64>>>, Error> {
    let mut covered: BTreeMap<LaneId, Vec<Range<u64>>> = BTreeMap::new();
    for line in own_chain(store, &peer.to_string())? {
        let Some(receipt) = parse(&line, store.path())? else { continue };
        for range in receipt.ranges {
            let events = range.from..range.end();
            let lane = LaneId { space: range.space, tile: range.tile, lane: range.lane };
            covered.entry(lane).or_default().push(events);
        }
    }
    covered.values_mut().for_each(|ranges| ranges.sort_by_key(|range| range.start));
    Ok(covered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_what_lies_between() {
        let parts = |covered: &[Range<u64>]| uncovered(3..10, covered);
        assert_eq!(parts(&[]), vec![3..10]);
        assert_eq!(parts(&[0..5, 5..10]), Vec::<Range<u64>>::new());
        assert_eq!(parts(&[0..2, 4..7]), vec![3..4, 7..10]);
        assert_eq!(parts(&[0..4, 2..6, 9..20]), vec![6..9]);
    }
}
