//! Where nodes stand: the transforms that a view's registers describe, alone and along the chain of parents.
//!
//! A node sits in its parent's frame: world = parent · (translate · rotate · scale). Everything is in doubles, sines
//! and cosines come from `libm`, and nothing here is ever infinite or no number: what would be is clamped, so that
//! no event puts such a value into a view. Page "8. Projectors".
//!
//! ```
//! use ulp_view::transform::{Local, Transform};
//! let parent = Local { translation: [10.0, 0.0, 0.0], ..Local::IDENTITY }.turned(90.0).transform();
//! let child = Local { translation: [5.0, 0.0, 0.0], ..Local::IDENTITY }.transform();
//! assert_eq!(parent.then(&child).position(), [10.0, 5.0, 0.0]);
//! ```

use crate::join::{Space, ViewNode};
use rayon::prelude::*;
use ulp_core::event::RegisterKind;
use ulp_core::json::{self, Tape, Value, raw};

/// The greatest magnitude of any number of a transform. Sums of products of two such are still finite.
pub const LARGEST: f64 = 1e100;

/// From here on neighbouring doubles are more than 1e-9 apart, so that rounding changes nothing.
const COARSE: f64 = 8_388_608.0;

/// Rounds a computed number to 1e-9, as views write it; never `-0`.
pub fn rounded(x: f64) -> f64 {
    let x = if x.abs() < COARSE { (x * 1e9).round() / 1e9 } else { x };
    // Adding zero turns -0 into 0.
    x + 0.0
}

/// The number itself within ±[`LARGEST`]; 0 for what is none.
pub fn finite(x: f64) -> f64 {
    if x.is_nan() { 0.0 } else { x.clamp(-LARGEST, LARGEST) }
}

/// An affine map: three rows of a linear part, and a translation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transform {
    pub rows: [[f64; 3]; 3],
    pub translation: [f64; 3],
}

impl Transform {
    pub const IDENTITY: Transform =
        Transform { rows: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], translation: [0.0; 3] };

    /// This map after `inner`: where `inner` is in the frame that this one describes.
    pub fn then(&self, inner: &Transform) -> Transform {
        let mut rows = [[0.0; 3]; 3];
        for (i, row) in rows.iter_mut().enumerate() {
            for (j, cell) in row.iter_mut().enumerate() {
                *cell = finite((0..3).map(|k| self.rows[i][k] * inner.rows[k][j]).sum());
            }
        }
        Transform { rows, translation: self.apply(inner.translation) }
    }

    /// Where a point of the inner frame stands in the outer.
    pub fn apply(&self, point: [f64; 3]) -> [f64; 3] {
        let point = point.map(finite);
        std::array::from_fn(|i| {
            let turned: f64 = (0..3).map(|k| self.rows[i][k] * point[k]).sum();
            finite(turned + self.translation[i])
        })
    }

    /// Where the node itself stands.
    pub fn position(&self) -> [f64; 3] {
        self.translation
    }

    /// The turn about z in degrees, in (−180, 180], of what is drawn on the plane.
    pub fn rotation_2d(&self) -> f64 {
        let degrees = libm::atan2(self.rows[1][0], self.rows[0][0]).to_degrees();
        if degrees == -180.0 { 180.0 } else { degrees }
    }

    /// The scales along the turned x and y of what is drawn on the plane; a mirrored y is negative.
    pub fn scale_2d(&self) -> [f64; 2] {
        let [a, b, c, d] = self.plane();
        let mirrored = a * d - b * c < 0.0;
        let y = libm::hypot(c, d);
        [libm::hypot(a, b), if mirrored { -y } else { y }].map(finite)
    }

    /// The linear part on the plane, as SVG's `matrix` has it: the image of x (a, b), then that of y (c, d).
    pub fn plane(&self) -> [f64; 4] {
        [self.rows[0][0], self.rows[1][0], self.rows[0][1], self.rows[1][1]]
    }
}

/// A node's own transform in its parent's frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Local {
    pub translation: [f64; 3],
    pub rotation: Rotation,
    pub scale: [f64; 3],
}

/// A rotation as an event wrote it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rotation {
    /// About z, in degrees.
    Degrees(f64),
    /// x, y, z, w; of length 1.
    Quaternion([f64; 4]),
}

impl Local {
    pub const IDENTITY: Local =
        Local { translation: [0.0; 3], rotation: Rotation::Degrees(0.0), scale: [1.0; 3] };

    /// The same, turned about z to that many degrees.
    pub fn turned(self, degrees: f64) -> Local {
        Local { rotation: Rotation::Degrees(degrees), ..self }
    }

