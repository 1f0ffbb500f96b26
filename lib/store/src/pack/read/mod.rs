//! Reading a pack as it streams by, believing nothing.
//!
//! - A name is refused on its header, before a byte of its body is read: what is absolute, climbs, lies outside the
//!   layout, came before, or is neither a regular file nor a directory ends the run.
//! - What is damaged costs itself: see [`members`].
//! - A body is whole only when it has the hash that its name, or the bag's manifest, gives it.
//! - Members may come in any order. In that of `tile-pack`, which [`lanes`] follows, each is told as it streams by. An
//!   object that comes before it is known what it is waits in a temporary file, and is told at the end.
//! - Nothing is held in memory but one body of at most [`MOST_TEXT`], what manifests say, and a hash of each name.

mod lanes;
mod members;
mod spill;
mod tags;

use super::layout::Member;
use super::{Error, MOST_SEGMENT, VERSION};
use crate::LaneId;
use crate::manifest::{Entry, Manifest};
use foldhash::{HashMap, HashMapExt as _, HashSet, HashSetExt as _};
use lanes::{Expected, Lanes};
use members::{Members, Next};
use sha2::Digest as _;
use spill::{Place, Spill};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use tags::{Tags, Wrong};
use ulp_core::hash::Sha256;

pub use lanes::first_lane;

/// Most bytes of a lane's manifest or a page, and of a record.
pub const MOST_MANIFEST: u64 = 8 << 20;
/// Most bytes of a file that is read as a whole: a bag's manifest.
pub const MOST_TEXT: u64 = 256 << 20;
/// Most bytes of all lanes' manifests together.
const MOST_MANIFESTS: u64 = 128 << 20;
/// Bytes of a waiting body that are read at once.
const CHUNK: usize = 128 << 10;

/// Something that a pack lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The lane whose it is, where that is known.
    pub lane: Option<LaneId>,
    /// What it is: a path, or a part of the tar.
    pub what: String,
    /// How many events, with the first and the last, where it is a segment.
    pub events: Option<(u64, String, String)>,
    pub reason: &'static str,
}

/// What a pack has next.
#[derive(Debug)]
pub enum Piece {
    /// A lane's manifest.
    Lane(LaneId, Manifest),
    /// A segment that a manifest or a page names, whole.
    Segment(LaneId, Entry, Vec<u8>),
    /// A segment that stands where those stand that a page names which is still to come; whole.
    Older(LaneId, Sha256, Vec<u8>),
    /// A segment that a manifest names and that is too large.
    TooLarge(LaneId, Entry),
    /// Any other object of that many bytes: a page, a snapshot, a blob. Its body comes with [`Pack::object`]; what is
    /// not asked for is checked and dropped.
    Object(Sha256, u64),
    /// A record of a snapshot.
    Record(LaneId, Vec<u8>),
    Damaged(Damage),
}

/// A body that was asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum Whole {
    Yes,
    /// Cut off, or not what its name says.
    No(&'static str),
}

/// A pack that is read.
pub struct Pack<R> {
    tar: Members<R>,
    tags: Tags,
    lanes: Lanes,
    spill: Spill,
    /// Objects that came damaged before it was known what they are, and why they are.
    broken: HashMap<Sha256, &'static str>,
    /// Whether anything of the tar itself was lost: then what is missing is no sign of another order.
    lost: bool,
    manifest_bytes: u64,
    /// An object that was told and not asked for yet.
    open: Option<(Sha256, Body)>,
    waiting: Vec<Damage>,
    /// Once the tar is read: the objects that are still to be told, the next one last.
    left: Option<Vec<Sha256>>,
    over: bool,
}

/// Where the body of an object is.
enum Body {
    /// Next in the tar.
    Next,
    Held(Vec<u8>),
    Waits(Place),
}

