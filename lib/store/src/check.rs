//! Checking a store: objects against their names, manifests against objects, events against the rules of their lane,
//! indexes, snapshots and caches against what they were made from.

use super::dedup::{self, Digest};
use super::index::{self, Index};
use super::manifest::{Absent, Entry, Manifest};
use super::object::{self, Bytes, Found};
use super::read::Wanted;
use super::refs::Refs;
use super::snapshot::record::{Record, SNAPSHOTS, dir};
use super::snapshot::stored::{RecordFile, Standing};
use super::{Error, INDEX, LaneId, MANIFEST, Store};
use bumpalo::Bump;
use foldhash::{HashSet, HashSetExt as _};
use rayon::prelude::*;
use ulp_core::event::{Defaults, Line, Reader};
use ulp_core::hash::Sha256;
use ulp_core::json;
use ulp_core::json::write::Members;
use ulp_core::line::Kind;
use ulp_core::world::Filter;

/// Bytes of an object that are read at once.
const BUFFER: usize = 256 << 10;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// A leftover, or something that is only stale.
    Info,
    Damage,
}

/// Something that a check found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub severity: Severity,
    pub code: &'static str,
    /// Below the store.
    pub path: String,
    pub detail: String,
}

impl Finding {
    fn new(
        severity: Severity,
        code: &'static str,
        path: impl Into<String>,
        detail: impl Into<String>,
    ) -> Finding {
        Finding { severity, code, path: path.into(), detail: detail.into() }
    }

    fn damage(code: &'static str, path: impl Into<String>, detail: impl Into<String>) -> Finding {
        Finding::new(Severity::Damage, code, path, detail)
    }

    /// The finding as a line of canonical JSON.
    pub fn print(&self, out: &mut Vec<u8>) {
        let mut line = Members::open(out);
        line.text("code", self.code, out);
        line.text("detail", &self.detail, out);
        line.text("path", &self.path, out);
        line.text("severity", if self.severity == Severity::Damage { "damage" } else { "info" }, out);
        line.end_line(out);
    }
}

/// The path of an object below the store.
pub fn object_path(hash: &Sha256) -> String {
    format!("{}/{}", object::directory(hash), object::place(hash).1)
}

impl Store {
    /// Re-hashes every object, on the threads of the current pool.
    pub fn check_objects(&self) -> Result<Vec<Finding>, Error> {
        let listing = self.all_objects()?;
        let check = |buffer: &mut Vec<u8>, hash: &Sha256| {
            let found = self.hash_object(hash, buffer)?;
            let is_wrong = found.is_some_and(|found| found != *hash);
            let detail = "its bytes are not those of its name";
            Ok(is_wrong.then(|| Finding::damage("store.object", object_path(hash), detail)))
        };
        let objects = listing.objects.par_iter();
        let checked: Result<Vec<Option<Finding>>, Error> =
            objects.map_init(|| vec![0; BUFFER], check).collect();
        Ok(checked?.into_iter().flatten().collect())
    }

    /// Checks everything but the bytes of objects that nothing names.
    pub fn check_lanes(&self, replay: bool) -> Result<Vec<Finding>, Error> {
        let lanes = self.lanes()?;
        let checked: Result<Vec<Vec<Finding>>, Error> =
            lanes.par_iter().map(|id| check_lane(self, id)).collect();
        let mut findings: Vec<Finding> = checked?.into_iter().flatten().collect();
        self.check_names(&mut findings)?;
        if replay && !findings.iter().any(|f| f.severity == Severity::Damage) {
            self.check_replay(&mut findings)?;
        }
        findings.sort();
        findings.dedup();
        Ok(findings)
    }

