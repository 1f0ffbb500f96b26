//! The listener: from where something stands to the side it is heard on, and how loud.

use crate::transform::finite;

/// Nearer than this part of the reach, things come from everywhere rather than from one side.
const NEAR: f64 = 0.25;
/// What is far away still sounds this loud.
const FAINTEST: f64 = 0.3;

/// A listener, who looks along y, and how far the things around reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Listener {
    pub at: [f64; 3],
    /// In the space's unit; above 0.
    pub reach: f64,
}

/// How something is heard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// −1 from the left, 1 from the right.
    pub pan: f64,
    /// From [`FAINTEST`] to 1.
    pub loudness: f64,
    /// Whether it lies before the listener rather than behind.
    pub ahead: bool,
}

impl Place {
    /// From everywhere.
    pub const AROUND: Place = Place { pan: 0.0, loudness: 1.0, ahead: false };
}

impl Listener {
    /// One who stands in the middle of what is heard, unless told where; the reach holds nine of ten positions.
    pub fn new(at: Option<[f64; 3]>, positions: &[[f64; 3]]) -> Listener {
        let middle = std::array::from_fn(|i| middle(positions.iter().map(|p| p[i])));
        let reach = reach(positions, middle);
        Listener { at: at.unwrap_or(middle).map(finite), reach: if reach > 0.0 { reach } else { 1.0 } }
    }

    /// How what stands there is heard.
    pub fn hear(&self, position: [f64; 3]) -> Place {
        // In units of the reach, so that squares of huge distances stay finite.
        let [x, y, z]: [f64; 3] = std::array::from_fn(|i| finite((position[i] - self.at[i]) / self.reach));
        let side = libm::hypot(libm::hypot(x, y), NEAR);
        let distance = libm::hypot(libm::hypot(x, y), z);
        let loudness = 1.0 / (1.0 + distance * distance / 2.0);
        Place { pan: (x / side).clamp(-1.0, 1.0), loudness: loudness.max(FAINTEST), ahead: y > 0.0 }
    }
}

/// The distance from the middle that nine of ten positions do not exceed.
fn reach(positions: &[[f64; 3]], from: [f64; 3]) -> f64 {
    let distance = |p: &[f64; 3]| libm::hypot(finite(p[0] - from[0]), finite(p[1] - from[1]));
    let sorted = sorted(positions.iter().map(distance));
    sorted.get(sorted.len().saturating_sub(1) * 9 / 10).copied().unwrap_or(0.0)
}

/// The median; 0 where there are no numbers.
fn middle(numbers: impl Iterator<Item = f64>) -> f64 {
    let sorted = sorted(numbers);
    let at = |i: usize| sorted.get(i).copied().unwrap_or(0.0) / 2.0;
    at(sorted.len().saturating_sub(1) / 2) + at(sorted.len() / 2)
}

fn sorted(numbers: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut sorted: Vec<f64> = numbers.collect();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_and_distances_are_heard() {
        let listener =
            Listener::new(Some([0.0; 3]), &[[-10.0, 0.0, 0.0], [10.0, 0.0, 0.0], [0.0, 10.0, 0.0]]);
        assert_eq!(listener.reach, 10.0);
        let (left, right) = (listener.hear([-10.0, 0.0, 0.0]), listener.hear([10.0, 0.0, 0.0]));
        assert!(left.pan < -0.9 && right.pan == -left.pan && left.loudness == right.loudness);
        assert!(listener.hear([0.0, 1.0, 0.0]).loudness > left.loudness);
        assert!(listener.hear([0.0, 1.0, 0.0]).ahead && !listener.hear([0.0, -1.0, 0.0]).ahead);
        assert_eq!(listener.hear([0.0, 9.0, 0.0]).pan, 0.0);
    }

    #[test]
    fn nobody_stands_on_one_of_two() {
        let listener = Listener::new(None, &[[-10.0, 0.0, 0.0], [10.0, 4.0, 0.0]]);
        assert_eq!(listener.at, [0.0, 2.0, 0.0]);
    }

    #[test]
    fn huge_and_missing_positions_stay_finite() {
        let listener = Listener::new(Some([f64::NAN, 1e308, -1e308]), &[]);
        let place = listener.hear([1e100; 3]);
        assert!(place.pan.is_finite() && place.loudness >= FAINTEST);
        let place = Listener::new(None, &[[1e100; 3], [-1e100; 3]]).hear([1e100; 3]);
        assert!(place.pan.is_finite() && place.loudness.is_finite());
    }
}
