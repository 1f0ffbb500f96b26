//! What is asked: a stream that was read, or the index of a store. Both answer with the same rows.

use bumpalo::Bump;
use foldhash::HashSet;
use rayon::prelude::*;
use ulp_core::event::{Defaults, Event, Line, Reader};
use ulp_core::hash::Sha256;
use ulp_core::id::{Key, Lane, Tile};
use ulp_core::world::{Row as WorldRow, World};
use ulp_store::origins::{Doer, Origins, Place, Start, Trouble, middle, place_of, rows_of};
use ulp_store::sorted_table::Row;

/// Where an event lies.
#[derive(Clone, Debug)]
pub enum At {
    /// In a stream: the operand, and the line in it, from 1.
    Stream { source: u32, line: u64 },
    /// In a store: the lane's directory, the object, and where the line begins in it.
    Store { lane: String, segment: Sha256, offset: u64 },
}

/// An event as it was read.
pub struct Read<'a> {
    pub event: Event<'a>,
    pub at: At,
}

/// The space, the tile and the lane of an event.
pub type Home<'t> = (&'t str, Tile, Lane);

pub enum Told<'t, 'a> {
    Stream(Stream<'a>),
    Store(&'t Origins<'t>),
}

impl<'a> Told<'_, 'a> {
    /// The spaces that there are, in order.
    pub fn spaces(&self) -> Vec<&str> {
        match self {
            Told::Stream(stream) => stream.spaces.clone(),
            Told::Store(origins) => origins.spaces(),
        }
    }

    pub fn home(&self, place: Place) -> Option<Home<'_>> {
        match self {
            Told::Stream(stream) => stream.event(place).map(|of| (of.space, of.tile, of.row.lane)),
            Told::Store(origins) => origins.lane(place).map(|id| (id.space.as_str(), id.tile, id.lane)),
        }
    }

    /// Gives the middle and the place of each row that begins with `start`, in order, from the middle `from` on, to
    /// `each`, as long as that answers so.
    pub fn scan(
        &self,
        start: Start,
        from: [u8; 8],
        each: &mut dyn FnMut([u8; 8], Place) -> bool,
    ) -> Result<(), Trouble> {
        match self {
            Told::Stream(stream) => {
                stream.scan(start, from, each);
                Ok(())
            }
            Told::Store(origins) => origins.scan(start, from, each),
        }
    }

    /// Reads an event into `arena`.
    pub fn read(&self, place: Place, defaults: &'a Defaults, arena: &'a Bump) -> Result<Read<'a>, Trouble> {
        let (line, at) = match self {
            Told::Stream(stream) => {
                let of = stream.event(place).ok_or(Trouble::Damaged)?;
                (of.row.line, At::Stream { source: of.source, line: of.line })
            }
            Told::Store(origins) => {
                let line = origins.line(place)?;
                let lane = origins.lane(place).map(ulp_store::LaneId::dir).unwrap_or_default();
                let offset = line.range.start as u64;
                let at = At::Store { lane, segment: line.segment, offset };
                (&*arena.alloc_slice_copy(line.text()), at)
            }
        };
        match Reader::new(arena, defaults).read_bytes(line) {
            Ok(Line::Event(event)) => Ok(Read { event, at }),
            _ => Err(Trouble::Damaged),
        }
    }
}

/// The events of a stream, and the rows that lead to them.
pub struct Stream<'a> {
    spaces: Vec<&'a str>,
    events: Vec<OfStream<'a>>,
    rows: Vec<Row>,
}

struct OfStream<'a> {
    space: &'a str,
    tile: Tile,
    key: Key<'a>,
    row: WorldRow<'a>,
    source: u32,
    line: u64,
}

impl<'a> Stream<'a> {
    /// The events of a world that was ordered.
    pub fn new(world: &World<'a>) -> Stream<'a> {
        let mut events = Vec::new();
        for index in 0..world.len() {
            let (space, tile) = world.place(index);
            events.extend(world.rows(index).map(|(key, position, row)| OfStream {
                space,
                tile,
                key,
                row,
                source: position.source,
                line: position.line,
            }));
        }
        let mut spaces: Vec<&'a str> = events.iter().map(|of| of.space).collect();
        spaces.dedup();
        let some = |(number, of): (usize, &OfStream<'a>)| {
            let mut rows = Vec::new();
            let Some(place) = Place::new(0, number as u64) else { return rows };
            let OfStream { space, tile, key, row, .. } = of;
            let doer =
                Doer { space, tile: *tile, key: *key, parents: row.parents, payload: row.payload, place };
            rows_of(&doer, &mut HashSet::default(), &mut rows);
            rows
        };
        let mut rows: Vec<Row> = events.par_iter().enumerate().flat_map_iter(some).collect();
        rows.par_sort_unstable();
        rows.dedup();
        Stream { spaces, events, rows }
    }

    fn event(&self, place: Place) -> Option<&OfStream<'a>> {
        self.events.get(usize::try_from(place.offset()).ok()?)
    }

    fn scan(&self, start: Start, from: [u8; 8], each: &mut dyn FnMut([u8; 8], Place) -> bool) {
        let first = self.rows.partition_point(|row| (&row[..8], middle(row)) < (&start, from));
        for row in self.rows[first..].iter().take_while(|row| row[..8] == start) {
            if !each(middle(row), place_of(row)) {
                break;
            }
        }
    }
}
