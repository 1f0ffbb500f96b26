//! Writing receipts: one a commit that adds events of shared lanes.

use super::chain::{held, last_line, parse};
use super::judge::{AFTERWARDS, grants_of};
use super::{MOST_RANGES, RECEIPTS, file_of, is_of_one_commit};
use crate::dir::DirtyDirs;
use crate::{Error, LaneId, Store};
use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use ulp_core::hash::Blake3;
use ulp_core::id::Time;
use ulp_core::scope::{Grant, Scope};
use ulp_core::statement::receipt::VERSION;
use ulp_core::statement::{Chain, Range, Receipt};
use ulp_core::trust::Did;

/// What a commit adds to a lane.
#[derive(Debug)]
pub struct Came<'c> {
    pub lane: &'c LaneId,
    /// How many events the lane had before.
    pub from: u64,
    /// The lines of the new ones, each with its end, in their order of acceptance.
    pub lines: Vec<&'c [u8]>,
}

impl Came<'_> {
    /// The range of a receipt that says so.
    pub fn range(&self) -> Range {
        let mut hasher = blake3::Hasher::new();
        let mut events = 0;
        for lines in &self.lines {
            hasher.update(lines);
            events += memchr::memchr_iter(b'\n', lines).count() as u64;
        }
        let LaneId { space, tile, lane } = self.lane;
        let (space, lines) = (space.clone(), hasher.finalize().into());
        Range { space, tile: *tile, lane: *lane, from: self.from, events, lines }
    }
}

/// Records what is committed, as a peer and under the rules of a store.
pub struct Recorder {
    peer: Did,
    tool: String,
    scope: Blake3,
    grants: Option<Vec<Grant>>,
    clock: Box<dyn Fn() -> Time + Send + Sync>,
    /// The chain's length and its end after our last receipt.
    known: Option<(u64, Chain)>,
    /// Receipts of others that the next one joins.
    joined: BTreeSet<Blake3>,
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("peer", &self.peer).field("tool", &self.tool).finish_non_exhaustive()
    }
}

impl Recorder {
    /// For a tool, under rules that name an identity; nothing where they name none.
    pub fn new(
        scope: &Scope,
        tool: String,
        clock: impl Fn() -> Time + Send + Sync + 'static,
    ) -> Option<Recorder> {
        let grants = scope.authority().grants;
        let (peer, digest) = scope.identity().zip(scope.digest())?;
        Some(Recorder {
            peer,
            tool,
            scope: digest,
            grants,
            clock: Box::new(clock),
            known: None,
            joined: BTreeSet::new(),
        })
    }

    /// Whose receipts these are.
    pub fn peer(&self) -> Did {
        self.peer
    }

    /// Has the next receipt join the last one of another chain.
    pub fn join(&mut self, last: Blake3) {
        self.joined.insert(last);
    }

