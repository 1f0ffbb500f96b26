//! Roots: one hash for what a tile, a space or a world derives to.
//!
//! A root is over shared lanes alone (policy `public`, a realm other than `personal`), so that it can be shown to
//! anyone. Each level hashes lines that can be printed, and so checked with `b3sum`. Page 3, roots.

use crate::hash::Blake3;
use crate::id::{Lane, Tile};
use crate::world::Derived;
use std::io::Write as _;

/// The root of a tile, gathered lane by lane in their order.
#[derive(Debug, Default)]
pub struct TileRoot {
    hasher: blake3::Hasher,
    any: bool,
}

impl TileRoot {
    /// Takes in the state lines of the next lane, where it is shared.
    pub fn push(&mut self, lane: Lane, lines: &[u8]) {
        if lane.is_shared() {
            self.hasher.update(lines);
            self.any = true;
        }
    }

    /// The root, where the tile has a shared lane.
    pub fn root(&self) -> Option<Blake3> {
        self.any.then(|| self.hasher.finalize().into())
    }
}

/// Appends the state lines of a tile, and answers the root of its shared lanes, where it has any.
pub fn write_tile(derived: &Derived<'_>, out: &mut Vec<u8>) -> Option<Blake3> {
    let mut root = TileRoot::default();
    for (lane, state) in &derived.lanes {
        let start = out.len();
        state.write_lines(derived.space, derived.tile, *lane, out);
        root.push(*lane, &out[start..]);
    }
    root.root()
}

/// The root of one lane: of its state lines.
pub fn of_lane(derived: &Derived<'_>, wanted: Lane) -> Option<Blake3> {
    let (lane, state) = derived.lanes.iter().find(|(lane, _)| *lane == wanted)?;
    let mut lines = Vec::new();
    state.write_lines(derived.space, derived.tile, *lane, &mut lines);
    Some(blake3::hash(&lines).into())
}

/// The roots of tiles, gathered in the order of spaces and tiles.
#[derive(Clone, Debug, Default)]
pub struct Roots {
    tiles: Vec<(String, Tile, Blake3)>,
}

impl Roots {
    /// Adds the next tile's root.
    pub fn push(&mut self, space: &str, tile: Tile, root: Blake3) {
        self.tiles.push((space.to_owned(), tile, root));
    }

    /// The lines `<tile> <tile root>` of each space, and the lines `<space> <space root>`.
    pub fn lines(&self) -> (Vec<u8>, Vec<u8>) {
        let (mut tiles, mut spaces) = (Vec::new(), Vec::new());
        for space in self.tiles.chunk_by(|a, b| a.0 == b.0) {
            let start = tiles.len();
            for (_, tile, root) in space {
                let _ = writeln!(tiles, "{tile} {root}");
            }
            let _ = writeln!(spaces, "{} {}", space[0].0, Blake3::from(blake3::hash(&tiles[start..])));
        }
        (tiles, spaces)
    }

    /// The root of all: of one space on a stream the space's own; of several, or of a store, that of their lines.
    pub fn root(&self, store: bool) -> Blake3 {
        let (tiles, spaces) = self.lines();
        let several = self.tiles.windows(2).any(|w| w[0].0 != w[1].0);
        let hashed = if several || store || self.tiles.is_empty() { &spaces } else { &tiles };
        blake3::hash(hashed).into()
    }
}
