//! Repairing a store. No event is deleted: what is damaged is moved to `quarantine/`, and what can be read is named
//! again.

use super::commit::Draft;
use super::dedup;
use super::dir::DirtyDirs;
use super::manifest::{Absent, Entry, Manifest};
use super::object::{self, Found};
use super::snapshot::record::{SNAPSHOTS, dir};
use super::snapshot::stored::RecordFile;
use super::{Appender, Error, INDEX, LaneId, MANIFEST, SEEN, Store, digest, index};
use ulp_core::event::{Defaults, Line, Reader};
use ulp_core::hash::Sha256;
use ulp_core::id::Time;

/// Where damaged files go, below the store.
pub const QUARANTINE: &str = "quarantine";

impl Store {
    /// Moves damaged objects away and marks their entries as lost, re-attaches the segments of lanes whose manifest
    /// is lost, and makes indexes and caches anew.
    pub fn repair(&self) -> Result<(), Error> {
        for hash in self.all_objects()?.objects {
            self.quarantine_object(&hash)?;
        }
        for id in self.lanes()? {
            let entries = match self
                .manifest(&id)
                .and_then(|m| m.map(|(manifest, _)| self.entries(&manifest, None)).transpose())
            {
                Ok(Some(entries)) => entries,
                Ok(None) if !self.had_manifest(&id)? => continue,
                Ok(None) | Err(Error::Damaged { .. }) => {
                    self.reattach(&id)?;
                    continue;
                }
                Err(error) => return Err(error),
            };
            self.mark_lost(&id, entries)?;
        }
        self.drop_bad_records()?;
        self.remove_caches()?;
        self.write_indexes()
    }

    fn quarantine_object(&self, hash: &Sha256) -> Result<(), Error> {
        let damaged = match self.object(hash, None)? {
            Found::Here(bytes) => Sha256::of(&bytes) != *hash,
            Found::Missing => false,
            Found::Wrong(_) => true,
        };
        if damaged {
            self.quarantine(&object::directory(hash), &object::place(hash).1, &hash.hex())
        } else {
            Ok(())
        }
    }

    /// Moves a file to the quarantine, under another name.
    fn quarantine(&self, path: &str, name: &str, to: &str) -> Result<(), Error> {
        let commit = self.commit()?;
        let quarantine = self.root.make(QUARANTINE, &mut DirtyDirs::new())?;
        if let Some(dir) = self.root.at(path)? {
            dir.move_to(name, &quarantine, to)?;
            dir.sync()?;
        }
        quarantine.sync()?;
        self.root.sync()?;
        commit.release()
    }

    fn had_manifest(&self, id: &LaneId) -> Result<bool, Error> {
        let names = self.root.at(&id.dir())?.map_or(Ok(Vec::new()), |dir| dir.list())?;
        Ok(names.iter().any(|(name, _)| name == INDEX || name == SNAPSHOTS))
    }

    /// Marks the entries of a lane whose segments are not here.
    fn mark_lost(&self, id: &LaneId, mut entries: Vec<Entry>) -> Result<(), Error> {
        let mut changed = false;
        for entry in entries.iter_mut().filter(|e| e.absent == Absent::No) {
            if !self.has_object(&entry.hash, entry.bytes)? {
                entry.absent = Absent::Lost;
                changed = true;
            }
        }
        if !changed {
            return Ok(());
        }
        let mut commit = self.commit()?;
        let mut manifest = Manifest { segments: entries, ..Manifest::new(id.tile) };
        let pages: Vec<(Sha256, Vec<u8>)> =
            std::iter::from_fn(|| manifest.turn_page()).map(|page| (Sha256::of(&page), page)).collect();
        let blobs: Vec<(Sha256, &[u8])> = pages.iter().map(|(hash, page)| (*hash, &page[..])).collect();
        commit.put(&blobs)?;
        let (dir, bytes) = (id.dir(), manifest.print());
        commit.publish(vec![Draft { dir, name: MANIFEST.to_owned(), bytes }])?;
        self.forget_seen(id)?;
        commit.release()
    }

