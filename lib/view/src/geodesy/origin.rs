//! Where the point (0,0,0) of a space lies on the Earth: `@space.origin`, or what an option gives for it.

use std::str::FromStr;
use ulp_core::json::write::Object;
use ulp_core::json::{STATE_DEPTH, Tape, Value};

/// A place of WGS84 that a plane is laid out about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Origin {
    /// Degrees north, from −90 to 90.
    pub lat: f64,
    /// Degrees east, from −180 to 180.
    pub lon: f64,
    /// Metres above the ellipsoid.
    pub height: f64,
    /// How far mean sea level lies above the ellipsoid, in metres, where it is known.
    pub geoid: Option<f64>,
}

impl Origin {
    /// What a raw JSON value of `@space.origin` says; a height that is not given is 0. None for what is no place.
    pub fn read(raw: &str) -> Option<Origin> {
        let mut tape = Tape::new();
        let value = tape.parse_any(raw, STATE_DEPTH).ok()?;
        let number = |name| value.get(name).map(Value::as_f64);
        let optional = |name| match value.get(name).filter(|v| !v.is_null()) {
            None => Some(None),
            Some(value) => value.as_f64().map(Some),
        };
        let [lat, lon] = [number("lat")??, number("lon")??];
        Origin { lat, lon, height: optional("height")?.unwrap_or(0.0), geoid: optional("geoid")? }.checked()
    }

    /// The canonical value of `@space.origin`.
    pub fn json(&self) -> String {
        let mut object = Object::default();
        object.number("lat", self.lat).number("lon", self.lon).number("height", self.height);
        if let Some(geoid) = self.geoid {
            object.number("geoid", geoid);
        }
        object.json()
    }

    fn checked(self) -> Option<Origin> {
        let heights = [self.height, self.geoid.unwrap_or(0.0)];
        let holds =
            self.lat.abs() <= 90.0 && self.lon.abs() <= 180.0 && heights.iter().all(|h| h.is_finite());
        holds.then_some(self)
    }
}

/// As an option has it: `LAT,LON[,H[,GEOID]]`.
impl FromStr for Origin {
    type Err = String;
    fn from_str(text: &str) -> Result<Origin, String> {
        let numbers: Option<Vec<f64>> = text.split(',').map(|part| part.trim().parse().ok()).collect();
        let origin = match numbers.as_deref() {
            Some(&[lat, lon]) => Some(Origin { lat, lon, height: 0.0, geoid: None }),
            Some(&[lat, lon, height]) => Some(Origin { lat, lon, height, geoid: None }),
            Some(&[lat, lon, height, geoid]) => Some(Origin { lat, lon, height, geoid: Some(geoid) }),
            _ => None,
        };
        let origin = origin.and_then(Origin::checked);
        origin.ok_or_else(|| "not LAT,LON[,H[,GEOID]] in degrees and metres, as 52.6,-2,100".to_owned())
    }
}
