//! The page of a scene: its own script, and the meshes that it draws.
//!
//! The script knows no geometry. For every one that a node ever had it is told which mesh that is and how far it is
//! stretched, both in units of the drawing, which is laid out about an origin of its own: what differs by its size
//! alone is one mesh, and every other shape comes along as a mesh. Where a browser has WebXR, a second script
//! (`xr.js`) shows the same drawing in a headset or through a phone.

use crate::View;
use crate::geodesy::{Origin, round};
use crate::geometry::Shape;
use crate::history::{Effect, Resolved};
use crate::join::Space;
use crate::media::reference_in;
use crate::page::{self, Page};
use crate::scene::Settings;
use crate::solid::detail::{Detail, Left};
use crate::solid::everything::everything;
use crate::solid::letters::Lacking;
use crate::solid::mesh::{self, Common, Mesh, Plan, Sizes};
use crate::solid::models::{is_picture, shape_of, shape_of_media};
use crate::solid::record::Style;
use crate::solid::scene::{Scene, foot};
use crate::solid::signs;
use crate::solid::site::{Site, framed};
use crate::solid::stock::Stock;
use crate::transform::rounded;
use bumpalo::Bump;
use data_encoding::BASE64;
use std::collections::{BTreeMap, HashMap};
use ulp_core::event::{Register, RegisterKind};
use ulp_core::json;
use ulp_core::json::write::Object;
use ulp_core::state::Written;

const DRAWING: &str = include_str!("page/drawing.js");
const XR: &str = include_str!("page/xr.js");
const HELP: &str = "Dragging and the arrow keys turn the scene, with shift they move along the ground, plus and minus \
    zoom, 0 shows everything, T from above, S from the side, N and P step through what is in view, comma and full stop \
    step through the events, Escape lets go, space plays, question mark tells all keys.";

/// How a headset or a phone may show the scene, besides the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Immersion {
    /// All around the reader, who walks in it.
    Vr,
    /// In front of what the camera sees, where it lies on the Earth.
    Ar,
}

/// Writes the page of all spaces of a view, with what there is to note of it: letters that no font has, media that are
/// not shown, and what is drawn coarsely. `options` chose what is seen; `given` is where a space lies that does not say so.
pub fn page(
    view: &View<'_, '_>,
    stock: &Stock<'_>,
    style: Style,
    options: &[String],
    (immersion, given): (Immersion, Option<Origin>),
) -> (Vec<u8>, Vec<String>) {
    let arena = Bump::new();
    let resolved = view.resolved(&arena);
    let spaces: Vec<Space<'_>> =
        view.spaces.iter().zip(&resolved).map(|(space, history)| everything(space, history)).collect();
    let scenes: Vec<Scene<'_, '_>> = spaces.iter().map(|space| Scene::new(space, stock)).collect();
    let mut lacking = Lacking::default();
    scenes.iter().for_each(|scene| lacking.of_scene(scene));
    resolved.iter().for_each(|history| lacking.of_history(history, &stock.faces));
    let (page, left) = write(view, &scenes, &resolved, style, options, (immersion, given));
    let notes = lacking.notes().chain(hidden_media(&scenes)).chain(left.notes()).collect();
    (page, notes)
}

/// Media that could only be the shape of a node which has another.
pub fn hidden_media(scenes: &[Scene<'_, '_>]) -> Vec<String> {
    let nodes = scenes.iter().flat_map(|scene| &scene.nodes).filter(|node| node.geometry.is_some());
    let hidden = nodes.filter(|node| node.media.and_then(shape_of_media).is_some());
    hidden.map(|node| format!("{}: its medium, as it has a geometry", node.id)).collect()
}

