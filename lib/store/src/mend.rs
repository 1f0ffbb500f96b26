//! Mending what a lane's manifest says: each entry by the object that it names, and what is lost by the objects that
//! nothing names.
//!
//! Of a manifest and its pages whatever can be read stays as it is, in its order. What a lost part named is looked for
//! among all objects; in which order those events were accepted is lost with it, so they stand before the others,
//! the earliest first. Each event is there once. The new manifest replaces the old one in one rename.

use super::commit::Draft;
use super::dedup::{self, Digest};
use super::manifest::{Absent, Entry, Manifest};
use super::object::Found;
use super::repair::QUARANTINE;
use super::segment::entry_of;
use super::snapshot::record::SNAPSHOTS;
use super::{Error, LaneId, MANIFEST, SEEN, Store, append};
use foldhash::HashSet;
use ulp_core::event::{Defaults, Line, Reader};
use ulp_core::hash::Sha256;
use ulp_core::id::Time;

/// What can be read of a lane's manifest and of its pages.
struct Readable {
    /// The manifest as it lies there.
    bytes: Option<Vec<u8>>,
    entries: Vec<Entry>,
    /// Whether there is nothing else.
    is_whole: bool,
}

/// A lane's entries as they should be.
#[derive(Default)]
struct Mended {
    entries: Vec<Entry>,
    /// The events that they hold.
    known: HashSet<Digest>,
    /// Objects that are not here yet.
    new: Vec<(Sha256, Vec<u8>)>,
}

impl Store {
    /// Makes the manifest of a lane say what is so.
    pub(super) fn mend(&self, id: &LaneId) -> Result<(), Error> {
        while let Some(readable) = self.readable(id)? {
            let mended = self.mended(id, &readable)?;
            if readable.is_whole && readable.entries == mended.entries {
                return Ok(());
            }
            if self.replace(id, &readable, mended)? {
                return Ok(());
            }
            // Somebody wrote to the lane meanwhile.
        }
        Ok(())
    }

    /// Nothing of a lane that nothing was ever committed to.
    fn readable(&self, id: &LaneId) -> Result<Option<Readable>, Error> {
        let Some(dir) = self.root.at(&id.dir())? else { return Ok(None) };
        let Some(bytes) = dir.read(MANIFEST)? else {
            let nothing = Readable { bytes: None, entries: Vec::new(), is_whole: false };
            return Ok(self.had_manifest(id)?.then_some(nothing));
        };
        let is_ours = |manifest: Manifest| (manifest.tile == id.tile).then_some(manifest);
        let read = |manifest: Result<Manifest, Error>| match manifest {
            Ok(manifest) => Ok(is_ours(manifest)),
            Err(Error::Damaged { .. }) => Ok(None),
            Err(error) => Err(error),
        };
        let mut chain: Vec<Manifest> = Vec::new();
        let mut next = read(Manifest::parse(&bytes, &dir.path().join(MANIFEST)))?;
        let mut is_whole = next.is_some();
        while let Some(manifest) = next.take() {
            if let Some(previous) = manifest.previous {
                next = read(self.page_at(&previous.hash))?;
                is_whole = next.as_ref().is_some_and(|page| page.events() == previous.events) && is_whole;
            }
            chain.push(manifest);
        }
        let entries = chain.into_iter().rev().flat_map(|page| page.segments).collect();
        Ok(Some(Readable { bytes: Some(bytes), entries, is_whole }))
    }

    fn mended(&self, id: &LaneId, readable: &Readable) -> Result<Mended, Error> {
        let (mut mended, mut is_short) = (Mended::default(), !readable.is_whole);
        for entry in &readable.entries {
            let is_here = entry.absent == Absent::No && self.take_in_segment(id, &entry.hash, &mut mended)?;
            if !is_here {
                is_short |= entry.absent == Absent::No;
                let absent = if entry.absent == Absent::No { Absent::Lost } else { entry.absent };
                mended.entries.push(Entry { absent, ..entry.clone() });
            }
        }
        if is_short {
            self.find_again(id, readable, &mut mended)?;
        }
        Ok(mended)
    }

    /// Takes in the events of an object, if it is a segment of the lane: its entry as it is, or, where some of them
    /// are known already, one of the others. Answers whether it is one.
    fn take_in_segment(&self, id: &LaneId, hash: &Sha256, mended: &mut Mended) -> Result<bool, Error> {
        let Found::Here(bytes) = self.object(hash, None)? else { return Ok(false) };
        if Sha256::of(&bytes) != *hash || start_of(id, &bytes).is_none() {
            return Ok(false);
        }
        mended.take(*hash, &bytes);
        Ok(true)
    }

    /// Looks for what is lost among all objects.
    fn find_again(&self, id: &LaneId, readable: &Readable, mended: &mut Mended) -> Result<(), Error> {
        let named: HashSet<Sha256> = mended.entries.iter().map(|entry| entry.hash).collect();
        let mut found: Vec<(Time, Sha256)> = Vec::new();
        for hash in self.all_objects()?.objects.into_iter().filter(|hash| !named.contains(hash)) {
            let Found::Here(bytes) = self.object(&hash, None)? else { continue };
            let Some(start) = start_of(id, &bytes) else { continue };
            if !mended.fill_gap(hash, &bytes) {
                found.push((start, hash));
            }
        }
        if readable.is_whole {
            return Ok(());
        }
        found.sort();
        let kept = std::mem::take(&mut mended.entries);
        for (_, hash) in found {
            self.take_in_segment(id, &hash, mended)?;
        }
        mended.entries.extend(kept);
        Ok(())
    }

