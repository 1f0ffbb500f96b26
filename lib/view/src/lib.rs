//! What may be seen of a world: its lanes and tiles joined, where its nodes stand, and the pages that play it.

pub mod history;
pub mod join;
pub mod page;
pub mod print;
pub mod record;
mod redaction;
pub mod series;
pub mod transform;
pub mod view;

pub use view::View;
