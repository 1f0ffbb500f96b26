//! What a length of 1 is, where it is to be laid on the Earth.

use std::str::FromStr;

/// A unit of `@space.unit` that has a length in metres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unit {
    metres: f64,
    /// How many of it are a metre, where that is a whole number: dividing by it loses nothing.
    in_metre: f64,
}

impl Unit {
    pub const METRE: Unit = Unit { metres: 1.0, in_metre: 1.0 };

    pub fn to_metres(self, length: f64) -> f64 {
        if self.in_metre > 1.0 { length / self.in_metre } else { length * self.metres }
    }

    pub fn from_metres(self, length: f64) -> f64 {
        if self.in_metre > 1.0 { length * self.in_metre } else { length / self.metres }
    }
}

/// Another unit has no place on the Earth: `map.unit`.
impl FromStr for Unit {
    type Err = ();
    fn from_str(name: &str) -> Result<Unit, ()> {
        let long = |metres| Ok(Unit { metres, in_metre: 0.0 });
        let short = |in_metre: f64| Ok(Unit { metres: 1.0 / in_metre, in_metre });
        match name {
            "m" => Ok(Unit::METRE),
            "km" => long(1000.0),
            "cm" => short(100.0),
            "mm" => short(1000.0),
            "ft" => long(0.3048),
            "in" => long(0.0254),
            _ => Err(()),
        }
    }
}
