//! Paths against vectors that an independent implementation computed.

use crate::run;
use serde_json::Value;
use ulp_core::id::{Lane, Tile};
use ulp_core::path::{Path, Space};

fn vectors() -> Option<Value> {
    let Some(shared) = run::shared() else {
        run::skipped("vectors of paths: no ../shared/fixtures/peer");
        return None;
    };
    let text = std::fs::read_to_string(shared.join("fixtures/peer/paths.json")).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

fn cases<'v>(vectors: &'v Value, name: &str, least: usize) -> &'v [Value] {
    let cases = vectors[name].as_array().unwrap();
    assert!(cases.len() >= least, "only {} of {name}", cases.len());
    cases
}

/// A path by its parts.
fn parts(path: &Path) -> Value {
    let mut parts = serde_json::Map::new();
    let mut put = |name: &str, value: Value| parts.insert(name.to_owned(), value);
    let space = match path {
        Path::World => None,
        Path::Space(space) | Path::Tile(space, ..) | Path::Lane(space, ..) => Some(space),
    };
    match space {
        Some(Space::Named(id)) => put("space", id.as_str().into()),
        Some(Space::Tagged(tag)) => put("space_tag", format!("{:08x}", u32::from_be_bytes(*tag)).into()),
        None => None,
    };
    if let Path::Tile(_, tile, _) | Path::Lane(_, tile, ..) = path {
        put("tile", tile.to_string().into());
    }
    let role = match path {
        Path::Tile(_, _, Some(root)) => root.to_string(),
        Path::Lane(_, _, lane, role) => {
            put("lane", lane.to_string().into());
            role.map(|role| role.to_string()).unwrap_or_default()
        }
        _ => String::new(),
    };
    if let Some(n) = role.strip_prefix("segment/") {
        put("role", "segment".into());
        put("n", n.parse::<u32>().unwrap().into());
    } else if !role.is_empty() {
        put("role", role.into());
    }
    parts.into()
}

#[test]
fn paths_are_read_as_the_vectors_say() {
    let Some(vectors) = vectors() else { return };
    for case in cases(&vectors, "parse", 60) {
        let text = case["path"].as_str().unwrap();
        let path: Option<Path> = text.parse().ok();
        assert_eq!(path.as_ref().map_or(Value::Null, parts), case["parts"], "{text}");
        assert!(path.is_none_or(|path| path.to_string() == text), "{text}");
    }
}

#[test]
fn statements_point_as_the_vectors_say() {
    let Some(vectors) = vectors() else { return };
    for case in cases(&vectors, "pointer", 60) {
        let text = case["path"].as_str().unwrap();
        let code = Path::parse_pointer(text).map_or_else(|fault| fault.code(), |_| "");
        assert_eq!(code, case["code"], "{text}");
    }
}

#[test]
fn paths_are_written_as_the_vectors_say() {
    let Some(vectors) = vectors() else { return };
    for case in cases(&vectors, "format", 5) {
        let text = |name: &str| case[name].as_str().unwrap();
        let lane: Lane = text("lane").parse().unwrap();
        let tile = Tile::parse(text("tile")).unwrap();
        assert_eq!(
            Path::Lane(Space::Named(text("space").to_owned()), tile, lane, None).to_string(),
            text("path")
        );
    }
}
