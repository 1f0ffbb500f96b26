//! The sky around an eye: which of many things may lie in a direction.
//!
//! Every way that is looked along begins at the eye. So what a thing may hide is a round patch of the sky, and all
//! patches lie in a tree of boxes around directions, of which a look goes through those that hold its own.

use rayon::prelude::*;
use ulp_view::solid::space::{Vector, dot};

/// How many patches a leaf holds.
const LEAF: usize = 8;
/// What a patch is grown by, for the rounding of the directions of its rim.
const SLACK: f64 = 1e-9;

/// A part of the sky: around a direction, or all of it.
#[derive(Clone, Copy, Debug)]
pub struct Patch {
    /// Which thing covers it, by the number that the asker knows it by.
    pub of: usize,
    least: Vector,
    most: Vector,
    /// How near the thing may come to the eye, in metres.
    near: f64,
}

impl Patch {
    /// The patch of what lies within `radius` of a place; `way` leads there from the eye.
    pub fn new(of: usize, way: Vector, radius: f64) -> Patch {
        let far = libm::sqrt(dot(way, way));
        let sine = radius / far;
        // The longest chord from the middle of the patch to its rim.
        let reach = libm::sqrt(2.0 * (1.0 - libm::sqrt(1.0 - sine * sine))) + SLACK;
        if sine < 1.0 && reach.is_finite() {
            let to = way.map(|c| c / far);
            let near = (far - radius) * (1.0 - SLACK);
            return Patch { of, least: to.map(|c| c - reach), most: to.map(|c| c + reach), near };
        }
        Patch { of, least: [-2.0; 3], most: [2.0; 3], near: 0.0 }
    }

    fn holds(&self, to: Vector) -> bool {
        (0..3).all(|i| self.least[i] <= to[i] && to[i] <= self.most[i])
    }

    fn joined(self, other: &Patch) -> Patch {
        Patch {
            of: 0,
            least: std::array::from_fn(|i| self.least[i].min(other.least[i])),
            most: std::array::from_fn(|i| self.most[i].max(other.most[i])),
            near: self.near.min(other.near),
        }
    }
}

/// All patches.
pub enum Sky {
    Leaf(Patch, Vec<Patch>),
    Fork(Patch, Box<[Sky; 2]>),
}

impl Sky {
    pub fn new(mut patches: Vec<Patch>) -> Sky {
        let around = |list: &[Patch]| {
            let none = Patch { of: 0, least: [2.0; 3], most: [-2.0; 3], near: f64::INFINITY };
            list.iter().fold(none, |all, patch| all.joined(patch))
        };
        let whole = around(&patches);
        if patches.len() <= LEAF {
            return Sky::Leaf(whole, patches);
        }
        let middle = |patch: &Patch, axis: usize| patch.least[axis] + patch.most[axis];
        let spread = |axis: usize| {
            let along = || patches.iter().map(|patch| middle(patch, axis));
            along().fold(f64::NEG_INFINITY, f64::max) - along().fold(f64::INFINITY, f64::min)
        };
        let axis = (0..3).max_by(|a, b| spread(*a).total_cmp(&spread(*b))).unwrap_or(0);
        let half = patches.len() / 2;
        patches.select_nth_unstable_by(half, |a, b| middle(a, axis).total_cmp(&middle(b, axis)));
        let rest = patches.split_off(half);
        let (low, high) = rayon::join(|| Sky::new(patches), || Sky::new(rest));
        Sky::Fork(whole, Box::new([low, high]))
    }

    /// Calls `look` with each thing that may lie in a direction, a unit vector, nearer than `far`, which `look` answers
    /// anew.
    pub fn along(&self, to: Vector, far: f64, look: &mut impl FnMut(usize, f64) -> f64) -> f64 {
        let (Sky::Leaf(whole, _) | Sky::Fork(whole, _)) = self;
        if !whole.holds(to) || whole.near > far {
            return far;
        }
        match self {
            Sky::Leaf(_, patches) => {
                let there = patches.iter().filter(|patch| patch.holds(to));
                there.fold(far, |far, patch| if patch.near > far { far } else { look(patch.of, far) })
            }
            Sky::Fork(_, halves) => halves.iter().fold(far, |far, half| half.along(to, far, look)),
        }
    }
}

/// The patches of many things, on all cores.
pub fn patches<T: Sync>(things: &[T], patch: impl Fn(usize, &T) -> Patch + Sync) -> Vec<Patch> {
    things.par_iter().enumerate().map(|(i, thing)| patch(i, thing)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_finds_all_that_may_lie_there() {
        let place = |i: usize| {
            let n = i as f64;
            [libm::sin(n * 1.7) * 9.0, libm::cos(n * 2.3) * 9.0, libm::sin(n * 0.9) * 9.0]
        };
        let radius = |i: usize| 0.1 + (i % 13) as f64 / 3.0;
        let sky = Sky::new((0..500).map(|i| Patch::new(i, place(i), radius(i))).collect());
        for i in 0..500 {
            let way = place(i * 7);
            let far = libm::sqrt(dot(way, way));
            let to = way.map(|c| c / far);
            let mut found = Vec::new();
            sky.along(to, f64::INFINITY, &mut |of, far| {
                found.push(of);
                far
            });
            for j in 0..500 {
                let at = place(j);
                let along = dot(at, to).max(0.0);
                let off = libm::sqrt((dot(at, at) - along * along).max(0.0));
                assert!(off > radius(j) || along == 0.0 || found.contains(&j), "{i} {j}");
            }
        }
        assert_eq!(Sky::new(Vec::new()).along([1.0, 0.0, 0.0], 5.0, &mut |_, _| 0.0), 5.0);
    }
}
