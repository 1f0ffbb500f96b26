//! Frames: what peers say on air, in a few bytes. Page "11. Discovery, sync, receipts", C.
//!
//! | bytes | field |
//! |---|---|
//! | 1 | 0xA0 + kind: 1 tips, 2 wants, 3 part of a line |
//! | 1 | bit 7 signed, bits 6–4 hops left, bits 3–0 n |
//! | 4 | peer: the first bytes of the SHA-256 of its name |
//! | 4 | seq |
//! | 4 | kinds 1 and 2: space, the first bytes of the SHA-256 of `m/world/<space>` |
//! | 17 × n | kinds 1 and 2: entries |
//! | 64 | if signed: Ed25519 over `ulp-radio/1\n` and the frame before it, its hops zero |
//! | 1, 1, rest | kind 3, n zero: index, total, and data to the end of the packet |
//!
//! | entry of 17 bytes | |
//! |---|---|
//! | tip | z 0–30, x and y (3 bytes each, signed), events (4), the first 6 bytes of the tile's head, zeros for none |
//! | space | 255, 6 zero bytes, events (4), 6 bytes of the space's head |
//! | range, in kind 2 | 254, from (5), to (5), rows (2), digest (4) |
//!
//! All is big-endian. A frame without entries is presence (kind 1) or intent (kind 2). A packet is frames back to back.
//! Hops are nobody's statement: a relay counts them down, and no signature is over them.
//!
//! ```
//! use ulp_core::frame::{Frame, packet};
//! let bytes = data_encoding::HEXLOWER.decode(b"a13101a39abc6b0013183daa0efa000000000000000000000414e0bc4b178d")?;
//! let frame = Frame::parse(&bytes)?;
//! assert_eq!((frame.hops, frame.seq, frame.peer.to_string().as_str()), (3, 1_795_167_000, "01a39abc"));
//! assert_eq!(packet(&[frame.print(), frame.print()].concat())?, [frame.clone(), frame]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod advert;
mod codec;
mod signed;
mod statement;
mod tag;

pub use advert::Advert;
pub use codec::packet;
pub use statement::{TTL, proof};
pub use tag::Tag;

use crate::id::Tile;
use crate::report::Refusal;

/// Bytes of a frame without entries: presence, or intent.
pub const BARE: usize = 14;
/// Bytes of an entry.
pub const ENTRY: usize = 17;
/// Bytes of a signature.
pub const SIGNATURE: usize = 64;
/// Bytes before the data of a part.
pub const PART_HEAD: usize = 12;
/// Most entries of a frame.
pub const MOST_ENTRIES: usize = 15;
/// Most parts of a message.
pub const MOST_PARTS: u8 = 64;
/// Most hops that a frame has left; these do not count down.
pub const MOST_HOPS: u8 = 7;
/// Columns and rows of tiles reach this far, to either side.
const FARTHEST: i64 = 1 << 23;
/// The code of bytes that are no frames.
const NO_FRAME: &str = "radio.frame";

/// What one peer says, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// How often it may be relayed yet, up to [`MOST_HOPS`].
    pub hops: u8,
    pub peer: Tag,
    /// When it was said, as a statement's; of a part, the message's number.
    pub seq: u32,
    pub body: Body,
}

/// What a frame says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    Rows(Rows),
    Part(Part),
}

/// What a peer holds of a space, or wants of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    /// Whether it is wanted (kind 2), rather than held (kind 1).
    pub wants: bool,
    pub space: Tag,
    /// Up to [`MOST_ENTRIES`]; ranges where it is wanted alone.
    pub entries: Vec<Entry>,
    pub signature: Option<[u8; SIGNATURE]>,
}

/// An entry of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Of a tile that [`Entry::tip`] found near enough.
    Tip(Tile, Held),
    /// Of the space itself.
    Space(Held),
    Range(Range),
}

/// What is held of a tile or a space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    pub events: u32,
    /// The first bytes of its history root; nothing where nothing is held.
    pub head: Option<[u8; 6]>,
}

/// The rows of a space in a node's table whose keys lie in a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first key, of 5 bytes.
    pub from: u64,
    /// The first key beyond it; 0 for none.
    pub to: u64,
    pub rows: u16,
    pub digest: [u8; 4],
}

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Which it is, below `total`.
    pub index: u8,
    /// How many there are, up to [`MOST_PARTS`].
    pub total: u8,
    /// Not empty.
    pub data: Vec<u8>,
}

impl Entry {
    /// A tip; nothing where its tile lies beyond ±2^23, or deeper than 30.
    pub fn tip(tile: Tile, held: Held) -> Option<Entry> {
        let near = -FARTHEST..FARTHEST;
        (tile.z <= 30 && near.contains(&tile.x) && near.contains(&tile.y)).then_some(Entry::Tip(tile, held))
    }
}

impl Frame {
    /// What it says of a space, if it is no part.
    pub fn rows(&self) -> Option<&Rows> {
        match &self.body {
            Body::Rows(rows) => Some(rows),
            Body::Part(_) => None,
        }
    }

    /// Whether it bears a signature; whether that holds, [`Frame::verify`] says.
    pub fn is_signed(&self) -> bool {
        self.rows().is_some_and(|rows| rows.signature.is_some())
    }

    /// The same with other hops.
    pub fn with_hops(self, hops: u8) -> Frame {
        Frame { hops, ..self }
    }
}

/// How many entries fit into a packet of so many bytes: nothing where not even a bare frame does.
pub fn room(packet: usize, signed: bool) -> Option<usize> {
    let rest = packet.checked_sub(BARE + if signed { SIGNATURE } else { 0 })?;
    Some((rest / ENTRY).min(MOST_ENTRIES))
}

/// Frames are for everyone.
fn refuse(code: &'static str, detail: &str) -> Refusal {
    Refusal { shared: true, ..Refusal::new(code, detail) }
}

#[cfg(test)]
mod tests;
