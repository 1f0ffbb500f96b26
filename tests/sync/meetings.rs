//! Many stores that meet at random, with pipes that are cut: all end equal, and nothing is lost.

use super::{Relay, as_said, event, events, meet, store};
use crate::sample;
use std::sync::Arc;

struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

#[test]
fn stores_that_meet_at_random_end_equal_and_lose_nothing() {
    let (stores, meetings) = sample::size((100, 1000), (8, 40));
    let (dir, mut dice) = (tempfile::tempdir().unwrap(), Dice(7));
    for n in 0..stores {
        store(dir.path(), &format!("s{n}"), (0..30).filter(|e| e % stores == n || e % 7 == 0).map(event));
    }
    let mut cuts = 0;
    for _ in 0..meetings {
        let (one, other) = (dice.below(stores), dice.below(stores - 1));
        let other = if other >= one { other + 1 } else { other };
        let cut = (dice.below(3) == 0).then(|| dice.below(6000) as usize);
        let way = dice.below(2) as usize;
        let relay = move |on: usize, before: usize, mut bytes: Vec<u8>| match cut {
            Some(cut) if on == way && before + bytes.len() > cut => {
                bytes.truncate(cut.saturating_sub(before));
                None
            }
            _ => Some(bytes),
        };
        let (one, other) = (format!("s{one}"), format!("s{other}"));
        let met = meet(dir.path(), &["--store", &one], &["--store", &other], Arc::new(relay) as Arc<Relay>);
        assert!(met.codes().iter().all(|code| [0, 4].contains(code)), "{:?} {}", met.codes(), met.log());
        cuts += usize::from(met.codes() != [0, 0]);
    }
    // One goes around twice, and nothing cuts it off.
    for _ in 0..2 {
        for n in 1..stores {
            let met = meet(dir.path(), &["--store", "s0"], &["--store", &format!("s{n}")], Arc::new(as_said));
            assert_eq!(met.codes(), [0, 0], "{}", met.log());
        }
    }
    let mut all: Vec<String> = (0..30).map(event).collect();
    all.sort();
    let all = all.join("\n") + "\n";
    for n in 0..stores {
        let mut held: Vec<String> = events(dir.path(), &format!("s{n}")).lines().map(str::to_owned).collect();
        held.sort();
        assert_eq!(held.join("\n") + "\n", all, "s{n}");
    }
    assert!(cuts > 0);
}
