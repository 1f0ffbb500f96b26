//! The tests of the toolkit, widest first: one binary, a module a kind.
#![allow(clippy::unwrap_used)]

mod reference;
mod state;
mod trust;
