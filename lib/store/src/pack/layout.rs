//! Where things lie in a bag: every path that a pack may hold, and no other.
//!
//! Paths are below `<name>/`, with `/` between their parts. A path parses only as what [`Member::path`] prints, so
//! none is absolute, none climbs, none has two spellings, and none differs from another by case alone.

use crate::{LaneId, MANIFEST, ROOT, object};
use ulp_core::hash::Sha256;
use ulp_core::id::Tile;
use ulp_core::names;

/// The payload's directory.
pub const DATA: &str = "data";
/// The directory of a lane's records of snapshots.
pub const SNAPSHOTS: &str = "snapshots";

/// A file of a bag.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Member {
    /// `bagit.txt`
    Bagit,
    /// `bag-info.txt`
    Info,
    /// `manifest-sha256.txt`
    Manifest,
    /// `tagmanifest-sha256.txt`
    TagManifest,
    /// `data/.ulp-root`
    Root,
    /// `data/spaces/…/manifest.json`
    Lane(LaneId),
    /// `data/spaces/…/snapshots/<root hex>.json`
    Record(LaneId, String),
    /// `data/objects/sha256/ab/cdef…`
    Object(Sha256),
}

impl Member {
    /// Its path below `<name>/`.
    pub fn path(&self) -> String {
        match self {
            Member::Bagit => "bagit.txt".to_owned(),
            Member::Info => "bag-info.txt".to_owned(),
            Member::Manifest => "manifest-sha256.txt".to_owned(),
            Member::TagManifest => "tagmanifest-sha256.txt".to_owned(),
            Member::Root => format!("{DATA}/{ROOT}"),
            Member::Lane(lane) => format!("{DATA}/{}/{MANIFEST}", lane.dir()),
            Member::Record(lane, root) => format!("{DATA}/{}/{SNAPSHOTS}/{root}.json", lane.dir()),
            Member::Object(hash) => format!("{DATA}/{}/{}", object::directory(hash), object::place(hash).1),
        }
    }

    /// Reads a path below `<name>/`.
    pub fn parse(path: &str) -> Option<Member> {
        let member = match path {
            "bagit.txt" => Member::Bagit,
            "bag-info.txt" => Member::Info,
            "manifest-sha256.txt" => Member::Manifest,
            "tagmanifest-sha256.txt" => Member::TagManifest,
            _ => payload(path.strip_prefix(DATA)?.strip_prefix('/')?)?,
        };
        // One spelling each: what is written differently from how we would is no path of ours.
        (member.path() == path).then_some(member)
    }

    /// Whether it is part of the payload, which `Payload-Oxum` counts.
    pub fn is_payload(&self) -> bool {
        !matches!(self, Member::Bagit | Member::Info | Member::Manifest | Member::TagManifest)
    }
}

fn payload(path: &str) -> Option<Member> {
    if path == ROOT {
        return Some(Member::Root);
    }
    if let Some(rest) = path.strip_prefix(object::OBJECTS) {
        let (directory, name) = rest.strip_prefix('/')?.split_once('/')?;
        return Sha256::from_hex(&format!("{directory}{name}")).map(Member::Object);
    }
    let parts: Vec<&str> = path.split('/').collect();
    match parts[..] {
        ["spaces", space, "tiles", z, x, y, lane, MANIFEST] => {
            Some(Member::Lane(lane_id(space, (z, x, y), lane)?))
        }
        ["spaces", space, "tiles", z, x, y, lane, SNAPSHOTS, record] => {
            let root = record.strip_suffix(".json").filter(|r| Sha256::from_hex(r).is_some())?;
            Some(Member::Record(lane_id(space, (z, x, y), lane)?, root.to_owned()))
        }
        _ => None,
    }
}

fn lane_id(space: &str, (z, x, y): (&str, &str, &str), lane: &str) -> Option<LaneId> {
    Some(LaneId {
        space: names::decode(space).filter(|s| ulp_core::id::is_place(s))?,
        tile: Tile::parse(&format!("{z}/{x}/{y}"))?,
        lane: lane.parse().ok()?,
    })
}

