//! What a node's registers make of it: how it moves, of what it is made, and its solid.

use crate::solid::Solid;
use ulp_core::json::{self, Kind, Tape, Value, raw};

/// What a solid weighs a cubic metre, where no mass is given, in kilograms.
const DENSITY: f64 = 1000.0;
const FRICTION: f64 = 0.5;
/// The least and the greatest mass that the solver is given, in kilograms.
const LIGHTEST: f64 = 1e-6;
const HEAVIEST: f64 = 1e15;
const MASS: &str = "its mass is none that the solver takes";
/// The greatest friction.
const ROUGHEST: f64 = 1e3;

/// How a body moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    Static,
    /// It falls and is pushed.
    Dynamic,
    /// It moves by its own velocity, and pushes.
    Kinematic,
}

/// What a node is made into.
pub struct Made {
    pub motion: Motion,
    pub solid: Solid,
    /// In kilograms.
    pub mass: f64,
    pub friction: f64,
    pub restitution: f64,
    /// What `physics` says of them; a member that is not there says nothing.
    pub velocity: Option<Vec<f64>>,
    pub spin: Option<Vec<f64>>,
}

impl Made {
    /// Reads the values of physics, geometry, height and scale.
    ///
    /// # Errors
    /// Why the solver cannot take it.
    pub fn of([physics, geometry, height, scale]: [Option<&str>; 4]) -> Result<Made, &'static str> {
        let mut tape = Tape::new();
        let physics = physics.and_then(|raw| tape.parse_any(raw, json::STATE_DEPTH).ok());
        let physics = Physics(physics.ok_or("it has no physics")?);
        let mass = physics.member("mass");
        let motion = match physics.member("body") {
            Some(body) if body.is_str("dynamic") => Motion::Dynamic,
            Some(body) if body.is_str("kinematic") => Motion::Kinematic,
            None if mass.is_some() => Motion::Dynamic,
            _ => Motion::Static,
        };
        let shape = physics.member("shape").map(Value::raw).or(geometry);
        let solid = Solid::of(shape, height.and_then(raw::number), scale, motion == Motion::Static)?;
        let mass = physics.number("mass", LIGHTEST..=HEAVIEST, MASS)?.unwrap_or(DENSITY * solid.volume);
        if motion == Motion::Dynamic && !(LIGHTEST..=HEAVIEST).contains(&mass) {
            return Err(MASS);
        }
        Ok(Made {
            motion,
            solid,
            mass,
            friction: physics
                .number("friction", 0.0..=ROUGHEST, "its friction is none that the solver takes")?
                .unwrap_or(FRICTION),
            restitution: physics
                .number("restitution", 0.0..=1.0, "its restitution is none that the solver takes")?
                .unwrap_or(0.0),
            velocity: physics.member("velocity").map(raw::numbers),
            spin: physics.member("angular_velocity").map(raw::numbers),
        })
    }
}

/// The members of a `physics`.
struct Physics<'t, 'a>(Value<'t, 'a>);

impl<'t, 'a> Physics<'t, 'a> {
    fn member(&self, name: &str) -> Option<Value<'t, 'a>> {
        self.0.get(name).filter(|value| value.kind() != Kind::Null)
    }

    fn number(
        &self,
        name: &str,
        range: std::ops::RangeInclusive<f64>,
        wrong: &'static str,
    ) -> Result<Option<f64>, &'static str> {
        let Some(value) = self.member(name) else { return Ok(None) };
        let number = value.as_f64().filter(|number| range.contains(number));
        number.map(Some).ok_or(wrong)
    }
}
