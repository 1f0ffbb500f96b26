//! The index of a lane: a cache of what its manifest and its latest snapshot say. Never needed.

use super::manifest::{self, Manifest, VERSION, count, hash, string};
use super::{Error, INDEX, LaneId, Store};
use std::io::Write as _;
use ulp_core::hash::{Blake3, Sha256};
use ulp_core::json;

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
        let mut out = format!(r#"{{"events":{}"#, self.events).into_bytes();
        let text = |out: &mut Vec<u8>, name: &str, value: Option<&str>| {
            if let Some(value) = value {
                let _ = write!(out, r#","{name}":"#);
                json::write_string(value, out);
            }
        };
        if let Some(heads) = &self.heads {
            out.extend_from_slice(br#","heads":["#);
            for (i, head) in heads.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                json::write_string(head, &mut out);
            }
            out.push(b']');
        }
        let snapshot = self.snapshot.as_ref();
        text(&mut out, "last_snapshot", snapshot.map(|s| s.object.to_string()).as_deref());
        text(&mut out, "snapshot_event", snapshot.map(|s| s.event.as_str()));
        text(&mut out, "state_root", snapshot.map(|s| s.root.to_string()).as_deref());
        text(&mut out, "tile_id", Some(&self.tile));
        text(&mut out, "tip_event", self.tip_event.as_deref());
        text(&mut out, "tip_segment", self.tip_segment.map(|h| h.to_string()).as_deref());
        let _ = writeln!(out, r#","v":{VERSION}}}"#);
        out
    }

    /// Reads an index.
    pub fn parse(bytes: &[u8], path: &std::path::Path) -> Result<Index, Error> {
        manifest::read(bytes, path, |top| {
            let snapshot = match top.get("last_snapshot") {
                None => None,
                Some(_) => Some(Latest {
                    object: hash(top, "last_snapshot")?,
                    event: string(top.get("snapshot_event")?)?,
                    root: string(top.get("state_root")?)?.parse().ok()?,
                }),
            };
            let heads = match top.get("heads") {
                None => None,
                Some(list) => Some(list.items().map(string).collect::<Option<Vec<_>>>()?),
            };
            Some(Index {
                tile: string(top.get("tile_id")?)?,
                tip_event: top.get("tip_event").and_then(string),
                tip_segment: top.get("tip_segment").and_then(string).and_then(|s| s.parse().ok()),
                events: count(top, "events")?,
                snapshot,
                heads,
            })
        })
    }
}
