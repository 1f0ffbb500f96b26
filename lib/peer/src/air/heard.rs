//! A frame that is heard.

use ulp_core::frame::{BARE, ENTRY, Frame};

/// Where a frame has its hops, and the bits that are not theirs.
pub const BITS: usize = 1;
const NO_HOPS: u8 = 0x8F;

/// How a frame stands, by what its hearer knows of its peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its signature holds, and its key is that of a peer who is known.
    Signed,
    /// Its tag is that of a peer who is known.
    Known,
    Unknown,
    /// It says of itself what is not so.
    Refused,
}

/// A frame that is being heard.
pub struct Heard<'f> {
    pub frame: &'f Frame,
    /// The frame with hops 0.
    pub bytes: Vec<u8>,
    pub now: u64,
    pub standing: Standing,
}

impl<'f> Heard<'f> {
    /// A frame as it stands.
    pub fn new(frame: &'f Frame, now: u64, standing: Standing) -> Heard<'f> {
        let mut bytes = frame.print();
        bytes[BITS] &= NO_HOPS;
        Heard { frame, bytes, now, standing }
    }

    /// Whether its peer is not known.
    pub fn is_strange(&self) -> bool {
        self.standing == Standing::Unknown
    }

    /// The bytes of its entries.
    pub fn entries(&self) -> impl Iterator<Item = [u8; ENTRY]> {
        let count = self.frame.rows().map_or(0, |rows| rows.entries.len());
        self.bytes[BARE.min(self.bytes.len())..].as_chunks().0.iter().copied().take(count)
    }
}