    /// What a node's registers say. What is missing, null or of another shape counts as not said.
    pub fn of(node: &ViewNode<'_>) -> Local {
        Local::read(node, &mut Numbers::default())
    }

    /// What raw values of a position, a rotation and a scale say.
    pub fn said(values: [Option<&str>; 3]) -> Local {
        Local::read_values(values, &mut Numbers::default())
    }

    /// The same with what is used for many nodes.
    fn read(node: &ViewNode<'_>, numbers: &mut Numbers) -> Local {
        let values = [RegisterKind::Position, RegisterKind::Rotation, RegisterKind::Scale];
        Local::read_values(values.map(|kind| node.plain(kind)), numbers)
    }

    fn read_values([position, rotation, scale]: [Option<&str>; 3], numbers: &mut Numbers) -> Local {
        let position = numbers.read(position);
        let translation = std::array::from_fn(|i| position.get(i).copied().unwrap_or(0.0));
        let rotation = Rotation::read(numbers.read(rotation));
        let scale = match *numbers.read(scale) {
            [all] => [all; 3],
            ref scale => std::array::from_fn(|i| scale.get(i).copied().unwrap_or(1.0)),
        };
        Local { translation, rotation, scale }
    }

    /// As a map: translate · rotate · scale.
    pub fn transform(&self) -> Transform {
        let mut rows = self.rotation.rows();
        for row in &mut rows {
            for (cell, scale) in row.iter_mut().zip(self.scale) {
                *cell = finite(*cell * finite(scale));
            }
        }
        Transform { rows, translation: self.translation.map(finite) }
    }
}

impl Rotation {
    /// One number is degrees, four are a quaternion; anything else is no rotation.
    fn read(numbers: &[f64]) -> Rotation {
        match *numbers {
            [degrees] => Rotation::Degrees(degrees),
            [x, y, z, w] => Rotation::Quaternion(unit([x, y, z, w])),
            _ => Rotation::Degrees(0.0),
        }
    }

    /// As a quaternion of length 1.
    pub fn quaternion(self) -> [f64; 4] {
        match self {
            Rotation::Degrees(degrees) => {
                let (sin, cos) = sin_cos(degrees / 2.0);
                [0.0, 0.0, sin, cos]
            }
            Rotation::Quaternion(q) => q,
        }
    }

    fn rows(self) -> [[f64; 3]; 3] {
        match self {
            Rotation::Degrees(degrees) => {
                let (sin, cos) = sin_cos(degrees);
                [[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]]
            }
            Rotation::Quaternion([x, y, z, w]) => [
                [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - z * w), 2.0 * (x * z + y * w)],
                [2.0 * (x * y + z * w), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - x * w)],
                [2.0 * (x * z - y * w), 2.0 * (y * z + x * w), 1.0 - 2.0 * (x * x + y * y)],
            ],
        }
    }
}

/// The sine and cosine of an angle in degrees; exact at the quarter turns.
pub fn sin_cos(degrees: f64) -> (f64, f64) {
    let turn = finite(degrees) % 360.0;
    match turn {
        0.0 => (0.0, 1.0),
        90.0 | -270.0 => (1.0, 0.0),
        180.0 | -180.0 => (0.0, -1.0),
        270.0 | -90.0 => (-1.0, 0.0),
        _ => (libm::sin(turn.to_radians()), libm::cos(turn.to_radians())),
    }
}

/// A quaternion of length 1; no rotation where it has none to speak of.
fn unit(q: [f64; 4]) -> [f64; 4] {
    // The greatest part is divided out first, so that no square overflows or vanishes.
    let greatest = q.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
    if greatest == 0.0 || !greatest.is_finite() {
        return [0.0, 0.0, 0.0, 1.0];
    }
    let q = q.map(|x| x / greatest);
    let length = libm::sqrt(q.iter().map(|x| x * x).sum());
    q.map(|x| x / length)
}

/// The numbers of a raw JSON number or array; empty where there is anything else.
pub fn numbers(raw: &str) -> Vec<f64> {
    let mut numbers = Numbers::default();
    numbers.read(Some(raw));
    numbers.list
}

/// Reads numbers, in room that is used again.
#[derive(Default)]
struct Numbers {
    tape: Tape,
    list: Vec<f64>,
}

impl Numbers {
    /// The numbers of a raw JSON number or array; none where there is anything else.
    fn read(&mut self, raw: Option<&str>) -> &[f64] {
        self.list.clear();
        if let Some(raw) = raw.filter(|raw| !self.take_plain(raw)) {
            self.list.clear();
            self.list.extend(self.tape.parse_any(raw, json::STATE_DEPTH).map(numbers_of).unwrap_or_default());
        }
        &self.list
    }

