//! Reading a pack as it streams by, believing nothing.
//!
//! - A name is refused on its header, before a byte of its body is read: what is absolute, climbs, lies outside the
//!   layout, came before, or is neither a regular file nor a directory ends the run.
//! - What is damaged costs itself: after a gap, or a header that does not hold, the reader looks block by block for
//!   the next header that does, with a path of the layout.
//! - A body is whole only when it has the hash that its name, or the bag's manifest, gives it.
//! - Nothing is held but one body of at most [`MOST_TEXT`], what manifests say, and a hash of each name.

use super::frames::{Got, Unzip};
use super::layout::{self, Member};
use super::tar::{self, BLOCK, Pax, Sort};
use super::{Error, MOST_SEGMENT, VERSION, bag};
use crate::LaneId;
use crate::manifest::{Absent, Entry, Manifest};
use foldhash::{HashMap, HashMapExt as _, HashSet, HashSetExt as _};
use sha2::Digest as _;
use std::io::Read;
use ulp_core::hash::Sha256;

/// Most bytes of a lane's manifest or a page, and of a record.
pub const MOST_MANIFEST: u64 = 8 << 20;
/// Most bytes of a file that is read as a whole: a bag's manifest.
pub const MOST_TEXT: u64 = 256 << 20;
/// Most bytes of all lanes' manifests together.
const MOST_MANIFESTS: u64 = 128 << 20;
/// Most members of a tar.
const MOST_MEMBERS: u64 = 4 << 20;
/// Bytes of a body that are read at once.
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
    /// A segment that a manifest before it names, whole.
    Segment(LaneId, Entry, Vec<u8>),
    /// A segment that a manifest names and that is too large.
    TooLarge(LaneId, Entry),
    /// Any other object of that many bytes: a page, a snapshot, a blob, a segment that a page names. Its body comes
    /// with [`Pack::object`]; what is not asked for is checked and dropped.
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
    tar: Tar<R>,
    lanes: Vec<LaneId>,
    expected: HashMap<Sha256, Expected>,
    listing: Option<Listing>,
    /// The hashes of the tag files so far.
    tags: HashMap<String, Sha256>,
    info: bag::Info,
    has_bagit: bool,
    manifest_bytes: u64,
    /// An object that was told and not asked for yet.
    open: Option<(Sha256, u64)>,
    waiting: Vec<Damage>,
    over: bool,
}

struct Expected {
    lane: usize,
    entry: Entry,
}

/// What the bag's manifest lists and did not come yet.
#[derive(Default)]
struct Listing {
    objects: HashSet<Sha256>,
    others: HashMap<String, Sha256>,
}

impl<R: Read> Pack<R> {
    /// Reads at most that many bytes of tar.
    pub fn new(source: R, max_bytes: u64) -> Pack<R> {
        Pack {
            tar: Tar::new(source, max_bytes),
            lanes: Vec::new(),
            expected: HashMap::new(),
            listing: None,
            tags: HashMap::new(),
            info: bag::Info::default(),
            has_bagit: false,
            manifest_bytes: 0,
            open: None,
            waiting: Vec::new(),
            over: false,
        }
    }

