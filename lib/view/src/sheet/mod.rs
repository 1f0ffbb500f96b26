//! The plane as it is drawn: what of a space is seen, where everything goes on a sheet, which pictures hang there, and
//! the page that shows it. Projectors of the plane share it.

pub mod extent;
pub mod layout;
pub mod page;
pub mod pictures;
pub mod scene;

use crate::geometry::Shape;
use pictures::Gallery;
use scene::{Item, Scene};

/// What drawings do not show of their nodes: triangles of meshes beyond the most that are drawn, and pictures.
pub fn lost(scenes: &[Scene<'_, '_>], gallery: &Gallery<'_>) -> Vec<(String, String)> {
    let is_cut = |item: &&Item<'_, '_>| matches!(&item.shape, Shape::Mesh(mesh) if mesh.is_cut());
    let cut = scenes.iter().flat_map(|scene| &scene.items).filter(is_cut);
    let cut = cut.map(|item| (item.id.to_owned(), "triangles".to_owned()));
    cut.chain(gallery.crowded_out.iter().map(|node| (node.clone(), "picture".to_owned()))).collect()
}
