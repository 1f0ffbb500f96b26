//! Events, order, state and views of replayable worlds.

pub mod event;
pub mod id;
pub mod json;
pub mod order;
pub mod state;
pub mod world;
