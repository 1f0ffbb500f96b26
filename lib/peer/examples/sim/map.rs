//! Where radios stand, and who hears whom.

use super::chance::Chance;
use std::collections::BTreeMap;

/// The side of the square on which radios stand.
const SIDE: i64 = 1_000_000;

/// Where each radio stands, and whom it hears.
#[derive(Clone, Debug)]
pub struct Map {
    pub places: Vec<(i64, i64)>,
    pub heard_by: Vec<Vec<u32>>,
}

impl Map {
    /// Radios that stand wherever chance puts them, with the range that gives them so many neighbours on average: in a
    /// corner there are fewer. All are within reach over others.
    pub fn scattered(nodes: usize, neighbours: usize, chance: &mut Chance) -> Map {
        loop {
            let mut place = || chance.below(SIDE as u64) as i64;
            let places: Vec<_> = (0..nodes).map(|_| (place(), place())).collect();
            let heard_by = with_neighbours(&places, neighbours);
            if is_whole(&heard_by) {
                return Map { places, heard_by };
            }
        }
    }

    /// Several maps that do not hear of each other.
    pub fn apart(maps: Vec<Map>) -> Map {
        let mut all = Map { places: Vec::new(), heard_by: Vec::new() };
        for map in maps {
            let first = all.places.len() as u32;
            all.places.extend(map.places);
            all.heard_by
                .extend(map.heard_by.into_iter().map(|near| near.into_iter().map(|n| n + first).collect()));
        }
        all
    }

    /// Radios that hear nobody yet.
    pub fn alone(nodes: usize) -> Map {
        Map { places: vec![(0, 0); nodes], heard_by: vec![Vec::new(); nodes] }
    }

    /// Which of two halves each radio stands in, by its column.
    pub fn halves(&self) -> Vec<bool> {
        let mut columns: Vec<i64> = self.places.iter().map(|(x, _)| *x).collect();
        columns.sort_unstable();
        let middle = columns[columns.len() / 2];
        self.places.iter().map(|(x, _)| *x < middle).collect()
    }
}

/// The neighbours within the shortest range that gives so many on average.
fn with_neighbours(places: &[(i64, i64)], neighbours: usize) -> Vec<Vec<u32>> {
    let (mut low, mut high) = (0, 2 * SIDE);
    while low + 1 < high {
        let range = (low + high) / 2;
        let links: usize = within(places, range).iter().map(Vec::len).sum();
        if links < neighbours * places.len() { low = range } else { high = range }
    }
    within(places, high)
}

/// Whom each radio hears within a range: looked for in squares of that size.
fn within(places: &[(i64, i64)], range: i64) -> Vec<Vec<u32>> {
    let square = |(x, y): (i64, i64)| (x / range, y / range);
    let mut squares: BTreeMap<(i64, i64), Vec<u32>> = BTreeMap::new();
    for (n, place) in (0..).zip(places) {
        squares.entry(square(*place)).or_default().push(n);
    }
    let near =
        |(ax, ay): (i64, i64), (bx, by): (i64, i64)| (ax - bx).pow(2) + (ay - by).pow(2) <= range.pow(2);
    let around = |(n, place): (u32, &(i64, i64))| {
        let (x, y) = square(*place);
        let mut found = Vec::new();
        for at in (x - 1..=x + 1).flat_map(|x| (y - 1..=y + 1).map(move |y| (x, y))) {
            let there = squares.get(&at).into_iter().flatten();
            found.extend(there.filter(|m| **m != n && near(*place, places[**m as usize])));
        }
        found.sort_unstable();
        found
    };
    (0..).zip(places).map(around).collect()
}

/// Whether all can reach all.
fn is_whole(heard_by: &[Vec<u32>]) -> bool {
    let mut seen = vec![false; heard_by.len()];
    let mut next = vec![0];
    seen[0] = true;
    while let Some(n) = next.pop() {
        for m in &heard_by[n as usize] {
            if !std::mem::replace(&mut seen[*m as usize], true) {
                next.push(*m);
            }
        }
    }
    seen.into_iter().all(|seen| seen)
}
