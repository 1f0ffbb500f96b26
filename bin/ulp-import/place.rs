//! Where things are: degrees onto the plane, points about the middle of their box, the box around all that is read.

use ulp_core::json::write::{Items, write_numbers};
use ulp_core::report::Refusal;
use ulp_view::geodesy::{LatLon, Origin, Plane, round};

use crate::draft::Json;

/// The code of what lies where the plane does not reach.
pub const OUT_OF_RANGE: &str = "map.range";

/// Where the point (0,0,0) lies.
#[derive(Clone, Copy, Debug)]
pub enum OriginArg {
    Auto,
    At(Origin),
}

impl std::str::FromStr for OriginArg {
    type Err = String;
    fn from_str(text: &str) -> Result<OriginArg, String> {
        if text == "auto" { Ok(OriginArg::Auto) } else { text.parse().map(OriginArg::At) }
    }
}

/// What degrees are put onto.
#[derive(Clone, Copy, Debug)]
pub enum Ground {
    /// Nothing was given: no format that comes here asks for degrees.
    None,
    /// The plane is yet to be found: only where things lie is asked.
    Survey,
    Plane(Plane),
}

impl Ground {
    /// A place on the plane.
    ///
    /// # Errors
    /// It is no place of WGS84, or one that the plane does not reach.
    pub fn point(&self, lat: f64, lon: f64, around: &mut Around) -> Result<[f64; 2], Refusal> {
        if !(lat.abs() <= 90.0 && lon.abs() <= 180.0) {
            return Err(Refusal::new(
                "import.coordinates",
                "no latitude within ±90, or no longitude within ±180",
            ));
        }
        match self {
            Ground::None => Err(Refusal::new("import.coordinates", "latitude and longitude need --origin")),
            Ground::Survey => {
                around.add(lat, lon);
                Ok([0.0, 0.0])
            }
            Ground::Plane(plane) => plane
                .point(LatLon { lat, lon })
                .map_err(|_| Refusal::new(OUT_OF_RANGE, "too far east or west of the origin's meridian")),
        }
    }

    /// The z of an ellipsoidal height.
    pub fn z(&self, height: f64) -> f64 {
        match self {
            Ground::Plane(plane) => plane.z(height),
            _ => 0.0,
        }
    }

    /// The z of a height above mean sea level, where the origin says how far the geoid lies.
    pub fn z_above_sea(&self, height: f64) -> Option<f64> {
        match self {
            Ground::Plane(plane) => plane.origin().geoid.map(|geoid| plane.z(height + geoid)),
            _ => None,
        }
    }
}

/// The box around places, both as longitudes count from −180 and as they count from 0.
#[derive(Clone, Copy, Debug, Default)]
pub struct Around(Option<[[f64; 2]; 3]>);

impl Around {
    fn add(&mut self, lat: f64, lon: f64) {
        let east = if lon < 0.0 { lon + 360.0 } else { lon };
        self.join(Around(Some([[lat; 2], [lon; 2], [east; 2]])));
    }

    /// Takes in another box.
    pub fn join(&mut self, other: Around) {
        self.0 = match (self.0, other.0) {
            (Some(a), Some(b)) => {
                let wider = |i: usize| [a[i][0].min(b[i][0]), a[i][1].max(b[i][1])];
                Some([wider(0), wider(1), wider(2)])
            }
            (a, b) => a.or(b),
        };
    }

    /// The middle of the narrower box, to a hundredth of a degree, as the origin of a plane.
    pub fn origin(&self) -> Option<Origin> {
        let [lat, west, east] = self.0?;
        let lon = if east[1] - east[0] < west[1] - west[0] { east } else { west };
        let [lat, lon] = [lat, lon].map(|[least, greatest]| hundredth(f64::midpoint(least, greatest)));
        Some(Origin { lat, lon: round::longitude(lon), height: 0.0, geoid: None })
    }
}

fn hundredth(x: f64) -> f64 {
    (x * 100.0).round() / 100.0 + 0.0
}

/// The middle of the box around points, to a millimetre.
pub fn middle(points: &[[f64; 2]]) -> [f64; 2] {
    [0, 1].map(|axis| {
        let numbers = points.iter().map(|point| point[axis]);
        let (least, greatest) =
            (numbers.clone().fold(f64::INFINITY, f64::min), numbers.fold(f64::NEG_INFINITY, f64::max));
        round::height(f64::midpoint(least, greatest))
    })
}

/// A point as seen from another, in micrometres at most.
pub fn relative(point: [f64; 2], to: [f64; 2]) -> [f64; 2] {
    [0, 1].map(|axis| round::position(point[axis] - to[axis]))
}

/// A list of points, as seen from one.
pub fn write_points(points: &[[f64; 2]], to: [f64; 2], out: &mut Vec<u8>) {
    let mut items = Items::open(out);
    for point in points {
        items.next(out);
        write_numbers(&relative(*point, to), out);
    }
    items.close(out);
}

/// A position of two or three numbers.
pub fn write_position([x, y]: [f64; 2], z: Option<f64>, out: &mut Vec<u8>) {
    match z {
        Some(z) => write_numbers(&[x, y, z], out),
        None => write_numbers(&[x, y], out),
    }
}

/// About how long a transform of a position is, in bytes.
const POSITION: usize = 64;

/// A transform of a position alone.
pub fn transform(at: [f64; 2], z: Option<f64>) -> Json {
    let mut out = Vec::with_capacity(POSITION);
    out.extend_from_slice(b"{\"position\":");
    write_position(at, z, &mut out);
    out.push(b'}');
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn origin(places: &[(f64, f64)]) -> Option<(f64, f64)> {
        let mut around = Around::default();
        places.iter().for_each(|(lat, lon)| around.add(*lat, *lon));
        around.origin().map(|origin| (origin.lat, origin.lon))
    }

    #[test]
    fn an_origin_is_the_middle_of_the_narrower_box() {
        assert_eq!(origin(&[]), None);
        assert_eq!(origin(&[(52.6, -2.04), (52.62, -1.96)]), Some((52.61, -2.0)));
        assert_eq!(origin(&[(-17.0, 179.9), (-17.1, -179.9)]), Some((-17.05, 180.0)));
        assert_eq!(origin(&[(0.0, 170.0), (0.0, -160.0)]), Some((0.0, -175.0)));
        assert_eq!(origin(&[(-0.001, -0.001)]), Some((0.0, 0.0)));
    }

    #[test]
    fn points_stand_about_the_middle_of_their_box() {
        let points = [[0.0, 0.0], [10.0, 1.0], [2.0, 3.0]];
        assert_eq!(middle(&points), [5.0, 1.5]);
        let mut out = Vec::new();
        write_points(&points, middle(&points), &mut out);
        assert_eq!(out, b"[[-5,-1.5],[5,-0.5],[-3,1.5]]");
    }
}
