//! The plane as a map.

mod plane;