    /// Under the lock, after objects were put and before anything names them: makes a receipt of what came durable.
    /// Answers the directories that gained a name by it.
    ///
    /// # Errors
    /// What the store says; then nothing may be published.
    pub fn record(&mut self, store: &Store, came: &[Came<'_>]) -> Result<DirtyDirs, Error> {
        if came.is_empty() {
            return Ok(DirtyDirs::new());
        }
        let ranges = came.iter().map(Came::range).collect();
        self.write(store, (ranges, self.used(came)))
    }

    /// Under the lock: cuts off what does not count, so that gaps can be told.
    ///
    /// # Errors
    /// What the store says.
    pub fn settle(&mut self, store: &Store) -> Result<(), Error> {
        let name = file_of(&self.peer.to_string());
        let is_there = match store.root.at(RECEIPTS)? {
            Some(dir) => dir.sort(&name)?.is_some(),
            None => false,
        };
        if is_there {
            let (mut chain, _) = Growing::open(store, &name, &mut DirtyDirs::new())?;
            let (_, end) = chain.settle(store, self.peer)?;
            self.known = Some((chain.length, end));
        }
        Ok(())
    }

    /// Under the lock, once all is [settled](Recorder::settle): makes a receipt of [gaps](super::gaps) durable. No rules
    /// are said to have let them in.
    ///
    /// # Errors
    /// What the store says.
    pub fn record_gaps(&mut self, store: &Store, gaps: Vec<Range>) -> Result<DirtyDirs, Error> {
        if gaps.is_empty() {
            return Ok(DirtyDirs::new());
        }
        // Whatever tool finds the gap, what was there before came in by nobody's rules, and joins nothing.
        let afterwards = format!("{AFTERWARDS}{}", self.tool.split(' ').nth(1).unwrap_or_default());
        let tool = std::mem::replace(&mut self.tool, afterwards);
        let joined = std::mem::take(&mut self.joined);
        let written = self.write(store, (gaps, Vec::new()));
        (self.tool, self.joined) = (tool, joined);
        written
    }

    /// Writes the receipts of some ranges, and of what came of those that are cut off for them.
    fn write(
        &mut self,
        store: &Store,
        (mut ranges, grants): (Vec<Range>, Vec<Blake3>),
    ) -> Result<DirtyDirs, Error> {
        let mut dirty = DirtyDirs::new();
        let (mut chain, is_new) = Growing::open(store, &file_of(&self.peer.to_string()), &mut dirty)?;
        if is_new {
            dirty.insert(RECEIPTS.to_owned());
        }
        let (left, end) = match self.known {
            Some((length, end)) if length == chain.length => (Vec::new(), end),
            _ => chain.settle(store, self.peer)?,
        };
        ranges.extend(left);
        ranges.sort_by_cached_key(|range| (range.path(), range.from));
        let (text, end) = self.print(&ranges, &grants, end);
        chain.append(&text)?;
        self.known = Some((chain.length, end));
        self.joined.clear();
        Ok(dirty)
    }

    /// The lines of the receipts of some ranges behind the end of a chain, and its new end.
    fn print(&self, ranges: &[Range], grants: &[Blake3], mut end: Chain) -> (Vec<u8>, Chain) {
        let (timestamp, mut text) = ((self.clock)(), Vec::new());
        let mut joined: Vec<Blake3> = self.joined.iter().copied().collect();
        for ranges in ranges.chunks(MOST_RANGES) {
            let receipt = Receipt {
                peer: self.peer,
                version: VERSION,
                height: end.height + 1,
                previous: end.last,
                joined: std::mem::take(&mut joined),
                timestamp,
                tool: self.tool.clone(),
                ranges: ranges.to_vec(),
                scope: self.scope,
                grants: grants.to_vec(),
            };
            let line = receipt.print();
            end = Chain { last: Some(Blake3::of(&line)), height: receipt.height };
            text.extend_from_slice(&line);
            text.push(b'\n');
        }
        (text, end)
    }

    /// The grants that let events in.
    fn used(&self, came: &[Came<'_>]) -> Vec<Blake3> {
        let Some(grants) = &self.grants else { return Vec::new() };
        let lines = came.iter().flat_map(|came| &came.lines).flat_map(|lines| crate::dedup::lines(lines));
        let used: BTreeSet<Blake3> = lines.flat_map(|line| grants_of(line, grants)).flatten().collect();
        used.into_iter().collect()
    }
}

/// A chain that is about to grow.
pub(super) struct Growing {
    pub(super) file: File,
    pub(super) path: PathBuf,
    pub(super) length: u64,
}

impl Growing {
    /// Opens a chain, and says whether it is new.
    pub(super) fn open(store: &Store, name: &str, dirty: &mut DirtyDirs) -> Result<(Growing, bool), Error> {
        let dir = store.root.make(RECEIPTS, dirty)?;
        let path = dir.path().join(name);
        let (file, was_there) = dir.growing(name)?;
        let length = file.metadata().map_err(|e| Error::io(&path, e))?.len();
        Ok((Growing { file, path, length }, !was_there))
    }

    /// Cuts off what is torn, and the receipts of a commit that did not come to its end. Answers what came of these all
    /// the same, and the chain's end.
    fn settle(&mut self, store: &Store, peer: Did) -> Result<(Vec<Range>, Chain), Error> {
        let (mut ranges, mut cut): (Vec<Range>, Option<Receipt>) = (Vec::new(), None);
        loop {
            let found = last_line(&self.file, self.length).map_err(|e| self.io(e))?;
            let Some((start, line)) = found else {
                self.cut(0)?;
                return Ok((ranges, Chain { last: None, height: 0 }));
            };
            self.cut(start + line.len() as u64 + 1)?;
            let Some(receipt) = parse(&line, &self.path)? else {
                if cut.is_some() {
                    return Err(self.damaged("a receipt that cannot be read"));
                }
                self.cut(start)?;
                continue;
            };
            if receipt.peer != peer {
                return Err(self.damaged("a receipt of another peer"));
            }
            let end = Chain { last: Some(Blake3::of(&line)), height: receipt.height };
            if cut.as_ref().is_some_and(|cut| !is_of_one_commit(cut, &receipt)) {
                return Ok((ranges, end));
            }
            let held = held(store, &receipt)?;
            if held.len() == receipt.ranges.len() {
                return Ok((ranges, end));
            }
            ranges.extend(held);
            self.cut(start)?;
            cut = Some(receipt);
        }
    }

    pub(super) fn cut(&mut self, length: u64) -> Result<(), Error> {
        if length < self.length {
            self.file.set_len(length).map_err(|e| self.io(e))?;
            self.length = length;
        }
        Ok(())
    }

    pub(super) fn append(&mut self, text: &[u8]) -> Result<(), Error> {
        let written = self.file.write_all(text).and_then(|()| self.file.sync_data());
        written.map_err(|e| self.io(e))?;
        self.length += text.len() as u64;
        Ok(())
    }

    pub(super) fn io(&self, error: std::io::Error) -> Error {
        Error::io(&self.path, error)
    }

    fn damaged(&self, detail: &str) -> Error {
        Error::damaged(Path::new(&self.path), "receipt.fields", detail)
    }
}
