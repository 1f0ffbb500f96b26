//! What shapes are made from besides their own numbers: blobs, and the faces of letters.

use crate::models::Models;
use ulp_store::blobs::Blobs;
use ulp_view::fonts::{Faces, Fonts};

pub struct Stock<'v> {
    pub models: Models<'v>,
    pub faces: Faces<'v>,
}

impl<'v> Stock<'v> {
    pub fn new(blobs: &'v Blobs<'v>, fonts: &'v Fonts) -> Stock<'v> {
        Stock { models: Models::new(blobs), faces: fonts.faces() }
    }
}
