//! Who looks, from where, and how large the picture is: what the options say.

use crate::pose::{Angles, Matrix, Place, Pose, back, times};
use std::str::FromStr;
use ulp_view::solid::space::{Vector, minus};

/// The least and the greatest angle that a picture is wide, in degrees.
const WIDTHS: [f64; 2] = [0.001, 179.0];
/// The longest side of a picture, in pixels.
const LONGEST: u32 = 32_768;

/// `--viewer`: a pose and how wide the picture is, in degrees; or the file of a pose.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    Here(Pose, Field),
    File(std::path::PathBuf),
}

/// How wide a picture is, in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Field(f64);

/// How large a picture is, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub width: u32,
    pub height: u32,
}

/// An eye, and the picture before it.
#[derive(Clone, Copy, Debug)]
pub struct Camera {
    /// Where the eye is, earth-centred.
    pub eye: Vector,
    /// East, north and up there, as columns.
    axes: Matrix,
    /// Ahead, left and up of the picture, as columns of earth-centred directions.
    turn: Matrix,
    /// How many pixels a length of 1 is that lies 1 ahead.
    focal: f64,
    pub width: f64,
    pub height: f64,
}

impl FromStr for Given {
    type Err = String;
    fn from_str(text: &str) -> Result<Given, String> {
        if let Some(path) = text.strip_prefix('@') {
            return Ok(Given::File(path.into()));
        }
        let numbers: Option<Vec<f64>> = text.split(',').map(|part| part.trim().parse().ok()).collect();
        let given = match numbers.as_deref() {
            Some(&[lat, lon, height, yaw, pitch, roll, field]) => {
                let place = Place { lat, lon, height }.checked();
                let angles = [yaw, pitch, roll].iter().all(|angle| angle.is_finite());
                let turn = Angles { yaw, pitch, roll }.turn();
                place.filter(|_| angles).zip(Field::new(field)).map(|(at, field)| (Pose { at, turn }, field))
            }
            _ => None,
        };
        let (pose, field) = given.ok_or_else(|| {
            "not lat,lon,h,yaw,pitch,roll,fov in degrees and metres, as 52.6,-2,101.6,90,0,0,60, nor @FILE".to_owned()
        })?;
        Ok(Given::Here(pose, field))
    }
}

impl Field {
    fn new(degrees: f64) -> Option<Field> {
        (WIDTHS[0]..=WIDTHS[1]).contains(&degrees).then_some(Field(degrees))
    }

    /// The horizontal field of a camera of that vertical one, which is how a scene has it.
    pub fn of_camera(vertical: f64, size: Size) -> Field {
        let half = libm::tan(vertical.clamp(1.0, 170.0).to_radians() / 2.0);
        let wide = 2.0 * libm::atan(half * f64::from(size.width) / f64::from(size.height)).to_degrees();
        Field(wide.clamp(WIDTHS[0], WIDTHS[1]))
    }
}

/// What a phone's camera sees, held upright or not, is about this wide.
impl Default for Field {
    fn default() -> Field {
        Field(60.0)
    }
}

impl FromStr for Field {
    type Err = String;
    fn from_str(text: &str) -> Result<Field, String> {
        let degrees = text.parse().ok().and_then(Field::new);
        degrees.ok_or_else(|| format!("not an angle between {} and {} degrees", WIDTHS[0], WIDTHS[1]))
    }
}

impl FromStr for Size {
    type Err = String;
    fn from_str(text: &str) -> Result<Size, String> {
        let side = |text: &str| text.parse().ok().filter(|side| (1..=LONGEST).contains(side));
        let sides = text.split_once('x').and_then(|(w, h)| Some((side(w)?, side(h)?)));
        let size = sides.map(|(width, height)| Size { width, height });
        size.ok_or_else(|| format!("not WIDTHxHEIGHT in pixels, each from 1 to {LONGEST}, as 1920x1080"))
    }
}

impl Default for Size {
    fn default() -> Size {
        Size { width: 1920, height: 1080 }
    }
}

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

impl Camera {
    pub fn new(pose: &Pose, Field(field): Field, size: Size) -> Camera {
        let (width, height) = (f64::from(size.width), f64::from(size.height));
        let axes = pose.at.axes();
        let focal = width / 2.0 / libm::tan(field.to_radians() / 2.0);
        Camera { eye: pose.at.centred(), axes, turn: times(&axes, &pose.turn), focal, width, height }
    }

    /// The way to a place from the eye.
    pub fn way(&self, place: Vector) -> Vector {
        minus(place, self.eye)
    }

    /// A way as east, north and up.
    pub fn east_north_up(&self, way: Vector) -> Vector {
        back(&self.axes, way)
    }

    /// Where the end of a way is in the picture's plane, from its top left corner on; none where it is not before the
    /// eye.
    pub fn on_screen(&self, way: Vector) -> Option<[f64; 2]> {
        let [ahead, left, up] = back(&self.turn, way);
        let place =
            [self.width / 2.0 - self.focal * left / ahead, self.height / 2.0 - self.focal * up / ahead];
        (ahead > 0.0 && place.iter().all(|c| c.is_finite())).then_some(place)
    }

    /// Which way from the middle of the picture something lies that is not in it, to the right and down.
    pub fn aside(&self, way: Vector) -> [f64; 2] {
        let [_, left, up] = back(&self.turn, way);
        [-left, -up]
    }

    pub fn holds(&self, [x, y]: [f64; 2]) -> bool {
        (0.0..=self.width).contains(&x) && (0.0..=self.height).contains(&y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_viewer_is_refused() {
        assert!(matches!("52.6,-2,101.6,90,0,0,60".parse(), Ok(Given::Here(..))));
        assert!(matches!("@pose.json".parse(), Ok(Given::File(_))));
        for bad in [
            "",
            "1,2,3",
            "91,0,0,0,0,0,60",
            "0,0,nan,0,0,0,60",
            "0,0,0,inf,0,0,60",
            "0,0,0,0,0,0,180",
            "0,0,0,0,0,0,0",
            "0,0,1e99,0,0,0,60",
            "0,0,0,0,0,0,60,1",
        ] {
            assert!(bad.parse::<Given>().is_err(), "{bad}");
        }
        assert_eq!("320x200".parse(), Ok(Size { width: 320, height: 200 }));
        for bad in ["", "320", "0x1", "1x0", "-1x5", "99999x1", "1x1x1", "1 x 1"] {
            assert!(bad.parse::<Size>().is_err(), "{bad}");
        }
    }

    #[test]
    fn ahead_is_the_middle_and_east_is_right_of_north() {
        let at = Place { lat: 52.6, lon: -2.0, height: 100.0 };
        let pose = Pose { at, turn: Angles { yaw: 90.0, pitch: 0.0, roll: 0.0 }.turn() };
        let camera = Camera::new(&pose, "90".parse().unwrap(), Size { width: 200, height: 100 });
        let ways = |[e, n, u]: Vector| crate::pose::through(&at.axes(), [e, n, u]);
        let near = |found: Option<[f64; 2]>, wanted: [f64; 2]| {
            found.is_some_and(|f| (0..2).all(|i| (f[i] - wanted[i]).abs() < 1e-9))
        };
        assert!(near(camera.on_screen(ways([0.0, 5.0, 0.0])), [100.0, 50.0]));
        assert!(near(camera.on_screen(ways([5.0, 5.0, 0.0])), [200.0, 50.0]));
        assert!(near(camera.on_screen(ways([0.0, 10.0, 1.0])), [100.0, 40.0]));
        assert_eq!(camera.on_screen(ways([0.0, -5.0, 0.0])), None);
    }
}
