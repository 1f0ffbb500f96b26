//! The store on disk.

pub mod map;
