//! HD paths: where something is, in whoever's store.
//!
//! ```text
//! path = "m/world" [ "/" space [ "/tiles/" tile [ "/" lane ] [ "/" role ] ] ]
//! role = "head" / "state" / "snapshot" / "segment/" n
//! ```
//!
//! | path | points to |
//! |---|---|
//! | `m/world`, `m/world/<space>`, `…/<tile>/head`, `…/<lane>/head` | a history root |
//! | `…/<tile>/state`, `…/<lane>/state` | a state root |
//! | `…/<lane>/snapshot`, `…/<lane>/segment/<n>` | an object: the last snapshot, the n-th entry of the manifests from 0 |
//!
//! A space is written as its directory is ([`names`]), or as `tag:` and eight hex digits where only its radio tag is
//! known; a tile as `z0/x0/y0`, a lane as `team.public`. A path is at most [`LONGEST`] bytes of ASCII and has one
//! spelling. It says *where* and no more: no key is derived from it, and it grants nothing.
//!
//! ```
//! use ulp_core::id::{Lane, Policy, Realm, Tile};
//! use ulp_core::path::{Path, Role, Space};
//! let text = "m/world/user~3a~5ao~c3~ab/tiles/z1/x-1/y0/team.public/segment/7";
//! let path: Path = text.parse()?;
//! let space = Space::Named("user:Zoë".to_owned());
//! let lane = Lane { realm: Realm::Team, policy: Policy::Public };
//! assert_eq!(path, Path::Lane(space, Tile { z: 1, x: -1, y: 0 }, lane, Some(Role::Segment(7))));
//! assert_eq!(path.to_string(), text);
//! # Ok::<(), ulp_core::path::Fault>(())
//! ```

use crate::hash::value;
use crate::id::{Lane, Tile, is_place};
use crate::names;
use std::fmt;
use std::str::FromStr;

/// The longest path, in bytes. A space takes up to 240, a tile 29, a lane 17, a role 18.
pub const LONGEST: usize = 512;

/// Where something is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Path {
    World,
    Space(Space),
    Tile(Space, Tile, Option<Root>),
    Lane(Space, Tile, Lane, Option<Role>),
}

/// A space, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Space {
    /// By its `space_id`.
    Named(String),
    /// By the tag that stands for it on air.
    Tagged([u8; 4]),
}

/// Of what the root is that a tile or a lane points to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Root {
    /// The history.
    Head,
    State,
}

/// What a lane points to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    Root(Root),
    Snapshot,
    /// The n-th entry of the chain of manifests.
    Segment(u32),
}

/// What is wrong with a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("not a path as m/world/<space>/tiles/z0/x0/y0/team.public/head, in its one spelling")]
    Syntax,
    #[error("its lane is not for everyone")]
    Lane,
}

impl Fault {
    /// The boundary code.
    pub fn code(self) -> &'static str {
        match self {
            Fault::Syntax => "path.syntax",
            Fault::Lane => "path.lane",
        }
    }
}

impl Path {
    /// Reads the path of a statement: one that points to something, and is of a shared lane where it is of one.
    ///
    /// # Errors
    /// [`Fault::Syntax`] for a bare tile or lane too, which only names itself.
    pub fn parse_pointer(text: &str) -> Result<Path, Fault> {
        let path: Path = text.parse()?;
        match path {
            Path::Lane(_, _, lane, _) if !lane.is_shared() => Err(Fault::Lane),
            Path::Tile(_, _, None) | Path::Lane(_, _, _, None) => Err(Fault::Syntax),
            _ => Ok(path),
        }
    }
}

impl FromStr for Path {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Path, Fault> {
        Some(text).filter(|text| text.len() <= LONGEST).and_then(parse).ok_or(Fault::Syntax)
    }
}

fn parse(text: &str) -> Option<Path> {
    let mut parts = text.strip_prefix("m/world")?.split('/');
    // What stands before the first slash is empty where the text goes on as a path.
    parts.next().filter(|rest| rest.is_empty())?;
    let Some(space) = parts.next() else { return Some(Path::World) };
    let space = parse_space(space)?;
    match parts.next() {
        None => return Some(Path::Space(space)),
        Some(word) => (word == "tiles").then_some(())?,
    }
    let tile = Tile::parse(&[parts.next()?, parts.next()?, parts.next()?].join("/"))?;
    let rest: Vec<&str> = parts.collect();
    Some(match *rest {
        [] => Path::Tile(space, tile, None),
        [root] if parse_root(root).is_some() => Path::Tile(space, tile, parse_root(root)),
        [lane] => Path::Lane(space, tile, lane.parse().ok()?, None),
        [lane, ref role @ ..] => Path::Lane(space, tile, lane.parse().ok()?, Some(parse_role(role)?)),
    })
}

fn parse_space(text: &str) -> Option<Space> {
    match text.strip_prefix("tag:") {
        Some(tag) => parse_tag(tag.as_bytes()).map(Space::Tagged),
        None => names::decode(text).filter(|id| is_place(id)).map(Space::Named),
    }
}

pub(crate) fn parse_tag(digits: &[u8]) -> Option<[u8; 4]> {
    let digits: &[u8; 8] = digits.try_into().ok()?;
    let mut tag = [0; 4];
    for (byte, pair) in tag.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = value(pair[0])? << 4 | value(pair[1])?;
    }
    Some(tag)
}

fn parse_root(word: &str) -> Option<Root> {
    [Root::Head, Root::State].into_iter().find(|root| root.as_str() == word)
}

