//! Pruning: deleting what nothing names, once an earlier prune found the same, long enough ago.
//!
//! A reader may hold a manifest that is a moment old, and what it names must stay that long. So the first prune only
//! lists what it finds, in `cache/prune`: a line `<nanoseconds since 1970> <path>` each; a later one deletes what is
//! listed for long enough and still not named. The time is the mtime that the lock got when it was taken: no clock is
//! read for it. Deleting goes on under the lock, a second at a time by the caller's clock, and what changed meanwhile
//! is looked at again.

use super::commit::Draft;
use super::dir::DirtyDirs;
use super::object;
use super::refs::Refs;
use super::snapshot::missing;
use super::{Error, LaneId, Store};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use ulp_core::hash::Sha256;
use ulp_core::id::Time;
use ulp_core::json::{self, Tape};

/// The list, in the cache.
const LIST: &str = "prune";
/// Nobody waits longer than this for a prune.
const TURN: Duration = Duration::from_millis(800);

/// What is to be pruned.
#[derive(Clone, Copy, Debug)]
pub struct Prune {
    /// How many snapshots a lane keeps.
    pub keep: usize,
    pub older_than: Duration,
    /// Whether blobs that no event names go too.
    pub blobs: bool,
    pub dry_run: bool,
    /// The clock by which others are given their turn.
    pub clock: fn() -> Instant,
}

/// What a prune did, or would have done.
#[derive(Debug, Default)]
pub struct Pruned {
    /// Paths below the store.
    pub deleted: Vec<String>,
    /// Found, and not old enough yet.
    pub waiting: usize,
}

impl Store {
    /// Deletes what nothing has named for long enough.
    ///
    /// # Errors
    /// Damage where something that is named is not there: its name may be what is wrong, and then what nothing names is
    /// what it was.
    pub fn prune(&self, prune: &Prune) -> Result<Pruned, Error> {
        let mut refs = Refs::read(self, prune.keep)?;
        let found = self.unnamed(&refs, prune)?;
        let mut pruned = Pruned::default();
        let is_short = !refs.missing(self)?.is_empty();
        let commit = self.commit()?;
        if is_short {
            refs.update(self, prune.keep)?;
            refs.missing(self)?.first().map_or(Ok(()), |(id, hash)| Err(self.not_there(id, hash)))?;
        }
        let now = self.touched().unwrap_or(Time(0));
        let listed = self.read_list();
        let since: BTreeMap<String, i64> = found
            .into_iter()
            .map(|path| (path.clone(), listed.get(&path).copied().unwrap_or(now.0)))
            .collect();
        let age = i64::try_from(prune.older_than.as_nanos()).unwrap_or(i64::MAX);
        let is_old = |since: &i64| now.0.saturating_sub(*since) >= age;
        let due: Vec<String> = since
            .iter()
            .filter(|(p, s)| listed.contains_key(*p) && is_old(s))
            .map(|(p, _)| p.clone())
            .collect();
        pruned.waiting = since.len() - due.len();
        if prune.dry_run {
            commit.release()?;
            pruned.deleted = due;
            return Ok(pruned);
        }
        self.write_list(&since)?;
        commit.release()?;
        let mut rest = &due[..];
        while !rest.is_empty() {
            let commit = self.commit()?;
            let start = (prune.clock)();
            refs.update(self, prune.keep)?;
            while let Some((path, after)) = rest.split_first() {
                if self.delete(path, &refs)? {
                    pruned.deleted.push(path.clone());
                }
                rest = after;
                if (prune.clock)().saturating_duration_since(start) >= TURN {
                    break;
                }
            }
            commit.release()?;
        }
        Ok(pruned)
    }

    fn not_there(&self, id: &LaneId, hash: &Sha256) -> Error {
        let detail = format!(
            "the manifest of {} names it and it is not there; nothing is pruned before ulp-store check --repair",
            id.dir()
        );
        Error::damaged(self.object_path(hash), "store.missing", detail)
    }

