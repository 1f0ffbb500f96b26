//! Events, order, state and views of replayable worlds.

pub mod id;
pub mod json;
