//! What the manifests of a store name, and what nothing names.

use super::dir::{Sort, TEMPORARY};
use super::manifest::{Absent, Manifest};
use super::snapshot::record::{dir, objects_of};
use super::snapshot::stored::{RecordFile, Standing};
use super::{Error, LaneId, Store};
use foldhash::{HashMap, HashMapExt as _, HashSet, HashSetExt as _};
use ulp_core::hash::Sha256;

/// What one lane names, and the manifest's bytes that said so.
#[derive(Debug, Default)]
pub struct LaneRefs {
    manifest: Vec<u8>,
    /// Segments whose events count, and pages.
    segments: HashSet<Sha256>,
    pages: HashSet<Sha256>,
    snapshots: HashSet<Sha256>,
    /// Records that need not be kept, as paths below the store, and what only such records name.
    old_records: Vec<String>,
    old_objects: HashSet<Sha256>,
}

impl LaneRefs {
    fn names(&self, hash: &Sha256) -> bool {
        [&self.segments, &self.pages, &self.snapshots].iter().any(|named| named.contains(hash))
    }
}

/// What every lane names.
#[derive(Debug, Default)]
pub struct Refs {
    lanes: HashMap<LaneId, LaneRefs>,
}

impl Refs {
    /// Reads every lane, of whose records the `keep` newest count that stand; all there are where it is [`usize::MAX`].
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
        self.lanes.iter().filter(|(_, lane)| lane.names(hash)).map(|(id, _)| id).min()
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
        self.lanes.values().any(|lane| lane.names(hash))
    }

    /// Records that need not be kept, as paths below the store.
    pub fn old_records(&self) -> impl Iterator<Item = &String> {
        self.lanes.values().flat_map(|lane| &lane.old_records)
    }

    /// What only such records name.
    pub fn old_objects(&self) -> impl Iterator<Item = &Sha256> {
        self.lanes.values().flat_map(|lane| &lane.old_objects).filter(|hash| !self.names(hash))
    }
}

fn read_lane(store: &Store, id: &LaneId, keep: usize, old: Option<LaneRefs>) -> Result<LaneRefs, Error> {
    let (manifest, bytes) = store.manifest(id)?.unwrap_or((Manifest::new(id.tile), Vec::new()));
    let (segments, pages) = match old {
        Some(old) if old.manifest == bytes => (old.segments, old.pages),
        _ => {
            let entries = store.entries(&manifest, None)?;
            let here = entries.iter().filter(|e| e.absent == Absent::No).map(|e| e.hash);
            (here.collect(), store.pages(&manifest)?.into_iter().collect())
        }
    };
    let mut refs = LaneRefs { manifest: bytes, segments, pages, ..LaneRefs::default() };
    let kept = if keep == usize::MAX { None } else { Some(records_to_keep(store, id, keep)?) };
    for (name, text) in store.record_texts(id)? {
        if kept.as_ref().is_none_or(|kept| kept.contains(&name)) {
            refs.snapshots.extend(objects_of(&text));
        } else {
            refs.old_objects.extend(objects_of(&text));
            refs.old_records.push(format!("{}/{name}", dir(id)));
        }
    }
    Ok(refs)
}

/// The names of the records that stand, the newest of them; of those that may stand again, as what they cover is not
/// all here; and of those that are damaged, which `check` is for.
fn records_to_keep(store: &Store, id: &LaneId, keep: usize) -> Result<HashSet<String>, Error> {
    let (mut kept, mut standing) = (HashSet::new(), 0);
    for (name, file) in store.record_files(id)? {
        if matches!(file, RecordFile::Damaged(_)) {
            kept.insert(name);
        }
    }
    for record in store.records(id)? {
        match store.standing(id, &record)? {
            Standing::Holds => standing += 1,
            Standing::Lost => {}
            Standing::Other => continue,
        }
        if standing <= keep {
            kept.insert(record.name());
        }
    }
    Ok(kept)
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
