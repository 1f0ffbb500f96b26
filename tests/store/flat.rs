//! A lane that is written a hundred thousand times (in a sample, twenty thousand), an event at a time: what it holds,
//! and what an append costs, does not grow with how often that was.

use super::{fast_dir, files, init};
use crate::sample;
use std::time::{Duration, Instant};
use ulp_store::prune::Prune;
use ulp_store::{Appender, LaneId, Offer, Store, digest};

const ROUND: usize = 1_000;

/// An append and its commit. Every tenth as a process of its own would do it, the others as one that goes on.
fn append<'s>(store: &'s Store, appender: &mut Appender<'s>, id: &LaneId, n: usize) {
    if n.is_multiple_of(10) {
        *appender = Appender::new(store);
    }
    let line = super::event(n, "z0/x0/y0", "team");
    let lane = appender.lane(id).unwrap();
    assert!(matches!(
        appender.offer(lane, digest(line.as_bytes()), line.as_bytes()).unwrap(),
        Offer::Taken(_)
    ));
    appender.commit().unwrap();
}

#[test]
fn a_lane_stays_flat_however_often_it_is_written() {
    let appends = sample::size(100_000, 20_000);
    let dir = fast_dir();
    let path = dir.path().join("w");
    let store = init(&path);
    let id = LaneId {
        space: "s".to_owned(),
        tile: ulp_core::id::Tile::ORIGIN,
        lane: ulp_core::id::Scope::default().into(),
    };
    let prune =
        Prune { keep: 2, older_than: Duration::ZERO, blobs: false, dry_run: false, clock: Instant::now };
    let (mut times, mut most) = (Vec::new(), 0);
    for round in 0..appends / ROUND {
        let start = Instant::now();
        let mut appender = Appender::new(&store);
        (0..ROUND).for_each(|n| append(&store, &mut appender, &id, round * ROUND + n));
        times.push(start.elapsed());
        // The first finds, the second deletes.
        store.prune(&prune).unwrap();
        store.prune(&prune).unwrap();
        let events = (round + 1) * ROUND;
        let objects = files(&path.join("objects")).len();
        // A segment is sealed at 64 KiB, which is about 200 of these events.
        assert!(objects <= events / 150 + 20, "{objects} objects for {events} events");
        most = most.max(objects);
    }
    let bytes =
        |below: &str| files(&path.join(below)).iter().map(|f| f.metadata().unwrap().len()).sum::<u64>();
    let (segments, caches) = (bytes("objects"), bytes("cache"));
    let text = (0..appends).map(|n| super::event(n, "z0/x0/y0", "team").len() as u64 + 1).sum::<u64>();
    assert!(segments < text + (2 << 20), "{segments} bytes for {text}");
    assert!(caches < appends as u64 * 30 + (64 << 10), "{caches} bytes of caches");
    let sum = |part: &[Duration]| part.iter().sum::<Duration>() / u32::try_from(part.len() * ROUND).unwrap();
    let (first, last) = (sum(&times[2..7]), sum(&times[times.len() - 5..]));
    crate::run::say(&format!(
        "appends {appends}, objects {most}, bytes {segments} of {text}, {first:?} then {last:?} an append"
    ));
    assert!(last < first * 3, "{first:?} an append at first, {last:?} at last");
}
