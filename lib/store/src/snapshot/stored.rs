//! The snapshots of a lane as they lie in a store: which records there are, and which of them stand.

use super::missing::{self, Missing};
use super::record::{Record, dir};
use crate::covers::Held;
use crate::object::{Bytes, Found};
use crate::{Error, LaneId, Store};
use ulp_core::hash::{Blake3, Sha256};

/// A file among a lane's records.
#[derive(Debug)]
pub enum RecordFile {
    Whole(Record),
    /// Of version 1, or of another derivation: passed over.
    Old,
    /// With what is wrong with it.
    Damaged(String),
}

/// Whether the events that a record covers are those of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Holds,
    /// As far as can be told: some of them are not here. It is passed over, and kept.
    Lost,
    /// It is of another history.
    Other,
}

/// The lines of a snapshot.
#[derive(Debug)]
pub struct Lines {
    pub base: Bytes,
    /// Those that changed since.
    pub delta: Option<Bytes>,
    /// The missing parents, a line each.
    pub missing: Bytes,
}

impl Store {
    /// The text of every record of a lane by name, in order.
    pub fn record_texts(&self, lane: &LaneId) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let Some(dir) = self.root.at(&dir(lane))? else { return Ok(Vec::new()) };
        let mut texts = Vec::new();
        for (name, _) in dir.list()? {
            // What is not called by a root is none of ours, whoever dropped it here.
            if name.strip_suffix(".json").is_some_and(|root| Blake3::from_hex(root).is_some()) {
                texts.extend(dir.read(&name)?.map(|text| (name, text)));
            }
        }
        Ok(texts)
    }

    /// The records of a lane by name, in order.
    pub fn record_files(&self, lane: &LaneId) -> Result<Vec<(String, RecordFile)>, Error> {
        let file = |(name, text): (String, Vec<u8>)| {
            let file = match Record::parse(&text, &self.path().join(dir(lane)).join(&name)) {
                Ok(Some(record)) if record.name() == name => RecordFile::Whole(record),
                Ok(Some(_)) => RecordFile::Damaged("it is not named by its root".to_owned()),
                Ok(None) => RecordFile::Old,
                Err(Error::Damaged { detail, .. }) => RecordFile::Damaged(detail),
                Err(error) => return Err(error),
            };
            Ok((name, file))
        };
        self.record_texts(lane)?.into_iter().map(file).collect()
    }

    /// The records of a lane that can be read, those that have seen most first. A record that is damaged, of version 1
    /// or of another derivation is passed over. What they cover is not looked at.
    pub fn records(&self, lane: &LaneId) -> Result<Vec<Record>, Error> {
        let whole = |(_, file)| match file {
            RecordFile::Whole(record) => Some(record),
            RecordFile::Old | RecordFile::Damaged(_) => None,
        };
        let mut records: Vec<Record> = self.record_files(lane)?.into_iter().filter_map(whole).collect();
        let seen = |r: &Record| (r.seen(lane.lane), r.events.values().sum::<u64>(), r.root);
        records.sort_by_key(|r| std::cmp::Reverse(seen(r)));
        Ok(records)
    }

    /// Whether the lanes of a tile hold what a record of one of them covers.
    pub fn standing(&self, lane: &LaneId, record: &Record) -> Result<Standing, Error> {
        let mut standing = Standing::Holds;
        for (of, covers) in &record.covers {
            let id = LaneId { lane: *of, ..lane.clone() };
            let held = match self.manifest(&id) {
                Ok(None) if self.came_from_elsewhere() => Ok(Held::Yes),
                Ok(None) => covers.held(self, &[], record.seen(*of)),
                Ok(Some((manifest, _))) => {
                    self.entries(&manifest, None).and_then(|all| covers.held(self, &all, record.seen(*of)))
                }
                Err(error) => Err(error),
            };
            match held {
                Ok(Held::Yes) => {}
                // What is damaged may be mended, and then say more.
                Ok(Held::Lost) | Err(Error::Damaged { .. }) => standing = Standing::Lost,
                Ok(Held::No) => return Ok(Standing::Other),
                Err(error) => return Err(error),
            }
        }
        Ok(standing)
    }

    /// What a record names, if all of it is there and holds its hashes.
    pub fn snapshot(&self, record: &Record) -> Result<Option<Lines>, Error> {
        self.snapshot_lines(record, true)
    }

    /// The same, with the missing parents only where they are wanted: without later events nobody asks for them.
    pub fn snapshot_lines(&self, record: &Record, with_missing: bool) -> Result<Option<Lines>, Error> {
        let Some(base) = self.whole_object(&record.object)? else { return Ok(None) };
        let delta = match &record.delta {
            None => None,
            Some(delta) => match self.whole_object(delta)? {
                None => return Ok(None),
                some => some,
            },
        };
        let missing = match &record.missing {
            Missing::Listed(names) => Some(Bytes::Read(missing::print_map(names))),
            Missing::Object { .. } if !with_missing => Some(Bytes::Read(Vec::new())),
            Missing::Object { names, object } => {
                let is_said = |text: &Bytes| memchr::memchr_iter(b'\n', text).count() as u64 == *names;
                self.whole_object(object)?.filter(is_said)
            }
        };
        Ok(missing.map(|missing| Lines { base, delta, missing }))
    }

    /// Whether all that a record names lies here, whatever it holds.
    pub fn has_objects(&self, record: &Record) -> Result<bool, Error> {
        for object in record.objects() {
            if !self.has_name(&object)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The bytes of an object, if they are those of its name.
    fn whole_object(&self, hash: &Sha256) -> Result<Option<Bytes>, Error> {
        match self.object(hash, None)? {
            Found::Here(bytes) if Sha256::of(&bytes) == *hash => Ok(Some(bytes)),
            _ => Ok(None),
        }
    }
}
