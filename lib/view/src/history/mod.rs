//! What changed in a space, in the order of keys.
//!
//! A view is what a world has come to; a [`History`] is the way there: every change that events made, and every one
//! that state lines still tell of. It takes in what the view's filter takes in, and of a redacted lane no more than a
//! view shows of it. [`resolve`] joins it event by event, and says what each of them came to.
//!
//! An event is known by its tile, its lane, its key, and the text of its line: two of one name and one time stay two,
//! each with its own changes. What a state line tells is told once: not where an event at hand wrote the same under
//! that key.
//!
//! What persons do not consent to is left out: of a history by [`withhold`], of what it came to by
//! [`resolve_shown`]. [`crate::View`] gives both so.

mod event;
mod gather;
mod lines;
mod people;
mod recordings;
mod resolve;
mod shown;
mod tags;
#[cfg(test)]
mod tests;

pub use event::{Author, Change, Event, History, Part, Source};
pub use gather::gather;
pub use people::Rules;
pub use resolve::{Effect, Resolved, Step, resolve};
pub use shown::{Shown, resolve_shown, withhold};
pub use tags::Tag;
