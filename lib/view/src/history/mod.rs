//! What changed in a space, in the order of keys.
//!
//! A view is what a world has come to; a [`History`] is the way there: every change that events made, and every one
//! that state lines still tell of. It takes in what the view's filter takes in, and of a redacted lane no more than a
//! view shows of it. [`resolve`] joins it event by event, and says what each of them came to.
//!
//! An event is known by its tile, its lane, its key, and the text of its line: two of one name and one time stay two,
//! each with its own changes. A state line does not tell which of them left it behind: where no event at hand wrote
//! the same, nobody did it.

mod event;
mod gather;
mod lines;
mod resolve;
mod tags;
#[cfg(test)]
mod tests;

pub use event::{Author, Change, Event, History, Part, Source};
pub use gather::gather;
pub use resolve::{Effect, Resolved, Standing, Step, resolve};

/// The canonical form of raw JSON.
fn canonical(raw: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    ulp_core::json::write_canonical(raw, &mut out);
    out
}
