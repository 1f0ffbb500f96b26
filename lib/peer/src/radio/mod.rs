//! Lines as packets, and packets as lines. Page "11. Discovery, sync, receipts", C.

mod airtime;

pub use airtime::Lora;