/// Writes the page, and tells what is drawn coarsely; `scenes` hold everything that was ever in the spaces.
fn write(
    view: &View<'_, '_>,
    scenes: &[Scene<'_, '_>],
    histories: &[Resolved<'_>],
    style: Style,
    options: &[String],
    (immersion, given): (Immersion, Option<Origin>),
) -> (Vec<u8>, Left) {
    let mut meshes = common();
    let mut left = Left::default();
    let mut about = Object::default();
    let mut titles = Vec::new();
    for (scene, history) in scenes.iter().zip(histories) {
        let mut site = Site::new(scene, style);
        let (frame, side) = framed(site.extent());
        site.lay_out(frame, side);
        let mut space = Object::default();
        space
            .numbers("origin", &frame.origin)
            .number("scale", frame.scale)
            .object("sizes", numbers(&site.sizes))
            .object("plans", plans(&site, history, &mut meshes, &mut left));
        if let Some(earth) = earth(&site, given) {
            space.object("earth", earth);
        }
        about.object(scene.space.space, space);
        titles.push(site.title());
    }
    let mut data = Object::default();
    let mut pictures = Object::default();
    for (reference, picture) in shown(scenes, histories) {
        pictures.object(&reference, picture);
    }
    let mut all = Object::default();
    for (name, mesh) in meshes {
        all.object(&name, mesh);
    }
    data.object("meshes", all)
        .text("missing", Some(signs::MISSING))
        .object("pictures", pictures)
        .object("scenes", about)
        .text("immersion", Some(if immersion == Immersion::Ar { "immersive-ar" } else { "immersive-vr" }));
    let page = Page {
        title: &titles.join(", "),
        help: HELP,
        drawing: &[DRAWING, XR],
        style: "",
        options,
        data: &data.bytes(),
        shapes: false,
    };
    (page::write(view, &page, histories, view.takes_tile), left)
}

/// Where a space lies on the Earth, for what places it there: its origin, how many metres its unit is, and by how much
/// grid north leaves true north at the drawing's own origin, which the script cannot work out.
fn earth(site: &Site<'_, '_, '_>, given: Option<Origin>) -> Option<Object> {
    let plane = Settings::of_space(site.scene.space).plane(given).ok()?;
    let [x, y, z] = site.frame.origin;
    let place = plane.earth([x, y]).ok()?;
    let mut earth = Object::default();
    earth
        .number("convergence", rounded(plane.convergence([x, y]).ok()?))
        .number("height", round::height(plane.height(z)))
        .number("lat", round::degrees(place.lat))
        .number("lon", round::longitude(place.lon))
        .number("metres", plane.unit().to_metres(1.0));
    Some(earth)
}

fn numbers(sizes: &Sizes) -> Object {
    let mut object = Object::default();
    object.number("thickness", sizes.thickness).number("line", sizes.line).number("point", sizes.point);
    object
}

/// The names that meshes have in the script.
fn name_of(which: Common) -> &'static str {
    match which {
        Common::Cube => "cube",
        Common::Slab => "slab",
        Common::Ball => "ball",
        Common::Column => "column",
        Common::Gem => "gem",
    }
}

/// The meshes that many shapes share.
fn common() -> BTreeMap<String, Object> {
    let all = [Common::Cube, Common::Slab, Common::Ball, Common::Column, Common::Gem];
    let named = |which| (name_of(which).to_owned(), embedded(&mesh::common(which)));
    let mut meshes: BTreeMap<String, Object> = all.into_iter().map(named).collect();
    meshes.insert("stick".to_owned(), embedded(&mesh::column(mesh::FEW_SIDES)));
    meshes.insert("sheet".to_owned(), embedded(&mesh::sheet()));
    meshes
}

