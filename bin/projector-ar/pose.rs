//! Where something stands on the Earth and which way it looks, and that as a GeoPose (OGC 1.0).
//!
//! A pose is a place of WGS84 and a turn: what is ahead, to the left and upward, each as a direction of the place's own
//! east, north and up. A turn is a matrix by rows, whose columns are these three.

use ulp_core::json::write::Object;
use ulp_core::json::{STATE_DEPTH, Tape, Value};
use ulp_view::geodesy::round;
use ulp_view::solid::space::{Vector, turn};
use ulp_view::transform::sin_cos;

/// WGS84: the equatorial radius in metres, and the flattening.
const EQUATOR: f64 = 6_378_137.0;
const FLATTENING: f64 = 1.0 / 298.257_223_563;
const E2: f64 = FLATTENING * (2.0 - FLATTENING);

/// Rows of a matrix.
pub type Matrix = [[f64; 3]; 3];

/// A place of the Earth, and a turn there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pose {
    pub at: Place,
    /// Columns: ahead, left, up; rows: east, north, up.
    pub turn: Matrix,
}

/// A place of WGS84: degrees, and metres above the ellipsoid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    pub lat: f64,
    pub lon: f64,
    pub height: f64,
}

/// Yaw, pitch and roll in degrees: about z, the turned y and the turned x. Yaw counts from east to north, and a positive
/// pitch looks down.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Angles {
    pub yaw: f64,
    pub pitch: f64,
    pub roll: f64,
}

impl Place {
    /// As earth-centred coordinates, in metres: x towards latitude 0, longitude 0, z towards the north pole.
    pub fn centred(&self) -> Vector {
        let ((sin, cos), (east, zero)) = (sin_cos(self.lat), sin_cos(self.lon));
        let curve = EQUATOR / libm::sqrt(1.0 - E2 * sin * sin);
        let out = (curve + self.height) * cos;
        [out * zero, out * east, (curve * (1.0 - E2) + self.height) * sin]
    }

    /// East, north and up as directions of earth-centred coordinates: its columns.
    pub fn axes(&self) -> Matrix {
        let ((sin, cos), (east, zero)) = (sin_cos(self.lat), sin_cos(self.lon));
        [[-east, -sin * zero, cos * zero], [zero, -sin * east, cos * east], [0.0, cos, sin]]
    }
}

impl Angles {
    pub fn turn(&self) -> Matrix {
        let [(sy, cy), (sp, cp), (sr, cr)] = [self.yaw, self.pitch, self.roll].map(sin_cos);
        let about_z = [[cy, -sy, 0.0], [sy, cy, 0.0], [0.0, 0.0, 1.0]];
        let about_y = [[cp, 0.0, sp], [0.0, 1.0, 0.0], [-sp, 0.0, cp]];
        let about_x = [[1.0, 0.0, 0.0], [0.0, cr, -sr], [0.0, sr, cr]];
        times(&times(&about_z, &about_y), &about_x)
    }

    /// The angles of a turn, with 6 decimals, in (−180, 180]; straight up or down there is no roll.
    pub fn of(turn: &Matrix) -> Angles {
        let pitch = libm::atan2(-turn[2][0], libm::hypot(turn[0][0], turn[1][0]));
        let pitch = micro(pitch.to_degrees());
        if pitch.abs() == 90.0 {
            return Angles { yaw: angle(libm::atan2(-turn[0][1], turn[1][1])), pitch, roll: 0.0 };
        }
        let yaw = libm::atan2(turn[1][0], turn[0][0]);
        Angles { yaw: angle(yaw), pitch, roll: angle(libm::atan2(turn[2][1], turn[2][2])) }
    }
}

