//! The event graph and the node table of a lane: rows of the cache, and in memory those of what the cache does not
//! cover yet.
//!
//! A row has 24 bytes: a key of 16, which is the BLAKE3 of a name with a tag in its ninth byte, and 8 of what is known:
//!
//! | table | tag | of | says |
//! |---|---|---|---|
//! | `graph` | `e` | an event's name | it is there |
//! | `graph` | `p` | a parent's name | the start of the hash of the name of an event that names it |
//! | `nodes` | `n` | a node | as which it was created, a bit each; the eighth: it is deleted |
//! | `nodes` | `l` | a link | what was done to it, and by the event of which number |

use crate::dedup::{entries_from, lines};
use crate::manifest::{Absent, Manifest};
use crate::runs::{self, DUE, Runs};
use crate::sorted_table::{Damaged, Row};
use crate::{Error, LaneId, Store};
use bumpalo::Bump;
use ulp_core::event::{Defaults, Ends, Event, Line, Reader, Touch};
use ulp_core::hash::Sha256;
use ulp_core::id::{Authority, Boundary, Tile};
use ulp_core::scope::Made;

/// The start of a name's hash, which stands for it in the graph.
pub type Short = [u8; 8];
/// What rows are sorted by.
pub type Key = [u8; 16];

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    Event = b'e' as isize,
    Parent = b'p' as isize,
    Node = b'n' as isize,
    Link = b'l' as isize,
}

impl Tag {
    fn table(self) -> usize {
        match self {
            Tag::Event | Tag::Parent => 0,
            Tag::Node | Tag::Link => 1,
        }
    }
}

const KINDS: [&str; 2] = ["graph", "nodes"];
/// In a node's row: it is deleted.
pub const DELETED: u8 = 1 << 7;
/// In a link's row: an add or a removal of tags, or a removal of all before it.
const TAGS: u8 = 0;
const ALL_BEFORE: u8 = 1;
/// In a link's row: the number is one of `uncommitted`, not one of the lane.
const UNCOMMITTED: u8 = 1 << 7;

/// The key of a name.
pub fn key(tag: Tag, name: &str) -> Key {
    from_hash(tag, &blake3::hash(name.as_bytes()))
}

fn from_hash(tag: Tag, hash: &blake3::Hash) -> Key {
    let mut key = [0; 16];
    key[..8].copy_from_slice(&hash.as_bytes()[..8]);
    key[8] = tag as u8;
    key[9..].copy_from_slice(&hash.as_bytes()[8..15]);
    key
}

/// The key of a link. No id holds a control character, so the parts cannot run into each other.
pub fn link_key(ends: Ends<'_>) -> Key {
    let mut hasher = blake3::Hasher::new();
    for part in [ends.from, ends.relation, ends.to] {
        hasher.update(part.as_bytes()).update(&[0]);
    }
    from_hash(Tag::Link, &hasher.finalize())
}

/// The key of those who name an event as a parent, from the first of the event's rows.
pub fn children_of(first: &Row) -> Key {
    let mut key = key_of(first);
    key[8] = Tag::Parent as u8;
    key
}

/// The start of a key, which is that of all rows of a tag whose name's hash begins so.
pub fn prefix(tag: Tag, short: Short) -> [u8; 9] {
    let mut prefix = [0; 9];
    prefix[..8].copy_from_slice(&short);
    prefix[8] = tag as u8;
    prefix
}

/// The start of a row, for which [`prefix`] asks.
pub fn prefix_of(row: &Row) -> [u8; 9] {
    let mut prefix = [0; 9];
    prefix.copy_from_slice(&row[..9]);
    prefix
}

/// The key of a row.
pub fn key_of(row: &Row) -> Key {
    let mut key = [0; 16];
    key.copy_from_slice(&row[..16]);
    key
}

/// The start of the hash that a key is made of.
pub fn short(key: &Key) -> Short {
    let mut short = [0; 8];
    short.copy_from_slice(&key[..8]);
    short
}

/// What is known of a node in some lanes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NodeBits(u8);

impl NodeBits {
    pub fn is_deleted(self) -> bool {
        self.0 & DELETED != 0
    }

    pub fn is_created(self) -> bool {
        self.0 & !DELETED != 0
    }

    pub fn is_known(self) -> bool {
        self.0 != 0
    }

    pub fn join(&mut self, other: NodeBits) {
        self.0 |= other.0;
    }

    /// How it was created; nothing where it was created in several ways, or not at all.
    pub fn made(self) -> Option<Made> {
        let bits = self.0 & !DELETED;
        let at = bits.trailing_zeros() as usize;
        let (authority, boundary) = (*Authority::ALL.get(at / 3)?, *Boundary::ALL.get(at % 3)?);
        (bits.count_ones() == 1).then_some(Made { authority, boundary })
    }

    /// What a row says.
    pub fn of(value: [u8; 8]) -> NodeBits {
        NodeBits(value[0])
    }

