//! What may be seen of a world: its lanes and tiles joined, where its nodes stand, and the pages that play it.

pub mod join;
pub mod name;
pub mod page;
pub mod style;
pub mod transform;
pub mod view;

pub use view::View;