fn parse_role(words: &[&str]) -> Option<Role> {
    match *words {
        ["snapshot"] => Some(Role::Snapshot),
        [root] => parse_root(root).map(Role::Root),
        // A number has one spelling: without sign and leading zeros.
        ["segment", n] => n.parse().ok().filter(|number: &u32| number.to_string() == n).map(Role::Segment),
        _ => None,
    }
}

impl Root {
    fn as_str(self) -> &'static str {
        match self {
            Root::Head => "head",
            Root::State => "state",
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::World => f.write_str("m/world"),
            Path::Space(space) => write!(f, "m/world/{space}"),
            Path::Tile(space, tile, None) => write!(f, "m/world/{space}/tiles/{tile}"),
            Path::Tile(space, tile, Some(root)) => write!(f, "m/world/{space}/tiles/{tile}/{root}"),
            Path::Lane(space, tile, lane, None) => write!(f, "m/world/{space}/tiles/{tile}/{lane}"),
            Path::Lane(space, tile, lane, Some(role)) => {
                write!(f, "m/world/{space}/tiles/{tile}/{lane}/{role}")
            }
        }
    }
}

impl fmt::Display for Space {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Space::Named(id) => f.write_str(&names::encode(id)),
            Space::Tagged(tag) => write!(f, "tag:{:08x}", u32::from_be_bytes(*tag)),
        }
    }
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Role::Root(root) => root.fmt(f),
            Role::Snapshot => f.write_str("snapshot"),
            Role::Segment(n) => write!(f, "segment/{n}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::strategy::Union;

    fn spaces() -> impl Strategy<Value = Space> {
        prop_oneof![
            any::<String>().prop_filter("an id of a space", |id| is_place(id)).prop_map(Space::Named),
            "[a-z.~/A-Z]{1,8}".prop_filter("an id of a space", |id| is_place(id)).prop_map(Space::Named),
            any::<[u8; 4]>().prop_map(Space::Tagged),
        ]
    }

    fn tiles() -> impl Strategy<Value = Tile> {
        let side = -(1i64 << 31)..=1 << 31;
        (0u8..=30, side.clone(), side).prop_map(|(z, x, y)| Tile { z, x, y })
    }

    fn paths() -> impl Strategy<Value = Path> {
        let root = || prop_oneof![Just(Root::Head), Just(Root::State)];
        let role = prop_oneof![
            root().prop_map(Role::Root),
            Just(Role::Snapshot),
            any::<u32>().prop_map(Role::Segment)
        ];
        let lane = (0..Lane::COUNT).prop_map(Lane::from_index);
        let of_tile = (spaces(), tiles(), proptest::option::of(root()));
        let of_lane = (spaces(), tiles(), lane, proptest::option::of(role));
        Union::new([
            Just(Path::World).boxed(),
            spaces().prop_map(Path::Space).boxed(),
            of_tile.prop_map(|(space, tile, root)| Path::Tile(space, tile, root)).boxed(),
            of_lane.prop_map(|(space, tile, lane, role)| Path::Lane(space, tile, lane, role)).boxed(),
        ])
    }

    proptest! {
        #[test]
        fn a_path_reads_as_it_prints(path in paths()) {
            let text = path.to_string();
            prop_assert!(text.is_ascii() && text.len() <= LONGEST);
            prop_assert_eq!(text.parse(), Ok(path));
        }

        #[test]
        fn a_path_has_one_spelling(path in paths(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mut bytes = path.to_string().into_bytes();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            let text = String::from_utf8_lossy(&bytes);
            if let Ok(other) = text.parse::<Path>() {
                prop_assert_eq!(other.to_string(), text);
            }
        }

        #[test]
        fn nothing_else_is_one(text in any::<String>(), tail in "[a-z0-9/.~:-]{0,40}") {
            for text in [text, format!("m/world{tail}"), format!("m/world/demo/tiles/z0/x0/y0{tail}")] {
                if let Ok(path) = text.parse::<Path>() {
                    prop_assert_eq!(path.to_string(), text);
                }
            }
        }
    }

    #[test]
    fn the_longest_path_fits() {
        let tile = Tile { z: 30, x: -(1 << 31), y: -(1 << 31) };
        let lane = Lane::all().max_by_key(|lane| lane.to_string().len());
        let space = || Space::Named("Ä".repeat(40));
        let path = Path::Lane(
            space(),
            tile,
            lane.unwrap_or_else(|| Lane::from_index(0)),
            Some(Role::Segment(u32::MAX)),
        );
        assert!(path.to_string().len() <= LONGEST);
        assert_eq!(path.to_string().parse(), Ok(path));
    }

    #[test]
    fn a_statement_points_to_what_is_shared() {
        for (text, fault) in [
            ("m/world", None),
            ("m/world/demo/tiles/z0/x0/y0/state", None),
            ("m/world/tag:0a1b2c3d/tiles/z0/x0/y0/public.public/snapshot", None),
            ("m/world/demo/tiles/z0/x0/y0", Some(Fault::Syntax)),
            ("m/world/demo/tiles/z0/x0/y0/team.public", Some(Fault::Syntax)),
            ("m/world/demo/tiles/z0/x0/y0/personal.public/head", Some(Fault::Lane)),
            ("m/world/demo/tiles/z0/x0/y0/team.private", Some(Fault::Lane)),
            ("m/worlds", Some(Fault::Syntax)),
        ] {
            assert_eq!(Path::parse_pointer(text).err(), fault, "{text}");
        }
    }
}
