//! The tests of the toolkit, widest first: one binary, a module a kind.
#![allow(clippy::unwrap_used)]

mod projector_3d;
mod reference;
mod state;
