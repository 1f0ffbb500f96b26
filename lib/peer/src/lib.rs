//! How peers speak of each other's stores. Page "11. Discovery, sync, receipts".

pub mod air;
pub mod chains;
pub mod checkpoint;
pub mod graph;
pub mod radio;
pub mod sync;