impl<R: Read> Pack<R> {
    /// Reads at most that many bytes of tar. What must wait is put into a nameless file in the directory `aside`.
    pub fn new(source: R, max_bytes: u64, aside: impl Into<PathBuf>) -> Pack<R> {
        Pack {
            tar: Members::new(source, max_bytes),
            tags: Tags::default(),
            lanes: Lanes::default(),
            spill: Spill::new(aside.into()),
            broken: HashMap::new(),
            lost: false,
            manifest_bytes: 0,
            open: None,
            waiting: Vec::new(),
            left: None,
            over: false,
        }
    }

    /// The source.
    pub fn source(&mut self) -> &mut R {
        self.tar.source()
    }

    /// The next piece; nothing at the end.
    ///
    /// # Errors
    /// What is unsafe, beyond a limit or newer than this version; where the source cannot be read.
    pub fn next_piece(&mut self) -> Result<Option<Piece>, Error> {
        loop {
            if let Some(damage) = self.waiting.pop() {
                return Ok(Some(Piece::Damaged(damage)));
            }
            if let Some((hash, _)) = self.open {
                if let Whole::No(reason) = self.object(&mut |_| Ok(()))? {
                    return Ok(Some(damaged(&Member::Object(hash), reason)));
                }
                continue;
            }
            if self.over {
                return Ok(None);
            }
            let piece = if self.left.is_some() { self.next_left()? } else { self.next_member()? };
            if piece.is_some() {
                return Ok(piece);
            }
        }
    }

    fn next_member(&mut self) -> Result<Option<Piece>, Error> {
        match self.tar.next()? {
            Next::Damaged(reason) => {
                self.lost = true;
                let what = "tar".to_owned();
                Ok(Some(Piece::Damaged(Damage { lane: None, what, events: None, reason })))
            }
            Next::End => self.end().map(|()| None),
            Next::Member(member, size) => self.member(member, size),
        }
    }

    fn member(&mut self, member: Member, size: u64) -> Result<Option<Piece>, Error> {
        if member.is_payload() {
            self.look_at_version()?;
        }
        match member {
            Member::Bagit | Member::Info | Member::Manifest | Member::TagManifest => {
                let text = self.tar.body(&member, size, MOST_TEXT)?;
                self.tag(&member, text)?;
                Ok(None)
            }
            Member::Object(hash) => self.told(hash, size),
            other => self.file(other, size),
        }
    }

    fn look_at_version(&self) -> Result<(), Error> {
        match self.tags.info().version {
            Some(version) if version > VERSION => Err(Error::Newer(format!("pack version {version}"))),
            _ => Ok(()),
        }
    }

    fn wrong(&mut self, all: Vec<Wrong>) {
        let told = |(member, reason): Wrong| damage(&member, reason);
        self.waiting.extend(all.into_iter().rev().map(told));
    }

    fn tag(&mut self, member: &Member, text: Option<Vec<u8>>) -> Result<(), Error> {
        let wrong = self.tags.take(member, text, is_dealt_with(&self.tar, &self.spill));
        self.wrong(wrong);
        self.tar.set_oxum(self.tags.info().oxum)
    }

    /// A file of the payload that is no object.
    fn file(&mut self, member: Member, size: u64) -> Result<Option<Piece>, Error> {
        if matches!(member, Member::Lane(_)) {
            self.count_manifest(size)?;
        }
        let Some(bytes) = self.tar.body(&member, size, MOST_MANIFEST)? else {
            return Ok(Some(damaged(&member, "it is cut off")));
        };
        if let Err(reason) = self.tags.strike_other(&member, &Sha256::of(&bytes)) {
            return Ok(Some(damaged(&member, reason)));
        }
        match member {
            Member::Lane(lane) => self.lane(lane, &bytes),
            Member::Record(lane, _) => Ok(Some(Piece::Record(lane, bytes))),
            // The dotfile: its rules are nobody's here.
            _ => Ok(None),
        }
    }

    fn count_manifest(&mut self, size: u64) -> Result<(), Error> {
        self.manifest_bytes = self.manifest_bytes.saturating_add(size);
        if self.manifest_bytes > MOST_MANIFESTS {
            return Err(Error::limit("manifests", format!("more than {MOST_MANIFESTS} bytes of them")));
        }
        Ok(())
    }

