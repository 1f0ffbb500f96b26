//! Random histories, appended in random parts.

use super::{append, fast_dir, init, snapshot, state, state_together};
use crate::reference::generate::{self, Rng};
use crate::sample;
use crate::state::derive;

const HISTORIES: u64 = 200;

fn same(seed: u64, what: &str, got: &[u8], expected: &[u8]) {
    if got != expected {
        let (got, expected) = (String::from_utf8_lossy(got), String::from_utf8_lossy(expected));
        let at = got.lines().zip(expected.lines()).find(|(a, b)| a != b);
        panic!(
            "seed {seed}, {what}: {at:#?} of {} and {} lines",
            got.lines().count(),
            expected.lines().count()
        );
    }
}

#[test]
fn a_store_reads_back_as_the_replay_of_everything() {
    let mut used = [0; 2];
    for seed in sample::of(0..HISTORIES, 5) {
        let lines = generate::history(seed, 5 + (seed % 76) as usize);
        let whole = derive(&lines).0;
        let dir = fast_dir();
        let store = init(&dir.path().join("w"));
        let mut rng = Rng::new(seed);
        let mut order = lines.clone();
        generate::shuffle(&mut rng, &mut order);
        let parts = 1 + (seed % 5) as usize;
        for (n, part) in order.chunks(order.len().div_ceil(parts)).enumerate() {
            append(&store, part);
            if rng.chance(60) {
                snapshot(&store);
            }
            let sofar: Vec<String> = order[..order.len().min((n + 1) * order.len().div_ceil(parts))].to_vec();
            let (text, how) = state(&store, true);
            let expected = derive(&sofar).0;
            same(seed, "from snapshots", &text, &expected);
            same(seed, "from snapshots, all tiles at once", &state_together(&store), &expected);
            (used[0], used[1]) = (used[0] + how[0], used[1] + how[1]);
            if rng.chance(10) {
                let _ = std::fs::remove_dir_all(dir.path().join("w/cache"));
            }
        }
        assert_eq!(append(&store, &lines), 0, "seed {seed}");
        same(seed, "replayed", &state(&store, false).0, &whole);
        snapshot(&store);
        same(seed, "after a snapshot", &state(&store, true).0, &whole);
        let _ = std::fs::remove_dir_all(dir.path().join("w/cache"));
        same(seed, "without caches", &state(&store, true).0, &whole);
    }
    // Or this would not be a test of snapshots.
    let least = sample::size([150, 50], [20, 5]);
    assert!(used[0] > least[0] && used[1] > least[1], "{used:?}");
}
