//! The tests of the toolkit, widest first: one binary, a module a kind.
#![allow(clippy::unwrap_used)]

mod faults;
mod pages;
mod reference;
mod run;
mod state;
mod tidy;
mod transcripts;
mod trust;
mod vectors;
