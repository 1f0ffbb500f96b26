//! What shapes are made from besides their own numbers: blobs, and the faces of letters.

use crate::fonts::{Faces, Fonts};
use crate::solid::models::Models;
use crate::solid::pictures::Pictures;
use ulp_store::blobs::Blobs;

pub struct Stock<'v> {
    pub models: Models<'v>,
    pub pictures: Pictures<'v>,
    pub faces: Faces<'v>,
}

impl<'v> Stock<'v> {
    pub fn new(blobs: &'v Blobs<'v>, fonts: &'v Fonts) -> Stock<'v> {
        Stock { models: Models::new(blobs), pictures: Pictures::new(blobs), faces: fonts.faces() }
    }
}
