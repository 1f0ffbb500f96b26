//! Tags: names on air, in 4 bytes. Two names may have one tag; a signature tells them apart, a later sync does.

use crate::hash::Sha256;
use crate::path::{Path, Space, parse_tag};
use std::fmt;

/// The first bytes of the SHA-256 of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(pub [u8; 4]);

impl Tag {
    /// The tag of some bytes.
    pub fn of(bytes: &[u8]) -> Tag {
        let [a, b, c, d, ..] = Sha256::of(bytes).0;
        Tag([a, b, c, d])
    }

    /// The tag of a peer; of one of whom only the tag is known, `tag:0a1b2c3d`, that.
    pub fn of_peer(name: &str) -> Tag {
        let known = name.strip_prefix("tag:").and_then(|digits| parse_tag(digits.as_bytes()));
        known.map_or_else(|| Tag::of(name.as_bytes()), Tag)
    }

    /// The tag of a space, which is that of its path.
    pub fn of_space(space: &Space) -> Tag {
        match space {
            Space::Tagged(tag) => Tag(*tag),
            Space::Named(_) => Tag::of(Path::Space(space.clone()).to_string().as_bytes()),
        }
    }

    /// What a peer is called of whom nothing else is known.
    pub fn as_peer(self) -> String {
        format!("tag:{self}")
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}
