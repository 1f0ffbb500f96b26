//! Events, order and state of replayable worlds: pure functions over lines.
//!
//! Nothing here knows of files, but for the search for dotfiles, nor of the process.

pub mod event;
pub mod frame;
pub mod hash;
pub mod id;
pub mod json;
pub mod kind;
pub mod line;
pub mod names;
pub mod order;
pub mod parallel;
pub mod path;
pub mod pattern;
pub mod report;
pub mod root;
pub mod scope;
pub mod state;
pub mod statement;
pub mod text;
pub mod trust;
pub mod world;
pub mod yaml;
