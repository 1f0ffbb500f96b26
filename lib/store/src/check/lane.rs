//! What a lane's manifest says, against what is there.

use super::{Finding, Severity, object_path};
use crate::dedup::{self, Digest};
use crate::index::{self, Index};
use crate::manifest::{Absent, Entry, Manifest};
use crate::object::{Bytes, Found};
use crate::segment;
use crate::snapshot::record::{Record, dir};
use crate::snapshot::stored::{RecordFile, Standing};
use crate::{Error, INDEX, LaneId, MANIFEST, Store};
use bumpalo::Bump;
use foldhash::{HashSet, HashSetExt as _};
use ulp_core::event::{Defaults, Line, Reader};
use ulp_core::hash::Sha256;
use ulp_core::json;
use ulp_core::line::Kind;

/// A lane's manifest with the entries of its pages too; or what is to be said where it has none.
fn chain(store: &Store, id: &LaneId) -> Result<Result<(Manifest, Vec<Entry>), Finding>, Error> {
    let path = || format!("{}/{MANIFEST}", id.dir());
    let read = store.manifest(id).and_then(|found| match found {
        Some((manifest, _)) => store.entries(&manifest, None).map(|entries| Some((manifest, entries))),
        None => Ok(None),
    });
    match read {
        Ok(Some(found)) => Ok(Ok(found)),
        Ok(None) => {
            let detail = "a lane that nothing was committed to";
            Ok(Err(Finding::new(Severity::Info, "store.leftover", path(), detail)))
        }
        Err(Error::Damaged { path: at, code, detail }) => {
            // Of a page it has to be said whose it is.
            let at = store.below(&at);
            let detail = if at == path() { detail } else { format!("{}: {detail}", id.dir()) };
            Ok(Err(Finding::damage(code, at, detail)))
        }
        Err(error) => Err(error),
    }
}

/// Looks for what a lane names, unread.
pub(super) fn check_named(store: &Store, id: &LaneId) -> Result<Vec<Finding>, Error> {
    let entries = match chain(store, id)? {
        Ok((_, entries)) => entries,
        Err(finding) => return Ok(vec![finding]),
    };
    let mut findings = Vec::new();
    for entry in entries {
        match entry.absent {
            Absent::No => findings.extend(find(store, id, &entry)?.err()),
            absent => findings.push(said_absent(id, &entry, absent)),
        }
    }
    for record in store.records(id)? {
        for object in record.objects() {
            if !store.has_name(&object)? {
                let path = format!("{}/{}", dir(id), record.name());
                findings.push(Finding::damage("store.snapshot", path, "an object of it is missing"));
            }
        }
    }
    Ok(findings)
}

/// Checks all of a lane. Somebody may write to it meanwhile, so that what an old manifest names is gone: damage is
/// spoken of where the manifest stayed as it was.
pub(super) fn check(store: &Store, id: &LaneId) -> Result<Vec<Finding>, Error> {
    let bytes = || store.manifest_bytes(id).ok().flatten().map(|(bytes, _)| bytes);
    loop {
        let before = bytes();
        let findings = check_once(store, id)?;
        if findings.iter().all(|f| f.severity == Severity::Info) || bytes() == before {
            return Ok(findings);
        }
    }
}

fn check_once(store: &Store, id: &LaneId) -> Result<Vec<Finding>, Error> {
    let (manifest, entries) = match chain(store, id)? {
        Ok(found) => found,
        Err(finding) => return Ok(vec![finding]),
    };
    let (mut findings, mut known) = (Vec::new(), HashSet::new());
    for entry in &entries {
        match entry.absent {
            Absent::No => findings.extend(check_segment(store, id, entry, &mut known)?),
            absent => findings.push(said_absent(id, entry, absent)),
        }
    }
    check_index(store, id, &manifest, &mut findings);
    check_snapshots(store, id, &mut findings)?;
    Ok(findings)
}

fn said_absent(id: &LaneId, entry: &Entry, absent: Absent) -> Finding {
    let (code, text) = match absent {
        Absent::Elsewhere => ("store.elsewhere", "left out by a pack"),
        _ => ("store.lost", "taken away"),
    };
    Finding::new(Severity::Info, code, object_path(&entry.hash), format!("{}: {text}", id.dir()))
}

/// The object of an entry, in the length that is said.
fn find(store: &Store, id: &LaneId, entry: &Entry) -> Result<Result<Bytes, Finding>, Error> {
    let wrong = |code, text: &str| {
        Ok(Err(Finding::damage(code, object_path(&entry.hash), format!("{}: {text}", id.dir()))))
    };
    match store.object(&entry.hash, Some(entry.bytes))? {
        Found::Here(bytes) => Ok(Ok(bytes)),
        Found::Missing => wrong("store.missing", "it is missing"),
        Found::Wrong(bytes) => {
            wrong("store.length", &format!("{bytes} bytes, where {} are said", entry.bytes))
        }
    }
}

fn check_segment(
    store: &Store,
    id: &LaneId,
    entry: &Entry,
    known: &mut HashSet<Digest>,
) -> Result<Option<Finding>, Error> {
    let bytes = match find(store, id, entry)? {
        Ok(bytes) => bytes,
        Err(finding) => return Ok(Some(finding)),
    };
    let finding =
        |code, text: String| Finding::damage(code, object_path(&entry.hash), format!("{}: {text}", id.dir()));
    // Of what is another object's bytes nothing more is worth saying.
    if Sha256::of(&bytes) != entry.hash {
        return Ok(Some(finding("store.object", "its bytes are not those of its name".to_owned())));
    }
    Ok(wrong_events(id, entry, &bytes, known).map(|text| finding("store.segment", text)))
}

/// The first thing that is wrong with the events of a segment.
fn wrong_events(id: &LaneId, entry: &Entry, bytes: &Bytes, known: &mut HashSet<Digest>) -> Option<String> {
    let defaults = Defaults::default();
    let mut events = 0;
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
        events += 1;
    }
    let is_true = events == entry.events && segment::is_true(entry, bytes);
    (!is_true).then(|| "it holds other events than the manifest says".to_owned())
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
