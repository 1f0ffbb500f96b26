//! Media: which objects are named and not here, which may be given away, and parts of those that come.
//!
//! `cache/objects` lists the objects that are named by events which came by sync and were not here then, a hash a line;
//! `cache/objects.d/<hex>` is what came of one so far. So a session that was cut off goes on at the last byte.

use std::collections::BTreeSet;
use std::io::{Seek as _, SeekFrom, Write as _};
use ulp_core::hash::Sha256;
use ulp_peer::sync::holdings::Part;
use ulp_store::commit::Draft;
use ulp_store::object::{self, Found};
use ulp_store::pack::refs;
use ulp_store::refs::Refs;
use ulp_store::sorter::{Sorted, Sorter};
use ulp_store::{Error, Store, dir};

const LIST: &str = "objects";
const DIR: &str = "cache";
const PARTS: &str = "cache/objects.d";
/// Most objects that wait; the rest is asked for the next time something differs.
const MOST: usize = 65_536;

pub struct Objects<'s> {
    store: &'s Store,
    /// Named, and not here.
    wanted: BTreeSet<Sha256>,
    /// What the events that are spoken of name, once somebody asked.
    named: Option<Sorted<32>>,
    /// What manifests name, which is no medium.
    structure: Option<Refs>,
    /// The last one that was found to hold its hash.
    whole: Option<Sha256>,
}

impl<'s> Objects<'s> {
    pub fn open(store: &'s Store) -> Result<Objects<'s>, Error> {
        let mut objects =
            Objects { store, wanted: BTreeSet::new(), named: None, structure: None, whole: None };
        let Some(dir) = store.root().at(DIR)?.filter(|_| store.is_trusted()) else { return Ok(objects) };
        let text = dir.read(LIST)?.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
        objects.wanted = text.lines().filter_map(|line| line.parse().ok()).take(MOST).collect();
        Ok(objects)
    }

    /// Before events are taken: what they name is to be asked for, where it is not here.
    pub fn named_by<'l>(&mut self, lines: impl Iterator<Item = &'l [u8]>) -> Result<(), Error> {
        let mut found = BTreeSet::new();
        for line in lines {
            refs::each_ref(line, |hash| {
                found.insert(hash);
            });
        }
        let before = self.wanted.len();
        for hash in found {
            if self.wanted.len() < MOST && !self.store.has_name(&hash)? {
                self.wanted.insert(hash);
            }
        }
        if self.wanted.len() > before { self.write() } else { Ok(()) }
    }

    fn write(&self) -> Result<(), Error> {
        let text: String = self.wanted.iter().map(|hash| format!("{hash}\n")).collect();
        self.store.hint(&Draft { dir: DIR.to_owned(), name: LIST.to_owned(), bytes: text.into_bytes() })
    }

    /// What is missing, each with how many bytes of it are here.
    pub fn missing(&mut self) -> Result<Vec<(Sha256, u64)>, Error> {
        let parts = self.store.root().at(PARTS)?;
        let mut missing = Vec::new();
        for hash in &self.wanted {
            if self.store.has_name(hash)? {
                continue;
            }
            let file = parts.as_ref().map_or(Ok(None), |parts| parts.file(&hash.hex()))?;
            let length = file.and_then(|file| file.metadata().ok()).map_or(0, |there| there.len());
            missing.push((*hash, length));
        }
        Ok(missing)
    }

    /// Part of an object that an event which is spoken of names: `lines` gives their text.
    pub fn part(
        &mut self,
        hash: &Sha256,
        at: u64,
        most: usize,
        lines: impl FnOnce(&mut dyn FnMut(&[u8]) -> Result<(), Error>) -> Result<(), Error>,
    ) -> Result<Option<Part>, Error> {
        if !self.may_give(hash, lines)? {
            return Ok(None);
        }
        let Found::Here(bytes) = self.store.object(hash, None)? else { return Ok(None) };
        if self.whole != Some(*hash) {
            if Sha256::of(&bytes) != *hash {
                return Ok(None);
            }
            self.whole = Some(*hash);
        }
        let rest = usize::try_from(at).ok().and_then(|at| bytes.get(at..));
        let data = rest.map(|rest| rest[..rest.len().min(most)].to_vec());
        Ok(data.map(|data| Part { bytes: bytes.len() as u64, data }))
    }