    fn lane(&mut self, lane: LaneId, bytes: &[u8]) -> Result<Option<Piece>, Error> {
        let member = Member::Lane(lane.clone());
        match Manifest::parse(bytes, Path::new(&member.path())) {
            Ok(manifest) if manifest.tile == lane.tile => {
                self.lanes.add(&lane, &manifest);
                Ok(Some(Piece::Lane(lane, manifest)))
            }
            Err(crate::Error::Newer(_)) => Err(Error::Newer(member.path())),
            _ => Ok(Some(damaged(&member, "it is no manifest of its lane"))),
        }
    }

    /// An object, by its header.
    fn told(&mut self, hash: Sha256, size: u64) -> Result<Option<Piece>, Error> {
        // Before it is known by which version all was made, nothing takes effect.
        if !self.tags.has_come(&Member::Info) && !self.lost {
            return self.set_aside(hash, size);
        }
        if let Some(expected) = self.lanes.take(&hash) {
            // A manifest names it, and so it counts, listed or not.
            let _ = self.tags.strike(&hash);
            return self.segment(expected, size);
        }
        let is_in_order = self.spill.is_empty();
        let may_be_older = is_in_order && self.lanes.has_pages_to_come();
        if (self.lanes.is_page(&hash) || may_be_older) && size <= MOST_SEGMENT {
            return self.look_at(hash, size);
        }
        if is_in_order && self.is_behind_segments() {
            return Ok(self.tell(hash, size, Body::Next));
        }
        self.set_aside(hash, size)
    }

    /// Whether all that comes now is neither a segment nor a page, where members come in order.
    fn is_behind_segments(&self) -> bool {
        if self.lost {
            return self.lanes.has_any();
        }
        self.tags.has_all_lanes() && self.lanes.is_complete()
    }

    /// Tells of an object whose sort is whoever's who asks for it.
    fn tell(&mut self, hash: Sha256, size: u64, body: Body) -> Option<Piece> {
        if let Err(reason) = self.tags.strike(&hash) {
            return Some(damaged(&Member::Object(hash), reason));
        }
        self.open = Some((hash, body));
        Some(Piece::Object(hash, size))
    }

    /// A segment that is named, its body next in the tar.
    fn segment(&mut self, expected: Expected, size: u64) -> Result<Option<Piece>, Error> {
        if let Some(piece) = self.misfit(&expected, size) {
            return Ok(Some(piece));
        }
        let hash = expected.entry.hash;
        let body = self.tar.body(&Member::Object(hash), size, MOST_SEGMENT)?;
        let lane = self.lanes.id(expected.lane);
        Ok(Some(match body {
            Some(bytes) if Sha256::of(&bytes) == hash => Piece::Segment(lane, expected.entry, bytes),
            Some(_) => of_segment(lane, expected.entry, "its bytes are not those of its name"),
            None => of_segment(lane, expected.entry, "it is cut off"),
        }))
    }

    /// Why a segment of that length is not what its lane's manifest names.
    fn misfit(&self, expected: &Expected, size: u64) -> Option<Piece> {
        let lane = self.lanes.id(expected.lane);
        if size > MOST_SEGMENT {
            return Some(Piece::TooLarge(lane, expected.entry.clone()));
        }
        let reason = "it has another length than its lane's manifest says";
        (size != expected.entry.bytes).then(|| of_segment(lane, expected.entry.clone(), reason))
    }

