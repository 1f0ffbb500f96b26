//! Numbers that differ from node to node, and are the same whenever a run is repeated.

use ulp_core::hash::Sha256;

/// A number below `range`, by the hash of some bytes; 0 where the range is 0.
pub fn draw(bytes: &[&[u8]], range: u64) -> u64 {
    let [a, b, c, d, ..] = Sha256::of(&bytes.concat()).0;
    // A range is of milliseconds, far below 2^32.
    (u64::from(u32::from_be_bytes([a, b, c, d])) * range.min(1 << 31)) >> 32
}
