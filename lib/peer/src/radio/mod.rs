//! Lines as packets, and packets as lines. Page "11. Discovery, sync, receipts", C.
//!
//! What frames are, `ulp_core::frame` says; how a line that no frame carries is cut into parts, [`Message`]; what is
//! heard in parts, [`Assembly`]; whose it is, [`Names`]; how long it takes, [`Lora`].

mod airtime;
mod names;
mod parts;

pub use airtime::Lora;
pub use names::{Names, Source, Speaker};
pub use parts::{Assembly, Message, longest};
