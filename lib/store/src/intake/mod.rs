//! What comes into a store.

pub mod segments;
