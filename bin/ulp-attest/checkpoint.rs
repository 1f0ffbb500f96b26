//! `--checkpoint`: the store's receipts as a tree that witnesses of transparency logs can cosign.

use crate::Args;
use std::io::Write as _;
use ulp_cli::{Failure, Log, Output, Status, Witness, read_key, stored};
use ulp_peer::checkpoint::{Tree, print};
use ulp_store::Store;
use ulp_store::receipts::own_chain;

/// Writes the checkpoint of the receipts that are there.
pub fn run(args: &Args, store: &Store, mut out: Output, log: &mut Log) -> Result<Status, Failure> {
    let scope = store.scope()?;
    let Some(path) = &args.key else { return Err(Failure::usage("--key", "it is missing")) };
    let key = read_key(path, log)?;
    stored::speaks_with(&key, &scope)?;
    let Some(identity) = scope.identity() else {
        return Err(Failure::usage("--checkpoint", "the store has no identity, and so keeps no receipts"));
    };
    let mut tree = Tree::default();
    own_chain(store, &identity.to_string())?.iter().for_each(|line| tree.push(line));
    out.write_all(print(&key, &tree).as_bytes())?;
    log.finish(Some(out), &Witness { scope: scope.digest(), ..Witness::default() })
}