    /// The bits of nodes that were created under a word.
    pub fn mask(is_of: impl Fn(Made) -> bool) -> u8 {
        let made = |at: usize| Made { authority: Authority::ALL[at / 3], boundary: Boundary::ALL[at % 3] };
        (0..Authority::ALL.len() * 3).filter(|at| is_of(made(*at))).map(|at| 1 << at).sum()
    }

    /// Whether some of these bits are set.
    pub fn has(self, mask: u8) -> bool {
        self.0 & mask != 0
    }

    /// A node that was created in at most one way.
    pub fn new(made: Option<Made>, deleted: bool) -> NodeBits {
        let bit = made.map_or(0, |made| 1 << (made.authority as u8 * 3 + made.boundary as u8));
        NodeBits(bit | if deleted { DELETED } else { 0 })
    }
}

/// One thing that was done to a link, as a row says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkTouch {
    /// Tags came or went, by the event of this number.
    Tags(Place),
    /// All tags before an event went.
    AllBefore,
}

/// Where an event of a lane is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Stored(u64),
    Memtable(usize),
}

/// What a lane knows.
#[derive(Debug)]
pub struct LaneFacts {
    id: LaneId,
    manifest: Manifest,
    runs: [Runs; 2],
    /// The rows that no run covers, sorted.
    rows: [Vec<Row>; 2],
    is_open: bool,
}

impl LaneFacts {
    /// A lane of which nothing was read yet.
    pub fn new(id: LaneId) -> LaneFacts {
        let manifest = Manifest::new(id.tile);
        LaneFacts {
            id,
            manifest,
            runs: KINDS.map(Runs::none),
            rows: [Vec::new(), Vec::new()],
            is_open: false,
        }
    }

    pub fn tile(&self) -> Tile {
        self.id.tile
    }

    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// Has what is stored read anew when it is next asked for.
    pub fn close(&mut self) {
        self.is_open = false;
    }

    /// Whether what was read says anything of nodes and links.
    pub fn has_read(&self) -> bool {
        !self.rows[1].is_empty() || self.runs[1].covered() > 0
    }

    /// Whether what was read may know a node.
    pub fn may_have_read(&self, key: &Key) -> bool {
        !matches!(self.runs[1].find(key), Ok(None)) || starting(&self.rows[1], key).next().is_some()
    }

    /// Reads what the lane has: the runs, and the events behind them. Where enough of those is sealed, runs of them are
    /// written; that they cannot be is no reason to fail.
    pub fn open(&mut self, store: &Store) -> Result<(), Error> {
        if let Some((manifest, _)) = store.manifest(&self.id)? {
            self.manifest = manifest;
            // What is lost counts as not known, and runs do not say which rows are of what.
            let entries = store.entries(&self.manifest, None)?;
            let whole = entries.iter().all(|entry| entry.absent == Absent::No);
            (self.runs, self.rows) = (KINDS.map(Runs::none), [Vec::new(), Vec::new()]);
            if whole {
                self.runs = Runs::open(store, &self.id, &self.manifest, KINDS)?;
            }
            self.read(store, whole && store.is_trusted() && store.is_writable())?;
        }
        self.is_open = true;
        Ok(())
    }

    /// Reads the events that no run covers.
    fn read(&mut self, store: &Store, mut writes: bool) -> Result<(), Error> {
        let covered = [self.runs[0].covered(), self.runs[1].covered()];
        let sealed = runs::sealed(&self.manifest, covered[0].min(covered[1]));
        let end = sealed.map_or(0, |s| s.end);
        let (mut older, mut newer) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
        for (start, entry) in entries_from(store, &self.manifest, covered[0].min(covered[1]))? {
            if start + entry.events <= covered[0].min(covered[1]) {
                continue;
            }
            let Some(bytes) = store.segment(&entry)? else {
                writes = false;
                continue;
            };
            let rows = if start < end { &mut older } else { &mut newer };
            let mut count = 0;
            let (arena, defaults) = (Bump::new(), Defaults::default());
            let mut reader = Reader::new(&arena, &defaults);
            for (number, line) in (start..).zip(lines(&bytes)) {
                count += 1;
                if let Ok(Line::Event(event)) = reader.read_bytes(line) {
                    let number = u32::try_from(number).unwrap_or(u32::MAX);
                    rows_of(&event, number, &mut |table, row| {
                        if start >= covered[table] {
                            rows[table].push(row);
                        }
                    });
                }
            }
            writes &= count == entry.events;
            if writes && start < end {
                // What is kept in the cache is only what an entry is bound to.
                writes = Sha256::of(&bytes) == entry.hash;
            }
        }
        for (table, older) in older.into_iter().enumerate() {
            let due = runs::sealed(&self.manifest, covered[table]).filter(|s| writes && s.bytes >= DUE);
            let is_written = match due {
                Some(sealed) => {
                    let lane = (&self.id, &self.manifest);
                    self.runs[table].push(store, lane, sealed, older.clone()).unwrap_or(false)
                }
                None => false,
            };
            if !is_written {
                self.rows[table].extend(older);
            }
        }
        for (rows, newer) in self.rows.iter_mut().zip(newer) {
            rows.extend(newer);
            rows.sort_unstable();
            rows.dedup();
        }
        Ok(())
    }

