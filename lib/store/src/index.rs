//! The index of a lane: a cache of what its manifest and its latest snapshot say. Never needed.

use super::manifest::{self, Manifest, VERSION, count, hash};
use super::{Error, INDEX, LaneId, Store};
use ulp_core::hash::{Blake3, Sha256};
use ulp_core::json::Value;
use ulp_core::json::write::Members;

/// What `index.json` says. Everything but the manifest's part is there only once a snapshot was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    pub tile: String,
    pub tip_event: Option<String>,
    pub tip_segment: Option<Sha256>,
    pub events: u64,
    pub snapshot: Option<Latest>,
    /// The greatest keys among the events that no event names as a parent; known where the snapshot is the newest.
    pub heads: Option<Vec<String>>,
}

/// What an index says of the latest snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Latest {
    pub object: Sha256,
    /// The last event that it has seen, in the order of acceptance.
    pub event: String,
    pub root: Blake3,
}

/// The index after an append: the snapshot is as old as it was, and what the heads are is not known.
pub fn after_append(lane: &LaneId, manifest: &Manifest, old: &Index) -> Index {
    let tip = manifest.segments.last();
    Index {
        tile: lane.tile.to_string(),
        tip_event: tip.map(|e| e.to.clone()),
        tip_segment: tip.map(|e| e.hash),
        events: manifest.events(),
        snapshot: old.snapshot.clone(),
        heads: None,
    }
}

/// Reads a lane's index, where it has one that can be read.
pub fn read(store: &Store, lane: &LaneId) -> Option<Index> {
    let dir = store.root.at(&lane.dir()).ok()??;
    let bytes = dir.read(INDEX).ok()??;
    Index::parse(&bytes, &dir.path().join(INDEX)).ok()
}

impl Index {
    /// The index as it stands on disk: one line of canonical JSON.
    pub fn print(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut line = Members::open(&mut out);
        line.integer("events", self.events, &mut out);
        if let Some(heads) = &self.heads {
            line.texts("heads", heads.iter().map(String::as_str), &mut out);
        }
        if let Some(snapshot) = &self.snapshot {
            line.word("last_snapshot", snapshot.object, &mut out);
            line.text("snapshot_event", &snapshot.event, &mut out);
            line.word("state_root", snapshot.root, &mut out);
        }
        line.text("tile_id", &self.tile, &mut out);
        if let Some(event) = &self.tip_event {
            line.text("tip_event", event, &mut out);
        }
        if let Some(segment) = self.tip_segment {
            line.word("tip_segment", segment, &mut out);
        }
        line.integer("v", VERSION, &mut out);
        line.end_line(&mut out);
        out
    }

    /// Reads an index.
    pub fn parse(bytes: &[u8], path: &std::path::Path) -> Result<Index, Error> {
        manifest::read(bytes, path, |top| {
            let snapshot = match top.get("last_snapshot") {
                None => None,
                Some(_) => Some(Latest {
                    object: hash(top, "last_snapshot")?,
                    event: top.get("snapshot_event")?.as_text()?,
                    root: top.get("state_root")?.as_text()?.parse().ok()?,
                }),
            };
            let heads = match top.get("heads") {
                None => None,
                Some(list) => Some(list.items().map(Value::as_text).collect::<Option<Vec<_>>>()?),
            };
            Some(Index {
                tile: top.get("tile_id")?.as_text()?,
                tip_event: top.get("tip_event").and_then(Value::as_text),
                tip_segment: top.get("tip_segment").and_then(Value::as_text).and_then(|s| s.parse().ok()),
                events: count(top, "events")?,
                snapshot,
                heads,
            })
        })
    }
}
