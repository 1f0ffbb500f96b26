//! Which nodes came before: when, and in which tile.
//!
//! Of a name a part of its hash is held, whatever its length.

use foldhash::{HashMap, HashSet};
use ulp_core::id::{Tile, Time};

use crate::time::Stamp;

/// What is held of a node's name and space: 20 bytes of their BLAKE3, as nobody can make two that share them.
type Digest = [u8; 20];

/// A node of a space, by its name.
#[derive(Clone, Copy)]
pub struct Name(Digest);

impl Name {
    pub fn of(space: &str, node_id: &str) -> Name {
        let mut hasher = blake3::Hasher::new();
        // No space and no node_id has a control character.
        hasher.update(space.as_bytes()).update(b"\n").update(node_id.as_bytes());
        let mut digest = Digest::default();
        hasher.finalize_xof().fill(&mut digest);
        Name(digest)
    }
}

/// What is known of a node.
#[derive(Clone, Copy)]
pub struct Node {
    number: u32,
    /// The tile in which it was created.
    pub tile: Option<Tile>,
}

/// The nodes that were created.
#[derive(Default)]
pub struct Known {
    numbers: HashMap<Digest, u32>,
    /// Where and when each was created, by its number.
    first: Vec<(Option<Tile>, Option<Time>)>,
    /// The further times of nodes, by their numbers.
    again: HashSet<(u32, Time)>,
}

impl Known {
    pub fn get(&self, name: Name) -> Option<Node> {
        let number = *self.numbers.get(&name.0)?;
        Some(Node { number, tile: self.first[number as usize].0 })
    }

    /// Takes in a node that is created.
    pub fn insert(&mut self, name: Name, tile: Option<Tile>, stamp: Stamp) {
        let number = u32::try_from(self.first.len()).expect("because memory ends before");
        self.first.push((tile, stamp.given()));
        self.numbers.insert(name.0, number);
    }

    /// Takes in a further time of a node; answers `false` where it had that time, or one of the two has none.
    pub fn take_again(&mut self, node: Node, stamp: Stamp) -> bool {
        match (self.first[node.number as usize].1, stamp.given()) {
            (Some(first), Some(time)) => first != time && self.again.insert((node.number, time)),
            _ => false,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_node_has_each_time_once() {
        let (mut known, name) = (Known::default(), Name::of("s", "a"));
        let at = |nanos| Stamp::Own(Time(nanos));
        let tile = Tile::parse("z1/x0/y-1");
        known.insert(name, tile, at(1));
        known.insert(Name::of("t", "a"), None, Stamp::Open);
        let node = known.get(name).unwrap();
        assert_eq!(node.tile, tile);
        let taken =
            [at(1), at(2), at(2), Stamp::Open, Stamp::All(Time(3))].map(|t| known.take_again(node, t));
        assert_eq!(taken, [false, true, false, false, true]);
        let other = known.get(Name::of("t", "a")).unwrap();
        assert!(!known.take_again(other, at(5)));
        assert!(known.get(Name::of("", "s\na")).is_none() && known.get(Name::of("", "a")).is_none());
    }
}
