//! Receipts of others, as a sync brings them: a chain a peer, beside the store's own and never appended to that.

use super::chain::{last_line, parse};
use super::record::Growing;
use super::{ChainFile, RECEIPTS, Recorder, file_of, gaps};
use crate::dir::DirtyDirs;
use crate::{Error, Store};
use ulp_core::hash::Blake3;
use ulp_core::statement::Chain;

/// The end of a peer's chain, as far as it is here.
///
/// # Errors
/// What the store says; receipts of a newer version.
pub fn known(store: &Store, peer: &str) -> Result<Chain, Error> {
    let nothing = Chain { last: None, height: 0 };
    let Some(file) = ChainFile::open(store, peer)? else { return Ok(nothing) };
    let Some(line) = file.lines().next_back() else { return Ok(nothing) };
    let receipt = parse(line, file.path())?;
    Ok(receipt.map_or(nothing, |receipt| Chain { last: Some(Blake3::of(line)), height: receipt.height }))
}

/// Adds receipts to what is known of a peer: lines, each with its end, that follow the last one here. Answers whether
/// they do; else nothing is added.
///
/// # Errors
/// What the store says; receipts of a newer version.
pub fn take(store: &Store, peer: &str, lines: &[u8]) -> Result<bool, Error> {
    let mut commit = store.commit()?;
    let mut dirty = DirtyDirs::new();
    let mut end = known(store, peer)?;
    for line in crate::dedup::lines(lines) {
        let follows = parse(line, store.path())?.is_some_and(|receipt| {
            let is_next = receipt.height == end.height + 1 && receipt.previous == end.last;
            is_next && receipt.peer.to_string() == peer
        });
        if !follows {
            commit.release()?;
            return Ok(false);
        }
        end = Chain { last: Some(Blake3::of(line)), height: end.height + 1 };
    }
    let (mut chain, is_new) = Growing::open(store, &file_of(peer), &mut dirty)?;
    let last = last_line(&chain.file, chain.length).map_err(|e| chain.io(e))?;
    chain.cut(last.map_or(0, |(start, line)| start + line.len() as u64 + 1))?;
    chain.append(lines)?;
    if is_new {
        dirty.insert(RECEIPTS.to_owned());
    }
    commit.names(dirty);
    commit.publish(Vec::new())?;
    commit.release()?;
    Ok(true)
}

/// Writes a receipt of whatever shared events no receipt of the store's own speaks of. Answers the end of its chain.
///
/// # Errors
/// What the store says.
pub fn cover(store: &Store, recorder: &mut Recorder) -> Result<Chain, Error> {
    let mut commit = store.commit()?;
    recorder.settle(store)?;
    let gaps = gaps::gaps(store, recorder.peer(), &store.shared_tiles()?)?;
    if !gaps.is_empty() {
        commit.names(recorder.record_gaps(store, gaps)?);
        commit.publish(Vec::new())?;
    }
    let chain = known(store, &recorder.peer().to_string())?;
    commit.release()?;
    Ok(chain)
}
