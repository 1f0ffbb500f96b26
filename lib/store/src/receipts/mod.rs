//! Receipts: how the store came by what it has. `receipts/<identity>.jsonl`, line n of height n.
//!
//! Only a store with an identity keeps them. A receipt is appended and synced in barrier 1 of its commit, before any
//! manifest names what it speaks of; it counts once the manifests hold its ranges. So whatever is killed or cut off,
//! all that can be wrong is the end of the file: lines that are torn, or of a commit that never was. Readers pass over
//! them, and who records next cuts them off and takes what came of them into its own.
//!
//! What no receipt speaks of (what was there before the identity, what came while there was none) is a [gap](gaps).

pub mod chain;
mod events;
pub mod gaps;
pub mod judge;
pub mod others;
mod record;
mod replay;

pub use chain::{ChainFile, own_chain};
pub use record::{Came, Recorder};
pub use replay::{Attested, attested};

use crate::{Error, Store};
use ulp_core::names;
use ulp_core::statement::Receipt;

/// The directory of chains, below the store.
pub const RECEIPTS: &str = "receipts";
/// How the name of a chain ends.
const TAIL: &str = ".jsonl";
/// Most ranges of a receipt, so that its line is one that every reader takes: a commit to more lanes writes several.
const MOST_RANGES: usize = 2000;

/// The name of a peer's chain in its directory.
pub fn file_of(peer: &str) -> String {
    format!("{}{TAIL}", names::encode(peer))
}

/// Whether a name in the directory of chains is that of one.
pub fn is_chain(name: &str) -> bool {
    name.strip_suffix(TAIL).is_some_and(|peer| names::decode(peer).is_some())
}

/// Whether two receipts are of one commit: one that went to very many lanes.
fn is_of_one_commit(one: &Receipt, other: &Receipt) -> bool {
    (one.timestamp, &one.tool) == (other.timestamp, &other.tool)
}

impl Store {
    /// The names of the peers whose chains are here, in order.
    ///
    /// # Errors
    /// What the store says.
    pub fn peers_with_receipts(&self) -> Result<Vec<String>, Error> {
        let Some(dir) = self.root.at(RECEIPTS)? else { return Ok(Vec::new()) };
        let names = dir.list()?.into_iter().filter_map(|(name, _)| names::decode(name.strip_suffix(TAIL)?));
        Ok(names.collect())
    }
}