    /// What nothing names now: objects, old records, temporary files.
    fn unnamed(&self, refs: &Refs, prune: &Prune) -> Result<Vec<String>, Error> {
        let (mut found, _) = self.leftovers()?;
        found.extend(refs.old_records().cloned());
        let old: BTreeSet<&Sha256> = refs.old_objects().collect();
        let mut blobs = Vec::new();
        for hash in self.all_objects()?.objects {
            if refs.names(&hash) {
                continue;
            }
            if old.contains(&hash) || self.is_derived(&hash)? {
                found.push(path_of(&hash))
            } else {
                blobs.push(hash)
            }
        }
        if prune.blobs && !blobs.is_empty() {
            let named = self.named_by_events()?;
            found.extend(blobs.iter().filter(|hash| !named.contains(hash)).map(path_of));
        }
        Ok(found)
    }

    /// Whether an object was written by a commit, rather than put here as a blob.
    fn is_derived(&self, hash: &Sha256) -> Result<bool, Error> {
        let object::Found::Here(bytes) = self.object(hash, None)? else { return Ok(true) };
        if missing::is_object(&bytes) {
            return Ok(true);
        }
        let first = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
        let mut tape = Tape::new();
        let text = std::str::from_utf8(first).unwrap_or_default();
        let Ok(top) = tape.parse(text, json::STATE_DEPTH) else { return Ok(false) };
        let is_page = top.get("v").is_some() && top.get("segments").is_some() && top.get("tile_id").is_some();
        Ok(is_page
            || top.get("operation").is_some() && top.get("tile").is_some() && top.get("scope").is_some())
    }

    /// Every blob that some event may name: whatever looks like a reference in a segment.
    fn named_by_events(&self) -> Result<BTreeSet<Sha256>, Error> {
        let mut named = BTreeSet::new();
        let finder = memchr::memmem::Finder::new("sha256:");
        for id in self.lanes()? {
            let Some((manifest, _)) = self.manifest(&id)? else { continue };
            for entry in self.entries(&manifest, None)? {
                let Some(bytes) = self.segment(&entry)? else { continue };
                for at in finder.find_iter(&bytes) {
                    let digits = bytes.get(at + 7..at + 71).and_then(|d| std::str::from_utf8(d).ok());
                    named.extend(digits.and_then(Sha256::from_hex));
                }
            }
        }
        Ok(named)
    }

    /// Deletes one file, unless something names it by now.
    fn delete(&self, path: &str, refs: &Refs) -> Result<bool, Error> {
        let Some((above, name)) = path.rsplit_once('/') else {
            self.root.remove(path)?;
            return Ok(true);
        };
        let directory = above.rsplit('/').next().unwrap_or_default();
        let is_named = match Sha256::from_hex(&format!("{directory}{name}")) {
            Some(hash) => refs.names(&hash),
            None if name.ends_with(".json") => !refs.old_records().any(|old| old == path),
            None => false,
        };
        let Some(dir) = self.root.at(above)?.filter(|_| !is_named) else { return Ok(false) };
        dir.remove(name)?;
        Ok(true)
    }

    /// What earlier prunes found, with when. A list that is damaged is none.
    fn read_list(&self) -> BTreeMap<String, i64> {
        let bytes = self.root.at("cache").ok().flatten().and_then(|dir| dir.read(LIST).ok().flatten());
        let text = bytes.and_then(|b| String::from_utf8(b).ok()).unwrap_or_default();
        let line = |line: &str| {
            let (since, path) = line.split_once(' ')?;
            Some((path.to_owned(), since.parse().ok()?))
        };
        text.lines().filter_map(line).collect()
    }

    fn write_list(&self, since: &BTreeMap<String, i64>) -> Result<(), Error> {
        let lines: String = since.iter().map(|(path, since)| format!("{since} {path}\n")).collect();
        self.root.make("cache", &mut DirtyDirs::new())?;
        self.hint(&Draft { dir: "cache".to_owned(), name: LIST.to_owned(), bytes: lines.into_bytes() })
    }
}

fn path_of(hash: &Sha256) -> String {
    format!("{}/{}", object::directory(hash), object::place(hash).1)
}
