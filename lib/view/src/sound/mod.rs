//! How a view is heard: every event as a note of a score, which a synthesizer, a sequencer or a page plays.
//!
//! [`sonify`](sonify::sonify) says what is heard of a view, a [`Mapping`](mapping::Mapping) how each event sounds, and a
//! [`Score`](score::Score) when.

pub mod clock;
mod drones;
mod listener;
pub mod mapping;
mod now;
pub mod score;
pub mod sonify;
pub mod voice;
mod winners;
pub mod words;
