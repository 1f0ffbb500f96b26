//! What may be seen of a world: its lanes and tiles joined, where its nodes stand, and the pages that play it.

pub mod consent;
#[cfg(feature = "draw")]
pub mod digits;
#[cfg(feature = "draw")]
pub mod font;
#[cfg(feature = "draw")]
pub mod fonts;
pub mod frame;
pub mod geodesy;
#[cfg(feature = "draw")]
pub mod geometry;
pub mod history;
pub mod join;
pub mod json_canvas;
#[cfg(feature = "draw")]
pub mod labels;
pub mod media;
pub mod name;
#[cfg(feature = "draw")]
pub mod outline;
#[cfg(feature = "draw")]
pub mod page;
pub mod paint;
#[cfg(feature = "draw")]
pub mod path;
pub mod print;
pub mod record;
pub mod redaction;
pub mod scene;
pub mod series;
#[cfg(feature = "draw")]
pub mod sheet;
#[cfg(feature = "draw")]
pub mod solid;
#[cfg(feature = "draw")]
pub mod style;
mod text_at;
pub mod transform;
pub mod view;
pub mod xml;

pub use view::View;
