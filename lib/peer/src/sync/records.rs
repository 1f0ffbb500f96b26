//! The events of a space as records sorted by time and hash, and the sums over them that find a difference.

use super::ids::Id;
use negentropy::{Bound, Error, Item, NegentropyStorageBase};
use std::fmt;
use std::rc::Rc;
use ulp_core::id::Time;

/// Bytes of a record: its time, its hash, its place.
pub const ROW: usize = 48;
const TIME: usize = 8;
const HASH: usize = 32;

/// A record: the time as nanoseconds beyond the least, big-endian; the hash; where the event lies, for whoever wrote it.
pub type Row = [u8; ROW];

/// The record of an event.
pub fn row(time: Time, hash: &[u8; HASH], place: u64) -> Row {
    let mut row = [0; ROW];
    row[..TIME].copy_from_slice(&stamp(time).to_be_bytes());
    row[TIME..TIME + HASH].copy_from_slice(hash);
    row[TIME + HASH..].copy_from_slice(&place.to_be_bytes());
    row
}

/// A time as what sets order: nanoseconds + 2^63.
fn stamp(time: Time) -> u64 {
    time.0.cast_unsigned() ^ 1 << 63
}

/// The records of a space, sorted, each once.
#[derive(Clone)]
pub struct Records(Rc<dyn AsRef<[u8]>>);

impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} records", self.len())
    }
}

impl Records {
    /// Records that lie one after the other; what is behind the last whole one is none.
    pub fn new(bytes: impl AsRef<[u8]> + 'static) -> Records {
        Records(Rc::new(bytes))
    }

    pub fn len(&self) -> usize {
        self.rows().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn rows(&self) -> &[Row] {
        (*self.0).as_ref().as_chunks().0
    }

    /// The id and the place of each, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Id, u64)> {
        self.rows().iter().map(|row| (id_of(row), place_of(row)))
    }

    /// The id of one.
    pub fn id(&self, at: usize) -> Option<Id> {
        self.rows().get(at).map(id_of)
    }
}

fn hash_of(row: &Row) -> [u8; HASH] {
    let mut hash = [0; HASH];
    hash.copy_from_slice(&row[TIME..TIME + HASH]);
    hash
}

fn id_of(row: &Row) -> Id {
    Id::of_bytes(&hash_of(row))
}

fn place_of(row: &Row) -> u64 {
    let mut place = [0; ROW - TIME - HASH];
    place.copy_from_slice(&row[TIME + HASH..]);
    u64::from_be_bytes(place)
}

fn item_of(row: &Row) -> Item {
    let mut time = [0; TIME];
    time.copy_from_slice(&row[..TIME]);
    let id = negentropy::Id::from_byte_array(hash_of(row));
    Item::with_timestamp_and_id(u64::from_be_bytes(time), id)
}

impl NegentropyStorageBase for Records {
    fn size(&self) -> Result<usize, Error> {
        Ok(self.len())
    }

    fn get_item(&self, at: usize) -> Result<Option<Item>, Error> {
        Ok(self.rows().get(at).map(item_of))
    }

    fn iterate(
        &self,
        begin: usize,
        end: usize,
        each: &mut dyn FnMut(Item, usize) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        let rows = self.rows().get(begin..end).ok_or(Error::BadRange)?;
        for (at, row) in (begin..).zip(rows) {
            if !each(item_of(row), at)? {
                break;
            }
        }
        Ok(())
    }

    fn find_lower_bound(&self, first: usize, last: usize, value: &Bound) -> usize {
        let rows = self.rows().get(first..last).unwrap_or_default();
        first + rows.partition_point(|row| item_of(row) < value.item)
    }
}
