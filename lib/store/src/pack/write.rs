//! Writing a bag: its members in their order, as a tar, compressed or not, or as a directory.

use super::contents::{Body, Contents, Objects};
use super::frames::Compressor;
use super::layout::Member;
use super::plan::PackPlan;
use super::{Error, bag, tar};
use crate::manifest::{Absent, Manifest, Previous};
use rayon::prelude::*;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use ulp_core::event::Grid;
use ulp_core::hash::Sha256;

/// From this many bytes on a frame ends with the member that reached it.
const FRAME: usize = 64 << 10;
/// Most bytes of a frame: a member beyond it is cut.
const MOST_FRAME: usize = 4 << 20;
/// Bytes that wait to be compressed, for each core.
const AHEAD: usize = 4 << 20;
/// The mode of what never changes, and of everything else.
const MODES: (u32, u32) = (0o444, 0o644);

/// What is said of a bag beside what is in it.
#[derive(Clone, Debug)]
pub struct Label {
    /// The name of its directory.
    pub name: String,
    pub grid: Option<Grid>,
    /// Of a volume: its number from 0, and what all have in common.
    pub volume: Option<(usize, String)>,
    /// The time of every file in a tar, in seconds.
    pub time: u64,
}

/// One file of a bag.
#[derive(Debug)]
pub struct Item {
    pub member: Member,
    pub bytes: u64,
    hash: Sha256,
    /// Nothing for an object of the contents.
    text: Option<Vec<u8>>,
    /// Members of different parts do not share a frame.
    part: Part,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Tags,
    Segments,
    Rest,
}

impl Item {
    fn text(member: Member, text: Vec<u8>, part: Part) -> Item {
        Item { member, bytes: text.len() as u64, hash: Sha256::of(&text), text: Some(text), part }
    }

    fn object(hash: Sha256, bytes: u64, part: Part) -> Item {
        Item { member: Member::Object(hash), bytes, hash, text: None, part }
    }

    fn mode(&self) -> u32 {
        if matches!(self.member, Member::Object(_)) { MODES.0 } else { MODES.1 }
    }

    fn body<'o>(&'o self, objects: &'o Objects<'_>) -> Result<Body<'o>, Error> {
        match &self.text {
            Some(text) => Ok(Body::Borrowed(text)),
            None => objects.get(&self.hash, self.bytes)?.ok_or_else(|| {
                let reason = "it went away while it was packed";
                crate::Error::damaged(self.member.path(), "store.missing", reason).into()
            }),
        }
    }
}

/// The files of one volume, in the order of the tar.
pub fn items(contents: &Contents<'_>, plan: &PackPlan, number: usize, label: &Label) -> Vec<Item> {
    let mut payload = vec![Item::text(Member::Root, dotfile(label.grid).into_bytes(), Part::Tags)];
    let (mut segments, mut pages, mut snapshots) = (Vec::new(), Vec::new(), Vec::new());
    for (i, lane) in contents.lanes.iter().enumerate() {
        let mut previous = None;
        for (link, manifest) in lane.chain.iter().enumerate() {
            let mut marked = Manifest { previous, ..manifest.clone() };
            for (entry, e) in marked.segments.iter_mut().enumerate() {
                let at = super::contents::At { lane: i, link, entry };
                if plan.segments.get(&at) == Some(&number) {
                    segments.push(Item::object(e.hash, e.bytes, Part::Segments));
                } else if e.absent == Absent::No {
                    e.absent = Absent::Elsewhere;
                }
            }
            let text = marked.print();
            if link + 1 == lane.chain.len() {
                payload.push(Item::text(Member::Lane(lane.id.clone()), text, Part::Tags));
            } else {
                let hash = Sha256::of(&text);
                previous = Some(Previous { hash, events: marked.events() });
                pages.push(Item::text(Member::Object(hash), text, Part::Rest));
            }
        }
        if let Some(snapshot) = lane.snapshot.as_ref().filter(|_| plan.snapshots[i] == Some(number)) {
            let record = Member::Record(lane.id.clone(), snapshot.root.clone());
            snapshots.push(Item::text(record, snapshot.record.clone(), Part::Rest));
            let objects = snapshot.objects.iter();
            snapshots.extend(objects.map(|(hash, bytes)| Item::object(*hash, *bytes, Part::Rest)));
        }
    }
    let blobs = plan.blobs.iter().filter(|(_, (_, volume))| *volume == number);
    let blobs = blobs.map(|(hash, (bytes, _))| Item::object(*hash, *bytes, Part::Rest)).collect();
    payload.extend(segments);
    for mut sorted in [pages, snapshots, blobs] {
        sorted.sort_by_cached_key(|item: &Item| item.member.path());
        payload.extend(sorted);
    }
    // What two lanes name, which only a strange store has, stands once.
    let mut seen = foldhash::HashSet::default();
    payload.retain(|item| seen.insert(item.member.clone()));
    let mut items = tags(&payload, plan, number, label);
    items.extend(payload);
    items
}

