//! What the manifests of a store name, and what nothing names.

use super::dir::{Sort, TEMPORARY};
use super::manifest::{Absent, Manifest};
use super::snapshot::record::SNAPSHOTS;
use super::{Error, LaneId, Store};
use foldhash::{HashMap, HashMapExt as _, HashSet, HashSetExt as _};
use ulp_core::hash::Sha256;

/// What one lane names, and the manifest's bytes that said so.
#[derive(Debug, Default)]
pub struct LaneRefs {
    manifest: Vec<u8>,
    pub objects: HashSet<Sha256>,
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
            let mut objects = HashSet::new();
            let entries = store.entries(&manifest, None)?;
            objects.extend(entries.iter().filter(|e| e.absent == Absent::No).map(|e| e.hash));
            objects.extend(store.pages(&manifest)?);
            LaneRefs { manifest: bytes, objects, old_records: Vec::new() }
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
    /// The hashes of a lane's pages.
    pub fn pages(&self, manifest: &Manifest) -> Result<Vec<Sha256>, Error> {
        let (mut hashes, mut next) = (Vec::new(), manifest.previous);
        while let Some(previous) = next {
            hashes.push(previous.hash);
            next = self.page(&previous)?.previous;
        }
        Ok(hashes)
    }

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
