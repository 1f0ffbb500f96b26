//! Islands that no radio joins, and ferries between them.
//!
//! A ferry goes round all islands, in an order of its own, one stop each 40 minutes, of which it sails the first ten. It
//! has a phone on board. At the quay that meets someone with a radio, over WiFi, once a minute: each gives the other
//! what it lacks, and the radio tells the island. One stop of ten fails. The timetable alone, as if whoever is at the
//! same quay knew at once what anyone on the island knows, says when all islands could have known at the earliest.

use super::air::Air;
use super::chance::Chance;
use super::field::median;
use super::map::Map;
use super::news::{NEVER, News, settings, space};

const MINUTE: u64 = 60_000;
/// From one stop to the next, and how much of it a ferry sails.
const STOP: u64 = 40 * MINUTE;
const SAILS: u64 = 10 * MINUTE;
/// Of a hundred stops.
const FAIL: u64 = 10;
/// A change on some island, ten an hour.
const EVERY: u64 = 6 * MINUTE;

/// Islands, and what goes between them.
#[derive(Clone, Copy, Debug)]
pub struct Islands {
    pub islands: usize,
    pub nodes: usize,
    pub neighbours: usize,
    pub ferries: usize,
    pub loss: u64,
    pub seed: u64,
}

/// What became of the changes.
#[derive(Clone, Debug)]
pub struct Voyage {
    /// The median until the timetable lets all know, and until all did: milliseconds.
    pub earliest: u64,
    pub all: u64,
    /// Of each change the second by the first: the median and the greatest.
    pub ratio: f64,
    pub worst: f64,
    pub unknown: usize,
    pub changes: usize,
}

/// A ferry at a quay.
#[derive(Clone, Copy, Debug)]
struct Stop {
    ferry: usize,
    island: usize,
    /// Who meets it there.
    quay: usize,
    from: u64,
    to: u64,
}

impl Islands {
    /// Changes for so many stops, and then as many stops more.
    pub fn voyage(self, stops: u64) -> Voyage {
        let mut chance = Chance::new(self.seed);
        let timetable = self.timetable(2 * stops, &mut chance);
        let mut maps: Vec<Map> =
            (0..self.islands).map(|_| Map::scattered(self.nodes, self.neighbours, &mut chance)).collect();
        maps.push(Map::alone(self.ferries));
        let mut air = Air::new(Map::apart(maps), self.loss, self.seed + 1, settings);
        let mut news = News::default();
        let all = self.islands * self.nodes;
        for minute in 0..2 * stops * STOP / MINUTE {
            let now = minute * MINUTE;
            for stop in timetable.iter().filter(|stop| (stop.from..stop.to).contains(&now)) {
                self.meet(&mut air, &mut news, stop);
            }
            if now < stops * STOP && now.is_multiple_of(EVERY) {
                news.tell(&mut air, chance.below(all as u64) as usize);
            }
            news.run(&mut air, now + MINUTE);
        }
        self.judge(&news, &timetable)
    }

    /// All stops at which a ferry is in order, by time.
    fn timetable(self, stops: u64, chance: &mut Chance) -> Vec<Stop> {
        let mut all = Vec::new();
        for ferry in 0..self.ferries {
            let mut round: Vec<usize> = (0..self.islands).collect();
            (1..round.len()).for_each(|n| round.swap(n, chance.below(n as u64 + 1) as usize));
            for stop in (0..stops).filter(|_| !chance.percent(FAIL)).collect::<Vec<_>>() {
                let island = round[stop as usize % round.len()];
                // Ferries do not all arrive at once.
                let start = stop * STOP + ferry as u64 * STOP / self.ferries as u64 / MINUTE * MINUTE;
                let quay = island * self.nodes + chance.below(self.nodes as u64) as usize;
                all.push(Stop { ferry, island, quay, from: start + SAILS, to: start + STOP });
            }
        }
        all.sort_by_key(|stop| (stop.from, stop.ferry));
        all
    }

    /// The phone of a ferry and a radio give each other what they lack.
    fn meet(self, air: &mut Air, news: &mut News, stop: &Stop) {
        let ferry = self.islands * self.nodes + stop.ferry;
        let rows = |air: &Air, node: usize| air.nodes[node].table().rows(space()).to_vec();
        for (from, to) in [(ferry, stop.quay), (stop.quay, ferry)] {
            let theirs = rows(air, to);
            for row in rows(air, from) {
                if theirs.binary_search_by_key(&row.place(), |row| row.place()).is_err() {
                    news.give(air, to, &row);
                }
            }
        }
        air.wake(stop.quay);
    }

    fn judge(self, news: &News, timetable: &[Stop]) -> Voyage {
        let all = self.islands * self.nodes;
        let of_islanders = |known: &[u64]| known[..all].iter().copied().max().unwrap_or(NEVER);
        let mut pairs = Vec::new();
        let mut unknown = 0;
        for told in &news.all {
            let earliest = self.earliest(told.by / self.nodes, told.at, timetable);
            let known = of_islanders(&told.known);
            if earliest < NEVER {
                unknown += usize::from(known == NEVER);
                pairs.push((earliest - told.at, known.saturating_sub(told.at)));
            }
        }
        let mut ratios: Vec<f64> =
            pairs.iter().map(|(first, all)| *all as f64 / (*first).max(1) as f64).collect();
        ratios.sort_by(f64::total_cmp);
        Voyage {
            earliest: median(pairs.iter().map(|pair| pair.0).collect()),
            all: median(pairs.iter().map(|pair| pair.1).collect()),
            ratio: ratios.get(ratios.len() / 2).copied().unwrap_or(0.0),
            worst: ratios.last().copied().unwrap_or(0.0),
            unknown,
            changes: pairs.len(),
        }
    }

    /// When the timetable lets every island know of what an island knows at a time.
    fn earliest(self, island: usize, at: u64, timetable: &[Stop]) -> u64 {
        let mut islands = vec![NEVER; self.islands];
        let mut ferries = vec![NEVER; self.ferries];
        islands[island] = at;
        // Stops that overlap hand on among each other: until nothing changes.
        loop {
            let mut changed = false;
            for stop in timetable {
                let met = islands[stop.island].min(ferries[stop.ferry]).max(stop.from);
                if met < stop.to {
                    for known in [&mut islands[stop.island], &mut ferries[stop.ferry]] {
                        changed |= met < *known;
                        *known = met.min(*known);
                    }
                }
            }
            if !changed {
                return islands.into_iter().max().unwrap_or(NEVER);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ferries_carry_arrives_and_never_before_the_timetable_lets_it() {
        let small = Islands { islands: 3, nodes: 12, neighbours: 6, ferries: 2, loss: 30, seed: 3 };
        let voyage = small.voyage(9);
        assert_eq!(voyage.unknown, 0);
        assert!(voyage.changes > 30 && voyage.ratio >= 1.0 && voyage.ratio < 1.5, "{voyage:?}");
    }
}
