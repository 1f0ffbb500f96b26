//! The rows of an event: from each thing that it does something to.
//!
//! A row has 24 bytes: the start of a hash of what it is [about](About); a middle, which is the event's effective time,
//! so that the greatest comes first (the least, for children of an event), or the start of a register's hash; and where
//! the event is. Hashes may meet, so whoever follows a row looks at what the event says.

use crate::sorted_table::Row;
use foldhash::HashSet;
use std::fmt::Write as _;
use ulp_core::event::{Ends, Payload, Primitive, Texts, Touch};
use ulp_core::id::{Key, Tile, Time};
use ulp_core::names::encode;

/// What a row begins with.
pub type Start = [u8; 8];

/// Longest identifier of an alert, in bytes; of a longer one its hash stands. projector-alert(1).
pub const MAX_IDENTIFIER: usize = 200;
/// Bytes that an identifier has beside the names in it, at most: of the hash and of what separates.
const BESIDE: usize = 20;

/// What rows are about. Names are those of one space.
#[derive(Clone, Copy, Debug)]
pub enum About<'a> {
    /// The events of a name.
    Event(&'a str),
    /// Those that name an event of a tile among their causes.
    Children(Tile, &'a str),
    /// The registers of a node that were ever given a value.
    Node(&'a str),
    /// Who gave a register of a node a value, who made the node (`created`), who deleted it (`deleted`).
    Register(&'a str, &'a str),
    /// Who made a link.
    Link(Ends<'a>),
    /// Who removed a tag of a link.
    Removed(Ends<'a>, &'a str),
    /// Who removed all tags of a link that were there.
    Cleared(Ends<'a>),
    Sensor(&'a str, &'a str),
    /// Those by which nodes of the space may be recordings of persons.
    Recordings,
    /// Events whose names are so long that alerts are called by a hash: all of a space.
    Long,
}

impl About<'_> {
    fn tag(&self) -> u8 {
        match self {
            About::Event(_) => b'e',
            About::Children(..) => b'p',
            About::Node(_) => b'n',
            About::Register(..) => b'r',
            About::Link(_) => b'l',
            About::Removed(..) => b'u',
            About::Cleared(_) => b'c',
            About::Sensor(..) => b's',
            About::Recordings => b'o',
            About::Long => b'i',
        }
    }
}

/// The start of the rows about something in a space.
pub fn start_of(space: &str, about: About<'_>) -> Start {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[about.tag()]);
    let mut add = |part: &str| {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
    };
    add(space);
    match about {
        About::Event(name) | About::Node(name) => add(name),
        About::Children(tile, name) => {
            add(&tile.to_string());
            add(name);
        }
        About::Register(node, register) => [node, register].into_iter().for_each(add),
        About::Link(ends) | About::Cleared(ends) => {
            [ends.from, ends.relation, ends.to].into_iter().for_each(add)
        }
        About::Removed(ends, tag) => [ends.from, ends.relation, ends.to, tag].into_iter().for_each(add),
        About::Sensor(actor, sensor) => [actor, sensor].into_iter().for_each(add),
        About::Recordings | About::Long => {}
    }
    first(hasher.finalize().as_bytes())
}

fn first(bytes: &[u8; 32]) -> [u8; 8] {
    let mut first = [0; 8];
    first.copy_from_slice(&bytes[..8]);
    first
}

/// Where an event is: the number of its lane, and where its line begins among all lines of the lane; of a stream the
/// place of its tile, and its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(u64);

/// Bits of a lane's number.
const LANE_BITS: u32 = 24;
/// The greatest number that a lane can have.
pub(super) const MAX_LANE: u32 = (1 << LANE_BITS) - 1;

impl Place {
    /// A place, if there are not too many lanes and the lane is not too long.
    pub fn new(lane: u32, offset: u64) -> Option<Place> {
        let fits = lane <= MAX_LANE && offset >> (64 - LANE_BITS) == 0;
        fits.then_some(Place(u64::from(lane) << (64 - LANE_BITS) | offset))
    }

    fn of(row: &Row) -> Place {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&row[16..]);
        Place(u64::from_be_bytes(bytes))
    }

    pub fn lane(self) -> u32 {
        u32::try_from(self.0 >> (64 - LANE_BITS)).unwrap_or(MAX_LANE)
    }

    pub fn offset(self) -> u64 {
        self.0 & (u64::MAX >> LANE_BITS)
    }
}

/// The place of a row.
pub fn place_of(row: &Row) -> Place {
    Place::of(row)
}

/// The middle of a row.
pub fn middle(row: &Row) -> [u8; 8] {
    let mut middle = [0; 8];
    middle.copy_from_slice(&row[8..16]);
    middle
}

fn ascending(time: Time) -> [u8; 8] {
    (time.0.cast_unsigned() ^ 1 << 63).to_be_bytes()
}

/// The middle of rows of which the greatest time comes first.
pub fn is_after(time: Time) -> [u8; 8] {
    ascending(time).map(|byte| !byte)
}

/// The time of such a middle.
pub fn of_descending(middle: [u8; 8]) -> Time {
    of_ascending(middle.map(|byte| !byte))
}

/// The time of the middle of a row about children.
pub(super) fn of_ascending(middle: [u8; 8]) -> Time {
    Time((u64::from_be_bytes(middle) ^ 1 << 63).cast_signed())
}

/// Who did something: an event of a space and tile.
#[derive(Clone, Copy)]
pub struct Doer<'a> {
    pub space: &'a str,
    pub tile: Tile,
    pub key: Key<'a>,
    pub parents: Texts<'a>,
    pub payload: Payload<'a>,
    pub place: Place,
}

/// Appends the rows of an event. `named` is which registers of which nodes have a row already that says that there are
/// such.
pub fn rows_of(doer: &Doer<'_>, named: &mut HashSet<(Start, Start)>, rows: &mut Vec<Row>) {
    let mut row = |start: Start, middle: [u8; 8]| {
        let mut row = [0; 24];
        row[..8].copy_from_slice(&start);
        row[8..16].copy_from_slice(&middle);
        row[16..].copy_from_slice(&doer.place.0.to_be_bytes());
        rows.push(row);
    };
    let Doer { space, tile, key, .. } = *doer;
    let after = is_after(key.eff);
    row(start_of(space, About::Event(key.id)), after);
    for parent in doer.parents.iter() {
        row(start_of(space, About::Children(tile, parent)), ascending(key.eff));
    }
    if is_long(space, key.id, doer.payload) {
        row(start_of(space, About::Long), after);
    }
    let mut register = String::new();
    let mut write = |node: &str, name: &str, row: &mut dyn FnMut(Start, [u8; 8])| {
        let start = start_of(space, About::Register(node, name));
        row(start, after);
        if name == RECORDS {
            row(start_of(space, About::Recordings), after);
        }
        let of = start_of(space, About::Node(node));
        if named.insert((of, start)) {
            row(of, start);
        }
    };
    for touch in doer.payload.primitives().flat_map(Primitive::touches) {
        match touch {
            Touch::Create { node, .. } => write(node, CREATED, &mut row),
            Touch::Delete { node } => write(node, DELETED, &mut row),
            Touch::Absorb { node, .. } => write(node, "absorbed_into", &mut row),
            Touch::Link(link) => row(start_of(space, About::Link(link.ends)), after),
            Touch::Unlink(unlink) => match unlink.observed {
                Some(tags) => {
                    tags.iter().for_each(|tag| row(start_of(space, About::Removed(unlink.ends, tag)), after))
                }
                None => row(start_of(space, About::Cleared(unlink.ends)), after),
            },
            Touch::Read(sensor) => row(start_of(space, About::Sensor(sensor.actor, sensor.sensor)), after),
            Touch::Write { .. } | Touch::Survive { .. } => {}
        }
        if let Some(node) = touch.node() {
            touch.sets().give(|set| {
                register.clear();
                // Writing to a text cannot fail.
                let _ = write!(register, "{}", set.register);
                write(node, &register, &mut row);
            });
        }
    }
}

/// The register by which a node may be a recording.
const RECORDS: &str = "properties.of";
/// The register that says who made a node.
const CREATED: &str = "created";
/// The register that says who deleted a node.
const DELETED: &str = "deleted";

/// Whether an alert's message that an event makes may be called by a hash.
fn is_long(space: &str, id: &str, payload: Payload<'_>) -> bool {
    // No byte of a name takes more than three.
    let most = |name: &str| 3 * name.len();
    let nodes = payload.touches().filter_map(Touch::node).map(&most).max().unwrap_or(0);
    let suffix = payload.expansion().iter().map(|part| most(part.suffix)).max().unwrap_or(0);
    if most(space) + most(id) + suffix + nodes + BESIDE <= MAX_IDENTIFIER {
        return false;
    }
    let length = |name: &str| encode(name).len();
    let nodes = payload.touches().filter_map(Touch::node).map(&length).max().unwrap_or(0);
    length(space) + length(id) + suffix + nodes + BESIDE > MAX_IDENTIFIER
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn middles_are_sorted_by_time_and_tell_it() {
        let times = [i64::MIN, -1, 0, 1, i64::MAX].map(Time);
        for pair in times.windows(2) {
            assert!(ascending(pair[0]) < ascending(pair[1]) && is_after(pair[0]) > is_after(pair[1]));
        }
        assert!(times.iter().all(|t| of_descending(is_after(*t)) == *t && of_ascending(ascending(*t)) == *t));
    }

    #[test]
    fn a_place_is_told_from_all_others() {
        let place = Place::new(MAX_LANE, 77).unwrap();
        assert_eq!((place.lane(), place.offset()), (MAX_LANE, 77));
        assert!(Place::new(MAX_LANE + 1, 0).is_none() && Place::new(0, 1 << 40).is_none());
        assert_eq!(Place::new(3, (1 << 40) - 1).map(Place::offset), Some((1 << 40) - 1));
    }

    #[test]
    fn parts_of_a_name_do_not_run_into_each_other() {
        let starts = [About::Register("a", "bc"), About::Register("ab", "c"), About::Sensor("a", "bc")];
        let starts = starts.map(|about| start_of("s", about));
        assert!(starts[0] != starts[1] && starts[0] != starts[2]);
    }
}