    fn may_give(
        &mut self,
        hash: &Sha256,
        lines: impl FnOnce(&mut dyn FnMut(&[u8]) -> Result<(), Error>) -> Result<(), Error>,
    ) -> Result<bool, Error> {
        if self.named.is_none() {
            let mut sorter: Sorter<32> = Sorter::new(self.store, &std::env::temp_dir())?;
            lines(&mut |text| {
                let mut pushed = Ok(());
                refs::each_ref(text, |hash| {
                    if pushed.is_ok() {
                        pushed = sorter.push(hash.0);
                    }
                });
                pushed
            })?;
            self.named = Some(sorter.sorted()?);
        }
        if self.structure.is_none() {
            self.structure = Some(Refs::read(self.store, usize::MAX)?);
        }
        let is_named = self.named.as_ref().is_some_and(|named| named.rows().binary_search(&hash.0).is_ok());
        Ok(is_named && !self.structure.as_ref().is_some_and(|refs| refs.names(hash)))
    }

    /// What is spoken of changed.
    pub fn forget_named(&mut self) {
        self.named = None;
    }

    /// Takes part of an object; the last one makes it whole. Answers whether it holds.
    pub fn take_part(&mut self, hash: &Sha256, at: u64, part: &Part) -> Result<bool, Error> {
        let path = self.store.path().join(PARTS).join(hash.hex());
        let fail = |e| Error::io(&path, e);
        let parts = self.store.root().make(PARTS, &mut dir::DirtyDirs::new())?;
        let mut file = open_part(&parts, hash)?;
        let there = file.seek(SeekFrom::End(0)).map_err(fail)?;
        if there != at {
            // Somebody else is at it; the next session begins where that ends.
            return Ok(true);
        }
        let stat = rustix::fs::fstatvfs(&file).map_err(|e| Error::io(&path, e))?;
        if part.bytes - at > stat.f_bavail.saturating_mul(stat.f_frsize) {
            let full = std::io::Error::from_raw_os_error(rustix::io::Errno::NOSPC.raw_os_error());
            return Err(Error::io(&path, full));
        }
        file.write_all(&part.data).map_err(fail)?;
        if there + part.data.len() as u64 != part.bytes {
            return Ok(true);
        }
        self.finish(hash, &parts, file)
    }

    /// Gives a whole object its place, where it is what its name says.
    fn finish(&mut self, hash: &Sha256, parts: &dir::Dir, mut file: std::fs::File) -> Result<bool, Error> {
        let fail = |e| Error::io(parts.path().join(hash.hex()), e);
        file.seek(SeekFrom::Start(0)).map_err(fail)?;
        let holds = Sha256::of_reader(&mut file, &mut vec![0; 1 << 16]).map_err(fail)? == *hash;
        if !holds {
            parts.remove(&hash.hex())?;
            return Ok(false);
        }
        let path = parts.path().join(hash.hex());
        let there = rustix::fs::fstat(&file).map_err(|e| Error::io(&path, e))?;
        let mode = rustix::fs::Mode::from_raw_mode(there.st_mode) & dir::IMMUTABLE;
        rustix::fs::fchmod(&file, mode).map_err(|e| Error::io(&path, e))?;
        file.sync_all().map_err(fail)?;
        let (place, name) = (object::directory(hash), object::place(hash).1);
        let commit = self.store.commit()?;
        let mut dirty = dir::DirtyDirs::new();
        let dir = self.store.root().make(&place, &mut dirty)?;
        parts.move_to(&hash.hex(), &dir, &name)?;
        dir.sync()?;
        for above in dirty.iter().rev() {
            if let Some(above) = self.store.root().at(above)? {
                above.sync()?;
            }
        }
        commit.release()?;
        self.wanted.remove(hash);
        self.write().map(|()| true)
    }
}

/// The file of what came of an object so far.
fn open_part(parts: &dir::Dir, hash: &Sha256) -> Result<std::fs::File, Error> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mode = Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::ROTH;
    let opened = rustix::fs::openat(parts.fd(), hash.hex(), flags, mode);
    Ok(opened.map_err(|e| Error::io(parts.path().join(hash.hex()), e))?.into())
}
