//! What others say in fewer words: roots cut short, and spaces of which only the tag is told.

use crate::held::Held;
use std::collections::BTreeMap;
use ulp_core::frame::Tag;
use ulp_core::path::{Path, Space};

/// Whether two hashes are one, as far as both are told: of a root from a frame there is but the beginning.
pub fn is_same(ours: &str, theirs: &str) -> bool {
    ours == theirs || theirs.len() == SHORT && ours.starts_with(theirs)
}

/// How long a root from a frame is, in bytes: `blake3:` and 12 digits.
const SHORT: usize = 19;

/// The names of spaces by their tags.
pub struct Names(BTreeMap<Tag, Space>);

impl Names {
    /// Those of the spaces that a store has.
    pub fn of(held: &Held) -> Names {
        let spaces = held.paths.keys().filter_map(|path| match path.parse() {
            Ok(Path::Space(space) | Path::Tile(space, ..)) => Some((Tag::of_space(&space), space)),
            _ => None,
        });
        Names(spaces.collect())
    }

    /// A path with its space named, where only the tag was known and a space of that tag is here.
    pub fn resolve(&self, path: Path) -> Path {
        let named = |space: Space| match &space {
            Space::Tagged(tag) => self.0.get(&Tag(*tag)).cloned().unwrap_or(space),
            Space::Named(_) => space,
        };
        match path {
            Path::World => Path::World,
            Path::Space(space) => Path::Space(named(space)),
            Path::Tile(space, tile, root) => Path::Tile(named(space), tile, root),
            Path::Lane(space, tile, lane, role) => Path::Lane(named(space), tile, lane, role),
        }
    }
}