fn tags(payload: &[Item], plan: &PackPlan, number: usize, label: &Label) -> Vec<Item> {
    let mut listed: Vec<_> = payload.iter().map(|item| (item.member.path(), item.hash)).collect();
    listed.sort();
    let info = bag::Info {
        oxum: Some((payload.iter().map(|item| item.bytes).sum(), payload.len() as u64)),
        version: Some(super::VERSION),
        newest: plan.newest[number],
        volume: label.volume.as_ref().map(|(number, group)| (number + 1, plan.volumes(), group.clone())),
    };
    let tag = |member, text: String| Item::text(member, text.into_bytes(), Part::Tags);
    let mut tags = vec![
        tag(Member::Bagit, bag::BAGIT.to_owned()),
        tag(Member::Info, info.print()),
        tag(Member::Manifest, bag::print_manifest(&listed)),
    ];
    let mut listed: Vec<_> = tags.iter().map(|item| (item.member.path(), item.hash)).collect();
    listed.sort();
    tags.push(tag(Member::TagManifest, bag::print_manifest(&listed)));
    tags
}

/// The payload's own dotfile: where its tiles are, that it came from elsewhere, and no rule.
fn dotfile(grid: Option<Grid>) -> String {
    let grid = grid.map(|grid| {
        let mut buffer = ryu_js::Buffer::new();
        format!("grid: {{tile_size: {}, tile_zoom: {}}}\n", buffer.format(grid.tile_size), grid.tile_zoom)
    });
    format!("version: 1\n{}foreign: true\n", grid.unwrap_or_default())
}

/// What the volumes of one pack have in common.
pub fn group(contents: &Contents<'_>, plan: &PackPlan) -> String {
    let mut all = blake3::Hasher::new();
    for (at, entry) in contents.entries().filter(|(at, _)| plan.segments.contains_key(at)) {
        all.update(contents.lanes[at.lane].id.dir().as_bytes()).update(&entry.hash.0);
    }
    for hash in plan.blobs.keys() {
        all.update(&hash.0);
    }
    format!("ulp-{}", &all.finalize().to_hex()[..32])
}

/// Writes the items as a tar.
pub fn tar(items: &[Item], objects: &Objects<'_>, label: &Label, out: &mut dyn Write) -> Result<(), Error> {
    for item in items {
        let header = header(item, label);
        let body = item.body(objects)?;
        let padding = &tar::END[..tar::padding(item.bytes)];
        [&header[..], &body, padding]
            .into_iter()
            .try_for_each(|b| out.write_all(b))
            .map_err(Error::Passed)?;
    }
    out.write_all(&tar::END).map_err(Error::Passed)
}

fn header(item: &Item, label: &Label) -> Vec<u8> {
    let mut header = Vec::new();
    let path = format!("{}/{}", label.name, item.member.path());
    tar::write_header(&path, item.bytes, item.mode(), label.time, &mut header);
    header
}

/// A piece of a tar that goes into a frame: an item's header, a range of its body, what fills the block.
struct Piece<'i> {
    item: &'i Item,
    from: u64,
    to: u64,
}

