//! Where there is room: a sheet cut into slots, of which cards take whole ones.

use super::card::WIDTH;
use std::collections::BTreeMap;
use ulp_view::geometry::Bounds;
use ulp_view::path::Point;

/// Between cards.
const GAP: f64 = 20.0;
/// A slot is as wide as a card with the gap to the next; a card takes one beside the other, and as many of them as it
/// needs one below the other.
const SLOT: Point = [WIDTH + GAP, 40.0];

/// The slots that are taken.
#[derive(Default)]
pub struct Ground {
    /// By row, the columns that are taken: runs by their first, with their last; no two touch.
    rows: BTreeMap<i64, BTreeMap<i64, i64>>,
}

/// Slots that lie together: the first row and column, and the last.
#[derive(Clone, Copy)]
struct Slots {
    first: [i64; 2],
    last: [i64; 2],
}

impl Ground {
    /// Takes the slots that a box lies in.
    pub fn take(&mut self, bounds: Bounds) {
        let slots = slots(bounds);
        for row in slots.first[0]..=slots.last[0] {
            take(self.rows.entry(row).or_default(), slots.first[1], slots.last[1]);
        }
    }

    /// Finds room for a box: where it is, else in the free slots whose middle is nearest to its own; of several the
    /// first, then the one on the left. Takes it.
    pub fn find(&mut self, bounds: Bounds) -> Bounds {
        let wanted = slots(bounds);
        let is_free = (wanted.first[0]..=wanted.last[0])
            .all(|row| self.run_in(row, wanted.first[1], wanted.last[1]).is_none());
        let found = if is_free { bounds } else { self.nearest(bounds) };
        self.take(found);
        found
    }

    fn nearest(&self, bounds: Bounds) -> Bounds {
        let centre = bounds.centre();
        let size = bounds.size();
        let tall = (((size[1] + GAP) / SLOT[1]).ceil() as i64).max(1);
        let start = (
            ((centre[1] - size[1] / 2.0) / SLOT[1]).round() as i64,
            (bounds.min[0] / SLOT[0]).round() as i64,
        );
        let mut best: Option<(f64, Bounds)> = None;
        for distance in 0.. {
            let rows =
                if distance == 0 { vec![start.0] } else { vec![start.0 - distance, start.0 + distance] };
            // The next rows are farther off than what was found.
            let least = (distance - 1).max(0) as f64 * SLOT[1];
            if best.is_some_and(|(found, _)| found <= least * least) {
                break;
            }
            for row in rows {
                for column in self.free(row, tall, start.1) {
                    let min = [column as f64 * SLOT[0], row as f64 * SLOT[1]];
                    let place = Bounds { min, max: std::array::from_fn(|i| min[i] + size[i]) };
                    let [dx, dy]: Point = std::array::from_fn(|i| place.centre()[i] - centre[i]);
                    let far = dx * dx + dy * dy;
                    if best.is_none_or(|(found, _)| far < found) {
                        best = Some((far, place));
                    }
                }
            }
        }
        best.map_or(bounds, |(_, place)| place)
    }

    /// The columns nearest to one, on the left and on the right, that are free in so many rows.
    fn free(&self, row: i64, tall: i64, column: i64) -> [i64; 2] {
        let blocked = |column| (row..row + tall).find_map(|row| self.run_in(row, column, column));
        let (mut left, mut right) = (column, column);
        while let Some((first, _)) = blocked(left) {
            left = first - 1;
        }
        while let Some((_, last)) = blocked(right) {
            right = last + 1;
        }
        [left, right]
    }

    /// A run of a row that is taken within some columns.
    fn run_in(&self, row: i64, first: i64, last: i64) -> Option<(i64, i64)> {
        let run = self.rows.get(&row)?.range(..=last).next_back()?;
        (*run.1 >= first).then_some((*run.0, *run.1))
    }
}

/// Takes columns of a row, which become one run with those that they touch.
fn take(row: &mut BTreeMap<i64, i64>, mut first: i64, mut last: i64) {
    while let Some((start, end)) = row.range(..=last + 1).next_back().map(|(start, end)| (*start, *end)) {
        if end < first - 1 {
            break;
        }
        row.remove(&start);
        first = first.min(start);
        last = last.max(end);
    }
    row.insert(first, last);
}

/// The slots that a box lies in; what only touches one does not.
fn slots(bounds: Bounds) -> Slots {
    let down = |i: usize, x: f64| (x / SLOT[i]).floor() as i64;
    let up = |i: usize, x: f64| (x / SLOT[i]).ceil() as i64 - 1;
    let first = [down(1, bounds.min[1]), down(0, bounds.min[0])];
    let last = [up(1, bounds.max[1]).max(first[0]), up(0, bounds.max[0]).max(first[1])];
    Slots { first, last }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(x: f64, y: f64) -> Bounds {
        Bounds { min: [x, y], max: [x + WIDTH, y + 60.0] }
    }

    #[test]
    fn runs_that_touch_are_one() {
        let mut row = BTreeMap::new();
        for (first, last) in [(0, 1), (4, 5), (2, 3), (9, 9), (7, 8), (-3, 20)] {
            take(&mut row, first, last);
        }
        assert_eq!(row.into_iter().collect::<Vec<_>>(), [(-3, 20)]);
    }

    #[test]
    fn what_is_in_one_place_is_spread_around_it() {
        let mut ground = Ground::default();
        let places: Vec<Bounds> = (0..200).map(|_| ground.find(card(10.0, 10.0))).collect();
        assert_eq!(places[0], card(10.0, 10.0));
        for (i, a) in places.iter().enumerate() {
            assert!(places[..i].iter().all(|b| a.overlap(*b) == 0.0), "{i}");
            assert!(a.centre().iter().all(|x| x.abs() < 3_000.0), "{i}");
        }
    }
}