/// The pictures that nodes ever showed, by reference, with their sizes, and those that are missing.
fn shown(scenes: &[Scene<'_, '_>], histories: &[Resolved<'_>]) -> BTreeMap<String, Object> {
    let mut pictures = BTreeMap::new();
    for (scene, history) in scenes.iter().zip(histories) {
        for effect in history.steps.iter().flat_map(|step| &step.effects) {
            let Effect::Write { written: Written { register, value, .. }, .. } = effect else { continue };
            if *register != Register::media("media") || !is_picture(value) {
                continue;
            }
            let Some(reference) = reference_in(value) else { continue };
            pictures.entry(reference).or_insert_with_key(|reference| {
                let mut object = Object::default();
                match scene.stock.pictures.get(reference) {
                    Some(picture) => {
                        object.text("address", Some(&picture.address())).numbers("size", &picture.size)
                    }
                    None => object.raw("missing", Some("true")),
                };
                object
            });
        }
    }
    pictures
}

/// How every shape that a node of the space ever had is drawn, by the canonical value of its register.
fn plans(
    site: &Site<'_, '_, '_>,
    history: &Resolved<'_>,
    meshes: &mut BTreeMap<String, Object>,
    left: &mut Left,
) -> Object {
    let index: HashMap<&str, usize> = site.scene.nodes.iter().map(|n| n.id).zip(0..).collect();
    let mut plans: BTreeMap<String, (Object, Detail)> = BTreeMap::new();
    for effect in history.steps.iter().flat_map(|step| &step.effects) {
        let Effect::Write { node, written: Written { register, value, .. }, .. } = effect else { continue };
        let Some(i) = index.get(node).copied().filter(|_| is_shape(*register)) else { continue };
        let mut name = Vec::new();
        json::write_canonical(value, &mut name);
        let Ok(name) = String::from_utf8(name) else { continue };
        if let Some((_, detail)) = plans.get(&name) {
            left.note(node, *detail);
            continue;
        }
        let shape = if register.kind == RegisterKind::Geometry {
            Some(shape_of(value))
        } else {
            shape_of_media(value)
        };
        if let Some(shape) = shape {
            let shape = site.scene.stock.models.shape(shape);
            let (plan, detail) = plan(site, i, &shape, meshes, left);
            left.note(node, detail);
            plans.insert(name, (plan, detail));
        }
    }
    let mut object = Object::default();
    for (name, (plan, _)) in plans {
        object.object(&name, plan);
    }
    object
}

/// Whether a register says what a node looks like.
fn is_shape(register: Register<'_>) -> bool {
    register.kind == RegisterKind::Geometry || register == Register::media("media")
}

/// How a shape is drawn: the name of its mesh, which is added where it is the shape's own, and how far that is
/// stretched, but for the thickness of what is flat, which the script works out.
fn plan(
    site: &Site<'_, '_, '_>,
    i: usize,
    shape: &Shape,
    meshes: &mut BTreeMap<String, Object>,
    left: &mut Left,
) -> (Object, Detail) {
    let (hollow, measure) = (site.is_hollow(i), site.measure());
    let sizes = Sizes { thickness: 1.0, ..site.sizes };
    let (mut own, mut detail) = (None, Detail::Whole);
    if let Plan::Own(_) = mesh::plan(shape, &sizes, hollow, &measure) {
        let (mesh, shown) = left.own(shape, site.sizes_at(i).line, hollow, &measure);
        detail = shown;
        own = (!mesh.indices.is_empty()).then_some(mesh);
    }
    let (name, stretch, is_mark) = match (mesh::plan(shape, &sizes, hollow, &measure), &own) {
        (Plan::Common(which, stretch), _) => (name_of(which).to_owned(), stretch, shape.is_mark()),
        (Plan::Own(stretch), Some(_)) => (format!("own {}", meshes.len()), stretch, false),
        // A shape without any extent is still there.
        (Plan::Own(_), None) => ("gem".to_owned(), [sizes.point; 3], true),
    };
    let mut plan = Object::default();
    let mut flag = |name: &str, holds: bool| {
        plan.raw(name, holds.then_some("true"));
    };
    flag("flat", mesh::is_flat(shape) && !is_mark);
    flag("mark", is_mark);
    flag("named", matches!(shape, Shape::Unknown(_) | Shape::Blob { .. }));
    flag("own", own.is_some() && !matches!(shape, Shape::Text { .. }));
    flag("words", matches!(shape, Shape::Text { .. }));
    plan.text("mesh", Some(&name))
        .numbers("stretch", &stretch)
        .numbers("foot", &foot(shape, &measure))
        .numbers("middle", &if own.is_some() { mesh::middle(shape, &measure) } else { [0.0; 3] });
    if let Some(mesh) = own {
        meshes.insert(name, embedded(&mesh));
    }
    (plan, detail)
}

fn embedded(mesh: &Mesh) -> Object {
    let floats = |rows: &[[f32; 3]]| {
        BASE64.encode(&rows.iter().flatten().flat_map(|n| n.to_le_bytes()).collect::<Vec<u8>>())
    };
    let indices: Vec<u8> = mesh.indices.iter().flat_map(|i| i.to_le_bytes()).collect();
    let mut object = Object::default();
    object
        .text("positions", Some(&floats(&mesh.positions)))
        .text("normals", Some(&floats(&mesh.normals)))
        .text("indices", Some(&BASE64.encode(&indices)))
        .raw("lines", mesh.lines.then_some("true"));
    object
}
