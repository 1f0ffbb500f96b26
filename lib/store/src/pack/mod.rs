//! Tile packs: lanes in a BagIt bag, in a tar, for the stick.
//!
//! ```text
//! <name>/bagit.txt  bag-info.txt  manifest-sha256.txt  tagmanifest-sha256.txt
//! <name>/data/.ulp-root
//! <name>/data/spaces/<space>/tiles/z0/x0/y0/<realm>.<policy>/manifest.json
//! <name>/data/objects/sha256/ab/cdef…                                        segments, in the order of the lanes
//! <name>/data/objects/sha256/ab/cdef…                                        pages
//! <name>/data/objects/sha256/ab/cdef…                                        snapshots
//! <name>/data/spaces/<space>/tiles/z0/x0/y0/<realm>.<policy>/snapshots/<root hex>.json
//! <name>/data/objects/sha256/ab/cdef…                                        blobs
//! ```
//!
//! The members stand in this order in the tar, and in that of their paths where they are of one sort; segments stand
//! in the order of their lane's manifest, lanes in the order of their manifests' paths. `data/` is itself a store.
//!
//! - Headers are ustar, with a pax header before those whose path or size ustar cannot hold. Owner 0, modes 0644 and
//!   0444, one time for all: the same lanes give the same bytes.
//! - Compressed, the tar is a row of zstd frames, each with its length and checksum, cut where a member ends: what
//!   damages one frame costs the members in it, and they can be made on all cores. The result is one zstd stream.
//! - A lane's manifest keeps every entry; an entry whose segment is not in this bag says `"elsewhere":true`, and a
//!   page with such an entry is written anew, under a hash of its own.
//!
//! Whoever reads a pack believes nothing: see [`read`].

pub mod bag;
pub mod contents;
pub mod directory;
pub mod error;
pub mod frames;
mod header;
pub mod layout;
pub mod plan;
pub mod read;
pub mod refs;
pub mod tar;
pub mod write;

pub use error::Error;
pub use layout::Member;

/// The version of packs that this version writes, and the newest that it reads.
pub const VERSION: u64 = 1;
/// Most bytes of a file in a directory or a volume: what FAT can hold.
pub const MOST_FILE: u64 = (4 << 30) - 1;
/// Most bytes of a segment in a pack.
pub const MOST_SEGMENT: u64 = 8 << 20;