    /// What lies about and is named by nothing.
    fn check_names(&self, findings: &mut Vec<Finding>) -> Result<(), Error> {
        let (temporary, strange) = self.leftovers()?;
        let leftover = |path| Finding::new(Severity::Info, "store.leftover", path, "a temporary file");
        findings.extend(temporary.into_iter().map(leftover));
        let unsafe_ = |path| Finding::damage("store.unsafe", path, "neither a regular file nor a directory");
        findings.extend(strange.into_iter().map(unsafe_));
        let Ok(refs) = Refs::read(self, usize::MAX) else { return Ok(()) };
        for hash in self.all_objects()?.objects.iter().filter(|hash| !refs.names(hash)) {
            let detail = "no manifest, page or snapshot names it";
            findings.push(Finding::new(Severity::Info, "store.unnamed", object_path(hash), detail));
        }
        Ok(())
    }

    /// Whether what is read from snapshots is what is read from all events.
    fn check_replay(&self, findings: &mut Vec<Finding>) -> Result<(), Error> {
        let filter = Filter::default();
        let places = self.tiles()?;
        let checked: Result<Vec<Vec<Finding>>, Error> = places
            .par_iter()
            .map(|place| {
                let states = |snapshots| {
                    self.replay(place, Wanted::new(&filter, snapshots), false, |replay| {
                        let mut lanes = Vec::new();
                        replay.states(&filter, false, |part, lines| {
                            lanes.push((part.id.clone(), blake3::hash(lines)));
                        });
                        lanes
                    })
                };
                let (fast, slow) = (states(true)?, states(false)?);
                let differs = |(a, b): (&(LaneId, blake3::Hash), &(LaneId, blake3::Hash))| {
                    let detail = "a snapshot and the events after it derive another state than all events";
                    (a != b).then(|| Finding::damage("store.snapshot", a.0.dir(), detail))
                };
                Ok(fast.iter().zip(&slow).filter_map(differs).collect())
            })
            .collect();
        findings.extend(checked?.into_iter().flatten());
        Ok(())
    }
}

fn check_lane(store: &Store, id: &LaneId) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    let path = format!("{}/{MANIFEST}", id.dir());
    let manifest = match store.manifest(id) {
        Ok(Some((manifest, _))) => manifest,
        Ok(None) => {
            let names = store.root.at(&id.dir())?.map_or(Ok(Vec::new()), |dir| dir.list())?;
            let had_one = names.iter().any(|(name, _)| name == INDEX || name == SNAPSHOTS);
            let finding = if had_one {
                Finding::damage("store.manifest", path, "it is missing")
            } else {
                Finding::new(Severity::Info, "store.leftover", path, "a lane that nothing was committed to")
            };
            return Ok(vec![finding]);
        }
        Err(Error::Damaged { code, detail, .. }) => return Ok(vec![Finding::damage(code, path, detail)]),
        Err(error) => return Err(error),
    };
    let entries = match store.entries(&manifest, None) {
        Ok(entries) => entries,
        Err(Error::Damaged { code, detail, .. }) => return Ok(vec![Finding::damage(code, path, detail)]),
        Err(error) => return Err(error),
    };
    let mut known = HashSet::new();
    for entry in &entries {
        check_segment(store, id, entry, &mut known, &mut findings)?;
    }
    check_index(store, id, &manifest, &mut findings);
    check_snapshots(store, id, &mut findings)?;
    Ok(findings)
}

fn check_segment(
    store: &Store,
    id: &LaneId,
    entry: &Entry,
    known: &mut HashSet<Digest>,
    findings: &mut Vec<Finding>,
) -> Result<(), Error> {
    let path = object_path(&entry.hash);
    let detail = |text: &str| format!("{}: {text}", id.dir());
    match entry.absent {
        Absent::Lost => findings.push(Finding::new(Severity::Info, "store.lost", path, detail("taken away"))),
        Absent::Elsewhere => {
            findings.push(Finding::new(
                Severity::Info,
                "store.elsewhere",
                path,
                detail("left out by a pack"),
            ));
        }
        Absent::No => match store.object(&entry.hash, Some(entry.bytes))? {
            Found::Missing => findings.push(Finding::damage("store.missing", path, detail("it is missing"))),
            Found::Wrong(bytes) => {
                let text = format!("{bytes} bytes, where {} are said", entry.bytes);
                findings.push(Finding::damage("store.length", path, detail(&text)));
            }
            Found::Here(bytes) => {
                // Of what is another object's bytes nothing more is worth saying.
                if Sha256::of(&bytes) != entry.hash {
                    findings.push(Finding::damage(
                        "store.object",
                        path,
                        "its bytes are not those of its name",
                    ));
                } else if let Some(text) = wrong_events(id, entry, &bytes, known) {
                    findings.push(Finding::damage("store.segment", path, detail(&text)));
                }
            }
        },
    }
    Ok(())
}

