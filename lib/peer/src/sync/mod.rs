//! Two stores that meet over one pipe. Page "11. Discovery, sync, receipts", ulp-sync(5).
//!
//! What is said are lines of canonical JSON in [turns](turn): one side talks, the other listens, the client first. A
//! [`Session`] is one side of it, as pure functions of what it hears and of its [`Holdings`]: no pipe, no clock, no
//! randomness. Nothing in a turn takes effect before all of it is there and has the hash that its last line says.
//!
//! 1. Both say who they are and what they hold. Where the heads of the stores are equal, that is all, in three turns;
//!    else those of their spaces.
//! 2. Of a space that both have, messages of the negentropy protocol tell what either lacks; a space that one lacks is
//!    given whole.
//! 3. `have` and `want`: each `have` is answered by a `want`, each `want` by events and `sent`. Then objects, then
//!    receipts.
//! 4. Rows of what both hold now. Heads have the last word: where they differ by more than what was refused, both tell
//!    once more all they have.
//!
//! Bounds: a turn, ids of what differs up to [`set::MOST`] a space (then the space goes whole), answers that wait.

mod answers;
mod greeting;
mod hearing;
pub mod holdings;
pub mod ids;
pub mod line;
pub mod records;
pub mod session;
pub mod set;
mod stages;
#[cfg(test)]
mod tests;
pub mod turn;
pub mod verdict;

pub use holdings::Holdings;
pub use session::{Fault, Role, Session, Terms};