impl Pose {
    /// As a GeoPose: Basic-Quaternion, or with `ypr` Basic-YPR.
    pub fn object(&self, ypr: bool) -> Object {
        let Place { lat, lon, height } = self.at;
        let mut position = Object::default();
        position
            .number("lat", round::degrees(lat))
            .number("lon", round::longitude(lon))
            .number("h", round::height(height));
        let mut pose = Object::default();
        pose.object("position", position);
        let mut part = Object::default();
        if ypr {
            let Angles { yaw, pitch, roll } = Angles::of(&self.turn);
            part.number("yaw", yaw).number("pitch", pitch).number("roll", roll);
            pose.object("angles", part);
        } else {
            let [x, y, z, w] = written(quaternion(&self.turn));
            part.number("x", x).number("y", y).number("z", z).number("w", w);
            pose.object("quaternion", part);
        }
        pose
    }

    /// Reads a GeoPose, Basic-Quaternion or Basic-YPR. None for what is neither, or no place.
    pub fn read(text: &str) -> Option<Pose> {
        let mut tape = Tape::new();
        let value = tape.parse_any(text, STATE_DEPTH).ok()?;
        let numbers = |name: &str, parts: [&str; 3]| {
            let object = value.get(name)?;
            let mut found = [0.0; 3];
            for (number, part) in found.iter_mut().zip(parts) {
                *number = object.get(part).and_then(Value::as_f64)?;
            }
            Some((object, found))
        };
        let (_, [lat, lon, height]) = numbers("position", ["lat", "lon", "h"])?;
        let turn = match (numbers("quaternion", ["x", "y", "z"]), numbers("angles", ["yaw", "pitch", "roll"]))
        {
            (Some((object, [x, y, z])), None) => {
                let q = [x, y, z, object.get("w").and_then(Value::as_f64)?];
                // A turn of no length is none.
                q.iter().any(|part| *part != 0.0).then(|| matrix(turn(q)))?
            }
            (None, Some((_, [yaw, pitch, roll]))) => Angles { yaw, pitch, roll }.turn(),
            _ => return None,
        };
        Place { lat, lon, height }.checked().map(|at| Pose { at, turn })
    }
}

/// The highest place that anything is looked at from or seen at, in metres.
pub const HIGHEST: f64 = 1e12;

impl Place {
    /// The place itself, where it is one of the Earth.
    pub fn checked(self) -> Option<Place> {
        let holds = self.lat.abs() <= 90.0 && self.lon.abs() <= 360.0 && self.height.abs() <= HIGHEST;
        holds.then_some(self)
    }
}

/// The product of two matrices.
pub fn times(a: &Matrix, b: &Matrix) -> Matrix {
    std::array::from_fn(|i| std::array::from_fn(|j| (0..3).map(|k| a[i][k] * b[k][j]).sum()))
}

/// A vector through a matrix.
pub fn through(m: &Matrix, v: Vector) -> Vector {
    std::array::from_fn(|i| m[i][0] * v[0] + m[i][1] * v[1] + m[i][2] * v[2])
}

/// A vector through the matrix's transpose: what undoes a turn.
pub fn back(m: &Matrix, v: Vector) -> Vector {
    std::array::from_fn(|i| m[0][i] * v[0] + m[1][i] * v[1] + m[2][i] * v[2])
}

/// The turn of a quaternion of length 1.
pub fn matrix([x, y, z, w]: [f64; 4]) -> Matrix {
    [
        [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - z * w), 2.0 * (x * z + y * w)],
        [2.0 * (x * y + z * w), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - x * w)],
        [2.0 * (x * z - y * w), 2.0 * (y * z + x * w), 1.0 - 2.0 * (x * x + y * y)],
    ]
}

/// The quaternion of a turn, from its greatest part, so that nothing small is divided by.
fn quaternion(m: &Matrix) -> [f64; 4] {
    let squares = [
        1.0 + m[0][0] - m[1][1] - m[2][2],
        1.0 - m[0][0] + m[1][1] - m[2][2],
        1.0 - m[0][0] - m[1][1] + m[2][2],
        1.0 + m[0][0] + m[1][1] + m[2][2],
    ];
    let [a, b, c] = [m[2][1] - m[1][2], m[0][2] - m[2][0], m[1][0] - m[0][1]];
    let [d, e, f] = [m[1][0] + m[0][1], m[0][2] + m[2][0], m[2][1] + m[1][2]];
    let rows = [[squares[0], d, e, a], [d, squares[1], f, b], [e, f, squares[2], c], [a, b, c, squares[3]]];
    let greatest = (0..4).max_by(|i, j| squares[*i].total_cmp(&squares[*j])).unwrap_or(3);
    turn(rows[greatest])
}

