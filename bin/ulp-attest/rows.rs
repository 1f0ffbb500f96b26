//! Rows: what the store, its spaces, tiles and lanes hold, depth first, each as a wire line.

use std::collections::BTreeMap;
use ulp_cli::Select;
use ulp_core::json::write::Members;
use ulp_core::path::{Path, Space};
use ulp_store::history::{Held, Holdings};

/// What something holds, by its path, in the order in which rows are written.
pub type Rows = Vec<(String, Held)>;

/// The rows of what is chosen: of the store where nothing is, of spaces where no tile is.
pub fn of(holdings: &Holdings, select: &Select) -> Rows {
    let (spaces, world) = holdings.sums();
    let mut rows = Rows::new();
    if !select.names_any() {
        rows.push((Path::World.to_string(), world));
    }
    let mut tiles: BTreeMap<&str, Rows> = BTreeMap::new();
    for tile in holdings.held() {
        let (name, at) = (tile.place.space.as_str(), tile.place.tile);
        if !select.space(name) || !select.tile(at) {
            continue;
        }
        let space = || Space::Named(name.to_owned());
        let rows = tiles.entry(name).or_default();
        rows.push((Path::Tile(space(), at, None).to_string(), tile.held));
        let lanes = tile.lanes.iter();
        rows.extend(lanes.map(|(lane, held)| (Path::Lane(space(), at, *lane, None).to_string(), *held)));
    }
    for (name, held) in spaces {
        let Some(below) = tiles.remove(name.as_str()) else { continue };
        if select.tile.is_empty() {
            rows.push((Path::Space(Space::Named(name)).to_string(), held));
        }
        rows.extend(below);
    }
    rows
}

/// The rows as lines.
pub fn print(rows: &Rows) -> Vec<u8> {
    let mut out = Vec::new();
    for (path, held) in rows {
        let mut line = Members::open(&mut out);
        line.integer("events", held.events, &mut out);
        line.word("head", held.head, &mut out);
        line.word("path", path, &mut out);
        line.word("state_root", held.state_root, &mut out);
        line.word("sync", "row", &mut out);
        line.end_line(&mut out);
    }
    out
}