    /// The source.
    pub fn source(&mut self) -> &mut R {
        self.tar.unzip.source()
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
                    let what = Member::Object(hash).path();
                    return Ok(Some(Piece::Damaged(Damage { lane: None, what, events: None, reason })));
                }
                continue;
            }
            if self.over {
                return Ok(None);
            }
            match self.tar.next()? {
                Next::Damaged(reason) => {
                    let what = "tar".to_owned();
                    return Ok(Some(Piece::Damaged(Damage { lane: None, what, events: None, reason })));
                }
                Next::End => self.finish()?,
                Next::Member(member, size) => {
                    if let Some(piece) = self.member(member, size)? {
                        return Ok(Some(piece));
                    }
                }
            }
        }
    }

    fn member(&mut self, member: Member, size: u64) -> Result<Option<Piece>, Error> {
        if member.is_payload() {
            self.look_at_version()?;
        }
        match member {
            Member::Bagit | Member::Info | Member::Manifest | Member::TagManifest => {
                let text = self.tar.body(&member, size, MOST_TEXT)?;
                self.tag(&member, text);
                Ok(None)
            }
            Member::Object(hash) => self.told(hash, size),
            other => self.file(other, size),
        }
    }

    fn look_at_version(&self) -> Result<(), Error> {
        match self.info.version {
            Some(version) if version > VERSION => Err(Error::Newer(format!("pack version {version}"))),
            _ => Ok(()),
        }
    }

    fn damage(&mut self, member: &Member, reason: &'static str) {
        let lane = match member {
            Member::Lane(lane) | Member::Record(lane, _) => Some(lane.clone()),
            _ => None,
        };
        self.waiting.push(Damage { lane, what: member.path(), events: None, reason });
    }

    /// A tag file. One that does not hold is told, and what it says does not count.
    fn tag(&mut self, member: &Member, text: Option<Vec<u8>>) {
        let Some(text) = text.and_then(|bytes| String::from_utf8(bytes).ok()) else {
            return self.damage(member, "it is cut off, or not text");
        };
        self.tags.insert(member.path(), Sha256::of(text.as_bytes()));
        match member {
            Member::Bagit => {
                self.has_bagit = true;
                if !text.starts_with("BagIt-Version:") {
                    self.damage(member, "it names no version of BagIt");
                }
            }
            Member::Info => match bag::Info::parse(&text) {
                Some(info) => {
                    self.tar.oxum = info.oxum;
                    self.info = info;
                }
                None => self.damage(member, "it cannot be understood"),
            },
            Member::Manifest => self.list(member, &text),
            _ => self.compare_tags(member, &text),
        }
    }

    fn list(&mut self, member: &Member, text: &str) {
        let mut listing = Listing::default();
        for line in text.lines().filter(|line| !line.is_empty()) {
            match bag::parse_line(line).map(|(hash, path)| (hash, path, Member::parse(path))) {
                Some((hash, _, Some(Member::Object(named)))) if hash == named => {
                    listing.objects.insert(hash);
                }
                Some((hash, path, Some(other))) if !matches!(other, Member::Object(_)) => {
                    listing.others.insert(path.to_owned(), hash);
                }
                _ => return self.damage(member, "a line in it cannot be understood"),
            }
        }
        self.listing = Some(listing);
    }

    fn compare_tags(&mut self, member: &Member, text: &str) {
        for line in text.lines() {
            let Some((hash, path)) = bag::parse_line(line) else {
                return self.damage(member, "a line in it cannot be understood");
            };
            if self.tags.get(path).is_none_or(|found| *found == hash) {
                continue;
            }
            let tag = Member::parse(path).unwrap_or(Member::TagManifest);
            match tag {
                // A wrong total is no limit.
                Member::Info => (self.tar.oxum, self.info) = (None, bag::Info::default()),
                Member::Manifest => self.listing = None,
                _ => {}
            }
            self.damage(&tag, "its bytes are not those that tagmanifest-sha256.txt names");
        }
    }

    /// A file of the payload that is no object.
    fn file(&mut self, member: Member, size: u64) -> Result<Option<Piece>, Error> {
        let path = member.path();
        let listed = self.listing.as_mut().map(|listing| listing.others.remove(&path));
        if matches!(member, Member::Lane(_)) {
            self.manifest_bytes = self.manifest_bytes.saturating_add(size);
            if self.manifest_bytes > MOST_MANIFESTS {
                return Err(Error::limit(path, "more manifests than are read"));
            }
        }
        let bytes = self.tar.body(&member, size, MOST_MANIFEST)?;
        let lane = match &member {
            Member::Lane(lane) | Member::Record(lane, _) => Some(lane.clone()),
            _ => None,
        };
        let damaged = |reason| {
            Ok(Some(Piece::Damaged(Damage { lane: lane.clone(), what: member.path(), events: None, reason })))
        };
        let Some(bytes) = bytes else { return damaged("it is cut off") };
        match listed {
            Some(None) => return damaged("manifest-sha256.txt does not name it"),
            Some(Some(hash)) if hash != Sha256::of(&bytes) => {
                return damaged("its bytes are not those that manifest-sha256.txt names");
            }
            _ => {}
        }
        match (member, lane) {
            (Member::Lane(_), Some(lane)) => match Manifest::parse(&bytes, std::path::Path::new(&path)) {
                Ok(manifest) if manifest.tile == lane.tile => {
                    self.expect(&lane, &manifest);
                    Ok(Some(Piece::Lane(lane, manifest)))
                }
                Err(crate::Error::Newer(_)) => Err(Error::Newer(path)),
                _ => {
                    let reason = "it is no manifest of its lane";
                    Ok(Some(Piece::Damaged(Damage { lane: Some(lane), what: path, events: None, reason })))
                }
            },
            (Member::Record(..), Some(lane)) => Ok(Some(Piece::Record(lane, bytes))),
            // The dotfile: its rules are nobody's here.
            _ => Ok(None),
        }
    }

    fn expect(&mut self, lane: &LaneId, manifest: &Manifest) {
        self.lanes.push(lane.clone());
        for entry in manifest.segments.iter().filter(|e| e.absent == Absent::No) {
            let expected = Expected { lane: self.lanes.len() - 1, entry: entry.clone() };
            self.expected.insert(entry.hash, expected);
        }
    }

    /// An object, by its header.
    fn told(&mut self, hash: Sha256, size: u64) -> Result<Option<Piece>, Error> {
        let unlisted = self.listing.as_mut().is_some_and(|listing| !listing.objects.remove(&hash));
        let Some(Expected { lane, entry }) = self.expected.remove(&hash) else {
            if unlisted {
                self.damage(&Member::Object(hash), "manifest-sha256.txt does not name it");
                return Ok(None);
            }
            self.open = Some((hash, size));
            return Ok(Some(Piece::Object(hash, size)));
        };
        let lane = self.lanes[lane].clone();
        if size > MOST_SEGMENT {
            return Ok(Some(Piece::TooLarge(lane, entry)));
        }
        let reason = if size == entry.bytes {
            match self.tar.body(&Member::Object(hash), size, MOST_SEGMENT)? {
                Some(bytes) if Sha256::of(&bytes) == hash => {
                    return Ok(Some(Piece::Segment(lane, entry, bytes)));
                }
                Some(_) => "its bytes are not those of its name",
                None => "it is cut off",
            }
        } else {
            "it has another length than its lane's manifest says"
        };
        Ok(Some(Piece::Damaged(of_segment(lane, entry, reason))))
    }

    /// Gives the body of the object that was told last, bit by bit, and says whether it was whole.
    ///
    /// # Errors
    /// What `each` answers; where the source cannot be read.
    pub fn object(&mut self, each: &mut dyn FnMut(&[u8]) -> Result<(), Error>) -> Result<Whole, Error> {
        let Some((hash, _)) = self.open.take() else { return Ok(Whole::Yes) };
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

    /// What should have come and did not.
    fn finish(&mut self) -> Result<(), Error> {
        self.over = true;
        self.look_at_version()?;
        if !self.has_bagit {
            self.damage(&Member::Bagit, "it is missing");
        }
        let mut missing: Vec<Expected> = self.expected.drain().map(|(_, e)| e).collect();
        missing.sort_by(|a, b| (a.lane, &a.entry.hash).cmp(&(b.lane, &b.entry.hash)));
        if let Some(listing) = self.listing.take() {
            let of_lanes: HashSet<Sha256> = missing.iter().map(|e| e.entry.hash).collect();
            let objects = listing.objects.difference(&of_lanes).map(|hash| Member::Object(*hash));
            let others = listing.others.keys().filter_map(|path| Member::parse(path));
            let mut all: Vec<Member> = objects.chain(others).collect();
            all.sort_by_cached_key(Member::path);
            for member in all.iter().rev() {
                self.damage(member, "it is missing");
            }
        }
        for Expected { lane, entry } in missing.into_iter().rev() {
            let lane = self.lanes[lane].clone();
            self.waiting.push(of_segment(lane, entry, "it is missing"));
        }
        Ok(())
    }
}

