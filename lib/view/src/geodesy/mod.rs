//! The plane is a map: where its points lie on the Earth, and the Earth's on the plane.
//!
//! A space whose `@space.origin` names a place of WGS84 is the transverse Mercator plane about it, with scale 1 along
//! the origin's meridian: x east, y north, z the height above the origin's, which is ellipsoidal everywhere. In PROJ's
//! words `+proj=tmerc +lat_0=… +lon_0=… +k=1 +ellps=WGS84`. [`Plane`] goes both ways, in the unit of the space, and says
//! by how much grid north leaves true north; [`round`] says with how many decimals such numbers are written, [`cut`] how
//! lines and areas are laid so that none crosses the antimeridian.
//! ulp-event(5) describes the origin.
//!
//! ```
//! use ulp_view::geodesy::{LatLon, Origin, Plane, round};
//! let plane = Plane::new("52.6,-2,100".parse::<Origin>().unwrap());
//! let [x, y] = plane.point(LatLon { lat: 52.610_840_215, lon: -2.048_556_761 }).unwrap().map(round::position);
//! assert_eq!([x, y], [-3289.201_945, 1207.393_784]);
//! let back = plane.earth([x, y]).unwrap();
//! assert_eq!([round::degrees(back.lat), round::longitude(back.lon)], [52.610_840_215, -2.048_556_761]);
//! assert_eq!(plane.height(74.127), 174.127);
//! ```

pub mod cut;
mod mercator;
mod origin;
pub mod round;
mod unit;

pub use origin::Origin;
pub use unit::Unit;

use ulp_core::json::write::Object;

/// The class `Plane` of pages, which does the same in a browser; it is made of what [`Plane::json`] writes.
pub const SCRIPT: &str = include_str!("plane.js");

/// How far east or west of the origin's meridian the plane reaches, in metres. Further out the series lose their
/// micrometre.
pub const REACH: f64 = 3_900_000.0;

/// A place of WGS84, in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LatLon {
    /// From −90 to 90.
    pub lat: f64,
    /// Not folded at ±180: what lies beyond the antimeridian, as seen from the origin, goes on counting.
    /// [`round::longitude`] folds it.
    pub lon: f64,
}

/// A place that the plane does not reach: `map.range`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfRange;

/// The plane about an origin, in a space's own unit and with its own direction of y.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plane {
    origin: Origin,
    unit: Unit,
    /// Whether y runs north.
    up: bool,
    /// The origin's distance from the equator along the rectified meridian, in radians.
    north: f64,
}

impl Plane {
    /// In metres, with y north.
    pub fn new(origin: Origin) -> Plane {
        Plane::of(origin, Unit::METRE, true)
    }

    /// In a space's unit; `up` says whether its y runs north, or south.
    pub fn of(origin: Origin, unit: Unit, up: bool) -> Plane {
        Plane { origin, unit, up, north: mercator::rectified(origin.lat.to_radians()) }
    }

    pub fn origin(&self) -> Origin {
        self.origin
    }

    pub fn unit(&self) -> Unit {
        self.unit
    }

    /// What a page makes its own plane of: `{"height","lat","lon","unit","up"}`, the unit in metres.
    pub fn json(&self) -> Object {
        let mut object = Object::default();
        object
            .number("lat", self.origin.lat)
            .number("lon", self.origin.lon)
            .number("height", self.origin.height)
            .number("unit", self.unit.to_metres(1.0))
            .raw("up", Some(if self.up { "true" } else { "false" }));
        object
    }

    /// Where a place of the Earth lies on the plane.
    ///
    /// # Errors
    /// Too far from the origin's meridian, or no place of the Earth.
    pub fn point(&self, at: LatLon) -> Result<[f64; 2], OutOfRange> {
        if !(at.lat.abs() <= 90.0 && at.lon.is_finite()) {
            return Err(OutOfRange);
        }
        let east = round::fold(at.lon - self.origin.lon);
        let [along, across] = mercator::forward(at.lat.to_radians(), east.to_radians()).ok_or(OutOfRange)?;
        let x = across * mercator::RADIUS;
        if x.abs() > REACH {
            return Err(OutOfRange);
        }
        Ok([
            self.unit.from_metres(x),
            self.turned(self.unit.from_metres((along - self.north) * mercator::RADIUS)),
        ])
    }

    /// Where a point of the plane lies on the Earth.
    ///
    /// # Errors
    /// Too far from the origin's meridian, or further north or south than once around.
    pub fn earth(&self, at: [f64; 2]) -> Result<LatLon, OutOfRange> {
        let [lat, east] = mercator::inverse(self.radians(at)?).map(f64::to_degrees);
        Ok(LatLon { lat, lon: self.origin.lon + east })
    }

    /// How far grid north leaves true north there, in degrees, positive in the north-east: a true bearing is the grid's
    /// bearing and this.
    ///
    /// # Errors
    /// As [`Plane::earth`].
    pub fn convergence(&self, at: [f64; 2]) -> Result<f64, OutOfRange> {
        Ok(mercator::convergence(self.radians(at)?).to_degrees())
    }

    /// The ellipsoidal height of a z, in metres.
    pub fn height(&self, z: f64) -> f64 {
        self.origin.height + self.unit.to_metres(z)
    }

    /// The z of an ellipsoidal height in metres.
    pub fn z(&self, height: f64) -> f64 {
        self.unit.from_metres(height - self.origin.height)
    }

    /// The height above mean sea level of a z, in metres, where the origin says how far the geoid lies.
    pub fn sea_level(&self, z: f64) -> Option<f64> {
        self.origin.geoid.map(|geoid| self.height(z) - geoid)
    }

    /// The point as distances along and across the meridian, in radians of the rectifying sphere.
    fn radians(&self, [x, y]: [f64; 2]) -> Result<[f64; 2], OutOfRange> {
        let across = self.unit.to_metres(x);
        let along = self.north + self.unit.to_metres(self.turned(y)) / mercator::RADIUS;
        let is_near = across.abs() <= REACH && along.abs() <= std::f64::consts::PI;
        if is_near { Ok([along, across / mercator::RADIUS]) } else { Err(OutOfRange) }
    }

    fn turned(&self, y: f64) -> f64 {
        if self.up { y } else { -y }
    }
}

#[cfg(test)]
mod tests;