/// A quaternion with 9 decimals; of the two that are one turn the one whose w, else whose first part that is not 0, is
/// positive.
fn written([x, y, z, w]: [f64; 4]) -> [f64; 4] {
    let q = [x, y, z, w].map(round::degrees);
    let first = [q[3], q[0], q[1], q[2]].into_iter().find(|part| *part != 0.0);
    if first.is_some_and(|part| part < 0.0) { q.map(|part| 0.0 - part) } else { q }
}

/// 6 decimals.
pub fn micro(x: f64) -> f64 {
    round::position(x)
}

/// An angle in degrees with 6 decimals, in (−180, 180].
fn angle(radians: f64) -> f64 {
    let degrees = micro(radians.to_degrees());
    if degrees == -180.0 { 180.0 } else { degrees }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: &Matrix, b: &Matrix) -> bool {
        a.iter().flatten().zip(b.iter().flatten()).all(|(a, b)| (a - b).abs() < 1e-7)
    }

    #[test]
    fn a_turn_is_the_same_as_a_quaternion_and_as_angles() {
        for yaw in [-179.0, -90.0, -1.5, 0.0, 44.0, 90.0, 180.0] {
            for pitch in [-90.0, -89.0, -30.0, 0.0, 12.0, 90.0] {
                for roll in [-170.0, -90.0, 0.0, 33.0, 180.0] {
                    let turn = Angles { yaw, pitch, roll }.turn();
                    assert!(near(&matrix(quaternion(&turn)), &turn), "{yaw} {pitch} {roll}");
                    let found = Angles::of(&turn);
                    assert!(near(&found.turn(), &turn), "{yaw} {pitch} {roll}: {found:?}");
                    assert!(pitch.abs() < 90.0 || found.roll == 0.0);
                }
            }
        }
    }

    #[test]
    fn of_two_quaternions_the_positive_one_is_written() {
        assert_eq!(written([0.5, -0.5, 0.5, -0.5]), [-0.5, 0.5, -0.5, 0.5]);
        assert_eq!(written([0.0, -1.0, 0.0, -1e-12]), [0.0, 1.0, 0.0, 0.0]);
        assert!(written([-0.0, 0.0, 0.0, 1.0])[0].is_sign_positive());
    }

    #[test]
    fn a_pose_is_read_as_it_is_written() {
        let at = Place { lat: 52.6, lon: -2.0, height: 101.6 };
        let pose = Pose { at, turn: Angles { yaw: 90.0, pitch: -10.0, roll: 3.0 }.turn() };
        for ypr in [false, true] {
            let back = Pose::read(&pose.object(ypr).json()).unwrap();
            assert!(back.at == at && near(&back.turn, &pose.turn));
        }
        for bad in [
            "",
            "{}",
            r#"{"position":{"lat":1,"lon":2,"h":3}}"#,
            r#"{"position":{"lat":91,"lon":2,"h":3},"angles":{"yaw":0,"pitch":0,"roll":0}}"#,
            r#"{"position":{"lat":1,"lon":2,"h":3},"quaternion":{"x":0,"y":0,"z":0,"w":0}}"#,
            r#"{"position":{"lat":1,"lon":2},"angles":{"yaw":0,"pitch":0,"roll":0}}"#,
        ] {
            assert!(Pose::read(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn places_are_on_the_ellipsoid() {
        let pole = Place { lat: 90.0, lon: 12.0, height: 0.0 }.centred();
        assert!((pole[2] - 6_356_752.314_245).abs() < 1e-6 && pole[0].abs() < 1e-6);
        assert_eq!(Place { lat: 0.0, lon: 0.0, height: 7.0 }.centred(), [6_378_144.0, 0.0, 0.0]);
    }
}
