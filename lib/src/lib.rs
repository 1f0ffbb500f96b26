//! Events, order, state and views of replayable worlds.
//!
//! Dependencies point downwards only: `cli` is the process edge; below it are worlds and views, then state and
//! order, then events, then names, hashes and JSON, which know nothing of ours below them.

pub mod blobs;
pub mod cli;
pub mod event;
pub mod hash;
pub mod id;
pub mod json;
mod keep;
pub mod kind;
pub mod names;
pub mod order;
pub mod pack;
pub mod page;
pub mod parallel;
pub mod pattern;
pub mod replay;
pub mod root;
pub mod scope;
pub mod state;
pub mod store;
pub mod transform;
pub mod trust;
pub mod view;
pub mod world;