    /// An object of which only its bytes say what it is: a page, an older segment, or one that is out of order.
    fn look_at(&mut self, hash: Sha256, size: u64) -> Result<Option<Piece>, Error> {
        let Some(body) = self.tar.body(&Member::Object(hash), size, MOST_SEGMENT)? else {
            return Ok(self.note_broken(hash, "it is cut off"));
        };
        if Sha256::of(&body) != hash {
            return Ok(self.note_broken(hash, "its bytes are not those of its name"));
        }
        if let Some(page) = read_page(&body) {
            self.count_manifest(size)?;
            self.lanes.add_page(hash, page, is_dealt_with(&self.tar, &self.spill));
            return Ok(self.tell(hash, size, Body::Held(body)));
        }
        if let Some(lane) = self.lanes.older(&body, self.lost) {
            return Ok(Some(match self.tags.strike(&hash) {
                Ok(()) => Piece::Older(lane, hash, body),
                Err(reason) => damaged(&Member::Object(hash), reason),
            }));
        }
        if self.lost && self.spill.is_empty() {
            return Ok(self.tell(hash, size, Body::Held(body)));
        }
        self.spill.write(0, &body)?;
        self.spill.keep(hash, size);
        Ok(None)
    }

    /// Puts the body of an object aside until it is known what it is.
    fn set_aside(&mut self, hash: Sha256, size: u64) -> Result<Option<Piece>, Error> {
        let (mut hasher, mut done) = (sha2::Sha256::new(), 0);
        let (tar, spill) = (&mut self.tar, &mut self.spill);
        let whole = tar.each(&mut |bytes| {
            hasher.update(bytes);
            spill.write(done, bytes)?;
            done += bytes.len() as u64;
            Ok(())
        })?;
        if !whole {
            return Ok(self.note_broken(hash, "it is cut off"));
        }
        if hash.0[..] != hasher.finalize()[..] {
            return Ok(self.note_broken(hash, "its bytes are not those of its name"));
        }
        self.spill.keep(hash, size);
        Ok(None)
    }

    fn note_broken(&mut self, hash: Sha256, reason: &'static str) -> Option<Piece> {
        self.broken.insert(hash, reason);
        None
    }

    /// Gives the body of the object that was told last, bit by bit, and says whether it was whole.
    ///
    /// # Errors
    /// What `each` answers; where the source cannot be read.
    pub fn object(&mut self, each: &mut dyn FnMut(&[u8]) -> Result<(), Error>) -> Result<Whole, Error> {
        let Some((hash, body)) = self.open.take() else { return Ok(Whole::Yes) };
        match body {
            Body::Next => {}
            // Of these it was seen before that they are whole.
            Body::Held(bytes) => return each(&bytes).map(|()| Whole::Yes),
            Body::Waits(place) => return self.each_of(place, each).map(|()| Whole::Yes),
        }
        let mut hasher = sha2::Sha256::new();
        let whole = self.tar.each(&mut |bytes| {
            hasher.update(bytes);
            each(bytes)
        })?;
        if !whole {
            return Ok(Whole::No("it is cut off"));
        }
        let same = hash.0[..] == hasher.finalize()[..];
        Ok(if same { Whole::Yes } else { Whole::No("its bytes are not those of its name") })
    }

    fn each_of(
        &mut self,
        place: Place,
        each: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut buffer = vec![0; CHUNK];
        let mut done = 0;
        while done < place.bytes {
            let part = usize::try_from(place.bytes - done).unwrap_or(CHUNK).min(CHUNK);
            self.spill.read(place.at + done, &mut buffer[..part])?;
            each(&buffer[..part])?;
            done += part as u64;
        }
        Ok(())
    }

    /// The whole body of an object that waits, of at most [`MOST_SEGMENT`].
    fn waiting_body(&mut self, place: Place) -> Result<Vec<u8>, Error> {
        let mut body = Vec::new();
        self.each_of(place, &mut |part| {
            body.extend_from_slice(part);
            Ok(())
        })?;
        Ok(body)
    }

    /// The tar is read: what waits is told now, segments first and what pages name with them.
    fn end(&mut self) -> Result<(), Error> {
        self.look_at_version()?;
        while let Some((hash, place)) = self.page_that_waits() {
            let body = self.waiting_body(place)?;
            match read_page(&body) {
                Some(page) => {
                    self.count_manifest(place.bytes)?;
                    self.lanes.add_page(hash, page, is_dealt_with(&self.tar, &self.spill));
                }
                None => self.lanes.forget_page(&hash),
            }
        }
        let mut left = self.spill.hashes();
        left.reverse();
        // A blob is only taken once an event that names it was.
        left.sort_by_cached_key(|hash| self.lanes.order(hash));
        self.left = Some(left);
        Ok(())
    }

