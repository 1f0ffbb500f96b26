//! A row of the table: a tip, and whose it is.

use ulp_core::frame::{ENTRY, Tag};
use ulp_core::hash::Sha256;

/// The bytes of a row's frame: one unsigned tip with hops 0.
pub const BYTES: usize = 31;
/// What such a frame starts with: kind 1, no hops, one entry.
const START: [u8; 2] = [0xA1, 0x01];
/// Where the tile ends in a tip, and where its head starts.
const TILE: usize = 7;
const HEAD: usize = 11;

/// An entry of a frame, as its bytes are.
pub type Tip = [u8; ENTRY];

/// What of a row's frame differs among those of its space, in their order.
pub type Place = (Tag, u32, Tip);

/// What a peer says of a tile, and when it was on air last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub peer: Tag,
    pub seq: u32,
    pub tip: Tip,
    /// Whether the peer's tag was known when the row came.
    pub known: bool,
    /// The first byte of the hash of its frame.
    spice: u8,
    /// When it was heard or sent last, in milliseconds.
    pub on_air: u64,
}

impl Row {
    /// A row of a space that is on air now.
    pub fn new(space: Tag, (peer, seq, tip): Place, now: u64, known: bool) -> Row {
        let mut row = Row { peer, seq, tip, known, spice: 0, on_air: now };
        row.spice = Sha256::of(&row.frame(space)).0[0];
        row
    }

    /// The unsigned frame of this tip alone, hops 0, by which ranges are told apart.
    pub fn frame(&self, space: Tag) -> [u8; BYTES] {
        let mut frame = [0; BYTES];
        frame[..2].copy_from_slice(&START);
        frame[2..6].copy_from_slice(&self.peer.0);
        frame[6..10].copy_from_slice(&self.seq.to_be_bytes());
        frame[10..14].copy_from_slice(&space.0);
        frame[14..].copy_from_slice(&self.tip);
        frame
    }

    /// Where it stands among ranges: five bytes of a number.
    pub fn key(&self) -> u64 {
        u64::from(self.seq) << 8 | u64::from(self.spice)
    }

    /// The tile, as its bytes are: z, x, y.
    pub fn tile(&self) -> &[u8] {
        tile(&self.tip)
    }

    /// The tile's head; zeros for none.
    pub fn head(&self) -> &[u8] {
        head(&self.tip)
    }

    /// What of two rows of a space is the greater one, and stays.
    pub fn rank(&self) -> (u32, Tag, &[u8], &[u8], &[u8]) {
        (self.seq, self.peer, self.tile(), self.head(), &self.tip[TILE..HEAD])
    }

    /// Where its frame stands among those of its space.
    pub fn place(&self) -> Place {
        (self.peer, self.seq, self.tip)
    }
}

/// The tile that an entry names.
pub fn tile(tip: &Tip) -> &[u8] {
    &tip[..TILE]
}

/// The head that an entry names.
pub fn head(tip: &Tip) -> &[u8] {
    &tip[HEAD..]
}
