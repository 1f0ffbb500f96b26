//! The tests of the toolkit, widest first: one binary, a module a kind.
#![allow(clippy::unwrap_used)]

mod alert;
mod append;
mod browser;
mod cache;
mod counts;
mod cron;
mod device;
mod errors_alone;
mod faults;
mod font;
mod ignore;
mod map;
mod memory;
mod pack;
mod pages;
mod peer;
mod projector_2d;
mod projector_3d;
mod projector_audio;
mod radio;
mod reference;
mod replay;
mod run;
mod sample;
mod scripts;
mod seal;
mod state;
mod store;
mod sync;
mod tidy;
mod transcripts;
mod trust;
mod vectors;
mod views;
