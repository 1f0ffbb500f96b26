//! What a projector projects.

use crate::join::Space;
use ulp_core::world::{Filter, World};
use ulp_store::blobs::Blobs;

/// What a projector projects: the world as it was read, and what may be seen of it.
pub struct View<'v, 'a> {
    pub world: &'v World<'a>,
    pub filter: &'v Filter,
    /// In order.
    pub spaces: Vec<Space<'a>>,
    /// The blobs that events name.
    pub blobs: &'v Blobs<'v>,
}
