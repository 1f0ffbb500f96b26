//! What the index covers: a binary file with a record a lane, and a digest of all before it.
//!
//! Integers are little-endian, and texts stand after their length, a byte.

use super::DIR;
use crate::covers::Covers;
use crate::{LaneId, Store};
use ulp_core::hash::Blake3;
use ulp_core::id::{Lane, Tile};

pub const NAME: &str = "lanes";
const MAGIC: &[u8; 8] = b"ulporg01";
/// Bytes of a digest.
const DIGEST: usize = 32;

/// What is covered, and the names of the tables of rows.
#[derive(Default)]
pub struct Lanes {
    pub tables: Vec<Blake3>,
    /// The least number that no lane ever had.
    pub next: u32,
    /// In order.
    pub lanes: Vec<Covered>,
}

/// What is covered of a lane.
#[derive(Clone)]
pub struct Covered {
    pub id: LaneId,
    pub number: u32,
    /// The manifest in which that was all there was.
    pub manifest: Blake3,
    pub events: u64,
    pub bytes: u64,
    pub covers: Covers,
}

impl Lanes {
    /// What a store's cache says; nothing where that is missing or damaged.
    pub fn read(store: &Store) -> Option<Lanes> {
        Lanes::parse(&store.root.at(DIR).ok()??.read(NAME).ok()??)
    }

    pub fn print(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        let number = |n: u64, out: &mut Vec<u8>| out.extend_from_slice(&n.to_le_bytes());
        number(u64::from(self.next), &mut out);
        number(self.tables.len() as u64, &mut out);
        self.tables.iter().for_each(|name| out.extend_from_slice(&name.0));
        number(self.lanes.len() as u64, &mut out);
        for lane in &self.lanes {
            for text in [&lane.id.space, &lane.id.tile.to_string()] {
                out.push(u8::try_from(text.len()).expect("because spaces and tiles have at most 80 bytes"));
                out.extend_from_slice(text.as_bytes());
            }
            for n in [
                lane.id.lane.index() as u64,
                u64::from(lane.number),
                lane.events,
                lane.bytes,
                lane.covers.sealed,
            ] {
                number(n, &mut out);
            }
            for digest in [lane.manifest, lane.covers.entries, lane.covers.tail] {
                out.extend_from_slice(&digest.0);
            }
        }
        let check = Blake3::of(&out);
        out.extend_from_slice(&check.0);
        out
    }

    fn parse(bytes: &[u8]) -> Option<Lanes> {
        let (text, check) = bytes.split_at_checked(bytes.len().checked_sub(DIGEST)?)?;
        let mut rest = Rest(text.strip_prefix(MAGIC).filter(|_| Blake3::of(text).0 == check)?);
        let next = u32::try_from(rest.number()?).ok()?;
        let mut lanes = Lanes { next, ..Lanes::default() };
        for _ in 0..rest.number()? {
            lanes.tables.push(rest.digest()?);
        }
        for _ in 0..rest.number()? {
            let (space, tile) = (rest.text()?.to_owned(), Tile::parse(rest.text()?)?);
            let lane = usize::try_from(rest.number()?).ok().filter(|at| *at < Lane::COUNT)?;
            let id = LaneId { space, tile, lane: Lane::from_index(lane) };
            let number = u32::try_from(rest.number()?).ok()?;
            let (events, bytes, sealed) = (rest.number()?, rest.number()?, rest.number()?);
            let (manifest, entries, tail) = (rest.digest()?, rest.digest()?, rest.digest()?);
            let covers = Covers { sealed, entries, tail };
            lanes.lanes.push(Covered { id, number, manifest, events, bytes, covers });
        }
        rest.0.is_empty().then_some(lanes)
    }
}

/// What is left to parse.
struct Rest<'b>(&'b [u8]);

impl<'b> Rest<'b> {
    fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    fn digest(&mut self) -> Option<Blake3> {
        Some(Blake3(self.take(DIGEST)?.try_into().ok()?))
    }

    fn text(&mut self) -> Option<&'b str> {
        let length = usize::from(self.take(1)?[0]);
        std::str::from_utf8(self.take(length)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read_and_nothing_else() {
        let digest = |n| Blake3([n; 32]);
        let id = LaneId { space: "Ä".repeat(40), tile: Tile::ORIGIN, lane: Lane::from_index(3) };
        let covers = Covers { sealed: 2, entries: digest(1), tail: digest(2) };
        let lane = Covered { id, number: 9, manifest: digest(3), events: 4, bytes: 5, covers };
        let lanes = Lanes { tables: vec![digest(4)], next: 10, lanes: vec![lane.clone(), lane] };
        let bytes = lanes.print();
        assert_eq!(Lanes::parse(&bytes).unwrap().print(), bytes);
        for at in 0..bytes.len() {
            let mut bad = bytes.clone();
            bad[at] ^= 1;
            assert!(Lanes::parse(&bad).is_none() && Lanes::parse(&bytes[..at]).is_none());
        }
    }
}
