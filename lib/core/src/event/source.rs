//! What a payload is read from, and the buffers for what is read.

use super::{Event, Set};
use crate::json::Value;
use bumpalo::Bump;

/// What a payload is read from.
pub struct Source<'s, 'a> {
    pub top: Value<'s, 'a>,
    /// The envelope; its payload is not there yet.
    pub event: &'s Event<'a>,
    pub arena: &'a Bump,
    pub scratch: &'s mut Scratch<'a>,
}

/// Buffers that live from line to line.
#[derive(Default)]
pub struct Scratch<'a> {
    pub names: Vec<&'a str>,
    sets: Vec<Set<'a>>,
}

impl<'a> Scratch<'a> {
    /// The buffer for what is set, empty.
    pub fn no_sets(&mut self) -> &mut Vec<Set<'a>> {
        self.sets.clear();
        &mut self.sets
    }
}
