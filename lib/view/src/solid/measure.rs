//! How lengths of the world become lengths of a drawing.

use crate::fonts::Faces;
use crate::solid::space::{FAR, Vector, tame, tamed};

/// What shapes are measured by.
#[derive(Clone, Copy)]
pub struct Measure<'f> {
    pub faces: &'f Faces<'f>,
    /// How many units of the drawing a unit of the world is.
    pub scale: f64,
    /// The height of letters where a text names none, in units of the drawing.
    pub text: f64,
}

impl<'f> Measure<'f> {
    /// The world's own lengths. How large a text without a size is, only the drawing tells: here it is a point.
    pub fn of_world(faces: &'f Faces<'f>) -> Measure<'f> {
        Measure { faces, scale: 1.0, text: 0.0 }
    }

    /// A length of the world in the drawing.
    pub fn length(&self, length: f64) -> f64 {
        tame(length * self.scale)
    }

    /// A place in a node's frame, or a size of three lengths.
    pub fn place(&self, place: Vector) -> Vector {
        place.map(|c| self.length(c))
    }

    /// A place of the drawing's units in those of the world.
    pub fn back(&self, place: Vector) -> Vector {
        if self.scale > 0.0 { tamed(place.map(|c| c / self.scale)) } else { [FAR; 3] }
    }
}
