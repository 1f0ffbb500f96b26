//! What lies where, exactly: boxes and places, found again by what they overlap.
//!
//! Boxes are kept by their size, so that each lies in few cells, however large it is.

use std::collections::BTreeMap;
use ulp_view::geometry::Bounds;
use ulp_view::path::Point;

/// The side of the smallest cells; those of each level are twice as large as those of the one before.
const CELL: f64 = 64.0;
const LEVELS: usize = 10;

/// Boxes and places that lie on a sheet.
#[derive(Default)]
pub struct Spots {
    /// By row and column.
    levels: [BTreeMap<[i64; 2], Vec<Bounds>>; LEVELS],
}

impl Spots {
    /// Whether a side is longer than any that is kept.
    pub fn is_beyond(side: f64) -> bool {
        side >= size(LEVELS - 1)
    }

    /// Keeps a box, unless it is beyond all that is kept.
    pub fn add(&mut self, bounds: Bounds) {
        let side = bounds.size().into_iter().fold(0.0, f64::max);
        let Some(level) = (0..LEVELS).find(|level| side < size(*level)) else { return };
        let [low, high] = cells(bounds, size(level));
        for row in low[0]..=high[0] {
            for column in low[1]..=high[1] {
                self.levels[level].entry([row, column]).or_default().push(bounds);
            }
        }
    }

    /// Whether anything that is kept lies within a box, or partly; what only touches it does not.
    pub fn hits(&self, bounds: Bounds) -> bool {
        self.levels.iter().enumerate().filter(|(_, level)| !level.is_empty()).any(|(i, level)| {
            let [low, high] = cells(bounds, size(i));
            let row = |row| level.range([row, low[1]]..=[row, high[1]]);
            (low[0]..=high[0]).flat_map(row).any(|(_, held)| held.iter().any(|held| meet(*held, bounds)))
        })
    }
}

fn size(level: usize) -> f64 {
    CELL * f64::from(1_u32 << level)
}

/// The first and the last row and column that a box lies in.
fn cells(bounds: Bounds, size: f64) -> [[i64; 2]; 2] {
    let cell = |[x, y]: Point| [y, x].map(|x| (x / size).floor() as i64);
    [cell(bounds.min), cell(bounds.max)]
}

/// Whether two boxes have more than a border in common.
fn meet(a: Bounds, b: Bounds) -> bool {
    (0..2).all(|i| a.min[i] < b.max[i] && b.min[i] < a.max[i])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(min: Point, max: Point) -> Bounds {
        Bounds { min, max }
    }

    #[test]
    fn what_overlaps_is_found_and_what_touches_is_not() {
        let mut spots = Spots::default();
        spots.add(bounds([0.0; 2], [100.0, 50.0]));
        spots.add(Bounds::at([5_000.0, 5_000.0]));
        assert!(spots.hits(bounds([99.0, 49.0], [200.0, 60.0])));
        assert!(spots.hits(bounds([-10_000.0; 2], [10_000.0; 2])));
        assert!(spots.hits(bounds([4_999.0; 2], [5_001.0; 2])));
        assert!(!spots.hits(bounds([100.0, 0.0], [200.0, 50.0])));
        assert!(!spots.hits(bounds([0.0, -50.0], [100.0, 0.0])));
    }
}
