//! What a state takes in, and why the rest is withheld.

use crate::id::{Authority, Boundary, Key, Lane, Time};
use crate::json::raw;
use crate::state::line::{Body, StateLine};

/// Which events and state lines a state takes in. Empty lists take in everything.
#[derive(Clone, Debug)]
pub struct Filter {
    /// By [`Lane::index`].
    pub lanes: [bool; Lane::COUNT],
    pub layers: Vec<String>,
    pub authorities: Vec<Authority>,
    pub boundaries: Vec<Boundary>,
    pub at: Option<AsOf>,
}

impl Filter {
    /// The code under which it withholds a state line, if it does: its lane, or its layer where it is a sensor's, which
    /// comes with that of its reading.
    pub(super) fn withholds(&self, line: &StateLine<'_>) -> Option<&'static str> {
        if !self.lanes[line.lane.index()] {
            return Some("view.lane");
        }
        match &line.body {
            Body::Sensor(reading) if !self.layers.is_empty() => {
                let layer = raw::text(reading.sensor.layer).unwrap_or_default();
                (!self.layers.iter().any(|l| *l == layer)).then_some("view.layer")
            }
            _ => None,
        }
    }

    /// Whether it takes in events of every layer, authority and boundary.
    pub fn takes_all_kinds(&self) -> bool {
        self.layers.is_empty() && self.authorities.is_empty() && self.boundaries.is_empty()
    }
}

impl Default for Filter {
    fn default() -> Filter {
        Filter {
            lanes: [true; Lane::COUNT],
            layers: Vec::new(),
            authorities: Vec::new(),
            boundaries: Vec::new(),
            at: None,
        }
    }
}

/// Up to where a state takes in events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AsOf {
    /// Effective times up to this one.
    Time(Time),
    /// Order keys up to this one.
    Key { eff: Time, id: String },
}

impl AsOf {
    /// Whether what has this key comes after the cut.
    pub fn is_before(&self, key: Key<'_>) -> bool {
        match self {
            AsOf::Time(time) => key.eff > *time,
            AsOf::Key { eff, id } => (key.eff, key.event()) > (*eff, id.as_str()),
        }
    }
}

/// Why a line was withheld, as a boundary code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Withheld {
    No,
    Lane,
    Layer,
    Authority,
    Boundary,
}

impl Withheld {
    /// In their order.
    pub(super) const ALL: [Withheld; 5] =
        [Withheld::No, Withheld::Lane, Withheld::Layer, Withheld::Authority, Withheld::Boundary];

    pub(super) fn code(self) -> Option<&'static str> {
        match self {
            Withheld::No => None,
            Withheld::Lane => Some("view.lane"),
            Withheld::Layer => Some("view.layer"),
            Withheld::Authority => Some("view.authority"),
            Withheld::Boundary => Some("view.boundary"),
        }
    }
}
