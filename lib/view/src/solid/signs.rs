//! Words that stand in a scene: the names of what is a mere mark, what is missing, and what sensors read.

use crate::geometry::Shape;
use crate::name::shortened;
use crate::scene::Sensor;
use crate::solid::scene::Scene;
use crate::solid::site::{Hung, Site};
use crate::solid::space::Vector;

/// Most signs of a scene; nobody could read more.
pub const MOST: usize = 300;
/// What is said of a picture that is not shown.
pub const MISSING: &str = ": picture missing";
/// Longest sign, in characters.
const LONGEST: usize = 60;
/// Most readings that are listed beside a scene.
const MOST_LISTED: usize = 30;

/// From line to line of a list, in heights.
const LINE: f64 = 1.4;

/// Words at a place.
pub struct Sign {
    /// The node or sensor that it is about.
    pub of: String,
    pub words: String,
    /// In units of the drawing.
    pub at: Vector,
}

/// The signs of a scene, and how many more it would have.
pub fn signs(site: &Site<'_, '_, '_>) -> (Vec<Sign>, usize) {
    let nodes = (0..site.scene.nodes.len()).filter_map(|i| of_node(site, i));
    let sensors = placed(site).map(|(sensor, at)| sign(site, sensor.name, &sensor.words(), at));
    let mut all: Vec<Sign> = sensors.chain(nodes).collect();
    let beyond = all.len().saturating_sub(MOST);
    all.truncate(MOST);
    (all, beyond)
}

/// What is written at a node: its name, where it is a mere mark; that its picture is missing.
fn of_node(site: &Site<'_, '_, '_>, i: usize) -> Option<Sign> {
    let node = &site.scene.nodes[i];
    let name = node.name.as_deref().unwrap_or(node.id);
    let at = site.frame.place(node.frame.position());
    let is_mark = match &site.shapes[i] {
        Some(shape) => matches!(shape, Shape::Unknown(_) | Shape::Blob { .. }),
        None => node.kind.is_some() && !site.is_bare(i) && matches!(site.hung[i], Hung::Nothing),
    };
    let words = match site.hung[i] {
        Hung::Missing => format!("{name}{MISSING}"),
        _ if is_mark => name.to_owned(),
        _ => return None,
    };
    site.layer(i).visible.then(|| sign(site, node.id, &words, at))
}

/// A sign beside what is drawn as a point.
fn sign(site: &Site<'_, '_, '_>, of: &str, words: &str, [x, y, z]: Vector) -> Sign {
    let beside = site.sizes.point * 1.5;
    let words = shortened(&crate::name::one_line(words), LONGEST);
    Sign { of: of.to_owned(), words, at: [x + beside, y - site.letters() * site.flip / 3.0, z + beside] }
}

/// The sensors at no node that is seen that say where they are, with their place in the drawing.
pub fn placed<'s>(site: &'s Site<'_, '_, '_>) -> impl Iterator<Item = (&'s Sensor<'s, 's>, Vector)> {
    let scene: &'s Scene<'_, '_> = site.scene;
    scene.sensors.iter().filter(|s| !s.is_at_node).filter_map(|s| Some((s, site.frame.place(s.position?))))
}

/// The sensors that are nowhere.
pub fn unplaced<'s>(site: &'s Site<'_, '_, '_>) -> impl Iterator<Item = &'s Sensor<'s, 's>> {
    site.scene.sensors.iter().filter(|s| !s.is_at_node && s.position.is_none())
}

/// What sensors that are nowhere read, in a list east of all that is drawn.
pub fn list(site: &Site<'_, '_, '_>) -> Vec<Sign> {
    let mut lines: Vec<(String, String)> = unplaced(site)
        .take(MOST_LISTED)
        .map(|sensor| (sensor.name.to_owned(), shortened(&sensor.words(), LONGEST)))
        .collect();
    let count = unplaced(site).count();
    if count > MOST_LISTED {
        lines.push(("readings".to_owned(), format!("and {} more", count - MOST_LISTED)));
    }
    let (least, most) = site.around_all();
    let down = -site.letters() * site.flip;
    let (x, top) = (most[0] + 4.0 * site.letters(), if site.flip > 0.0 { most[1] } else { least[1] });
    let line =
        |((of, words), n): ((String, String), f64)| Sign { of, words, at: [x, top + down * n * LINE, 0.0] };
    let at = |n: u32| f64::from(n);
    lines.into_iter().zip((1..).map(at)).map(line).collect()
}
