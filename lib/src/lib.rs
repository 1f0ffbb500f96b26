//! Events, order, state and views of replayable worlds.

pub mod cli;
pub mod hash;
pub mod id;
pub mod json;
pub mod kind;
pub mod store;
