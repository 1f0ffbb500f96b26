//! Numbers in space: vectors and turns that can be drawn.
//!
//! Every result is finite: what would lie beyond [`FAR`] lies there, and what is no number is 0. Sines and square
//! roots are those of `libm`, so that all machines agree.

/// The farthest that anything is drawn from the origin of its frame, in units. A float holds it with room to spare
/// for squares.
pub const FAR: f64 = 1e15;

pub type Vector = [f64; 3];

/// A turn as a unit quaternion, x, y, z, w.
pub type Turn = [f64; 4];

/// No turn at all.
pub const STILL: Turn = [0.0, 0.0, 0.0, 1.0];

/// A number that can be drawn.
pub fn tame(n: f64) -> f64 {
    if n.is_nan() { 0.0 } else { n.clamp(-FAR, FAR) }
}

pub fn tamed(v: Vector) -> Vector {
    v.map(tame)
}

pub fn minus(a: Vector, b: Vector) -> Vector {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

pub fn plus(a: Vector, b: Vector) -> Vector {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

pub fn times(a: Vector, b: Vector) -> Vector {
    [a[0] * b[0], a[1] * b[1], a[2] * b[2]]
}

pub fn cross(a: Vector, b: Vector) -> Vector {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

pub fn dot(a: Vector, b: Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// The length of a vector; it is found without its square, which may be no number.
pub fn length(v: Vector) -> f64 {
    let most = v.iter().fold(0.0, |m: f64, c| m.max(c.abs()));
    if most > 0.0 && most.is_finite() {
        let v = v.map(|c| c / most);
        most * libm::sqrt(dot(v, v))
    } else {
        0.0
    }
}

/// The unit vector along `v`, if it has a direction.
pub fn unit(v: Vector) -> Option<Vector> {
    let length = length(v);
    (length > 0.0 && length.is_finite()).then(|| v.map(|c| c / length))
}

/// A quaternion of length 1; one without a direction turns nothing.
pub fn turn(q: [f64; 4]) -> Turn {
    let most = q.iter().fold(0.0, |m: f64, c| m.max(c.abs()));
    if most == 0.0 || !most.is_finite() {
        return STILL;
    }
    let q = q.map(|c| c / most);
    let length = libm::sqrt(q.iter().map(|c| c * c).sum());
    q.map(|c| c / length)
}

/// The turn that brings x to a direction.
pub fn towards(direction: Vector) -> Turn {
    let Some([x, y, z]) = unit(direction) else { return STILL };
    // The half-way quaternion: the cross product of x and the direction, and 1 plus their dot product.
    if x < -1.0 + 1e-9 { [0.0, 0.0, 1.0, 0.0] } else { turn([0.0, -z, y, 1.0 + x]) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transform::{Local, Rotation};

    fn near(a: Vector, b: Vector) -> bool {
        length(minus(a, b)) < 1e-9
    }

    #[test]
    fn x_is_turned_to_any_direction() {
        for direction in [[1.0, 2.0, 3.0], [-1.0, 0.0, 0.0], [0.0, 0.0, -5.0], [-1.0, 1e-12, 0.0]] {
            let rotation = Rotation::Quaternion(towards(direction));
            let turned = Local { rotation, ..Local::IDENTITY }.transform();
            assert!(near(turned.apply([length(direction), 0.0, 0.0]), direction), "{direction:?}");
        }
    }

    #[test]
    fn nothing_leaves_the_numbers() {
        assert_eq!(turn([0.0; 4]), STILL);
        assert_eq!(tamed([f64::NAN, f64::MAX, -1.0]), [0.0, FAR, -1.0]);
        assert_eq!(length([1e300, -1e300, 0.0]), 1e300 * std::f64::consts::SQRT_2);
    }
}
