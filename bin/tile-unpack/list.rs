//! `--list`: what a pack, a bag or a store holds, a line an object.

use crate::source::{Ended, Source, Sources};
use crate::{Args, log as say};
use foldhash::{HashMap, HashSet, HashSetExt as _};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use ulp_cli::{Failure, Log, Output, Status, Witness, stored};
use ulp_core::hash::Sha256;
use ulp_core::json::write::Members;
use ulp_store::append;
use ulp_store::intake::segments;
use ulp_store::manifest::{Absent, Entry, Manifest};
use ulp_store::pack::read::{Pack, Piece, Whole};
use ulp_store::pack::{MOST_SEGMENT, contents, layout, refs};
use ulp_store::read::Damage;
use ulp_store::segment::entry_of;
use ulp_store::snapshot::record::objects_of;
use ulp_store::{LaneId, Store};

/// Lists each operand.
pub fn run(args: &Args, log: &mut Log) -> Result<Status, Failure> {
    let mut out = Output::stdout()?;
    let mut sources = Sources::new(args.max_bytes, &std::env::temp_dir());
    for operand in args.files.operands() {
        let path = PathBuf::from(operand);
        if path.is_dir() {
            of_store(args, &path, &mut out, log)?;
            continue;
        }
        let mut listing = Listing::default();
        match listing.read(args, operand, &mut sources, log) {
            Ok(()) => {}
            Err(Ended::Pack(error)) => say::refused(log, &operand.to_string_lossy(), error)?,
            Err(Ended::Edge(failure)) => return Err(failure),
        }
        listing.write(&mut out)?;
    }
    let input = Some(sources.digest());
    log.finish(Some(out), &Witness { input, ..Witness::default() })
}

/// One line: what is held, or was seen.
#[derive(Default)]
struct Row<'r> {
    lane: Option<&'r LaneId>,
    events: Option<u64>,
    bytes: Option<u64>,
    seen: bool,
}

fn write_row(object: &Sha256, row: &Row<'_>, out: &mut Output) -> Result<(), Failure> {
    let mut text = Vec::new();
    let mut line = Members::open(&mut text);
    if let Some(bytes) = row.bytes {
        line.integer("bytes", bytes, &mut text);
    }
    if let Some(events) = row.events {
        line.integer("events", events, &mut text);
    }
    line.word("object", object, &mut text);
    if let Some(LaneId { lane, .. }) = row.lane {
        line.word("policy", lane.policy, &mut text);
        line.word("realm", lane.realm, &mut text);
    }
    if row.seen {
        line.boolean("seen", true, &mut text);
    }
    if let Some(LaneId { space, tile, .. }) = row.lane {
        line.text("space_id", space, &mut text);
        line.word("tile", tile, &mut text);
    }
    line.end_line(&mut text);
    Ok(out.write_all(&text)?)
}

/// Lists a store, or the payload of a bag.
fn of_store(args: &Args, path: &Path, out: &mut Output, log: &mut Log) -> Result<(), Failure> {
    let inner = path.join(layout::DATA);
    let path = if path.join("bagit.txt").exists() { &inner } else { path };
    let store = Store::open(path, false)?;
    let takes = |lane: &LaneId| args.lanes.shared_unless_told(lane.lane);
    let mut named: HashSet<Sha256> = HashSet::new();
    let mut lanes = store.lanes()?;
    lanes.sort_by_cached_key(LaneId::dir);
    for lane in &lanes {
        let Some((manifest, _)) = store.manifest(lane)? else { continue };
        let chain = contents::chain(&store, manifest)?;
        let snapshots = contents::snapshots(&store, lane)?;
        named.extend(chain.iter().flat_map(|link| link.segments.iter().map(|e| e.hash)));
        named.extend(chain.iter().filter_map(|link| link.previous.map(|p| p.hash)));
        named.extend(snapshots.iter().map(|(object, _)| object));
        if takes(lane) {
            write_lane(&store, lane, &chain, out, log)?;
            for (object, bytes) in snapshots {
                let row = Row { lane: Some(lane), bytes: Some(bytes), ..Row::default() };
                write_row(&object, &row, out)?;
            }
            for hash in append::seen(&store, lane) {
                write_row(&hash, &Row { lane: Some(lane), seen: true, ..Row::default() }, out)?;
            }
        }
    }
    let refs: BTreeSet<Sha256> = segments::all_refs(&store, takes)?.into_iter().collect();
    for hash in refs.difference(&named.into_iter().collect()) {
        if let ulp_store::object::Found::Here(bytes) = store.object(hash, None)? {
            write_row(hash, &Row { bytes: Some(bytes.len() as u64), ..Row::default() }, out)?;
        }
    }
    Ok(())
}

/// The segments and pages of a lane that are here.
fn write_lane(
    store: &Store,
    lane: &LaneId,
    chain: &[Manifest],
    out: &mut Output,
    log: &mut Log,
) -> Result<(), Failure> {
    let mut start = 0;
    for entry in chain.iter().flat_map(|link| &link.segments) {
        let events = start..start + entry.events;
        start = events.end;
        if store.segment(entry)?.is_some() {
            write_row(&entry.hash, &of_entry(lane, entry), out)?;
        } else if entry.absent == Absent::No {
            stored::note_damage(log, &[], &[Damage::missing(lane, entry, events)])?;
        }
    }
    for (link, page) in chain.iter().skip(1).zip(chain) {
        if let Some(previous) = link.previous {
            let row = Row { lane: Some(lane), bytes: Some(page.print().len() as u64), ..Row::default() };
            write_row(&previous.hash, &row, out)?;
        }
    }
    Ok(())
}

