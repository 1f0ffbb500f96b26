//! The page of a scene: its own script, and the meshes that it draws.
//!
//! What differs by its size alone is one mesh that the script stretches; every other shape that a node ever had comes
//! along as a mesh, under its canonical geometry.

use crate::mesh::{self, Common, Mesh, Plan, Sizes};
use crate::model::Site;
use crate::models::shape_of;
use crate::record::Style;
use crate::scene::Scene;
use data_encoding::BASE64;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use ulp_core::event::RegisterKind;
use ulp_core::id::Tile;
use ulp_core::json;
use ulp_core::json::write::Object;
use ulp_core::state::Written;
use ulp_view::View;
use ulp_view::history::{Effect, Resolved};
use ulp_view::page::{self, Page};

const DRAWING: &str = include_str!("page/drawing.js");
const HELP: &str = "Dragging and the arrow keys turn the scene, with shift they move along the ground, plus and minus \
    zoom, 0 shows everything, N and P step through what is in view, Escape lets go, space plays.";

/// Writes the page of all spaces of a view; `scenes` hold everything that was ever in them.
pub fn write(
    view: &View<'_, '_>,
    scenes: &[Scene<'_, '_>],
    histories: &[Resolved<'_>],
    style: Style,
    takes_tile: impl Fn(Tile) -> bool,
) -> Vec<u8> {
    let mut meshes = common();
    let mut about = Object::default();
    let mut titles = Vec::new();
    for (scene, history) in scenes.iter().zip(histories) {
        let site = Site::new(scene, style);
        gather(&site, history, &mut meshes);
        let mut sizes = Object::default();
        sizes.object("sizes", numbers(&site.sizes));
        about.object(scene.space.space, sizes);
        titles.push(site.title());
    }
    let mut data = Object::default();
    let mut all = Object::default();
    for (name, mesh) in meshes {
        all.object(&name, mesh);
    }
    data.object("meshes", all).object("scenes", about);
    let page = Page { title: &titles.join(", "), help: HELP, drawing: DRAWING, data: &data.bytes() };
    page::write(view, &page, histories, takes_tile)
}

fn numbers(sizes: &Sizes) -> Object {
    let mut object = Object::default();
    object.number("thickness", sizes.thickness).number("line", sizes.line).number("point", sizes.point);
    object
}

/// The meshes that many shapes share, by the names that the script knows.
fn common() -> BTreeMap<String, Object> {
    let all = [
        ("cube", Common::Cube),
        ("slab", Common::Slab),
        ("ball", Common::Ball),
        ("column", Common::Column),
        ("gem", Common::Gem),
    ];
    let mut meshes: BTreeMap<String, Object> = all
        .into_iter()
        .map(|(name, which)| (name.to_owned(), embedded(&mesh::common(which), false)))
        .collect();
    meshes.insert("stick".to_owned(), embedded(&mesh::column(mesh::FEW_SIDES), false));
    meshes
}

/// Every shape that a node of the space ever had and that is a mesh of its own.
fn gather(site: &Site<'_, '_, '_>, history: &Resolved<'_>, meshes: &mut BTreeMap<String, Object>) {
    let index: HashMap<&str, usize> = site.scene.nodes.iter().map(|n| n.id).zip(0..).collect();
    for effect in history.steps.iter().flat_map(|step| &step.effects) {
        let Effect::Write { node, written: Written { register, value, .. }, .. } = effect else { continue };
        let Some(i) = index.get(node).filter(|_| register.kind == RegisterKind::Geometry) else { continue };
        let shape = site.scene.stock.models.shape(shape_of(value));
        if !matches!(site.plan(&shape, *i), Plan::Own(_)) {
            continue;
        }
        let mut name = Vec::new();
        json::write_canonical(value, &mut name);
        let Ok(name) = String::from_utf8(name) else { continue };
        if let Entry::Vacant(slot) = meshes.entry(name) {
            let hollow = site.hollow[*i];
            let mesh = mesh::own(&shape, site.sizes_at(*i).line, hollow, &site.scene.stock.faces);
            if !mesh.indices.is_empty() {
                slot.insert(embedded(&mesh, mesh::is_flat(&shape)));
            }
        }
    }
}

fn embedded(mesh: &Mesh, flat: bool) -> Object {
    let floats = |rows: &[[f32; 3]]| {
        BASE64.encode(&rows.iter().flatten().flat_map(|n| n.to_le_bytes()).collect::<Vec<u8>>())
    };
    let indices: Vec<u8> = mesh.indices.iter().flat_map(|i| i.to_le_bytes()).collect();
    let mut object = Object::default();
    object
        .text("positions", Some(&floats(&mesh.positions)))
        .text("normals", Some(&floats(&mesh.normals)))
        .text("indices", Some(&BASE64.encode(&indices)))
        .raw("flat", flat.then_some("true"))
        .raw("lines", mesh.lines.then_some("true"));
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_script_ends_itself() {
        assert!(!DRAWING.contains("</script") && !DRAWING.contains("<!--"));
        assert!(!DRAWING.contains("innerHTML") && !DRAWING.contains("eval("));
    }
}