    /// Lets packs bring again what a lane has lost: what was seen once is seen no more.
    fn forget_seen(&self, id: &LaneId) -> Result<(), Error> {
        self.root.at(&id.dir())?.map_or(Ok(()), |dir| dir.remove(SEEN))
    }

    /// Gives a lane without a manifest the segments of its events that nothing else names: each event once. In which
    /// order they were accepted is lost, so snapshots that counted them go.
    fn reattach(&self, id: &LaneId) -> Result<(), Error> {
        let name = format!("{}-{MANIFEST}", id.dir().replace('/', "-"));
        if self.root.at(&id.dir())?.map_or(Ok(None), |dir| dir.sort(MANIFEST))?.is_some() {
            self.quarantine(&id.dir(), MANIFEST, &name)?;
        }
        for other in self.lanes()?.iter().filter(|o| o.space == id.space && o.tile == id.tile) {
            if id.lane.is_no_stricter_than(other.lane) {
                self.drop_snapshots(other)?;
            }
        }
        self.forget_seen(id)?;
        let mut segments: Vec<(Time, Sha256)> = Vec::new();
        for hash in self.all_objects()?.objects {
            segments.extend(self.start_of(id, &hash)?.map(|time| (time, hash)));
        }
        segments.sort();
        let mut appender = Appender::new(self);
        let lane = appender.lane(id)?;
        for (_, hash) in segments {
            if let Found::Here(bytes) = self.object(&hash, None)? {
                for line in dedup::lines(&bytes) {
                    let _known_or_taken = appender.offer(lane, digest(line), line)?;
                }
            }
        }
        appender.commit().map(drop)
    }

    /// When the first event of a segment happened, if an object is a segment of that lane.
    fn start_of(&self, id: &LaneId, hash: &Sha256) -> Result<Option<Time>, Error> {
        let Found::Here(bytes) = self.object(hash, None)? else { return Ok(None) };
        let defaults = Defaults::default();
        let mut start = None;
        for line in dedup::lines(&bytes) {
            let arena = bumpalo::Bump::new();
            match Reader::new(&arena, &defaults).read_bytes(line) {
                Ok(Line::Event(e)) if e.space == id.space && e.tile == id.tile && e.lane() == id.lane => {
                    start.get_or_insert(e.time);
                }
                _ => return Ok(None),
            }
        }
        Ok(start)
    }

    fn drop_snapshots(&self, id: &LaneId) -> Result<(), Error> {
        let Some(dir) = self.root.at(&format!("{}/{SNAPSHOTS}", id.dir()))? else { return Ok(()) };
        for (name, _) in dir.list()?.iter().filter(|(name, _)| name.ends_with(".json")) {
            dir.remove(name)?;
        }
        dir.sync()
    }

    /// Moves records away that are damaged, and those whose snapshots are not here.
    fn drop_bad_records(&self) -> Result<(), Error> {
        for id in self.lanes()? {
            let path = dir(&id);
            for (name, file) in self.record_files(&id)? {
                let is_bad = match file {
                    RecordFile::Whole(record) => self.snapshot(&record)?.is_none(),
                    RecordFile::Old => false,
                    RecordFile::Damaged(_) => true,
                };
                if is_bad {
                    self.quarantine(&path, &name, &format!("{}-{name}", path.replace('/', "-")))?;
                }
            }
        }
        Ok(())
    }

    /// Caches are made anew by whoever needs them.
    fn remove_caches(&self) -> Result<(), Error> {
        let mut open = vec!["cache".to_owned()];
        while let Some(path) = open.pop() {
            let Some(dir) = self.root.at(&path)? else { continue };
            for (name, sort) in dir.list()? {
                match sort {
                    super::dir::Sort::Directory => open.push(format!("{path}/{name}")),
                    _ => dir.remove(&name)?,
                }
            }
        }
        Ok(())
    }

    fn write_indexes(&self) -> Result<(), Error> {
        let commit = self.commit()?;
        for id in self.lanes()? {
            let Some((manifest, _)) = self.manifest(&id)? else { continue };
            let old = index::read(self, &id).unwrap_or_default();
            let bytes = index::after_append(&id, &manifest, &old).print();
            self.hint(&Draft { dir: id.dir(), name: INDEX.to_owned(), bytes })?;
        }
        commit.release()
    }
}