/// The first thing that is wrong with the events of a segment.
fn wrong_events(id: &LaneId, entry: &Entry, bytes: &Bytes, known: &mut HashSet<Digest>) -> Option<String> {
    let defaults = Defaults::default();
    let (mut events, mut first, mut last) = (0, String::new(), String::new());
    if bytes.last() != Some(&b'\n') {
        return Some("its last line has no end".to_owned());
    }
    for line in dedup::lines(bytes) {
        let arena = Bump::new();
        let event = match Reader::new(&arena, &defaults).read_bytes(line) {
            Ok(Line::Event(event)) => event,
            Ok(Line::State(_)) => return Some(Kind::State.name().to_owned()),
            Ok(Line::Other(kind)) => return Some(kind.name().to_owned()),
            Err(refusal) => return Some(format!("event {}: {}", events + 1, refusal.code)),
        };
        let here = event.space == id.space && event.tile == id.tile && event.lane() == id.lane;
        if !here || !event.missing.is_empty() || !json::is_canonical(event.line) {
            return Some(format!("event {}: of another lane, or not whole and canonical", events + 1));
        }
        if !known.insert(dedup::digest(line)) {
            return Some(format!("event {}: it is in the lane twice", events + 1));
        }
        if events == 0 {
            event.id.clone_into(&mut first);
        }
        event.id.clone_into(&mut last);
        events += 1;
    }
    let said = events == entry.events && first == entry.from && last == entry.to;
    (!said).then(|| "it holds other events than the manifest says".to_owned())
}

fn check_index(store: &Store, id: &LaneId, manifest: &Manifest, findings: &mut Vec<Finding>) {
    let fresh = index::after_append(id, manifest, &Index::default());
    let agrees = index::read(store, id).is_some_and(|index| {
        let same_tip = index.tip_event == fresh.tip_event && index.tip_segment == fresh.tip_segment;
        same_tip && index.events == fresh.events && index.tile == fresh.tile
    });
    if !agrees {
        let path = format!("{}/{INDEX}", id.dir());
        findings.push(Finding::new(
            Severity::Info,
            "store.index",
            path,
            "missing or stale; it is only a cache",
        ));
    }
}

fn check_snapshots(store: &Store, id: &LaneId, findings: &mut Vec<Finding>) -> Result<(), Error> {
    for (name, file) in store.record_files(id)? {
        let (severity, detail) = match file {
            RecordFile::Whole(record) => match wrong_snapshot(store, id, &record)? {
                Some(found) => found,
                None => continue,
            },
            RecordFile::Old => {
                (Severity::Info, "it is of another version or derivation; prune takes it".to_owned())
            }
            RecordFile::Damaged(detail) => (Severity::Damage, detail),
        };
        findings.push(Finding::new(severity, "store.snapshot", format!("{}/{name}", dir(id)), detail));
    }
    Ok(())
}

/// What is wrong with a snapshot whose record is whole.
fn wrong_snapshot(store: &Store, id: &LaneId, record: &Record) -> Result<Option<(Severity, String)>, Error> {
    if store.snapshot(record)?.is_none() {
        return Ok(Some((Severity::Damage, "an object of it is missing, or not what it says".to_owned())));
    }
    let detail = "the lanes of its tile do not hold the events that it has seen; it is passed over, and prune takes it";
    let is_other = store.standing(id, record)? == Standing::Other;
    Ok(is_other.then(|| (Severity::Info, detail.to_owned())))
}