    /// Calls `each` with what every row says that begins with `key`; of what is damaged nobody reads the events here.
    pub fn peek(&self, tag: Tag, key: &[u8], mut each: impl FnMut([u8; 8])) -> Result<(), Damaged> {
        let table = tag.table();
        self.runs[table].each(key, &mut |row| each(value_of(&row)))?;
        starting(&self.rows[table], key).for_each(|row| each(value_of(row)));
        Ok(())
    }

    /// Calls `each` with what every row says that begins with `key`.
    pub fn each(
        &mut self,
        store: &Store,
        tag: Tag,
        key: &[u8],
        mut each: impl FnMut([u8; 8]),
    ) -> Result<(), Error> {
        let table = tag.table();
        if self.rows[table].is_empty() && self.runs[table].covered() == 0 {
            return Ok(());
        }
        let mut found = Vec::new();
        if self.runs[table].each(key, &mut |row| found.push(row)).is_err() {
            // What is damaged is as good as missing: the events themselves say it.
            found.clear();
            self.runs.iter_mut().for_each(Runs::clear);
            self.read(store, false)?;
        }
        found.extend(starting(&self.rows[table], key));
        found.iter().for_each(|row| each(value_of(row)));
        Ok(())
    }

    /// Calls `each` with the line of the event of a number.
    pub fn line(&self, store: &Store, number: u64, each: impl FnOnce(&[u8])) -> Result<(), Error> {
        for (start, entry) in entries_from(store, &self.manifest, number)? {
            if (start..start + entry.events).contains(&number)
                && let Some(bytes) = store.segment(&entry)?
            {
                let at = usize::try_from(number - start).unwrap_or(usize::MAX);
                if let Some(line) = lines(&bytes).nth(at) {
                    each(line);
                }
                break;
            }
        }
        Ok(())
    }
}

/// The rows of a sorted list that begin with `key`.
fn starting<'r>(rows: &'r [Row], key: &'r [u8]) -> impl Iterator<Item = &'r Row> {
    let from = rows.partition_point(|row| &row[..key.len()] < key);
    rows[from..].iter().take_while(move |row| row.starts_with(key))
}

/// What is known of a row's key.
fn value_of(row: &Row) -> [u8; 8] {
    let mut value = [0; 8];
    value.copy_from_slice(&row[16..]);
    value
}

/// What a row says of a link.
pub fn touch(value: [u8; 8]) -> LinkTouch {
    let number = u32::from_le_bytes([value[4], value[5], value[6], value[7]]);
    match value[0] {
        kind if kind & !UNCOMMITTED == ALL_BEFORE => LinkTouch::AllBefore,
        kind if kind & UNCOMMITTED != 0 => LinkTouch::Tags(Place::Memtable(number as usize)),
        _ => LinkTouch::Tags(Place::Stored(u64::from(number))),
    }
}

/// Gives every row of an event to `each`, with its table. `number` is that of the event in its lane.
fn rows_of(event: &Event<'_>, number: u32, each: &mut impl FnMut(usize, Row)) {
    let own = key(Tag::Event, event.id);
    each(0, row(&own, [0; 8]));
    for parent in event.parents {
        each(0, row(&key(Tag::Parent, parent), short(&own)));
    }
    event.payload.touches().for_each(|touch| each_row_of(touch, number, each));
}

/// Appends the rows of an event that is not in the store yet.
pub fn write_rows(event: &Event<'_>, rows: &mut Vec<Row>) {
    rows_of(event, 0, &mut |_, row| rows.push(row));
}

/// A row about a link, of an event whose line is kept under a number.
pub fn of_uncommitted(mut row: Row, number: u32) -> Row {
    row[16] |= UNCOMMITTED;
    row[20..].copy_from_slice(&number.to_le_bytes());
    row
}

fn each_row_of(touch: Touch<'_>, number: u32, each: &mut impl FnMut(usize, Row)) {
    let bits = |bits: u8| [bits, 0, 0, 0, 0, 0, 0, 0];
    let link = |kind: u8| {
        let mut value = bits(kind);
        value[4..].copy_from_slice(&number.to_le_bytes());
        value
    };
    match touch {
        Touch::Create { node, sets } => {
            each(1, row(&key(Tag::Node, node), bits(NodeBits::new(Some(Made::of(sets)), false).0)));
        }
        Touch::Delete { node } => each(1, row(&key(Tag::Node, node), bits(DELETED))),
        Touch::Link(l) => each(1, row(&link_key(l.ends), link(TAGS))),
        Touch::Unlink(u) => {
            let kind = if u.observed.is_some() { TAGS } else { ALL_BEFORE };
            each(1, row(&link_key(u.ends), link(kind)));
        }
        _ => {}
    }
}

fn row(key: &Key, value: [u8; 8]) -> Row {
    let mut row = [0; 24];
    row[..16].copy_from_slice(key);
    row[16..].copy_from_slice(&value);
    row
}
