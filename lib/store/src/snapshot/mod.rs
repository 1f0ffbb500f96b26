//! Snapshots: the state of a tile, stored beside the events it was derived from.

pub mod delta;
pub mod make;
pub mod missing;
pub mod record;
pub mod stored;
pub mod times;
