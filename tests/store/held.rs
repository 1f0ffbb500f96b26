//! What the manifests of a store hold, read from the plain files alone: with nothing of the library.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A lane as its manifest has it.
pub struct HeldLane {
    /// Its directory.
    pub dir: PathBuf,
    /// The space, tile and lane that its directory names.
    pub place: [String; 3],
    /// Its entries from the oldest on, with the events of each.
    pub entries: Vec<(Value, Vec<String>)>,
    /// How many of them are sealed.
    pub sealed: usize,
}

impl HeldLane {
    /// Its events, in the order of acceptance.
    pub fn events(&self) -> impl Iterator<Item = &String> {
        self.entries.iter().flat_map(|(_, events)| events)
    }

    /// What covers all of it: `sealed`, `entries`, `tail`.
    pub fn covers(&self) -> Value {
        let (sealed, open) = self.entries.split_at(self.sealed);
        let line =
            |(entry, _): &(Value, _)| format!("{} {}\n", entry["hash"].as_str().unwrap(), entry["events"]);
        let lines: String = sealed.iter().map(line).collect();
        let tail: String =
            open.iter().flat_map(|(_, events)| events).map(|event| format!("{event}\n")).collect();
        serde_json::json!({"entries": digest(&lines), "sealed": self.sealed, "tail": digest(&tail)})
    }
}

/// BLAKE3 as a store writes it.
pub fn digest(bytes: impl AsRef<[u8]>) -> String {
    format!("blake3:{}", blake3::hash(bytes.as_ref()).to_hex())
}

/// The bytes of an object.
pub fn object(store: &Path, hash: &Value) -> Vec<u8> {
    let hex = hash.as_str().unwrap().strip_prefix("sha256:").unwrap();
    fs::read(store.join("objects/sha256").join(&hex[..2]).join(&hex[2..])).unwrap()
}

/// The lanes of a store, by their directories.
pub fn lanes(store: &Path) -> BTreeMap<String, HeldLane> {
    let manifests = super::files(&store.join("spaces")).into_iter().filter(|f| f.ends_with("manifest.json"));
    let lane = |file: PathBuf| {
        let dir = file.parent().unwrap().to_owned();
        (dir.strip_prefix(store).unwrap().display().to_string(), lane(store, dir))
    };
    manifests.map(lane).collect()
}

fn lane(store: &Path, dir: PathBuf) -> HeldLane {
    let parse = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap();
    let mut chain = vec![parse(&fs::read(dir.join("manifest.json")).unwrap())];
    while let Some(previous) = chain.last().and_then(|link| link.get("previous")) {
        chain.push(parse(&object(store, &previous["hash"])));
    }
    let listed = |link: &Value| link["segments"].as_array().unwrap().clone();
    let top = listed(&chain[0]);
    let open = top.iter().rev().take_while(|entry| entry["bytes"].as_u64().unwrap() < 65_536).count();
    let all: Vec<Value> = chain.iter().rev().flat_map(listed).collect();
    let sealed = all.len() - open;
    let events = |entry: &Value| {
        let text = String::from_utf8(object(store, &entry["hash"])).unwrap();
        text.lines().map(str::to_owned).collect()
    };
    let entries = all.into_iter().map(|entry| (entry.clone(), events(&entry))).collect();
    let path: Vec<String> = dir.iter().rev().map(|part| part.to_string_lossy().into_owned()).collect();
    let space = ulp_core::names::decode(&path[5]).unwrap();
    let place = [space, format!("{}/{}/{}", path[3], path[2], path[1]), path[0].clone()];
    HeldLane { dir, place, entries, sealed }
}
