//! Series: what each sensor said over time, and what that comes to.
//!
//! A series is what one sensor of one actor says in one unit in one space, over all tiles. Its readings stand in the
//! order of their keys, and their time is the effective one: so a clock that was wrong puts no reading before what it
//! builds on. What is missing stays missing: [`gaps`] says where, and nothing that is worked out here bridges one.

mod figures;
mod gaps;
mod gather;
mod numbers;
mod range;

pub use figures::Figures;
pub use gaps::{Gap, gaps, longest_pause, missing};
pub use gather::Gathered;
pub(crate) use gather::gather;
pub use numbers::{HOUR, Number, numbers, rates, runs};
pub use range::{Range, levels, number, ranges};

use crate::join::unquoted;
use ulp_core::event::Sensor;
use ulp_core::id::{Key, Lane, Tile, Time};

/// What a sensor said over time.
#[derive(Clone, Debug)]
pub struct Series<'a> {
    pub space: &'a str,
    pub actor: &'a str,
    pub sensor: &'a str,
    /// The unit as a JSON string; one that is empty or null counts as none.
    pub unit: Option<&'a str>,
    /// In the order of their keys.
    pub readings: Vec<Reading<'a>>,
}

/// One reading.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    pub key: Key<'a>,
    pub tile: Tile,
    pub lane: Lane,
    pub sensor: &'a Sensor<'a>,
    /// The line of its event; nothing where state lines alone tell of it.
    pub line: Option<&'a [u8]>,
}

impl Series<'_> {
    /// The unit in plain text; empty where there is none.
    pub fn unit_text(&self) -> String {
        self.unit.map(unquoted).unwrap_or_default()
    }
}

impl Reading<'_> {
    /// Its effective time.
    pub fn time(&self) -> Time {
        self.key.eff
    }

    /// Whether the sensor says that it has nothing to say.
    pub fn is_null(&self) -> bool {
        self.sensor.value == "null"
    }

    /// Its value, where it is a number.
    pub fn number(&self) -> Option<f64> {
        let raw = self.sensor.value;
        let is_number = raw.starts_with(|c: char| c == '-' || c.is_ascii_digit());
        is_number.then(|| raw.parse().ok()).flatten().filter(|n: &f64| n.is_finite())
    }
}