/// Writes the items as a tar in frames, which are made on all cores of the current pool.
pub fn tar_zst(
    items: &[Item],
    objects: &Objects<'_>,
    label: &Label,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let frames = plan(items);
    let ahead = AHEAD * rayon::current_num_threads();
    let mut rest = &frames[..];
    while !rest.is_empty() {
        let mut bytes = 0;
        let take = rest.iter().take_while(|frame| {
            let before = bytes;
            bytes += frame.iter().map(|p| p.to - p.from).sum::<u64>();
            before == 0 || bytes <= ahead as u64
        });
        let (now, later) = rest.split_at(take.count());
        rest = later;
        let make = |compressor: &mut Result<Compressor, Error>, frame: &Vec<Piece<'_>>| {
            let compressor =
                compressor.as_mut().map_err(|e| Error::io("zstd", io::Error::other(e.to_string())))?;
            let text = text_of(frame, objects, label)?;
            compressor.frame(&text).map_err(|e| Error::io("zstd", e))
        };
        let new = || Compressor::new().map_err(|e| Error::io("zstd", e));
        let made: Result<Vec<_>, Error> = now.par_iter().map_init(new, make).collect();
        made?.iter().try_for_each(|frame| out.write_all(frame)).map_err(Error::Passed)?;
    }
    let end = Compressor::new().and_then(|mut c| c.frame(&tar::END)).map_err(|e| Error::io("zstd", e))?;
    out.write_all(&end).map_err(Error::Passed)
}

/// Cuts items into frames.
fn plan(items: &[Item]) -> Vec<Vec<Piece<'_>>> {
    let (mut frames, mut frame, mut filled) = (Vec::new(), Vec::new(), 0);
    let mut part = Part::Tags;
    for item in items {
        if item.part != part && !frame.is_empty() {
            frames.push(std::mem::take(&mut frame));
            filled = 0;
        }
        part = item.part;
        let mut from = 0;
        loop {
            let to = item.bytes.min(from + MOST_FRAME as u64);
            frame.push(Piece { item, from, to });
            filled += to - from;
            if to < item.bytes || filled >= FRAME as u64 {
                frames.push(std::mem::take(&mut frame));
                filled = 0;
            }
            from = to;
            if from == item.bytes {
                break;
            }
        }
    }
    if !frame.is_empty() {
        frames.push(frame);
    }
    frames
}

fn text_of(frame: &[Piece<'_>], objects: &Objects<'_>, label: &Label) -> Result<Vec<u8>, Error> {
    let mut text = Vec::new();
    for Piece { item, from, to } in frame {
        if *from == 0 {
            text.extend(header(item, label));
        }
        let body = item.body(objects)?;
        // An object that is here is here in its full length, which memory holds.
        let (start, end) =
            (usize::try_from(*from).unwrap_or(usize::MAX), usize::try_from(*to).unwrap_or(usize::MAX));
        text.extend_from_slice(body.get(start..end).unwrap_or_default());
        if *to == item.bytes {
            text.extend_from_slice(&tar::END[..tar::padding(item.bytes)]);
        }
    }
    Ok(text)
}

/// Writes the items as a directory, which must not be there; it appears whole or not at all.
pub fn directory(items: &[Item], objects: &Objects<'_>, path: &Path) -> Result<(), Error> {
    let fail = |e| Error::io(path.display().to_string(), e);
    if path.symlink_metadata().is_ok() {
        return Err(fail(io::ErrorKind::AlreadyExists.into()));
    }
    let above = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".ulp-").suffix(".tmp");
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
    let making = builder.tempdir_in(above).map_err(fail)?;
    for item in items {
        write_file(item, objects, making.path()).map_err(|e| match e {
            Error::Passed(error) => Error::io(path.join(item.member.path()).display().to_string(), error),
            other => other,
        })?;
    }
    let whole = fs::File::open(making.path()).map_err(fail)?;
    rustix::fs::syncfs(&whole).map_err(|e| fail(e.into()))?;
    fs::rename(making.path(), path).map_err(fail)?;
    // It has another name now; there is nothing left to remove.
    let _ = making.keep();
    fs::File::open(above).and_then(|dir| dir.sync_all()).map_err(fail)
}

fn write_file(item: &Item, objects: &Objects<'_>, below: &Path) -> Result<(), Error> {
    let path = below.join(item.member.path());
    let body = item.body(objects)?;
    let made = path.parent().map_or(Ok(()), fs::create_dir_all);
    let mut options = fs::OpenOptions::new();
    let file = made.and_then(|()| options.write(true).create_new(true).mode(item.mode()).open(&path));
    file.and_then(|mut file| file.write_all(&body)).map_err(Error::Passed)
}