    /// Puts the mended manifest in the place of the one that was read, which is kept where it was damaged. Answers
    /// whether that one was still there.
    fn replace(&self, id: &LaneId, readable: &Readable, mended: Mended) -> Result<bool, Error> {
        let mut commit = self.commit()?;
        let now = self.root.at(&id.dir())?.map_or(Ok(None), |dir| dir.read(MANIFEST))?;
        if now != readable.bytes {
            commit.release()?;
            return Ok(false);
        }
        let mut manifest = Manifest { segments: mended.entries, ..Manifest::new(id.tile) };
        let pages = std::iter::from_fn(|| manifest.turn_page()).map(|page| (Sha256::of(&page), page));
        let new: Vec<(Sha256, Vec<u8>)> = mended.new.into_iter().chain(pages).collect();
        let blobs: Vec<(Sha256, &[u8])> = new.iter().map(|(hash, bytes)| (*hash, &bytes[..])).collect();
        commit.put(&blobs)?;
        if !readable.is_whole {
            // In which order events were accepted is lost, and snapshots count them.
            self.drop_snapshots_on(id)?;
        }
        self.root.at(&id.dir())?.map_or(Ok(()), |dir| dir.remove(SEEN))?;
        let damaged = readable.bytes.iter().filter(|_| !readable.is_whole);
        let mut drafts: Vec<Draft> = damaged.map(|bytes| kept_copy(id, bytes)).collect();
        drafts.push(Draft { dir: id.dir(), name: MANIFEST.to_owned(), bytes: manifest.print() });
        commit.publish(drafts)?;
        commit.release()?;
        Ok(true)
    }

    /// Drops the snapshots of a lane, and those of the lanes that lean on it.
    fn drop_snapshots_on(&self, id: &LaneId) -> Result<(), Error> {
        let leans = |other: &&LaneId| {
            other.space == id.space && other.tile == id.tile && id.lane.is_no_stricter_than(other.lane)
        };
        for other in self.lanes()?.iter().filter(leans) {
            let Some(dir) = self.root.at(&format!("{}/{SNAPSHOTS}", other.dir()))? else { continue };
            for (name, _) in dir.list()?.iter().filter(|(name, _)| name.ends_with(".json")) {
                dir.remove(name)?;
            }
            dir.sync()?;
        }
        Ok(())
    }
}

impl Mended {
    /// Takes in those events of a segment that are not known.
    fn take(&mut self, hash: Sha256, bytes: &[u8]) {
        let is_new: Vec<bool> =
            dedup::lines(bytes).map(|line| self.known.insert(dedup::digest(line))).collect();
        if is_new.iter().all(|is_new| *is_new) {
            self.entries.push(entry_of(hash, bytes));
            return;
        }
        let lines = dedup::lines(bytes).zip(is_new).filter(|(_, is_new)| *is_new);
        let rest: Vec<u8> = lines.flat_map(|(line, _)| [line, b"\n"].concat()).collect();
        let mut start = 0;
        for part in append::parts(&rest) {
            let segment = rest[start..part.end].to_vec();
            start = part.end;
            let entry = part.entry(&segment);
            self.new.push((entry.hash, segment));
            self.entries.push(entry);
        }
    }

    /// Lets a segment take the place of one that is lost, where all but the name of that is the same and none of its
    /// events is known: then the name was damaged. Answers whether it did.
    fn fill_gap(&mut self, hash: Sha256, bytes: &[u8]) -> bool {
        let as_lost = Entry { absent: Absent::Lost, ..entry_of(hash, bytes) };
        let fits = |entry: &Entry| Entry { hash, ..entry.clone() } == as_lost;
        let Some(at) = self.entries.iter().position(fits) else { return false };
        let digests: Vec<Digest> = dedup::lines(bytes).map(dedup::digest).collect();
        if digests.iter().any(|digest| self.known.contains(digest)) {
            return false;
        }
        self.known.extend(digests);
        self.entries[at] = Entry { absent: Absent::No, ..as_lost };
        true
    }
}

/// When the first event of a segment happened, if these are the lines of a segment of that lane.
fn start_of(id: &LaneId, bytes: &[u8]) -> Option<Time> {
    let defaults = Defaults::default();
    let mut start = None;
    for line in dedup::lines(bytes) {
        let arena = bumpalo::Bump::new();
        match Reader::new(&arena, &defaults).read_bytes(line) {
            Ok(Line::Event(e)) if e.space == id.space && e.tile == id.tile && e.lane() == id.lane => {
                start.get_or_insert(e.time);
            }
            _ => return None,
        }
    }
    start.filter(|_| bytes.ends_with(b"\n"))
}

/// A damaged manifest, as it is kept in the quarantine.
fn kept_copy(id: &LaneId, bytes: &[u8]) -> Draft {
    let name = format!("{}-{MANIFEST}", id.dir().replace('/', "-"));
    Draft { dir: QUARANTINE.to_owned(), name, bytes: bytes.to_vec() }
}
