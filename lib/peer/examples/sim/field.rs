//! A thousand radios on a field, and the same when it is cut in two.

use super::air::Air;
use super::chance::Chance;
use super::map::Map;
use super::news::{News, Told, settings};

/// A change every three minutes, twenty an hour.
pub const EVERY: u64 = 180_000;
const HOUR: u64 = 3_600_000;

/// A field of radios.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    pub nodes: usize,
    pub neighbours: usize,
    /// Of a hundred packets that nothing disturbs.
    pub loss: u64,
    pub seed: u64,
}

/// What became of the changes: milliseconds.
#[derive(Clone, Debug)]
pub struct Spread {
    /// Medians until half, 99 of a hundred, and all know.
    pub half: u64,
    pub most: u64,
    pub all: u64,
    /// The longest until all know.
    pub worst: u64,
    /// On air, a node and a change.
    pub air: f64,
    /// Of a hundred thousand who should know, those who do not.
    pub unknown: usize,
    pub changes: usize,
}

impl Field {
    fn air(self) -> (Air, Vec<bool>) {
        let map = Map::scattered(self.nodes, self.neighbours, &mut Chance::new(self.seed));
        let halves = map.halves();
        (Air::new(map, self.loss, self.seed + 1, settings), halves)
    }

    /// Changes for so many hours, and then time for the last of them.
    pub fn spread(self, hours: u64) -> Spread {
        let ((mut air, _), mut news) = (self.air(), News::default());
        let mut chance = Chance::new(self.seed + 2);
        self.change(&mut air, &mut news, &mut chance, hours * HOUR);
        let used = |air: &Air| air.nodes.iter().map(|node| node.used()).sum::<u64>();
        // What is still to be said of the last changes belongs to them.
        let last = air.now + HOUR;
        news.run(&mut air, last);
        let changes = news.all.len();
        let median = |percent| median(news.all.iter().map(|told| told.after(percent)).collect());
        Spread {
            half: median(50),
            most: median(99),
            all: median(100),
            worst: news.all.iter().map(|told| told.after(100)).max().unwrap_or(0),
            air: used(&air) as f64 / 1000.0 / (self.nodes * changes) as f64,
            unknown: news.all.iter().map(Told::unknown).sum(),
            changes,
        }
    }

    /// Changes before, while and after the field is cut in two; how long after that all know what was told before.
    pub fn heal(self, before: u64, cut: u64, after: u64) -> u64 {
        let ((mut air, halves), mut news) = (self.air(), News::default());
        let mut chance = Chance::new(self.seed + 2);
        self.change(&mut air, &mut news, &mut chance, before);
        air.cut(Some(halves));
        self.change(&mut air, &mut news, &mut chance, before + cut);
        air.cut(None);
        let (told, healed) = (news.all.len(), air.now);
        self.change(&mut air, &mut news, &mut chance, healed + after);
        let last = news.all[..told].iter().flat_map(|told| &told.known).max();
        last.map_or(0, |last| last.saturating_sub(healed))
    }

    /// Lets someone tell of a change every three minutes, at some moment of these.
    fn change(self, air: &mut Air, news: &mut News, chance: &mut Chance, until: u64) {
        while air.now < until {
            let (start, moment) = (air.now, chance.below(EVERY));
            news.run(air, (start + moment).min(until));
            news.tell(air, chance.below(self.nodes as u64) as usize);
            news.run(air, (start + EVERY).min(until));
        }
    }
}

/// The middle one.
pub fn median(mut times: Vec<u64>) -> u64 {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Field = Field { nodes: 80, neighbours: 10, loss: 30, seed: 1 };

    #[test]
    fn in_a_small_field_all_hear_of_all_and_each_run_is_the_same() {
        let spread = SMALL.spread(1);
        assert_eq!((spread.unknown, spread.changes), (0, 20));
        // The last to know has one neighbour: it takes minutes, and more than one attempt.
        let Spread { half, most, all, worst, .. } = spread;
        assert!(half < 60_000 && half <= most && most <= all && all <= worst && worst < HOUR, "{spread:?}");
        assert_eq!(format!("{spread:?}"), format!("{:?}", SMALL.spread(1)));
        let other = Field { seed: 2, ..SMALL };
        assert_ne!(format!("{spread:?}"), format!("{:?}", other.spread(1)));
    }

    #[test]
    fn a_small_field_heals_from_a_cut() {
        let took = SMALL.heal(HOUR / 2, HOUR, HOUR);
        assert!(took > 0 && took < HOUR / 2, "{took}");
    }
}