fn of_entry<'r>(lane: &'r LaneId, entry: &Entry) -> Row<'r> {
    Row { lane: Some(lane), events: Some(entry.events), bytes: Some(entry.bytes), seen: false }
}

/// What a pack holds, as far as it was read.
#[derive(Default)]
struct Listing {
    segments: Vec<(LaneId, Entry)>,
    /// Objects that no manifest names, with their lengths.
    others: BTreeMap<Sha256, u64>,
    pages: HashMap<Sha256, Manifest>,
    /// Segments that pages may name, of lanes that are listed: what they say themselves.
    older: HashMap<Sha256, Entry>,
    tops: Vec<(LaneId, Manifest)>,
    snapshots: BTreeMap<Sha256, LaneId>,
    refs: HashSet<Sha256>,
    /// Every lane's objects, also of those that are not listed: none of them is a blob.
    named: HashSet<Sha256>,
}

impl Listing {
    fn read(
        &mut self,
        args: &Args,
        operand: &OsStr,
        sources: &mut Sources,
        log: &mut Log,
    ) -> Result<(), Ended> {
        let takes = |lane: &LaneId| args.lanes.shared_unless_told(lane.lane);
        let mut pack = sources.open(operand)?;
        let read = self.read_pack(&mut pack, takes, log);
        if read.is_ok() {
            self.resolve(takes);
        }
        sources.close(pack);
        read
    }

    fn read_pack(
        &mut self,
        pack: &mut Pack<Source>,
        takes: impl Fn(&LaneId) -> bool,
        log: &mut Log,
    ) -> Result<(), Ended> {
        while let Some(piece) = pack.next_piece()? {
            match piece {
                Piece::Lane(lane, manifest) => self.tops.push((lane, manifest)),
                Piece::Segment(lane, entry, bytes) => {
                    if takes(&lane) {
                        refs::gather(&bytes, &mut self.refs);
                        self.segments.push((lane, entry_of(entry.hash, &bytes)));
                    }
                }
                Piece::Older(lane, hash, bytes) => {
                    self.others.insert(hash, bytes.len() as u64);
                    if takes(&lane) {
                        refs::gather(&bytes, &mut self.refs);
                        self.older.insert(hash, entry_of(hash, &bytes));
                    }
                }
                Piece::Object(hash, bytes) => self.object(pack, hash, bytes)?,
                Piece::Record(lane, record) => {
                    let objects = objects_of(&record).into_iter();
                    self.snapshots.extend(objects.map(|object| (object, lane.clone())));
                }
                Piece::TooLarge(lane, entry) => say::too_large(log, &lane, &entry)?,
                Piece::Damaged(damage) => say::damage(log, &damage)?,
            }
        }
        Ok(())
    }

    fn object(&mut self, pack: &mut Pack<Source>, hash: Sha256, bytes: u64) -> Result<(), Ended> {
        let mut body = Vec::new();
        let whole = pack.object(&mut |part| {
            if bytes <= MOST_SEGMENT {
                body.extend_from_slice(part);
            }
            Ok(())
        })?;
        if whole == Whole::Yes {
            self.others.insert(hash, bytes);
            if let Ok(page) = Manifest::parse(&body, Path::new("page")) {
                self.pages.insert(hash, page);
            }
        }
        Ok(())
    }

    /// Follows the pages of each lane: what they name are its older segments.
    fn resolve(&mut self, takes: impl Fn(&LaneId) -> bool) {
        for (lane, top) in std::mem::take(&mut self.tops) {
            self.named.extend(top.segments.iter().map(|e| e.hash));
            let mut next = top.previous;
            while let Some((hash, page)) = next.and_then(|p| self.pages.remove_entry(&p.hash)) {
                next = page.previous;
                self.named.insert(hash);
                if takes(&lane) {
                    self.snapshots.insert(hash, lane.clone());
                }
                for entry in page.segments {
                    self.named.insert(entry.hash);
                    self.segments.extend(self.older.remove(&entry.hash).map(|entry| (lane.clone(), entry)));
                }
            }
        }
        self.named.extend(self.snapshots.keys());
        self.snapshots.retain(|_, lane| takes(lane));
        self.segments.sort_by_cached_key(|(lane, entry)| (lane.dir(), entry.hash));
    }

    fn write(&self, out: &mut Output) -> Result<(), Failure> {
        for (lane, entry) in &self.segments {
            write_row(&entry.hash, &of_entry(lane, entry), out)?;
        }
        for (hash, bytes) in &self.others {
            let lane = self.snapshots.get(hash);
            let is_blob = self.refs.contains(hash) && !self.named.contains(hash);
            if lane.is_some() || is_blob {
                write_row(hash, &Row { lane, bytes: Some(*bytes), ..Row::default() }, out)?;
            }
        }
        Ok(())
    }
}
