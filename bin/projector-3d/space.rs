//! Numbers in space: vectors, turns and frames.
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

/// A number to 9 decimals, as everything that is computed here is written.
pub fn rounded(n: f64) -> f64 {
    const STEPS: f64 = 1e9;
    // Beyond this a double has no ninth decimal.
    const EXACT: f64 = 9_007_199.0;
    if n.abs() < EXACT { libm::round(n * STEPS) / STEPS } else { n }
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

/// The turn by an angle about z, in degrees.
pub fn about_z(degrees: f64) -> Turn {
    // Whole turns change nothing, and the sine of a huge angle means nothing.
    let half = libm::fmod(tame_angle(degrees), 720.0).to_radians() / 2.0;
    quarter(degrees).unwrap_or([0.0, 0.0, libm::sin(half), libm::cos(half)])
}

fn tame_angle(degrees: f64) -> f64 {
    if degrees.is_finite() { degrees } else { 0.0 }
}

/// Turns by whole quarters without the last bit of a sine.
fn quarter(degrees: f64) -> Option<Turn> {
    const ROOT: f64 = std::f64::consts::FRAC_1_SQRT_2;
    let quarters = tame_angle(degrees) / 90.0;
    if quarters.fract() != 0.0 {
        return None;
    }
    Some(match libm::fmod(quarters, 4.0) as i64 {
        1 | -3 => [0.0, 0.0, ROOT, ROOT],
        2 | -2 => [0.0, 0.0, 1.0, 0.0],
        3 | -1 => [0.0, 0.0, -ROOT, ROOT],
        _ => STILL,
    })
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

/// A node's place in its parent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Local {
    pub translation: Vector,
    pub rotation: Turn,
    pub scale: Vector,
}

impl Default for Local {
    fn default() -> Local {
        Local { translation: [0.0; 3], rotation: STILL, scale: [1.0; 3] }
    }
}

/// A frame in the world: where its axes point, and where its origin lies.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    axes: [Vector; 3],
    origin: Vector,
}

impl Default for Frame {
    fn default() -> Frame {
        Frame { axes: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], origin: [0.0; 3] }
    }
}

impl Frame {
    /// The frame of a node in this one: scaled, then turned, then moved.
    pub fn within(&self, local: &Local) -> Frame {
        let [x, y, z, w] = local.rotation;
        let columns = [
            [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y + z * w), 2.0 * (x * z - y * w)],
            [2.0 * (x * y - z * w), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z + x * w)],
            [2.0 * (x * z + y * w), 2.0 * (y * z - x * w), 1.0 - 2.0 * (x * x + y * y)],
        ];
        let axis = |i: usize| tamed(self.direction(columns[i].map(|c| c * local.scale[i])));
        Frame { axes: [axis(0), axis(1), axis(2)], origin: self.point(local.translation) }
    }

    /// Where a point of this frame lies in the world.
    pub fn point(&self, p: Vector) -> Vector {
        tamed(plus(self.direction(p), self.origin))
    }

    pub fn origin(&self) -> Vector {
        self.origin
    }

    fn direction(&self, v: Vector) -> Vector {
        let [x, y, z] = self.axes;
        plus(plus(x.map(|c| c * v[0]), y.map(|c| c * v[1])), z.map(|c| c * v[2]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: Vector, b: Vector) -> bool {
        length(minus(a, b)) < 1e-9
    }

    #[test]
    fn a_child_is_scaled_then_turned_then_moved() {
        let local = Local { translation: [10.0, 0.0, 0.0], rotation: about_z(90.0), scale: [2.0, 1.0, 1.0] };
        assert!(near(Frame::default().within(&local).point([1.0, 0.0, 0.0]), [10.0, 2.0, 0.0]));
    }

    #[test]
    fn x_is_turned_to_any_direction() {
        for direction in [[1.0, 2.0, 3.0], [-1.0, 0.0, 0.0], [0.0, 0.0, -5.0], [-1.0, 1e-12, 0.0]] {
            let frame = Frame::default().within(&Local { rotation: towards(direction), ..Local::default() });
            assert!(near(frame.point([length(direction), 0.0, 0.0]), direction), "{direction:?}");
        }
    }

    #[test]
    fn nothing_leaves_the_numbers() {
        let huge = Local { translation: [f64::MAX; 3], rotation: about_z(1e300), scale: [-1e308; 3] };
        let mut frame = Frame::default();
        for _ in 0..100 {
            frame = frame.within(&huge);
        }
        assert!(frame.point([f64::MAX, f64::NAN, 0.0]).iter().all(|c| c.abs() <= FAR));
        assert_eq!(turn([0.0; 4]), STILL);
        assert_eq!(about_z(f64::INFINITY), STILL);
        assert_eq!(about_z(-270.0)[2], std::f64::consts::FRAC_1_SQRT_2);
    }
}