/// Whether a path below `<name>/`, `""` included, is a directory that a member may lie in.
pub fn is_directory(path: &str) -> bool {
    const OF_OBJECTS: [&str; 4] = ["", DATA, "data/objects", "data/objects/sha256"];
    if OF_OBJECTS.contains(&path) || path == "data/spaces" {
        return true;
    }
    let hex = "00".repeat(ulp_core::hash::BYTES);
    if let Some(two) = path.strip_prefix("data/objects/sha256/") {
        return two.len() == 2 && Sha256::from_hex(&format!("{two}{}", &hex[2..])).is_some();
    }
    // What completes a path to a member's, by how much of it is there.
    let rest = match path.split('/').count() {
        3 => "/tiles/z0/x0/y0/team.public/manifest.json".to_owned(),
        4 => "/z0/x0/y0/team.public/manifest.json".to_owned(),
        5 => "/x0/y0/team.public/manifest.json".to_owned(),
        6 => "/y0/team.public/manifest.json".to_owned(),
        7 => "/team.public/manifest.json".to_owned(),
        8 => "/manifest.json".to_owned(),
        9 => format!("/{hex}.json"),
        _ => return false,
    };
    path.starts_with("data/spaces/") && Member::parse(&format!("{path}{rest}")).is_some()
}

/// The directory's name in a bag that is written as that file: its base name without suffixes.
pub fn bag_name(file: &str) -> String {
    let base = file.rsplit('/').next().unwrap_or_default();
    let base = [".tar.zst", ".tar", ".zst"].iter().find_map(|s| base.strip_suffix(s)).unwrap_or(base);
    if is_portable(base) {
        base.to_owned()
    } else {
        names::encode(if base.is_empty() { "world" } else { base })
    }
}

/// Whether every file system takes this name.
pub fn is_portable(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'~' | b'+' | b' ');
    // What the names of a store refuse in a name of plain letters is the same here: devices, dots at the ends.
    let lower = name.to_ascii_lowercase().replace(['+', ' ', '~'], "_");
    !name.is_empty()
        && name.len() <= 100
        && name.bytes().all(plain)
        && !name.starts_with(' ')
        && !name.ends_with(' ')
        && names::encode(&lower) == lower
}

#[cfg(test)]
mod tests {
    use super::*;
    use ulp_core::id::{Lane, Policy, Realm};

    fn members() -> Vec<Member> {
        let lane = LaneId {
            space: "Zoë ../".replace('/', "_"),
            tile: Tile { z: 3, x: -4, y: 0 },
            lane: Lane { realm: Realm::Team, policy: Policy::Public },
        };
        let object = Sha256::of(b"x");
        vec![
            Member::Bagit,
            Member::Info,
            Member::Manifest,
            Member::TagManifest,
            Member::Root,
            Member::Lane(lane.clone()),
            Member::Record(lane, object.hex()),
            Member::Object(object),
        ]
    }

    #[test]
    fn paths_print_as_they_parse_and_lie_in_directories() {
        for member in members() {
            let path = member.path();
            assert_eq!(Member::parse(&path), Some(member));
            let mut above = path.as_str();
            while let Some((up, _)) = above.rsplit_once('/') {
                assert!(is_directory(up), "{up}");
                assert!(Member::parse(up).is_none());
                above = up;
            }
            assert!(!is_directory(&path), "{path}");
        }
        assert!(is_directory(""));
    }

    #[test]
    fn nothing_else_is_a_path() {
        let object = Member::Object(Sha256::of(b"x")).path();
        for bad in [
            "",
            "/bagit.txt",
            "./bagit.txt",
            "bagit.txt/",
            "Bagit.txt",
            "data/../bagit.txt",
            "data//.ulp-root",
            "data/.ulp-scope",
            "data/lock",
            "data/spaces/demo/.ulp-scope",
            "data/spaces/Demo/tiles/z0/x0/y0/team.public/manifest.json",
            "data/spaces/demo/tiles/z0/x00/y0/team.public/manifest.json",
            "data/spaces/demo/tiles/z0/x0/y0/team.public/index.json",
            "data/spaces/demo/tiles/z0/x0/y0/team.public/seen",
            "data/spaces/demo/tiles/z0/x0/y0/public.team/manifest.json",
            "data/spaces/demo/tiles/z0/x0/y0/team.public/snapshots/x.json",
            &object.to_uppercase(),
            &format!("{object}0"),
            &object[..object.len() - 1],
        ] {
            assert_eq!(Member::parse(bad), None, "{bad}");
        }
        for bad in ["x", "data/", "data/x", "data/objects/sha1", "data/objects/sha256/AB", "data/spaces/."] {
            assert!(!is_directory(bad), "{bad}");
        }
    }

    #[test]
    fn a_bag_is_called_as_its_file() {
        for (file, name) in [
            ("usb/world.tar.zst", "world"),
            ("world.tar", "world"),
            ("a.b.tar.zst", "a.b"),
            ("usb/bag", "bag"),
            (".tar.zst", "world"),
            ("a:b.tar", "a~3ab"),
            ("CON.tar", "~43~4f~4e"),
            ("Village One", "Village One"),
        ] {
            assert_eq!(bag_name(file), name, "{file}");
        }
    }
}
