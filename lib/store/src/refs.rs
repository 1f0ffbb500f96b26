//! What the manifests of a store name, and what nothing names.

use super::dir::{Sort, TEMPORARY};
use super::manifest::{Absent, Manifest};
use super::snapshot::record::SNAPSHOTS;
use super::{Error, LaneId, Store};
use foldhash::{HashMap, HashMapExt as _, HashSet};
use ulp_core::hash::Sha256;

/// What one lane names, and the manifest's bytes that said so.
#[derive(Debug, Default)]
pub struct LaneRefs {
    manifest: Vec<u8>,
    pub objects: HashSet<Sha256>,
    /// Those among them whose events count.
    segments: Vec<Sha256>,
    /// Records beyond those that are to be kept, as paths below the store.
    pub old_records: Vec<String>,
}

/// What every lane names.
#[derive(Debug, Default)]
pub struct Refs {
    lanes: HashMap<LaneId, LaneRefs>,
}

impl Refs {
    /// Reads every lane, of whose records the `keep` newest count.
    pub fn read(store: &Store, keep: usize) -> Result<Refs, Error> {
        let mut refs = Refs::default();
        refs.update(store, keep)?;
        Ok(refs)
    }

    /// Reads again what changed since: lanes with another manifest, and all records.
    pub fn update(&mut self, store: &Store, keep: usize) -> Result<(), Error> {
        let mut lanes = HashMap::new();
        for id in store.lanes()? {
            let old = self.lanes.remove(&id);
            lanes.insert(id.clone(), read_lane(store, &id, keep, old)?);
        }
        self.lanes = lanes;
        Ok(())
    }

    /// The lanes that can be read, with all their records.
    pub fn readable(store: &Store) -> Result<Refs, Error> {
        let mut refs = Refs::default();
        for id in store.lanes()? {
            match read_lane(store, &id, usize::MAX, None) {
                Ok(lane) => {
                    refs.lanes.insert(id, lane);
                }
                Err(Error::Damaged { .. } | Error::Newer(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(refs)
    }

    /// The first lane that names an object.
    pub fn lane_of(&self, hash: &Sha256) -> Option<&LaneId> {
        self.lanes.iter().filter(|(_, lane)| lane.objects.contains(hash)).map(|(id, _)| id).min()
    }

    /// The segments that are named and are not there, each with its lane.
    pub fn missing(&self, store: &Store) -> Result<Vec<(&LaneId, Sha256)>, Error> {
        let mut missing = Vec::new();
        for (id, lane) in &self.lanes {
            for hash in &lane.segments {
                if !store.has_name(hash)? {
                    missing.push((id, *hash));
                }
            }
        }
        missing.sort();
        Ok(missing)
    }

    pub fn names(&self, hash: &Sha256) -> bool {
        self.lanes.values().any(|lane| lane.objects.contains(hash))
    }

    pub fn old_records(&self) -> impl Iterator<Item = &String> {
        self.lanes.values().flat_map(|lane| &lane.old_records)
    }
}

fn read_lane(store: &Store, id: &LaneId, keep: usize, old: Option<LaneRefs>) -> Result<LaneRefs, Error> {
    let (manifest, bytes) = store.manifest(id)?.unwrap_or((Manifest::new(id.tile), Vec::new()));
    let mut refs = match old {
        Some(old) if old.manifest == bytes => old,
        _ => {
            let entries = store.entries(&manifest, None)?;
            let here = entries.iter().filter(|e| e.absent == Absent::No);
            let segments: Vec<Sha256> = here.map(|e| e.hash).collect();
            let mut objects: HashSet<Sha256> = segments.iter().copied().collect();
            objects.extend(store.pages(&manifest)?);
            LaneRefs { manifest: bytes, objects, segments, old_records: Vec::new() }
        }
    };
    refs.old_records.clear();
    for (n, record) in store.records(id)?.into_iter().enumerate() {
        if n < keep {
            refs.objects.insert(record.object);
        } else {
            refs.old_records.push(format!("{}/{SNAPSHOTS}/{}", id.dir(), record.name()));
        }
    }
    Ok(refs)
}

impl Store {
    /// Every temporary file below the store, and everything that is neither a file nor a directory.
    pub fn leftovers(&self) -> Result<(Vec<String>, Vec<String>), Error> {
        let (mut temporary, mut strange) = (Vec::new(), Vec::new());
        let mut open = vec![String::new()];
        while let Some(path) = open.pop() {
            let Some(dir) = self.root.at(&path)? else { continue };
            for (name, sort) in dir.list()? {
                let below = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
                match sort {
                    Sort::Directory if below != "quarantine" => open.push(below),
                    Sort::Directory => {}
                    Sort::File if name.starts_with(TEMPORARY) => temporary.push(below),
                    Sort::File => {}
                    Sort::Other => strange.push(below),
                }
            }
        }
        temporary.sort();
        strange.sort();
        Ok((temporary, strange))
    }
}
