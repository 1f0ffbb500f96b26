//! Where a drawing is laid out: about an origin of its own, at about a thousand units across.
//!
//! World coordinates are doubles; what renders a drawing has half their digits, and bounds of its own on sizes. So
//! what goes to a renderer is a place less the drawing's origin, times its scale, worked out in doubles: it looks the
//! same wherever the world lies, and however large it is. The scale is 1, 2 or 5 times a power of ten, and the origin
//! a whole number of the drawing's units, so that both are short to write.
//!
//! ```
//! use ulp_view::frame::Frame;
//! let frame = Frame::around([530_000.0, 180_000.0], [530_040.0, 180_030.0]);
//! assert_eq!((frame.origin, frame.scale), ([530_020.0, 180_015.0], 20.0));
//! assert_eq!(frame.place([530_040.0, 180_015.0]), [400.0, 0.0]);
//! ```

use crate::transform::finite;

/// The most units across that a drawing is laid out in.
pub const ACROSS: f64 = 1000.0;
/// A box that is smaller than this part of its distance from 0 has no size: its numbers are too few to tell.
const LEAST: f64 = 1.0 / (1_u64 << 48) as f64;

/// The local coordinates of a drawing, of two axes or three.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame<const N: usize> {
    /// The place of the world that is 0 here.
    pub origin: [f64; N],
    /// How many units here a unit of the world is.
    pub scale: f64,
}

impl<const N: usize> Frame<N> {
    /// The world's own coordinates.
    pub const WORLD: Frame<N> = Frame { origin: [0.0; N], scale: 1.0 };

    /// The frame of what lies between two corners.
    pub fn around(least: [f64; N], greatest: [f64; N]) -> Frame<N> {
        let side = (0..N).map(|i| greatest[i] - least[i]).fold(0.0, f64::max);
        let scale = round_scale(side);
        let whole = |x: f64| finite((x * scale).round() / scale) + 0.0;
        Frame { origin: std::array::from_fn(|i| whole(least[i] / 2.0 + greatest[i] / 2.0)), scale }
    }

    /// Where a place of the world is here.
    pub fn place(&self, place: [f64; N]) -> [f64; N] {
        std::array::from_fn(|i| finite((place[i] - self.origin[i]) * self.scale))
    }

    /// How long a length of the world is here.
    pub fn length(&self, length: f64) -> f64 {
        finite(length * self.scale)
    }
}

/// How far from its middle a box between two corners reaches at least, so that its middle can be told from its rim.
pub fn least_reach<const N: usize>(least: [f64; N], greatest: [f64; N]) -> f64 {
    least.iter().chain(&greatest).fold(0.0, |most: f64, x| most.max(x.abs())) * LEAST
}

/// The greatest of 1, 2 and 5 times a power of ten by which a side comes to no more than [`ACROSS`].
fn round_scale(side: f64) -> f64 {
    if !(side > 0.0 && side.is_finite()) {
        return 1.0;
    }
    let power = libm::log10(ACROSS / side).floor();
    // One power more, for what the logarithm rounded down.
    let steps = [10.0, 5.0, 2.0, 1.0].map(|step| times_ten(step, power));
    steps.into_iter().find(|scale| side * scale <= ACROSS * (1.0 + 1e-9)).unwrap_or(steps[3])
}

/// A number times a power of ten; a division is nearer to what is meant than a power that is no double.
fn times_ten(number: f64, power: f64) -> f64 {
    let whole = libm::pow(10.0, power.abs());
    if power < 0.0 { number / whole } else { number * whole }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(side: f64) -> f64 {
        Frame::around([0.0], [side]).scale
    }

    #[test]
    fn scales_are_short_and_bring_a_side_to_a_thousand_at_most() {
        assert_eq!([1.0, 3.0, 100.0, 1000.0, 1001.0, 7e5].map(scale), [1000.0, 200.0, 10.0, 1.0, 0.5, 0.001]);
        assert_eq!([0.0, f64::NAN, f64::INFINITY].map(scale), [1.0; 3]);
        for power in -90..90 {
            for digit in [1.0, 1.5, 2.5, 4.9, 9.99] {
                let side = times_ten(digit, f64::from(power));
                let across = side * scale(side);
                assert!((390.0..=1000.001).contains(&across), "{side}: {across}");
            }
        }
    }

    #[test]
    fn a_drawing_looks_the_same_at_any_size_and_place() {
        let corners = [[-3.0, 2.0], [4.0, 6.5]];
        let here = Frame::around(corners[0], corners[1]).place(corners[1]);
        for power in -6..=12 {
            let at = |x: f64| times_ten(x, f64::from(power));
            let [a, b] = corners.map(|c| c.map(at));
            assert_eq!(Frame::around(a, b).place(b).map(f64::round), here, "1e{power}");
        }
        let [a, b] = corners.map(|c| c.map(|x| x + 1e9));
        let frame = Frame::around(a, b);
        let across = frame.place(b)[0] - frame.place(a)[0];
        assert_eq!(across, 700.0);
    }

    #[test]
    fn nothing_here_is_infinite() {
        let frame = Frame::around([-1e100; 2], [1e100; 2]);
        assert!(frame.place([1e100, -1e100]).iter().all(|x| x.abs() <= ACROSS));
        assert!(Frame::around([1e300], [1e300]).place([f64::NAN]) == [0.0]);
    }
}
