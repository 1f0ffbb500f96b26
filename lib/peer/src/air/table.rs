//! The table: what was heard last of each head of each tile, as a join.

use super::row::{Place, Row};
use ulp_core::frame::Tag;

/// Rows of one tile.
const OF_A_TILE: usize = 4;
/// Of the rows this part at most, as a divisor, is of unknown tags.
const UNKNOWN: usize = 4;
/// The greatest key.
pub const GREATEST: u64 = (1 << 40) - 1;

/// The rows of a space, in order of their frames.
#[derive(Clone, Debug)]
struct Space {
    tag: Tag,
    rows: Vec<Row>,
}

/// All rows.
#[derive(Clone, Debug)]
pub struct Table {
    spaces: Vec<Space>,
    bound: usize,
    len: usize,
    unknown: usize,
    floor: u64,
}

impl Table {
    /// An empty table of at most so many rows.
    pub fn new(bound: usize) -> Table {
        Table { spaces: Vec::new(), bound, len: 0, unknown: 0, floor: 0 }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The key from which on no row went for want of room.
    pub fn floor(&self) -> u64 {
        self.floor
    }

    /// The rows of a space.
    pub fn rows(&self, space: Tag) -> &[Row] {
        self.find(space).map_or(&[], |at| &self.spaces[at].rows)
    }

    /// Where a space stands.
    fn find(&self, tag: Tag) -> Option<usize> {
        self.spaces.iter().position(|s| s.tag == tag)
    }

    /// Whether a row is there.
    pub fn has(&self, space: Tag, place: Place) -> bool {
        self.rows(space).binary_search_by_key(&place, Row::place).is_ok()
    }

    /// Says of a row that it is on air now. Whether it is there.
    pub fn touch(&mut self, space: Tag, place: Place, now: u64) -> bool {
        let Some(at) = self.find(space) else { return false };
        let rows = &mut self.spaces[at].rows;
        let found = rows.binary_search_by_key(&place, Row::place);
        if let Ok(at) = found {
            rows[at].on_air = now;
        }
        found.is_ok()
    }

    /// Takes a row in, if it is one of the newest. Whether it is there now and was not before.
    pub fn join(&mut self, space: Tag, row: Row) -> bool {
        let at = self.find(space).unwrap_or_else(|| {
            self.spaces.push(Space { tag: space, rows: Vec::new() });
            self.spaces.len() - 1
        });
        if !self.beats(at, &row) {
            return false;
        }
        let place = row.place();
        self.put(at, row);
        self.shrink();
        self.spaces[at].rows.binary_search_by_key(&place, Row::place).is_ok()
    }

    /// Whether a row is among the newest of its tile. What it takes the place of goes.
    fn beats(&mut self, space: usize, row: &Row) -> bool {
        let rows = &self.spaces[space].rows;
        let of_tile = || (0..rows.len()).filter(|&i| rows[i].tile() == row.tile());
        let same_head = of_tile().find(|&i| rows[i].head() == row.head());
        let full = || {
            let least = of_tile().min_by(|&a, &b| rows[a].rank().cmp(&rows[b].rank()));
            least.filter(|_| of_tile().count() == OF_A_TILE)
        };
        let Some(rival) = same_head.or_else(full) else { return true };
        let beaten = rows[rival].rank() < row.rank();
        if beaten {
            self.take(space, rival);
        }
        beaten
    }

    fn put(&mut self, space: usize, row: Row) {
        self.len += 1;
        self.unknown += usize::from(!row.known);
        let rows = &mut self.spaces[space].rows;
        let at = rows.partition_point(|r| r.place() < row.place());
        rows.insert(at, row);
    }

    fn take(&mut self, space: usize, at: usize) -> Row {
        let row = self.spaces[space].rows.remove(at);
        self.len -= 1;
        self.unknown -= usize::from(!row.known);
        row
    }

    /// Lets the least row go where there are more than there may be, and remembers from where on none went.
    fn shrink(&mut self) {
        let strangers = self.unknown > self.bound / UNKNOWN;
        if !strangers && self.len <= self.bound {
            return;
        }
        let all = self.spaces.iter().enumerate().flat_map(|(s, space)| {
            space.rows.iter().enumerate().map(move |(at, row)| (row, space.tag, (s, at)))
        });
        let least = all.filter(|(row, ..)| !strangers || !row.known).min_by_key(|(row, space, _)| {
            let (seq, peer, tile, head, events) = row.rank();
            (seq, peer, *space, tile, head, events)
        });
        if let Some((_, _, (space, at))) = least {
            let seq = self.take(space, at).seq;
            self.floor = self.floor.max(((u64::from(seq) + 1) << 8).min(GREATEST));
        }
    }
}