fn of_segment(lane: LaneId, entry: Entry, reason: &'static str) -> Damage {
    let what = Member::Object(entry.hash).path();
    Damage { lane: Some(lane), what, events: Some((entry.events, entry.from, entry.to)), reason }
}

/// What a tar has next.
enum Next {
    Member(Member, u64),
    Damaged(&'static str),
    End,
}

/// A tar that is read.
struct Tar<R> {
    unzip: Unzip<R>,
    max_bytes: u64,
    bytes: u64,
    members: u64,
    /// A hash of each path so far.
    seen: HashSet<[u8; 16]>,
    /// The name of the bag's directory.
    name: Option<String>,
    /// What bag-info.txt says of the payload, and how much of it there was.
    oxum: Option<(u64, u64)>,
    payload: (u64, u64),
    /// What is left of the member's body, and of the zeros behind it.
    left: u64,
    padding: u64,
    pax: Pax,
    /// Whether the reader looks for the next header that holds.
    searching: bool,
    ended: bool,
}

/// A block, or why there is none.
enum Block {
    Read(Box<[u8; BLOCK]>),
    Gap,
    /// The end, in the midst of a block or not.
    End,
}

impl<R: Read> Tar<R> {
    fn new(source: R, max_bytes: u64) -> Tar<R> {
        Tar {
            unzip: Unzip::new(source),
            // So that no sum of lengths overflows.
            max_bytes: max_bytes.min(1 << 62),
            bytes: 0,
            members: 0,
            seen: HashSet::new(),
            name: None,
            oxum: None,
            payload: (0, 0),
            left: 0,
            padding: 0,
            pax: Pax::default(),
            searching: false,
            ended: false,
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<Got, Error> {
        let got = self.unzip.read(buffer)?;
        if let Got::Bytes(n) = got {
            self.bytes += n as u64;
            if self.bytes > self.max_bytes {
                return Err(Error::limit("tar", format!("more than {} bytes", self.max_bytes)));
            }
        }
        Ok(got)
    }

    fn block(&mut self) -> Result<Block, Error> {
        let mut block = Box::new([0; BLOCK]);
        let mut filled = 0;
        while filled < BLOCK {
            match self.read(&mut block[filled..])? {
                Got::Bytes(n) => filled += n,
                Got::Gap => return Ok(Block::Gap),
                Got::End => return Ok(Block::End),
            }
        }
        Ok(Block::Read(block))
    }

    /// From here on only a header that holds, with a path of the layout, counts.
    fn search(&mut self) {
        (self.searching, self.left, self.padding, self.pax) = (true, 0, 0, Pax::default());
    }

    fn next(&mut self) -> Result<Next, Error> {
        if !self.each(&mut |_| Ok(()))? && !self.ended {
            return Ok(Next::Damaged("a part of it cannot be read"));
        }
        loop {
            if self.ended {
                return Ok(Next::End);
            }
            let block = match self.block()? {
                Block::Read(block) => block,
                Block::Gap => {
                    self.search();
                    return Ok(Next::Damaged("a part of it cannot be read"));
                }
                Block::End => {
                    self.ended = true;
                    return Ok(Next::Damaged("it is cut off"));
                }
            };
            if block.iter().all(|b| *b == 0) {
                if self.searching {
                    continue;
                }
                return self.end();
            }
            if !tar::is_header(&block) {
                if self.searching {
                    continue;
                }
                self.search();
                return Ok(Next::Damaged("a header cannot be read"));
            }
            if let Some(next) = self.header(&block)? {
                return Ok(next);
            }
        }
    }

    /// A header that holds. While searching, one that is refused may be a part of some body.
    fn header(&mut self, block: &[u8; BLOCK]) -> Result<Option<Next>, Error> {
        let taken = tar::read_header(block).and_then(|header| self.take(header));
        match taken {
            Err(Error::Unsafe { .. }) if self.searching => {
                self.pax = Pax::default();
                Ok(None)
            }
            other => other,
        }
    }

    fn take(&mut self, header: tar::Header) -> Result<Option<Next>, Error> {
        if header.sort == Sort::Pax {
            return self.take_pax(header.size);
        }
        let pax = std::mem::take(&mut self.pax);
        let (path, size) = (pax.path.unwrap_or(header.path), pax.size.unwrap_or(header.size));
        let is_directory = header.sort == Sort::Directory;
        let path = if is_directory { path.strip_suffix('/').unwrap_or(&path).to_owned() } else { path };
        let (name, rest) = path.split_once('/').unwrap_or((&path, ""));
        let expected = self.name.as_deref().is_none_or(|known| known == name);
        let refuse = |reason: &str| Err(Error::unsafe_member(path.clone(), reason));
        if !layout::is_portable(name) || !expected {
            return refuse("a name outside the layout");
        }
        let member = if is_directory { None } else { Member::parse(rest) };
        if member.is_none() && !(is_directory && layout::is_directory(rest)) {
            return refuse("a name outside the layout");
        }
        if is_directory && size > 0 {
            return refuse("a directory with a body");
        }
        let mut short = [0; 16];
        short.copy_from_slice(&blake3::hash(path.as_bytes()).as_bytes()[..16]);
        if !self.seen.insert(short) {
            return refuse("a duplicate");
        }
        let name = name.to_owned();
        self.name.get_or_insert(name);
        self.members += 1;
        if self.members > MOST_MEMBERS {
            return Err(Error::limit(path, format!("more than {MOST_MEMBERS} members")));
        }
        let Some(member) = member else { return Ok(None) };
        self.count(&member, size)?;
        (self.left, self.padding, self.searching) = (size, tar::padding(size) as u64, false);
        Ok(Some(Next::Member(member, size)))
    }

    /// Holds the payload to what bag-info.txt says of it, on the header.
    fn count(&mut self, member: &Member, size: u64) -> Result<(), Error> {
        if size > self.max_bytes.saturating_sub(self.bytes) {
            return Err(Error::limit(member.path(), format!("more than {} bytes", self.max_bytes)));
        }
        if member.is_payload() {
            self.payload = (self.payload.0.saturating_add(size), self.payload.1 + 1);
        }
        match self.oxum {
            Some((bytes, files)) if self.payload.0 > bytes || self.payload.1 > files => {
                Err(Error::limit(member.path(), "more than Payload-Oxum says"))
            }
            _ => Ok(()),
        }
    }

    fn take_pax(&mut self, size: u64) -> Result<Option<Next>, Error> {
        if size > tar::MOST_PAX || self.pax != Pax::default() {
            return Err(Error::unsafe_member("pax header", "one that packs do not have"));
        }
        let mut body = Vec::new();
        while (body.len() as u64) < size {
            match self.block()? {
                Block::Read(block) => body.extend_from_slice(&block[..]),
                Block::Gap => {
                    self.search();
                    return Ok(Some(Next::Damaged("a part of it cannot be read")));
                }
                Block::End => {
                    self.ended = true;
                    return Ok(Some(Next::Damaged("it is cut off")));
                }
            }
        }
        // Not longer than a few blocks.
        body.truncate(usize::try_from(size).unwrap_or(usize::MAX));
        self.pax = tar::read_pax(&body)?;
        Ok(None)
    }

    /// After a block of zeros: another one, and nothing but zeros.
    fn end(&mut self) -> Result<Next, Error> {
        let mut blocks = 1;
        loop {
            match self.block()? {
                Block::Read(block) if block.iter().all(|b| *b == 0) => blocks += 1,
                Block::End => {
                    self.ended = true;
                    return Ok(if blocks > 1 { Next::End } else { Next::Damaged("it is cut off") });
                }
                Block::Read(_) | Block::Gap => {
                    self.search();
                    return Ok(Next::Damaged("something follows its end"));
                }
            }
        }
    }

    /// Gives what is left of a body, bit by bit; whether it was all there.
    fn each(&mut self, take: &mut dyn FnMut(&[u8]) -> Result<(), Error>) -> Result<bool, Error> {
        let mut buffer = vec![0; if self.left + self.padding > 0 { CHUNK } else { 0 }];
        while self.left + self.padding > 0 {
            let of_body = self.left > 0;
            let left = if of_body { self.left } else { self.padding };
            let most = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
            match self.read(&mut buffer[..most])? {
                Got::Bytes(n) if of_body => {
                    self.left -= n as u64;
                    take(&buffer[..n])?;
                }
                Got::Bytes(n) => self.padding -= n as u64,
                Got::Gap => {
                    let whole = self.left == 0;
                    self.search();
                    return Ok(whole);
                }
                Got::End => {
                    let whole = self.left == 0;
                    self.search();
                    return Ok(whole);
                }
            }
        }
        Ok(true)
    }

    /// The whole of a body of at most `most` bytes; nothing where it is cut off.
    fn body(&mut self, member: &Member, size: u64, most: u64) -> Result<Option<Vec<u8>>, Error> {
        if size > most {
            return Err(Error::limit(member.path(), format!("{size} bytes are more than {most}")));
        }
        // It grows as bytes come, whatever the header says.
        let mut body = Vec::new();
        let whole = self.each(&mut |bytes| {
            body.extend_from_slice(bytes);
            Ok(())
        })?;
        Ok(whole.then_some(body))
    }
}
