//! The page of a map: that of the plane, with what tells where on the Earth it lies.
//!
//! Nodes and sensors that the plane does not reach are not drawn; where they are at another time is up to the script,
//! which knows the planes by their spaces.

use crate::feature::{Map, Subject};
use std::collections::BTreeSet;
use ulp_core::id::Tile;
use ulp_core::json::write::Object;
use ulp_view::View;
use ulp_view::fonts::Fonts;
use ulp_view::geodesy;
use ulp_view::join::Space;
use ulp_view::scene::Sensor;
use ulp_view::sheet;
use ulp_view::sheet::page::{self, Furniture, HELP};
use ulp_view::sheet::pictures::{Gallery, database};
use ulp_view::sheet::scene::Scene;

const SCRIPT: &str = include_str!("page/map.js");
const STYLE: &str = include_str!("page/map.css");
/// What a map answers to besides.
const COPIES: &str =
    " G copies the coordinates of the middle of the view, or of the place below the pointer.";

/// Writes the page of some spaces, each with its map, and tells what it does not show: of each node, what.
pub fn write<'s, 'a: 's>(
    view: &View<'_, '_>,
    spaces: impl Iterator<Item = &'s Space<'a>>,
    maps: &[Map<'_, '_>],
    fonts: &Fonts,
    options: &[String],
    takes_tile: impl Fn(Tile) -> bool,
) -> (Vec<u8>, Vec<(String, String)>) {
    let mut scenes: Vec<Scene<'_, '_>> = spaces.zip(maps).map(|(space, map)| scene(space, map)).collect();
    let mut gallery = Gallery::new(view.blobs, database(fonts));
    scenes.iter_mut().for_each(|scene| gallery.hang(scene));
    let mut planes = Object::default();
    for map in maps {
        planes.object(map.space, map.plane.json());
    }
    let furniture = Furniture {
        help: &[HELP, COPIES].concat(),
        script: &[geodesy::SCRIPT, SCRIPT].concat(),
        style: STYLE,
        data: &planes.bytes(),
    };
    let page = page::write(view, &scenes, &gallery, (&furniture, options), takes_tile);
    let lost = sheet::lost(&scenes, &gallery);
    (page, lost)
}

/// What of a space its map shows, to be drawn.
fn scene<'s, 'a>(space: &'s Space<'a>, map: &Map<'_, '_>) -> Scene<'s, 'a> {
    let (mut nodes, mut sensors) = (BTreeSet::new(), BTreeSet::new());
    for feature in &map.features {
        match &feature.subject {
            Subject::Node(_) => drop(nodes.insert(&*feature.id)),
            Subject::Sensor(sensor) => drop(sensors.insert((sensor.actor, sensor.name))),
            Subject::Link(..) => {}
        }
    }
    let takes_sensor =
        |sensor: &Sensor<'s, 'a>| sensor.position.is_none() || sensors.contains(&(sensor.actor, sensor.name));
    Scene::of(space, |id| nodes.contains(id), takes_sensor)
}
