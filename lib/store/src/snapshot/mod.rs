//! Snapshots: the state of a tile, stored beside the events it was derived from.

pub mod make;
pub mod record;