    fn page_that_waits(&self) -> Option<(Sha256, Place)> {
        let places = self.lanes.pages_to_come().filter_map(|hash| Some((hash, self.spill.get(&hash)?)));
        places.filter(|(_, place)| place.bytes <= MOST_MANIFEST).min_by_key(|(hash, _)| *hash)
    }

    fn next_left(&mut self) -> Result<Option<Piece>, Error> {
        let Some(hash) = self.left.as_mut().and_then(Vec::pop) else { return self.finish().map(|()| None) };
        let Some(place) = self.spill.get(&hash) else { return Ok(None) };
        let Some(expected) = self.lanes.take(&hash) else {
            return Ok(self.tell(hash, place.bytes, Body::Waits(place)));
        };
        let _ = self.tags.strike(&hash);
        if let Some(piece) = self.misfit(&expected, place.bytes) {
            return Ok(Some(piece));
        }
        let body = self.waiting_body(place)?;
        Ok(Some(Piece::Segment(self.lanes.id(expected.lane), expected.entry, body)))
    }

    /// What should have come and did not, or came damaged: each with its lane, where that is known.
    fn finish(&mut self) -> Result<(), Error> {
        self.over = true;
        let mut told = Vec::new();
        if !self.tags.has_come(&Member::Bagit) {
            told.push(damage(&Member::Bagit, "it is missing"));
        }
        let mut broken: BTreeMap<Sha256, &'static str> =
            std::mem::take(&mut self.broken).into_iter().collect();
        let mut named = HashSet::new();
        let mut why = |hash: Sha256| {
            named.insert(hash);
            broken.remove(&hash).unwrap_or("it is missing")
        };
        for Expected { lane, entry } in self.lanes.missing_segments() {
            let reason = why(entry.hash);
            told.push(damage_of_segment(self.lanes.id(lane), entry, reason));
        }
        for (hash, lane) in self.lanes.missing_pages() {
            let what = Member::Object(hash).path();
            told.push(Damage { lane: Some(self.lanes.id(lane)), what, events: None, reason: why(hash) });
        }
        let listed = self.tags.missing().into_iter().filter_map(|member| match member {
            Member::Object(hash) if named.contains(&hash) || broken.contains_key(&hash) => None,
            member => Some((member, "it is missing")),
        });
        let listed: Vec<Wrong> = listed.collect();
        let rest = broken.into_iter().map(|(hash, reason)| (Member::Object(hash), reason));
        told.extend(listed.into_iter().chain(rest).map(|(member, reason)| damage(&member, reason)));
        told.reverse();
        self.waiting = told;
        Ok(())
    }
}

/// Whether an object came and was told as what it is, or as damaged.
fn is_dealt_with<R: Read>(tar: &Members<R>, spill: &Spill) -> impl Fn(&Sha256) -> bool {
    |hash| tar.has_come(&Member::Object(*hash)) && spill.get(hash).is_none()
}

fn read_page(body: &[u8]) -> Option<Manifest> {
    Manifest::parse(body, Path::new("page")).ok()
}

fn damage(member: &Member, reason: &'static str) -> Damage {
    let lane = match member {
        Member::Lane(lane) | Member::Record(lane, _) => Some(lane.clone()),
        _ => None,
    };
    Damage { lane, what: member.path(), events: None, reason }
}

fn damaged(member: &Member, reason: &'static str) -> Piece {
    Piece::Damaged(damage(member, reason))
}

fn damage_of_segment(lane: LaneId, entry: Entry, reason: &'static str) -> Damage {
    let what = Member::Object(entry.hash).path();
    Damage { lane: Some(lane), what, events: Some((entry.events, entry.from, entry.to)), reason }
}

fn of_segment(lane: LaneId, entry: Entry, reason: &'static str) -> Piece {
    Piece::Damaged(damage_of_segment(lane, entry, reason))
}