    /// Takes a number, or some in a list without a blank, as canonical JSON has them; answers whether that is all.
    fn take_plain(&mut self, raw: &str) -> bool {
        let list = raw.strip_prefix('[').and_then(|raw| raw.strip_suffix(']'));
        let is_part = |b: u8| matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e');
        list.unwrap_or(raw).split(',').all(|part| {
            let number = part.bytes().all(is_part).then(|| part.parse().ok()).flatten();
            self.list.extend(number.map(finite));
            number.is_some()
        })
    }
}

/// The numbers of a JSON number or array, each [`finite`]; empty where there is anything else.
pub fn numbers_of(value: Value<'_, '_>) -> Vec<f64> {
    raw::numbers(value).into_iter().map(finite).collect()
}

/// The own transform of every node that a view knows, by its number.
pub fn locals(space: &Space<'_>) -> Vec<Local> {
    let nodes = space.nodes.list().par_iter();
    nodes.map_init(Numbers::default, |numbers, (_, node)| Local::read(node, numbers)).collect()
}

/// The world transform of every node that a view knows, by its number, from their own. The parents of a view have no
/// cycles; each is worked out once, from the nearest ancestor that is known.
pub fn worlds(space: &Space<'_>, locals: &[Local]) -> Vec<Transform> {
    let nodes = space.nodes.list();
    let own: Vec<Transform> = locals.par_iter().map(Local::transform).collect();
    // Those without a parent stand in the world; the others follow.
    let placed = |(i, own): (usize, &Transform)| {
        if nodes[i].1.parent.is_none() { Transform::IDENTITY.then(own) } else { *own }
    };
    let mut worlds: Vec<Transform> = own.par_iter().enumerate().map(placed).collect();
    descend(space, |above, below| worlds[below] = worlds[above].then(&own[below]));
    worlds
}

/// Comes once to each node that hangs below another, and to that other before: `step` is given the numbers of both.
pub fn descend(space: &Space<'_>, mut step: impl FnMut(usize, usize)) {
    let nodes = space.nodes.list();
    let mut known: Vec<bool> = nodes.iter().map(|(_, node)| node.parent.is_none()).collect();
    let mut path = Vec::new();
    for i in 0..nodes.len() {
        let mut at = i;
        while let Some(above) = nodes[at].1.parent.filter(|_| !known[at]) {
            path.push(at);
            at = above;
        }
        while let Some(below) = path.pop() {
            step(at, below);
            known[below] = true;
            at = below;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn computed_numbers_are_rounded() {
        assert_eq!(rounded(0.1 + 0.2), 0.3);
        assert_eq!(rounded(1.000_000_000_4), 1.0);
        assert_eq!(rounded(123_456_789.123_456_78), 123_456_789.123_456_78);
        assert_eq!(rounded(-1e-12).to_string(), "0");
    }

    #[test]
    fn a_quarter_turn_is_exact_and_huge_numbers_stay_finite() {
        let turned = Local::IDENTITY.turned(-270.0).transform();
        assert_eq!(turned.apply([1.0, 0.0, 0.0]), [0.0, 1.0, 0.0]);
        assert_eq!(turned.rotation_2d(), 90.0);
        let huge = Local { translation: [1e308; 3], scale: [1e308; 3], ..Local::IDENTITY }.transform();
        let both = huge.then(&huge).then(&huge);
        assert!(both.position().iter().chain(both.rows.iter().flatten()).all(|x| x.is_finite()));
    }

    #[test]
    fn quaternions_and_degrees_agree() {
        let half = libm::sqrt(0.5);
        let by_quaternion =
            Local { rotation: Rotation::read(&[0.0, 0.0, 2.0 * half, 2.0 * half]), ..Local::IDENTITY };
        let by_degrees = Local::IDENTITY.turned(90.0).transform();
        let close = |a: [f64; 3], b: [f64; 3]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12);
        let rows = by_quaternion.transform().rows;
        assert!(rows.iter().zip(by_degrees.rows).all(|(a, b)| close(*a, b)));
        assert_eq!(Rotation::read(&[0.0; 4]).quaternion(), [0.0, 0.0, 0.0, 1.0]);
    }

    #[test]
    fn numbers_of_another_shape_are_none() {
        assert_eq!(numbers("[1,2.5]"), [1.0, 2.5]);
        assert_eq!(numbers(" [ -1e+21, 5E-1 ]"), numbers("[-1e+21,0.5]"));
        assert_eq!(numbers("3"), [3.0]);
        assert!(numbers("[1,\"2\"]").is_empty() && numbers("{}").is_empty() && numbers("null").is_empty());
    }
}
