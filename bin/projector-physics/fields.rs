//! The registers of a node that bodies are made of.

use ulp_core::event::{Register, RegisterKind};

/// The property by which what lies in the plane is extruded, in metres.
const HEIGHT: &str = "height";

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Physics,
    Geometry,
    Height,
    Scale,
    Position,
    Rotation,
    Parent,
    MovedTo,
    AbsorbedInto,
    Velocity,
    Spin,
}

impl Field {
    pub const COUNT: usize = Field::Spin as usize + 1;

    pub fn of(register: Register<'_>) -> Option<Field> {
        Some(match register.kind {
            RegisterKind::Physics => Field::Physics,
            RegisterKind::Geometry => Field::Geometry,
            RegisterKind::Scale => Field::Scale,
            RegisterKind::Position => Field::Position,
            RegisterKind::Rotation => Field::Rotation,
            RegisterKind::Parent => Field::Parent,
            RegisterKind::MovedTo => Field::MovedTo,
            RegisterKind::AbsorbedInto => Field::AbsorbedInto,
            RegisterKind::Velocity => Field::Velocity,
            RegisterKind::AngularVelocity => Field::Spin,
            RegisterKind::Property if register.key == HEIGHT => Field::Height,
            _ => return None,
        })
    }

    /// Whether only steps write it.
    pub fn is_of_steps(self) -> bool {
        matches!(self, Field::Velocity | Field::Spin)
    }

    /// Whether it says what a body is, rather than where.
    pub fn is_of_making(self) -> bool {
        matches!(self, Field::Physics | Field::Geometry | Field::Height | Field::Scale)
    }

    /// Whether it says whether a node is a body at all.
    pub fn is_of_standing(self) -> bool {
        matches!(self, Field::Physics | Field::Parent | Field::MovedTo | Field::AbsorbedInto)
    }

    /// Whether it names the node that this one hangs on.
    pub fn names_node(self) -> bool {
        matches!(self, Field::Parent | Field::AbsorbedInto)
    }
}
